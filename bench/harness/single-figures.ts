// Measurements that are not a table of servers: start and idle memory, latency of one connection
// beside a bare synced append, and latency under a rising open load.
import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Generator } from "./generator-process.ts";
import type { Peers } from "./peers.ts";
import { addressOf, figuresOf, measureRound, median, type RoundFigures } from "./rounds.ts";
import { startServer, type Server } from "./server-under-test.ts";
import { rssMb } from "./usage.ts";
import type { WorkloadName } from "./workloads.ts";

export type StartFigures = {
  readonly firstAnswerMs: readonly number[]; readonly idleMb: number | null; readonly idleSeconds: number;
};

/** From the launch of the process to the first answer, on fresh directories, on all cores. */
export async function measureStart(peers: Peers, launches: number, idleSeconds: number): Promise<StartFigures> {
  const firstAnswerMs: number[] = [];
  let idleMb: number | null = null;
  for (let launch = -1; launch < launches; launch++) { // the first fills the cache of compiled code
    const began = performance.now();
    const server = await startServer("stator", { peers, isPinned: false });
    if (launch >= 0) firstAnswerMs.push(performance.now() - began);
    if (launch === launches - 1) {
      await sleep(idleSeconds * 1_000);
      idleMb = rssMb(server.pid);
    }
    await server.stop();
  }
  return { firstAnswerMs, idleMb, idleSeconds };
}

export type WriteLatencyFigures = { readonly puts: readonly RoundFigures[]; readonly appends: readonly RoundFigures[] };

/** One connection, one put at a time, beside one bare append with a sync in the same file system. */
export async function measureWriteLatency(
  generator: Generator, server: Server, rounds: number, seconds: number,
): Promise<WriteLatencyFigures> {
  const puts: RoundFigures[] = [];
  const appends: RoundFigures[] = [];
  const file = join(server.directory, "bare-append");
  await generator.ask({ kind: "prepare", workload: "put", connections: 1, seconds, ...addressOf(server) });
  await generator.run({ kind: "closed-loop", target: server.name, seconds: Math.min(1, seconds) });
  for (let round = 0; round < rounds; round++) {
    puts.push(await measureRound(generator, server, { kind: "closed-loop", target: server.name, seconds }));
    appends.push(figuresOf(await generator.run({ kind: "append", file, seconds }), null, null));
  }
  await generator.ask({ kind: "release", target: server.name });
  rmSync(file, { force: true });
  return { puts, appends };
}

export type FlatnessFigures = {
  readonly workload: WorkloadName;
  readonly maximum: number;
  readonly levels: readonly { readonly percent: number; readonly rounds: readonly RoundFigures[] }[];
};

const LEVELS = [10, 20, 40, 60, 80] as const;
/** More than are ever busy at once, so that requests wait in the server, not here. */
const OPEN_CONNECTIONS = 64;

/** Open-loop load at rising shares of the closed-loop maximum, which is measured first. */
export async function measureFlatness(
  generator: Generator, server: Server, workload: WorkloadName, rounds: number, seconds: number,
): Promise<FlatnessFigures> {
  const target = server.name;
  await generator.ask({ kind: "prepare", workload, connections: OPEN_CONNECTIONS, seconds, ...addressOf(server) });
  await generator.run({ kind: "closed-loop", target, seconds: 1 });
  const maxima: number[] = [];
  for (let round = 0; round < rounds; round++) {
    maxima.push((await generator.run({ kind: "closed-loop", target, seconds })).rate);
  }
  const maximum = median(maxima);
  const levels = LEVELS.map((percent) => ({ percent, rounds: [] as RoundFigures[] }));
  for (let round = 0; round < rounds; round++) {
    for (const level of levels) {
      const rate = maximum * level.percent / 100;
      level.rounds.push(await measureRound(generator, server, { kind: "open-loop", target, seconds, rate }));
    }
  }
  await generator.ask({ kind: "release", target });
  return { workload, maximum, levels };
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
