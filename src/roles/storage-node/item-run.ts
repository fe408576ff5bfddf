// The JSON of a page's items, joined by commas.
import { assert } from "../../base/assert.ts";
import { ByteSlab } from "../../base/byte-slab.ts";
import type { ItemJson } from "../../model/operation.ts";

const COMMA = 0x2c;
/** Room for ten small items before the buffer grows. */
const RUN_BYTES_FIRST = 4096;

/** Pages are answered, and let go, soon after they are read. */
const slab = new ByteSlab(16 * RUN_BYTES_FIRST);

/**
 * Gathers the items of a page into one piece of JSON: one buffer and one checksum, however many items there are. One
 * page at a time: it grows in the slab until it is too large for that.
 */
export class ItemRun {
  /** The slab's block, or one of its own. */
  #bytes: Uint8Array = slab.room(RUN_BYTES_FIRST);
  #from: number = slab.used;
  #end: number = this.#from + RUN_BYTES_FIRST;
  #at: number = this.#from;
  #isInSlab = true;

  add(json: Uint8Array): void {
    if (this.#at + 1 + json.length > this.#end) this.#grow(1 + json.length);
    if (this.#at > this.#from) this.#bytes[this.#at++] = COMMA;
    this.#bytes.set(json, this.#at);
    this.#at += json.length;
  }

  take(): readonly ItemJson[] {
    const length = this.#at - this.#from;
    if (length === 0) return [];
    if (!this.#isInSlab) return [this.#bytes.subarray(0, length)];
    assert(slab.used === this.#from, "one page at a time");
    return [slab.take(length)];
  }

  #grow(more: number): void {
    const gathered = this.#bytes.subarray(this.#from, this.#at);
    this.#bytes = new Uint8Array(Math.max(gathered.length + more, 2 * (this.#end - this.#from)));
    this.#bytes.set(gathered);
    this.#from = 0;
    this.#at = gathered.length;
    this.#end = this.#bytes.length;
    this.#isInSlab = false;
  }
}
