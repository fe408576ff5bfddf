// From a TableName parameter to the table.
import { TABLE_NAME_LENGTH_MAX, TABLE_NAME_LENGTH_MIN } from "../../../model/limits.ts";
import type { TableSchema } from "../../../model/table-schema.ts";
import { must } from "../../../base/assert.ts";
import type { Call } from "../call.ts";
import { type Failure, TABLE_NOT_FOUND, resourceNotFound, validation } from "../errors.ts";
import { type Result, no, ok } from "../result.ts";
import type { JsonObject } from "../validate/json-object.ts";
import { isLengthRight, tableRefOf } from "../validate/names.ts";

/** The table an item operation works on. `text` has passed the structural check. */
export function findTable(text: string, call: Call): Result<TableSchema> {
  const name = text.startsWith("arn:") ? must(tableRefOf(text), "checked table ARN").name : text;
  const table = call.context.lookupTable(name);
  // A table takes requests from the moment CreateTable has answered, while it still reads CREATING.
  // A name with "/" in it is not checked away in every place: tables of indexes are nobody's to name.
  if (table === null || table.status === "DELETING" || table.indexOf !== undefined) {
    return no(resourceNotFound(TABLE_NOT_FOUND));
  }
  return ok(table);
}

/** Of a name that the structural check has not measured. */
export function lengthFailure(member: "TableName" | "IndexName", name: string): Failure | null {
  if (isLengthRight(name)) return null;
  return validation(`${member} must be at least ${TABLE_NAME_LENGTH_MIN} characters long `
    + `and at most ${TABLE_NAME_LENGTH_MAX} characters long`);
}

/** The name of the table that a table operation is about. The input has passed the structural check. */
export function tableNameOf(input: JsonObject): string {
  const text = must(input["TableName"] as string | undefined, "a required parameter");
  return must(tableRefOf(text), "checked table ARN").name;
}
