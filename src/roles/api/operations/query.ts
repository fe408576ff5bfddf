// Query: one partition key, a range of sort keys.
import { must } from "../../../base/assert.ts";
import type { StorageKey } from "../../../base/ids.ts";
import type { AttributeValue, Item } from "../../../model/attribute-value.ts";
import type { ConditionNode } from "../../../model/expression/ast.ts";
import type { ExpressionContext } from "../../../model/expression/context.ts";
import { toKeyCondition, type KeyCondition, type KeyConditionSchema } from "../../../model/expression/key-condition.ts";
import { parseKeyCondition } from "../../../model/expression/parse.ts";
import type { SortCondition } from "../../../model/expression/sort-condition.ts";
import {
  type KeyRange, STORAGE_KEY_BYTES_MAX, addressOf, partitionPrefix, rangeOfSortCondition,
} from "../../../model/key-encoding.ts";
import { indexPartition, rangeOfIndexCondition } from "../../../model/local-index-key.ts";
import { keyOfKey, keyValuesProblem } from "../../../model/key-schema.ts";
import type { QueryOperation } from "../../../model/operation.ts";
import type { Call } from "../call.ts";
import { type Failure, failureOf, validation } from "../errors.ts";
import type { OperationHandler } from "./handler.ts";
import type { KeyAttribute, TableSchema } from "../../../model/table-schema.ts";
import { type Result, no, ok } from "../result.ts";
import type { JsonObject } from "../validate/json-object.ts";
import { QUERY } from "../validate/item-shapes.ts";
import { QUERY_EXPRESSIONS, openExpressions, unusedFailure } from "./expressions.ts";
import { projectionOf } from "./get-item.ts";
import {
  answerPage, filterOf, filterOnKeyFailure, indexOf, indexReadOf, indexStartKey, selectFailure, startItem,
  type NumberedIndex,
} from "./page-common.ts";
import { findTable } from "./table-name.ts";
import { legacyKeyConditions } from "../legacy/conditions.ts";
import { LEGACY_QUERY, mixingFailure } from "../legacy/mixing.ts";

export const query: OperationHandler = { shape: QUERY, run };

function run(input: JsonObject, call: Call): Failure | null {
  const operation = operationOf(input, call);
  if (!operation.ok) return operation.failure;
  const { page } = operation.value;
  call.plan(operation.value, (outcome) => {
    if (outcome.kind === "page") answerPage(call, outcome, page, input);
    else call.fail(failureOf(outcome));
  });
  return null;
}

function operationOf(input: JsonObject, call: Call): Result<QueryOperation> {
  const early = mixingFailure(input, LEGACY_QUERY, QUERY_EXPRESSIONS.all) ?? selectFailure(input);
  if (early !== null) return no(early);
  const start = startItem(input);
  if (!start.ok) return start;
  const context = openExpressions(input, QUERY_EXPRESSIONS);
  if (!context.ok) return context;
  const keyConditions = legacyKeyConditions(input);
  if (!keyConditions.ok) return keyConditions;
  if (input["KeyConditionExpression"] === undefined && keyConditions.value === null) {
    return no(validation(
      "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.",
    ));
  }
  const filter = filterOf(input, context.value, "QueryFilter");
  if (!filter.ok) return filter;
  const projection = projectionOf(input, context.value);
  if (!projection.ok) return projection;
  const table = findTable(input["TableName"] as string, call);
  if (!table.ok) return table;
  const index = indexOf(table.value, input);
  if (!index.ok) return index;
  const keys = keysOf(table.value, index.value);
  const condition = keyConditionOf(keys, input, context.value, keyConditions.value);
  if (!condition.ok) return condition;
  const range = keyRangeOf(keys, condition.value);
  if (!range.ok) return range;
  const late = unusedFailure(context.value)
    ?? (filter.value === null ? null : filterOnKeyFailure(
      table.value.hashKey.name, keys.rangeKey?.name ?? null, filter.value,
      input["QueryFilter"] === undefined ? "Filter Expression" : "QueryFilter",
    ));
  if (late !== null) return no(late);
  const after = start.value === null ? ok(null) : startKeyOf(keys, start.value, range.value);
  if (!after.ok) return after;
  return ok({
    kind: "query", table: table.value,
    point: range.value.point, from: range.value.from, to: range.value.to,
    page: {
      isForward: input["ScanIndexForward"] !== false,
      limit: (input["Limit"] as number | undefined) ?? null,
      after: after.value,
      filter: filter.value,
      projection: projection.value,
      isCountOnly: input["Select"] === "COUNT",
      isStrong: input["ConsistentRead"] === true,
      ...indexReadOf(table.value, index.value, input, filter.value, projection.value),
    },
  });
}

