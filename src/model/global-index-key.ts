// Keys of the rows of global secondary indexes: items of the index's hidden table, in the index's order.
//
//   0      id of the hidden table, u32 big-endian
//   4      0, the space of items
//   5      hash128 of the bytes of the index's partition key, seeded; its first 6 bytes are the hash point
//   21     length of these bytes, u16 big-endian; 0xFFFF: they are a digest
//   23     bytes of the index's partition key: of each attribute in turn its length, u16 big-endian, and its bytes.
//          When they are long, two hashes of them instead
//   ..     for each attribute of the index's sort key its bytes, each 0x00 in them as 0x00 0xFF, then 0x00 0x01
//   ..     what is behind the hash in the key of the item: its partition key's length and bytes, and its sort key's;
//          when that is long, 0xFFFF and two hashes of it
//
// So the rows of one index key lie together, in the order of the index's sort key, and each item has a place of its own
// among equal ones. All key attributes are in the row's value too: nothing is read back from a key.
import { hash128 } from "../base/hash128.ts";
import { storageKey, type StorageKey, type TableId } from "../base/ids.ts";
import { assert } from "../base/assert.ts";
import type { AttributeValue, KeyType } from "./attribute-value.ts";
import { pointOfKey, STORAGE_KEY_BYTES_MAX, valueBytes, type KeyRange, type PartitionAddress, type SortCondition,
} from "./key-encoding.ts";
import { HASH_KEY_BYTES_MAX, INDEX_KEY_ATTRIBUTES_MAX, RANGE_KEY_BYTES_MAX } from "./limits.ts";
import { END, escaped, rangeOfIndexCondition } from "./local-index-key.ts";
import type { GlobalIndex, KeyAttribute } from "./table-schema.ts";

/** Seeds apart from those of tables, of which there is one for each key type. */
const SEED = 16;
const DIGEST_SEEDS: readonly [number, number] = [17, 18];
const DIGEST_MARK = "\xff\xff";
const DIGEST_BYTES = 34;
/** Where the key of an item goes on behind its hash: see key-encoding.ts. */
const BEHIND_HASH = 21;
const HEAD_BYTES = 23;
/** Longer ones are replaced by their digest, so that every key that a table and its index allow fits a store's. */
const HASH_PART_BYTES_MAX = 1_024;
const ITEM_PART_BYTES_MAX = 768;
const RANGE_PART_BYTES_MAX = 2 * RANGE_KEY_BYTES_MAX + END.length * INDEX_KEY_ATTRIBUTES_MAX;
assert(
  HEAD_BYTES + HASH_PART_BYTES_MAX + RANGE_PART_BYTES_MAX + ITEM_PART_BYTES_MAX <= STORAGE_KEY_BYTES_MAX,
  "every index row has a key that fits",
);
assert(HASH_KEY_BYTES_MAX + 2 * INDEX_KEY_ATTRIBUTES_MAX < 0xffff, "no length is the mark of a digest");

/** Where the rows of one partition key of the index lie. `values`: one for each of its attributes, of their types. */
export function globalIndexPartition(
  table: TableId, hashKeys: readonly KeyAttribute[], values: readonly AttributeValue[],
): PartitionAddress {
  let bytes = "";
  for (let i = 0; i < hashKeys.length; i++) {
    const part = valueBytes(values[i] as AttributeValue, (hashKeys[i] as KeyAttribute).type);
    bytes += u16(part.length) + part;
  }
  const id = String.fromCharCode(table >>> 24, (table >>> 16) & 255, (table >>> 8) & 255, table & 255);
  const part = bytes.length > HASH_PART_BYTES_MAX ? digest(bytes) : u16(bytes.length) + bytes;
  const prefix = storageKey(`${id}\0${hash128(bytes, SEED)}${part}`);
  return { prefix, point: pointOfKey(prefix) };
}

/** `sortBytes`: see sortPart; `item`: the key of the item in its table. */
export function globalIndexRowKey(prefix: StorageKey, sortBytes: string, item: StorageKey): StorageKey {
  const place = item.slice(BEHIND_HASH);
  const key = prefix + sortBytes + (place.length > ITEM_PART_BYTES_MAX ? digest(place) : place);
  assert(key.length <= STORAGE_KEY_BYTES_MAX, "a key of an index row fits");
  return storageKey(key);
}

/** Bytes of one attribute of the index's sort key. */
export function sortPart(value: AttributeValue, type: KeyType): string {
  return escaped(value, type) + END;
}

/**
 * Rows under a partition prefix whose first sort attributes are equal to `equal`, and the next one fulfils `condition`;
 * null: whatever it is.
 */
export function rangeOfGlobalCondition(
  { rangeKeys }: Pick<GlobalIndex, "rangeKeys">, prefix: StorageKey, equal: readonly AttributeValue[],
  condition: SortCondition | null,
): KeyRange {
  let from: string = prefix;
  equal.forEach((value, i) => {
    from += sortPart(value, (rangeKeys[i] as KeyAttribute).type);
  });
  const next = rangeKeys[equal.length];
  assert(condition === null || next !== undefined, "a condition on an attribute that is there");
  return rangeOfIndexCondition(storageKey(from), next?.type ?? "S", condition);
}

function u16(value: number): string {
  return String.fromCharCode(value >>> 8, value & 255);
}

function digest(bytes: string): string {
  const text = DIGEST_MARK + hash128(bytes, DIGEST_SEEDS[0]) + hash128(bytes, DIGEST_SEEDS[1]);
  assert(text.length === DIGEST_BYTES, "a digest has one length");
  return text;
}
