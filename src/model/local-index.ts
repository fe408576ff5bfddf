// Rows of local secondary indexes: which an item has, what is in them, and which change when the item does. An item
// without the index's sort attribute has no row in it.
import { must } from "../base/assert.ts";
import { base64Length } from "../base/base64.ts";
import type { StorageKey } from "../base/ids.ts";
import { utf8Length } from "../base/utf8.ts";
import { getAttribute, newAttributeMap, setAttribute } from "./attribute-map.ts";
import type { AttributeValue, Item } from "./attribute-value.ts";
import { encodeItem } from "./item-codec.ts";
import { itemSize } from "./item-size.ts";
import { STORAGE_KEY_BYTES_MAX } from "./key-encoding.ts";
import { emptyIndexKey, largeIndexKey, mistypedIndexKey, type KeyProblem } from "./key-schema.ts";
import { RANGE_KEY_BYTES_MAX } from "./limits.ts";
import { indexPartition, indexRowKey } from "./local-index-key.ts";
import type { LocalIndex, TableSchema } from "./table-schema.ts";

const INVALID = "One or more parameter values were invalid: ";
const NONE: readonly LocalIndex[] = [];

export function localIndexesOf(table: TableSchema): readonly LocalIndex[] {
  return table.localIndexes ?? NONE;
}

/** What is wrong with the item's index keys; null: nothing. The table's own keys are good. */
export function indexKeyProblem(table: TableSchema, item: Item): KeyProblem | null {
  const indexes = localIndexesOf(table);
  for (let i = 0; i < indexes.length; i++) {
    const index = indexes[i] as LocalIndex;
    const value = getAttribute(item, index.rangeKey.name);
    if (value === undefined) continue;
    const problem = indexValueProblem(index, value)
      ?? (indexKeyOf(table, i + 1, item).length > STORAGE_KEY_BYTES_MAX ? tooLong(index) : null);
    if (problem !== null) return problem;
  }
  return null;
}

/** What is wrong with a value for the sort key of the index. */
function indexValueProblem(index: LocalIndex, value: AttributeValue): KeyProblem | null {
  if (!(index.rangeKey.type in value)) return mistypedIndexKey(index.name, index.rangeKey, value);
  const bytes = "S" in value ? utf8Length(value.S) : "B" in value ? base64Length(value.B) : 1;
  if (bytes === 0) return emptyIndexKey(index.name, index.rangeKey);
  if (bytes <= RANGE_KEY_BYTES_MAX) return null;
  return largeIndexKey(
    `${INVALID}Aggregated size of all range keys has exceeded the size limit of ${RANGE_KEY_BYTES_MAX} bytes`,
  );
}

function tooLong(index: LocalIndex): KeyProblem {
  return {
    message: `${INVALID}The keys of table and index together have exceeded the size limit of an index row. `
      + `IndexName: ${index.name}`,
  };
}

/** Where the item's row lies in the index of this number. The item has the index's sort attribute, of its type. */
export function indexKeyOf(table: TableSchema, number: number, item: Item): StorageKey {
  const index = must(localIndexesOf(table)[number - 1], "an index of the table");
  const hashValue = must(getAttribute(item, table.hashKey.name), "an item has its partition key");
  const rangeValue = must(getAttribute(item, must(table.rangeKey).name), "an item has its sort key");
  const indexValue = must(getAttribute(item, index.rangeKey.name), "an item in an index has its sort key");
  return indexRowKey(table, index, indexPartition(table, number, hashValue).prefix, indexValue, rangeValue);
}

/** Names of the key attributes of table and index, the table's first. */
export function indexKeyNames(table: TableSchema, index: LocalIndex): readonly string[] {
  return [...new Set([table.hashKey.name, must(table.rangeKey).name, index.rangeKey.name])];
}

/** The key attributes of table and index of an item in the index: what a page ends with. */
export function indexKeyItem(table: TableSchema, index: LocalIndex, item: Item): Item {
  const key = newAttributeMap();
  for (const name of indexKeyNames(table, index)) setAttribute(key, name, must(getAttribute(item, name)));
  return key;
}

/** True when the index has all that a path beginning with `name` can lead to. */
export function isProjected(table: TableSchema, index: LocalIndex, name: string): boolean {
  const { kind, attributes } = index.projection;
  return kind === "ALL" || attributes.includes(name) || name === table.hashKey.name || name === table.rangeKey?.name
    || name === index.rangeKey.name;
}

/** The part of the item that the index has; null: the item is not in it. */
export function projectedItem(table: TableSchema, index: LocalIndex, item: Item): Item | null {
  if (getAttribute(item, index.rangeKey.name) === undefined) return null;
  if (index.projection.kind === "ALL") return item;
  const part = newAttributeMap();
  for (const name in item) {
    if (isProjected(table, index, name)) setAttribute(part, name, item[name] as AttributeValue);
  }
  return part;
}

export type IndexRow = { readonly key: StorageKey; readonly value: Uint8Array; readonly size: number };

/** The item's row in the index of this number, as stored; null: it has none. */
export function indexRow(table: TableSchema, number: number, item: Item): IndexRow | null {
  const part = projectedItem(table, must(localIndexesOf(table)[number - 1]), item);
  if (part === null) return null;
  const key = indexKeyOf(table, number, item);
  const size = itemSize(part);
  return { key, value: encodeItem(part, size, key), size };
}

/** How the rows of one index change: sizes of what goes and of what comes, 0 where nothing does. */
export type IndexChange = {
  readonly mutations: readonly { readonly key: StorageKey; readonly value: Uint8Array | null }[];
  /** Sizes of the writes to the index that capacity is counted from. */
  readonly writes: readonly number[];
  /** What the rows have more than before. */
  readonly bytes: number;
};

const UNCHANGED: IndexChange = { mutations: [], writes: [], bytes: 0 };

/** From the item as it was to the item as it is; null: no item. Its index keys are good. */
export function indexChange(table: TableSchema, number: number, old: Item | null, next: Item | null): IndexChange {
  const before = old === null ? null : indexRow(table, number, old);
  const after = next === null ? null : indexRow(table, number, next);
  if (after === null) {
    return before === null ? UNCHANGED
      : { mutations: [{ key: before.key, value: null }], writes: [before.size], bytes: -before.size };
  }
  const { key, value, size } = after;
  if (before === null) return { mutations: [{ key, value }], writes: [size], bytes: size };
  const bytes = size - before.size;
  if (before.key !== key) {
    return { mutations: [{ key: before.key, value: null }, { key, value }], writes: [before.size, size], bytes };
  }
  if (isSame(before.value, value)) return UNCHANGED;
  return { mutations: [{ key, value }], writes: [Math.max(before.size, size)], bytes };
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
