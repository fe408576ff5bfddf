// npm run bench: how fast this build is, beside other servers in the same run, and whether it holds its budgets.
//   npm run bench -- [--quick] [--seconds N] [--rounds N] [--only get-strong,put,start,...] [--peers] [--keep]
// Prints the tables; writes JSON and an SVG chart to bench/results/. --keep also makes them the baseline in
// bench/baseline/ and the figures of docs/performance.md. Ends with 1 when a request failed or was answered wrongly.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { renderChart } from "./harness/chart.ts";
import type { CitiesFigures } from "./harness/cities.ts";
import { Generator } from "./harness/generator-process.ts";
import { describeMachine } from "./harness/machine.ts";
import { findPeers, type Peers } from "./harness/peers.ts";
import { countErrors, renderReport } from "./harness/report.ts";
import type { BenchResult, RecoveryFigures } from "./harness/result.ts";
import { fillFor, measureRounds, type Series } from "./harness/rounds.ts";
import { ROOT, startServer, type Server, type ServerName } from "./harness/server-under-test.ts";
import {
  measureFlatness, measureStart, measureWriteLatency, type FlatnessFigures, type StartFigures, type WriteLatencyFigures,
} from "./harness/single-figures.ts";
import { cpuMicros, foreignShare, machineTicks, rssMb } from "./harness/usage.ts";
import type { WorkloadName } from "./harness/workloads.ts";

type Plan = {
  readonly rounds: number; readonly seconds: number; readonly connections: number;
  readonly launches: number; readonly idleSeconds: number; readonly citiesMax: number; readonly openSeconds: number;
  readonly warmUpSeconds: number;
};

const PLAN: Plan = {
  rounds: 3, seconds: 2, connections: 32, launches: 5, idleSeconds: 8, citiesMax: Number.POSITIVE_INFINITY,
  openSeconds: 2, warmUpSeconds: 2,
};
const QUICK: Plan = {
  ...PLAN, seconds: 0.5, launches: 3, idleSeconds: 3, citiesMax: 20_000, openSeconds: 0.4, warmUpSeconds: 0.8,
};

/** Which servers take part in which workload; those that are not installed are left out. */
const TABLE: readonly (readonly [WorkloadName, readonly ServerName[]])[] = [
  ["get-strong", ["stator", "dynalite-memory", "stator-memory", "echo", "etcd", "redis"]],
  ["get-eventual", ["stator", "dynalite-memory"]],
  ["put", ["stator", "dynalite-disk", "stator-memory", "dynalite-memory", "etcd", "redis"]],
  ["put-indexed", ["stator"]],
  ["transact-3", ["stator", "stator-memory"]],
  ["update-add", ["stator", "dynalite-disk", "dynalite-memory"]],
  ["query-10", ["stator", "dynalite-memory"]],
];
const OTHERS = ["start", "cities", "write-latency", "flatness"] as const;
const FLATNESS: readonly WorkloadName[] = ["mixed-a", "mixed-b"];
const MARKS = ["<!-- measured: begin -->", "<!-- measured: end -->"] as const;

type Options = {
  readonly plan: Plan; readonly only: ReadonlySet<string>; readonly peers: Peers; readonly keep: boolean;
};

function parseOptions(): Options {
  const { values } = parseArgs({
    options: {
      quick: { type: "boolean" }, seconds: { type: "string" }, rounds: { type: "string" }, only: { type: "string" },
      peers: { type: "boolean" }, keep: { type: "boolean" },
    },
  });
  const plan = values.quick === true ? QUICK : PLAN;
  const names = [...TABLE.map(([name]) => name), ...OTHERS];
  const only = values.only?.split(",") ?? names;
  const unknown = only.find((name) => !names.some((known) => known === name));
  if (unknown !== undefined) throw new Error(`--only ${unknown} is none of ${names.join(", ")}`);
  return {
    plan: {
      ...plan, seconds: positive("--seconds", values.seconds, plan.seconds),
      rounds: Math.ceil(positive("--rounds", values.rounds, plan.rounds)),
    },
    only: new Set(only), peers: findPeers(ROOT, values.peers === true), keep: values.keep === true,
  };
}

function positive(name: string, text: string | undefined, fallback: number): number {
  const value = text === undefined ? fallback : Number(text);
  if (!(value > 0)) throw new Error(`${name} ${text ?? ""} is not a number above 0`);
  return value;
}

/** The measurements so far. */
class Run {
  readonly series: Series[] = [];
  readonly memoryMb: Partial<Record<ServerName, number>> = {};
  readonly flatness: FlatnessFigures[] = [];
  readonly notes: string[] = [];
  writeLatency: WriteLatencyFigures | null = null;
  start: StartFigures | null = null;
  cities: CitiesFigures | null = null;
  /** Of what ran while servers were compared. */
  foreignShare: number | null = null;
  /** CPU of the processes that were started for that, once they have ended. */
  #ownMicros = 0;
  readonly #options: Options;

  constructor(options: Options) {
    this.#options = options;
  }

