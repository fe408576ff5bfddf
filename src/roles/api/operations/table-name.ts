// From a TableName parameter to the table.
import type { TableSchema } from "../../../model/table-schema.ts";
import { TABLE_NAME_LENGTH_MAX, TABLE_NAME_LENGTH_MIN } from "../../../model/limits.ts";
import { must } from "../../../base/assert.ts";
import type { Call } from "../call.ts";
import { TABLE_NOT_FOUND, resourceNotFound, validation } from "../errors.ts";
import { type Result, no, ok } from "../result.ts";
import type { JsonObject } from "../validate/json-object.ts";
import { NAME_PATTERN, isName, tableRefOf } from "../validate/names.ts";

/** The table an item operation works on. `text` has passed the structural check. */
export function findTable(text: string, call: Call): Result<TableSchema> {
  const name = text.startsWith("arn:") ? must(tableRefOf(text), "checked table ARN").name : text;
  const table = call.context.lookupTable(name);
  // A table takes requests from the moment CreateTable has answered, while it still reads CREATING.
  if (table === null || table.status === "DELETING") {
    return no(resourceNotFound(TABLE_NOT_FOUND));
  }
  return ok(table);
}

/** The name a table operation is about, checked in the words those operations use. */
export function tableNameOf(input: JsonObject): Result<string> {
  const text = input["TableName"] as string | undefined;
  if (text === undefined) {
    return no(validation("The parameter 'TableName' is required but was not present in the request"));
  }
  const name = tableRefOf(text)?.name;
  if (name === undefined) return no(validation(`Invalid TableArn: ${text.slice(0, TABLE_NAME_LENGTH_MAX)}`));
  if (name.length < TABLE_NAME_LENGTH_MIN || name.length > TABLE_NAME_LENGTH_MAX) {
    return no(validation(`TableName must be at least ${TABLE_NAME_LENGTH_MIN} characters long `
      + `and at most ${TABLE_NAME_LENGTH_MAX} characters long`));
  }
  if (!isName(name)) {
    return no(validation(`1 validation error detected: Value '${name}' at 'tableName' failed to satisfy constraint: `
      + `Member must satisfy regular expression pattern: ${NAME_PATTERN.text}`));
  }
  return ok(name);
}
