// Rows of global secondary indexes: which an item has, what is in them, and which change when the item does. The rows
// of an index are the items of a hidden table, with partitions of its own; they follow the table's items a little
// later. A row is stamped with the write timestamp of the item that it shows. An item without all key attributes of an
// index has no row in it.
import { must } from "../base/assert.ts";
import { base64Length } from "../base/base64.ts";
import type { StorageKey } from "../base/ids.ts";
import { utf8Length } from "../base/utf8.ts";
import { getAttribute, newAttributeMap, setAttribute } from "./attribute-map.ts";
import type { AttributeValue, Item } from "./attribute-value.ts";
import { globalIndexPartition, globalIndexRowKey, sortPart } from "./global-index-key.ts";
import { copyStored, decodeStored, encodeItem, storedJson, storedSize } from "./item-codec.ts";
import { itemSize } from "./item-size.ts";
import { emptyIndexKey, largeIndexKey, mistypedIndexKey, type KeyProblem } from "./key-schema.ts";
import { HASH_KEY_BYTES_MAX, RANGE_KEY_BYTES_MAX } from "./limits.ts";
import type { GlobalIndex, GlobalIndexDefinition, KeyAttribute, TableSchema } from "./table-schema.ts";

const INVALID = "One or more parameter values were invalid: ";
const NONE: readonly GlobalIndex[] = [];

export function globalIndexesOf(table: TableSchema): readonly GlobalIndex[] {
  return table.globalIndexes ?? NONE;
}

const NAME_SEPARATOR = "/index/";

/** Of the hidden table: a name that no user can give. */
export function hiddenTableName(table: string, index: string): string {
  return table + NAME_SEPARATOR + index;
}

/** Of the table whose index lies in the hidden table of this name; any other name as it is. */
export function baseTableName(name: string): string {
  const end = name.indexOf(NAME_SEPARATOR);
  return end < 0 ? name : name.slice(0, end);
}

type IndexKeys = Pick<GlobalIndexDefinition, "hashKeys" | "rangeKeys">;
type TableKeys = Pick<TableSchema, "hashKey" | "rangeKey">;

/** Names of the key attributes of index and table, the index's first. */
export function globalKeyNames(
  { hashKey, rangeKey }: TableKeys, { hashKeys, rangeKeys }: IndexKeys,
): readonly string[] {
  const names = [...hashKeys, ...rangeKeys].map(({ name }) => name);
  names.push(hashKey.name);
  if (rangeKey !== null) names.push(rangeKey.name);
  return [...new Set(names)];
}

// ---- Key attributes.

/** What is wrong with the item's index keys; null: nothing. Of an index that goes away nothing counts. */
export function globalKeyProblem(table: TableSchema, item: Item): KeyProblem | null {
  for (const index of globalIndexesOf(table)) {
    if (index.status === "DELETING") continue;
    const problem = keysProblem(index, item);
    if (problem !== null) return problem;
  }
  return null;
}

/** Attributes that are not there are no problem. */
function keysProblem({ name, hashKeys, rangeKeys }: GlobalIndex, item: Item): KeyProblem | null {
  let hashBytes = 0;
  let rangeBytes = 0;
  for (const key of hashKeys) {
    const value = getAttribute(item, key.name);
    if (value === undefined) continue;
    const problem = valueProblem(name, key, value);
    if (problem !== null) return problem;
    hashBytes += bytesOf(value);
  }
  for (const key of rangeKeys) {
    const value = getAttribute(item, key.name);
    if (value === undefined) continue;
    const problem = valueProblem(name, key, value);
    if (problem !== null) return problem;
    rangeBytes += bytesOf(value);
  }
  if (hashBytes > HASH_KEY_BYTES_MAX) return HASH_TOO_LARGE;
  return rangeBytes > RANGE_KEY_BYTES_MAX ? RANGE_TOO_LARGE : null;
}

const HASH_TOO_LARGE: KeyProblem = largeIndexKey(
  `${INVALID}Size of hashkey has exceeded the maximum size limit of${HASH_KEY_BYTES_MAX} bytes`,
);
const RANGE_TOO_LARGE: KeyProblem = largeIndexKey(
  `${INVALID}Aggregated size of all range keys has exceeded the size limit of ${RANGE_KEY_BYTES_MAX} bytes`,
);

function valueProblem(index: string, key: KeyAttribute, value: AttributeValue): KeyProblem | null {
  if (!(key.type in value)) return mistypedIndexKey(index, key, value);
  return bytesOf(value) > 0 ? null : emptyIndexKey(index, key);
}

/** A number is never empty and always fits. */
function bytesOf(value: AttributeValue): number {
  return "S" in value ? utf8Length(value.S) : "B" in value ? base64Length(value.B) : 1;
}

// ---- Rows.

