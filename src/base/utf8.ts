// UTF-8 in the pure layers: the one ambient declaration of the encoder classes, which every JavaScript
// runtime has and which are pure functions.
declare class TextEncoder {
  encode(text: string): Uint8Array;
  encodeInto(text: string, target: Uint8Array): { read: number; written: number };
}
declare class TextDecoder {
  constructor(label: string, options: { fatal: boolean; ignoreBOM: boolean });
  decode(bytes: Uint8Array): string;
}

const encoder = new TextEncoder();
const strictDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Lone surrogates become U+FFFD, as everywhere in JavaScript. */
export function utf8Encode(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Writes into `target` at `offset`, which must have room for 3 bytes per UTF-16 unit. Returns bytes written. */
export function utf8EncodeInto(text: string, target: Uint8Array, offset: number): number {
  return encoder.encodeInto(text, offset === 0 ? target : target.subarray(offset)).written;
}

/** Null when the bytes are not valid UTF-8. */
export function utf8Decode(bytes: Uint8Array): string | null {
  try {
    return strictDecoder.decode(bytes);
  } catch {
    return null;
  }
}

/** Texts above this many UTF-16 units are counted by the encoder, which is faster from there on. */
const COUNTED_UNITS_MAX = 48;
const scratch = new Uint8Array(16 * 1024);

/** Number of bytes `text` has in UTF-8. */
export function utf8Length(text: string): number {
  return text.length <= COUNTED_UNITS_MAX ? countedLength(text) : encodedLength(text);
}

function encodedLength(text: string): number {
  let rest = text;
  let bytes = 0;
  for (;;) {
    const { read, written } = encoder.encodeInto(rest, scratch);
    bytes += written;
    if (read === rest.length) return bytes;
    rest = rest.slice(read);
  }
}

function countedLength(text: string): number {
  const units = text.length;
  let bytes = units;
  for (let i = 0; i < units; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) continue;
    if (unit < 0x800) bytes += 1;
    else if (unit >= 0xd800 && unit <= 0xdbff && i + 1 < units && isLow(text.charCodeAt(i + 1))) {
      bytes += 2; // a pair: two units, four bytes
      i++;
    } else bytes += 2;
  }
  return bytes;
}

function isLow(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}
