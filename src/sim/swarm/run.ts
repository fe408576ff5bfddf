// One seed, one run, one report. A thrown assertion of the production code is a violation like any other.
import { BUGGIFY_POINTS, setMischief } from "../../base/buggify.ts";
import { violation, type Violation } from "../checker/violation.ts";
import { Scenario, type ScenarioResult, type Trace } from "../scenario/run-scenario.ts";
import { SeededMischief } from "./mischief.ts";
import { drawOptions, type RunOptions } from "./options.ts";
import { NO_CUT, type RunCut } from "./run-cut.ts";

export type SeedReport = {
  readonly seed: number;
  readonly options: RunOptions;
  readonly result: ScenarioResult;
  readonly mischief: SeededMischief;
  readonly violations: readonly Violation[];
};

/** `adjust` changes what the seed drew: for tests of one situation. */
export function runSeed(
  seed: number, trace: Trace | null, cut: RunCut = NO_CUT, adjust: (options: RunOptions) => RunOptions = (o) => o,
): SeedReport {
  const options = adjust(drawOptions(seed));
  const without = new Set<string>(BUGGIFY_POINTS.filter((_, i) => cut.points.has(i)));
  const mischief = new SeededMischief(seed, without);
  const scenario = new Scenario(seed, options, cut, mischief, trace);
  setMischief(mischief);
  try {
    const result = scenario.run();
    return { seed, options, result, mischief, violations: result.violations };
  } catch (error) {
    const result = scenario.result();
    const violations = [...result.violations, violation("exception", describe(error))];
    return { seed, options, result, mischief, violations };
  } finally {
    setMischief(null);
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
