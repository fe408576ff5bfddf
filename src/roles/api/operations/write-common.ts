// What PutItem, UpdateItem and DeleteItem share: the condition, what to return, and the answer.
import { utf8Encode } from "../../../base/utf8.ts";
import { writeUnits } from "../../../model/capacity-units.ts";
import type { ConditionNode } from "../../../model/expression/ast.ts";
import type { ExpressionContext } from "../../../model/expression/context.ts";
import { parseCondition } from "../../../model/expression/parse.ts";
import { OPERAND_TYPE } from "../../../model/expression/set-value.ts";
import { localIndexesOf } from "../../../model/local-index.ts";
import type { TableSchema } from "../../../model/table-schema.ts";
import type { Outcome, ReturnValues, WriteOperation, WriteOutcome } from "../../../model/operation.ts";
import type { Call } from "../call.ts";
import { type Failure, failureOf, validation } from "../errors.ts";
import { type CapacityMode, type IndexUnits, capacityJson, capacityModeOf } from "../json-codec/capacity.ts";
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
  const mode = capacityModeOf(input["ReturnConsumedCapacity"]);
  const table = input["TableName"] as string;
  call.plan(operation, (outcome: Outcome) => {
    if (outcome.kind === "written") answer(call, outcome, operation.table, table, mode);
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
    units.push({ name: index.name, units: writes.reduce((sum, bytes) => sum + writeUnits(bytes), 0) });
  });
  return units;
}

/**
 * How large an item collection is nobody counts here, and to guess is worse than to refuse. A table without local
 * indexes has no metrics.
 */
export function metricsFailure(input: JsonObject, table: TableSchema): Failure | null {
  if (input["ReturnItemCollectionMetrics"] !== "SIZE" || table.localIndexes === undefined) return null;
  return validation("Unsupported parameter value: ReturnItemCollectionMetrics SIZE for a table with local indexes");
}

function answer(
  call: Call, outcome: WriteOutcome, schema: TableSchema, table: string, mode: CapacityMode,
): void {
  const { attributes } = outcome;
  if (mode === null) {
    call.succeed(attributes === null ? [EMPTY_OBJECT] : [ATTRIBUTES_HEAD, attributes, CLOSE]);
    return;
  }
  const units = writeUnits(Math.max(outcome.oldSize, outcome.newSize));
  const capacity = `"ConsumedCapacity":${capacityJson(table, units, mode, indexUnitsOf(schema, outcome))}}`;
  if (attributes === null) call.succeedText(`{${capacity}`);
  else call.succeed([ATTRIBUTES_HEAD, attributes, utf8Encode(`,${capacity}`)]);
}
