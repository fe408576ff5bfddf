// Request line and header lines of HTTP/1.x, strictly: CR LF only, no folding, no space before a colon,
// one way to say how long the body is. Works line by line; an incomplete line is left for the next arrival.
//
// Strict where leniency lets two parsers disagree on where a request ends (request smuggling).

import type { HeaderLayout } from "../../ports/http.ts";
import { CR, COLON, LF, SPACE, TAB, HOST, TARGET, TOKEN, VALUE } from "./char-class.ts";
import {
  CONNECTION, CONTENT_LENGTH, EXPECT, HeaderMemory, HOST_HEADER, OTHER, TRANSFER_ENCODING, headerKindOf,
} from "./header-memory.ts";
import type { HeaderKind, RememberedLine } from "./header-memory.ts";
import { LAYOUT_HEAD_BYTES_MAX, LEADING_EMPTY_LINES_MAX } from "./limits.ts";
import type { HttpLimits } from "./limits.ts";
import type { RejectReason } from "./reject.ts";

/** Returned instead of a position. */
export const LINE_INCOMPLETE = -1;
export const LINE_REJECTED = -2;

const METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"]);
/** Digits of a Content-Length: keeps the number exact. */
const LENGTH_DIGITS_MAX = 15;
const NO_VIEW: DataView = new DataView(new ArrayBuffer(0));
const VERSION_BYTES = 8;
const METHOD_BYTES_MAX = 32;

export class HeadParser {
  readonly #limits: HttpLimits;
  readonly #memory: HeaderMemory = new HeaderMemory();
  #emptyLines: number = 0;
  #headBytes: number = 0;
  #lineCount: number = 0;
  #hostCount: number = 0;
  #close: boolean = false;
  #keep: boolean = false;
  #previousTarget: string = "";
  /** Of the last head that was remembered: its names in order, and what stands for them. */
  #names: string[] = [];
  #layout: HeaderLayout = { memo: null };
  /** The buffer being parsed, for reading four bytes at a time. */
  #view: DataView = NO_VIEW;

  method: string = "";
  target: string = "";
  /** 0 for HTTP/1.0, 1 for HTTP/1.1. */
  minorVersion: number = 1;
  rawHeaders: string[] = [];
  /** Of the last head that was remembered. The next one begins as its copy: most of its lines come again. */
  #lastHeaders: readonly string[] = [];
  layout: HeaderLayout | null = null;
  /** -1 when the request has no Content-Length. */
  contentLength: number = -1;
  chunked: boolean = false;
  expectsContinue: boolean = false;
  /** Whether a part of a head has been taken: a request has begun. */
  begun: boolean = false;
  complete: boolean = false;
  reason: RejectReason = "request_line";

  constructor(limits: HttpLimits) {
    this.#limits = limits;
  }

  /** Whether the connection may serve another request after this one. */
  get keepAlive(): boolean {
    return this.minorVersion === 1 ? !this.#close : this.#keep && !this.#close;
  }

  reset(): void {
    this.#emptyLines = 0;
    this.#headBytes = 0;
    this.#lineCount = 0;
    this.#hostCount = 0;
    this.#close = false;
    this.#keep = false;
    this.rawHeaders = this.#lastHeaders.slice();
    this.contentLength = -1;
    this.chunked = false;
    this.expectsContinue = false;
    this.begun = false;
    this.complete = false;
  }

  /**
   * Takes whole lines from buffer[start, end) until the head is complete. Returns the position after the last
   * line taken (the caller looks at `complete`), or LINE_REJECTED with `reason` set.
   */
  parse(buffer: Buffer, start: number, end: number): number {
    this.#view = new DataView(buffer.buffer, buffer.byteOffset, buffer.length);
    const next = this.#lines(buffer, start, end);
    // An idle connection must not hold the memory of its last arrival.
    this.#view = NO_VIEW;
    return next;
  }