/** What is queried: the table, or an index of it, whose sort key is `rangeKey`. */
type Keys = {
  readonly table: TableSchema;
  readonly index: NumberedIndex | null;
  readonly hashKey: KeyAttribute;
  readonly rangeKey: KeyAttribute | null;
};

function keysOf(table: TableSchema, index: NumberedIndex | null): Keys {
  return { table, index, hashKey: table.hashKey, rangeKey: index === null ? table.rangeKey : index.index.rangeKey };
}

type QueryRange = KeyRange & { readonly prefix: StorageKey; readonly point: QueryOperation["point"] };

export const KEYS_TOO_LONG: string = "One or more parameter values were invalid: "
  + "The keys of table and index together have exceeded the size limit of an index row";

/** From the expression, or from KeyConditions. */
function keyConditionOf(
  { hashKey, rangeKey }: Keys, input: JsonObject, context: ExpressionContext | null, legacy: ConditionNode | null,
): Result<KeyCondition> {
  const schema: KeyConditionSchema = {
    hashName: hashKey.name, hashType: hashKey.type,
    rangeName: rangeKey?.name ?? null, rangeType: rangeKey?.type ?? null,
  };
  const text = input["KeyConditionExpression"] as string | undefined;
  const parsed = text === undefined || context === null
    ? toKeyCondition(must(legacy, "a query has a key condition"), schema) : parseKeyCondition(text, context, schema);
  return parsed.ok ? ok(parsed.value) : no(validation(parsed.message));
}

function keyRangeOf(keys: Keys, { hashValue, sort }: KeyCondition): Result<QueryRange> {
  const { table, index, rangeKey } = keys;
  const problem = valuesFailure(keys, hashValue, sort);
  if (problem !== null) return no(problem);
  if (index !== null) {
    const { prefix, point } = indexPartition(table, index.number, hashValue);
    const { from, to } = rangeOfIndexCondition(prefix, index.index.rangeKey.type, sort);
    if (Math.max(from.length, to.length) > STORAGE_KEY_BYTES_MAX) return no(validation(KEYS_TOO_LONG));
    return ok({ prefix, point, from, to });
  }
  const { prefix, point } = partitionPrefix(table, hashValue);
  const { from, to } = rangeOfSortCondition(prefix, rangeKey?.type ?? "S", sort);
  return ok({ prefix, point, from, to });
}

/** Key values of a condition obey the rules of keys: not empty, not too large. */
function valuesFailure(keys: Keys, hashValue: AttributeValue, sort: SortCondition): Failure | null {
  for (const rangeValue of sortValues(sort)) {
    const problem = keyValuesProblem(keys, hashValue, rangeValue);
    if (problem !== null) return validation(problem.message);
  }
  return null;
}

const NO_SORT: readonly null[] = [null];

function sortValues(sort: SortCondition): readonly (AttributeValue | null)[] {
  if (sort === null) return NO_SORT;
  switch (sort.op) {
    case "between": return [sort.low, sort.high];
    case "begins_with": return [sort.prefix];
    default: return [sort.value];
  }
}

/** ExclusiveStartKey: a key of this table, of the partition asked for, within the sort condition. */
function startKeyOf({ table, index }: Keys, start: Item, range: QueryRange): Result<StorageKey> {
  if (index !== null) return indexStartKeyOf(table, index, start, range);
  if (Object.keys(start).length !== (table.rangeKey === null ? 1 : 2)) {
    return no(validation("Exclusive Start Key must have same size as table's key schema"));
  }
  const found = keyOfKey(table, start);
  if (!found.ok) return no(validation("The provided starting key is invalid"));
  const { key } = addressOf(table, found.key.hashValue, found.key.rangeValue);
  if (!key.startsWith(range.prefix)) {
    return no(validation("The provided starting key is outside query boundaries based on provided conditions"));
  }
  if (key < range.from || key >= range.to) {
    return no(validation("The provided starting key does not match the range key predicate"));
  }
  return ok(key);
}

/** Likewise in an index: the key attributes of table and index. */
function indexStartKeyOf(
  table: TableSchema, { number, index }: NumberedIndex, start: Item, range: QueryRange,
): Result<StorageKey> {
  const address = indexStartKey(table, number, index, start);
  if (address === null) return no(validation("The provided starting key is invalid"));
  const { key } = address;
  if (!key.startsWith(range.prefix)) {
    return no(validation("The provided starting key is outside query boundaries based on provided conditions"));
  }
  if (key < range.from || key >= range.to) {
    return no(validation("The provided starting key does not match the range key predicate"));
  }
  return ok(key);
}
