// Measures one workload on several servers in interleaved rounds (A B C A B C …), so that whatever else the
// machine does hits all of them.
import { cpuMicros } from "./usage.ts";
import type { Outcome } from "./generator-protocol.ts";
import type { Generator } from "./generator-process.ts";
import { Histogram } from "./histogram.ts";
import type { Server, ServerName } from "./server-under-test.ts";
import { workloadNamed, type WorkloadName } from "./workloads.ts";

export type RoundFigures = {
  readonly rate: number;
  readonly p50Micros: number;
  readonly p99Micros: number;
  /** Of the server, all threads, per request; null where the system does not tell. */
  readonly cpuMicros: number | null;
  readonly generatorLoad: number;
  readonly errors: number;
  readonly firstError: string | null;
};

/** Figures of all rounds of one workload on one server. */
export type Series = { readonly workload: WorkloadName; readonly server: ServerName; readonly rounds: RoundFigures[] };

export type RoundOptions = {
  readonly rounds: number; readonly seconds: number; readonly connections: number;
  /** Before the first round of each server: enough to compile its hot paths. */
  readonly warmUpSeconds: number;
};

/** Before every other round: connections and caches have cooled down. */
const REWARM_SECONDS = 0.2;

export async function measureRounds(
  generator: Generator, workload: WorkloadName, servers: readonly Server[], options: RoundOptions,
): Promise<readonly Series[]> {
  const warmUpSeconds = options.warmUpSeconds * (workloadNamed(workload).warmUp ?? 1);
  const seconds = warmUpSeconds + options.rounds * (REWARM_SECONDS + options.seconds);
  for (const server of servers) {
    await generator.ask({
      kind: "prepare", workload, connections: options.connections, seconds, ...addressOf(server),
    });
    await generator.run({ kind: "closed-loop", target: server.name, seconds: warmUpSeconds });
  }
  const series = servers.map((server): Series => ({ workload, server: server.name, rounds: [] }));
  for (let round = 0; round < options.rounds; round++) {
    for (const [i, server] of servers.entries()) {
      await generator.run({ kind: "closed-loop", target: server.name, seconds: REWARM_SECONDS });
      series[i]?.rounds.push(await measureRound(generator, server, {
        kind: "closed-loop", target: server.name, seconds: options.seconds,
      }));
    }
  }
  for (const server of servers) await generator.ask({ kind: "release", target: server.name });
  return series;
}

export async function measureRound(
  generator: Generator, server: Server, question: Parameters<Generator["run"]>[0],
): Promise<RoundFigures> {
  const before = cpuMicros(server.pid);
  const outcome = await generator.run(question);
  return figuresOf(outcome, before, cpuMicros(server.pid));
}

export function figuresOf(outcome: Outcome, cpuBefore: number | null, cpuAfter: number | null): RoundFigures {
  const latencies = new Histogram();
  latencies.addAll(outcome.latencies);
  const { rate, generatorLoad, errors, firstError, requests } = outcome;
  if (requests === 0) throw new Error(`nothing was answered: ${firstError ?? "and nothing failed"}`);
  return {
    rate, generatorLoad, errors, firstError, p50Micros: latencies.quantile(0.5), p99Micros: latencies.quantile(0.99),
    cpuMicros: cpuBefore === null || cpuAfter === null || requests === 0 ? null : (cpuAfter - cpuBefore) / requests,
  };
}

export function addressOf(server: Server): { target: string; dialect: Server["dialect"]; port: number } {
  return { target: server.name, dialect: server.dialect, port: server.port };
}

/** Fills what `workloads` need in a server that has just started. */
export async function fillFor(generator: Generator, server: Server, workloads: readonly WorkloadName[]): Promise<void> {
  if (server.dialect === "echo") return;
  const tables = new Set(workloads.map((name) => workloadNamed(name).table));
  for (const table of tables) await generator.run({ kind: "fill", dialect: server.dialect, port: server.port, table });
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}
