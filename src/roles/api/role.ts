// The API role: HTTP requests in, typed operations to the router, HTTP answers out. Checks come in
// DynamoDB's order: method and path, content type, JSON, operation, signature, structure, meaning.
import type { Execute, LookupTable } from "../../model/operation.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Crypto } from "../../ports/crypto.ts";
import type { HttpHandler, HttpRequest, HttpResponse } from "../../ports/http.ts";
import type { Random } from "../../ports/random.ts";
import type { Telemetry } from "../../ports/telemetry.ts";
import { type ApiContext, Call, JSON_1_0 } from "./call.ts";
import { type Failure, serialization, unknownOperation } from "./errors.ts";
import { RequestHeaders } from "./headers.ts";
import { type Health, answerHealth } from "./health.ts";
import { decodeBody } from "./json-codec/decode-body.ts";
import { OPERATIONS, notOffered } from "./operations.ts";
import { RequestIds } from "./request-id.ts";
import { Authenticator, type Credential } from "./sigv4/authenticate.ts";
import { checkStructure } from "./validate/check.ts";

export type ApiEnv = {
  readonly crypto: Crypto;
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
};

export type Api = { readonly handle: HttpHandler };

const JSON_PLAIN = "application/json";
const NOT_THE_PROTOCOL = "<UnknownOperationException/>\n";

export function createApi(env: ApiEnv, deps: ApiDeps, options: ApiOptions): Api {
  const { crypto, clock, random } = env;
  const context: ApiContext = {
    crypto,
    requestIds: new RequestIds(random),
    execute: deps.execute,
    lookupTable: deps.lookupTable,
    accountId: options.accountId,
  };
  const authenticator = new Authenticator(crypto, clock, options.credentials, options.defaultRegion);
  env.telemetry.event("info", "api", "api ready", { signatures: options.credentials !== null });
  return {
    handle: (request, reply) => handle(request, reply, context, authenticator, options),
  };
}

function handle(
  request: HttpRequest, reply: (response: HttpResponse) => void,
  context: ApiContext, authenticator: Authenticator, options: ApiOptions,
): void {
  const { target } = request;
  const mark = target.indexOf("?");
  const path = mark < 0 ? target : target.slice(0, mark);
  const headers = new RequestHeaders(request.rawHeaders);
  const call = new Call(context, options.defaultRegion, headers, reply);
  const contentType = contentTypeOf(headers.contentType);
  if (request.method !== "POST" || path !== "/" || contentType === null) {
    if (!answerHealth(request.method, path, options.defaultRegion, options.health, call)) {
      call.answerPlain(404, JSON_1_0, NOT_THE_PROTOCOL);
    }
    return;
  }
  call.contentType = contentType;
  const query = mark < 0 ? "" : target.slice(mark + 1);
  const failure = perform(request, query, headers, call, authenticator);
  if (failure !== null) call.fail(failure);
}

/** Null: the call is answered, or will be. */
function perform(
  request: HttpRequest, query: string, headers: RequestHeaders, call: Call, authenticator: Authenticator,
): Failure | null {
  const input = decodeBody(request.body);
  if (input === null) return serialization(null);
  const { target } = headers;
  const handler = target === null ? undefined : OPERATIONS.get(target);
  if (handler === undefined) return unknownOperation(null);
  const region = authenticator.authenticate(request, query, headers);
  if (!region.ok) return region.failure;
  call.region = region.value;
  if (handler === null) return notOffered(target as string);
  return checkStructure(handler.shape, input) ?? handler.run(input, call);
}

/** The type to answer with: the one asked with. Null: none of the protocol. Parameters are not looked at. */
function contentTypeOf(header: string | null): string | null {
  if (header === null) return null;
  if (header === JSON_1_0) return JSON_1_0;
  const semicolon = header.indexOf(";");
  const type = (semicolon < 0 ? header : header.slice(0, semicolon)).trim().toLowerCase();
  return type === JSON_1_0 || type === JSON_PLAIN ? type : null;
}
