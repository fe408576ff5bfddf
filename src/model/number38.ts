// DynamoDB's numbers: exact decimals of up to 38 significant digits, magnitude 1E-130 to
// 9.9999999999999999999999999999999999999E+125, or zero. The canonical text is plain decimal notation:
// no exponent, no sign on zero, no zeros that say nothing. Two numbers are equal exactly when their
// canonical texts are.
import { NUMBER_DIGITS_MAX, NUMBER_EXPONENT_MAX, NUMBER_EXPONENT_MIN } from "./limits.ts";
import { assert } from "../base/assert.ts";

export type NumberProblem = "syntax" | "precision" | "overflow" | "underflow";
export type NumberResult =
  | { readonly ok: true; readonly value: string }
  | { readonly ok: false; readonly problem: NumberProblem };

/**
 * A number as ±0.d1d2d3… × 10^point with d1 and the last digit not zero; zero has no digits and point 0.
 * "12.5" is digits "125", point 2; "0.05" is digits "5", point -1.
 */
export type Decimal = { readonly isNegative: boolean; readonly digits: string; readonly point: number };

const MINUS = 0x2d;
const PLUS = 0x2b;
const DOT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;

/** Integers up to this many digits are exact as doubles, and so are their sums. */
const SAFE_DIGITS = 15;
/** Where an exponent stops growing while it is read: beyond any length of text, so the outcome is the same. */
const EXPONENT_CAP = 1e9;

/** Checks a number as clients send it and gives its canonical text. Linear in the text's length. */
export function canonicalNumber(text: string): NumberResult {
  if (isShortInteger(text)) return { ok: true, value: text };
  const decimal = parse(text);
  return decimal === null ? { ok: false, problem: "syntax" } : checkedNumber(decimal);
}

/** Order of two canonical texts. */
export function compareNumbers(a: string, b: string): -1 | 0 | 1 {
  // Rounding to a double never swaps two numbers, so doubles that differ tell the order.
  const x = +a;
  const y = +b;
  if (x < y) return -1;
  if (x > y) return 1;
  return a === b ? 0 : compareDecimals(decimalOf(a), decimalOf(b));
}

/** Exact sum of two canonical texts, or why it cannot be stored. */
export function addNumbers(a: string, b: string): NumberResult {
  if (a.length <= SAFE_DIGITS && b.length <= SAFE_DIGITS && isInteger(a) && isInteger(b)) {
    return { ok: true, value: String(+a + +b) };
  }
  return sum(decimalOf(a), decimalOf(b));
}

/** Exact difference of two canonical texts, or why it cannot be stored. */
export function subtractNumbers(a: string, b: string): NumberResult {
  return addNumbers(a, negate(b));
}

/** Takes a canonical text apart. */
export function decimalOf(canonical: string): Decimal {
  const decimal = parse(canonical);
  assert(decimal !== null, "a canonical number parses");
  return decimal;
}

/** Puts a canonical text together. `decimal` is within limits. */
export function numberText(decimal: Decimal): string {
  const { digits, point } = decimal;
  const count = digits.length;
  if (count === 0) return "0";
  const sign = decimal.isNegative ? "-" : "";
  if (point <= 0) return `${sign}0.${"0".repeat(-point)}${digits}`;
  if (point >= count) return sign + digits + "0".repeat(point - count);
  return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}

function checkedNumber(decimal: Decimal): NumberResult {
  if (decimal.digits.length > 0) {
    const exponent = decimal.point - 1;
    if (exponent > NUMBER_EXPONENT_MAX) return { ok: false, problem: "overflow" };
    if (exponent < NUMBER_EXPONENT_MIN) return { ok: false, problem: "underflow" };
    if (decimal.digits.length > NUMBER_DIGITS_MAX) return { ok: false, problem: "precision" };
  }
  return { ok: true, value: numberText(decimal) };
}

