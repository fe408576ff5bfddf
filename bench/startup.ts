// Measures how soon after launch a new cluster answers: from sources and bundled, with and without cached code.
// Three zones on a fresh data directory each time, or in memory; medians of interleaved rounds. CPU time is the
// steadier figure on a shared machine (Linux only).
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildBundle } from "../bin/bundle.mjs";

const ROUNDS = Number(process.env["ROUNDS"] ?? 7);
const ROOT = fileURLToPath(new URL("..", import.meta.url));
const PROGRAM = join(ROOT, "bin", "stator.mjs");
const POLL_MS = 2;
const START_MS_MAX = 20_000;
/** Of the times in /proc, on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

const IN_MEMORY = "--in-memory";

const VARIANTS: readonly (readonly [string, NodeJS.ProcessEnv, ...string[]])[] = [
  ["sources, no cache", { STATOR_SOURCES: "1", NODE_DISABLE_COMPILE_CACHE: "1" }],
  ["sources, cached code", { STATOR_SOURCES: "1" }],
  ["bundle, no cache", { NODE_DISABLE_COMPILE_CACHE: "1" }],
  ["bundle, cached code", {}],
  ["bundle, cached code, in memory", {}, IN_MEMORY],
];

type Figure = { readonly readyMs: number; readonly cpuMs: number; readonly rssMb: number };

async function main(): Promise<void> {
  if ((await buildBundle(ROOT)) === null) throw new Error("no bundle could be built");
  const figures = new Map<string, Figure[]>(VARIANTS.map(([name]) => [name, []]));
  for (let round = -1; round < ROUNDS; round++) {
    for (const [name, env, ...more] of VARIANTS) {
      const figure = await measure(env, more);
      if (round >= 0) figures.get(name)?.push(figure); // the round before the first fills the caches
    }
  }
  const table = [...figures].map(([variant, found]) => ({
    variant, "first answer, ms": median(found.map(({ readyMs }) => readyMs)),
    "slowest, ms": Math.round(Math.max(...found.map(({ readyMs }) => readyMs))),
    "CPU, ms": median(found.map(({ cpuMs }) => cpuMs)), "memory, MB": median(found.map(({ rssMb }) => rssMb)),
  }));
  console.table(table);
  mkdirSync(join(ROOT, "bench", "results"), { recursive: true });
  writeFileSync(join(ROOT, "bench", "results", "startup.json"), `${JSON.stringify(table, null, 2)}\n`);
}

async function measure(env: NodeJS.ProcessEnv, more: readonly string[]): Promise<Figure> {
  const dataDir = mkdtempSync(join(tmpdir(), "stator-startup-"));
  const port = await freePort();
  const began = performance.now();
  const args = [PROGRAM, "start", "--port", String(port), "--data-dir", dataDir, ...more];
  const child = spawn(process.execPath, args, {
    stdio: ["ignore", "ignore", "inherit"], env: { ...process.env, ...env },
  });
  const exit = new Promise((resolve) => child.once("exit", resolve));
  while (!(await isReady(port))) {
    if (child.exitCode !== null || performance.now() - began > START_MS_MAX) throw new Error("it did not start");
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  const figure = { readyMs: performance.now() - began, ...readUsage(child.pid ?? 0) };
  child.kill("SIGTERM");
  await exit;
  rmSync(dataDir, { recursive: true, force: true });
  return figure;
}

function readUsage(pid: number): { readonly cpuMs: number; readonly rssMb: number } {
  if (process.platform !== "linux") return { cpuMs: 0, rssMb: 0 };
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  const ticks = Number(fields[11]) + Number(fields[12]);
  const rss = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return { cpuMs: ticks * 1_000 / TICKS_PER_SECOND, rssMb: Math.round(Number(rss) / 1_024) };
}

function isReady(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("error", () => resolve(false));
    socket.once("connect", () => socket.write("GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
    socket.once("data", (chunk) => {
      socket.destroy();
      resolve(chunk.toString().startsWith("HTTP/1.1 200"));
    });
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

function median(values: readonly number[]): number {
  return Math.round([...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0);
}

await main();
