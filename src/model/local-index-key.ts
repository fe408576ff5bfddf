// Keys of the rows of local secondary indexes. They begin as the item's own key does, with the index's number in
// byte 4, so that they lie in the same partition:
//
//   0      table id, index number, hash, length and bytes of the partition key: see key-encoding.ts
//   ..     the index sort key's bytes, each 0x00 in them as 0x00 0xFF
//   ..     0x00 0x01
//   ..     the bytes of the table's sort key, to the end
//
// The mark behind the first value is below whatever can stand there in a longer value, so rows lie in the order of
// the index sort key, and among equal ones in that of the table's.
import { assert } from "../base/assert.ts";
import { storageKey, type StorageKey } from "../base/ids.ts";
import type { AttributeValue, KeyType } from "./attribute-value.ts";
import type { KeyRange, PartitionAddress, SortCondition } from "./key-encoding.ts";
import { partitionPrefix, prefixEnd, valueBytes } from "./key-encoding.ts";
import type { LocalIndex, TableSchema } from "./table-schema.ts";

/** Behind an escaped value. */
export const END = "\0\x01";
/** Above every row of one index sort key, below those of the next. */
const BEHIND = "\0\x02";

/** What the rows of one partition key begin with in the index of this number. */
export function indexPartition(table: TableSchema, number: number, hashValue: AttributeValue): PartitionAddress {
  return partitionPrefix(table, hashValue, number);
}

/** `prefix` is that of the partition key in the index. May be longer than a key may be. */
export function indexRowKey(
  table: TableSchema, index: LocalIndex, prefix: StorageKey, indexValue: AttributeValue, rangeValue: AttributeValue,
): StorageKey {
  assert(table.rangeKey !== null, "a table with local indexes has a sort key");
  const range = valueBytes(rangeValue, table.rangeKey.type);
  return storageKey(prefix + escaped(indexValue, index.rangeKey.type) + END + range);
}

/** Rows under a partition prefix whose index sort key fulfils `condition`; all of them when it is null. */
export function rangeOfIndexCondition(
  prefix: StorageKey, type: KeyType, condition: SortCondition | null,
): KeyRange {
  const end = prefixEnd(prefix);
  if (condition === null) return { from: prefix, to: end };
  if (condition.op === "between") {
    const from = prefix + escaped(condition.low, type) + END;
    const to = prefix + escaped(condition.high, type) + BEHIND;
    return range(from, from < to ? to : from);
  }
  if (condition.op === "begins_with") {
    assert(type !== "N", "numbers have no prefixes");
    const from = storageKey(prefix + escaped(condition.prefix, type));
    return { from, to: prefixEnd(from) };
  }
  const value = prefix + escaped(condition.value, type);
  switch (condition.op) {
    case "=": return range(value + END, value + BEHIND);
    case "<": return range(prefix, value + END);
    case "<=": return range(prefix, value + BEHIND);
    case ">": return range(value + BEHIND, end);
    case ">=": return range(value + END, end);
  }
}

function range(from: string, to: string): KeyRange {
  return { from: storageKey(from), to: storageKey(to) };
}

/** Bytes of a value in which no END can be found. */
export function escaped(value: AttributeValue, type: KeyType): string {
  const bytes = valueBytes(value, type);
  return bytes.includes("\0") ? bytes.replaceAll("\0", "\0\xff") : bytes;
}
