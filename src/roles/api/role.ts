// The API role: HTTP requests in, typed operations to the router, HTTP answers out. Checks come in
// DynamoDB's order: method and path, content type, JSON, operation, signature, structure, meaning.
import { AssertionError } from "../../base/assert.ts";
import type { Execute, LookupTable } from "../../model/operation.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Compression } from "../../ports/compression.ts";
import type { Crypto } from "../../ports/crypto.ts";
import type { HttpHandler, HttpRequest, HttpResponse } from "../../ports/http.ts";
import type { Random } from "../../ports/random.ts";
import type { Telemetry } from "../../ports/telemetry.ts";
import { type ApiContext, Call, JSON_1_0 } from "./call.ts";
import { codingOf, unfoldBody } from "./codings.ts";
import { answerPreflight, corsHeaders, type CorsOrigins } from "./cors.ts";
import { type Failure, internalFailure, serialization, unknownOperation } from "./errors.ts";
import { RequestHeaders } from "./headers.ts";
import { type Health, answerHealth } from "./health.ts";
import { decodeBody } from "./json-codec/decode-body.ts";
import { OPERATIONS } from "./operations.ts";
import { RequestIds } from "./request-id.ts";
import { Authenticator, type Credential } from "./sigv4/authenticate.ts";
import { checkStructure } from "./validate/check.ts";

export type ApiEnv = {
  readonly crypto: Crypto;
  readonly compression: Compression;
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: Telemetry;
};
export type ApiDeps = { readonly execute: Execute; readonly lookupTable: LookupTable };
export type ApiOptions = {
  /** Null: requests must be signed in form, but anybody's signature will do. */
  readonly credentials: readonly Credential[] | null;
  /** Twelve digits, for ARNs. */
  readonly accountId: string;
  /** Region of the health text, and of ARNs when the credential scope names none that makes sense. */
  readonly defaultRegion: string;
  readonly health: () => Health;
  /** Whose pages browsers let in. Null: nobody's, and nothing is said of it. */
  readonly cors: CorsOrigins | null;
};

export type Api = { readonly handle: HttpHandler };

const JSON_PLAIN = "application/json";
const NOT_THE_PROTOCOL = "<UnknownOperationException/>\n";

export function createApi(env: ApiEnv, deps: ApiDeps, options: ApiOptions): Api {
  const role = new ApiRole(env, deps, options);
  return { handle: (request, reply) => role.handle(request, reply) };
}

class ApiRole {
  readonly #context: ApiContext;
  readonly #authenticator: Authenticator;
  readonly #execute: Execute;
  readonly #telemetry: Telemetry;
  readonly #defaultRegion: string;
  readonly #health: () => Health;
  readonly #cors: CorsOrigins | null;

  constructor(env: ApiEnv, deps: ApiDeps, options: ApiOptions) {
    const { crypto, compression, clock, random, telemetry } = env;
    const { accountId, credentials, defaultRegion } = options;
    const { lookupTable } = deps;
    this.#context = { crypto, compression, clock, requestIds: new RequestIds(random), lookupTable, accountId };
    this.#authenticator = new Authenticator(crypto, clock, credentials, defaultRegion);
    this.#execute = deps.execute;
    this.#telemetry = telemetry;
    this.#defaultRegion = defaultRegion;
    this.#health = options.health;
    this.#cors = options.cors;
  }

  handle(request: HttpRequest, reply: (response: HttpResponse) => void): void {
    const { target } = request;
    const mark = target.indexOf("?");
    const path = mark < 0 ? target : target.slice(0, mark);
    const headers = new RequestHeaders(request.rawHeaders, request.layout);
    const call = new Call(this.#context, this.#defaultRegion, headers, reply);
    if (this.#cors !== null && this.#isPreflight(this.#cors, request.method, headers, call)) return;
    const contentType = contentTypeOf(headers.contentType);
    if (request.method !== "POST" || path !== "/" || contentType === null) {
      if (!answerHealth(request.method, path, this.#defaultRegion, this.#health, call)) {
        call.answerPlain(404, JSON_1_0, NOT_THE_PROTOCOL);
      }
      return;
    }
    call.contentType = contentType;
    const failure = this.#checked(request, mark < 0 ? "" : target.slice(mark + 1), call);
    if (failure !== null) {
      call.fail(failure);
      return;
    }
    // Outside of the guard around the checks: what goes wrong from here on is no client's doing.
    const { planned } = call;
    if (planned !== null) planned(this.#execute);
  }

  /** True when the request was answered here. Every answer to a page of another origin says who may read it. */
  #isPreflight(origins: CorsOrigins, method: string, headers: RequestHeaders, call: Call): boolean {
    const { origin } = headers;
    if (origin === null) return false;
    const extra = corsHeaders(origins, origin);
    for (let i = 0; i < extra.length; i += 2) call.addHeader(extra[i] as string, extra[i + 1] as string);
    if (method !== "OPTIONS") return false;
    answerPreflight(headers, extra.includes("Access-Control-Allow-Origin"), call);
    return true;
  }

  /**
   * The checks change nothing, so an exception in them spoils nothing but this request: it is told and the
   * process lives on. An assertion is a known impossibility and goes through.
   */
  #checked(request: HttpRequest, query: string, call: Call): Failure | null {
    try {
      return this.#check(request, query, call);
    } catch (error) {
      if (error instanceof AssertionError) throw error;
      this.#telemetry.event("error", "api", "a request's checks failed", {
        target: call.headers.target, peer: request.peer, error: String(error),
      });
      return internalFailure();
    }
  }

  /** Null: the call is answered, or planned. */
  #check(request: HttpRequest, query: string, call: Call): Failure | null {
    const { target, contentEncoding } = call.headers;
    const coding = contentEncoding === null ? null : codingOf(contentEncoding);
    let body = request.body;
    if (coding !== null) {
      // A few bytes may unfold to many: before anything else it is asked who sends them.
      const sender = this.#authenticator.authenticate(request, query, call.headers);
      if (!sender.ok) return sender.failure;
      const unfolded = unfoldBody(body, coding, this.#context.compression);
      if (!unfolded.ok) return unfolded.failure;
      body = unfolded.value;
    }
    const input = decodeBody(body);
    if (input === null) return serialization(null);
    const handler = target === null ? undefined : OPERATIONS.get(target);
    if (handler === undefined) return unknownOperation(null);
    const region = this.#authenticator.authenticate(request, query, call.headers);
    if (!region.ok) return region.failure;
    call.region = region.value;
    return checkStructure(handler.shape, input) ?? handler.run(input, call);
  }
}

/** The type to answer with: the one asked with. Null: none of the protocol. Parameters are not looked at. */
function contentTypeOf(header: string | null): string | null {
  if (header === null) return null;
  if (header === JSON_1_0) return JSON_1_0;
  const semicolon = header.indexOf(";");
  const type = (semicolon < 0 ? header : header.slice(0, semicolon)).trim().toLowerCase();
  return type === JSON_1_0 || type === JSON_PLAIN ? type : null;
}
