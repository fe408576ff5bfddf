// One request on its way through the API: what an operation needs to know of it, and its single answer.
import type { Crypto } from "../../ports/crypto.ts";
import type { Clock } from "../../ports/clock.ts";
import type { HttpResponse } from "../../ports/http.ts";
import type { Execute, LookupTable, Operation, Outcome } from "../../model/operation.ts";
import { assert } from "../../base/assert.ts";
import { utf8Encode } from "../../base/utf8.ts";
import { type Failure, SERIALIZATION } from "./errors.ts";
import type { RequestHeaders } from "./headers.ts";
import type { RequestIds } from "./request-id.ts";

/** What all calls of one API share. */
export type ApiContext = {
  readonly crypto: Crypto;
  readonly clock: Clock;
  readonly requestIds: RequestIds;
  readonly lookupTable: LookupTable;
  readonly accountId: string;
};

/** What a checked request wants done: begins it, and answers when it is done. */
export type Plan = (execute: Execute) => void;

export const JSON_1_0 = "application/x-amz-json-1.0";

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
    this.#reply = reply;
    this.#isAnswered = false;
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
