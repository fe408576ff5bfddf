// The names and values shared by the expressions of a request, checked in DynamoDB's order.
import type { AttributeValue } from "../../../model/attribute-value.ts";
import { ExpressionContext } from "../../../model/expression/context.ts";
import { isNameTooLong } from "../../../model/parse-value.ts";
import { NAME_TOO_LONG } from "../../../model/value-problem.ts";
import { type Failure, validation } from "../errors.ts";
import { type Result, no, ok } from "../result.ts";
import type { JsonObject } from "../validate/json-object.ts";
import { type CheckedValues, InvalidValue } from "../validate/check-values.ts";
import { isPlaceholder } from "../validate/names.ts";

/** The expression parameters of an operation. `withValues` are those that may use values, as told to the client. */
export type ExpressionParameters = {
  readonly all: readonly string[];
  readonly withValues: readonly string[];
};

export const GET_EXPRESSIONS: ExpressionParameters = { all: ["ProjectionExpression"], withValues: [] };
export const WRITE_EXPRESSIONS: ExpressionParameters = {
  all: ["ConditionExpression"], withValues: ["ConditionExpression"],
};
export const UPDATE_EXPRESSIONS: ExpressionParameters = {
  all: ["UpdateExpression", "ConditionExpression"], withValues: ["UpdateExpression", "ConditionExpression"],
};
export const QUERY_EXPRESSIONS: ExpressionParameters = {
  all: ["ProjectionExpression", "FilterExpression", "KeyConditionExpression"],
  withValues: ["FilterExpression", "KeyConditionExpression"],
};
export const SCAN_EXPRESSIONS: ExpressionParameters = {
  all: ["ProjectionExpression", "FilterExpression"], withValues: ["FilterExpression"],
};

/** Null when the request has no expression. */
export function openExpressions(
  input: JsonObject, parameters: ExpressionParameters,
): Result<ExpressionContext | null> {
  const names = input["ExpressionAttributeNames"] as Readonly<Record<string, string>> | undefined;
  const values = input["ExpressionAttributeValues"] as CheckedValues | undefined;
  const hasExpression = isAnyPresent(input, parameters.all);
  if (!hasExpression && names === undefined && values === undefined) return NOTHING;
  const failure = placementFailure(input, parameters, hasExpression)
    ?? (names === undefined ? null : namesFailure(names))
    ?? (values === undefined ? null : valuesFailure(values));
  if (failure !== null) return no(failure);
  return ok(new ExpressionContext(names ?? null, (values as Record<string, AttributeValue> | undefined) ?? null));
}

const NOTHING: Result<null> = ok(null);

/** Names and values are there only beside an expression that can use them. */
function placementFailure(
  input: JsonObject, parameters: ExpressionParameters, hasExpression: boolean,
): Failure | null {
  if (!hasExpression && input["ExpressionAttributeNames"] !== undefined) {
    return validation("ExpressionAttributeNames can only be specified when using expressions");
  }
  if (input["ExpressionAttributeValues"] === undefined || isAnyPresent(input, parameters.withValues)) return null;
  const { withValues } = parameters;
  return validation("ExpressionAttributeValues can only be specified when using expressions: "
    + `${withValues.join(" and ")} ${withValues.length === 1 ? "is" : "are"} null`);
}

function namesFailure(names: Readonly<Record<string, string>>): Failure | null {
  const keys = Object.keys(names);
  if (keys.length === 0) return validation("ExpressionAttributeNames must not be empty");
  for (const key of keys) {
    if (!isPlaceholder(key, "#")) {
      return validation(`ExpressionAttributeNames contains invalid key: Syntax error; key: "${key}"`);
    }
    if (names[key] === "") {
      return validation("ExpressionAttributeNames contains invalid value: "
        + `Attribute name must not be empty; key: ${key}`);
    }
    if (isNameTooLong(names[key] as string)) {
      return validation("ExpressionAttributeNames contains invalid value: "
        + `${NAME_TOO_LONG.message} for key ${key}`);
    }
  }
  return null;
}

function valuesFailure(values: CheckedValues): Failure | null {
  const keys = Object.keys(values);
  if (keys.length === 0) return validation("ExpressionAttributeValues must not be empty");
  for (const key of keys) {
    if (!isPlaceholder(key, ":")) {
      return validation(`ExpressionAttributeValues contains invalid key: Syntax error; key: "${key}"`);
    }
  }
  for (const key of keys) {
    const value = values[key];
    if (value instanceof InvalidValue) {
      return validation(`ExpressionAttributeValues contains invalid value: ${value.message} for key ${key}`);
    }
  }
  return null;
}

function isAnyPresent(input: JsonObject, names: readonly string[]): boolean {
  for (let i = 0; i < names.length; i++) if (input[names[i] as string] !== undefined) return true;
  return false;
}

/** After the last expression has been parsed: nothing may be left over. */
export function unusedFailure(context: ExpressionContext | null): Failure | null {
  const problem = context === null ? null : context.unusedProblem();
  return problem === null ? null : validation(problem);
}
