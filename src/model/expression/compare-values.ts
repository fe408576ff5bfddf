// Equality and order of attribute values. Values are canonical (one text per number, one base64 text per
// binary), so scalars are equal exactly when their texts are.
import type { AttributeMap, AttributeValue } from "../attribute-value.ts";
import { attributeNames, getAttribute } from "../attribute-map.ts";
import { compareNumbers } from "../number38.ts";
import { compareBinary } from "./binary-text.ts";

/** Below 0, 0 or above 0; null when the two are not of one and the same ordered type (S, N or B). */
export function compareValues(a: AttributeValue, b: AttributeValue): number | null {
  if ("S" in a) return "S" in b ? compareText(a.S, b.S) : null;
  if ("N" in a) return "N" in b ? compareNumbers(a.N, b.N) : null;
  if ("B" in a) return "B" in b ? compareBinary(a.B, b.B) : null;
  return null;
}

export function equalValues(a: AttributeValue, b: AttributeValue): boolean {
  if ("S" in a) return "S" in b && a.S === b.S;
  if ("N" in a) return "N" in b && a.N === b.N;
  if ("B" in a) return "B" in b && a.B === b.B;
  if ("BOOL" in a) return "BOOL" in b && a.BOOL === b.BOOL;
  if ("NULL" in a) return "NULL" in b;
  if ("SS" in a) return "SS" in b && equalSets(a.SS, b.SS);
  if ("NS" in a) return "NS" in b && equalSets(a.NS, b.NS);
  if ("BS" in a) return "BS" in b && equalSets(a.BS, b.BS);
  if ("L" in a) return "L" in b && equalLists(a.L, b.L);
  return "M" in b && equalMaps(a.M, b.M);
}

/** Sets below this many elements are compared without building a hash set. */
const SMALL_SET_SIZE = 8;

/** Sets have no duplicates, so equal sizes and one inclusion make them equal. */
function equalSets(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false;
  if (a.length < SMALL_SET_SIZE) return a.every((element) => b.includes(element));
  const elements = new Set(b);
  return a.every((element) => elements.has(element));
}

function equalLists(a: readonly AttributeValue[], b: readonly AttributeValue[]): boolean {
  if (a.length !== b.length) return false;
  return a.every((element, i) => equalValues(element, b[i] as AttributeValue));
}

function equalMaps(a: AttributeMap, b: AttributeMap): boolean {
  const names = attributeNames(a);
  if (names.length !== attributeNames(b).length) return false;
  return names.every((name) => {
    const other = getAttribute(b, name);
    return other !== undefined && equalValues(getAttribute(a, name) as AttributeValue, other);
  });
}

/**
 * The order of the texts' UTF-8 bytes, which is that of code points. It differs from the order of UTF-16
 * units only in that surrogates come after U+E000 to U+FFFF.
 */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return codePointRank(x) - codePointRank(y);
  }
  return a.length - b.length;
}

/** Moves surrogates (D800 to DFFF) above E000 to FFFF. */
function codePointRank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit >= 0xe000 ? unit - 0x800 : unit + 0x2000;
}
