// Crypto over Node: one-shot hashes, HMAC with a prepared KeyObject (a raw key is parsed again at every use,
// which costs more than the HMAC), zlib's CRC-32.

import { createHmac, createSecretKey, hash, timingSafeEqual } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { crc32 } from "node:zlib";
import type { Crypto, HmacKey } from "../ports/crypto.ts";

export const nodeCrypto: Crypto = {
  sha256Hex(data: Uint8Array | string): string {
    return hash("sha256", data, "hex");
  },

  hmacKey(key: Uint8Array | string): HmacKey {
    const opaque = typeof key === "string" ? createSecretKey(key, "utf8") : createSecretKey(key);
    return { opaque };
  },

  hmacSha256(key: HmacKey, data: Uint8Array | string): Uint8Array {
    return createHmac("sha256", key.opaque as KeyObject).update(data).digest();
  },

  hmacSha256Hex(key: HmacKey, data: Uint8Array | string): string {
    return createHmac("sha256", key.opaque as KeyObject).update(data).digest("hex");
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
