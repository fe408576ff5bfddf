// The texts that a signature covers, kept as bytes from one request of a client to the next, so that only what has
// changed is written:
//
//   request   POST LF / LF LF  (name : value LF)*  LF signed headers LF  hash of the body (64 characters)
//   text      AWS4-HMAC-SHA256 LF  timestamp LF  scope LF  hash of the request (64 characters)
//
// A template knows plain requests only: no query, each signed header there once, values of printable ASCII whose
// spaces are single and inside. For everything else there are the strings of authenticate.ts.
import { assert } from "../../../base/assert.ts";
import { utf8Encode } from "../../../base/utf8.ts";
import type { Crypto, HmacKey } from "../../../ports/crypto.ts";
import type { RequestHeaders } from "../headers.ts";
import { ALGORITHM, type SignatureScope } from "./signature-parts.ts";

/** Bytes of either text: requests of SDKs have about 700. With the count of connections it bounds the memory. */
const BYTES_MAX = 1_536;
const HEADERS_MAX = 32;
const HASH_LENGTH = 64;
const TIMESTAMP_LENGTH = 16;
const HEAD = "POST\n/\n\n";

const LF = 0x0a;
const SPACE = 0x20;
const COLON = 0x3a;
const DEL = 0x7f;

export class SignedTemplate {
  readonly #names: readonly string[];
  /** Of the values, in the request's raw headers. */
  readonly #positions: readonly number[];
  /** As written. */
  readonly #values: string[];
  /** Where each header's line begins. */
  readonly #starts: number[];
  /** What follows the headers, but for the body's hash. */
  readonly #tail: string;
  readonly #bytes: Uint8Array;
  /** `#bytes` as far as the request goes, with its tail in place; empty when it is not. */
  #request: Uint8Array;
  readonly #text: Uint8Array;
  readonly #textHashAt: number;
  #timestamp: string;

  private constructor(scope: SignatureScope, positions: readonly number[]) {
    const names = scope.signedHeaders;
    this.#names = names;
    this.#positions = positions;
    this.#values = names.map(() => "");
    this.#starts = names.map(() => 0);
    this.#tail = `\n${scope.signedHeadersText}\n`;
    this.#bytes = new Uint8Array(BYTES_MAX);
    this.#bytes.set(utf8Encode(HEAD));
    this.#request = this.#bytes.subarray(0, 0);
    this.#text = utf8Encode(
      `${ALGORITHM}\n${" ".repeat(TIMESTAMP_LENGTH)}\n${scope.scopeText}\n${" ".repeat(HASH_LENGTH)}`,
    );
    this.#textHashAt = this.#text.length - HASH_LENGTH;
    this.#timestamp = "";
  }

  /** Null: requests with such headers are not plain. */
  static of(scope: SignatureScope, headers: RequestHeaders): SignedTemplate | null {
    const positions: number[] = [];
    let bytes = HEAD.length + scope.signedHeadersText.length + HASH_LENGTH + 2;
    if (scope.scopeText.length > BYTES_MAX || scope.signedHeaders.length > HEADERS_MAX) return null;
    for (const name of scope.signedHeaders) {
      const position = headers.positionOf(name);
      if (position === null) return null;
      positions.push(position);
      bytes += name.length + headers.valueAt(position).length + 2;
    }
    return bytes > BYTES_MAX ? null : new SignedTemplate(scope, positions);
  }

  /** The signature that a POST to "/" must carry; null when it is not plain. */
  signature(
    crypto: Crypto, key: HmacKey, headers: RequestHeaders, timestamp: string, body: Uint8Array,
  ): string | null {
    if (!this.#putHeaders(headers)) return null;
    const request = this.#request;
    putHash(request, request.length - HASH_LENGTH, crypto.sha256Hex(body));
    const text = this.#text;
    if (timestamp !== this.#timestamp) {
      if (timestamp.length !== TIMESTAMP_LENGTH) return null;
      this.#timestamp = "";
      if (!putPlain(text, ALGORITHM.length + 1, timestamp)) return null;
      this.#timestamp = timestamp;
    }
    putHash(text, this.#textHashAt, crypto.sha256Hex(request));
    return crypto.hmacSha256Hex(key, text);
  }

  /** Writes the lines that have changed or moved. False: the request is not plain. */
  #putHeaders(headers: RequestHeaders): boolean {
    const positions = this.#positions;
    const values = this.#values;
    const starts = this.#starts;
    let at = HEAD.length;
    for (let i = 0; i < positions.length; i++) {
      const name = this.#names[i] as string;
      const value = headers.valueAt(positions[i] as number);
      const next = at + name.length + value.length + 2;
      if (starts[i] !== at || value !== values[i]) {
        if (!this.#putLine(at, next, name, value)) {
          // Some lines may have been written over by longer ones before them.
          starts.fill(0);
          this.#request = this.#bytes.subarray(0, 0);
          return false;
        }
        starts[i] = at;
        values[i] = value;
      }
      at = next;
    }
    const end = at + this.#tail.length + HASH_LENGTH;
    if (this.#request.length !== end) {
      this.#bytes.set(utf8Encode(this.#tail), at);
      this.#request = this.#bytes.subarray(0, end);
    }
    return true;
  }

  #putLine(at: number, next: number, name: string, value: string): boolean {
    if (next + this.#tail.length + HASH_LENGTH > BYTES_MAX) return false;
    const bytes = this.#bytes;
    const valueAt = at + name.length + 1;
    if (!putPlain(bytes, at, name) || !putPlain(bytes, valueAt, value)) return false;
    bytes[valueAt - 1] = COLON;
    bytes[next - 1] = LF;
    return true;
  }
}

/** Writes printable ASCII whose spaces are single and inside. False: `text` is something else. */
function putPlain(bytes: Uint8Array, at: number, text: string): boolean {
  let before = SPACE;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < SPACE || unit >= DEL || (unit === SPACE && before === SPACE)) return false;
    bytes[at + i] = unit;
    before = unit;
  }
  return before !== SPACE || text.length === 0;
}

function putHash(bytes: Uint8Array, at: number, hex: string): void {
  assert(hex.length === HASH_LENGTH, "a SHA-256 in hexadecimal");
  for (let i = 0; i < HASH_LENGTH; i++) bytes[at + i] = hex.charCodeAt(i);
}
