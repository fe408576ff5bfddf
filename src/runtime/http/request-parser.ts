// HTTP/1.x requests out of a byte stream: pure, incremental, pulled. `feed` gives it bytes, `next` is called
// until it answers NEED_MORE; the caller may stop calling at any request and go on later. It holds at most
// the bytes fed and not yet parsed, one head and one body.

import { assert } from "../../base/assert.ts";
import type { HeaderLayout } from "../../ports/http.ts";
import { BodyBuffer } from "./body-buffer.ts";
import type { BodyAccount } from "./body-buffer.ts";
import { ChunkedBody, CHUNKS_REJECTED } from "./chunked-body.ts";
import { HeadParser, LINE_REJECTED } from "./head-parser.ts";
import type { HttpLimits } from "./limits.ts";
import type { RejectReason } from "./reject.ts";

export const NEED_MORE = 0;
/** A whole request: `takeRequest` returns it. */
export const REQUEST = 1;
/** The head of a request whose sender waits for "100 Continue" before it sends the body. */
export const EXPECTS_CONTINUE = 2;
/** Nothing more will be parsed; `reason` says why. */
export const REJECTED = 3;
/** The last request said that none follows; later bytes are ignored. */
export const CLOSED = 4;

export type ParseEvent =
  typeof NEED_MORE | typeof REQUEST | typeof EXPECTS_CONTINUE | typeof REJECTED | typeof CLOSED;

export type ParsedRequest = {
  readonly method: string;
  readonly target: string;
  readonly minorVersion: number;
  readonly rawHeaders: readonly string[];
  readonly layout: HeaderLayout | null;
  readonly body: Uint8Array;
  readonly keepAlive: boolean;
  /** Bytes of the body charged to the account: given back when the request is answered. */
  readonly chargedBytes: number;
};

const HEAD = 0;
const BODY_START = 1;
const FIXED_BODY = 2;
const CHUNKED_BODY = 3;
const REJECTED_STAGE = 4;
const CLOSED_STAGE = 5;

const EMPTY_BYTES: Buffer = Buffer.alloc(0);
const EMPTY_BODY = new Uint8Array(0);
const LF = 0x0a;
/** A body may stay in the chunk it came in when the rest of that chunk is at most this much. */
const BODY_SLACK_BYTES_MAX = 4096;

export class RequestParser {
  readonly #limits: HttpLimits;
  readonly #head: HeadParser;
  readonly #chunks: ChunkedBody;
  readonly #body: BodyBuffer;
  #stage: number = HEAD;
  /** Unparsed bytes are #buffer[#at, #end). */
  #buffer: Buffer = EMPTY_BYTES;
  #at: number = 0;
  #end: number = 0;
  /** Whether #buffer was allocated here, so that bytes may be added to it. */
  #owned: boolean = false;
  /** Bytes before this position are known to hold no whole line. */
  #scanned: number = 0;
  #fixedLength: number = 0;
  #reason: RejectReason = "request_line";
  #ready: ParsedRequest | null = null;

  constructor(limits: HttpLimits, account: BodyAccount) {
    this.#limits = limits;
    this.#head = new HeadParser(limits);
    this.#chunks = new ChunkedBody(limits);
    this.#body = new BodyBuffer(account);
  }

  get reason(): RejectReason {
    return this.#reason;
  }

  /** Whether bytes of a request that is not complete have arrived. */
  get midRequest(): boolean {
    return this.#stage === HEAD ? this.#head.begun || this.#at < this.#end : this.#stage < REJECTED_STAGE;
  }

  /** Whether the head of the current request is complete and its body is not. */
  get inBody(): boolean {
    return this.#stage > HEAD && this.#stage < REJECTED_STAGE;
  }

