// What can be wrong with an attribute value in a request, and how DynamoDB words it. Its spelling and spacing
// are kept, slips included: programs match on these texts.
import type { Base64Problem } from "../base/base64.ts";
import type { NumberProblem } from "./number38.ts";

/**
 * "serialization": a JSON type where another belongs (SerializationException, found before anything else is
 * looked at). "validation": the right shape with a value that is not allowed (ValidationException).
 */
export type ValueProblem = { readonly kind: "serialization" | "validation"; readonly message: string };

function validation(message: string): ValueProblem {
  return { kind: "validation", message };
}
function serialization(message: string): ValueProblem {
  return { kind: "serialization", message };
}
function invalidParameter(message: string): ValueProblem {
  return validation(`One or more parameter values were invalid: ${message}`);
}

export const VALUE_EMPTY: ValueProblem =
  validation("Supplied AttributeValue is empty, must contain exactly one of the supported datatypes");
export const VALUE_AMBIGUOUS: ValueProblem = validation(
  "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes",
);
export const NULL_NOT_TRUE: ValueProblem =
  invalidParameter("Null attribute value types must have the value of true");
export const NESTING_TOO_DEEP: ValueProblem = validation("Nesting Levels have exceeded supported limits");
export const STRING_SET_EMPTY: ValueProblem = invalidParameter("An string set  may not be empty");
export const NUMBER_SET_EMPTY: ValueProblem = invalidParameter("An number set  may not be empty");
export const BINARY_SET_EMPTY: ValueProblem = invalidParameter("Binary sets should not be empty");
export const NUMBER_SET_DUPLICATES: ValueProblem = validation("Input collection contains duplicates");
export const SET_MEMBER_NULL: ValueProblem = invalidParameter("A set may not have a null member");
export const NAME_EMPTY: ValueProblem = invalidParameter("An attribute name may not be empty");
export const NAME_TOO_LONG: ValueProblem =
  invalidParameter("Attribute name is too large, must be less than 65536 bytes");

export function stringSetDuplicates(set: readonly string[]): ValueProblem {
  return invalidParameter(`Input collection [${set.join(", ")}] contains duplicates.`);
}
export function binarySetDuplicates(set: readonly string[]): ValueProblem {
  return invalidParameter(`Input collection [${set.join(", ")}]of type BS contains duplicates.`);
}

/** `text` is the number as sent. */
export function numberProblem(problem: NumberProblem, text: string): ValueProblem {
  return validation(numberMessage(problem, text));
}

/** The message alone: for results of arithmetic, which meet the same limits. */
export function numberMessage(problem: NumberProblem, text: string): string {
  switch (problem) {
    case "syntax":
      return `The parameter cannot be converted to a numeric value${text === "" ? "" : `: ${text}`}`;
    case "precision":
      return "Attempting to store more than 38 significant digits in a Number";
    case "overflow":
      return "Number overflow. Attempting to store a number with magnitude larger than supported range";
    case "underflow":
      return "Number underflow. Attempting to store a number with magnitude smaller than supported range";
  }
}

export function base64ProblemOf(problem: Base64Problem): ValueProblem {
  switch (problem.kind) {
    case "length":
      return serialization(`Base64 encoded length is expected a multiple of 4 bytes but found: ${problem.length}`);
    case "character":
      return serialization(`Invalid Base64 character: '${problem.character}'`);
    case "last-character":
      return serialization("Invalid last non-pad Base64 character dectected");
  }
}

/** `json` is not null and not of the JSON type that `expected` is written as. */
export type ExpectedType = "String" | "Boolean" | "Blob" | "List" | "Map" | "AttributeValue";

const COLLECTION_NAMES: { readonly [T in Exclude<ExpectedType, "List">]: string } = {
  String: "class java.lang.String",
  Boolean: "class java.lang.Boolean",
  Blob: "class java.nio.ByteBuffer",
  Map: "java.util.Map<java.lang.String, com.amazonaws.dynamodb.v20120810.AttributeValue>",
  AttributeValue: "class com.amazonaws.dynamodb.v20120810.AttributeValue",
};

export function typeMismatch(json: unknown, expected: ExpectedType): ValueProblem {
  if (typeof json === "object") {
    return serialization(Array.isArray(json) && expected !== "List"
      ? `Unrecognized collection type ${COLLECTION_NAMES[expected]}`
      : "Start of structure or map found where not expected");
  }
  switch (expected) {
    case "AttributeValue": return serialization("Unexpected value type in payload");
    case "List": return serialization("Unexpected field type");
    case "Map": return serialization("Unexpected field type");
    case "Blob": return serialization("only base-64-encoded strings are convertible to bytes");
    case "String": return serialization(`${tokenName(json)} cannot be converted to String`);
    case "Boolean":
      return serialization(typeof json === "string"
        ? "Unexpected token received from parser"
        : `${tokenName(json)} cannot be converted to Boolean`);
  }
}

function tokenName(json: unknown): string {
  if (typeof json === "boolean") return json ? "TRUE_VALUE" : "FALSE_VALUE";
  if (typeof json === "number") return Number.isInteger(json) ? "NUMBER_VALUE" : "DECIMAL_VALUE";
  return "STRING_VALUE";
}
