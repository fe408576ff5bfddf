// Counts of latencies in microseconds, exact below 128 µs and within 1.6 % above, in a fixed amount of memory.
// Bucket layout: 0..127 one value each; then 64 equal buckets for every power of two up to 2^31.

const EXACT = 128;
const EXACT_BITS = 7;
const PER_DOUBLING_BITS = 6;
const PER_DOUBLING = 1 << PER_DOUBLING_BITS;
const BITS_MAX = 31;
const BUCKETS = EXACT + (BITS_MAX - EXACT_BITS) * PER_DOUBLING;
const MICROS_MAX = 2 ** BITS_MAX - 1;

/** Index and count of each bucket that is not empty: how a histogram travels between processes. */
export type SparseCounts = readonly (readonly [number, number])[];

export class Histogram {
  readonly #counts: Float64Array = new Float64Array(BUCKETS);
  #total = 0;

  get total(): number {
    return this.#total;
  }

  add(micros: number): void {
    const index = bucketOf(micros);
    this.#counts[index] = (this.#counts[index] as number) + 1;
    this.#total++;
  }

  addAll(counts: SparseCounts): void {
    for (const [index, count] of counts) {
      this.#counts[index] = (this.#counts[index] as number) + count;
      this.#total += count;
    }
  }

  /** The latency that `share` (0 to 1) of all values do not exceed; 0 when there are none. */
  quantile(share: number): number {
    const rank = Math.max(1, Math.ceil(share * this.#total));
    let seen = 0;
    for (let index = 0; index < BUCKETS; index++) {
      seen += this.#counts[index] as number;
      if (seen >= rank) return middleOf(index);
    }
    return 0;
  }

  toSparse(): SparseCounts {
    const found: [number, number][] = [];
    for (let index = 0; index < BUCKETS; index++) {
      const count = this.#counts[index] as number;
      if (count > 0) found.push([index, count]);
    }
    return found;
  }
}

function bucketOf(micros: number): number {
  const value = Math.min(MICROS_MAX, Math.max(0, Math.round(micros)));
  if (value < EXACT) return value;
  const exponent = 31 - Math.clz32(value);
  const within = (value >>> (exponent - PER_DOUBLING_BITS)) & (PER_DOUBLING - 1);
  return EXACT + (exponent - EXACT_BITS) * PER_DOUBLING + within;
}

function middleOf(index: number): number {
  if (index < EXACT) return index;
  const doubling = Math.floor((index - EXACT) / PER_DOUBLING);
  const width = 2 ** (doubling + EXACT_BITS - PER_DOUBLING_BITS);
  return 2 ** (doubling + EXACT_BITS) + ((index - EXACT) % PER_DOUBLING) * width + width / 2;
}
