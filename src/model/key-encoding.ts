// Keys of the tree, as binary strings whose byte order is the order of items:
//
//   0      table id, u32 big-endian
//   4      space, u8: 0 = the table's items, 1 to 5 = rows of its local secondary indexes (local-index-key.ts),
//          16 and above: rows that are no items, see SPACES
//   5      hash128 of the partition key's bytes, seeded with its type; its first 6 bytes are the hash point
//   21     length of the partition key's bytes, u16 big-endian
//   23     the partition key's bytes
//   ..     the sort key's bytes, to the end; nothing follows, so nothing needs escaping
//
// Bytes of a value: S its UTF-8, B itself, N as key-number.ts has it. Items of one partition key are
// contiguous, in DynamoDB's order of the sort key; the length in front keeps "a" + "bc" and "ab" + "c" apart.
import { assert, must } from "../base/assert.ts";
import { base64ToBinary, binaryToBase64 } from "../base/base64.ts";
import { binaryInto, binaryToBytes, binaryToUtf8, bytesToBinary, utf8ToBinary } from "../base/binary-string.ts";
import { hash128 } from "../base/hash128.ts";
import type { HashPoint, StorageKey, TableId } from "../base/ids.ts";
import { HASH_POINT_END } from "../base/ids.ts";
import { newAttributeMap, setAttribute } from "./attribute-map.ts";
import type { AttributeValue, Item, KeyType } from "./attribute-value.ts";
import { decodeKeyNumber, encodeKeyNumber } from "./key-number.ts";
import { HASH_KEY_BYTES_MAX, LOCAL_INDEX_COUNT_MAX, RANGE_KEY_BYTES_MAX } from "./limits.ts";
import type { ItemAddress } from "./operation.ts";
import type { TableSchema } from "./table-schema.ts";

export const ITEMS_INDEX = 0;

/**
 * Spaces of rows that belong to a partition and are no items, nor of any index. Written in the log entries of the
 * partition as items are, split, copied and dropped with them: a key goes on with a hash point of the partition.
 */
export const SPACES = {
  /** One row at the partition's first point: storage-node/partition-state.ts. */
  state: 16,
  /** Items that a transaction holds, at the item's own place. */
  locks: 17,
  /** Changes of items that global indexes do not have yet, at the item's own place. */
  outbox: 18,
  /** In partitions of a global index: rows that went, with when, at the row's own place. */
  tombstones: 19,
  /** Tokens of transactions that were done in one round. */
  tokens: 20,
  /** Stream records, at the partition's first point when they were written. */
  stream: 21,
  /** In tables with local indexes: what each item collection has, at its partition key. */
  collections: 22,
} as const;
export type Space = (typeof SPACES)[keyof typeof SPACES];
const SPACE_LIST: readonly Space[] = Object.values(SPACES);
const SPACE_AT = 4;
const HASH_AT = 5;
const POINT_BYTES = 6;
const LENGTH_AT = 21;
const VALUE_AT = 23;

/**
 * Bytes of the longest key there is: what a store's keys may have, less a few for bounds behind a key. Keys of items
 * always fit; a write whose index rows would have longer ones is refused.
 */
export const STORAGE_KEY_BYTES_MAX = 3_990;
assert(VALUE_AT + HASH_KEY_BYTES_MAX + RANGE_KEY_BYTES_MAX <= STORAGE_KEY_BYTES_MAX, "keys of items fit");

/** A condition on the sort key, its values valid and of the sort key's type. */
export type SortCondition =
  | { readonly op: "=" | "<" | "<=" | ">" | ">="; readonly value: AttributeValue }
  | { readonly op: "between"; readonly low: AttributeValue; readonly high: AttributeValue }
  | { readonly op: "begins_with"; readonly prefix: AttributeValue };

/** Keys from <= key < to. */
export type KeyRange = { readonly from: StorageKey; readonly to: StorageKey };

/** What all items of one partition key begin with, and where they live. */
export type PartitionAddress = { readonly prefix: StorageKey; readonly point: HashPoint };

/** Hashes are of one type in one table; seeds keep equal bytes of different types apart all the same. */
const HASH_SEEDS: { readonly [T in KeyType]: number } = { S: 1, N: 2, B: 3 };

/** Where the item with these key values lives. The values are checked: see key-schema.ts. */
export function addressOf(
  table: TableSchema, hashValue: AttributeValue, rangeValue: AttributeValue | null,
): ItemAddress {
  const { prefix, point } = partitionPrefix(table, hashValue);
  assert((rangeValue === null) === (table.rangeKey === null), "a sort key value for a table that has one");
  if (rangeValue === null || table.rangeKey === null) return { key: prefix, point };
  const range = valueBytes(rangeValue, table.rangeKey.type);
  assert(range.length <= RANGE_KEY_BYTES_MAX, "sort key size");
  return { key: (prefix + range) as StorageKey, point };
}

