// UpdateItem.
import type { PathNode, UpdateNode } from "../../../model/expression/ast.ts";
import type { ExpressionContext } from "../../../model/expression/context.ts";
import { parseUpdate } from "../../../model/expression/parse.ts";
import type { TableSchema } from "../../../model/table-schema.ts";
import type { Call } from "../call.ts";
import { type Failure, validation } from "../errors.ts";
import type { OperationHandler } from "./handler.ts";
import { legacyUpdate } from "../legacy/updates.ts";
import { type Result, no, ok } from "../result.ts";
import type { JsonObject } from "../validate/json-object.ts";
import { UPDATE_ITEM } from "../validate/item-shapes.ts";
import { UPDATE_EXPRESSIONS, openExpressions, unusedFailure } from "./expressions.ts";
import { addressOfKey, validItem } from "./keys.ts";
import { findTable } from "./table-name.ts";
import { LEGACY_UPDATE, mixingFailure } from "../legacy/mixing.ts";
import { conditionOf, executeWrite, returnValuesOf, returnsOldOnFailure } from "./write-common.ts";

export const updateItem: OperationHandler = { shape: UPDATE_ITEM, run };

function run(input: JsonObject, call: Call): Failure | null {
  const legacy = mixingFailure(input, LEGACY_UPDATE, UPDATE_EXPRESSIONS.all);
  if (legacy !== null) return legacy;
  const key = validItem(input["Key"]);
  if (!key.ok) return key.failure;
  const context = openExpressions(input, UPDATE_EXPRESSIONS);
  if (!context.ok) return context.failure;
  const update = updateOf(input, context.value);
  if (!update.ok) return update.failure;
  const condition = conditionOf(input, context.value);
  if (!condition.ok) return condition.failure;
  const unused = unusedFailure(context.value);
  if (unused !== null) return unused;
  const table = findTable(input["TableName"] as string, call);
  if (!table.ok) return table.failure;
  const address = addressOfKey(table.value, key.value);
  if (!address.ok) return address.failure;
  const keyUpdate = update.value === null ? null : keyUpdateFailure(table.value, update.value);
  if (keyUpdate !== null) return keyUpdate;
  executeWrite(input, call, {
    kind: "update", table: table.value, address: address.value, condition: condition.value,
    returnValues: returnValuesOf(input), returnOldOnFailure: returnsOldOnFailure(input),
    keyItem: key.value, update: update.value,
  });
  return null;
}

/** Null: neither is given. The item is created with its key alone if it is not there. */
function updateOf(input: JsonObject, context: ExpressionContext | null): Result<UpdateNode | null> {
  const text = input["UpdateExpression"] as string | undefined;
  if (text === undefined || context === null) return legacyUpdate(input);
  const parsed = parseUpdate(text, context);
  return parsed.ok ? ok(parsed.value) : no(validation(parsed.message));
}

export function keyUpdateFailure(table: TableSchema, update: UpdateNode): Failure | null {
  for (const { path } of update.set) if (isOfKey(table, path)) return keyUpdateText(path);
  for (const path of update.remove) if (isOfKey(table, path)) return keyUpdateText(path);
  for (const { path } of update.add) if (isOfKey(table, path)) return keyUpdateText(path);
  for (const { path } of update.delete) if (isOfKey(table, path)) return keyUpdateText(path);
  return null;
}

function isOfKey(table: TableSchema, path: PathNode): boolean {
  return path[0] === table.hashKey.name || (table.rangeKey !== null && path[0] === table.rangeKey.name);
}

function keyUpdateText(path: PathNode): Failure {
  return validation(`One or more parameter values were invalid: Cannot update attribute ${path[0]}. `
    + "This attribute is part of the key");
}
