// The chunked transfer coding, decoded into one growing buffer:
//   hex-size [;token[=token]]… CR LF  data CR LF  …  0 CR LF  trailers  CR LF
// Trailers are checked and thrown away: nothing after the body may change what the head said.

import { COLON, CR, EQUALS, HEX_VALUE, LF, SEMICOLON, SPACE, TAB, TOKEN, VALUE } from "./char-class.ts";
import type { BodyBuffer } from "./body-buffer.ts";
import { headerKindOf, OTHER } from "./header-memory.ts";
import type { HttpLimits } from "./limits.ts";
import type { RejectReason } from "./reject.ts";

const SIZE_LINE = 0;
const DATA = 1;
const DATA_END = 2;
const TRAILERS = 3;

type Stage = typeof SIZE_LINE | typeof DATA | typeof DATA_END | typeof TRAILERS;

/** Hexadecimal digits of a chunk size: 32 bits are far beyond any body. */
const SIZE_DIGITS_MAX = 8;

export const CHUNKS_REJECTED = -1;

export class ChunkedBody {
  readonly #limits: HttpLimits;
  #stage: Stage = SIZE_LINE;
  #remaining: number = 0;
  #trailerBytes: number = 0;
  #trailerCount: number = 0;
  complete: boolean = false;
  reason: RejectReason = "chunk_size";

  constructor(limits: HttpLimits) {
    this.#limits = limits;
  }

  reset(): void {
    this.#stage = SIZE_LINE;
    this.#remaining = 0;
    this.#trailerBytes = 0;
    this.#trailerCount = 0;
    this.complete = false;
  }

  /** Takes what it can of buffer[start, end); returns the position after it, or CHUNKS_REJECTED. */
  parse(buffer: Buffer, start: number, end: number, body: BodyBuffer): number {
    let at = start;
    while (!this.complete && at < end) {
      const next = this.#step(buffer, at, end, body);
      if (next === at || next === CHUNKS_REJECTED) return next;
      at = next;
    }
    return at;
  }

  /** One step; the same position means more bytes are needed. */
  #step(buffer: Buffer, at: number, end: number, body: BodyBuffer): number {
    switch (this.#stage) {
      case SIZE_LINE:
        return this.#sizeLine(buffer, at, end, body);
      case DATA: {
        const take = Math.min(this.#remaining, end - at);
        if (!body.append(buffer, at, at + take)) return this.#reject("overloaded");
        this.#remaining -= take;
        if (this.#remaining === 0) this.#stage = DATA_END;
        return at + take;
      }
      case DATA_END:
        if (buffer[at] !== CR) return this.#reject("chunk_end");
        if (at + 1 === end) return at;
        if (buffer[at + 1] !== LF) return this.#reject("chunk_end");
        this.#stage = SIZE_LINE;
        return at + 2;
      case TRAILERS:
        return this.#trailerLine(buffer, at, end);
    }
  }

  #reject(reason: RejectReason): number {
    this.reason = reason;
    return CHUNKS_REJECTED;
  }

  #sizeLine(buffer: Buffer, start: number, end: number, body: BodyBuffer): number {
    let at = start;
    let size = 0;
    while (at < end && HEX_VALUE[buffer[at] as number] !== 255) {
      size = size * 16 + (HEX_VALUE[buffer[at] as number] as number);
      if (++at - start > SIZE_DIGITS_MAX) return this.#reject("chunk_size");
    }
    if (at === end) return start;
    if (at === start) return this.#reject("chunk_size");
    if (body.length + size > this.#limits.bodyBytesMax) return this.#reject("body_too_large");
    while (at < end && buffer[at] === SEMICOLON) {
      at = extensionEnd(buffer, at + 1, end);
      if (at < 0) return this.#reject("chunk_extension");
    }
    if (at - start > this.#limits.chunkLineBytesMax) return this.#reject("chunk_extension");
    if (at === end) return start;
    if (buffer[at] !== CR) return this.#reject(buffer[at] === LF ? "line_ending" : "chunk_size");
    if (at + 1 === end) return start;
    if (buffer[at + 1] !== LF) return this.#reject("line_ending");
    this.#remaining = size;
    this.#stage = size === 0 ? TRAILERS : DATA;
    return at + 2;
  }

  #trailerLine(buffer: Buffer, start: number, end: number): number {
    let at = start;
    if (buffer[at] === CR) {
      if (at + 1 === end) return start;
      if (buffer[at + 1] !== LF) return this.#reject("line_ending");
      this.complete = true;
      return at + 2;
    }
    while (at < end && TOKEN[buffer[at] as number] === 1) at++;
    const nameEnd = at;
    if (at < end) {
      if (at === start || buffer[at] !== COLON) return this.#reject("trailer");
      at++;
      while (at < end && VALUE[buffer[at] as number] === 1) at++;
    }
    if (this.#trailerBytes + at - start > this.#limits.headBytesMax) return this.#reject("head_too_large");
    if (at === end) return start;
    if (buffer[at] !== CR) return this.#reject("trailer");
    if (at + 1 === end) return start;
    if (buffer[at + 1] !== LF) return this.#reject("line_ending");
    // A trailer that would mean something to the connection is refused: others might obey it.
    if (headerKindOf(buffer.toString("latin1", start, nameEnd)) !== OTHER) return this.#reject("trailer");
    if (++this.#trailerCount > this.#limits.headerCountMax) return this.#reject("header_count");
    this.#trailerBytes += at + 2 - start;
    return at + 2;
  }
}

/** The end of token[=token] at `at`; `end` when bytes are missing; -1 when it is something else. */
function extensionEnd(buffer: Buffer, start: number, end: number): number {
  let at = start;
  while (at < end && TOKEN[buffer[at] as number] === 1) at++;
  if (at === end) return end;
  if (at === start) return -1;
  if (buffer[at] !== EQUALS) return at;
  const valueStart = ++at;
  while (at < end && TOKEN[buffer[at] as number] === 1) at++;
  if (at === end) return end;
  return at === valueStart || buffer[at] === SPACE || buffer[at] === TAB ? -1 : at;
}
