// What a Query, a Scan or a SELECT reads: a table, a local index of it, or a global index, whose rows are the items of
// a hidden table.
import { must } from "../../../base/assert.ts";
import type { StorageKey } from "../../../base/ids.ts";
import { getAttribute } from "../../../model/attribute-map.ts";
import type { AttributeValue, Item } from "../../../model/attribute-value.ts";
import type { ConditionNode, PathNode } from "../../../model/expression/ast.ts";
import type { IndexCondition } from "../../../model/expression/index-condition.ts";
import { globalIndexPartition, rangeOfGlobalCondition } from "../../../model/global-index-key.ts";
import {
  globalIndexesOf, globalKeyNames, globalRowKey, hiddenTableName, isProjectedGlobally,
} from "../../../model/global-index.ts";
import {
  STORAGE_KEY_BYTES_MAX, addressOf, partitionPrefix, pointOfKey, rangeOfSortCondition, type KeyRange,
  type PartitionAddress,
} from "../../../model/key-encoding.ts";
import { keyOfItem, keyOfKey, keyValuesProblem } from "../../../model/key-schema.ts";
import { indexPartition, rangeOfIndexCondition } from "../../../model/local-index-key.ts";
import { indexKeyNames, indexKeyOf, indexKeyProblem, isProjected, localIndexesOf } from "../../../model/local-index.ts";
import type { IndexRead, ItemAddress, LookupTable } from "../../../model/operation.ts";
import type { GlobalIndex, KeyAttribute, LocalIndex, TableSchema } from "../../../model/table-schema.ts";
import { type Failure, validation } from "../errors.ts";
import { type Result, no, ok } from "../result.ts";
import type { JsonObject } from "../validate/json-object.ts";
import { firstNameIn } from "./condition-names.ts";

const INVALID = "One or more parameter values were invalid: ";
const KEYS_TOO_LONG = `${INVALID}The keys of table and index together have exceeded the size limit of an index row`;

/** Of the table's local indexes, from 1. */
export type NumberedIndex = { readonly number: number; readonly index: LocalIndex };

export type ReadTarget = {
  /** The one that the client names. */
  readonly table: TableSchema;
  /** The one whose partitions hold what is read. */
  readonly rows: TableSchema;
  readonly local: NumberedIndex | null;
  readonly global: GlobalIndex | null;
  /** One partition key attribute and at most one of the sort key, but for a global index. */
  readonly hashKeys: readonly KeyAttribute[];
  readonly rangeKeys: readonly KeyAttribute[];
};

/** `input`: IndexName and ConsistentRead. */
export function targetOf(table: TableSchema, input: JsonObject, lookupTable: LookupTable): Result<ReadTarget> {
  const name = input["IndexName"] as string | undefined;
  const hashKeys: readonly KeyAttribute[] = [table.hashKey];
  if (name === undefined) {
    const rangeKeys = table.rangeKey === null ? [] : [table.rangeKey];
    return ok({ table, rows: table, local: null, global: null, hashKeys, rangeKeys });
  }
  const at = localIndexesOf(table).findIndex((index) => index.name === name);
  if (at !== -1) {
    const index = must(localIndexesOf(table)[at]);
    const rangeKeys = [index.rangeKey];
    return ok({ table, rows: table, local: { number: at + 1, index }, global: null, hashKeys, rangeKeys });
  }
  const global = globalIndexesOf(table).find((index) => index.name === name);
  if (global === undefined || global.status === "DELETING") return no(noSuchIndex(name));
  if (input["ConsistentRead"] === true) {
    return no(validation("Consistent reads are not supported on global secondary indexes"));
  }
  const rows = lookupTable(hiddenTableName(table.name, name));
  if (global.isBackfilling === true || rows === null || rows.id !== global.table) {
    return no(validation(`Cannot read from backfilling global secondary index: ${name}`));
  }
  return ok({ table, rows, local: null, global, hashKeys: global.hashKeys, rangeKeys: global.rangeKeys });
}

function noSuchIndex(name: string): Failure {
  return validation(`The table does not have the specified index: ${name}`);
}

// ---- Ranges of keys.

export type TargetRange = KeyRange & PartitionAddress;

