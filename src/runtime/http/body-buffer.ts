// A body that spans several arrivals, put together in one buffer that grows by doubling, so that a peer
// which only announces a large body costs nothing. Buffers are charged to one account per server.

import { BODY_BUFFER_BYTES_MIN, CHUNKED_BUFFER_BYTES_MIN } from "./limits.ts";

/** Bytes of all body buffers of one server. */
export type BodyAccount = { usedBytes: number; readonly maxBytes: number };

const EMPTY = new Uint8Array(0);

export class BodyBuffer {
  readonly #account: BodyAccount;
  #bytes: Uint8Array = EMPTY;
  #length: number = 0;
  #expected: number = 0;

  constructor(account: BodyAccount) {
    this.#account = account;
  }

  get length(): number {
    return this.#length;
  }

  /** Bytes charged for the buffer held now. */
  get chargedBytes(): number {
    return this.#bytes.length;
  }

  /** Begins a body; `expected` is its length when known, else 0. */
  begin(expected: number): void {
    this.#length = 0;
    this.#expected = expected;
  }

  /** Adds source[start, end). False when the account is exhausted. */
  append(source: Uint8Array, start: number, end: number): boolean {
    const needed = this.#length + end - start;
    if (needed > this.#bytes.length && !this.#grow(needed)) return false;
    this.#bytes.set(source.subarray(start, end), this.#length);
    this.#length = needed;
    return true;
  }

  /** Hands the body over: the charge stays on the account until `refund`. */
  take(): Uint8Array {
    const body = this.#bytes.subarray(0, this.#length);
    this.#bytes = EMPTY;
    this.#length = 0;
    return body;
  }

  /** Gives up a body that is not complete. */
  drop(): void {
    this.#account.usedBytes -= this.#bytes.length;
    this.#bytes = EMPTY;
    this.#length = 0;
  }

  #grow(needed: number): boolean {
    const first = this.#expected > 0 ? BODY_BUFFER_BYTES_MIN : CHUNKED_BUFFER_BYTES_MIN;
    const doubled = Math.max(needed, this.#bytes.length * 2, first);
    const capacity = this.#expected > 0 ? Math.max(needed, Math.min(doubled, this.#expected)) : doubled;
    const added = capacity - this.#bytes.length;
    if (this.#account.usedBytes + added > this.#account.maxBytes) return false;
    this.#account.usedBytes += added;
    const grown = new Uint8Array(capacity);
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
    return true;
  }
}
