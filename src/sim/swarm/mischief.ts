// Which buggify points a run takes, and how often: drawn from its seed. Most points are off in most runs, so that
// those that are on meet otherwise ordinary conditions.
import { BUGGIFY_POINTS, type BuggifyPoint, type Mischief, type ProductionProbe } from "../../base/buggify.ts";
import { Prng } from "../../base/prng.ts";

/** A point that is on is taken one time in so many. */
const ONE_IN = [2, 10, 100] as const;

export class SeededMischief implements Mischief {
  readonly #prng: Prng;
  /** Points that are on in this run. */
  readonly #oneIn: Map<BuggifyPoint, number> = new Map();
  #isOver = false;
  /** Points that were taken at least once. */
  readonly taken: Set<BuggifyPoint> = new Set();
  readonly probes: Set<ProductionProbe> = new Set();

  /** `without`: points that are left off, for finding out which one a failure needs. */
  constructor(seed: number, without: ReadonlySet<string>) {
    this.#prng = new Prng(seed).split("mischief");
    for (const point of BUGGIFY_POINTS) {
      const isOn = this.#prng.chance(1, 4);
      const oneIn = this.#prng.pick(ONE_IN);
      if (isOn && !without.has(point)) this.#oneIn.set(point, oneIn);
    }
  }

  /** Points that are on. */
  get points(): readonly BuggifyPoint[] {
    return [...this.#oneIn.keys()];
  }

  readonly isTaken = (point: BuggifyPoint): boolean => {
    const oneIn = this.#oneIn.get(point);
    if (oneIn === undefined || this.#isOver || !this.#prng.chance(1, oneIn)) return false;
    this.taken.add(point);
    return true;
  };

  readonly reached = (probe: ProductionProbe): void => {
    this.probes.add(probe);
  };

  /** After healing the code runs as in production: what is demanded then is demanded of that. */
  end(): void {
    this.#isOver = true;
  }
}
