// DeleteItem.
import type { Call } from "../call.ts";
import type { Failure } from "../errors.ts";
import type { OperationHandler } from "./handler.ts";
import type { JsonObject } from "../validate/json-object.ts";
import { DELETE_ITEM } from "../validate/item-shapes.ts";
import { WRITE_EXPRESSIONS, openExpressions, unusedFailure } from "./expressions.ts";
import { addressOfKey, validItem } from "./keys.ts";
import { findTable } from "./table-name.ts";
import { LEGACY_WRITE, mixingFailure } from "../legacy/mixing.ts";
import { conditionOf, executeWrite, oldOnlyFailure, returnValuesOf, returnsOldOnFailure } from "./write-common.ts";

export const deleteItem: OperationHandler = { shape: DELETE_ITEM, run };

function run(input: JsonObject, call: Call): Failure | null {
  const legacy = mixingFailure(input, LEGACY_WRITE, WRITE_EXPRESSIONS.all);
  if (legacy !== null) return legacy;
  const key = validItem(input["Key"]);
  if (!key.ok) return key.failure;
  const returnValues = returnValuesOf(input);
  const context = openExpressions(input, WRITE_EXPRESSIONS);
  if (!context.ok) return context.failure;
  const wrongReturn = oldOnlyFailure(returnValues);
  if (wrongReturn !== null) return wrongReturn;
  const condition = conditionOf(input, context.value);
  if (!condition.ok) return condition.failure;
  const unused = unusedFailure(context.value);
  if (unused !== null) return unused;
  const table = findTable(input["TableName"] as string, call);
  if (!table.ok) return table.failure;
  const address = addressOfKey(table.value, key.value);
  if (!address.ok) return address.failure;
  executeWrite(input, call, {
    kind: "delete", table: table.value, address: address.value, condition: condition.value,
    returnValues, returnOldOnFailure: returnsOldOnFailure(input),
  });
  return null;
}
