// npm run build, and behind npm ci and npm pack: the bundle that bin/stator.mjs starts from, and what the package
// consists of. Without them a start is slower, not wrong, so their absence fails nothing.
import { fileURLToPath } from "node:url";
import { buildBundle } from "../bin/bundle.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const bundle = await buildBundle(root);
process.stdout.write(bundle === null ? "no bundle: Stator will run from its sources\n" : "bundled into dist/\n");
if (bundle !== null) {
  const { buildPackage } = await import("./build-package.ts");
  await buildPackage(root);
  process.stdout.write("the package's code is in lib/\n");
}
