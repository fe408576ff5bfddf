// Exceptions from the tidy rules, each with its reason. The list may only get shorter: an entry that no longer
// excuses anything is itself a problem.
import type { Problem } from "./source.ts";

export type Exception = {
  readonly rule: string;
  readonly file: string;
  /** Problems of this rule that the file may have. */
  readonly countMax: number;
  readonly reason: string;
};

export const EXCEPTIONS: readonly Exception[] = [
  {
    rule: "purity", file: "src/sim/swarm/run.ts", countMax: 1,
    reason: "a failed assertion is shown with its stack; it is printed, not hashed or compared",
  },
];

/** The problems that no exception covers, and the exceptions that are too wide. */
export function applyExceptions(problems: readonly Problem[], exceptions: readonly Exception[]): readonly Problem[] {
  const left = [...problems];
  const wide: Problem[] = [];
  for (const { rule, file, countMax, reason } of exceptions) {
    const covered = left.filter((problem) => problem.rule === rule && problem.file === file);
    if (covered.length > countMax) continue;
    for (const problem of covered) left.splice(left.indexOf(problem), 1);
    if (covered.length < countMax) {
      wide.push({
        rule: "ratchet", file, line: 1,
        what: `an exception for ${countMax} of ${rule}, used by ${covered.length} (${reason})`,
        instead: "lower or delete it in tools/tidy/ratchet.ts",
      });
    }
  }
  return [...left, ...wide];
}
