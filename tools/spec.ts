// npm run spec: checks the formal specifications.
//
//   small bounds   the TLA+ modules by tla-checker, in a process of its own, and the same models in TypeScript; the
//                  numbers of states must be equal
//   large bounds   the models in TypeScript
//   mutants        each seeded mistake must be found
//
//   node tools/spec.ts [--quick] [--bound <name>] [--mutant <name>]
//
// --quick leaves the large bounds out; --bound and --mutant run one and print the way to a violation.
import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { NO_MUTANT, withMutant } from "../spec/constants.ts";
import type { Mutant } from "../spec/mutant.ts";
import { SUBJECTS, type Explored, type Subject } from "../spec/subjects.ts";
import { checkTla, type TlaResult } from "../spec/tla.ts";

/** Far above every bound; a search that reaches it has a bound that was set wrongly. */
const STATES_MAX = 8_000_000;
const TLA_STATES_MAX = 100_000;
const SMALL = "small-";
const LARGE = "large-";

const specFolder = new URL("../spec/", import.meta.url);
const boundsFolder = new URL("bounds/", specFolder);

type Row = readonly string[];
type TlaJob = { readonly bound: string; readonly mutant: string };

const failures: string[] = [];
const say = (line: string): boolean => process.stdout.write(`${line}\n`);

function cfgOf(name: string): string {
  return readFileSync(new URL(`${name}.cfg`, boundsFolder), "utf8");
}

function boundNames({ folder }: Subject, prefix: string): readonly string[] {
  return readdirSync(new URL(folder, boundsFolder)).filter((file) => file.startsWith(prefix) && file.endsWith(".cfg"))
    .map((file) => folder + file.slice(0, -".cfg".length)).sort();
}

function subjectOf(bound: string): Subject {
  const folder = bound.slice(0, bound.indexOf("/") + 1);
  const subject = SUBJECTS.find((each) => each.folder === folder);
  if (subject === undefined) throw new Error(`no subject has bounds like ${bound}`);
  return subject;
}

/** Searches a bound, with `mutant`, and tells what it took. */
function search(name: string, mutant: string, except: readonly string[]): Explored & { readonly seconds: string } {
  const begin = performance.now();
  const found = subjectOf(name).explore(name, withMutant(cfgOf(name), mutant), STATES_MAX, except);
  return { ...found, seconds: ((performance.now() - begin) / 1000).toFixed(1) };
}

function printPath(found: Explored): void {
  if (found.violation === null) return;
  say(`  ${found.violation.invariant} does not hold:`);
  for (const line of found.describe()) say(`  ${line}`);
}

/** Searches a bound and adds the steps taken to `seen`. */
function runBound(name: string, seen: Map<string, number>): Row {
  const found = search(name, NO_MUTANT, []);
  for (const [action, count] of found.coverage) seen.set(action, (seen.get(action) ?? 0) + count);
  const outcome = found.violation === null ? found.isComplete ? "holds" : "TOO LARGE" : "VIOLATED";
  if (outcome !== "holds") {
    failures.push(`${name}: ${outcome}`);
    printPath(found);
  }
  say(`  ${name}: ${found.states} states, ${outcome}, ${found.seconds} s`);
  return [name, String(found.states), String(found.depth), found.seconds, outcome];
}

function mutantNamed(name: string): Mutant {
  const all = SUBJECTS.flatMap(({ mutants }) => mutants);
  const mutant = all.find((each) => each.name === name);
  if (mutant === undefined) throw new Error(`no mutant ${name}; there are ${all.map((m) => m.name).join(", ")}`);
  return mutant;
}

function runMutant(mutant: Mutant): Row {
  const { name, bound, except } = mutant;
  const found = search(bound, name, except);
  if (found.violation === null) failures.push(`the mutant ${name} lives in ${bound}`);
  const killer = found.violation?.invariant ?? "NOT KILLED";
  const steps = found.violation === null ? "" : String(found.violation.path.length - 1);
  say(`  ${name}: ${killer}${steps === "" ? "" : ` after ${steps} steps`}`);
  return [name, bound, String(found.states), steps, found.seconds, killer];
}

function table(head: Row, rows: readonly Row[]): void {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => (row[i] ?? "").length)));
  for (const row of [head, ...rows]) say(`  ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join("  ").trimEnd()}`);
}

/** One TLA+ job per line of the argument; answers one line of JSON each. */
function tlaMain(jobs: readonly TlaJob[]): void {
  for (const job of jobs) {
    const spec = readFileSync(new URL(subjectOf(job.bound).module, specFolder), "utf8");
    const result = checkTla(spec, withMutant(cfgOf(job.bound), job.mutant), TLA_STATES_MAX);
    process.stdout.write(`${JSON.stringify({ ...job, ...result })}\n`);
  }
}

