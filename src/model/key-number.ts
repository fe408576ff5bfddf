// Numbers as key bytes whose byte order is numeric order. At most 22 bytes:
//
//   zero       [0x80]
//   positive   [0xC0][exponent + 130][pair + 1] …
//   negative   [0x40][the bitwise complement of the same][0xFF]
//
// `exponent` is the power of ten of the first digit: -130..125 fills one byte exactly. A pair is two digits,
// 0..99, the last one padded with a zero; the last pair is never 0. A positive number that continues is
// larger than its prefix, as byte strings are; for negative ones the end mark, above every complement
// (0x9B..0xFE), turns that round.
import { assert } from "../base/assert.ts";
import { NUMBER_EXPONENT_MAX, NUMBER_EXPONENT_MIN } from "./limits.ts";
import { decimalOf, numberText } from "./number38.ts";

const NEGATIVE = 0x40;
const ZERO = 0x80;
const POSITIVE = 0xc0;
const NEGATIVE_END = "\xff";
const DIGIT_ZERO = 0x30;

/** Binary string of a canonical number. */
export function encodeKeyNumber(canonical: string): string {
  const { isNegative, digits, point } = decimalOf(canonical);
  if (digits === "") return String.fromCharCode(ZERO);
  const exponent = point - 1;
  assert(exponent >= NUMBER_EXPONENT_MIN && exponent <= NUMBER_EXPONENT_MAX, "key number exponent range");
  const flip = isNegative ? 0xff : 0;
  let out = String.fromCharCode(isNegative ? NEGATIVE : POSITIVE, (exponent - NUMBER_EXPONENT_MIN) ^ flip);
  for (let i = 0; i < digits.length; i += 2) {
    const high = digits.charCodeAt(i) - DIGIT_ZERO;
    const low = i + 1 < digits.length ? digits.charCodeAt(i + 1) - DIGIT_ZERO : 0;
    out += String.fromCharCode((high * 10 + low + 1) ^ flip);
  }
  return isNegative ? out + NEGATIVE_END : out;
}

/** The canonical text behind what `encodeKeyNumber` made. */
export function decodeKeyNumber(binary: string): string {
  const kind = binary.charCodeAt(0);
  if (kind === ZERO) {
    assert(binary.length === 1, "a zero key is one byte");
    return "0";
  }
  assert(kind === POSITIVE || kind === NEGATIVE, "a key number's first byte");
  const isNegative = kind === NEGATIVE;
  const flip = isNegative ? 0xff : 0;
  const end = isNegative ? binary.length - 1 : binary.length;
  assert(end >= 3 && (!isNegative || binary.charAt(end) === NEGATIVE_END), "a key number has an end");
  let digits = "";
  for (let i = 2; i < end; i++) {
    const pair = (binary.charCodeAt(i) ^ flip) - 1;
    assert(pair >= 0 && pair <= 99, "a key number's digit pair");
    digits += String.fromCharCode(DIGIT_ZERO + Math.floor(pair / 10), DIGIT_ZERO + (pair % 10));
  }
  if (digits.charCodeAt(digits.length - 1) === DIGIT_ZERO) digits = digits.slice(0, -1);
  const exponent = (binary.charCodeAt(1) ^ flip) + NUMBER_EXPONENT_MIN;
  return numberText({ isNegative, digits, point: exponent + 1 });
}