export function partitionPrefix(
  table: TableSchema, hashValue: AttributeValue, index: number = ITEMS_INDEX,
): PartitionAddress {
  const type = table.hashKey.type;
  const bytes = valueBytes(hashValue, type);
  const length = bytes.length;
  assert(length <= HASH_KEY_BYTES_MAX, "partition key size");
  const hash = hash128(bytes, HASH_SEEDS[type]);
  const prefix = indexPrefix(table.id, index) + hash + String.fromCharCode(length >>> 8, length & 255) + bytes;
  return { prefix: prefix as StorageKey, point: pointAt(hash, 0) };
}

/** The key attributes of the item at `key`, canonical. */
export function keyItemOf(table: TableSchema, key: StorageKey): Item {
  const hashEnd = hashValueEnd(key);
  const item = newAttributeMap();
  setAttribute(item, table.hashKey.name, valueOfBytes(key.slice(VALUE_AT, hashEnd), table.hashKey.type));
  if (table.rangeKey !== null) {
    setAttribute(item, table.rangeKey.name, valueOfBytes(key.slice(hashEnd), table.rangeKey.type));
  } else {
    assert(hashEnd === key.length, "no sort key in a table without one");
  }
  return item;
}

/** The hash point a key was made with. */
export function pointOfKey(key: StorageKey): HashPoint {
  assert(key.length >= LENGTH_AT, "a key holds a hash");
  return pointAt(key, HASH_AT);
}

/** Keys under a partition prefix that fulfil `condition`; all of them when it is null. */
export function rangeOfSortCondition(
  prefix: StorageKey, type: KeyType, condition: SortCondition | null,
): KeyRange {
  if (condition === null) return { from: prefix, to: prefixEnd(prefix) };
  if (condition.op === "between") {
    const from = (prefix + valueBytes(condition.low, type)) as StorageKey;
    const to = keyAfter((prefix + valueBytes(condition.high, type)) as StorageKey);
    return from < to ? { from, to } : { from, to: from };
  }
  if (condition.op === "begins_with") {
    assert(type !== "N", "numbers have no prefixes");
    const from = (prefix + valueBytes(condition.prefix, type)) as StorageKey;
    // At most the end of the partition prefix: a prefix of 0xFF bytes only carries into it.
    return { from, to: prefixEnd(from) };
  }
  const key = (prefix + valueBytes(condition.value, type)) as StorageKey;
  switch (condition.op) {
    case "=": return { from: key, to: keyAfter(key) };
    case "<": return { from: prefix, to: key };
    case "<=": return { from: prefix, to: keyAfter(key) };
    case ">": return { from: keyAfter(key), to: prefixEnd(prefix) };
    case ">=": return { from: key, to: prefixEnd(prefix) };
  }
}

/** Items, or rows of an index, of hash points from <= point < to. */
export function scanBounds(
  table: TableId, fromPoint: HashPoint, toPoint: HashPoint, index: number = ITEMS_INDEX,
): KeyRange {
  return { from: pointKey(table, fromPoint, index), to: pointKey(table, toPoint, index) };
}

/**
 * All rows of hash points from <= point < to: items first, then those of the first `spaces - 1` local indexes, then
 * those of SPACES.
 */
export function rowRanges(table: TableId, fromPoint: HashPoint, toPoint: HashPoint, spaces: number): KeyRange[] {
  const ranges: KeyRange[] = [];
  for (let index = 0; index < spaces; index++) ranges.push(scanBounds(table, fromPoint, toPoint, index));
  for (const space of SPACE_LIST) ranges.push(scanBounds(table, fromPoint, toPoint, space));
  return ranges;
}

/** The key that stands at the place of the item (or index row) `key` in another space of its partition. */
export function keyInSpace(key: StorageKey, space: number): StorageKey {
  return (key.slice(0, SPACE_AT) + String.fromCharCode(space) + key.slice(HASH_AT)) as StorageKey;
}

/** The space that a key lies in. */
export function spaceOf(key: StorageKey): number {
  return key.charCodeAt(SPACE_AT);
}

/** Where the row lies that counts the collection of the item at `key`. */
export function collectionKey(key: StorageKey): StorageKey {
  return keyInSpace(key.slice(0, hashValueEnd(key)) as StorageKey, SPACES.collections);
}

/**
 * What `key` and all keys of the same space, table and partition key begin with; null when it ends before that. It is
 * the same for two keys if one begins with that of the other.
 */
export function collectionPrefix(key: StorageKey): StorageKey | null {
  if (key.length < VALUE_AT) return null;
  const end = VALUE_AT + key.charCodeAt(LENGTH_AT) * 256 + key.charCodeAt(LENGTH_AT + 1);
  return end > key.length ? null : key.slice(0, end) as StorageKey;
}

