// Binary strings: one char (0..255) per byte, so that `<` and `===` on strings are byte order and byte
// equality. The form of keys in memory: they index maps and compare without a decoder.
import { assert } from "./assert.ts";
import { utf8Decode, utf8Encode } from "./utf8.ts";

/** Chars per String.fromCharCode call: well below every engine's limit on arguments. */
const CHUNK = 4096;

/** True when every char is below 0x80: then the text and its UTF-8 bytes are the same string. */
export function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) >= 0x80) return false;
  return true;
}

/** The UTF-8 bytes of `text`. Lone surrogates become U+FFFD. */
export function utf8ToBinary(text: string): string {
  return isAscii(text) ? text : bytesToBinary(utf8Encode(text));
}

/** The text behind UTF-8 bytes, or null when they are not valid UTF-8. */
export function binaryToUtf8(binary: string): string | null {
  return isAscii(binary) ? binary : utf8Decode(binaryToBytes(binary));
}

export function bytesToBinary(bytes: Uint8Array, from = 0, to: number = bytes.length): string {
  assert(from >= 0 && from <= to && to <= bytes.length, "byte range");
  if (to - from <= CHUNK) return String.fromCharCode.apply(null, bytes.subarray(from, to) as unknown as number[]);
  let out = "";
  for (let i = from; i < to; i += CHUNK) {
    out += String.fromCharCode.apply(null, bytes.subarray(i, Math.min(i + CHUNK, to)) as unknown as number[]);
  }
  return out;
}

export function binaryToBytes(binary: string): Uint8Array {
  const out = new Uint8Array(binary.length);
  binaryInto(binary, out, 0);
  return out;
}

/** Writes the bytes into `target` from `offset` on; returns how many. */
export function binaryInto(binary: string, target: Uint8Array, offset: number): number {
  const length = binary.length;
  assert(offset >= 0 && offset + length <= target.length, "room for a binary string");
  for (let i = 0; i < length; i++) target[offset + i] = binary.charCodeAt(i);
  return length;
}
