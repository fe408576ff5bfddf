// The sort key's part of a key condition: one contiguous range of sort keys.
import type { AttributeValue } from "../attribute-value.ts";

/** All values are of the sort key's type. Null: every sort key. */
export type SortCondition =
  | { readonly op: "=" | "<" | "<=" | ">" | ">="; readonly value: AttributeValue }
  | { readonly op: "between"; readonly low: AttributeValue; readonly high: AttributeValue }
  | { readonly op: "begins_with"; readonly prefix: AttributeValue }
  | null;
