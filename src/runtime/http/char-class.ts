// Byte classes of RFC 9110 and 9112 as tables: one load decides a byte.

export const TAB = 0x09;
export const LF = 0x0a;
export const CR = 0x0d;
export const SPACE = 0x20;
export const COLON = 0x3a;
export const SEMICOLON = 0x3b;
export const EQUALS = 0x3d;

function classOf(includes: (byte: number) => boolean): Uint8Array {
  const table = new Uint8Array(256);
  for (let byte = 0; byte < 256; byte++) table[byte] = includes(byte) ? 1 : 0;
  return table;
}

function isAlphanumeric(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a);
}

function among(text: string): (byte: number) => boolean {
  const bytes = new Set([...text].map((char) => char.charCodeAt(0)));
  return (byte) => bytes.has(byte);
}

const isTokenMark = among("!#$%&'*+-.^_`|~");
const isHostMark = among("-._~%!$&'()*+;=:[]");

/** tchar: header names, methods, chunk extensions. */
export const TOKEN: Uint8Array = classOf((byte) => isAlphanumeric(byte) || isTokenMark(byte));

/** Inside a header value: visible, obs-text, space and tab; no other control, no DEL. */
export const VALUE: Uint8Array = classOf((byte) => byte === TAB || (byte >= SPACE && byte !== 0x7f));

/** Request target: visible ASCII but "#", which never travels, and characters that no URI holds. */
export const TARGET: Uint8Array = classOf((byte) => byte > SPACE && byte < 0x7f && !among("#\"<>\\^`{|}")(byte));

/** Host: a registered name, an address or a bracketed literal, with a port. */
export const HOST: Uint8Array = classOf((byte) => isAlphanumeric(byte) || isHostMark(byte));

/** Value of a hexadecimal digit, or 255. */
export const HEX_VALUE: Uint8Array = new Uint8Array(256).fill(255);
for (let value = 0; value < 16; value++) {
  const digit = value.toString(16);
  HEX_VALUE[digit.charCodeAt(0)] = value;
  HEX_VALUE[digit.toUpperCase().charCodeAt(0)] = value;
}
