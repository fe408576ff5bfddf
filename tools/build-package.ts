// What the package consists of beside bin/: the program and `stator/testing`, bundled into lib/, because Node reads
// no TypeScript below node_modules.
//
//   lib/main.mjs           the command line, in place of src/
//   lib/testing.mjs, .cjs  `stator/testing`, with declarations beside each
//   lib/stator-thread.mjs  the thread that it starts
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { build, type BuildOptions } from "esbuild";

/** lmdb finds its native part relative to itself. */
const NOT_BUNDLED = ["lmdb"];
const REQUIRE = 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);';
const OWN_URL = 'const ownUrl = require("node:url").pathToFileURL(__filename).href;';
const START = "\nexport declare const startStator: StartStator;\n";

/** Writes `<root>/lib`, which appears as a whole. */
export async function buildPackage(root: string): Promise<void> {
  const lib = join(root, "lib");
  const draft = join(root, `.lib-${process.pid}`);
  const common = {
    absWorkingDir: root, bundle: true, write: false, platform: "node", target: "node24", external: NOT_BUNDLED,
    outdir: "lib", logLevel: "silent",
  } satisfies BuildOptions;
  const modules = await build({
    ...common, format: "esm", splitting: true, outExtension: { ".js": ".mjs" }, banner: { js: REQUIRE },
    entryPoints: {
      main: "src/cli/main.ts", testing: "src/testing/start-stator.ts", "stator-thread": "src/testing/stator-thread.ts",
    },
  });
  const requirable = await build({
    ...common, format: "cjs", outExtension: { ".js": ".cjs" }, entryPoints: { testing: "src/testing/start-stator.ts" },
    define: { "import.meta.url": "ownUrl" }, banner: { js: OWN_URL },
  });
  const types = readFileSync(join(root, "src/testing/api-types.ts"), "utf8") + START;
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { recursive: true });
  for (const { path, contents } of [...modules.outputFiles, ...requirable.outputFiles]) {
    writeFileSync(join(draft, relative(lib, path)), contents);
  }
  writeFileSync(join(draft, "testing.d.ts"), types);
  writeFileSync(join(draft, "testing.d.cts"), types);
  const old = join(root, `.lib-old-${process.pid}`);
  if (existsSync(lib)) renameSync(lib, old);
  renameSync(draft, lib);
  rmSync(old, { recursive: true, force: true });
}
