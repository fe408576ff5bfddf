// Hashes of the outside world's protocols (SigV4, x-amz-crc32). Storage checksums are base/crc32c.

/** An opaque HMAC key, prepared once (a key schedule or a KeyObject), used many times. */
export type HmacKey = { readonly opaque: unknown };

export interface Crypto {
  /** Lower-case hex SHA-256. */
  sha256Hex(data: Uint8Array | string): string;
  hmacKey(key: Uint8Array | string): HmacKey;
  hmacSha256(key: HmacKey, data: Uint8Array | string): Uint8Array;
  hmacSha256Hex(key: HmacKey, data: Uint8Array | string): string;
  /** CRC-32 (IEEE, as zlib's) of the pieces in order. */
  crc32(pieces: readonly Uint8Array[]): number;
  /** Compares without leaking where the first difference is. False when the lengths differ. */
  timingSafeEqual(a: string, b: string): boolean;
}
