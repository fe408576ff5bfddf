// Parameters from before expressions and expressions never stand in one request.
import { type Failure, validation } from "../errors.ts";
import type { JsonObject } from "../validate/json-object.ts";

export const LEGACY_GET: readonly string[] = ["AttributesToGet"];
export const LEGACY_WRITE: readonly string[] = ["Expected", "ConditionalOperator"];
export const LEGACY_UPDATE: readonly string[] = ["AttributeUpdates", ...LEGACY_WRITE];
export const LEGACY_QUERY: readonly string[] = [
  ...LEGACY_GET, "QueryFilter", "ConditionalOperator", "KeyConditions",
];
export const LEGACY_SCAN: readonly string[] = [...LEGACY_GET, "ScanFilter", "ConditionalOperator"];

/** `expressions` are the expression parameters of the same operation. */
export function mixingFailure(
  input: JsonObject, legacy: readonly string[], expressions: readonly string[],
): Failure | null {
  for (let i = 0; i < legacy.length; i++) {
    if (input[legacy[i] as string] === undefined) continue;
    const mixed = expressions.filter((name) => input[name] !== undefined);
    if (mixed.length === 0) return null;
    const given = legacy.filter((name) => input[name] !== undefined);
    return validation("Can not use both expression and non-expression parameters in the same request: "
      + `Non-expression parameters: {${given.join(", ")}} Expression parameters: {${mixed.join(", ")}}`);
  }
  return null;
}
