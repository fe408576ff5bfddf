// The stored form of an item. Multi-byte fields are little-endian.
//
//   0    u8    format version, 2
//   1    u8    reserved, 0
//   2    u16   reserved, 0
//   4    u32   CRC-32C of everything from byte 16 on, continued from the CRC-32C of the item's tree key: a
//              value that ends up under another key is found out like one whose bytes changed; XOR a mix of
//              the timestamp's two words
//   8    f64   write timestamp, see timestamps below; 0 until the leader stamps it, and in derived rows
//   16   u32   item size by DynamoDB's rule
//   20   …     the item as canonical JSON, UTF-8: what a GetItem sends without decoding it
//
// The write timestamp is given by the leader of the item's partition: microseconds since 1970 by its wall clock, or
// one more than any before of the same item. It is the item's version: what orders index updates, transactions and
// stream records. It is not under the CRC itself so that stamping an encoded item does not read all of it again.
//
// Rows that are no items (marked spaces of key-encoding.ts) have the same head, with size 0 and bytes of their own
// instead of JSON.
import { assert, must } from "../base/assert.ts";
import { ByteSlab } from "../base/byte-slab.ts";
import { binaryInto } from "../base/binary-string.ts";
import { crc32c } from "../base/crc32c.ts";
import type { StorageKey } from "../base/ids.ts";
import { utf8Decode, utf8Encode, utf8EncodeInto } from "../base/utf8.ts";
import type { Item } from "./attribute-value.ts";
import { STORAGE_KEY_BYTES_MAX } from "./key-encoding.ts";
import { ITEM_BYTES_MAX } from "./limits.ts";

const VERSION = 2;
const CRC_AT = 4;
const TIMESTAMP_AT = 8;
const SIZE_AT = 16;
const JSON_AT = 20;

/** One block of encoded items. Those of one block leave memory at about the same checkpoint. */
const SLAB_BLOCK_BYTES = 64 * 1024;
/** Items that may take more than this get an array of their own: a block's unused rest stays below it. */
const SLAB_ITEM_BYTES_MAX = SLAB_BLOCK_BYTES / 4;
/** UTF-8 takes at most this many bytes per UTF-16 unit. */
const BYTES_PER_UNIT_MAX = 3;
const slab = new ByteSlab(SLAB_BLOCK_BYTES);
const keyBytes = new Uint8Array(STORAGE_KEY_BYTES_MAX);
const NO_BYTES = new Uint8Array(0);

/**
 * The stored form of a valid item of `size` bytes (item-size.ts) under `key`. May be a view into a larger
 * buffer: not to be transferred.
 */
export function encodeItem(item: Item, size: number, key: StorageKey): Uint8Array {
  assert(size >= 0 && size <= ITEM_BYTES_MAX, "stored item size");
  const stored = encodeText(JSON.stringify(item), JSON_AT);
  seal(stored, size, key);
  return stored;
}

/** The same item under another key, not stamped. */
export function copyStored(stored: Uint8Array, key: StorageKey): Uint8Array {
  const copy = stampableCopy(stored);
  seal(copy, storedSize(stored), key);
  return copy;
}

/** The same bytes, held by nobody else. */
export function stampableCopy(stored: Uint8Array): Uint8Array {
  const copy = place(stored.length);
  copy.set(stored);
  return copy;
}

/** Room that nobody else has: in the slab, unless it is large. */
function place(length: number): Uint8Array {
  if (length > SLAB_ITEM_BYTES_MAX) return new Uint8Array(length);
  slab.room(length);
  return slab.take(length);
}

/** The stored form of a row that is no item: `head` and `rest` are its body. May be a view into a larger buffer. */
export function encodeRow(head: Uint8Array, key: StorageKey, rest: Uint8Array = NO_BYTES): Uint8Array {
  const restAt = JSON_AT + head.length;
  const length = restAt + rest.length;
  assert(length > JSON_AT, "a row has a body");
  const stored = place(length);
  stored.set(head, JSON_AT);
  if (rest.length > 0) stored.set(rest, restAt);
  seal(stored, 0, key);
  return stored;
}

/** A view into `stored`: what encodeRow was given. */
export function rowBody(stored: Uint8Array): Uint8Array {
  return storedJson(stored);
}

