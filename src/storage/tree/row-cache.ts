// Rows of the store that were read more than once lately, checked: a point read of one of them neither searches the
// store nor takes a checksum. A row that is read once costs no more than the note of its checksum, so a walk through
// many drives none out.
//
// Two generations: what is used moves to the younger one, and when that has half of the bytes, the older one goes as a
// whole, with the blocks that its rows lie in. A row here is the store's newest: who changes a key deletes it here.
import { assert } from "../../base/assert.ts";
import { ByteSlab } from "../../base/byte-slab.ts";
import type { StorageKey } from "../../base/ids.ts";

/** What a row costs in memory beside its bytes, about: an entry of a map, a key, a view. */
const ROW_OVERHEAD_BYTES = 256;
const BLOCK_BYTES_MAX = 64 * 1024;
/** A longer row is not kept: it wastes the rest of a block, and looking for it is little of what reading it costs. */
const ROWS_PER_BLOCK_MIN = 4;
/** Checksums of rows that were read, each at the place that its lower bits name: a newer one takes the place. */
const NOTES = 1 << 16;

class Generation {
  readonly rows: Map<StorageKey, Uint8Array> = new Map();
  bytes = 0;
  readonly #slab: ByteSlab;

  constructor(blockBytes: number) {
    this.#slab = new ByteSlab(blockBytes);
  }

  /** Takes a copy. */
  put(key: StorageKey, row: Uint8Array): void {
    this.#slab.room(row.length).set(row, this.#slab.used);
    this.rows.set(key, this.#slab.take(row.length));
    this.bytes += key.length + row.length + ROW_OVERHEAD_BYTES;
  }
}

export class RowCache {
  readonly #generationBytesMax: number;
  readonly #blockBytes: number;
  #young: Generation;
  #old: Generation;
  #isEmpty = true;
  /** Null before the first read: an idle node has none. */
  #notes: Uint32Array | null = null;

  /** Keeps about `bytesMax` at most; 0: nothing. */
  constructor(bytesMax: number) {
    assert(bytesMax >= 0, "a cache of so many bytes");
    this.#generationBytesMax = bytesMax / 2;
    this.#blockBytes = Math.min(BLOCK_BYTES_MAX, Math.floor(bytesMax / 2));
    this.#young = new Generation(this.#blockBytes);
    this.#old = this.#young;
  }

  /** The row as the store has it; undefined: ask the store. Nobody may write to it. */
  get(key: StorageKey): Uint8Array | undefined {
    if (this.#isEmpty) return undefined;
    const young = this.#young.rows.get(key);
    if (young !== undefined) return young;
    const old = this.#old.rows.get(key);
    if (old !== undefined) this.#keep(key, old);
    return old;
  }

  /** Tells of a row that was read from the store and is intact, with its checksum. */
  offer(key: StorageKey, row: Uint8Array, checksum: number): void {
    if (row.length * ROWS_PER_BLOCK_MIN > this.#blockBytes) return;
    this.#notes ??= new Uint32Array(NOTES);
    const place = checksum & (NOTES - 1);
    if (this.#notes[place] === checksum) this.#keep(key, row);
    else this.#notes[place] = checksum;
  }

  /** The key has changed. */
  delete(key: StorageKey): void {
    if (this.#isEmpty) return;
    this.#young.rows.delete(key);
    this.#old.rows.delete(key);
  }

  clear(): void {
    if (this.#isEmpty) return;
    this.#young = new Generation(this.#blockBytes);
    this.#old = this.#young;
    this.#isEmpty = true;
  }

  get rowCount(): number {
    return this.#young === this.#old ? this.#young.rows.size : this.#young.rows.size + this.#old.rows.size;
  }

  #keep(key: StorageKey, row: Uint8Array): void {
    this.#isEmpty = false;
    this.#young.put(key, row);
    if (this.#young.bytes < this.#generationBytesMax) return;
    this.#old = this.#young;
    this.#young = new Generation(this.#blockBytes);
  }
}
