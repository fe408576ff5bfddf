// SearchVectors: no table has a vector index, so none that is named is there.
import type { Call } from "../call.ts";
import { type Failure, validation } from "../errors.ts";
import type { JsonObject } from "../validate/json-object.ts";
import { SEARCH_VECTORS } from "../validate/vector-shapes.ts";
import type { OperationHandler } from "./handler.ts";
import { findTable } from "./table-name.ts";

export const searchVectors: OperationHandler = { shape: SEARCH_VECTORS, run };

function run(input: JsonObject, call: Call): Failure {
  const table = findTable(input["TableName"] as string, call);
  if (!table.ok) return table.failure;
  return validation(`The table does not have the specified index: ${input["IndexName"] as string}`);
}
