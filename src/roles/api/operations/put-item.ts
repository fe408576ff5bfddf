// PutItem.
import type { Call } from "../call.ts";
import type { Failure } from "../errors.ts";
import type { OperationHandler } from "./handler.ts";
import type { JsonObject } from "../validate/json-object.ts";
import { PUT_ITEM } from "../validate/item-shapes.ts";
import { WRITE_EXPRESSIONS, openExpressions, unusedFailure } from "./expressions.ts";
import { sizedItem, storedItem, validItem } from "./keys.ts";
import { findTable } from "./table-name.ts";
import { LEGACY_WRITE, mixingFailure } from "../legacy/mixing.ts";
import { conditionOf, executeWrite, oldOnlyFailure, returnValuesOf, returnsOldOnFailure } from "./write-common.ts";

export const putItem: OperationHandler = { shape: PUT_ITEM, run };

function run(input: JsonObject, call: Call): Failure | null {
  const legacy = mixingFailure(input, LEGACY_WRITE, WRITE_EXPRESSIONS.all);
  if (legacy !== null) return legacy;
  const item = validItem(input["Item"]);
  if (!item.ok) return item.failure;
  const returnValues = returnValuesOf(input);
  const context = openExpressions(input, WRITE_EXPRESSIONS);
  if (!context.ok) return context.failure;
  const wrongReturn = oldOnlyFailure(returnValues);
  if (wrongReturn !== null) return wrongReturn;
  const sized = sizedItem(item.value);
  if (!sized.ok) return sized.failure;
  const condition = conditionOf(input, context.value);
  if (!condition.ok) return condition.failure;
  const unused = unusedFailure(context.value);
  if (unused !== null) return unused;
  const table = findTable(input["TableName"] as string, call);
  if (!table.ok) return table.failure;
  const stored = storedItem(table.value, sized.value);
  if (!stored.ok) return stored.failure;
  executeWrite(input, call, {
    kind: "put", table: table.value, address: stored.value.address, condition: condition.value,
    returnValues, returnOldOnFailure: returnsOldOnFailure(input),
    itemBytes: stored.value.itemBytes, itemSize: stored.value.itemSize,
  });
  return null;
}