/** The rows that a condition on the key selects. The values are of their attributes' types. */
export function rangeOf(target: ReadTarget, condition: IndexCondition): Result<TargetRange> {
  const problem = valuesFailure(target, condition);
  if (problem !== null) return no(problem);
  const { table, local, global } = target;
  const { hashValues, equal, sort } = condition;
  if (global !== null) {
    const partition = globalIndexPartition(global.table, global.hashKeys, hashValues);
    const range = rangeOfGlobalCondition(global, partition.prefix, equal, sort);
    return ok({ ...partition, ...range });
  }
  const hashValue = must(hashValues[0]);
  const only = equal[0] === undefined ? sort : { op: "=" as const, value: equal[0] };
  if (local !== null) {
    const { prefix, point } = indexPartition(table, local.number, hashValue);
    const { from, to } = rangeOfIndexCondition(prefix, local.index.rangeKey.type, only);
    if (Math.max(from.length, to.length) > STORAGE_KEY_BYTES_MAX) return no(validation(KEYS_TOO_LONG));
    return ok({ prefix, point, from, to });
  }
  const { prefix, point } = partitionPrefix(table, hashValue);
  return ok({ prefix, point, ...rangeOfSortCondition(prefix, table.rangeKey?.type ?? "S", only) });
}

/** Key values of a condition obey the rules of keys: not empty, not too large. */
function valuesFailure(
  { hashKeys, rangeKeys }: ReadTarget, { hashValues, equal, sort }: IndexCondition,
): Failure | null {
  const hashKey = must(hashKeys[0]);
  const first = must(hashValues[0]);
  for (let i = 0; i < hashKeys.length; i++) {
    const keys = { hashKey: hashKeys[i] as KeyAttribute, rangeKey: null };
    const problem = keyValuesProblem(keys, hashValues[i] as AttributeValue, null);
    if (problem !== null) return validation(problem.message);
  }
  for (const [i, value] of [...equal, ...sortValues(sort)].entries()) {
    const rangeKey = rangeKeys[Math.min(i, equal.length)] ?? null;
    const problem = keyValuesProblem({ hashKey, rangeKey }, first, value);
    if (problem !== null) return validation(problem.message);
  }
  return null;
}

function sortValues(sort: IndexCondition["sort"]): readonly AttributeValue[] {
  if (sort === null) return [];
  switch (sort.op) {
    case "between": return [sort.low, sort.high];
    case "begins_with": return [sort.prefix];
    default: return [sort.value];
  }
}

/** Where an ExclusiveStartKey lies: exactly the key attributes of table and index. Null: it is none. */
export function startAddress({ table, local, global }: ReadTarget, start: Item): ItemAddress | null {
  if (local === null && global === null) {
    const found = keyOfKey(table, start);
    return found.ok ? addressOf(table, found.key.hashValue, found.key.rangeValue) : null;
  }
  const names = local === null ? globalKeyNames(table, must(global)) : indexKeyNames(table, local.index);
  if (Object.keys(start).length !== names.length) return null;
  for (const name of names) if (getAttribute(start, name) === undefined) return null;
  const own = keyOfItem(table, start);
  if (!own.ok) return null;
  let key: StorageKey | null = null;
  if (global !== null) key = globalRowKey(global, start, addressOf(table, own.key.hashValue, own.key.rangeValue).key);
  else if (local !== null && indexKeyProblem(table, start) === null) key = indexKeyOf(table, local.number, start);
  return key === null ? null : { key, point: pointOfKey(key) };
}

// ---- What is read of each row.

/**
 * How the rows of a local index are read: the items themselves, where something is asked for that the index does not
 * have. Without Select and projection that is what it has. A global index cannot be asked for what it does not have.
 */
export function indexReadOf(
  { table, local, global }: ReadTarget, input: JsonObject, filter: ConditionNode | null,
  projection: readonly PathNode[] | null,
): Result<{ readonly index?: IndexRead }> {
  if (global !== null) {
    const failure = globalReadFailure(table, global, input, projection);
    return failure === null ? ok(NO_INDEX) : no(failure);
  }
  if (local === null) return ok(NO_INDEX);
  const { number, index } = local;
  const isMissing = (name: string): boolean => !isProjected(table, index, name);
  const fetches = (input["Select"] === "ALL_ATTRIBUTES" && index.projection.kind !== "ALL")
    || (projection?.some(([name]) => isMissing(name)) ?? false)
    || (filter !== null && firstNameIn(filter, isMissing) !== null);
  return ok({ index: { number, fetches } });
}

const NO_INDEX: { readonly index?: IndexRead } = {};

function globalReadFailure(
  table: TableSchema, index: GlobalIndex, input: JsonObject, projection: readonly PathNode[] | null,
): Failure | null {
  if (input["Select"] === "ALL_ATTRIBUTES" && index.projection.kind !== "ALL") {
    return validation(`${INVALID}Select type ALL_ATTRIBUTES is not supported for global secondary index ${index.name} `
      + "because its projection type is not ALL");
  }
  const missing = (projection ?? []).map(([name]) => name).filter((name) => !isProjectedGlobally(table, index, name));
  if (missing.length === 0) return null;
  return validation(`${INVALID}Global secondary index ${index.name} does not project `
    + `[${[...new Set(missing)].join(", ")}]`);
}
