// Rows of the outbox: changes of items that global indexes do not have yet. One lies at its item's place, with the
// change's write timestamp behind it as f64 big-endian, in which greater ones come later. Its body, little-endian:
//
//   0   u8   version, 1
//   1   u8   places where the item's row is no longer
//   2   …    of each place: u16 length, key bytes
//
// What is to be put it does not tell: that is made of the item as it is when the row is sent, and a later state is as
// good, for it has a later timestamp.
import { assert, must } from "../../base/assert.ts";
import { storageKey, type StorageKey } from "../../base/ids.ts";
import { encodeRow, rowBody } from "../../model/item-codec.ts";
import { bytesToStorageKey, ITEMS_INDEX, keyInSpace, SPACES, storageKeyToBytes } from "../../model/key-encoding.ts";
import { GLOBAL_INDEX_COUNT_MAX } from "../../model/limits.ts";

const VERSION = 1;
const HEAD = 2;
const SUFFIX_BYTES = 8;
const view = new DataView(new ArrayBuffer(SUFFIX_BYTES));

export function outboxKey(item: StorageKey, timestamp: number): StorageKey {
  view.setFloat64(0, timestamp);
  let suffix = "";
  for (let i = 0; i < SUFFIX_BYTES; i++) suffix += String.fromCharCode(view.getUint8(i));
  return storageKey(keyInSpace(item, SPACES.outbox) + suffix);
}

/** The item's key, and the timestamp of its change. */
export function changeOfOutboxKey(key: StorageKey): { readonly item: StorageKey; readonly timestamp: number } {
  const at = key.length - SUFFIX_BYTES;
  assert(at > 0, "a key of the outbox ends with a timestamp");
  for (let i = 0; i < SUFFIX_BYTES; i++) view.setUint8(i, key.charCodeAt(at + i));
  return { item: keyInSpace(storageKey(key.slice(0, at)), ITEMS_INDEX), timestamp: view.getFloat64(0) };
}

export function encodeOutboxRow(key: StorageKey, gone: readonly StorageKey[]): Uint8Array {
  assert(gone.length <= GLOBAL_INDEX_COUNT_MAX, "an item has one row in an index");
  let length = HEAD;
  for (const place of gone) length += 2 + place.length;
  const body = new Uint8Array(length);
  body[0] = VERSION;
  body[1] = gone.length;
  let at = HEAD;
  for (const place of gone) {
    body[at] = place.length;
    body[at + 1] = place.length >>> 8;
    storageKeyToBytes(place, body, at + 2);
    at += 2 + place.length;
  }
  return encodeRow(body, key);
}

/** Places where the item's row is no longer. */
export function decodeOutboxRow(stored: Uint8Array): readonly StorageKey[] {
  const body = rowBody(stored);
  assert(body[0] === VERSION, "a row of the outbox of a known version");
  const gone: StorageKey[] = [];
  let at = HEAD;
  for (let i = must(body[1]); i > 0; i--) {
    const length = must(body[at]) + must(body[at + 1]) * 256;
    gone.push(bytesToStorageKey(body, at + 2, at + 2 + length));
    at += 2 + length;
  }
  assert(at === body.length, "nothing behind the last place");
  return gone;
}
