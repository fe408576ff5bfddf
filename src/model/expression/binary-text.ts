// Operations on binary values as they are kept: canonical base64 (no white space, zero padding bits). Each
// character is six bits and "=" comes before all of them, so the order of texts under that alphabet is the
// order of the bytes as unsigned numbers.

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/** Six bits by character code. "=" counts as zero bits here. */
const bitsOf: Uint8Array = new Uint8Array(128);
for (let i = 0; i < ALPHABET.length; i++) bitsOf[ALPHABET.charCodeAt(i)] = i;

const PADDING = "=".charCodeAt(0);

export function binaryLength(text: string): number {
  return (text.length / 4) * 3 - paddingOf(text);
}

export function compareBinary(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return rankOf(x) - rankOf(y);
  }
  return a.length - b.length;
}

export function binaryBeginsWith(text: string, prefix: string): boolean {
  if (binaryLength(prefix) > binaryLength(text)) return false;
  const padding = paddingOf(prefix);
  const whole = padding === 0 ? prefix.length : prefix.length - padding - 1;
  if (!text.startsWith(prefix.slice(0, whole))) return false;
  if (padding === 0) return true;
  // The last character before the padding holds 4 bits of the prefix, or 2 with "==".
  const shift = padding === 1 ? 2 : 4;
  return bitsAt(text, whole) >> shift === bitsAt(prefix, whole) >> shift;
}

export function binaryContains(text: string, part: string): boolean {
  const haystack = decodeBinary(text);
  const needle = decodeBinary(part);
  // As strings of bytes: the engine's substring search is linear, a loop over both would not be.
  return byteString(haystack).includes(byteString(needle));
}

function decodeBinary(text: string): Uint8Array {
  const bytes = new Uint8Array(binaryLength(text));
  for (let from = 0, to = 0; from < text.length; from += 4, to += 3) {
    const group = (bitsAt(text, from) << 18) | (bitsAt(text, from + 1) << 12) |
      (bitsAt(text, from + 2) << 6) | bitsAt(text, from + 3);
    bytes[to] = group >> 16; // writes beyond the end, in the last group, have no effect
    bytes[to + 1] = group >> 8;
    bytes[to + 2] = group;
  }
  return bytes;
}

/** Bytes turned into a string at once: far below the engine's bound on arguments. */
const CHUNK_BYTES = 4096;

function byteString(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
    text += String.fromCharCode(...bytes.subarray(at, at + CHUNK_BYTES));
  }
  return text;
}

function paddingOf(text: string): number {
  const length = text.length;
  if (length === 0 || text.charCodeAt(length - 1) !== PADDING) return 0;
  return text.charCodeAt(length - 2) === PADDING ? 2 : 1;
}

function bitsAt(text: string, at: number): number {
  return bitsOf[text.charCodeAt(at)] as number;
}

function rankOf(code: number): number {
  return code === PADDING ? -1 : (bitsOf[code] as number);
}
