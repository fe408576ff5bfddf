// Runs suites against a target and sums up by operation.
import type { Case, Suite } from "./suite.ts";
import type { Target } from "./target.ts";

export type Failed = { readonly suite: string; readonly operation: string; readonly name: string; readonly error: string };
export type Summary = {
  readonly passed: ReadonlyMap<string, number>;
  readonly failed: readonly Failed[];
};

/** Characters of one failure that are shown. */
const SHOWN_CHARACTERS_MAX = 1_500;

/** `only`: cases whose "suite operation name" contains it, in any case of letters. */
export function chosen(suite: Suite, only: string | null): readonly Case[] {
  if (only === null) return suite.cases;
  const wanted = only.toLowerCase();
  return suite.cases.filter(({ operation, name }) => (
    `${suite.name} ${operation} ${name}`.toLowerCase().includes(wanted)));
}

/** Suites of which no case is chosen make no tables. */
export async function runSuites(
  target: Target, suites: readonly Suite[], only: string | null, told: (line: string) => void,
): Promise<Summary> {
  const passed = new Map<string, number>();
  const failed: Failed[] = [];
  for (const suite of suites) {
    const cases = chosen(suite, only);
    if (cases.length === 0) continue;
    const broken = await attempt(() => suite.setup(target));
    for (const { operation, name, run } of cases) {
      const error = broken ?? await attempt(() => run(target));
      if (error === null) {
        passed.set(operation, (passed.get(operation) ?? 0) + 1);
        continue;
      }
      failed.push({ suite: suite.name, operation, name, error });
      told(`FAILED ${suite.name}: ${operation}: ${name}\n${error.slice(0, SHOWN_CHARACTERS_MAX)}\n`);
    }
  }
  return { passed, failed };
}

async function attempt(run: () => Promise<void>): Promise<string | null> {
  try {
    await run();
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** One line for each operation, then the sums. */
export function summaryText({ passed, failed }: Summary): string {
  const failures = new Map<string, number>();
  for (const { operation } of failed) failures.set(operation, (failures.get(operation) ?? 0) + 1);
  const operations = [...new Set([...passed.keys(), ...failures.keys()])].sort();
  const width = Math.max(9, ...operations.map((name) => name.length));
  const line = (name: string, good: number | string, bad: number | string): string => (
    `${name.padEnd(width)}  ${String(good).padStart(6)}  ${String(bad).padStart(6)}\n`);
  let text = line("operation", "passed", "failed");
  let sum = 0;
  for (const name of operations) {
    const good = passed.get(name) ?? 0;
    sum += good;
    text += line(name, good, failures.get(name) ?? 0);
  }
  return `${text}${line("all", sum, failed.length)}`;
}
