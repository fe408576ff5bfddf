// Which of DynamoDB's types an attribute value has.
import { assert } from "../../base/assert.ts";
import type { AttributeType, AttributeValue } from "../attribute-value.ts";

const types: ReadonlySet<string> = new Set(["S", "N", "B", "BOOL", "NULL", "SS", "NS", "BS", "L", "M"]);

export function isAttributeType(name: string): name is AttributeType {
  return types.has(name);
}

/** The name of the value's one member. */
export function typeOf(value: AttributeValue): AttributeType {
  for (const type in value) return type as AttributeType;
  assert(false, "an attribute value has one member");
}
