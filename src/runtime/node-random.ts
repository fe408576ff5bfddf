// Random over the system's generator. A system call per number would cost a microsecond or two, so bytes
// are drawn by the slab.

import { randomFillSync } from "node:crypto";
import { assert } from "../base/assert.ts";
import type { Random } from "../ports/random.ts";

const SLAB_BYTES = 4096;
const TWO_TO_32 = 0x1_0000_0000;

export class NodeRandom implements Random {
  readonly #slab: Uint8Array = new Uint8Array(SLAB_BYTES);
  readonly #view: DataView = new DataView(this.#slab.buffer);
  #used: number = SLAB_BYTES;

  u32(): number {
    const at = this.#reserve(4);
    const value = this.#view.getUint32(at);
    this.#view.setUint32(at, 0);
    return value;
  }

  below(bound: number): number {
    assert(Number.isInteger(bound) && bound >= 1 && bound <= TWO_TO_32, "bound must be in 1 .. 2^32");
    // Values in the last, incomplete run of `bound` numbers are drawn again: a remainder alone favours some.
    const limit = TWO_TO_32 - (TWO_TO_32 % bound);
    let value = this.u32();
    while (value >= limit) value = this.u32();
    return value % bound;
  }

  bytes(length: number): Uint8Array {
    assert(Number.isInteger(length) && length >= 0, "length must be a whole number of bytes");
    if (length > SLAB_BYTES) return randomFillSync(new Uint8Array(length));
    const at = this.#reserve(length);
    const bytes = this.#slab.slice(at, at + length);
    // A byte that was handed out does not stay here.
    this.#slab.fill(0, at, at + length);
    return bytes;
  }

  #reserve(length: number): number {
    if (this.#used + length > SLAB_BYTES) {
      randomFillSync(this.#slab);
      this.#used = 0;
    }
    const at = this.#used;
    this.#used += length;
    return at;
  }
}