/** tla-checker blocks its thread for long: it works beside this process. */
async function runTla(jobs: readonly TlaJob[]): Promise<readonly (TlaJob & TlaResult)[]> {
  const child = spawn(process.execPath, [import.meta.filename, "--tla", JSON.stringify(jobs)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  const done: (TlaJob & TlaResult)[] = [];
  child.stdout.setEncoding("utf8");
  child.stdout.on("data", (chunk: string) => {
    text += chunk;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n")) {
      const result: TlaJob & TlaResult = JSON.parse(text.slice(0, end));
      done.push(result);
      text = text.slice(end + 1);
      say(`  tla-checker: ${result.bound} ${result.mutant}: ${result.states} states, ${result.failure ?? "holds"}`);
    }
  });
  const code = await new Promise((resolve) => {
    child.on("close", resolve);
    child.on("error", resolve);
  });
  if (code !== 0 || done.length !== jobs.length) failures.push(`tla-checker ended with ${String(code)}`);
  return done;
}

function judgeTla(results: readonly (TlaJob & TlaResult)[], rows: readonly Row[]): readonly Row[] {
  return results.map(({ bound, mutant, states, failure, violated }) => {
    if (mutant !== NO_MUTANT) {
      if (violated === null) failures.push(`tla-checker lets the mutant ${mutant} live in ${bound}: ${failure ?? ""}`);
      const killer = violated === null ? "NOT KILLED" : subjectOf(bound).invariants[violated] ?? "killed";
      return [bound, mutant, String(states), killer];
    }
    const own = rows.find(([name]) => name === bound)?.[1];
    if (failure !== null) failures.push(`${bound}: tla-checker: ${failure}`);
    if (own !== String(states)) failures.push(`${bound}: ${states} states in TLA+, ${own ?? "none"} in TypeScript`);
    return [bound, "", String(states), own === String(states) ? "equal" : "DIFFERENT"];
  });
}

/** Lets the other process's results be printed as they come. */
function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

async function main(isQuick: boolean): Promise<void> {
  const begin = performance.now();
  say(`specification: ${SUBJECTS.map(({ title }) => title).join(", ")}`);
  const all = SUBJECTS.flatMap(({ mutants }) => mutants);
  const tla = runTla([
    ...SUBJECTS.flatMap((subject) => boundNames(subject, SMALL)).map((bound) => ({ bound, mutant: NO_MUTANT })),
    ...all.filter(({ inTla }) => inTla).map(({ bound, name }) => ({ bound, mutant: name })),
  ]);
  const rows: Row[] = [];
  for (const subject of SUBJECTS) {
    const seen = new Map<string, number>();
    for (const name of [...boundNames(subject, SMALL), ...(isQuick ? [] : boundNames(subject, LARGE))]) {
      rows.push(runBound(name, seen));
      await breathe();
    }
    for (const action of subject.actions) if (!seen.has(action)) failures.push(`no bound takes the step ${action}`);
  }
  const mutants: Row[] = [];
  for (const mutant of all) {
    mutants.push(runMutant(mutant));
    await breathe();
  }
  const tlaRows = judgeTla(await tla, rows);
  say("\nbounds, in TypeScript");
  table(["bound", "states", "depth", "seconds", "outcome"], rows);
  say("\nTLA+, by tla-checker");
  table(["bound", "mutant", "states", "outcome"], tlaRows);
  say("\nmutants, in TypeScript");
  table(["mutant", "bound", "states", "steps", "seconds", "killed by"], mutants);
  const killed = mutants.filter((row) => row[5] !== "NOT KILLED").length;
  const states = rows.reduce((sum, row) => sum + Number(row[1]), 0);
  say(`\n${states} states, ${killed} of ${mutants.length} mutants killed, ${failures.length} failures, `
    + `${((performance.now() - begin) / 1000).toFixed(0)} s`);
}

const [option, value] = process.argv.slice(2);
if (option === "--tla") tlaMain(JSON.parse(value ?? "[]"));
else if (option === "--bound" && value !== undefined) runBound(value, new Map());
else if (option === "--mutant" && value !== undefined) {
  const mutant = mutantNamed(value);
  runMutant(mutant);
  printPath(search(mutant.bound, mutant.name, mutant.except));
} else if (option === undefined || option === "--quick") await main(option === "--quick");
else {
  say("usage: node tools/spec.ts [--quick] [--bound <name>] [--mutant <name>]");
  process.exitCode = 2;
}
for (const failure of failures) say(`FAILED: ${failure}`);
if (failures.length > 0) process.exitCode = 1;
