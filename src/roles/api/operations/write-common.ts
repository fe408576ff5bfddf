// What PutItem, UpdateItem and DeleteItem share: the condition, what to return, and the answer.
import { utf8Encode } from "../../../base/utf8.ts";
import { must } from "../../../base/assert.ts";
import { getAttribute, newAttributeMap, setAttribute } from "../../../model/attribute-map.ts";
import { keyItemOf } from "../../../model/key-encoding.ts";
import { writeUnits } from "../../../model/capacity-units.ts";
import type { ConditionNode } from "../../../model/expression/ast.ts";
import type { ExpressionContext } from "../../../model/expression/context.ts";
import { parseCondition } from "../../../model/expression/parse.ts";
import { OPERAND_TYPE } from "../../../model/expression/set-value.ts";
import { GIB } from "../../../model/limits.ts";
import { localIndexesOf } from "../../../model/local-index.ts";
import type { TableSchema } from "../../../model/table-schema.ts";
import type { Outcome, ReturnValues, WriteOperation, WriteOutcome } from "../../../model/operation.ts";
import type { Call } from "../call.ts";
import { type Failure, failureOf, validation } from "../errors.ts";
import { type IndexUnits, capacityJson, capacityModeOf } from "../json-codec/capacity.ts";
import { legacyExpected } from "../legacy/conditions.ts";
import { type Result, no, ok } from "../result.ts";
import type { JsonObject } from "../validate/json-object.ts";

const EMPTY_OBJECT: Uint8Array = utf8Encode("{}");
const ATTRIBUTES_HEAD: Uint8Array = utf8Encode('{"Attributes":');
const CLOSE: Uint8Array = utf8Encode("}");

export function returnValuesOf(input: JsonObject): ReturnValues {
  return (input["ReturnValues"] as ReturnValues | undefined) ?? "NONE";
}

/** Put and Delete know the old item alone. */
export function oldOnlyFailure(returnValues: ReturnValues): Failure | null {
  return returnValues === "NONE" || returnValues === "ALL_OLD"
    ? null : validation("ReturnValues can only be ALL_OLD or NONE");
}

export function returnsOldOnFailure(input: JsonObject): boolean {
  return input["ReturnValuesOnConditionCheckFailure"] === "ALL_OLD";
}

/** Null: neither a ConditionExpression nor Expected. */
export function conditionOf(input: JsonObject, context: ExpressionContext | null): Result<ConditionNode | null> {
  const text = input["ConditionExpression"] as string | undefined;
  if (text === undefined || context === null) return legacyExpected(input);
  const parsed = parseCondition(text, "ConditionExpression", context);
  return parsed.ok ? ok(parsed.value) : no(validation(parsed.message));
}

/** Hands the write over and answers with its outcome. */
export function executeWrite(input: JsonObject, call: Call, operation: WriteOperation): void {
  call.plan(operation, (outcome: Outcome) => {
    if (outcome.kind === "written") answer(call, outcome, operation, input);
    else call.fail(wrongType(input, outcome) ?? failureOf(outcome));
  });
}

/** AttributeUpdates have a text of their own for an ADD or DELETE that does not go with what the item holds. */
function wrongType(input: JsonObject, outcome: Outcome): Failure | null {
  if (input["AttributeUpdates"] === undefined || outcome.kind !== "invalid") return null;
  return outcome.message === OPERAND_TYPE ? validation("Type mismatch for attribute to update") : null;
}

/** What the write cost in each of the table's indexes that it changed. */
export function indexUnitsOf(table: TableSchema, outcome: WriteOutcome): IndexUnits[] {
  const units: IndexUnits[] = [];
  outcome.indexWrites?.forEach((writes, i) => {
    const index = localIndexesOf(table)[i];
    if (index === undefined || writes.length === 0) return;
    units.push({ name: index.name, units: unitsOf(writes), isGlobal: false });
  });
  for (const { name, sizes } of outcome.globalWrites ?? []) units.push({ name, units: unitsOf(sizes), isGlobal: true });
  return units;
}

function unitsOf(sizes: readonly number[]): number {
  return sizes.reduce((sum, bytes) => sum + writeUnits(bytes), 0);
}

/**
 * Metrics of the item collection that the write was in; null: none are asked for, or the table has no local indexes,
 * and so no collections.
 */
export function metricsJson(input: JsonObject, operation: WriteOperation, outcome: WriteOutcome): string | null {
  const { collectionBytes: bytes } = outcome;
  if (input["ReturnItemCollectionMetrics"] !== "SIZE" || bytes === undefined) return null;
  const { table, address } = operation;
  const { name } = table.hashKey;
  const key = newAttributeMap();
  setAttribute(key, name, must(getAttribute(keyItemOf(table, address.key), name), "a key has its partition key"));
  const from = Math.floor(bytes / GIB);
  return `{"ItemCollectionKey":${JSON.stringify(key)},"SizeEstimateRangeGB":[${from}.0,${from + 1}.0]}`;
}

function answer(call: Call, outcome: WriteOutcome, operation: WriteOperation, input: JsonObject): void {
  const { attributes } = outcome;
  const mode = capacityModeOf(input["ReturnConsumedCapacity"]);
  const metrics = metricsJson(input, operation, outcome);
  if (mode === null && metrics === null) {
    call.succeed(attributes === null ? [EMPTY_OBJECT] : [ATTRIBUTES_HEAD, attributes, CLOSE]);
    return;
  }
  const members: string[] = [];
  if (mode !== null) {
    const units = writeUnits(Math.max(outcome.oldSize, outcome.newSize));
    const indexes = indexUnitsOf(operation.table, outcome);
    members.push(`"ConsumedCapacity":${capacityJson(input["TableName"] as string, units, mode, indexes)}`);
  }
  if (metrics !== null) members.push(`"ItemCollectionMetrics":${metrics}`);
  const tail = `${members.join(",")}}`;
  if (attributes === null) call.succeedText(`{${tail}`);
  else call.succeed([ATTRIBUTES_HEAD, attributes, utf8Encode(`,${tail}`)]);
}
