// The day as a page of text, and its availability as a picture.
import { INTERVAL_MS, type Availability, type CallClass, type Interval, type Window } from "./availability.ts";
import type { FaultResult } from "./faults.ts";
import type { TransactionVerdict } from "./transaction-verdict.ts";
import type { Verdict } from "./verdict.ts";

export type DayReport = {
  readonly at: string;
  readonly seed: number;
  readonly nodes: number;
  readonly links: string;
  readonly results: readonly FaultResult[];
  readonly skipped: readonly { readonly name: string; readonly why: string }[];
  readonly verdict: Verdict;
  readonly transacted: TransactionVerdict;
  readonly failures: readonly string[];
};

const WIDTH = 1_200;
const LEFT = 70;
const RIGHT = 20;
const ROW = 150;
const BAND = 34;

export function markdown(report: DayReport, availability: Availability): string {
  const { verdict, transacted } = report;
  const rows = report.results.map((result) => {
    const write = availability.window("write", result.fromMs, result.toMs);
    const read = availability.window("read", result.fromMs, result.toMs);
    return `| ${result.name} | ${seconds(result.toMs - result.fromMs)} | ${side(write)} | ${side(read)} |`;
  });
  return [
    `# Game day of ${report.at}`, "",
    `${report.nodes} node processes in three zones, ${report.links}, seed ${report.seed}.`, "",
    report.failures.length === 0 ? "**Verdict: passed.**" : "**Verdict: failed.**", "",
    ...report.failures.map((failure) => `- ${failure}`),
    `- ${verdict.acknowledged} writes were acknowledged to application clients; ${verdict.lost} of them are lost`,
    `- ${verdict.checkedCalls} calls on ${verdict.checkedItems} contested items judged for linearizability; `
    + `${verdict.unknownCalls} ended without a known result, ${verdict.undecided} items undecided`,
    `- ${transacted.calls} calls of transactions judged for serializability, with the rows of their global index and `
    + `the records of their stream: ${transacted.done} were done, ${transacted.unknown} ended without a known result`,
    "",
    "Application clients use the SDK's default retries. *Troubled* is the time in which a call of some client failed "
    + "or took longer than a second, retries included.", "",
    "| fault | lasted | writes | errors | p99 ms | slowest ms | troubled | reads | errors | p99 ms | slowest ms "
    + "| troubled |",
    "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ...rows, "",
    ...report.results.map(({ name, did, notes }) => `- ${name}: ${[did, ...notes].join("; ")}`),
    ...report.skipped.map(({ name, why }) => `- ${name}: left out, ${why}`), "",
    "![Availability](availability.svg)", "",
  ].join("\n");
}

function side({ calls, errors, p99Ms, slowestMs, troubledMs }: Window): string {
  return `${calls} | ${errors} | ${p99Ms.toFixed(1)} | ${slowestMs.toFixed(0)} | ${seconds(troubledMs)}`;
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

/** Successes per interval in green above errors in red, p99 as a line, and the faults as bands. */
export function picture(report: DayReport, availability: Availability): string {
  const endMs = availability.now();
  const x = (ms: number): number => LEFT + (WIDTH - LEFT - RIGHT) * ms / endMs;
  const parts: string[] = [text(LEFT, 24, `Game day ${report.at}: ${report.nodes} nodes, ${report.links}`, 16)];
  report.results.forEach((result, i) => {
    const shade = i % 2 === 0 ? "#f6f8fa" : "#eaeef2";
    const width = x(result.toMs) - x(result.fromMs);
    parts.push(`<rect x="${x(result.fromMs)}" y="40" width="${width}" height="${BAND + 4 * ROW}" fill="${shade}"/>`);
    parts.push(`<text x="${x(result.fromMs) + 3}" y="${52 + i % 2 * 14}" font-size="10">${result.name}</text>`);
  });
  (["write", "read"] as const).forEach((kind: CallClass, i) => {
    const intervals = availability.intervals(kind);
    const top = 40 + BAND + i * 2 * ROW;
    parts.push(...calls(intervals, kind, top, x), ...latency(intervals, kind, top + ROW, x));
  });
  const height = 40 + BAND + 4 * ROW + 40;
  parts.push(text(LEFT, height - 12, `0 s … ${(endMs / 1_000).toFixed(0)} s, intervals of ${INTERVAL_MS} ms`, 11));
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" `
    + "font-family=\"system-ui, sans-serif\">\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n"
    + `${parts.join("\n")}\n</svg>\n`;
}

function calls(intervals: readonly Interval[], kind: CallClass, top: number, x: (ms: number) => number): string[] {
  const most = Math.max(1, ...intervals.map(({ ok, error }) => ok + error));
  const bottom = top + ROW - 20;
  const width = x(INTERVAL_MS) - x(0);
  const parts = [text(8, top + 20, `${kind}s`, 12), text(8, top + 36, `${most * 1_000 / INTERVAL_MS}/s`, 10)];
  for (const { startMs, ok, error } of intervals) {
    const okHeight = (ROW - 30) * ok / most;
    const errorHeight = error === 0 ? 0 : Math.max(2, (ROW - 30) * error / most);
    parts.push(bar(x(startMs), bottom - okHeight, width, okHeight, "#1a7f37"));
    parts.push(bar(x(startMs), bottom - okHeight - errorHeight, width, errorHeight, "#cf222e"));
  }
  return parts;
}

/** Logarithmic from 1 ms to 10 s. */
function latency(intervals: readonly Interval[], kind: CallClass, top: number, x: (ms: number) => number): string[] {
  const y = (ms: number): number => top + ROW - 20 - (ROW - 30) * Math.min(1, Math.log10(Math.max(1, ms)) / 4);
  const points = intervals.filter(({ ok, error }) => ok + error > 0)
    .map(({ startMs, p99Ms }) => `${x(startMs).toFixed(1)},${y(p99Ms).toFixed(1)}`);
  const lines = [1, 10, 100, 1_000, 10_000].map((ms) => (
    `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(ms)}" y2="${y(ms)}" stroke="#d0d7de"/>`
    + text(LEFT - 46, y(ms) + 4, `${ms} ms`, 9)
  ));
  return [
    text(8, top + 14, `p99 ${kind}`, 11), ...lines,
    `<polyline points="${points.join(" ")}" fill="none" stroke="#1f6feb" stroke-width="1.2"/>`,
  ];
}

function bar(x: number, y: number, width: number, height: number, fill: string): string {
  return height <= 0 ? "" : `<rect x="${x.toFixed(1)}" y="${y.toFixed(1)}" width="${Math.max(0.5, width).toFixed(1)}" `
    + `height="${height.toFixed(1)}" fill="${fill}"/>`;
}

function text(x: number, y: number, words: string, size: number): string {
  return `<text x="${x}" y="${y}" font-size="${size}">${words.replaceAll("&", "&amp;").replaceAll("<", "&lt;")}</text>`;
}