/** What keys of a space at a hash point begin with; they go on with bytes of the space's own. */
export function pointPrefix(table: TableId, point: HashPoint, space: Space): StorageKey {
  assert(point < HASH_POINT_END, "a hash point that keys have");
  return pointKey(table, point, space);
}

/** Spaces of items and local indexes that a table has: its own and one for each local index. */
export function spacesOf(table: TableSchema): number {
  return 1 + (table.localIndexes?.length ?? 0);
}

/** Everything of a table, its local indexes included. Index 255 is never used. */
export function tableBounds(table: TableId): KeyRange {
  const id = tableBytes(table);
  return { from: id as StorageKey, to: `${id}\xff` as StorageKey };
}

/** The smallest key greater than `key`. */
export function keyAfter(key: StorageKey): StorageKey {
  return `${key}\0` as StorageKey;
}

/** The smallest key greater than every key that begins with `prefix`. */
export function prefixEnd(prefix: StorageKey): StorageKey {
  let last = prefix.length - 1;
  while (last >= 0 && prefix.charCodeAt(last) === 0xff) last--;
  assert(last >= 0, "a key prefix has a byte below 0xFF");
  return (prefix.slice(0, last) + String.fromCharCode(prefix.charCodeAt(last) + 1)) as StorageKey;
}

/** Writes the key's bytes into `target` from `offset` on and returns `target`; a new array when there is none. */
export function storageKeyToBytes(key: StorageKey, target?: Uint8Array, offset = 0): Uint8Array {
  if (target === undefined) return binaryToBytes(key);
  binaryInto(key, target, offset);
  return target;
}

export function bytesToStorageKey(bytes: Uint8Array, from = 0, to: number = bytes.length): StorageKey {
  return bytesToBinary(bytes, from, to) as StorageKey;
}

/** Bytes of a key value as a binary string. */
export function valueBytes(value: AttributeValue, type: KeyType): string {
  switch (type) {
    case "S":
      assert("S" in value, "a key value of type S");
      return utf8ToBinary(value.S);
    case "N":
      assert("N" in value, "a key value of type N");
      return encodeKeyNumber(value.N);
    case "B":
      assert("B" in value, "a key value of type B");
      return must(base64ToBinary(value.B), "a key value in canonical base64");
  }
}

function valueOfBytes(bytes: string, type: KeyType): AttributeValue {
  switch (type) {
    case "S": return { S: must(binaryToUtf8(bytes), "a key of type S is UTF-8") };
    case "N": return { N: decodeKeyNumber(bytes) };
    case "B": return { B: binaryToBase64(bytes) };
  }
}

function tableBytes(table: TableId): string {
  return String.fromCharCode(table >>> 24, (table >>> 16) & 255, (table >>> 8) & 255, table & 255);
}

function indexPrefix(table: TableId, index: number): string {
  assert(index >= ITEMS_INDEX && (index <= LOCAL_INDEX_COUNT_MAX || isSpace(index)), "index number");
  return String.fromCharCode(
    table >>> 24, (table >>> 16) & 255, (table >>> 8) & 255, table & 255, index,
  );
}

function isSpace(index: number): boolean {
  return index >= SPACES.state && index <= SPACES.collections;
}

function pointAt(bytes: string, at: number): HashPoint {
  const high = bytes.charCodeAt(at) * 0x100 + bytes.charCodeAt(at + 1);
  const low = bytes.charCodeAt(at + 2) * 0x100_0000 + (
    (bytes.charCodeAt(at + 3) << 16) | (bytes.charCodeAt(at + 4) << 8) | bytes.charCodeAt(at + 5));
  return (high * 0x1_0000_0000 + low) as HashPoint;
}

/** What the first possible key of a hash point begins with; for the end of the space, the next index. */
function pointKey(table: TableId, point: HashPoint, index: number): StorageKey {
  if (point >= HASH_POINT_END) return (tableBytes(table) + String.fromCharCode(index + 1)) as StorageKey;
  const high = Math.floor(point / 0x1_0000_0000);
  const low = point % 0x1_0000_0000;
  const bytes = String.fromCharCode(
    high >>> 8, high & 255, low >>> 24, (low >>> 16) & 255, (low >>> 8) & 255, low & 255,
  );
  assert(bytes.length === POINT_BYTES, "a hash point is six bytes");
  return (indexPrefix(table, index) + bytes) as StorageKey;
}

function hashValueEnd(key: StorageKey): number {
  assert(key.length >= VALUE_AT, "a key holds the partition key's length");
  const end = VALUE_AT + key.charCodeAt(LENGTH_AT) * 256 + key.charCodeAt(LENGTH_AT + 1);
  assert(end <= key.length, "a key holds all of its partition key");
  return end;
}
