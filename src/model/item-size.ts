// DynamoDB's size rules, to the byte: what the 400 KB limit, pages and capacity units are counted from.
//
//   S                bytes of its UTF-8                     BOOL, NULL   1
//   B                raw bytes                              SS NS BS     sum of the elements
//   N                see numberSize                         L, M         3 + (element + 1) each,
//   attribute        UTF-8 of its name + value                           M with the names of its elements
import { AssertionError } from "../base/assert.ts";
import { base64Length } from "../base/base64.ts";
import { utf8Length } from "../base/utf8.ts";
import type { AttributeMap, AttributeType, AttributeValue, Item } from "./attribute-value.ts";
import { NUMBER_BYTES_MAX } from "./limits.ts";

const DOT = 0x2e;
const MINUS = 0x2d;
const ZERO = 0x30;
/** All value types in one: the type's name, once known, picks the content. */
type Contents = {
  readonly S: string; readonly N: string; readonly B: string;
  readonly M: AttributeMap; readonly L: readonly AttributeValue[];
  readonly SS: readonly string[]; readonly NS: readonly string[]; readonly BS: readonly string[];
};

/** Bytes of a list or map that holds nothing. */
const CONTAINER_BYTES = 3;
/** Bytes each element of a list or map adds to its own. */
const ELEMENT_BYTES = 1;

export function itemSize(item: Item): number {
  let bytes = 0;
  for (const name in item) bytes += utf8Length(name) + attributeValueSize(item[name] as AttributeValue);
  return bytes;
}

export function attributeValueSize(value: AttributeValue): number {
  // A value has exactly one property: this finds it without asking for each type in turn.
  for (const type in value) return sizeOf(type as AttributeType, value);
  throw new AssertionError("a value has a type");
}

function sizeOf(type: AttributeType, value: AttributeValue): number {
  const content = value as unknown as Contents;
  switch (type) {
    case "S": return utf8Length(content.S);
    case "N": return numberSize(content.N);
    case "B": return base64Length(content.B);
    case "BOOL": return 1;
    case "NULL": return 1;
    case "M": return mapSize(content.M);
    case "L": return listSize(content.L);
    case "SS": return setSize(content.SS, utf8Length);
    case "NS": return setSize(content.NS, numberSize);
    case "BS": return setSize(content.BS, base64Length);
  }
}

function setSize(members: readonly string[], sizeOfMember: (member: string) => number): number {
  let bytes = 0;
  for (const member of members) bytes += sizeOfMember(member);
  return bytes;
}

function listSize(list: readonly AttributeValue[]): number {
  let bytes = CONTAINER_BYTES;
  for (const element of list) bytes += ELEMENT_BYTES + attributeValueSize(element);
  return bytes;
}

function mapSize(map: AttributeMap): number {
  let bytes = CONTAINER_BYTES;
  for (const name in map) {
    bytes += ELEMENT_BYTES + utf8Length(name) + attributeValueSize(map[name] as AttributeValue);
  }
  return bytes;
}

/**
 * One byte, one for each pair of digits (pairs are counted from the decimal point, zero pairs at either end
 * do not count), one more when negative, at most 21. Zero has no digits: one byte.
 */
export function numberSize(canonical: string): number {
  const length = canonical.length;
  const start = canonical.charCodeAt(0) === MINUS ? 1 : 0;
  const dot = canonical.indexOf(".");
  const whole = dot < 0 ? length : dot; // the digit before this index is the units digit
  let first = start;
  while (first < length && isZeroOrDot(canonical.charCodeAt(first))) first++;
  if (first === length) return 1;
  let last = length - 1;
  while (isZeroOrDot(canonical.charCodeAt(last))) last--;
  const pairs = pairOf(first, whole) - pairOf(last, whole) + 1;
  return Math.min(1 + pairs + start, NUMBER_BYTES_MAX);
}

/** Power of one hundred of the digit at `index`: 0 holds units and tens, -1 the first two decimals. */
function pairOf(index: number, whole: number): number {
  const power = index < whole ? whole - 1 - index : whole - index;
  return power >> 1; // rounds down
}

function isZeroOrDot(code: number): boolean {
  return code === ZERO || code === DOT;
}
