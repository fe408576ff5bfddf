#!/usr/bin/env node
// The entry: plain JavaScript that any Node ≥ 20 can read. It makes sure that the program runs on a Node that
// reads TypeScript, and hands over to the command line: to the bundle in dist/ while it matches the sources, else
// to a new one, else (no bundler, or STATOR_SOURCES=1) to the sources themselves; in a package to the one in lib/.
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import * as module from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";
import { buildBundle, freshBundle } from "./bundle.mjs";

/** The first major version of Node that runs .ts files without a flag and with a stable compile cache. */
const NODE_MAJOR_MIN = 24;
/**
 * Buffers count as memory of the collector's own. Otherwise it goes through everything whenever some ten megabytes of
 * buffers were made since the last time, however few are still in use: while a tree is built, three times a second.
 */
const COLLECTOR_FLAG = "--external-memory-accounted-in-global-limit";
/** Older ones may not know the flag, and say so. */
const COLLECTOR_V8_MAJOR_MIN = 14;
/** Compiled code is kept for one set of flags: changed any sooner, a start takes 45 ms longer. */
const STARTED_MS = 2_000;
/** In the environment of a process that this file has started: a second hop would be an endless loop. */
const LAUNCHED = "STATOR_LAUNCHED";
const EX_UNAVAILABLE = 69;

const root = dirname(dirname(fileURLToPath(import.meta.url)));

if (majorOf(process.versions.node) >= NODE_MAJOR_MIN) await run();
else relaunch();

async function run() {
  if (majorOf(process.versions.v8) >= COLLECTOR_V8_MAJOR_MIN) setTimeout(tuneCollector, STARTED_MS).unref();
  if (process.env[LAUNCHED] !== undefined && process.channel) endWithLauncher();
  delete process.env[LAUNCHED];
  const bundle = await programUrl();
  module.enableCompileCache?.(join(root, ".cache", "compile"));
  const { main } = await (bundle === null ? import("../src/cli/main.ts") : import(bundle));
  await main(process.argv.slice(2), JSON.parse(readFileSync(join(root, "package.json"), "utf8")).version);
}

function tuneCollector() {
  module.flushCompileCache?.(); // what is kept must be for the flags of the next start
  setFlagsFromString(COLLECTOR_FLAG);
}

/** The URL of a bundle; null: the sources are run. A package that was installed has no sources, and one bundle. */
async function programUrl() {
  if (!existsSync(join(root, "src"))) return new URL("../lib/main.mjs", import.meta.url).href;
  if (process.env.STATOR_SOURCES === "1") return null;
  return freshBundle(root) ?? (await buildBundle(root));
}

/** The launcher may be ended without a chance to pass it on (SIGKILL). Its server must not outlive it. */
function endWithLauncher() {
  process.once("disconnect", () => process.kill(process.pid, "SIGKILL"));
  process.channel.unref();
}

function relaunch() {
  const node = process.env[LAUNCHED] === undefined ? broughtNode() : null;
  if (node === null) {
    process.stderr.write(
      `stator: this is Node ${process.versions.node}; Stator needs Node ${NODE_MAJOR_MIN} or later.\n`
      + "The repository brings one: run `npm ci` in its folder (optional dependencies must not be left out).\n",
    );
    process.exit(EX_UNAVAILABLE);
  }
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: ["inherit", "inherit", "inherit", "ipc"],
    env: { ...process.env, [LAUNCHED]: "1" },
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "SIGUSR2"]) process.on(signal, () => child.kill(signal));
  child.on("error", (error) => {
    process.stderr.write(`stator: cannot run ${node}: ${error.message}\n`);
    process.exit(EX_UNAVAILABLE);
  });
  child.on("exit", (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

/** The Node in the optional dependency for this machine, or null. */
function broughtNode() {
  const require = module.createRequire(import.meta.url);
  const { platform, arch } = process;
  for (const name of [`node-${platform}-${arch}`, `node-bin-${platform}-${arch}`]) {
    try {
      const path = join(dirname(require.resolve(`${name}/package.json`)), "bin", "node");
      if (existsSync(path)) return path;
    } catch {
      // Not installed under this name.
    }
  }
  return null;
}

function majorOf(version) {
  return Number(version.split(".")[0]);
}
