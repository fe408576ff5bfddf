// Attribute values within the structural check: parsed in place, so that they are walked once. A value of
// the wrong JSON type is a serialization failure at once; any other fault waits in its place until the
// operation comes to it, as DynamoDB tells it only then.
import type { AttributeValue, Item } from "../../../model/attribute-value.ts";
import { parseAttributeMap, parseAttributeValue } from "../../../model/parse-value.ts";
import { setAttribute } from "../../../model/attribute-map.ts";
import { type Failure, serialization } from "../errors.ts";
import type { JsonObject } from "./json-object.ts";

/** Stands where a value stood that is no valid attribute value. */
export class InvalidValue {
  readonly message: string;
  constructor(message: string) {
    this.message = message;
  }
}

/** What the check leaves at a parameter of shape "item". */
export type CheckedItem = Item | InvalidValue;
/** What it leaves at a parameter of shape "values". */
export type CheckedValues = { readonly [name: string]: AttributeValue | InvalidValue };

const NOT_A_MAP = "Unexpected field type";
const MAP_IS_LIST
  = "Unrecognized collection type java.util.Map<java.lang.String, com.amazonaws.dynamodb.v20120810.AttributeValue>";

/** Replaces `holder[key]` by its canonical form or by an InvalidValue. */
export function checkItem(holder: JsonObject, key: string, value: unknown): Failure | null {
  if (typeof value !== "object") return serialization(NOT_A_MAP);
  if (Array.isArray(value)) return serialization(MAP_IS_LIST);
  const parsed = parseAttributeMap(value);
  if (parsed.ok) {
    if (parsed.value !== value) holder[key] = parsed.value;
    return null;
  }
  if (parsed.problem.kind === "serialization") return serialization(parsed.problem.message);
  holder[key] = new InvalidValue(parsed.problem.message);
  return null;
}

/** Replaces each value of the map by its canonical form or by an InvalidValue. */
export function checkValues(value: unknown): Failure | null {
  if (typeof value !== "object" || value === null) return serialization(NOT_A_MAP);
  if (Array.isArray(value)) return serialization(MAP_IS_LIST);
  const map = value as JsonObject;
  for (const name of Object.keys(map)) {
    const inner = map[name];
    const parsed = parseAttributeValue(inner);
    if (parsed.ok) {
      if (parsed.value !== inner) replace(map, name, parsed.value);
      continue;
    }
    if (parsed.problem.kind === "serialization") return serialization(parsed.problem.message);
    replace(map, name, new InvalidValue(parsed.problem.message));
  }
  return null;
}

/** Replaces `holder[key]` by its canonical form or by an InvalidValue. */
export function checkSingleValue(holder: JsonObject, key: string, value: unknown): Failure | null {
  const parsed = parseAttributeValue(value);
  if (parsed.ok) {
    if (parsed.value !== value) holder[key] = parsed.value;
    return null;
  }
  if (parsed.problem.kind === "serialization") return serialization(parsed.problem.message);
  holder[key] = new InvalidValue(parsed.problem.message);
  return null;
}

/** Safe for a name of "__proto__". */
function replace(map: JsonObject, name: string, value: AttributeValue | InvalidValue): void {
  setAttribute(map as { [name: string]: AttributeValue }, name, value as AttributeValue);
}
