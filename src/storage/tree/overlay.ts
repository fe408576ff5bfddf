// One generation of changes that are newer than the store on disk: from key to value, null for a deleted key, and
// how far each group had come when it was last changed here. Every key is in two structures that share its cell:
// a hash map, which point reads and repeated writes of a key need, and an ordered one for scans and checkpoints.
import sortedBTree from "sorted-btree";
import type { GroupId, Lsn, StorageKey } from "../../base/ids.ts";
import type { Mutation } from "../../wire/log-record.ts";

/** What a row costs in memory beside its bytes, about. */
const ROW_OVERHEAD_BYTES = 128;

export type GroupProgress = { readonly lsn: Lsn; readonly items: number; readonly bytes: number };

function compareKeys(a: StorageKey, b: StorageKey): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The newest value of one key. Only the generation that still takes changes replaces it. */
type Cell = { value: Uint8Array | null };
const NO_CELL: Cell = { value: null };

export class Overlay {
  /** Counts generations of one tree: 1, 2 … */
  readonly generation: number;
  readonly rows: sortedBTree.default<StorageKey, Cell> =
    new sortedBTree.default<StorageKey, Cell>(undefined, compareKeys);
  readonly #cells: Map<StorageKey, Cell> = new Map();
  /** Groups that changed in this generation. */
  readonly progress: Map<GroupId, GroupProgress> = new Map();
  /** Groups to be forgotten with this generation's checkpoint; one that is in `progress` too begins anew with it. */
  readonly forgotten: Set<GroupId> = new Set();
  /** Bytes of changes taken, replaced ones included: also the measure for how much log waits for a checkpoint. */
  bytes = 0;

  constructor(generation: number) {
    this.generation = generation;
  }

  get isEmpty(): boolean {
    return this.progress.size === 0 && this.forgotten.size === 0 && this.rows.size === 0;
  }

  get isWithoutRows(): boolean {
    return this.#cells.size === 0;
  }

  put(mutation: Mutation): void {
    const { key, value } = mutation;
    const known = this.#cells.get(key);
    if (known !== undefined) known.value = value;
    else {
      const cell: Cell = { value };
      this.#cells.set(key, cell);
      this.rows.set(key, cell);
    }
    this.bytes += key.length + (value === null ? 0 : value.length) + ROW_OVERHEAD_BYTES;
  }

  /** undefined: this generation knows nothing of `key`. */
  get(key: StorageKey): Uint8Array | null | undefined {
    if (this.isWithoutRows) return undefined; // for a new key, looking is not cheap: its text is interned
    return this.#cells.get(key)?.value;
  }

  dropRange(from: StorageKey, to: StorageKey): void {
    if (from >= to) return;
    this.rows.forRange(from, to, false, (key) => void this.#cells.delete(key));
    this.rows.deleteRange(from, to, false);
  }
}

/**
 * Walks the rows of [from, to) of one generation, in either direction, while nothing changes it. `key` is null at the
 * end.
 */
export class OverlayCursor {
  key: StorageKey | null = null;
  value: Uint8Array | null = null;
  readonly #rows: IterableIterator<[StorageKey, Cell]> | null = null;
  readonly #end: StorageKey;
  readonly #isForward: boolean;

  constructor(overlay: Overlay, from: StorageKey, to: StorageKey, isForward: boolean) {
    this.#isForward = isForward;
    this.#end = isForward ? to : from;
    if (overlay.isWithoutRows) return;
    const pair: [StorageKey, Cell] = [from, NO_CELL]; // filled anew for each row
    this.#rows = isForward ? overlay.rows.entries(from, pair) : overlay.rows.entriesReversed(to, pair, true);
    this.advance();
  }

  advance(): void {
    const next = this.#rows?.next();
    if (next !== undefined && next.done !== true) {
      const [key, cell] = next.value;
      if (this.#isForward ? key < this.#end : key >= this.#end) {
        this.key = key;
        this.value = cell.value;
        return;
      }
    }
    this.key = null;
    this.value = null;
  }
}
