// Request bodies: bytes to a JSON object, or nothing. Hostile input: the encoding is checked, and the depth
// of large bodies is bounded before they are parsed.
import { utf8Decode } from "../../../base/utf8.ts";
import type { JsonObject } from "../validate/json-object.ts";

/**
 * Levels of brackets. A value nested 32 deep takes two brackets a level (`{"M":{…}}`), a request about five more;
 * well above that, so that the item's own check tells the client what is wrong.
 */
const DEPTH_MAX = 256;
/** Bytes below which the depth is not looked at: so short a body cannot cost much however deep it is. */
const SHALLOW_BYTES = 8_192;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Null: not UTF-8, not JSON, not an object, nested beyond all reason, or with half a surrogate pair in it. */
export function decodeBody(body: Uint8Array): JsonObject | null {
  if (body.length > SHALLOW_BYTES && isTooDeep(body)) return null;
  const text = utf8Decode(body);
  if (text === null) return null;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  if (text.includes("\\u") && hasLoneSurrogate(text)) return null;
  return value as JsonObject;
}

/**
 * True when an escape stands for half a surrogate pair. Such a text has no UTF-8, so different keys would
 * become the same bytes. `text` is JSON made from UTF-8: only an escape can stand for a lone half.
 */
function hasLoneSurrogate(text: string): boolean {
  let at = text.indexOf("\\");
  while (at >= 0) {
    const unit = escapedUnit(text, at);
    if (unit >= 0xdc00 && unit <= 0xdfff) return true;
    if (unit >= 0xd800 && unit <= 0xdbff) {
      const low = escapedUnit(text, at + 6);
      if (!(low >= 0xdc00 && low <= 0xdfff)) return true;
      at += 10; // the low half's escape is passed below
    }
    at = text.indexOf("\\", at + 2);
  }
  return false;
}

/** The UTF-16 unit of a `\uXXXX` escape at `at`, or -1 when there is none. */
function escapedUnit(text: string, at: number): number {
  return text.charCodeAt(at) === BACKSLASH && text.charCodeAt(at + 1) === 0x75
    ? Number.parseInt(text.slice(at + 2, at + 6), 16) : -1;
}

/** Counts brackets outside strings. Works on any bytes; what is not JSON is found by the parser. */
function isTooDeep(body: Uint8Array): boolean {
  let depth = 0;
  for (let i = 0; i < body.length; i++) {
    switch (body[i]) {
      case 0x5b: case 0x7b:
        if (++depth > DEPTH_MAX) return true;
        break;
      case 0x5d: case 0x7d:
        depth--;
        break;
      case QUOTE:
        i++;
        while (i < body.length && body[i] !== QUOTE) i += body[i] === BACKSLASH ? 2 : 1;
        break;
      default:
        break;
    }
  }
  return false;
}
