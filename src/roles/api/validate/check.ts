// The structural check: one walk over the input along its shape. JSON of the wrong type ends the walk with
// a SerializationException; broken constraints are collected and told together, ten at most.
import { typeMismatch } from "../../../model/value-problem.ts";
import { type Failure, serialization, validation } from "../errors.ts";
import { checkItem, checkSingleValue, checkValues } from "./check-values.ts";
import { javaText, javaType } from "./java-text.ts";
import type { JsonObject } from "./json-object.ts";
import type { IntegerShape, ListShape, MapShape, Shape, StringShape, StructureShape } from "./shape.ts";

/** DynamoDB tells ten problems and stops. */
const PROBLEMS_MAX = 10;

/** A broken constraint. Put into words only after the walk: until then the inside of `value` is not known to fit. */
type Problem = {
  readonly path: string;
  readonly shape: Shape;
  readonly value: unknown;
  readonly constraint: string;
};

/** Where the walk is and what it has found. `path` holds the names down to the enclosing container. */
type Walk = { readonly path: string[]; readonly problems: Problem[] };

/** Attribute values in `input` are replaced by their canonical form, or by InvalidValue. */
export function checkStructure(shape: StructureShape, input: JsonObject): Failure | null {
  const walk: Walk = { path: [], problems: [] };
  const failure = checkMembers(walk, shape, input);
  if (failure !== null) return failure;
  return walk.problems.length === 0 ? null : validationErrors(walk.problems);
}

function validationErrors(problems: readonly Problem[]): Failure {
  const count = problems.length;
  const texts = problems.map(problemText).join("; ");
  return validation(`${count} validation error${count === 1 ? "" : "s"} detected: ${texts}`);
}

function problemText({ path, shape, value, constraint }: Problem): string {
  const shown = value === null ? "null" : `'${javaText(shape, value)}'`;
  return `Value ${shown} at '${path}' failed to satisfy constraint: ${constraint}`;
}

function checkMembers(walk: Walk, shape: StructureShape, input: JsonObject): Failure | null {
  const { members } = shape;
  for (let i = 0; i < members.length; i++) {
    const member = members[i] as (typeof members)[number];
    const value = input[member.name];
    if (value === undefined || value === null) {
      if (member.isRequired) note(walk, member.shape, null, member.javaName, "Member must not be null");
      else if (value === null) delete input[member.name];
      continue;
    }
    const failure = checkValue(walk, member.shape, input, member.name, member.javaName, value);
    if (failure !== null) return failure;
  }
  return null;
}

/** `holder[key]` is where `value` stands, `name` its last step in the path of an error text. */
function checkValue(
  walk: Walk, shape: Shape, holder: JsonObject, key: string, name: string, value: unknown,
): Failure | null {
  switch (shape.kind) {
    case "string":
      if (typeof value !== "string") return serialization(typeMismatch(value, "String").message);
      checkString(walk, shape, value, name);
      return null;
    case "boolean":
      return typeof value === "boolean" ? null : serialization(typeMismatch(value, "Boolean").message);
    case "integer":
      return checkInteger(walk, shape, holder, key, name, value);
    case "double":
      return typeof value === "number" ? null : serialization(wrongNumber(value, "Double"));
    case "timestamp":
      return typeof value === "number" ? null : serialization(wrongTime(value));
    case "list":
      return checkList(walk, shape, name, value);
    case "map":
      return checkMap(walk, shape, name, value);
    case "structure": {
      if (typeof value !== "object") return serialization("Unexpected value type in payload");
      if (Array.isArray(value)) {
        return serialization(`Unrecognized collection type class ${javaType(shape)}`);
      }
      walk.path.push(name);
      const failure = checkMembers(walk, shape, value as JsonObject);
      walk.path.pop();
      return failure;
    }
    case "item":
      return checkItem(holder, key, value);
    case "values":
      return checkValues(value);
    case "value":
      return checkSingleValue(holder, key, value);
    default:
      return shape satisfies never;
  }
}

function checkString(walk: Walk, shape: StringShape, value: string, name: string): void {
  if (shape.oneOf !== null) {
    if (shape.oneOf.includes(value)) return;
    note(walk, shape, value, name, `Member must satisfy enum value set: [${shape.oneOf.join(", ")}]`);
    return;
  }
  if (shape.pattern !== null && !shape.pattern.matches(value)) {
    note(walk, shape, value, name, `Member must satisfy regular expression pattern: ${shape.pattern.text}`);
  }
  checkLength(walk, shape, value.length, value, name);
  if (shape.rule === null) return;
  for (const constraint of shape.rule.broken(value)) note(walk, shape, value, name, constraint);
}

function checkLength(
  walk: Walk, shape: StringShape | ListShape | MapShape, length: number, value: unknown, name: string,
): void {
  if (length < shape.min) {
    note(walk, shape, value, name, `Member must have length greater than or equal to ${shape.min}`);
  }
  if (length > shape.max) {
    note(walk, shape, value, name, `Member must have length less than or equal to ${shape.max}`);
  }
}