  async measure(): Promise<void> {
    const { only } = this.#options;
    if (only.has("start")) await this.#measureStart();
    const before = machineTicks();
    const generator = new Generator();
    await this.#measureServers(generator);
    const { user, system } = process.cpuUsage();
    this.#ownMicros += user + system + (cpuMicros(generator.pid) ?? 0);
    this.foreignShare = foreignShare(before, machineTicks(), this.#ownMicros);
    await generator.stop();
    if (only.has("cities")) {
      progress("loading the cities");
      const { measureCities } = await import("./harness/cities.ts");
      this.cities = await measureCities(this.#options.peers, this.#options.plan.citiesMax);
    }
  }

  async #measureStart(): Promise<void> {
    progress("start");
    const { plan, peers } = this.#options;
    this.start = await measureStart(peers, plan.launches, plan.idleSeconds);
  }

  async #measureServers(generator: Generator): Promise<void> {
    const { only, plan, peers } = this.#options;
    const isFlatness = only.has("flatness");
    const isLatency = only.has("write-latency");
    const workloads = TABLE.filter(([name]) => only.has(name));
    const names = new Set(workloads.flatMap(([, servers]) => servers).filter((name) => isInstalled(name, peers)));
    if (isFlatness || isLatency) names.add("stator");
    if (workloads.length > 0 && peers.dynalite === null) {
      this.notes.push("dynalite is not installed, so there are no ratios: `npm run bench -- --peers` installs it.");
    }
    const servers = new Map<ServerName, Server>();
    for (const name of names) {
      progress(`starting and filling ${name}`);
      const server = await startServer(name, { peers, isPinned: true });
      servers.set(name, server);
      const filled = workloads.filter(([, all]) => all.includes(name)).map(([workload]) => workload);
      await fillFor(generator, server, name === "stator" && (isFlatness || isLatency) ? [...filled, "put"] : filled);
    }
    for (const [workload, all] of workloads) {
      const taking = all.map((name) => servers.get(name)).filter((server) => server !== undefined);
      progress(`${workload}: ${taking.map(({ name }) => name).join(", ")}`);
      this.series.push(...await measureRounds(generator, workload, taking, plan));
    }
    for (const [name, server] of servers) {
      this.memoryMb[name] = rssMb(server.pid) ?? 0;
      if (name !== "stator") await this.#end(server);
    }
    const stator = servers.get("stator");
    if (stator === undefined) return;
    if (isLatency) {
      progress("write latency on one connection");
      this.writeLatency = await measureWriteLatency(generator, stator, plan.rounds, plan.openSeconds);
    }
    for (const workload of isFlatness ? FLATNESS : []) {
      progress(`open loop, ${workload}`);
      this.flatness.push(await measureFlatness(generator, stator, workload, plan.rounds, plan.openSeconds));
    }
    await this.#end(stator);
  }

  async #end(server: Server): Promise<void> {
    this.#ownMicros += cpuMicros(server.pid) ?? 0;
    await server.stop();
  }
}

function isInstalled(name: ServerName, peers: Peers): boolean {
  if (name.startsWith("dynalite")) return peers.dynalite !== null;
  if (name === "etcd" || name === "redis") return peers[name] !== null;
  return true;
}

async function main(): Promise<number> {
  const options = parseOptions();
  const machine = describeMachine();
  const run = new Run(options);
  if (options.plan.seconds < PLAN.seconds) run.notes.push("Rounds were short: these figures are rough.");
  await run.measure();
  const { seconds, rounds, connections } = options.plan;
  const result: BenchResult = {
    at: new Date().toISOString(), options: { seconds, rounds, connections }, machine,
    foreignShare: run.foreignShare, series: run.series, memoryMb: run.memoryMb,
    start: run.start, cities: run.cities, writeLatency: run.writeLatency, flatness: run.flatness,
    recovery: lastRecovery(), notes: run.notes,
  };
  const report = renderReport(result);
  process.stdout.write(`\n${report}\n`);
  writeResult(join(ROOT, "bench", "results"), `bench-${result.at.replace(/[:.]/g, "-")}`, result);
  if (options.keep) keep(result, report);
  return countErrors(result) === 0 ? 0 : 1;
}

function lastRecovery(): RecoveryFigures | null {
  const file = join(ROOT, "bench", "results", "recovery.json");
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) as RecoveryFigures : null;
}

function writeResult(folder: string, name: string, result: BenchResult): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(result, null, 1)}\n`);
  writeFileSync(join(folder, `${name}.svg`), renderChart(result));
  process.stdout.write(`\nwritten: ${join(folder, name)}.json and .svg\n`);
}

function keep(result: BenchResult, report: string): void {
  const day = result.at.slice(0, 10);
  writeResult(join(ROOT, "bench", "baseline"), day, result);
  const page = join(ROOT, "docs", "performance.md");
  const [before, rest] = readFileSync(page, "utf8").split(MARKS[0]);
  const after = rest?.split(MARKS[1])[1];
  if (before === undefined || after === undefined) throw new Error(`${page} has no marks ${MARKS.join(" and ")}`);
  const chart = `![Chart of these figures](../bench/baseline/${day}.svg)`;
  writeFileSync(page, `${before}${MARKS[0]}\n\n${report}\n\n${chart}\n\n${MARKS[1]}${after}`);
}

function progress(what: string): void {
  process.stderr.write(`${(performance.now() / 1_000).toFixed(0).padStart(4)} s  ${what}\n`);
}

process.exitCode = await main();
