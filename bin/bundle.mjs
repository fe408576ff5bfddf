// The program as one bundle in dist/. Node can run the sources as they are, but reading and stripping 150 files
// costs most of a start; docs/HACKING.md has the figures. A bundle is used only while every file that went into
// it is unchanged, so whoever edits the sources never runs old code.
//
//   dist/current.json   { folder, inputs: [[path, bytes, mtimeMs]...] }, replaced as a whole
//   dist/<folder>/      main.mjs and the chunks of the subcommands
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const MANIFEST = "current.json";
/** lmdb finds its native part relative to itself. */
const NOT_BUNDLED = ["lmdb"];

/** The URL of a bundle that matches the sources, or null. */
export function freshBundle(root) {
  const manifest = readManifest(root);
  if (manifest === null || !manifest.inputs.every((input) => isUnchanged(root, input))) return null;
  return pathToFileURL(join(root, "dist", manifest.folder, "main.mjs")).href;
}

/** Builds the bundle. Null where there is no bundler (an installation without development tools), or no space. */
export async function buildBundle(root) {
  try {
    const { build } = await import("esbuild");
    const before = readManifest(root);
    const result = await build({
      absWorkingDir: root, entryPoints: { main: "src/cli/main.ts" }, bundle: true, splitting: true, write: false,
      platform: "node", format: "esm", target: "node24", outExtension: { ".js": ".mjs" }, outdir: "dist",
      external: NOT_BUNDLED, metafile: true, logLevel: "silent",
      // Packages written for require() ask for Node's own modules by it.
      banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
    });
    const inputs = Object.keys(result.metafile.inputs).sort().map((path) => describe(root, path));
    const folder = createHash("sha256").update(JSON.stringify(inputs)).digest("hex").slice(0, 16);
    mkdirSync(join(root, "dist", folder), { recursive: true });
    for (const { path, contents } of result.outputFiles) {
      writeFileSync(join(root, "dist", folder, path.slice(join(root, "dist").length + 1)), contents);
    }
    const draft = join(root, "dist", `${MANIFEST}.${process.pid}`);
    writeFileSync(draft, JSON.stringify({ folder, inputs }));
    renameSync(draft, join(root, "dist", MANIFEST));
    removeOld(root, [folder, before?.folder]);
    return pathToFileURL(join(root, "dist", folder, "main.mjs")).href;
  } catch {
    return null;
  }
}

/** A process that read the manifest a moment ago may still load from the previous folder: that one stays. */
function removeOld(root, kept) {
  for (const entry of readdirSync(join(root, "dist"), { withFileTypes: true })) {
    if (entry.isDirectory() && !kept.includes(entry.name)) {
      rmSync(join(root, "dist", entry.name), { recursive: true, force: true });
    }
  }
}

function readManifest(root) {
  try {
    const manifest = JSON.parse(readFileSync(join(root, "dist", MANIFEST), "utf8"));
    return typeof manifest.folder === "string" && Array.isArray(manifest.inputs) ? manifest : null;
  } catch {
    return null;
  }
}

function describe(root, path) {
  const { size, mtimeMs } = statSync(join(root, path));
  return [path, size, mtimeMs];
}

function isUnchanged(root, [path, bytes, mtimeMs]) {
  const found = statSync(join(root, path), { throwIfNoEntry: false });
  return found !== undefined && found.size === bytes && found.mtimeMs === mtimeMs;
}
