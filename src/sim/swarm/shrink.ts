// Makes a failing seed easier to read: leaves out as much as can go while the run still fails by the same checker.
// First the time is cut, because that makes every further try shorter; then clients and buggify points; then steps of
// the plan of faults, in large pieces first. All of it again until nothing more can go. A run that fails later than
// the one before is no smaller, whatever it leaves out.
import type { SeedReport } from "./run.ts";
import { runSeed } from "./run.ts";
import { NO_CUT, type RunCut } from "./run-cut.ts";

/** Tries before the result is taken as it is. */
const TRIES_MAX = 600;
/** Chaos is not cut more finely than this. */
const CHAOS_STEP_MS = 10;
/** How much later the failure may come: without a fault or a client things happen at other times. */
const LATER_MS_MAX = 100;

type Run = (cut: RunCut) => SeedReport;

export type Shrunk = { readonly cut: RunCut; readonly tries: number };

/** Null when the seed does not fail. `onProgress` hears of each smaller run that still fails. */
export function shrink(
  seed: number, onProgress: (cut: RunCut) => void, run: Run = (cut) => runSeed(seed, null, cut),
  triesMax: number = TRIES_MAX,
): Shrunk | null {
  const whole = run(NO_CUT);
  const checker = whole.violations[0]?.checker;
  return checker === undefined ? null : new Shrinker(run, checker, whole, triesMax, onProgress).shrunk();
}

class Shrinker {
  readonly #run: Run;
  readonly #checker: string;
  readonly #whole: SeedReport;
  readonly #triesMax: number;
  readonly #onProgress: (cut: RunCut) => void;
  #cut: RunCut = NO_CUT;
  #failedMs: number;
  #tries = 0;

  constructor(
    run: Run, checker: string, whole: SeedReport, triesMax: number, onProgress: (cut: RunCut) => void,
  ) {
    this.#run = run;
    this.#checker = checker;
    this.#whole = whole;
    this.#failedMs = whole.result.virtualMs + LATER_MS_MAX;
    this.#triesMax = triesMax;
    this.#onProgress = onProgress;
  }

  shrunk(): Shrunk {
    const { steps, clients, points } = this.#whole.result;
    for (;;) {
      const before = this.#cut;
      this.#shorten();
      this.#drop(clients, (cut) => cut.clients, (cut, kept) => ({ ...cut, clients: kept }));
      this.#drop(points, (cut) => cut.points, (cut, kept) => ({ ...cut, points: kept }));
      this.#drop(steps, (cut) => cut.steps, (cut, kept) => ({ ...cut, steps: kept }));
      if (this.#cut === before || this.#tries >= this.#triesMax) return { cut: this.#cut, tries: this.#tries };
    }
  }

  /** Half the time as often as that fails, then smaller pieces off. */
  #shorten(): void {
    let ms = this.#cut.chaosMs ?? this.#whole.result.chaosMs;
    for (let piece = ms >> 1; piece >= CHAOS_STEP_MS; piece >>= 1) {
      while (ms - piece > 0 && this.#isStillFailing({ ...this.#cut, chaosMs: ms - piece })) ms -= piece;
    }
  }

  /** Leaves out numbers below `count`, first in large pieces, in the end one by one. */
  #drop(
    count: number, of: (cut: RunCut) => ReadonlySet<number>, put: (cut: RunCut, out: ReadonlySet<number>) => RunCut,
  ): void {
    for (let size = Math.max(1, count >> 1); ; size >>= 1) {
      for (let from = 0; from < count; from += size) {
        const out = new Set(of(this.#cut));
        const { size: before } = out;
        for (let i = from; i < Math.min(count, from + size); i++) out.add(i);
        if (out.size > before) this.#isStillFailing(put(this.#cut, out));
      }
      if (size === 1) return;
    }
  }

  /** If so, it is the cut from now on. */
  #isStillFailing(cut: RunCut): boolean {
    if (this.#tries >= this.#triesMax) return false;
    this.#tries++;
    const { violations, result } = this.#run(cut);
    if (violations[0]?.checker !== this.#checker || result.virtualMs > this.#failedMs) return false;
    this.#cut = cut;
    this.#failedMs = result.virtualMs + LATER_MS_MAX;
    this.#onProgress(cut);
    return true;
  }
}
