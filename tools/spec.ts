// npm run spec: checks the formal specification of the replication group.
//
//   small bounds   the TLA+ module by tla-checker, in a process of its own, and the same model in TypeScript; the
//                  numbers of states must be equal
//   large bounds   the model in TypeScript
//   mutants        each seeded mistake must be found
//
//   node tools/spec.ts [--quick] [--bound <name>] [--mutant <name>]
//
// --quick leaves the large bounds out; --bound and --mutant run one and print the way to a violation.
import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { describePath } from "../spec/describe.ts";
import { INVARIANTS } from "../spec/model/invariants.ts";
import { NO_MUTANT, parseBound, withMutant } from "../spec/model/bound.ts";
import { explore, type Exploration } from "../spec/model/explore.ts";
import { ACTIONS } from "../spec/model/moves.ts";
import { MUTANTS } from "../spec/mutants.ts";
import { checkTla, type TlaResult } from "../spec/tla.ts";

/** Far above every bound; a search that reaches it has a bound that was set wrongly. */
const STATES_MAX = 8_000_000;
const TLA_STATES_MAX = 100_000;
const SMALL = "small-";
const LARGE = "large-";

const specFile = new URL("../spec/ReplicationGroup.tla", import.meta.url);
const boundsFolder = new URL("../spec/bounds/", import.meta.url);

type Row = readonly string[];
type TlaJob = { readonly bound: string; readonly mutant: string };

const failures: string[] = [];
const say = (line: string): boolean => process.stdout.write(`${line}\n`);

function cfgOf(name: string): string {
  return readFileSync(new URL(`${name}.cfg`, boundsFolder), "utf8");
}

function boundNames(prefix: string): readonly string[] {
  return readdirSync(boundsFolder).filter((file) => file.startsWith(prefix) && file.endsWith(".cfg"))
    .map((file) => file.slice(0, -".cfg".length)).sort();
}

/** Searches a bound, with `mutant`, and tells what it took. */
function search(name: string, mutant: string, except: readonly string[]): Exploration & { readonly seconds: string } {
  const begin = performance.now();
  const found = explore(parseBound(name, withMutant(cfgOf(name), mutant)), STATES_MAX, except);
  return { ...found, seconds: ((performance.now() - begin) / 1000).toFixed(1) };
}

function printPath(found: Exploration): void {
  if (found.violation === null) return;
  say(`  ${found.violation.invariant} does not hold:`);
  for (const line of describePath(found.model, found.violation.path)) say(`  ${line}`);
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

function runMutant(name: string): Row {
  const mutant = MUTANTS.find((each) => each.name === name);
  if (mutant === undefined) throw new Error(`no mutant ${name}; there are ${MUTANTS.map((m) => m.name).join(", ")}`);
  const found = search(mutant.bound, mutant.name, mutant.except);
  if (found.violation === null) failures.push(`the mutant ${name} lives in ${mutant.bound}`);
  const killer = found.violation?.invariant ?? "NOT KILLED";
  const steps = found.violation === null ? "" : String(found.violation.path.length - 1);
  say(`  ${name}: ${killer}${steps === "" ? "" : ` after ${steps} steps`}`);
  return [name, mutant.bound, String(found.states), steps, found.seconds, killer];
}

function table(head: Row, rows: readonly Row[]): void {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => (row[i] ?? "").length)));
  for (const row of [head, ...rows]) say(`  ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join("  ").trimEnd()}`);
}

/** One TLA+ job per line of the argument; answers one line of JSON each. */
function tlaMain(jobs: readonly TlaJob[]): void {
  const spec = readFileSync(specFile, "utf8");
  for (const job of jobs) {
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
  const names = INVARIANTS.map(([name]) => name);
  return results.map(({ bound, mutant, states, failure, violated }) => {
    if (mutant !== NO_MUTANT) {
      if (violated === null) failures.push(`tla-checker lets the mutant ${mutant} live in ${bound}: ${failure ?? ""}`);
      return [bound, mutant, String(states), violated === null ? "NOT KILLED" : names[violated] ?? "killed"];
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
  say("specification of the replication group");
  const small = boundNames(SMALL);
  const tlaMutants = MUTANTS.filter(({ inTla }) => inTla);
  const tla = runTla([
    ...small.map((bound) => ({ bound, mutant: NO_MUTANT })),
    ...tlaMutants.map(({ bound, name }) => ({ bound, mutant: name })),
  ]);
  const seen = new Map<string, number>();
  const rows: Row[] = [];
  for (const name of [...small, ...(isQuick ? [] : boundNames(LARGE))]) {
    rows.push(runBound(name, seen));
    await breathe();
  }
  const mutants: Row[] = [];
  for (const { name } of MUTANTS) {
    mutants.push(runMutant(name));
    await breathe();
  }
  const tlaRows = judgeTla(await tla, rows);
  for (const action of ACTIONS) if (!seen.has(action)) failures.push(`no bound takes the step ${action}`);
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
  const mutant = MUTANTS.find(({ name }) => name === value);
  runMutant(value);
  if (mutant !== undefined) printPath(search(mutant.bound, mutant.name, mutant.except));
} else if (option === undefined || option === "--quick") await main(option === "--quick");
else {
  say("usage: node tools/spec.ts [--quick] [--bound <name>] [--mutant <name>]");
  process.exitCode = 2;
}
for (const failure of failures) say(`FAILED: ${failure}`);
if (failures.length > 0) process.exitCode = 1;