/** Where the item's row lies; null: it has none, or its key attributes are none that the index takes. */
export function globalRowKey(index: GlobalIndex, item: Item, itemKey: StorageKey): StorageKey | null {
  const { hashKeys, rangeKeys, table } = index;
  const values: AttributeValue[] = [];
  for (const { name } of hashKeys) {
    const value = getAttribute(item, name);
    if (value === undefined) return null;
    values.push(value);
  }
  for (const { name } of rangeKeys) if (getAttribute(item, name) === undefined) return null;
  if (keysProblem(index, item) !== null) return null;
  let sort = "";
  for (const { name, type } of rangeKeys) sort += sortPart(must(getAttribute(item, name)), type);
  return globalIndexRowKey(globalIndexPartition(table, hashKeys, values).prefix, sort, itemKey);
}

/** True when the index has all that a path beginning with `name` can lead to. */
export function isProjectedGlobally(table: TableKeys, index: GlobalIndexDefinition, name: string): boolean {
  const { kind, attributes } = index.projection;
  return kind === "ALL" || attributes.includes(name) || name === table.hashKey.name || name === table.rangeKey?.name
    || index.hashKeys.some((key) => key.name === name) || index.rangeKeys.some((key) => key.name === name);
}

function projectedPart(table: TableSchema, index: GlobalIndex, item: Item): Item {
  const part = newAttributeMap();
  for (const name in item) {
    if (isProjectedGlobally(table, index, name)) setAttribute(part, name, item[name] as AttributeValue);
  }
  return part;
}

export type GlobalRow = { readonly key: StorageKey; readonly value: Uint8Array; readonly size: number };

/** The row at `key` of an item in the index, as stored, not stamped. `stored`: the item likewise. */
function rowAt(table: TableSchema, index: GlobalIndex, key: StorageKey, item: Item, stored: Uint8Array): GlobalRow {
  if (index.projection.kind === "ALL") return { key, value: copyStored(stored, key), size: storedSize(stored) };
  const part = projectedPart(table, index, item);
  const size = itemSize(part);
  return { key, value: encodeItem(part, size, key), size };
}

/** Rows of an item in those of the table's indexes that `is` says, as stored, not stamped. */
export function globalRows(
  table: TableSchema, itemKey: StorageKey, stored: Uint8Array, is: (index: GlobalIndex) => boolean,
): readonly GlobalRow[] {
  const item = decodeStored(stored);
  const rows: GlobalRow[] = [];
  for (const index of globalIndexesOf(table)) {
    if (index.status === "DELETING" || !is(index)) continue;
    const key = globalRowKey(index, item, itemKey);
    if (key !== null) rows.push(rowAt(table, index, key, item, stored));
  }
  return rows;
}

/** Sizes of the writes to one index that capacity is counted from. */
export type IndexWrites = { readonly name: string; readonly sizes: readonly number[] };

/** How the rows of all indexes change with an item. */
export type GlobalChange = {
  /** Places that have the item's row no longer. */
  readonly gone: readonly StorageKey[];
  /** Not stamped. */
  readonly rows: readonly GlobalRow[];
  readonly writes: readonly IndexWrites[];
};

/** From the item as it was to the item as it is (`next`, and in stored form `after`); null: no item. */
export function globalChange(
  table: TableSchema, itemKey: StorageKey, before: Uint8Array | null, after: Uint8Array | null, next: Item | null,
): GlobalChange {
  const gone: StorageKey[] = [];
  const rows: GlobalRow[] = [];
  const writes: IndexWrites[] = [];
  const change: GlobalChange = { gone, rows, writes };
  if (before !== null && after !== null && isSame(storedJson(before), storedJson(after))) return change;
  const old = before === null ? null : decodeStored(before);
  for (const index of globalIndexesOf(table)) {
    if (index.status === "DELETING") continue;
    const oldKey = old === null ? null : globalRowKey(index, old, itemKey);
    const nextKey = next === null ? null : globalRowKey(index, next, itemKey);
    const sizes: number[] = [];
    if (oldKey !== null && oldKey !== nextKey) {
      gone.push(oldKey);
      sizes.push(sizeOf(table, index, must(old), must(before)));
    }
    if (nextKey !== null) {
      if (oldKey === nextKey && isSamePart(table, index, must(old), must(next))) continue;
      const row = rowAt(table, index, nextKey, must(next), must(after));
      rows.push(row);
      sizes.push(oldKey === nextKey ? Math.max(row.size, sizeOf(table, index, must(old), must(before))) : row.size);
    }
    if (sizes.length > 0) writes.push({ name: index.name, sizes });
  }
  return change;
}

function sizeOf(table: TableSchema, index: GlobalIndex, item: Item, stored: Uint8Array): number {
  return index.projection.kind === "ALL" ? storedSize(stored) : itemSize(projectedPart(table, index, item));
}

/** Of two items that are not the same. */
function isSamePart(table: TableSchema, index: GlobalIndex, a: Item, b: Item): boolean {
  return index.projection.kind !== "ALL"
    && JSON.stringify(projectedPart(table, index, a)) === JSON.stringify(projectedPart(table, index, b));
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