/** A fraction is cut off, as DynamoDB does. */
function checkInteger(
  walk: Walk, shape: IntegerShape, holder: JsonObject, key: string, name: string, value: unknown,
): Failure | null {
  if (typeof value !== "number") return serialization(wrongNumber(value, shape.javaType));
  const whole = Math.trunc(value) + 0; // no -0
  const reach = shape.javaType === "Integer" ? 2_147_483_648 : 2 ** 63;
  if (!(whole >= -reach && whole < reach)) {
    return serialization(`Numeric value (${value}) out of range of ${shape.javaType === "Integer" ? "int" : "long"}`);
  }
  holder[key] = whole;
  if (whole < shape.min) note(walk, shape, whole, name, `Member must have value greater than or equal to ${shape.min}`);
  if (whole > shape.max) note(walk, shape, whole, name, `Member must have value less than or equal to ${shape.max}`);
  return null;
}

function checkList(walk: Walk, shape: ListShape, name: string, value: unknown): Failure | null {
  if (!Array.isArray(value)) return serialization(typeMismatch(value, "List").message);
  checkLength(walk, shape, value.length, value, name);
  walk.path.push(name);
  for (let i = 0; i < value.length; i++) {
    const step = String(i + 1);
    const element: unknown = value[i];
    if (element === null) {
      note(walk, shape.of, null, `${step}.member`, "Member must not be null");
      continue;
    }
    const failure = checkValue(walk, shape.of, value as unknown as JsonObject, String(i), `${step}.member`, element);
    if (failure !== null) return failure;
  }
  walk.path.pop();
  return null;
}

function checkMap(walk: Walk, shape: MapShape, name: string, value: unknown): Failure | null {
  if (typeof value !== "object" || value === null) return serialization("Unexpected field type");
  if (Array.isArray(value)) return serialization(`Unrecognized collection type ${javaType(shape)}`);
  const object = value as JsonObject;
  const keys = Object.keys(object);
  checkLength(walk, shape, keys.length, value, name);
  walk.path.push(name);
  for (const key of keys) {
    checkMapKey(walk, shape, value, key);
    const element = object[key];
    if (element === null) {
      note(walk, shape.of, null, `${key}.member`, "Member must not be null");
      continue;
    }
    const failure = shape.of.kind === "list" && Array.isArray(element)
      ? checkListInMap(walk, shape, shape.of, object, key, element)
      : checkValue(walk, shape.of, object, key, `${key}.member`, element);
    if (failure !== null) return failure;
  }
  walk.path.pop();
  return null;
}

function checkMapKey(walk: Walk, shape: MapShape, value: unknown, key: string): void {
  const { key: keyShape } = shape;
  const isLengthRight = key.length >= keyShape.min && key.length <= keyShape.max;
  if (isLengthRight && (keyShape.rule === null || keyShape.rule.broken(key).length === 0)) return;
  const text = keyShape.rule?.keyText ?? lengthsText(keyShape);
  noteOnce(walk, shape, value, `Map keys must satisfy constraint: [${text}]`);
}

/** The length of a list that is a map's value is told of the map, both bounds at once. */
function checkListInMap(
  walk: Walk, shape: MapShape, of: ListShape, holder: JsonObject, key: string, element: unknown[],
): Failure | null {
  if (element.length < of.min || element.length > of.max) {
    noteOnce(walk, shape, holder, `Map value must satisfy constraint: [${lengthsText(of)}]`);
  }
  return checkList(walk, { ...of, min: 0, max: Number.POSITIVE_INFINITY }, `${key}.member`, element);
}

function lengthsText(shape: { readonly min: number; readonly max: number }): string {
  return `Member must have length less than or equal to ${shape.max}, `
    + `Member must have length greater than or equal to ${shape.min}`;
}

/** Of the container being walked: told once however many of its entries break the constraint. */
function noteOnce(walk: Walk, shape: Shape, value: unknown, constraint: string): void {
  const isKnown = walk.problems.some((known) => known.value === value && known.constraint === constraint);
  if (!isKnown) noteAt(walk, walk.path.join("."), shape, value, constraint);
}

function note(walk: Walk, shape: Shape, value: unknown, name: string, constraint: string): void {
  if (walk.problems.length >= PROBLEMS_MAX) return;
  const path = walk.path.length === 0 ? name : `${walk.path.join(".")}.${name}`;
  noteAt(walk, path, shape, value, constraint);
}

function noteAt(walk: Walk, path: string, shape: Shape, value: unknown, constraint: string): void {
  if (walk.problems.length >= PROBLEMS_MAX) return;
  walk.problems.push({ path, shape, value, constraint });
}

function wrongNumber(value: unknown, javaType: "Integer" | "Long" | "Double"): string {
  return typeof value === "object" ? wrongCollection(value, `class java.lang.${javaType}`)
    : `${tokenOf(value)} cannot be converted to ${javaType}`;
}

function wrongTime(value: unknown): string {
  return typeof value === "object" ? wrongCollection(value, "class java.util.Date")
    : `${tokenOf(value)} can not be converted to milliseconds since epoch`;
}

function wrongCollection(value: object | null, type: string): string {
  return Array.isArray(value) ? `Unrecognized collection type ${type}`
    : "Start of structure or map found where not expected";
}

/** Of a value that is neither a number nor a container. */
function tokenOf(value: unknown): string {
  if (typeof value === "boolean") return value ? "TRUE_VALUE" : "FALSE_VALUE";
  return "STRING_VALUE";
}
