// One generation of changes that are newer than the store on disk: from key to value, null for a deleted key, and
// how far each group had come when it was last changed here. Every row is in two structures: a hash map, which point
// reads and repeated writes of a key need, and an ordered one for scans and checkpoints.
import type { GroupId, Lsn, StorageKey } from "../../base/ids.ts";
import type { Mutation } from "../../wire/log-record.ts";
import { OrderedRows, RowCursor, type Row } from "./ordered-rows.ts";

/** What a row costs in memory beside its bytes, about. */
const ROW_OVERHEAD_BYTES = 128;

export type GroupProgress = { readonly lsn: Lsn; readonly items: number; readonly bytes: number };

export class Overlay {
  /** Counts generations of one tree: 1, 2 … */
  readonly generation: number;
  readonly #byKey: Map<StorageKey, Row> = new Map();
  readonly #inOrder: OrderedRows = new OrderedRows();
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
    return this.progress.size === 0 && this.forgotten.size === 0 && this.isWithoutRows;
  }

  get isWithoutRows(): boolean {
    return this.#byKey.size === 0;
  }

  get rowCount(): number {
    return this.#byKey.size;
  }

  put(mutation: Mutation): void {
    const { key, value } = mutation;
    const known = this.#byKey.get(key);
    if (known !== undefined) known.value = value;
    else {
      const row: Row = { key, value };
      this.#byKey.set(key, row);
      this.#inOrder.add(row);
    }
    this.bytes += key.length + (value === null ? 0 : value.length) + ROW_OVERHEAD_BYTES;
  }

  /** undefined: this generation knows nothing of `key`. */
  get(key: StorageKey): Uint8Array | null | undefined {
    if (this.isWithoutRows) return undefined; // for a new key, looking is not cheap: its text is interned
    return this.#byKey.get(key)?.value;
  }

  dropRange(from: StorageKey, to: StorageKey): void {
    if (from < to) this.#inOrder.deleteRange(from, to, (key) => void this.#byKey.delete(key));
  }

  /**
   * Walks the rows of [from, to) in either direction, while nothing changes this generation; `to` null on the way
   * forward: to the end. Null: there are none.
   */
  walk(from: StorageKey, to: StorageKey | null, isForward: boolean): RowCursor | null {
    if (this.isWithoutRows || (to !== null && from >= to)) return null;
    const cursor = new RowCursor(this.#inOrder, from, to, isForward);
    return cursor.row === null ? null : cursor;
  }
}
