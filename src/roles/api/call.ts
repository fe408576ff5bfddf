// One request on its way through the API: what an operation needs to know of it, and its single answer.
import type { Crypto } from "../../ports/crypto.ts";
import type { HttpResponse } from "../../ports/http.ts";
import type { Execute, LookupTable } from "../../model/operation.ts";
import { assert } from "../../base/assert.ts";
import { utf8Encode } from "../../base/utf8.ts";
import { type Failure, SERIALIZATION } from "./errors.ts";
import type { RequestHeaders } from "./headers.ts";
import type { RequestIds } from "./request-id.ts";

/** What all calls of one API share. */
export type ApiContext = {
  readonly crypto: Crypto;
  readonly requestIds: RequestIds;
  readonly execute: Execute;
  readonly lookupTable: LookupTable;
  readonly accountId: string;
};

export const JSON_1_0 = "application/x-amz-json-1.0";

const CLOSE_OBJECT: Uint8Array = utf8Encode("}");

export class Call {
  readonly context: ApiContext;
  readonly headers: RequestHeaders;
  /** From the credential scope. */
  region: string;
  /** Of the answer. */
  contentType: string;
  #reply: (response: HttpResponse) => void;
  #isAnswered: boolean;

  constructor(
    context: ApiContext, region: string, headers: RequestHeaders, reply: (response: HttpResponse) => void,
  ) {
    this.context = context;
    this.headers = headers;
    this.region = region;
    this.contentType = JSON_1_0;
    this.#reply = reply;
    this.#isAnswered = false;
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
    if (failure.message !== null) {
      const member = failure.type === SERIALIZATION ? "Message" : "message";
      head += `,"${member}":${JSON.stringify(failure.message)}`;
    }
    const body = failure.item === null
      ? [utf8Encode(`${head}}`)]
      : [utf8Encode(`${head},"Item":`), failure.item, CLOSE_OBJECT];
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
    const { crypto, requestIds } = this.context;
    const headers = ["x-amzn-RequestId", requestIds.next(), "x-amz-crc32", String(crypto.crc32(body))];
    if (retryAfterMs !== null) headers.push("x-amz-retry-after", String(retryAfterMs));
    this.#reply({ status, contentType: this.contentType, headers, body });
  }
}
