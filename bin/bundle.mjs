// The program as one bundle in dist/. Node can run the sources as they are, but reading and stripping 150 files
// costs most of a start; docs/HACKING.md has the figures. A bundle is used only while every file that went into
// it is unchanged, so whoever edits the sources never runs old code.
//
//   dist/current.json   { folder, inputs: [[path, bytes, mtimeMs]...] }, replaced as a whole
//   dist/<folder>/      main.mjs and the chunks of the subcommands; appears as a whole, never changes
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";

const MANIFEST = "current.json";
/** lmdb finds its native part relative to itself. */
const NOT_BUNDLED = ["lmdb"];
/** File systems keep times in steps of a few milliseconds. */
const TIME_STEP_MS = 20;
/** While somebody saves files faster than they are bundled, the sources are run. */
const ATTEMPTS_MAX = 3;
/** What a build that was killed left behind is removed after this. */
const DRAFT_MS_MAX = 600_000;

/** The URL of a bundle that matches the sources, or null. */
export function freshBundle(root) {
  const manifest = readManifest(root);
  if (manifest === null || !manifest.inputs.every((input) => isUnchanged(root, input))) return null;
  return urlOf(root, manifest.folder);
}

/** Builds the bundle. Null where there is no bundler (an installation without development tools), or no space. */
export async function buildBundle(root) {
  try {
    const { build } = await import("esbuild");
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      const started = Date.now();
      const { metafile, outputFiles } = await build({
        absWorkingDir: root, entryPoints: { main: "src/cli/main.ts" }, bundle: true, splitting: true, write: false,
        platform: "node", format: "esm", target: "node24", outExtension: { ".js": ".mjs" }, outdir: "dist",
        external: NOT_BUNDLED, metafile: true, logLevel: "silent",
        // Packages written for require() ask for Node's own modules by it.
        banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
      });
      const inputs = Object.keys(metafile.inputs).sort().map((path) => describe(root, path));
      // A file that changed meanwhile may have been read before the change.
      if (inputs.some(([, , mtimeMs]) => mtimeMs > started - TIME_STEP_MS)) continue;
      return publish(root, inputs, outputFiles);
    }
    return null;
  } catch {
    return null;
  }
}

function publish(root, inputs, outputFiles) {
  const dist = join(root, "dist");
  const folder = createHash("sha256").update(JSON.stringify(inputs)).digest("hex").slice(0, 16);
  const before = readManifest(root);
  if (!existsSync(join(dist, folder))) {
    const draft = join(dist, `draft-${process.pid}`);
    mkdirSync(draft, { recursive: true });
    for (const { path, contents } of outputFiles) writeFileSync(join(draft, relative(dist, path)), contents);
    try {
      renameSync(draft, join(dist, folder));
    } catch (error) {
      rmSync(draft, { recursive: true, force: true });
      if (!existsSync(join(dist, folder))) throw error; // else another process made the same one
    }
  }
  const draft = join(dist, `${MANIFEST}.${process.pid}`);
  writeFileSync(draft, JSON.stringify({ folder, inputs }));
  renameSync(draft, join(dist, MANIFEST));
  removeOld(dist, [folder, before?.folder]);
  return urlOf(root, folder);
}

/** A process that read the manifest a moment ago may still load from the previous folder: that one stays. */
function removeOld(dist, kept) {
  for (const { name } of readdirSync(dist, { withFileTypes: true }).filter((entry) => entry.isDirectory())) {
    const isInUse = name.startsWith("draft-") && Date.now() - statSync(join(dist, name)).mtimeMs < DRAFT_MS_MAX;
    if (!kept.includes(name) && !isInUse) rmSync(join(dist, name), { recursive: true, force: true });
  }
}

function urlOf(root, folder) {
  return pathToFileURL(join(root, "dist", folder, "main.mjs")).href;
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
