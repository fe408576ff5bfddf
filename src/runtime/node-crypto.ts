// Crypto over Node: one-shot hashes, HMAC as two of them, zlib's CRC-32.
//
// HMAC (RFC 2104) is H(K ^ opad || H(K ^ ipad || data)). Two one-shot hashes over prepared blocks take half the
// time of an Hmac object, which is a native object that the garbage collector must finalize.

import { hash } from "node:crypto";
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

/** Pieces of answers that are cheaper to go through here than to hand to zlib. */
const SHORT_BYTES_MAX = 16;
const CRC32: Int32Array = Int32Array.from({ length: 256 }, (_, i) => ~crc32(Uint8Array.of(i), 0xffff_ffff));

function shortCrc32(bytes: Uint8Array, before: number): number {
  let value = ~before;
  for (let i = 0; i < bytes.length; i++) {
    value = (value >>> 8) ^ (CRC32[(value ^ (bytes[i] as number)) & 0xff] as number);
  }
  return ~value >>> 0;
}

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
  // A string of 32 characters costs less than a buffer, which is a native object.
  const inner32 = hash("sha256", block.subarray(0, BLOCK_BYTES + bytes), "latin1");
  for (let i = 0; i < HASH_BYTES; i++) outer[BLOCK_BYTES + i] = inner32.charCodeAt(i);
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
    for (let i = 0; i < pieces.length; i++) {
      const piece = pieces[i] as Uint8Array;
      value = piece.length > SHORT_BYTES_MAX ? crc32(piece, value) : shortCrc32(piece, value);
    }
    return value;
  },

  /** Looks at every character whatever came before: two buffers for Node's own comparison cost twice as much. */
  timingSafeEqual(a: string, b: string): boolean {
    if (a.length !== b.length) return false;
    let difference = 0;
    for (let i = 0; i < a.length; i++) difference |= a.charCodeAt(i) ^ b.charCodeAt(i);
    return difference === 0;
  },
};
