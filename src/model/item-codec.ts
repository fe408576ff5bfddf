// The stored form of an item. Multi-byte fields are little-endian.
//
//   0    u8    format version, 1
//   1    u8    reserved, 0
//   2    u16   reserved, 0
//   4    u32   CRC-32C of everything from byte 8 on, continued from the CRC-32C of the item's tree key: a
//              value that ends up under another key is found out like one whose bytes changed
//   8    u32   item size by DynamoDB's rule
//   12   …     the item as canonical JSON, UTF-8: what a GetItem sends without decoding it
import { assert, must } from "../base/assert.ts";
import { ByteSlab } from "../base/byte-slab.ts";
import { binaryInto } from "../base/binary-string.ts";
import { crc32c } from "../base/crc32c.ts";
import type { StorageKey } from "../base/ids.ts";
import { utf8Decode, utf8Encode, utf8EncodeInto } from "../base/utf8.ts";
import type { Item } from "./attribute-value.ts";
import { STORAGE_KEY_BYTES_MAX } from "./key-encoding.ts";
import { ITEM_BYTES_MAX } from "./limits.ts";

const VERSION = 1;
const CRC_AT = 4;
const SIZE_AT = 8;
const JSON_AT = 12;

/** One block of encoded items. Those of one block leave memory at about the same checkpoint. */
const SLAB_BLOCK_BYTES = 64 * 1024;
/** Items that may take more than this get an array of their own: a block's unused rest stays below it. */
const SLAB_ITEM_BYTES_MAX = SLAB_BLOCK_BYTES / 4;
/** UTF-8 takes at most this many bytes per UTF-16 unit. */
const BYTES_PER_UNIT_MAX = 3;
const slab = new ByteSlab(SLAB_BLOCK_BYTES);
const keyBytes = new Uint8Array(STORAGE_KEY_BYTES_MAX);

/**
 * The stored form of a valid item of `size` bytes (item-size.ts) under `key`. May be a view into a larger
 * buffer: not to be transferred.
 */
export function encodeItem(item: Item, size: number, key: StorageKey): Uint8Array {
  assert(size >= 0 && size <= ITEM_BYTES_MAX, "stored item size");
  const stored = encodeText(JSON.stringify(item), JSON_AT);
  stored[0] = VERSION;
  stored[1] = 0;
  stored[2] = 0;
  stored[3] = 0;
  putU32(stored, SIZE_AT, size);
  putU32(stored, CRC_AT, crc32c(stored, keyChecksum(key), SIZE_AT));
  return stored;
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
    && getU32(stored, CRC_AT) === crc32c(stored, keyChecksum(key), SIZE_AT);
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
