// GetItem: checked, executed, and answered around the stored bytes.
import { utf8Encode } from "../../../base/utf8.ts";
import { readUnits } from "../../../model/capacity-units.ts";
import type { PathNode } from "../../../model/expression/ast.ts";
import type { ExpressionContext } from "../../../model/expression/context.ts";
import { parseProjection } from "../../../model/expression/parse.ts";
import type { GetOutcome } from "../../../model/operation.ts";
import type { Call } from "../call.ts";
import { type Failure, failureOf, validation } from "../errors.ts";
import { type CapacityMode, capacityJson, capacityModeOf } from "../json-codec/capacity.ts";
import type { OperationHandler } from "./handler.ts";
import { type Result, no, ok } from "../result.ts";
import type { JsonObject } from "../validate/json-object.ts";
import { GET_ITEM } from "../validate/item-shapes.ts";
import { GET_EXPRESSIONS, openExpressions, unusedFailure } from "./expressions.ts";
import { addressOfKey, validItem } from "./keys.ts";
import { findTable } from "./table-name.ts";
import { legacyProjection } from "../legacy/attributes-to-get.ts";
import { LEGACY_GET, mixingFailure } from "../legacy/mixing.ts";

const EMPTY_OBJECT: Uint8Array = utf8Encode("{}");
const ITEM_HEAD: Uint8Array = utf8Encode('{"Item":');
const CLOSE: Uint8Array = utf8Encode("}");

export const getItem: OperationHandler = { shape: GET_ITEM, run };

function run(input: JsonObject, call: Call): Failure | null {
  const legacy = mixingFailure(input, LEGACY_GET, GET_EXPRESSIONS.all);
  if (legacy !== null) return legacy;
  const context = openExpressions(input, GET_EXPRESSIONS);
  if (!context.ok) return context.failure;
  const key = validItem(input["Key"]);
  if (!key.ok) return key.failure;
  const projection = projectionOf(input, context.value);
  if (!projection.ok) return projection.failure;
  const unused = unusedFailure(context.value);
  if (unused !== null) return unused;
  const tableText = input["TableName"] as string;
  const table = findTable(tableText, call);
  if (!table.ok) return table.failure;
  const address = addressOfKey(table.value, key.value);
  if (!address.ok) return address.failure;

  const isStrong = input["ConsistentRead"] === true;
  const mode = capacityModeOf(input["ReturnConsumedCapacity"]);
  call.plan(
    { kind: "get", table: table.value, address: address.value, isStrong, projection: projection.value },
    (outcome) => {
      if (outcome.kind === "item") answer(call, outcome, tableText, isStrong, mode);
      else call.fail(failureOf(outcome));
    },
  );
  return null;
}

/** Null: neither a ProjectionExpression nor AttributesToGet. */
export function projectionOf(
  input: JsonObject, context: ExpressionContext | null,
): Result<readonly PathNode[] | null> {
  const text = input["ProjectionExpression"] as string | undefined;
  if (text === undefined || context === null) return legacyProjection(input);
  const parsed = parseProjection(text, context);
  return parsed.ok ? ok(parsed.value) : no(validation(parsed.message));
}

function answer(call: Call, outcome: GetOutcome, table: string, isStrong: boolean, mode: CapacityMode): void {
  // A projection that meets nothing of an item that is there answers an empty item.
  const json = outcome.json ?? (outcome.exists ? EMPTY_OBJECT : null);
  if (mode === null) {
    call.succeed(json === null ? [EMPTY_OBJECT] : [ITEM_HEAD, json, CLOSE]);
    return;
  }
  const capacity = `"ConsumedCapacity":${capacityJson(table, readUnits(outcome.size, isStrong), mode)}}`;
  if (json === null) call.succeedText(`{${capacity}`);
  else call.succeed([ITEM_HEAD, json, utf8Encode(`,${capacity}`)]);
}
