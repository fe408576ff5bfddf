// Seeded generator (sfc32): the only source of randomness in the simulator and in randomised tests.
import { assert } from "./assert.ts";

export class Prng {
  #a: number;
  #b: number;
  #c: number;
  #counter: number;

  constructor(seed: number) {
    this.#a = seed >>> 0;
    this.#b = Math.floor(seed / 0x1_0000_0000) >>> 0;
    this.#c = 0x9e3779b9;
    this.#counter = 1;
    for (let i = 0; i < 12; i++) this.u32();
  }

  u32(): number {
    const t = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + t | 0;
    return t >>> 0;
  }

  /** Uniform in 0 .. bound-1. */
  below(bound: number): number {
    assert(Number.isInteger(bound) && bound >= 1 && bound <= 0x1_0000_0000, "prng bound range");
    return Math.floor((this.u32() / 0x1_0000_0000) * bound);
  }

  /** Uniform in low .. high, both included. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  /** True with probability numerator/denominator. */
  chance(numerator: number, denominator: number): boolean {
    return this.below(denominator) < numerator;
  }

  pick<T>(list: readonly T[]): T {
    assert(list.length > 0, "pick from an empty list");
    return list[this.below(list.length)] as T;
  }

  shuffle<T>(list: readonly T[]): T[] {
    const copy = list.slice();
    for (let i = copy.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      const held = copy[i] as T;
      copy[i] = copy[j] as T;
      copy[j] = held;
    }
    return copy;
  }

  bytes(length: number): Uint8Array {
    const out = new Uint8Array(length);
    for (let i = 0; i < length; i++) out[i] = this.u32() & 255;
    return out;
  }

  /** An independent stream named `name`: adding draws to one stream does not move another. */
  split(name: string): Prng {
    let hash = this.u32();
    for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
    return new Prng((hash >>> 0) + this.u32() * 0x10_0000);
  }
}
