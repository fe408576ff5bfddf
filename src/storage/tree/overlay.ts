// One generation of changes that are newer than the store on disk: an ordered map from key to value, null for
// a deleted key, and how far each group had come when it was last changed here.
import sortedBTree from "sorted-btree";
import { must } from "../../base/assert.ts";
import type { GroupId, Lsn, StorageKey } from "../../base/ids.ts";
import type { Mutation } from "../../wire/log-record.ts";

/** What a row costs in memory beside its bytes, about. */
const ROW_OVERHEAD_BYTES = 128;

export type GroupProgress = { readonly lsn: Lsn; readonly items: number; readonly bytes: number };

function compareKeys(a: StorageKey, b: StorageKey): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

export class Overlay {
  /** Counts generations of one tree: 1, 2 … */
  readonly generation: number;
  readonly rows: sortedBTree.default<StorageKey, Uint8Array | null> =
    new sortedBTree.default<StorageKey, Uint8Array | null>(undefined, compareKeys);
  /** Groups that changed in this generation. */
  readonly progress: Map<GroupId, GroupProgress> = new Map();
  /** Groups to be forgotten with this generation's checkpoint. */
  readonly forgotten: Set<GroupId> = new Set();
  /** Bytes of changes taken, replaced ones included: also the measure for how much log waits for a checkpoint. */
  bytes = 0;

  constructor(generation: number) {
    this.generation = generation;
  }

  get isEmpty(): boolean {
    return this.progress.size === 0 && this.forgotten.size === 0;
  }

  put(mutation: Mutation): void {
    const { key, value } = mutation;
    this.rows.set(key, value);
    this.bytes += key.length + (value === null ? 0 : value.length) + ROW_OVERHEAD_BYTES;
  }

  /** undefined: this generation knows nothing of `key`. */
  get(key: StorageKey): Uint8Array | null | undefined {
    return this.rows.get(key);
  }

  dropRange(from: StorageKey, to: StorageKey): void {
    if (from < to) this.rows.deleteRange(from, to, false);
  }
}

/** Walks the rows of [from, to) of one generation, in either direction. `key` is null at the end. */
export class OverlayCursor {
  key: StorageKey | null = null;
  value: Uint8Array | null = null;
  readonly #rows: Overlay["rows"];
  readonly #end: StorageKey;
  readonly #isForward: boolean;

  constructor(overlay: Overlay, from: StorageKey, to: StorageKey, isForward: boolean) {
    this.#rows = overlay.rows;
    this.#isForward = isForward;
    this.#end = isForward ? to : from;
    this.#take(isForward ? this.#rows.getPairOrNextHigher(from) : this.#rows.nextLowerPair(to));
  }

  advance(): void {
    const key = must(this.key, "advance past the end");
    this.#take(this.#isForward ? this.#rows.nextHigherPair(key) : this.#rows.nextLowerPair(key));
  }

  #take(pair: [StorageKey, (Uint8Array | null)?] | undefined): void {
    if (pair === undefined || (this.#isForward ? pair[0] >= this.#end : pair[0] < this.#end)) {
      this.key = null;
      this.value = null;
      return;
    }
    this.key = pair[0];
    this.value = pair[1] ?? null;
  }
}