/** True for an already canonical integer of up to 15 characters: nearly every number there is. */
function isShortInteger(text: string): boolean {
  const length = text.length;
  if (length === 0 || length > SAFE_DIGITS) return false;
  let i = text.charCodeAt(0) === MINUS ? 1 : 0;
  const first = text.charCodeAt(i);
  if (first === ZERO) return length === 1;
  if (i === length) return false;
  for (; i < length; i++) {
    const code = text.charCodeAt(i);
    if (code < ZERO || code > NINE) return false;
  }
  return true;
}

function isInteger(canonical: string): boolean {
  return !canonical.includes(".");
}

function negate(canonical: string): string {
  if (canonical === "0") return canonical;
  return canonical.charCodeAt(0) === MINUS ? canonical.slice(1) : `-${canonical}`;
}

/** First index from `i` on that holds no digit. */
function skipDigits(text: string, i: number): number {
  for (; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < ZERO || code > NINE) break;
  }
  return i;
}

/** [+-] digits [. digits] [(e|E) [+-] digits], with a digit before or after the dot. Null: something else. */
function parse(text: string): Decimal | null {
  const sign = text.charCodeAt(0);
  const start = sign === MINUS || sign === PLUS ? 1 : 0;
  const wholeEnd = skipDigits(text, start);
  let end = wholeEnd;
  let fraction = "";
  if (text.charCodeAt(end) === DOT) {
    end = skipDigits(text, end + 1);
    fraction = text.slice(wholeEnd + 1, end);
  }
  if (wholeEnd === start && fraction === "") return null;
  let exponent = 0;
  if (end < text.length) {
    const read = parseExponent(text, end);
    if (read === null) return null;
    exponent = read;
  }
  const all = text.slice(start, wholeEnd) + fraction;
  let first = 0;
  while (first < all.length && all.charCodeAt(first) === ZERO) first++;
  if (first === all.length) return { isNegative: false, digits: "", point: 0 };
  let last = all.length;
  while (all.charCodeAt(last - 1) === ZERO) last--;
  const point = wholeEnd - start - first + exponent;
  return { isNegative: sign === MINUS, digits: all.slice(first, last), point };
}

function parseExponent(text: string, at: number): number | null {
  const mark = text.charCodeAt(at);
  if (mark !== 0x65 && mark !== 0x45) return null; // e, E
  const sign = text.charCodeAt(at + 1);
  const start = sign === MINUS || sign === PLUS ? at + 2 : at + 1;
  if (start >= text.length || skipDigits(text, start) !== text.length) return null;
  const size = Math.min(+text.slice(start), EXPONENT_CAP);
  return sign === MINUS ? -size : size;
}

function compareDecimals(a: Decimal, b: Decimal): -1 | 0 | 1 {
  const signA = a.digits === "" ? 0 : a.isNegative ? -1 : 1;
  const signB = b.digits === "" ? 0 : b.isNegative ? -1 : 1;
  if (signA !== signB) return signA < signB ? -1 : 1;
  // Without zeros at either end, digit strings of one magnitude compare as text.
  const isLess = a.point !== b.point ? a.point < b.point : a.digits < b.digits;
  if (!isLess && a.point === b.point && a.digits === b.digits) return 0;
  return isLess === (signA > 0) ? -1 : 1;
}

/** Aligns both at the last digit of either; exponents span 256 powers of ten, so the integers stay small. */
function sum(a: Decimal, b: Decimal): NumberResult {
  const lowest = Math.min(a.point - a.digits.length, b.point - b.digits.length);
  const total = scaled(a, lowest) + scaled(b, lowest);
  if (total === 0n) return { ok: true, value: "0" };
  const isNegative = total < 0n;
  const text = (isNegative ? -total : total).toString();
  let last = text.length;
  while (text.charCodeAt(last - 1) === ZERO) last--;
  return checkedNumber({ isNegative, digits: text.slice(0, last), point: text.length + lowest });
}

function scaled(decimal: Decimal, lowest: number): bigint {
  if (decimal.digits === "") return 0n;
  const zeros = decimal.point - decimal.digits.length - lowest;
  const size = BigInt(decimal.digits + "0".repeat(zeros));
  return decimal.isNegative ? -size : size;
}
