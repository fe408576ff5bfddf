// The tables of a result, as Markdown: for the terminal and for docs/performance.md.
import { judge, spread } from "./goals.ts";
import type { BenchResult } from "./result.ts";
import { median, type RoundFigures } from "./rounds.ts";
import { SERVER_TITLES, type ServerName } from "./server-under-test.ts";
import { WORKLOADS } from "./workloads.ts";

/** A generator this busy may itself be what limits a rate. */
const GENERATOR_LIMIT = 0.9;
/** Other processes with this share of the machine make figures of this run doubtful. */
const NOISE_LIMIT = 0.05;

export function renderReport(result: BenchResult): string {
  return [
    renderConditions(result), renderVerdicts(result), renderServers(result), renderFlatness(result),
    renderWriteLatency(result), renderMemory(result), renderErrors(result),
  ].filter((part) => part !== "").join("\n\n");
}

export function countErrors(result: BenchResult): number {
  return allRounds(result).reduce((sum, [, { errors }]) => sum + errors, 0);
}

function renderConditions({ at, machine, options, foreignShare, notes }: BenchResult): string {
  const pinned = machine.isPinned ? "server and load generator pinned to one core each" : "nothing pinned";
  const lines = [
    `Measured ${at.slice(0, 10)} at commit ${machine.commit} on ${machine.cores} cores of ${machine.cpu}, `
    + `${machine.memoryGb} GB, ${machine.system}, Node ${machine.node}; ${pinned}; ${options.connections} connections; `
    + `medians of ${options.rounds} interleaved rounds of ${options.seconds} s, lowest and highest in parentheses.`,
  ];
  if (foreignShare !== null && foreignShare > NOISE_LIMIT) {
    lines.push(`**Noisy:** other processes took ${(foreignShare * 100).toFixed(0)} % of the machine during the run `
      + `(load average before it: ${machine.loadAverageBefore.toFixed(1)}). Absolute figures are too low; ratios `
      + "suffer less.");
  }
  return [...lines, ...notes].join("\n\n");
}

function renderVerdicts(result: BenchResult): string {
  const rows = judge(result).map(({ what, goal, measured, holds }) => (
    [what, goal, measured, holds === true ? "yes" : "**no**"]
  ));
  return rows.length === 0 ? "" : table(["budget", "goal", "measured", "held"], rows);
}

function renderServers({ series }: BenchResult): string {
  const rows = WORKLOADS.flatMap(({ name, title }) => series.filter(({ workload }) => workload === name)
    .map(({ server, rounds }) => {
      const cpu = rounds.map(({ cpuMicros }) => cpuMicros).filter((value) => value !== null);
      const isLimited = median(rounds.map(({ generatorLoad }) => generatorLoad)) > GENERATOR_LIMIT;
      return [
        title, server, `${spread(rounds.map(({ rate }) => rate), 0)}${isLimited ? " ¹" : ""}`,
        cpu.length === 0 ? "–" : spread(cpu, 0), ms(rounds, "p50Micros"), ms(rounds, "p99Micros"),
      ];
    }));
  if (rows.length === 0) return "";
  const isLimited = rows.some((row) => row[2]?.endsWith("¹") === true);
  const names = [...new Set(series.map(({ server }) => server))];
  return table(["workload", "server", "requests/s", "CPU µs per request", "p50 ms", "p99 ms"], rows)
    + `\n\n${names.map((name) => `${name}: ${SERVER_TITLES[name]}`).join("; ")}.`
    + (isLimited ? "\n\n¹ The load generator was busy all the time: the server can do more." : "");
}

function renderFlatness({ flatness }: BenchResult): string {
  return flatness.map(({ workload, maximum, levels }) => {
    const title = WORKLOADS.find(({ name }) => name === workload)?.title ?? workload;
    return `Open loop, ${title}, latency from the moment a request is due; closed-loop maximum ${maximum.toFixed(0)}/s:`
      + "\n\n"
      + table(["load", "requests/s", "p50 ms", "p99 ms"], levels.map(({ percent, rounds }) => [
        `${percent} %`, median(rounds.map(({ rate }) => rate)).toFixed(0), ms(rounds, "p50Micros"),
        ms(rounds, "p99Micros"),
      ]));
  }).join("\n\n");
}

function renderWriteLatency({ writeLatency }: BenchResult): string {
  if (writeLatency === null) return "";
  const { puts, appends } = writeLatency;
  return table(["one at a time", "per second", "p50 ms", "p99 ms"], [
    ["PutItem, one connection", spread(puts.map(({ rate }) => rate), 0), ms(puts, "p50Micros"), ms(puts, "p99Micros")],
    ["bare append of 1 KB and sync", spread(appends.map(({ rate }) => rate), 0), ms(appends, "p50Micros"),
      ms(appends, "p99Micros")],
  ]);
}

function renderMemory({ memoryMb }: BenchResult): string {
  const rows = Object.entries(memoryMb).map(([name, mb]) => [SERVER_TITLES[name as ServerName], mb.toFixed(0)]);
  return rows.length === 0 ? "" : table(["memory after all rounds", "MB"], rows);
}

function renderErrors(result: BenchResult): string {
  const failed = allRounds(result).filter(([, { errors }]) => errors > 0);
  return failed.length === 0 ? "" : [
    "**Errors.** Failed requests count neither in rates nor in latencies:", "",
    ...failed.map(([where, { errors, firstError }]) => `- ${where}: ${errors}, the first: ${firstError ?? ""}`),
  ].join("\n");
}

function allRounds({ series, flatness, writeLatency }: BenchResult): readonly (readonly [string, RoundFigures])[] {
  return [
    ...series.flatMap(({ workload, server, rounds }) => (
      rounds.map((round) => [`${workload}, ${server}`, round] as const)
    )),
    ...flatness.flatMap(({ workload, levels }) => levels.flatMap(({ percent, rounds }) => (
      rounds.map((round) => [`${workload} at ${percent} %`, round] as const)
    ))),
    ...(writeLatency?.puts ?? []).map((round) => ["put, one connection", round] as const),
  ];
}

function ms(rounds: readonly RoundFigures[], field: "p50Micros" | "p99Micros"): string {
  return spread(rounds.map((round) => round[field] / 1_000), 2);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}