  /** Adds bytes. The chunk belongs to the parser from now on. */
  feed(chunk: Buffer): void {
    if (this.#stage >= REJECTED_STAGE) return;
    const left = this.#end - this.#at;
    if (left === 0) {
      this.#buffer = chunk;
      this.#owned = false;
      this.#at = 0;
      this.#end = chunk.length;
      this.#scanned = 0;
      return;
    }
    if (!this.#owned || this.#end + chunk.length > this.#buffer.length) this.#makeRoom(left, chunk.length);
    this.#buffer.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  next(): ParseEvent {
    assert(this.#ready === null, "the previous request must be taken first");
    for (;;) {
      switch (this.#stage) {
        case HEAD: {
          if (!this.#parseHead()) return this.#stage === HEAD ? NEED_MORE : REJECTED;
          break;
        }
        case BODY_START: {
          const waits = this.#startBody();
          if (waits) return EXPECTS_CONTINUE;
          break;
        }
        case FIXED_BODY: return this.#parseFixedBody();
        case CHUNKED_BODY: return this.#parseChunkedBody();
        case REJECTED_STAGE: return REJECTED;
        default: return CLOSED;
      }
    }
  }

  /** The request that `next` announced; call once for each. */
  takeRequest(): ParsedRequest {
    const request = this.#ready;
    assert(request !== null, "a request must be ready");
    this.#ready = null;
    return request;
  }

  /** Frees what is held; the parser takes nothing more. */
  dispose(): void {
    this.#body.drop();
    this.#release();
    this.#stage = CLOSED_STAGE;
  }

  #release(): void {
    this.#buffer = EMPTY_BYTES;
    this.#owned = false;
    this.#at = 0;
    this.#end = 0;
    this.#scanned = 0;
  }

  /** Moves the unparsed bytes to a buffer of our own with room for `more` bytes, growing by doubling. */
  #makeRoom(left: number, more: number): void {
    const fits = this.#owned && left + more <= this.#buffer.length;
    const target = fits ? this.#buffer : Buffer.allocUnsafeSlow(Math.max(1024, (left + more) * 2));
    this.#buffer.copy(target, 0, this.#at, this.#end);
    this.#buffer = target;
    this.#owned = true;
    this.#scanned = Math.max(0, this.#scanned - this.#at);
    this.#at = 0;
    this.#end = left;
  }

  #reject(reason: RejectReason): typeof REJECTED {
    this.#reason = reason;
    this.#body.drop();
    this.#release();
    this.#stage = REJECTED_STAGE;
    return REJECTED;
  }

  /** True when the head is complete. False: more bytes are needed, or the stage says rejected. */
  #parseHead(): boolean {
    if (this.#at === this.#end) return false;
    // A line that drips in byte by byte is parsed again only when its end may have come.
    if (this.#scanned > this.#at) {
      let at = this.#scanned;
      while (at < this.#end && this.#buffer[at] !== LF) at++;
      this.#scanned = at;
      if (at === this.#end && at - this.#at <= this.#limits.headBytesMax) return false;
    }
    const next = this.#head.parse(this.#buffer, this.#at, this.#end);
    if (next === LINE_REJECTED) {
      this.#reject(this.#head.reason);
      return false;
    }
    this.#at = next;
    if (!this.#head.complete) {
      this.#scanned = this.#end;
      return false;
    }
    this.#scanned = 0;
    this.#stage = BODY_START;
    return true;
  }

  /** True when the sender waits for "100 Continue". */
  #startBody(): boolean {
    const head = this.#head;
    this.#fixedLength = head.chunked ? 0 : Math.max(0, head.contentLength);
    if (head.chunked) this.#chunks.reset();
    this.#stage = head.chunked ? CHUNKED_BODY : FIXED_BODY;
    this.#body.begin(this.#fixedLength);
    const hasBody = head.chunked || this.#fixedLength > 0;
    return hasBody && head.expectsContinue && this.#at === this.#end;
  }

  #parseFixedBody(): ParseEvent {
    const available = this.#end - this.#at;
    const missing = this.#fixedLength - this.#body.length;
    if (available >= missing) {
      if (this.#body.length === 0) return this.#finish(this.#bodyInPlace(missing), 0);
      if (!this.#body.append(this.#buffer, this.#at, this.#at + missing)) return this.#reject("overloaded");
      this.#at += missing;
      const charged = this.#body.chargedBytes;
      return this.#finish(this.#body.take(), charged);
    }
    if (available > 0) {
      if (!this.#body.append(this.#buffer, this.#at, this.#end)) return this.#reject("overloaded");
      this.#release();
    }
    return NEED_MORE;
  }

  /** A body that lies whole in the buffer: a view when it is the only user of that memory, else a copy. */
  #bodyInPlace(length: number): Uint8Array {
    if (length === 0) return EMPTY_BODY;
    const start = this.#at;
    this.#at += length;
    const sole = !this.#owned && this.#at === this.#end
      && this.#buffer.length === this.#buffer.buffer.byteLength
      && this.#buffer.length - length <= BODY_SLACK_BYTES_MAX;
    if (sole) return this.#buffer.subarray(start, this.#at);
    return Uint8Array.prototype.slice.call(this.#buffer, start, this.#at);
  }

  #parseChunkedBody(): ParseEvent {
    const next = this.#chunks.parse(this.#buffer, this.#at, this.#end, this.#body);
    if (next === CHUNKS_REJECTED) return this.#reject(this.#chunks.reason);
    this.#at = next;
    if (!this.#chunks.complete) return NEED_MORE;
    const charged = this.#body.chargedBytes;
    return this.#finish(this.#body.take(), charged);
  }

  #finish(body: Uint8Array, chargedBytes: number): typeof REQUEST {
    const head = this.#head;
    const keepAlive = head.keepAlive;
    this.#ready = {
      method: head.method, target: head.target, minorVersion: head.minorVersion,
      rawHeaders: head.rawHeaders, layout: head.layout, body, keepAlive, chargedBytes,
    };
    head.reset();
    if (this.#at === this.#end) this.#release();
    this.#stage = HEAD;
    if (!keepAlive) {
      this.#release();
      this.#stage = CLOSED_STAGE;
    }
    return REQUEST;
  }
}
