// Crypto over Node: one-shot hashes, HMAC as two of them, zlib's CRC-32.
//
// HMAC (RFC 2104) is H(K ^ opad || H(K ^ ipad || data)). Two one-shot hashes over prepared blocks take half the
// time of an Hmac object, which is a native object that the garbage collector must finalize.

import { hash, timingSafeEqual } from "node:crypto";
import { crc32 } from "node:zlib";
import type { Crypto, HmacKey } from "../ports/crypto.ts";

/** Of SHA-256. A longer key is replaced by its hash, a shorter one padded with zeros. */
const BLOCK_BYTES = 64;
const HASH_BYTES = 32;
const INNER_PAD = 0x36;
const OUTER_PAD = 0x5c;
/** Data of a signature has about 150 bytes; longer data gets a buffer of its own. */
const SCRATCH_DATA_BYTES = 1_024;
/** A code unit of a string is at most three bytes in UTF-8. */
const UTF8_BYTES_MAX = 3;

/** The key xor each pad: one block each, `outer` with room for the inner hash. */
type Pads = { readonly inner: Uint8Array; readonly outer: Buffer };

const scratch = Buffer.alloc(BLOCK_BYTES + SCRATCH_DATA_BYTES);

function padsOf(key: Uint8Array): Pads {
  const short = key.length > BLOCK_BYTES ? hash("sha256", key, "buffer") : key;
  const inner = new Uint8Array(BLOCK_BYTES).fill(INNER_PAD);
  const outer = Buffer.alloc(BLOCK_BYTES + HASH_BYTES, OUTER_PAD);
  for (let i = 0; i < short.length; i++) {
    const byte = short[i] as number;
    inner[i] = INNER_PAD ^ byte;
    outer[i] = OUTER_PAD ^ byte;
  }
  return { inner, outer };
}

/** Leaves the inner hash in `outer`, which is then what the outer hash is taken of. */
function innerHash({ inner, outer }: Pads, data: Uint8Array | string): Buffer {
  const bytesMax = typeof data === "string" ? data.length * UTF8_BYTES_MAX : data.length;
  const block = bytesMax <= SCRATCH_DATA_BYTES ? scratch : Buffer.alloc(BLOCK_BYTES + bytesMax);
  block.set(inner);
  let bytes = data.length;
  if (typeof data === "string") bytes = block.write(data, BLOCK_BYTES);
  else block.set(data, BLOCK_BYTES);
  outer.write(hash("sha256", block.subarray(0, BLOCK_BYTES + bytes), "hex"), BLOCK_BYTES, HASH_BYTES, "hex");
  return outer;
}

export const nodeCrypto: Crypto = {
  sha256Hex(data: Uint8Array | string): string {
    return hash("sha256", data, "hex");
  },

  hmacKey(key: Uint8Array | string): HmacKey {
    return { opaque: padsOf(typeof key === "string" ? Buffer.from(key, "utf8") : key) };
  },

  hmacSha256(key: HmacKey, data: Uint8Array | string): Uint8Array {
    return hash("sha256", innerHash(key.opaque as Pads, data), "buffer");
  },

  hmacSha256Hex(key: HmacKey, data: Uint8Array | string): string {
    return hash("sha256", innerHash(key.opaque as Pads, data), "hex");
  },

  crc32(pieces: readonly Uint8Array[]): number {
    let value = 0;
    for (const piece of pieces) value = crc32(piece, value);
    return value;
  },

  timingSafeEqual(a: string, b: string): boolean {
    const left = Buffer.from(a, "utf8");
    const right = Buffer.from(b, "utf8");
    return left.length === right.length && timingSafeEqual(left, right);
  },
};
