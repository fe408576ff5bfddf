// How large each item collection is: all items of one partition key of a table with local indexes, and their index
// rows, by DynamoDB's rule of sizes. One row per collection, written in the entry of each change in it: one f64,
// little-endian.
import type { StorageKey } from "../../base/ids.ts";
import { encodeRow, rowBody } from "../../model/item-codec.ts";
import { GIB } from "../../model/limits.ts";

/** DynamoDB's: a collection lies in one partition and cannot be split. */
export const COLLECTION_BYTES_MAX: number = 10 * GIB;

export function encodeCollection(key: StorageKey, bytes: number): Uint8Array {
  const body = new Uint8Array(8);
  new DataView(body.buffer).setFloat64(0, Math.max(0, bytes), true);
  return encodeRow(body, key);
}

/** Of no row: none was written yet. */
export function collectionBytesOf(stored: Uint8Array | null): number {
  if (stored === null) return 0;
  const body = rowBody(stored);
  if (body.length !== 8) return 0;
  const bytes = new DataView(body.buffer, body.byteOffset, body.byteLength).getFloat64(0, true);
  return Number.isSafeInteger(bytes) && bytes > 0 ? bytes : 0;
}
