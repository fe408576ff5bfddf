// Query: one partition key, a range of sort keys.
import { must } from "../../../base/assert.ts";
import type { StorageKey } from "../../../base/ids.ts";
import type { Item } from "../../../model/attribute-value.ts";
import type { ConditionNode } from "../../../model/expression/ast.ts";
import type { ExpressionContext } from "../../../model/expression/context.ts";
import { toIndexCondition, type IndexCondition } from "../../../model/expression/index-condition.ts";
import { keyConditionOf, keyTestsIn, type KeyTests } from "../../../model/expression/key-condition.ts";
import { parseKeyConditionNode } from "../../../model/expression/parse.ts";
import type { QueryOperation } from "../../../model/operation.ts";
import type { Call } from "../call.ts";
import { type Failure, failureOf, validation } from "../errors.ts";
import type { OperationHandler } from "./handler.ts";
import { type Result, no, ok } from "../result.ts";
import type { JsonObject } from "../validate/json-object.ts";
import { QUERY } from "../validate/item-shapes.ts";
import { QUERY_EXPRESSIONS, openExpressions, unusedFailure } from "./expressions.ts";
import { projectionOf } from "./get-item.ts";
import { answerPage, filterOf, filterOnKeyFailure, selectFailure, startItem } from "./page-common.ts";
import { indexReadOf, rangeOf, startAddress, targetOf, type ReadTarget, type TargetRange } from "./read-target.ts";
import { findTable } from "./table-name.ts";
import { legacyKeyConditions } from "../legacy/conditions.ts";
import { LEGACY_QUERY, mixingFailure } from "../legacy/mixing.ts";

export const query: OperationHandler = { shape: QUERY, run };

function run(input: JsonObject, call: Call): Failure | null {
  const operation = operationOf(input, call);
  if (!operation.ok) return operation.failure;
  call.plan(operation.value, (outcome) => {
    if (outcome.kind === "page") answerPage(call, outcome, operation.value, input);
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
  const tests = keyTestsOf(input, context.value, keyConditions.value);
  if (!tests.ok) return tests;
  const unused = unusedFailure(context.value);
  if (unused !== null) return no(unused);
  const table = findTable(input["TableName"] as string, call);
  if (!table.ok) return table;
  const target = targetOf(table.value, input, call.context.lookupTable);
  if (!target.ok) return target;
  const condition = conditionOn(target.value, tests.value);
  if (!condition.ok) return condition;
  const range = rangeOf(target.value, condition.value);
  if (!range.ok) return range;
  const onKey = filter.value === null ? null : filterOnKeyFailure(
    target.value, filter.value, input["QueryFilter"] === undefined ? "Filter Expression" : "QueryFilter",
  );
  if (onKey !== null) return no(onKey);
  const index = indexReadOf(target.value, input, filter.value, projection.value);
  if (!index.ok) return index;
  const after = start.value === null ? ok(null) : startKeyOf(target.value, start.value, range.value);
  if (!after.ok) return after;
  const { point, from, to } = range.value;
  return ok({
    kind: "query", table: target.value.rows, point, from, to,
    page: {
      isForward: input["ScanIndexForward"] !== false,
      limit: (input["Limit"] as number | undefined) ?? null,
      after: after.value,
      filter: filter.value,
      projection: projection.value,
      isCountOnly: input["Select"] === "COUNT",
      isStrong: input["ConsistentRead"] === true,
      ...index.value,
    },
  });
}

/** From the expression, or from KeyConditions: what can be told without the table. */
function keyTestsOf(
  input: JsonObject, context: ExpressionContext | null, legacy: ConditionNode | null,
): Result<KeyTests> {
  const text = input["KeyConditionExpression"] as string | undefined;
  const node = text === undefined || context === null
    ? ok(must(legacy, "a query has a key condition")) : parseKeyConditionNode(text, context);
  if (!node.ok) return no("message" in node ? validation(node.message) : node.failure);
  const tests = keyTestsIn(node.value);
  return typeof tests === "string" ? no(validation(tests)) : ok(tests);
}

function conditionOn({ hashKeys, rangeKeys }: ReadTarget, tests: KeyTests): Result<IndexCondition> {
  if (hashKeys.length > 1 || rangeKeys.length > 1) {
    const several = toIndexCondition(tests, hashKeys, rangeKeys);
    return several.ok ? ok(several.value) : no(validation(several.message));
  }
  const hashKey = must(hashKeys[0]);
  const rangeKey = rangeKeys[0] ?? null;
  const single = keyConditionOf(tests, {
    hashName: hashKey.name, hashType: hashKey.type,
    rangeName: rangeKey?.name ?? null, rangeType: rangeKey?.type ?? null,
  });
  if (!single.ok) return no(validation(single.message));
  return ok({ hashValues: [single.value.hashValue], equal: [], sort: single.value.sort });
}

/** ExclusiveStartKey: a key of what is read, of the partition asked for, within the sort condition. */
function startKeyOf(target: ReadTarget, start: Item, range: TargetRange): Result<StorageKey> {
  const { table, local, global } = target;
  if (local === null && global === null && Object.keys(start).length !== (table.rangeKey === null ? 1 : 2)) {
    return no(validation("Exclusive Start Key must have same size as table's key schema"));
  }
  const address = startAddress(target, start);
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
