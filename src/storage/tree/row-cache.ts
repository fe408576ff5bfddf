// Rows of the store that were read more than once lately, checked: a point read of one of them neither searches the
// store nor takes a checksum. A row that is read once costs no more than the note of its checksum, so a walk through
// many drives none out. A row here is the store's newest: who changes a key deletes it here.
import { ByteSlab } from "../../base/byte-slab.ts";
import type { StorageKey } from "../../base/ids.ts";
import { FirstReads, Generations } from "./generations.ts";

const BLOCK_BYTES_MAX = 64 * 1024;
/** A longer row is not kept: it wastes the rest of a block, and looking for it is little of what reading it costs. */
const ROWS_PER_BLOCK_MIN = 4;

export class RowCache {
  readonly #blockBytes: number;
  readonly #rows: Generations<Uint8Array>;
  readonly #reads = new FirstReads();
  /** Of the younger generation: its blocks go with its rows. */
  #slab: ByteSlab;

  /** Keeps about `bytesMax` at most; 0: nothing. */
  constructor(bytesMax: number) {
    this.#rows = new Generations(bytesMax);
    this.#blockBytes = Math.min(BLOCK_BYTES_MAX, Math.floor(bytesMax / 2));
    this.#slab = new ByteSlab(this.#blockBytes);
  }

  /** The row as the store has it; undefined: ask the store. Nobody may write to it. */
  get(key: StorageKey): Uint8Array | undefined {
    if (this.#rows.isEmpty) return undefined;
    const young = this.#rows.young(key);
    if (young !== undefined) return young;
    const old = this.#rows.old(key);
    if (old !== undefined) this.#keep(key, old);
    return old;
  }

  /** Tells of a row that was read from the store and is intact, with its checksum. */
  offer(key: StorageKey, row: Uint8Array, checksum: number): void {
    if (row.length * ROWS_PER_BLOCK_MIN > this.#blockBytes) return;
    if (this.#reads.isKnown(checksum)) this.#keep(key, row);
  }

  /** The key has changed. */
  delete(key: StorageKey): void {
    if (!this.#rows.isEmpty) this.#rows.delete(key);
  }

  clear(): void {
    this.#rows.clear();
    this.#slab = new ByteSlab(this.#blockBytes);
  }

  get rowCount(): number {
    return this.#rows.size;
  }

  /** A copy of it. */
  #keep(key: StorageKey, row: Uint8Array): void {
    this.#slab.room(row.length).set(row, this.#slab.used);
    if (this.#rows.put(key, this.#slab.take(row.length), row.length)) this.#slab = new ByteSlab(this.#blockBytes);
  }
}
