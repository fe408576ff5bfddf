// Makes a failing seed easier to read: leaves out steps of its plan of faults as long as the run still fails in
// the same way. The steps have their own random stream, so that leaving one out does not change the others.
import type { SeedReport } from "./run.ts";
import { runSeed } from "./run.ts";

/** Null when the seed does not fail. `onProgress` hears how many steps are left out so far. */
export function shrink(
  seed: number, onProgress: (skipped: number, steps: number) => void,
  run: (skip: ReadonlySet<number>) => SeedReport = (skip) => runSeed(seed, null, skip),
): ReadonlySet<number> | null {
  const whole = run(new Set());
  const checker = whole.violations[0]?.checker;
  if (checker === undefined) return null;
  const { steps } = whole.result;
  let skip: ReadonlySet<number> = new Set();
  // Large pieces first, then smaller ones; single steps until none can go.
  for (let size = Math.max(1, steps >> 1); ; size = size >> 1) {
    let hasShrunk = false;
    for (let from = 0; from < steps; from += size) {
      const tried = new Set(skip);
      for (let i = from; i < Math.min(steps, from + size); i++) tried.add(i);
      if (tried.size === skip.size || run(tried).violations[0]?.checker !== checker) continue;
      skip = tried;
      hasShrunk = true;
      onProgress(skip.size, steps);
    }
    if (size > 1) continue;
    if (!hasShrunk) return skip;
    size = 2; // once more by single steps
  }
}
