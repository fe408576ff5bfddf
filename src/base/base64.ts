// Base64 (RFC 4648 section 4, padded) to and from bytes and binary strings (one char per byte). Decoding is
// strict: no white space, full padding, and the unused bits of the last character zero. So each byte
// sequence has exactly one text, and a text that passes is the canonical one.
import { assert } from "./assert.ts";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const PAD = 0x3d; // "="
const INVALID = 255;
/** Chars per String.fromCharCode call: well below every engine's limit on arguments. */
const CHUNK = 4096;

const sextets: Uint8Array = buildSextets();
const alphabetCodes: Uint8Array = Uint8Array.from(ALPHABET, (char) => char.charCodeAt(0));

function buildSextets(): Uint8Array {
  const table = new Uint8Array(128).fill(INVALID);
  for (let i = 0; i < 64; i++) table[ALPHABET.charCodeAt(i)] = i;
  return table;
}

function sextetAt(text: string, i: number): number {
  const code = text.charCodeAt(i);
  return code < 128 ? (sextets[code] as number) : INVALID;
}

export type Base64Problem =
  /** Not a multiple of four characters. */
  | { readonly kind: "length"; readonly length: number }
  /** Outside the alphabet, or padding anywhere but at the end. */
  | { readonly kind: "character"; readonly character: string }
  /** The last character carries bits that no byte takes up. */
  | { readonly kind: "last-character" };

/** Null when `text` is canonical base64. */
export function base64Problem(text: string): Base64Problem | null {
  const length = text.length;
  if (length === 0) return null;
  if ((length & 3) !== 0) return { kind: "length", length };
  const digits = length - paddingOf(text);
  for (let i = 0; i < digits; i++) {
    if (sextetAt(text, i) === INVALID) return { kind: "character", character: text.charAt(i) };
  }
  const spare = length - digits === 2 ? 15 : length - digits === 1 ? 3 : 0;
  return (sextetAt(text, digits - 1) & spare) === 0 ? null : { kind: "last-character" };
}

/** Number of bytes behind a text that is a multiple of four characters long. */
export function base64Length(text: string): number {
  return text.length === 0 ? 0 : (text.length >>> 2) * 3 - paddingOf(text);
}

/** Null when the text is not canonical base64. */
export function base64ToBytes(text: string): Uint8Array | null {
  return base64Problem(text) === null ? decode(text) : null;
}

/** As a binary string. Null when the text is not canonical base64. */
export function base64ToBinary(text: string): string | null {
  if (base64Problem(text) !== null) return null;
  const bytes = decode(text);
  if (bytes.length <= CHUNK) return String.fromCharCode.apply(null, bytes as unknown as number[]);
  let out = "";
  for (let i = 0; i < bytes.length; i += CHUNK) {
    out += String.fromCharCode.apply(null, bytes.subarray(i, i + CHUNK) as unknown as number[]);
  }
  return out;
}

export function bytesToBase64(bytes: Uint8Array): string {
  return encode(bytes.length, (i) => bytes[i] as number);
}

/** `binary` has chars of 0..255 only. */
export function binaryToBase64(binary: string): string {
  return encode(binary.length, (i) => {
    const code = binary.charCodeAt(i);
    assert(code < 256, "a binary string holds bytes");
    return code;
  });
}

function paddingOf(text: string): number {
  const length = text.length;
  if (text.charCodeAt(length - 1) !== PAD) return 0;
  return text.charCodeAt(length - 2) === PAD ? 2 : 1;
}

/** `text` was checked: four digits make three bytes, padding makes them fewer. */
function decode(text: string): Uint8Array {
  const out = new Uint8Array(base64Length(text));
  let at = 0;
  for (let i = 0; at < out.length; i += 4) {
    const group = (sextetAt(text, i) << 18) | (sextetAt(text, i + 1) << 12)
      | ((sextetAt(text, i + 2) & 63) << 6) | (sextetAt(text, i + 3) & 63);
    out[at++] = group >>> 16;
    if (at < out.length) out[at++] = group >>> 8;
    if (at < out.length) out[at++] = group;
  }
  return out;
}

function encode(length: number, byteAt: (i: number) => number): string {
  const codes = new Uint8Array(Math.ceil(length / 3) * 4);
  let at = 0;
  for (let i = 0; i < length; i += 3) {
    const left = length - i;
    const group = (byteAt(i) << 16) | (left > 1 ? byteAt(i + 1) << 8 : 0) | (left > 2 ? byteAt(i + 2) : 0);
    codes[at++] = alphabetCodes[group >>> 18] as number;
    codes[at++] = alphabetCodes[(group >>> 12) & 63] as number;
    codes[at++] = left > 1 ? (alphabetCodes[(group >>> 6) & 63] as number) : PAD;
    codes[at++] = left > 2 ? (alphabetCodes[group & 63] as number) : PAD;
  }
  let out = "";
  for (let i = 0; i < codes.length; i += CHUNK) {
    out += String.fromCharCode.apply(null, codes.subarray(i, i + CHUNK) as unknown as number[]);
  }
  return out;
}
