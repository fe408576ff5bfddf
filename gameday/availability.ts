// Availability as clients see it: every call of the load, in short intervals, and how long nothing worked.

export const INTERVAL_MS = 250;

export type CallOutcome = "ok" | "error";
export type CallClass = "read" | "write";

export type Interval = {
  readonly startMs: number;
  readonly ok: number;
  readonly error: number;
  /** Of the calls that ended in this interval; 0 without any. */
  readonly p99Ms: number;
};

export type Window = {
  readonly calls: number;
  readonly errors: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly slowestMs: number;
  /** How long some client was without service: the union of all calls that failed or took longer than SLOW_MS. */
  readonly troubledMs: number;
};

/** A call that takes this long, the SDK's retries included, is no service. */
const SLOW_MS = 1_000;

type Sample = { readonly endMs: number; readonly tookMs: number; readonly isOk: boolean };

export class Availability {
  readonly #samples: Record<CallClass, Sample[]> = { read: [], write: [] };
  readonly #startMs: number = performance.now();
  /** When the calls that have not ended began. */
  readonly #underWay: number[] = [];

  now(): number {
    return performance.now() - this.#startMs;
  }

  /** A call begins: when, as `note` is to be told. */
  begin(): number {
    const beganMs = this.now();
    this.#underWay.push(beganMs);
    return beganMs;
  }

  /** Whether some call that began before `ms` has not ended. */
  isUnderWay(ms: number): boolean {
    return this.#underWay.some((beganMs) => beganMs < ms);
  }

  note(kind: CallClass, beganMs: number, outcome: CallOutcome): void {
    const endMs = this.now();
    this.#underWay.splice(this.#underWay.indexOf(beganMs), 1);
    this.#samples[kind].push({ endMs, tookMs: endMs - beganMs, isOk: outcome === "ok" });
  }

  intervals(kind: CallClass): readonly Interval[] {
    const last = Math.floor(this.now() / INTERVAL_MS);
    const grouped: Sample[][] = Array.from({ length: last + 1 }, () => []);
    for (const sample of this.#samples[kind]) grouped[Math.floor(sample.endMs / INTERVAL_MS)]?.push(sample);
    return grouped.map((samples, i) => {
      const ok = samples.filter(({ isOk }) => isOk).length;
      return { startMs: i * INTERVAL_MS, ok, error: samples.length - ok, p99Ms: quantile(samples, 0.99) };
    });
  }

  /** What ended in [fromMs, toMs). */
  window(kind: CallClass, fromMs: number, toMs: number): Window {
    const samples = this.#samples[kind].filter(({ endMs }) => endMs >= fromMs && endMs < toMs);
    const good = samples.filter(({ isOk }) => isOk);
    return {
      calls: samples.length, errors: samples.length - good.length, p50Ms: quantile(good, 0.5),
      p99Ms: quantile(good, 0.99), slowestMs: Math.max(0, ...good.map(({ tookMs }) => tookMs)),
      troubledMs: unionLength(samples.filter(({ isOk, tookMs }) => !isOk || tookMs > SLOW_MS)),
    };
  }
}

function unionLength(samples: readonly Sample[]): number {
  const spans = samples.map(({ endMs, tookMs }) => ({ from: endMs - tookMs, to: endMs }));
  spans.sort((a, b) => a.from - b.from);
  let length = 0;
  let coveredMs = -Infinity;
  for (const { from, to } of spans) {
    if (to <= coveredMs) continue;
    length += to - Math.max(from, coveredMs);
    coveredMs = to;
  }
  return length;
}

function quantile(samples: readonly Sample[], share: number): number {
  if (samples.length === 0) return 0;
  const sorted = samples.map(({ tookMs }) => tookMs).sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] as number;
}
