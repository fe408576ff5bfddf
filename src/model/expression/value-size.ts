// What the function size() yields.
import { base64Length } from "../../base/base64.ts";
import type { AttributeValue } from "../attribute-value.ts";
import { attributeNames } from "../attribute-map.ts";

/**
 * Strings count UTF-16 units (as the service does, unlike in item sizes), binaries bytes, sets, lists and
 * maps their elements. Null: the type has no size.
 */
export function sizeOf(value: AttributeValue): number | null {
  if ("S" in value) return value.S.length;
  if ("B" in value) return base64Length(value.B);
  if ("L" in value) return value.L.length;
  if ("M" in value) return attributeNames(value.M).length;
  if ("SS" in value) return value.SS.length;
  if ("NS" in value) return value.NS.length;
  if ("BS" in value) return value.BS.length;
  return null;
}
