// A result as an SVG picture: bars of requests per second by workload and server, and lines of latency under a
// rising open load. The layout follows from the figures alone.
import type { BenchResult } from "./result.ts";
import { median, type Series } from "./rounds.ts";
import type { ServerName } from "./server-under-test.ts";
import type { FlatnessFigures } from "./single-figures.ts";
import { WORKLOADS } from "./workloads.ts";

const WIDTH = 960;
const MARGIN = 24;
const NAME_WIDTH = 150;
const FIGURES_WIDTH = 240;
const BAR_HEIGHT = 16;
const ROW_HEIGHT = 22;
const GROUP_GAP = 34;
const PLOT_HEIGHT = 220;
const PLOT_GAP = 80;
const AXIS_STEPS = 4;

const COLOURS: Readonly<Record<ServerName, string>> = {
  stator: "#1f6feb", "stator-memory": "#79b0ff", "dynalite-memory": "#d29922", "dynalite-disk": "#9e6a03",
  etcd: "#8957e5", redis: "#cf222e", echo: "#8c959f",
};
const LINE_COLOURS = { p50: "#1f6feb", p99: "#cf222e" } as const;

export function renderChart(result: BenchResult): string {
  const parts: string[] = [
    text(MARGIN, 34, "Requests per second (median of rounds)", "font-weight=\"bold\" font-size=\"16\""),
  ];
  let y = 60;
  for (const { name, title } of WORKLOADS) {
    const series = result.series.filter(({ workload }) => workload === name);
    if (series.length === 0) continue;
    parts.push(text(MARGIN, y, title, "font-weight=\"bold\""), ...bars(series, y + 10));
    y += 10 + series.length * ROW_HEIGHT + GROUP_GAP;
  }
  const plotWidth = (WIDTH - 2 * MARGIN - PLOT_GAP) / 2;
  for (const [i, flatness] of result.flatness.entries()) {
    parts.push(...plot(flatness, MARGIN + 40 + i % 2 * (plotWidth + PLOT_GAP), y + 30, plotWidth - 40));
    if (i % 2 === 1 || i === result.flatness.length - 1) y += PLOT_HEIGHT + 90;
  }
  const { cpu, node, commit } = result.machine;
  parts.push(text(MARGIN, y, `${result.at.slice(0, 10)}, commit ${commit}, Node ${node}, ${cpu}`, "fill=\"#57606a\""));
  const height = y + MARGIN;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" `
    + `font-family="system-ui, sans-serif" font-size="13">\n<rect width="100%" height="100%" fill="#ffffff"/>\n`
    + `${parts.join("\n")}\n</svg>\n`;
}

function bars(series: readonly Series[], top: number): readonly string[] {
  const left = MARGIN + NAME_WIDTH;
  const width = WIDTH - left - FIGURES_WIDTH - MARGIN;
  const rates = series.map(({ rounds }) => median(rounds.map(({ rate }) => rate)));
  const longest = Math.max(1, ...rates);
  return series.flatMap(({ server, rounds }, i) => {
    const y = top + i * ROW_HEIGHT;
    const rate = rates[i] ?? 0;
    const length = width * rate / longest;
    const cpu = rounds.map(({ cpuMicros }) => cpuMicros).filter((value) => value !== null);
    const p99 = median(rounds.map(({ p99Micros }) => p99Micros)) / 1_000;
    const cpuText = cpu.length > 0 ? ` · ${median(cpu).toFixed(0)} µs CPU` : "";
    const figures = `${thousands(rate)}/s · p99 ${p99.toFixed(1)} ms${cpuText}`;
    return [
      text(left - 8, y + 13, server, "text-anchor=\"end\""),
      `<rect x="${left}" y="${y}" width="${length.toFixed(1)}" height="${BAR_HEIGHT}" fill="${COLOURS[server]}"/>`,
      text(left + length + 8, y + 13, figures, "fill=\"#57606a\""),
    ];
  });
}

function plot({ workload, maximum, levels }: FlatnessFigures, x: number, y: number, width: number): readonly string[] {
  const title = WORKLOADS.find(({ name }) => name === workload)?.title ?? workload;
  const lines = (["p50", "p99"] as const).map((name) => ({
    name, values: levels.map(({ rounds }) => median(rounds.map((round) => round[`${name}Micros`])) / 1_000),
  }));
  const top = niceCeiling(Math.max(0.001, ...lines.flatMap(({ values }) => values)));
  const xOf = (percent: number): number => x + width * percent / 100;
  const yOf = (value: number): number => y + PLOT_HEIGHT * (1 - value / top);
  const parts = [text(x, y - 14, `${title}: latency in ms, open loop`, "font-weight=\"bold\"")];
  for (let step = 0; step <= AXIS_STEPS; step++) {
    const value = top * step / AXIS_STEPS;
    const at = yOf(value).toFixed(1);
    parts.push(
      `<line x1="${x}" y1="${at}" x2="${x + width}" y2="${at}" stroke="#d0d7de"/>`,
      text(x - 6, yOf(value) + 4, String(Number(value.toPrecision(3))), "text-anchor=\"end\" fill=\"#57606a\""),
    );
  }
  for (const { percent } of levels) {
    parts.push(text(xOf(percent), y + PLOT_HEIGHT + 18, `${percent} %`, "text-anchor=\"middle\" fill=\"#57606a\""));
  }
  parts.push(text(x, y + PLOT_HEIGHT + 38, `load, of ${thousands(maximum)}/s`, "fill=\"#57606a\""));
  for (const { name, values } of lines) {
    const points = values.map((value, i) => `${xOf(levels[i]?.percent ?? 0).toFixed(1)},${yOf(value).toFixed(1)}`);
    const last = levels.at(-1)?.percent ?? 0;
    parts.push(
      `<polyline points="${points.join(" ")}" fill="none" stroke="${LINE_COLOURS[name]}" stroke-width="2"/>`,
      text(xOf(last) + 8, yOf(values.at(-1) ?? 0) + 4, name, `fill="${LINE_COLOURS[name]}"`),
    );
  }
  return parts;
}

/** The next of 1, 2, 4, 5 or 10 times a power of ten: axis steps that read well. */
function niceCeiling(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 4, 5, 10].find((factor) => factor * power >= value) ?? 10) * power;
}

function thousands(value: number): string {
  return Math.round(value).toString().replace(/\B(?=(\d{3})+$)/g, " ");
}

function text(x: number, y: number, content: string, attributes: string): string {
  const escaped = content.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${attributes}>${escaped}</text>`;
}
