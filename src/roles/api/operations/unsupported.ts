// Parameters of the API before expressions, and others not offered: refused clearly, never ignored.
import { type Failure, validation } from "../errors.ts";
import type { JsonObject } from "../validate/json-object.ts";

/** A legacy parameter and the expression that takes its place. */
export type LegacyParameter = { readonly name: string; readonly instead: string };

export const LEGACY_GET: readonly LegacyParameter[] = [
  { name: "AttributesToGet", instead: "ProjectionExpression" },
];
export const LEGACY_WRITE: readonly LegacyParameter[] = [
  { name: "Expected", instead: "ConditionExpression" },
  { name: "ConditionalOperator", instead: "ConditionExpression" },
];
export const LEGACY_UPDATE: readonly LegacyParameter[] = [
  { name: "AttributeUpdates", instead: "UpdateExpression" }, ...LEGACY_WRITE,
];
export const LEGACY_QUERY: readonly LegacyParameter[] = [
  ...LEGACY_GET,
  { name: "QueryFilter", instead: "FilterExpression" },
  { name: "ConditionalOperator", instead: "FilterExpression" },
  { name: "KeyConditions", instead: "KeyConditionExpression" },
];
export const LEGACY_SCAN: readonly LegacyParameter[] = [
  ...LEGACY_GET,
  { name: "ScanFilter", instead: "FilterExpression" },
  { name: "ConditionalOperator", instead: "FilterExpression" },
];

/** `expressions` are the expression parameters of the same operation: the two kinds never mix. */
export function legacyFailure(
  input: JsonObject, legacy: readonly LegacyParameter[], expressions: readonly string[],
): Failure | null {
  for (let i = 0; i < legacy.length; i++) {
    if (input[(legacy[i] as LegacyParameter).name] !== undefined) return legacyText(input, legacy, expressions);
  }
  return null;
}

function legacyText(
  input: JsonObject, legacy: readonly LegacyParameter[], expressions: readonly string[],
): Failure {
  const given = legacy.filter((parameter) => input[parameter.name] !== undefined);
  const mixed = expressions.filter((name) => input[name] !== undefined);
  const names = given.map((parameter) => parameter.name).join(", ");
  if (mixed.length > 0) {
    return validation("Can not use both expression and non-expression parameters in the same request: "
      + `Non-expression parameters: {${names}} Expression parameters: {${mixed.join(", ")}}`);
  }
  const first = given[0] as LegacyParameter;
  return validation(`Unsupported parameter: ${first.name}. Use ${first.instead} instead.`);
}
