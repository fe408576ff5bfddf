// One seed, one run, one report. A thrown assertion of the production code is a violation like any other.
import { violation, type Violation } from "../checker/violation.ts";
import { Scenario, type ScenarioResult, type Trace } from "../scenario/run-scenario.ts";
import { drawOptions, type RunOptions } from "./options.ts";

export type SeedReport = {
  readonly seed: number;
  readonly options: RunOptions;
  readonly result: ScenarioResult;
  readonly violations: readonly Violation[];
};

const NONE: ReadonlySet<number> = new Set();

/** `skip`: numbers of steps of the plan of faults to leave out. */
export function runSeed(seed: number, trace: Trace | null, skip: ReadonlySet<number> = NONE): SeedReport {
  const options = drawOptions(seed);
  const scenario = new Scenario(seed, options, skip, trace);
  try {
    const result = scenario.run();
    return { seed, options, result, violations: result.violations };
  } catch (error) {
    const result = scenario.result();
    return { seed, options, result, violations: [...result.violations, violation("exception", describe(error))] };
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
