// The rows of one partition key (or of one partition key of an index) as they are answered: the JSON of its items in
// one piece, so that a page of them is a part of it.
import { assert } from "../../base/assert.ts";
import type { StorageKey } from "../../base/ids.ts";
import { isStoredIntact, storedJson, storedSize } from "../../model/item-codec.ts";
import { prefixEnd } from "../../model/key-encoding.ts";
import type { KvStore } from "../../ports/kv-store.ts";

const COMMA = 0x2c;
/** Collections of more are read from the store: there, looking is little of what reading costs. */
export const COLLECTION_ROWS_MAX = 256;
/** What a row costs in memory beside its JSON, about. */
const ROW_OVERHEAD_BYTES = 64;

export class Collection {
  /** In order. */
  readonly keys: readonly StorageKey[];
  /** Sizes of the items by DynamoDB's rule. */
  readonly sizes: Uint32Array;
  /** In memory, about. */
  readonly bytes: number;
  /** The items' JSON in the order of their keys, a comma behind each. */
  readonly #json: Uint8Array;
  /** Where each one's JSON ends, before the comma. */
  readonly #ends: Uint32Array;

  /** `rows` are in stored form, in the order of `keys`. */
  constructor(keys: readonly StorageKey[], rows: readonly Uint8Array[]) {
    assert(keys.length === rows.length, "a key for each row");
    let length = 0;
    for (const row of rows) length += storedJson(row).length + 1;
    this.keys = keys;
    this.sizes = new Uint32Array(rows.length);
    this.#json = new Uint8Array(length);
    this.#ends = new Uint32Array(rows.length);
    let at = 0;
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i] as Uint8Array;
      const json = storedJson(row);
      this.#json.set(json, at);
      at += json.length;
      this.#json[at] = COMMA;
      this.#ends[i] = at++;
      this.sizes[i] = storedSize(row);
    }
    let keyBytes = 0;
    for (const key of keys) keyBytes += key.length;
    this.bytes = length + keyBytes + rows.length * ROW_OVERHEAD_BYTES;
  }

  /** Number of rows before `key`. */
  rank(key: StorageKey): number {
    let low = 0;
    let high = this.keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.keys[middle] as StorageKey) < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The JSON of rows first <= i < end, joined by commas; there is at least one. A view that nobody may write to. */
  json(first: number, end: number): Uint8Array {
    assert(first >= 0 && first < end && end <= this.keys.length, "rows of the collection");
    const from = first === 0 ? 0 : (this.#ends[first - 1] as number) + 1;
    return this.#json.subarray(from, this.#ends[end - 1]);
  }
}

/**
 * The collection of all rows that begin with `prefix`; null when there are more than COLLECTION_ROWS_MAX of them or
 * more than `bytesMax`, or when the store has a fault, which reading it in the usual way tells.
 */
export function gatherCollection(kv: KvStore, prefix: StorageKey, bytesMax: number): Collection | null {
  const keys: StorageKey[] = [];
  const rows: Uint8Array[] = [];
  let bytes = 0;
  let isWhole = true;
  const error = kv.scan(prefix, prefixEnd(prefix), true, (key, value) => {
    bytes += value.length;
    isWhole = keys.length < COLLECTION_ROWS_MAX && bytes <= bytesMax && isStoredIntact(value, key);
    if (!isWhole) return false;
    keys.push(key);
    rows.push(value.slice());
    return true;
  });
  return error === null && isWhole ? new Collection(keys, rows) : null;
}