  #lines(buffer: Buffer, start: number, end: number): number {
    let at = start;
    while (!this.complete) {
      const next = this.begun ? this.#headerLine(buffer, at, end) : this.#requestLine(buffer, at, end);
      if (next === LINE_REJECTED) return LINE_REJECTED;
      if (next === LINE_INCOMPLETE) {
        if (this.#headBytes + end - at > this.#limits.headBytesMax) return this.#reject("head_too_large");
        return at;
      }
      this.#headBytes += next - at;
      if (this.#headBytes > this.#limits.headBytesMax) return this.#reject("head_too_large");
      at = next;
    }
    return at;
  }

  #reject(reason: RejectReason): number {
    this.reason = reason;
    return LINE_REJECTED;
  }

  /** method SP target SP HTTP/1.x CR LF; also an empty line before it. */
  #requestLine(buffer: Buffer, start: number, end: number): number {
    let at = start;
    if (at < end && buffer[at] === CR) return this.#leadingEmptyLine(buffer, at, end);
    while (at < end && TOKEN[buffer[at] as number] === 1) at++;
    if (at - start > METHOD_BYTES_MAX) return this.#reject("method");
    if (at === end) return LINE_INCOMPLETE;
    if (at === start || buffer[at] !== SPACE) return this.#reject("request_line");
    const methodEnd = at;
    const targetStart = ++at;
    while (at < end && TARGET[buffer[at] as number] === 1) at++;
    if (at - targetStart > this.#limits.targetBytesMax) return this.#reject("target_too_long");
    if (at === end) return LINE_INCOMPLETE;
    if (at === targetStart || buffer[at] !== SPACE) return this.#reject("target");
    const targetEnd = at++;
    if (end - at < VERSION_BYTES + 2) return LINE_INCOMPLETE;
    const version = this.#version(buffer, at);
    if (version !== null) return this.#reject(version);
    at += VERSION_BYTES;
    if (buffer[at] !== CR || buffer[at + 1] !== LF) return this.#reject("line_ending");
    this.method = methodAt(buffer, start, methodEnd);
    if (this.method === "") return this.#reject("method");
    this.target = this.#targetAt(buffer, targetStart, targetEnd);
    if (!isTargetForm(this.target, this.method)) return this.#reject("target");
    this.begun = true;
    return at + 2;
  }

  #leadingEmptyLine(buffer: Buffer, at: number, end: number): number {
    if (at + 1 === end) return LINE_INCOMPLETE;
    if (buffer[at + 1] !== LF) return this.#reject("line_ending");
    if (++this.#emptyLines > LEADING_EMPTY_LINES_MAX) return this.#reject("request_line");
    return at + 2;
  }

