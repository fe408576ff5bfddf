// Answers as bytes: head and body in one buffer, cut from a slab, so that one answer is one write. The parts
// of the head that repeat are kept as strings by status and content type; the Date line is made once per sweep.

import { STATUS_CODES } from "node:http";
import { assert } from "../../base/assert.ts";
import type { HttpResponse } from "../../ports/http.ts";
import { TOKEN, VALUE } from "./char-class.ts";
import { WRITE_SLAB_BYTES, WRITE_SLAB_PIECE_BYTES_MAX } from "./limits.ts";
import type { RejectReason } from "./reject.ts";
import { rejectionBody, rejectionOf } from "./reject.ts";

export const CONTINUE_BYTES: Buffer = Buffer.from("HTTP/1.1 100 Continue\r\n\r\n", "latin1");

const JSON_TYPE = "application/x-amz-json-1.0";
/** Distinct (status, content type) pairs kept: a handler that makes up content types must not fill memory. */
const PREFIXES_MAX = 64;
/** Distinct header names known to be well formed. */
const NAMES_MAX = 256;

export type EncodeFlags = {
  /** An answer to HEAD: the length is told, the body is not sent. */
  readonly headOnly: boolean;
  readonly close: boolean;
  /** HTTP/1.0 clients must be told that the connection stays open. */
  readonly sayKeepAlive: boolean;
};

export class ResponseEncoder {
  #slab: Buffer = Buffer.allocUnsafeSlow(WRITE_SLAB_BYTES);
  #slabUsed: number = 0;
  #dateLine: string = "";
  readonly #prefixes: Map<string, string>[] = [];
  #prefixCount: number = 0;
  readonly #names: Set<string> = new Set();

  /** `wallMs` becomes the Date header of the answers from now on. */
  setDate(wallMs: number): void {
    this.#dateLine = `Date: ${new Date(wallMs).toUTCString()}\r\n`;
  }

  /** The bytes of one answer. The pieces of the body are copied: the caller may reuse them. */
  encode(response: HttpResponse, flags: EncodeFlags): Buffer {
    const pieces = response.body;
    let bodyLength = 0;
    for (let i = 0; i < pieces.length; i++) bodyLength += (pieces[i] as Uint8Array).length;
    const head = this.#head(response, bodyLength, flags);
    const withBody = !flags.headOnly && hasBody(response.status);
    const total = head.length + (withBody ? bodyLength : 0);
    const bytes = this.#allocate(total);
    bytes.write(head, 0, head.length, "latin1");
    if (withBody) {
      let at = head.length;
      for (let i = 0; i < pieces.length; i++) {
        const piece = pieces[i] as Uint8Array;
        bytes.set(piece, at);
        at += piece.length;
      }
    }
    return bytes;
  }

  /** The answer to a request that the front end refuses; the connection closes after it. */
  encodeRejection(reason: RejectReason): Buffer {
    const rejection = rejectionOf(reason);
    const body = Buffer.from(rejectionBody(rejection), "utf8");
    const response = { status: rejection.status, contentType: JSON_TYPE, headers: [], body: [body] };
    return this.encode(response, { headOnly: false, close: true, sayKeepAlive: false });
  }

  #head(response: HttpResponse, bodyLength: number, flags: EncodeFlags): string {
    let head = this.#prefix(response.status, response.contentType) + this.#dateLine;
    const headers = response.headers;
    assert(headers.length % 2 === 0, "headers are name and value pairs");
    for (let i = 0; i < headers.length; i += 2) {
      const name = headers[i] as string;
      const value = headers[i + 1] as string;
      this.#checkName(name);
      assert(isHeaderValue(value), "a header value must not end its line");
      head += `${name}: ${value}\r\n`;
    }
    if (flags.close) head += "Connection: close\r\n";
    else if (flags.sayKeepAlive) head += "Connection: keep-alive\r\n";
    return hasBody(response.status) ? `${head}Content-Length: ${bodyLength}\r\n\r\n` : `${head}\r\n`;
  }

  #prefix(status: number, contentType: string): string {
    const known = this.#prefixes[status]?.get(contentType);
    if (known !== undefined) return known;
    assert(Number.isInteger(status) && status >= 200 && status <= 599, "the status must be a final one");
    assert(isHeaderValue(contentType), "a content type must not end its line");
    const typeLine = contentType === "" ? "" : `Content-Type: ${contentType}\r\n`;
    const prefix = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? "Unknown"}\r\n${typeLine}`;
    if (this.#prefixCount < PREFIXES_MAX) {
      this.#prefixCount++;
      const byType = this.#prefixes[status] ?? new Map<string, string>();
      this.#prefixes[status] = byType.set(contentType, prefix);
    }
    return prefix;
  }

  #checkName(name: string): void {
    if (this.#names.has(name)) return;
    assert(name.length > 0, "a header name must not be empty");
    for (let i = 0; i < name.length; i++) {
      assert(TOKEN[name.charCodeAt(i)] === 1, "a header name must be a token");
    }
    if (this.#names.size < NAMES_MAX) this.#names.add(name);
  }

  #allocate(length: number): Buffer {
    if (length > WRITE_SLAB_PIECE_BYTES_MAX) return Buffer.allocUnsafeSlow(length);
    if (this.#slabUsed + length > WRITE_SLAB_BYTES) {
      this.#slab = Buffer.allocUnsafeSlow(WRITE_SLAB_BYTES);
      this.#slabUsed = 0;
    }
    const start = this.#slabUsed;
    this.#slabUsed += length;
    return this.#slab.subarray(start, this.#slabUsed);
  }
}

function hasBody(status: number): boolean {
  return status !== 204 && status !== 304;
}

function isHeaderValue(value: string): boolean {
  for (let i = 0; i < value.length; i++) if (VALUE[value.charCodeAt(i)] !== 1) return false;
  return true;
}
