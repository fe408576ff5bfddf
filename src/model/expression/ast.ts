// Expressions ready to be evaluated: names and values substituted, everything checked that can be checked
// without an item. Immutable plain JSON data.
import type { AttributeType, AttributeValue } from "../attribute-value.ts";

/** A document path: an attribute name, then map keys (strings) and list indexes (numbers). */
export type PathNode = readonly [string, ...(string | number)[]];

export type Operand =
  | { readonly kind: "path"; readonly path: PathNode }
  | { readonly kind: "value"; readonly value: AttributeValue }
  | { readonly kind: "size"; readonly path: PathNode };

export type Comparator = "=" | "<>" | "<" | "<=" | ">" | ">=";

export type ConditionNode =
  | { readonly kind: "compare"; readonly comparator: Comparator; readonly left: Operand; readonly right: Operand }
  | { readonly kind: "between"; readonly operand: Operand; readonly low: Operand; readonly high: Operand }
  | { readonly kind: "in"; readonly operand: Operand; readonly list: readonly Operand[] }
  | { readonly kind: "attribute_exists"; readonly path: PathNode }
  | { readonly kind: "attribute_not_exists"; readonly path: PathNode }
  | { readonly kind: "attribute_type"; readonly path: PathNode; readonly type: AttributeType }
  | { readonly kind: "begins_with"; readonly operand: Operand; readonly prefix: Operand }
  | { readonly kind: "contains"; readonly operand: Operand; readonly element: Operand }
  | { readonly kind: "and"; readonly left: ConditionNode; readonly right: ConditionNode }
  | { readonly kind: "or"; readonly left: ConditionNode; readonly right: ConditionNode }
  | { readonly kind: "not"; readonly operand: ConditionNode };

export type SetValue =
  | { readonly kind: "operand"; readonly operand: Operand }
  | { readonly kind: "plus"; readonly left: SetValue; readonly right: SetValue }
  | { readonly kind: "minus"; readonly left: SetValue; readonly right: SetValue }
  | { readonly kind: "if_not_exists"; readonly path: PathNode; readonly otherwise: SetValue }
  | { readonly kind: "list_append"; readonly left: SetValue; readonly right: SetValue };

/** No two paths of an update are the same, contain one another, or disagree on what is a list. */
export type UpdateNode = {
  readonly set: readonly { readonly path: PathNode; readonly value: SetValue }[];
  readonly remove: readonly PathNode[];
  readonly add: readonly { readonly path: PathNode; readonly value: AttributeValue }[];
  readonly delete: readonly { readonly path: PathNode; readonly value: AttributeValue }[];
};
