// Operations on binary values as they are kept: canonical base64 (no white space, zero padding bits). Each
// character is six bits and "=" comes before all of them, so the order of texts under that alphabet is the
// order of the bytes as unsigned numbers.
import { must } from "../../base/assert.ts";
import { base64Length, base64ToBinary } from "../../base/base64.ts";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/** By character code: 0 for "=", then 1 more than the six bits the character stands for. */
const ranks: Uint8Array = new Uint8Array(128);
for (let i = 0; i < ALPHABET.length; i++) ranks[ALPHABET.charCodeAt(i)] = i + 1;

/** Below 0, 0 or above 0. */
export function compareBinary(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return (ranks[x] as number) - (ranks[y] as number);
  }
  return a.length - b.length;
}

export function binaryBeginsWith(text: string, prefix: string): boolean {
  const bytes = base64Length(prefix);
  if (bytes > base64Length(text)) return false;
  // Groups of four characters hold three bytes each: all but the last group compare as text.
  const whole = Math.floor(bytes / 3) * 4;
  if (!text.startsWith(prefix.slice(0, whole))) return false;
  return bytesOf(text.slice(whole, whole + 4)).startsWith(bytesOf(prefix.slice(whole)));
}

export function binaryContains(text: string, part: string): boolean {
  return bytesOf(text).includes(bytesOf(part));
}

/** One character per byte. */
function bytesOf(text: string): string {
  return must(base64ToBinary(text), "stored binaries are canonical");
}
