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
  type KeyRange, addressOf, partitionPrefix, rangeOfSortCondition,
} from "../../../model/key-encoding.ts";
import { keyOfKey, keyValuesProblem } from "../../../model/key-schema.ts";
import type { QueryOperation } from "../../../model/operation.ts";
import type { TableSchema } from "../../../model/table-schema.ts";
import type { Call } from "../call.ts";
import { type Failure, failureOf, validation } from "../errors.ts";
import { capacityModeOf } from "../json-codec/capacity.ts";
import type { OperationHandler } from "./handler.ts";
import { type Result, no, ok } from "../result.ts";
import type { JsonObject } from "../validate/json-object.ts";
import { QUERY } from "../validate/item-shapes.ts";
import { QUERY_EXPRESSIONS, openExpressions, unusedFailure } from "./expressions.ts";
import { projectionOf } from "./get-item.ts";
import { validItem } from "./keys.ts";
import { answerPage, filterOf, filterOnKeyFailure, indexFailure, selectFailure } from "./page-common.ts";
import { findTable } from "./table-name.ts";
import { legacyKeyConditions } from "../legacy/conditions.ts";
import { LEGACY_QUERY, mixingFailure } from "../legacy/mixing.ts";

export const query: OperationHandler = { shape: QUERY, run };

function run(input: JsonObject, call: Call): Failure | null {
  const operation = operationOf(input, call);
  if (!operation.ok) return operation.failure;
  const { page } = operation.value;
  const table = input["TableName"] as string;
  const mode = capacityModeOf(input["ReturnConsumedCapacity"]);
  call.plan(operation.value, (outcome) => {
    if (outcome.kind === "page") answerPage(call, outcome, page.isCountOnly, page.isStrong, table, mode);
    else call.fail(failureOf(outcome));
  });
  return null;
}

function operationOf(input: JsonObject, call: Call): Result<QueryOperation> {
  const early = mixingFailure(input, LEGACY_QUERY, QUERY_EXPRESSIONS.all) ?? selectFailure(input);
  if (early !== null) return no(early);
  const start = input["ExclusiveStartKey"] === undefined ? ok(null) : validItem(input["ExclusiveStartKey"]);
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
  const noIndex = indexFailure(input);
  if (noIndex !== null) return no(noIndex);
  const condition = keyConditionOf(table.value, input, context.value, keyConditions.value);
  if (!condition.ok) return condition;
  const range = keyRangeOf(table.value, condition.value);
  if (!range.ok) return range;
  const late = unusedFailure(context.value)
    ?? (filter.value === null ? null : filterOnKeyFailure(
      table.value, filter.value, input["QueryFilter"] === undefined ? "Filter Expression" : "QueryFilter",
    ));
  if (late !== null) return no(late);
  const after = start.value === null ? ok(null) : startKeyOf(table.value, start.value, range.value);
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
    },
  });
}

type QueryRange = KeyRange & { readonly prefix: StorageKey; readonly point: QueryOperation["point"] };

/** From the expression, or from KeyConditions. */
function keyConditionOf(
  table: TableSchema, input: JsonObject, context: ExpressionContext | null, legacy: ConditionNode | null,
): Result<KeyCondition> {
  const { hashKey, rangeKey } = table;
  const schema: KeyConditionSchema = {
    hashName: hashKey.name, hashType: hashKey.type,
    rangeName: rangeKey?.name ?? null, rangeType: rangeKey?.type ?? null,
  };
  const text = input["KeyConditionExpression"] as string | undefined;
  const parsed = text === undefined || context === null
    ? toKeyCondition(must(legacy, "a query has a key condition"), schema) : parseKeyCondition(text, context, schema);
  return parsed.ok ? ok(parsed.value) : no(validation(parsed.message));
}

function keyRangeOf(table: TableSchema, { hashValue, sort }: KeyCondition): Result<QueryRange> {
  const { rangeKey } = table;
  const problem = valuesFailure(table, hashValue, sort);
  if (problem !== null) return no(problem);
  const { prefix, point } = partitionPrefix(table, hashValue);
  const { from, to } = rangeOfSortCondition(prefix, rangeKey?.type ?? "S", sort);
  return ok({ prefix, point, from, to });
}

/** Key values of a condition obey the rules of keys: not empty, not too large. */
function valuesFailure(table: TableSchema, hashValue: AttributeValue, sort: SortCondition): Failure | null {
  for (const rangeValue of sortValues(sort)) {
    const problem = keyValuesProblem(table, hashValue, rangeValue);
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
function startKeyOf(table: TableSchema, start: Item, range: QueryRange): Result<StorageKey> {
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
