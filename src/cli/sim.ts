// `npm run sim`: runs the simulator over many seeds, or replays one.
import { parseArgs } from "node:util";
import { runSeed, type SeedReport } from "../sim/swarm/run.ts";
import { formatCut, NO_CUT, parseCut, type RunCut } from "../sim/swarm/run-cut.ts";
import { shrink } from "../sim/swarm/shrink.ts";
import { Summary } from "../sim/swarm/summary.ts";
import { EXIT_FAILED, EXIT_OK, EXIT_USAGE } from "./exit-codes.ts";

const HELP = `Usage: npm run sim -- [options]

  --seeds <n>     how many seeds (default 200)
  --from <seed>   the first one (default: drawn from the clock, and printed)
  --minutes <m>   go on with fresh seeds for so long instead
  --once          run each seed once; by default each is run twice and the two histories are compared
  --seed <s>      replay one seed and print what happens
  --quiet         with --seed: only the result
  --cut <text>    with --seed: leave out parts of the run, as --shrink prints them
  --shrink        with --seed: leave out all that the violation does not need

Every run is decided by its seed: a failure is replayed with --seed.
Exit codes: 0 all held, 1 a violation or two runs of a seed that differ, 2 wrong command line.
`;

const SEED_MAX = 2 ** 48;
/** Failures shown in full; of more only the seeds are shown. */
const SHOWN_MAX = 5;
/** Seeds that fail before the rest is not run any more. */
const FAILED_MAX = 20;
const PROGRESS_MS = 1_000;

type Arguments = {
  readonly seeds: number;
  readonly from: number;
  readonly minutes: number | null;
  readonly isOnce: boolean;
  readonly seed: number | null;
  readonly isQuiet: boolean;
  readonly cut: RunCut;
  readonly isShrinking: boolean;
};

function main(): number {
  const args = parse();
  if (typeof args === "number") return args;
  if (args.seed === null) return runMany(args);
  return replay(args.seed, args.isShrinking ? shrunk(args.seed) : args.cut, args.isQuiet);
}

function parse(): Arguments | number {
  try {
    const { values } = parseArgs({
      options: {
        seeds: { type: "string" }, from: { type: "string" }, minutes: { type: "string" }, seed: { type: "string" },
        cut: { type: "string" }, shrink: { type: "boolean" }, once: { type: "boolean" }, quiet: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    });
    if (values.help === true) {
      process.stdout.write(HELP);
      return EXIT_OK;
    }
    return {
      seeds: integer("seeds", values.seeds) ?? 200,
      from: integer("from", values.from) ?? Date.now() % 1_000_000_000,
      minutes: values.minutes === undefined ? null : Number(values.minutes),
      isOnce: values.once === true,
      seed: integer("seed", values.seed),
      isQuiet: values.quiet === true,
      cut: cutOf(values.cut ?? ""),
      isShrinking: values.shrink === true,
    };
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${HELP}`);
    return EXIT_USAGE;
  }
}

function integer(name: string, text: string | undefined): number | null {
  if (text === undefined) return null;
  const value = Number(text);
  if (text === "" || !Number.isInteger(value) || value < 0 || value >= SEED_MAX) {
    throw new Error(`--${name} must be a whole number from 0 to 2^48 - 1, not ${JSON.stringify(text)}`);
  }
  return value;
}

function cutOf(text: string): RunCut {
  const cut = parseCut(text);
  if (cut === null) throw new Error(`--cut takes what --shrink prints, not ${JSON.stringify(text)}`);
  return cut;
}

function shrunk(seed: number): RunCut {
  const found = shrink(seed, (cut) => {
    process.stdout.write(`still fails without ${formatCut(cut)}\n`);
  });
  if (found === null) process.stdout.write(`seed ${seed} has no violation to shrink\n`);
  else process.stdout.write(`npm run sim -- --seed ${seed} --cut "${formatCut(found.cut)}"\n`);
  return found?.cut ?? NO_CUT;
}

function replay(seed: number, cut: RunCut, isQuiet: boolean): number {
  const trace = isQuiet ? null : (nowUs: number, line: string): void => {
    process.stdout.write(`${(nowUs / 1000).toFixed(3).padStart(12)} ms  ${line}\n`);
  };
  const report = runSeed(seed, trace, cut);
  if (!isQuiet) {
    process.stdout.write(`\noptions ${JSON.stringify(report.options, null, 1)}\n`);
    process.stdout.write(`buggify ${report.mischief.points.join("; ")}\n`);
  }
  const second = runSeed(seed, null, cut);
  const summary = new Summary();
  summary.add(report);
  if (second.result.hash !== report.result.hash) summary.unequal.push(seed);
  process.stdout.write(`\nseed ${seed}: history ${report.result.hash}\n`);
  show(report);
  return summary.isGood ? EXIT_OK : EXIT_FAILED;
}

function runMany(args: Arguments): number {
  const { from, isOnce, minutes } = args;
  const started = performance.now();
  const deadline = minutes === null ? Infinity : started + minutes * 60_000;
  const count = minutes === null ? args.seeds : Infinity;
  const summary = new Summary();
  process.stdout.write(`seeds from ${from}\n`);
  let shown = started;
  for (let i = 0; i < count && performance.now() < deadline; i++) {
    runOne(from + i, isOnce, summary);
    if (performance.now() - shown > PROGRESS_MS) {
      shown = performance.now();
      progress(summary, args, shown - started);
    }
    if (summary.failed.length + summary.unequal.length >= FAILED_MAX) break;
  }
  if (process.stdout.isTTY) process.stdout.write("\r\x1b[K");
  for (const report of summary.failed.slice(0, SHOWN_MAX)) show(report);
  const lines = summary.lines(performance.now() - started, isOnce ? 1 : 2);
  process.stdout.write(`\n${lines.join("\n")}\n`);
  const bad = [...summary.failed.map((report) => report.seed), ...summary.unequal];
  for (const seed of bad) process.stdout.write(`replay with: npm run sim -- --seed ${seed}\n`);
  return summary.isGood ? EXIT_OK : EXIT_FAILED;
}

function runOne(seed: number, isOnce: boolean, summary: Summary): void {
  const report = runSeed(seed, null);
  summary.add(report);
  if (!isOnce && runSeed(seed, null).result.hash !== report.result.hash) summary.unequal.push(seed);
}

function show(report: SeedReport): void {
  for (const { checker, message } of report.violations) {
    process.stdout.write(`seed ${report.seed}: ${checker}: ${message}\n`);
  }
  if (report.violations.length === 0) process.stdout.write(`seed ${report.seed}: no violation\n`);
}

/** A bar on a terminal; elsewhere now and then a line. */
function progress(summary: Summary, args: Arguments, elapsedMs: number): void {
  const { seeds, failed, powerOffs } = summary;
  const numbers = `${seeds} seeds, ${powerOffs} power-offs, ${failed.length} failed`;
  const share = args.minutes === null ? seeds / args.seeds : elapsedMs / (args.minutes * 60_000);
  if (process.stdout.isTTY) {
    const filled = Math.min(30, Math.floor(share * 30));
    process.stdout.write(`\r[${"#".repeat(filled)}${".".repeat(30 - filled)}] ${numbers}`);
  } else if (Math.floor(elapsedMs / PROGRESS_MS) % 10 === 0) process.stdout.write(`${numbers}\n`);
}

process.exitCode = main();
