// The budgets: what each figure must be, and whether this run holds it. Ratios are taken round by round.
import type { BenchResult } from "./result.ts";
import { median, type RoundFigures, type Series } from "./rounds.ts";
import type { ServerName } from "./server-under-test.ts";
import type { WorkloadName } from "./workloads.ts";

export type Verdict = {
  readonly what: string; readonly goal: string; readonly measured: string;
  /** Null when it was not measured. */
  readonly holds: boolean | null;
};

type RatioGoal = readonly [WorkloadName, string, ServerName, number];
const RATIOS: readonly RatioGoal[] = [
  ["get-strong", "GetItem 900 B, strong", "dynalite-memory", 2.5],
  ["get-eventual", "GetItem 900 B, eventual", "dynalite-memory", 2.5],
  ["put", "PutItem 900 B, three durable copies", "dynalite-disk", 2],
  ["update-add", "UpdateItem ADD with condition", "dynalite-disk", 2],
  ["query-10", "Query of 10 items", "dynalite-memory", 6],
];

const CPU_BUDGETS: readonly (readonly [WorkloadName, string, number])[] = [
  ["get-strong", "GetItem 900 B, strong", 45], ["get-eventual", "GetItem 900 B, eventual", 45],
  ["put", "PutItem 900 B", 90], ["update-add", "UpdateItem ADD with condition", 100],
  ["query-10", "Query of 10 items", 70], ["transact-3", "TransactWriteItems of 3 items", 350],
];

const START_MS_MAX = 500;
const IDLE_MB_MAX = 150;
const CITIES_PER_SECOND_MIN = 10_000;
const WRITE_P50_MS_MAX = 1.5;
const WRITE_TO_APPEND_MAX = 3;
const FLAT_RATIO_MAX = 3;
const RECOVERY_SECONDS_MAX = 20;

export function judge(result: BenchResult): readonly Verdict[] {
  return [
    ...RATIOS.flatMap((goal) => judgeRatio(result, goal)),
    ...CPU_BUDGETS.flatMap(([workload, title, budget]) => judgeCpu(result, workload, title, budget)),
    ...judgeStart(result), ...judgeCities(result), ...judgeWriteLatency(result), ...judgeFlatness(result),
    ...judgeRecovery(result),
  ];
}

export function spread(values: readonly number[], digits: number): string {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return `${median(values).toFixed(digits)} (${low.toFixed(digits)} to ${high.toFixed(digits)})`;
}

function judgeRatio(result: BenchResult, [workload, title, peer, goal]: RatioGoal): readonly Verdict[] {
  const ours = find(result, workload, "stator");
  const theirs = find(result, workload, peer);
  if (ours === undefined || theirs === undefined) return [];
  const ratios = zipRatios(ours.rounds, theirs.rounds, ({ rate }) => rate);
  const cpu = zipRatios(theirs.rounds, ours.rounds, ({ cpuMicros }) => cpuMicros ?? Number.NaN);
  const cpuText = cpu.every(Number.isFinite) ? `; ${median(cpu).toFixed(2)}x by CPU` : "";
  return [{
    what: `${title}, throughput to ${peer}`, goal: `at least ${goal}x`, measured: `${spread(ratios, 2)}x${cpuText}`,
    holds: median(ratios) >= goal,
  }];
}

function judgeCpu(result: BenchResult, workload: WorkloadName, title: string, budget: number): readonly Verdict[] {
  const found = find(result, workload, "stator")?.rounds.map(({ cpuMicros }) => cpuMicros);
  const values = (found ?? []).filter((value) => value !== null);
  if (values.length === 0) return [];
  return [{
    what: `${title}, server CPU`, goal: `at most ${budget} µs`, measured: `${spread(values, 0)} µs`,
    holds: median(values) <= budget,
  }];
}

function judgeStart({ start }: BenchResult): readonly Verdict[] {
  if (start === null) return [];
  const ms = start.firstAnswerMs;
  return [
    { what: "Launch to first answer", goal: `at most ${START_MS_MAX} ms`, measured: `${spread(ms, 0)} ms`,
      holds: median(ms) <= START_MS_MAX },
    ...(start.idleMb === null ? [] : [{
      what: `Memory after ${start.idleSeconds} s idle`, goal: `at most ${IDLE_MB_MAX} MB`,
      measured: `${start.idleMb.toFixed(0)} MB`, holds: start.idleMb <= IDLE_MB_MAX,
    }]),
  ];
}

function judgeCities({ cities }: BenchResult): readonly Verdict[] {
  if (cities === null) return [];
  return [{
    what: `Loading ${cities.items} cities with the SDK on the same cores`, goal: `at least ${CITIES_PER_SECOND_MIN}/s`,
    measured: `${cities.itemsPerSecond.toFixed(0)}/s`, holds: cities.itemsPerSecond >= CITIES_PER_SECOND_MIN,
  }];
}

function judgeWriteLatency({ writeLatency }: BenchResult): readonly Verdict[] {
  if (writeLatency === null) return [];
  const puts = writeLatency.puts.map(({ p50Micros }) => p50Micros / 1_000);
  const ratios = zipRatios(writeLatency.puts, writeLatency.appends, ({ p50Micros }) => p50Micros);
  return [
    { what: "PutItem on one connection, p50", goal: `at most ${WRITE_P50_MS_MAX} ms`, measured: `${spread(puts, 2)} ms`,
      holds: median(puts) <= WRITE_P50_MS_MAX },
    { what: "the same, to one bare synced append", goal: `at most ${WRITE_TO_APPEND_MAX}x`,
      measured: `${spread(ratios, 2)}x`, holds: median(ratios) <= WRITE_TO_APPEND_MAX },
  ];
}

function judgeFlatness({ flatness }: BenchResult): readonly Verdict[] {
  return flatness.flatMap(({ workload, levels }) => {
    const low = levels[0];
    const high = levels.at(-1);
    if (low === undefined || high === undefined) return [];
    const p99 = (rounds: readonly RoundFigures[]): number => median(rounds.map(({ p99Micros }) => p99Micros));
    const ratio = p99(high.rounds) / p99(low.rounds);
    return [{
      what: `${workload}, p99 at ${high.percent} % of the maximum to ${low.percent} %`,
      goal: `at most ${FLAT_RATIO_MAX}x`, measured: `${ratio.toFixed(2)}x`, holds: ratio <= FLAT_RATIO_MAX,
    }];
  });
}

function judgeRecovery({ recovery }: BenchResult): readonly Verdict[] {
  if (recovery === null) return [];
  return [{
    what: `Restart after a kill, logs of ${recovery.logsMb.map((mb) => mb.toFixed(0)).join(" + ")} MB `
      + `(${recovery.at.slice(0, 10)}, commit ${recovery.commit})`,
    goal: `at most ${RECOVERY_SECONDS_MAX} s`, measured: `${recovery.seconds.toFixed(1)} s`,
    holds: recovery.seconds <= RECOVERY_SECONDS_MAX,
  }];
}

function find(result: BenchResult, workload: WorkloadName, server: ServerName): Series | undefined {
  return result.series.find((series) => series.workload === workload && series.server === server);
}

function zipRatios(
  over: readonly RoundFigures[], under: readonly RoundFigures[], value: (round: RoundFigures) => number,
): readonly number[] {
  return over.map((round, i) => value(round) / value(under[i] ?? round));
}
