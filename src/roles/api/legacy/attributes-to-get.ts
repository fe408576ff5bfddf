// AttributesToGet: names of whole attributes.
import type { PathNode } from "../../../model/expression/ast.ts";
import { isNameTooLong } from "../../../model/parse-value.ts";
import { NAME_TOO_LONG } from "../../../model/value-problem.ts";
import { validation } from "../errors.ts";
import { type Result, no, ok } from "../result.ts";
import type { JsonObject } from "../validate/json-object.ts";

/** Null: the parameter is absent. */
export function legacyProjection(input: JsonObject): Result<readonly PathNode[] | null> {
  const names = input["AttributesToGet"] as readonly string[] | undefined;
  if (names === undefined) return ok(null);
  const seen = new Set<string>();
  for (const name of names) {
    if (isNameTooLong(name)) return no(validation(NAME_TOO_LONG.message));
    if (seen.has(name)) {
      return no(validation(
        `One or more parameter values were invalid: Duplicate value in attribute name: ${name}`,
      ));
    }
    seen.add(name);
  }
  return ok(names.map((name) => [name] as const));
}