function seal(stored: Uint8Array, size: number, key: StorageKey): void {
  putU32(stored, 0, VERSION);
  putU32(stored, TIMESTAMP_AT, 0);
  putU32(stored, TIMESTAMP_AT + 4, 0);
  putU32(stored, SIZE_AT, size);
  putU32(stored, CRC_AT, crc32c(stored, keyChecksum(key), SIZE_AT));
}

const stamp = new DataView(new ArrayBuffer(8));

/** Sets the write timestamp, in place; of bytes that nobody else holds yet. */
export function stampStored(stored: Uint8Array, timestamp: number): void {
  assert(timestamp > 0 && Number.isSafeInteger(timestamp), "a write timestamp");
  const crc = getU32(stored, CRC_AT) ^ timestampMix(stored);
  stamp.setFloat64(0, timestamp, true);
  putU32(stored, TIMESTAMP_AT, stamp.getUint32(0, true));
  putU32(stored, TIMESTAMP_AT + 4, stamp.getUint32(4, true));
  putU32(stored, CRC_AT, crc ^ timestampMix(stored));
}

export function storedTimestamp(stored: Uint8Array): number {
  stamp.setUint32(0, getU32(stored, TIMESTAMP_AT), true);
  stamp.setUint32(4, getU32(stored, TIMESTAMP_AT + 4), true);
  return stamp.getFloat64(0, true);
}

/** 0 for no timestamp. Odd factors: no change of one word leaves it the same. */
function timestampMix(stored: Uint8Array): number {
  return Math.imul(getU32(stored, TIMESTAMP_AT), 0x9e3779b1) ^ Math.imul(getU32(stored, TIMESTAMP_AT + 4), 0x85ebca6b);
}

/** Size of the item by DynamoDB's rule. */
export function storedSize(stored: Uint8Array): number {
  assert(stored.length > JSON_AT && stored[0] === VERSION, "a stored item");
  return getU32(stored, SIZE_AT);
}

/** The item's canonical JSON: a view into `stored`, not a copy. */
export function storedJson(stored: Uint8Array): Uint8Array {
  assert(stored.length > JSON_AT && stored[0] === VERSION, "a stored item");
  return stored.subarray(JSON_AT);
}

export function decodeStored(stored: Uint8Array): Item {
  return JSON.parse(must(utf8Decode(storedJson(stored)), "a stored item is UTF-8")) as Item;
}

/** True when `stored` is a stored item of a known version, whole, and the one written under `key`. */
export function isStoredIntact(stored: Uint8Array, key: StorageKey): boolean {
  // The first word is not under the checksum: version and reserved bytes are compared as one.
  return stored.length > JSON_AT && getU32(stored, 0) === VERSION
    && getU32(stored, CRC_AT) === ((crc32c(stored, keyChecksum(key), SIZE_AT) ^ timestampMix(stored)) >>> 0);
}

/** Of a stored item that is intact. Differs, but for chance, between two rows and between two states of one. */
export function storedChecksum(stored: Uint8Array): number {
  return getU32(stored, CRC_AT);
}

/** Canonical JSON bytes of an item or of a part of one. May be a view into a larger buffer. */
export function encodeJson(item: Item): Uint8Array {
  return encodeText(JSON.stringify(item), 0);
}

/** UTF-8 of `text` behind `headBytes` bytes that the caller fills. */
function encodeText(text: string, headBytes: number): Uint8Array {
  const bytesMax = headBytes + text.length * BYTES_PER_UNIT_MAX;
  if (bytesMax <= SLAB_ITEM_BYTES_MAX) {
    const block = slab.room(bytesMax);
    return slab.take(headBytes + utf8EncodeInto(text, block, slab.used + headBytes));
  }
  const bytes = utf8Encode(text);
  if (headBytes === 0) return bytes;
  const out = new Uint8Array(headBytes + bytes.length);
  out.set(bytes, headBytes);
  return out;
}

function keyChecksum(key: StorageKey): number {
  return crc32c(keyBytes, 0, 0, binaryInto(key, keyBytes, 0));
}

function putU32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
  bytes[at + 2] = value >>> 16;
  bytes[at + 3] = value >>> 24;
}

function getU32(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) | ((bytes[at + 1] as number) << 8)
    | ((bytes[at + 2] as number) << 16) | ((bytes[at + 3] as number) << 24)) >>> 0;
}
