// Compression over Node's zlib. Requests are unfolded at once: they are small, or else what follows costs more.
// Answers are folded by zlib's threads, beside the event loop.
import { gunzipSync, gzip, inflateRawSync, inflateSync } from "node:zlib";
import { assert } from "../base/assert.ts";
import type { Coding, Compression, Inflated } from "../ports/compression.ts";

/** Of 1 to 9. JSON shrinks to within a tenth of what level 6 makes of it, in half the time. */
const LEVEL = 3;
/** Codes of zlib itself, about the data: other errors are this program's. */
const BROKEN = "Z_";
const TOO_LARGE = "ERR_BUFFER_TOO_LARGE";
/** zlib's header: method 8 in the low bits of the first byte, and both bytes together a multiple of 31. */
const METHOD_MASK = 0x0f;
const METHOD_DEFLATE = 8;
const HEADER_DIVISOR = 31;

export const nodeCompression: Compression = {
  inflate(coding: Coding, data: Uint8Array, bytesMax: number): Inflated {
    try {
      return { ok: true, bytes: inflaterOf(coding, data)(data, { maxOutputLength: bytesMax }) };
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === TOO_LARGE) return { ok: false, isTooLarge: true };
      assert(code?.startsWith(BROKEN) === true, `zlib fails by its data only: ${String(error)}`);
      return { ok: false, isTooLarge: false };
    }
  },

  gzip(pieces: readonly Uint8Array[], done: (bytes: Uint8Array) => void): void {
    gzip(Buffer.concat(pieces), { level: LEVEL }, (error, bytes) => {
      assert(error === null, "any bytes can be folded");
      done(bytes);
    });
  },
};

function inflaterOf(coding: Coding, data: Uint8Array): typeof gunzipSync {
  if (coding === "gzip") return gunzipSync;
  const [first, second] = data;
  const isZlib = first !== undefined && second !== undefined
    && (first & METHOD_MASK) === METHOD_DEFLATE && (first * 256 + second) % HEADER_DIVISOR === 0;
  return isZlib ? inflateSync : inflateRawSync;
}
