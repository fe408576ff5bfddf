// Small byte arrays cut out of larger blocks: a view costs a tenth of an array of its own. A block lives as
// long as any view into it, so a slab is for arrays that are made, and let go, at about the same time.
import { assert } from "./assert.ts";

export class ByteSlab {
  readonly #blockBytes: number;
  #block: Uint8Array;
  #used: number;

  constructor(blockBytes: number) {
    this.#blockBytes = blockBytes;
    this.#block = new Uint8Array(0);
    this.#used = 0;
  }

  /** Makes room for `bytesMax` bytes and returns the block: write from `used` on, then `take`. */
  room(bytesMax: number): Uint8Array {
    assert(bytesMax >= 0 && bytesMax <= this.#blockBytes, "room within one block");
    if (this.#used + bytesMax > this.#block.length) {
      this.#block = new Uint8Array(this.#blockBytes);
      this.#used = 0;
    }
    return this.#block;
  }

  get used(): number {
    return this.#used;
  }

  /** The next `bytes` bytes as a view that nothing else will write to. */
  take(bytes: number): Uint8Array {
    const from = this.#used;
    assert(bytes >= 0 && from + bytes <= this.#block.length, "take within the block");
    this.#used = from + bytes;
    return this.#block.subarray(from, from + bytes);
  }
}
