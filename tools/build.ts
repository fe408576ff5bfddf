// npm run build, and behind npm ci: the bundle that bin/stator.mjs starts from. Without it a start is slower, not
// wrong, so its absence fails nothing.
import { fileURLToPath } from "node:url";
import { buildBundle } from "../bin/bundle.mjs";

const bundle = await buildBundle(fileURLToPath(new URL("..", import.meta.url)));
process.stdout.write(bundle === null ? "no bundle: Stator will run from its sources\n" : "bundled into dist/\n");
