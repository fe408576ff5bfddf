// Codings of HTTP bodies: gzip (RFC 1952) and deflate (zlib's format, RFC 1950; bare deflate data is taken too,
// because clients send it under the same name).

export type Coding = "gzip" | "deflate";

export type Inflated =
  | { readonly ok: true; readonly bytes: Uint8Array }
  /** `isTooLarge`: there is more than `bytesMax`, and the rest was not looked at. Else the stream is broken. */
  | { readonly ok: false; readonly isTooLarge: boolean };

export interface Compression {
  /** Never holds more than `bytesMax` and a little of what `data` unfolds to. */
  inflate(coding: Coding, data: Uint8Array, bytesMax: number): Inflated;
  /** One stream of the pieces in order. `done` is called exactly once, now or later. */
  gzip(pieces: readonly Uint8Array[], done: (bytes: Uint8Array) => void): void;
}
