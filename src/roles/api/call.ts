// One request on its way through the API: what an operation needs to know of it, and its single answer.
import type { Crypto } from "../../ports/crypto.ts";
import type { Compression } from "../../ports/compression.ts";
import type { Clock } from "../../ports/clock.ts";
import type { HttpResponse } from "../../ports/http.ts";
import type { Execute, LookupTable, Operation, Outcome } from "../../model/operation.ts";
import { assert } from "../../base/assert.ts";
import { utf8Encode } from "../../base/utf8.ts";
import { acceptsGzip, GZIP_BYTES_MIN } from "./codings.ts";
import { type Failure, messageMember } from "./errors.ts";
import type { RequestHeaders } from "./headers.ts";
import type { RequestIds } from "./request-id.ts";

/** What all calls of one API share. */
export type ApiContext = {
  readonly crypto: Crypto;
  readonly clock: Clock;
  readonly compression: Compression;
  readonly requestIds: RequestIds;
  readonly lookupTable: LookupTable;
  readonly accountId: string;
};

/** What a checked request wants done: begins it, and answers when it is done. */
export type Plan = (execute: Execute) => void;

export const JSON_1_0 = "application/x-amz-json-1.0";

const ITEM_MEMBER: Uint8Array = utf8Encode(',"Item":');
/** What most SDKs send. */
const IDENTITY = "identity";
const CLOSE_OBJECT: Uint8Array = utf8Encode("}");

export class Call {
  readonly context: ApiContext;
  readonly headers: RequestHeaders;
  /** From the credential scope. */
  region: string;
  /** Of the answer. */
  contentType: string;
  /** Set by an operation whose input is right; null while there is none, and for what needs no execution. */
  planned: Plan | null;
  /** Name and value, beside those of every answer. Null: none. */
  #extraHeaders: string[] | null;
  readonly #reply: (response: HttpResponse) => void;
  #isAnswered: boolean;

  constructor(
    context: ApiContext, region: string, headers: RequestHeaders, reply: (response: HttpResponse) => void,
  ) {
    this.context = context;
    this.headers = headers;
    this.region = region;
    this.contentType = JSON_1_0;
    this.planned = null;
    this.#extraHeaders = null;
    this.#reply = reply;
    this.#isAnswered = false;
  }

  /** For the answer, whichever it will be. */
  addHeader(name: string, value: string): void {
    this.#extraHeaders ??= [];
    this.#extraHeaders.push(name, value);
  }

  plan(operation: Operation, done: (outcome: Outcome) => void): void {
    this.planWith((execute) => execute(operation, done));
  }

  /** For a call that takes several operations. */
  planWith(plan: Plan): void {
    assert(this.planned === null, "a call is planned once");
    this.planned = plan;
  }

  /** Answers 200 with the pieces of a JSON object in order. */
  succeed(body: readonly Uint8Array[]): void {
    this.#answer(200, body, null);
  }

  succeedText(json: string): void {
    this.#answer(200, [utf8Encode(json)], null);
  }

  fail(failure: Failure): void {
    let head = `{"__type":"${failure.type}"`;
    if (failure.message !== null) head += `,"${messageMember(failure.type)}":${JSON.stringify(failure.message)}`;
    const body = [utf8Encode(head)];
    if (failure.members !== undefined) body.push(...failure.members);
    if (failure.item !== null) body.push(ITEM_MEMBER, failure.item);
    body.push(CLOSE_OBJECT);
    this.#answer(failure.status, body, failure.retryAfterMs);
  }

  /** An answer that is not JSON: what stands outside the protocol. */
  answerPlain(status: number, contentType: string, text: string): void {
    this.contentType = contentType;
    this.#answer(status, [utf8Encode(text)], null);
  }

  #answer(status: number, body: readonly Uint8Array[], retryAfterMs: number | null): void {
    assert(!this.#isAnswered, "a call is answered once");
    this.#isAnswered = true;
    const { acceptEncoding } = this.headers;
    const mayFold = acceptEncoding !== null && acceptEncoding !== IDENTITY;
    if (mayFold && lengthOf(body) >= GZIP_BYTES_MIN && acceptsGzip(acceptEncoding)) {
      this.addHeader("Content-Encoding", "gzip");
      this.context.compression.gzip(body, (bytes) => this.#send(status, [bytes], retryAfterMs));
    } else this.#send(status, body, retryAfterMs);
  }

  /** The checksum is that of the bytes as they are sent. */
  #send(status: number, body: readonly Uint8Array[], retryAfterMs: number | null): void {
    const { crypto, requestIds } = this.context;
    const headers = ["x-amzn-RequestId", requestIds.next(), "x-amz-crc32", String(crypto.crc32(body))];
    if (retryAfterMs !== null) headers.push("x-amz-retry-after", String(retryAfterMs));
    if (this.#extraHeaders !== null) headers.push(...this.#extraHeaders);
    this.#reply({ status, contentType: this.contentType, headers, body });
  }
}

function lengthOf(pieces: readonly Uint8Array[]): number {
  let length = 0;
  for (let i = 0; i < pieces.length; i++) length += (pieces[i] as Uint8Array).length;
  return length;
}