  /** Null when the eight bytes at `at` are HTTP/1.0 or HTTP/1.1. */
  #version(buffer: Buffer, at: number): RejectReason | null {
    // "HTTP/" read as one 32-bit word and a byte.
    if (buffer.readUInt32BE(at) !== 0x48545450 || buffer[at + 4] !== 0x2f) return "request_line";
    const major = (buffer[at + 5] as number) - 0x30;
    const minor = (buffer[at + 7] as number) - 0x30;
    if (buffer[at + 6] !== 0x2e || major < 0 || major > 9 || minor < 0 || minor > 9) return "request_line";
    if (major !== 1 || minor > 1) return "version";
    this.minorVersion = minor;
    return null;
  }

  #targetAt(buffer: Buffer, start: number, end: number): string {
    if (end - start === 1 && buffer[start] === 0x2f) return "/";
    const previous = this.#previousTarget;
    if (previous.length === end - start && sameText(buffer, start, previous)) return previous;
    const target = buffer.toString("latin1", start, end);
    this.#previousTarget = target;
    return target;
  }

  #headerLine(buffer: Buffer, start: number, end: number): number {
    if (start === end) return LINE_INCOMPLETE;
    const first = buffer[start] as number;
    if (first === LF) return this.#reject("line_ending");
    if (end - start === 1) return LINE_INCOMPLETE;
    if (first === CR) return this.#endOfHead(buffer, start);
    if (first === SPACE || first === TAB) return this.#reject("header_fold");
    if (this.#lineCount === this.#limits.headerCountMax) return this.#reject("header_count");

    const remembered = this.#memory.line(this.#lineCount);
    if (remembered !== null) {
      const same = sameBytes(remembered, buffer, this.#view, start, end);
      if (same === remembered.length && same > 0 && !remembered.nameOnly) {
        return this.#take(remembered.kind, remembered.name, remembered.value) ? start + same : LINE_REJECTED;
      }
      if (same > remembered.nameLength) {
        return this.#valueOf(buffer, start, end, remembered.nameLength, remembered.name, remembered.kind);
      }
    }

    let at = start;
    while (at < end && TOKEN[buffer[at] as number] === 1) at++;
    if (at === end) return LINE_INCOMPLETE;
    if (at === start || buffer[at] !== COLON) return this.#reject("header_name");
    const name = buffer.toString("latin1", start, at);
    return this.#valueOf(buffer, start, end, at - start, name, headerKindOf(name));
  }

  /** The rest of a line whose "Name:" is known to be valid. */
  #valueOf(
    buffer: Buffer, start: number, end: number, nameLength: number, name: string, kind: HeaderKind,
  ): number {
    let at = start + nameLength + 1;
    while (at < end && (buffer[at] === SPACE || buffer[at] === TAB)) at++;
    const valueStart = at;
    at = plainEnd(this.#view, at, end);
    while (at < end && VALUE[buffer[at] as number] === 1) at++;
    if (at < end && buffer[at] !== CR) return this.#reject(buffer[at] === LF ? "line_ending" : "header_value");
    if (at + 1 >= end) return LINE_INCOMPLETE;
    if (buffer[at + 1] !== LF) return this.#reject("line_ending");
    const next = at + 2;
    while (at > valueStart && (buffer[at - 1] === SPACE || buffer[at - 1] === TAB)) {
      at--;
      // Parsers disagree on whether a tab ends "chunked": refused in every header that the front end obeys.
      if (buffer[at] === TAB && kind !== OTHER) return this.#reject("header_value");
    }
    const value = buffer.toString("latin1", valueStart, at);
    const index = this.#lineCount;
    if (!this.#take(kind, name, value)) return LINE_REJECTED;
    this.#memory.remember(index, buffer, start, next, nameLength, name, value, kind);
    return next;
  }

  /** Adds one header and notes what it means for framing. */
  #take(kind: HeaderKind, name: string, value: string): boolean {
    const at = 2 * this.#lineCount++;
    this.rawHeaders[at] = name;
    this.rawHeaders[at + 1] = value;
    if (kind === OTHER) return true;
    const reason = this.#note(kind, value);
    if (reason === null) return true;
    this.reason = reason;
    return false;
  }

  #note(kind: HeaderKind, value: string): RejectReason | null {
    switch (kind) {
      case CONTENT_LENGTH:
        if (this.contentLength >= 0) return "length_repeated";
        this.contentLength = decimalOf(value);
        return this.contentLength < 0 ? "length_value" : null;
      case TRANSFER_ENCODING:
        // A second coding of any kind, a list or a parameter is refused: only one framing is understood.
        if (this.chunked || value.toLowerCase() !== "chunked") return "encoding_unsupported";
        this.chunked = true;
        return null;
      case HOST_HEADER:
        if (++this.#hostCount > 1) return "host_repeated";
        return isHost(value) ? null : "host_value";
      case CONNECTION:
        this.#noteConnection(value);
        return null;
      case EXPECT:
        if (value.toLowerCase() !== "100-continue") return "expectation";
        this.expectsContinue = true;
        return null;
      default:
        return null;
    }
  }

  #noteConnection(value: string): void {
    if (value === "keep-alive") {
      this.#keep = true;
      return;
    }
    for (const option of value.toLowerCase().split(",")) {
      const trimmed = option.trim();
      if (trimmed === "close") this.#close = true;
      if (trimmed === "keep-alive") this.#keep = true;
    }
  }

  /** The empty line after the headers: what they say together must make sense. */
  #endOfHead(buffer: Buffer, at: number): number {
    if (buffer[at + 1] !== LF) return this.#reject("line_ending");
    if (this.minorVersion === 1 && this.#hostCount === 0) return this.#reject("host_absent");
    if (this.chunked && this.minorVersion === 0) return this.#reject("encoding_version");
    if (this.chunked && this.contentLength >= 0) return this.#reject("length_and_encoding");
    if (this.contentLength > this.#limits.bodyBytesMax) return this.#reject("body_too_large");
    if (this.minorVersion === 0) this.expectsContinue = false;
    this.complete = true;
    this.layout = this.#layoutOf(this.rawHeaders);
    return at + 2;
  }

  #layoutOf(raw: string[]): HeaderLayout | null {
    if (raw.length > 2 * this.#lineCount) raw.length = 2 * this.#lineCount;
    if (this.#headBytes > LAYOUT_HEAD_BYTES_MAX) return null;
    this.#lastHeaders = raw;
    const names = this.#names;
    let same = 0;
    while (same < names.length && names[same] === raw[2 * same]) same++;
    if (same === names.length && 2 * same === raw.length) return this.#layout;
    this.#names = raw.filter((_, i) => i % 2 === 0);
    this.#layout = { memo: null };
    return this.#layout;
  }
}

/** How many bytes at `start` equal the remembered ones. */
function sameBytes(line: RememberedLine, buffer: Buffer, view: DataView, start: number, end: number): number {
  const length = Math.min(line.length, end - start);
  const known = line.view;
  let same = 0;
  // Eight bytes as one number: equal numbers are equal bytes, for no line holds the zeros that differ in sign alone.
  while (same + 8 <= length && known.getFloat64(same, true) === view.getFloat64(start + same, true)) same += 8;
  const bytes = line.bytes;
  while (same < length && bytes[same] === buffer[start + same]) same++;
  return same;
}

/**
 * Skips bytes of a header value four at a time; stops at or before the first that may be a control. In each
 * byte lane, (x - 0x20) & ~x has its top bit set when x < 0x20, and with y = x ^ 0x7f so has (y - 1) & ~y
 * when x is DEL. A lane lends to the one above only when it stops the skip itself.
 */
function plainEnd(view: DataView, start: number, end: number): number {
  let at = start;
  for (; at + 4 <= end; at += 4) {
    const x = view.getInt32(at);
    const y = x ^ 0x7f7f7f7f;
    if ((((x - 0x20202020) & ~x) | ((y - 0x01010101) & ~y)) & 0x80808080) break;
  }
  return at;
}

/** The method as an interned string, "" when it is not supported. */
function methodAt(buffer: Buffer, start: number, end: number): string {
  if (end - start === 4 && buffer.readUInt32BE(start) === 0x504f5354) return "POST";
  const method = buffer.toString("latin1", start, end);
  return METHODS.has(method) ? method : "";
}

/** Origin form, "*" for OPTIONS, or absolute form of http with a host. */
function isTargetForm(target: string, method: string): boolean {
  if (target.charCodeAt(0) === 0x2f) return true;
  if (target === "*") return method === "OPTIONS";
  const scheme = /^https?:\/\//i.exec(target);
  if (scheme === null) return false;
  const rest = target.slice(scheme[0].length);
  const slash = rest.search(/[/?]/);
  const host = slash < 0 ? rest : rest.slice(0, slash);
  return host.length > 0 && /^[A-Za-z0-9.\-_[\]:]+$/.test(host);
}

function sameText(buffer: Buffer, start: number, text: string): boolean {
  for (let i = 0; i < text.length; i++) if (buffer[start + i] !== text.charCodeAt(i)) return false;
  return true;
}

/** -1 unless `text` is a run of decimal digits. */
function decimalOf(text: string): number {
  if (text.length === 0 || text.length > LENGTH_DIGITS_MAX) return -1;
  let value = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

function isHost(value: string): boolean {
  for (let i = 0; i < value.length; i++) if (HOST[value.charCodeAt(i)] !== 1) return false;
  return true;
}
