// Who sent this request: AWS Signature Version 4. With credentials configured the signature is verified;
// without, it must be there and well formed, and only its region is used.
import type { Clock } from "../../../ports/clock.ts";
import type { Crypto, HmacKey } from "../../../ports/crypto.ts";
import type { HttpRequest } from "../../../ports/http.ts";
import {
  type Failure, incompleteSignature, invalidSignature, missingToken, unrecognizedClient,
} from "../errors.ts";
import type { RequestHeaders } from "../headers.ts";
import { isName } from "../validate/names.ts";
import { type Result, no, ok } from "../result.ts";
import { type QueryParameter, canonicalQuery, parameter, parsePresigned, parseQuery } from "./presigned.ts";
import { ALGORITHM, type SignatureScope, parseAuthorization } from "./signature-parts.ts";
import { ScopeCache, deriveSigningKey } from "./signing-keys.ts";
import { formatTimestamp, parseTimestamp, timestampOfHttpDate } from "./timestamp.ts";

export type Credential = { readonly accessKeyId: string; readonly secretAccessKey: string };

/** A client's clock may be off by this much either way: AWS's own bound. */
const SKEW_MS = 15 * 60_000;
const SKEW_TEXT = "15 min.";
const SERVICE = "dynamodb";
const TERMINATOR = "aws4_request";
/** Characters of a region's name; AWS's longest has 14. */
const REGION_MAX = 64;
const MISMATCH = "The request signature we calculated does not match the signature you provided. "
  + "Check your AWS Secret Access Key and signing method. Consult the service documentation for details.";

const FOUND_BOTH = "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.";

/** What one signature covers beside the headers. */
type Signed = {
  readonly scope: SignatureScope;
  readonly timestamp: string;
  readonly signature: string;
  readonly query: string;
  readonly validMs: number;
};

export class Authenticator {
  readonly #crypto: Crypto;
  readonly #clock: Clock;
  /** Secret by access key; null when nothing is verified. */
  readonly #secrets: ReadonlyMap<string, string> | null;
  readonly #defaultRegion: string;
  readonly #known: ScopeCache;

  constructor(crypto: Crypto, clock: Clock, credentials: readonly Credential[] | null, defaultRegion: string) {
    this.#crypto = crypto;
    this.#clock = clock;
    this.#secrets = credentials === null
      ? null : new Map(credentials.map((credential) => [credential.accessKeyId, credential.secretAccessKey]));
    this.#defaultRegion = defaultRegion;
    this.#known = new ScopeCache();
  }

  /** The region of the credential scope. `query` is what follows "?" in the target. */
  authenticate(request: HttpRequest, query: string, headers: RequestHeaders): Result<string> {
    const { authorization } = headers;
    if (query === "" && authorization !== null) return this.#byHeader(request, [], authorization, headers);
    const parameters = parseQuery(query);
    const isPresigned = parameter(parameters, "X-Amz-Algorithm") !== null;
    if (authorization !== null) {
      return isPresigned
        ? no(invalidSignature(FOUND_BOTH))
        : this.#byHeader(request, parameters, authorization, headers);
    }
    return isPresigned ? this.#byQuery(request, parameters, headers) : no(missingToken());
  }

  #byHeader(
    request: HttpRequest, parameters: readonly QueryParameter[], authorization: string, headers: RequestHeaders,
  ): Result<string> {
    if (!authorization.startsWith("AWS4-")) return no(missingToken());
    // The signature stands last in what all SDKs send: what precedes it is the same for every request.
    const at = authorization.indexOf("Signature=");
    const isLast = at > 0 && authorization.indexOf(",", at) < 0;
    const hasDate = headers.amzDate !== null || headers.date !== null;
    const text = isLast ? authorization.slice(0, at) : authorization;
    const known = isLast && hasDate && authorization.length > at + 10 ? this.#known.get(text) : undefined;
    let scope: SignatureScope;
    if (known === undefined) {
      const parsed = parseAuthorization(authorization, hasDate);
      if (!parsed.ok) return parsed;
      scope = parsed.value;
    } else scope = known.scope;
    if (this.#secrets === null) {
      if (known === undefined && isLast) this.#known.put(text, { scope, key: null });
      return ok(this.#regionOf(scope));
    }
    const timestamp = headers.amzDate ?? timestampOfHttpDate(headers.date ?? "") ?? headers.date ?? "";
    const signed: Signed = {
      scope, timestamp,
      signature: isLast ? authorization.slice(at + 10).trim() : signatureIn(authorization),
      query: parameters.length === 0 ? "" : canonicalQuery(parameters),
      validMs: SKEW_MS,
    };
    const key = known?.key ?? null;
    const failure = this.#verify(request, headers, signed, key, isLast ? text : null);
    return failure === null ? ok(this.#regionOf(scope)) : no(failure);
  }

  #byQuery(request: HttpRequest, parameters: readonly QueryParameter[], headers: RequestHeaders): Result<string> {
    const parsed = parsePresigned(parameters);
    if (!parsed.ok) return parsed;
    const { scope, timestamp, signature, expiresSeconds } = parsed.value;
    if (this.#secrets === null) return ok(this.#regionOf(scope));
    const signed: Signed = {
      scope, timestamp, signature, query: canonicalQuery(parameters),
      validMs: expiresSeconds === null ? SKEW_MS : expiresSeconds * 1000,
    };
    const failure = this.#verify(request, headers, signed, null, null);
    return failure === null ? ok(this.#regionOf(scope)) : no(failure);
  }

  #regionOf(scope: SignatureScope): string {
    return scope.region.length <= REGION_MAX && isName(scope.region) ? scope.region : this.#defaultRegion;
  }

  /** `cacheText`: under what to remember the scope and key once the signature has been found right. */
  #verify(
    request: HttpRequest, headers: RequestHeaders, signed: Signed, knownKey: HmacKey | null, cacheText: string | null,
  ): Failure | null {
    const { scope } = signed;
    let key = knownKey;
    if (key === null) {
      const secret = this.#secrets?.get(scope.accessKeyId);
      if (secret === undefined) return unrecognizedClient();
      const failure = scopeFailure(scope);
      if (failure !== null) return failure;
      key = deriveSigningKey(this.#crypto, secret, scope);
    }
    const failure = timeFailure(signed, this.#clock.wallMs());
    if (failure !== null) return failure;
    const canonical = canonicalRequest(request.method, signed, headers, this.#crypto.sha256Hex(request.body));
    const stringToSign = `${ALGORITHM}\n${signed.timestamp}\n${scope.scopeText}\n${this.#crypto.sha256Hex(canonical)}`;
    const expected = this.#crypto.hmacSha256Hex(key, stringToSign);
    if (!this.#crypto.timingSafeEqual(expected, signed.signature)) return invalidSignature(MISMATCH);
    if (knownKey === null && cacheText !== null) this.#known.put(cacheText, { scope, key });
    return null;
  }
}

/** The path is always "/": nothing else reaches this point. */
function canonicalRequest(method: string, signed: Signed, headers: RequestHeaders, bodyHash: string): string {
  let text = `${method}\n/\n${signed.query}\n`;
  const names = signed.scope.signedHeaders;
  for (let i = 0; i < names.length; i++) {
    const name = names[i] as string;
    text += `${name}:${headers.get(name)}\n`;
  }
  return `${text}\n${signed.scope.signedHeadersText}\n${bodyHash}`;
}

/** What is wrong with a scope whoever signed it; the same for each request of that scope. */
function scopeFailure(scope: SignatureScope): Failure | null {
  if (scope.service !== SERVICE) {
    return invalidSignature(`Credential should be scoped to correct service: '${SERVICE}'. `);
  }
  if (scope.terminator !== TERMINATOR) {
    return invalidSignature(
      `Credential should be scoped with a valid terminator: '${TERMINATOR}', not '${scope.terminator}'. `,
    );
  }
  if (!scope.signedHeaders.includes("host")) {
    return invalidSignature("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.");
  }
  // The target says what is done: unsigned, it could be changed on the way.
  if (!scope.signedHeaders.includes("x-amz-target")) {
    return invalidSignature("'X-Amz-Target' must be a 'SignedHeader' in the AWS Authorization.");
  }
  return null;
}

function timeFailure(signed: Signed, nowMs: number): Failure | null {
  const { timestamp, scope } = signed;
  const signedMs = parseTimestamp(timestamp);
  if (signedMs === null) {
    return incompleteSignature(`Date must be in ISO-8601 'basic format'. Got '${timestamp}'. `
      + "See http://en.wikipedia.org/wiki/ISO_8601");
  }
  if (timestamp.slice(0, 8) !== scope.date) {
    return invalidSignature("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
      + `'${scope.date}' != '${timestamp.slice(0, 8)}', from '${timestamp}'.`);
  }
  if (signedMs < nowMs - signed.validMs) {
    return invalidSignature(`Signature expired: ${timestamp} is now earlier than `
      + `${formatTimestamp(nowMs - signed.validMs)} (${formatTimestamp(nowMs)} - ${validText(signed.validMs)})`);
  }
  if (signedMs > nowMs + SKEW_MS) {
    return invalidSignature(`Signature not yet current: ${timestamp} is still later than `
      + `${formatTimestamp(nowMs + SKEW_MS)} (${formatTimestamp(nowMs)} + ${SKEW_TEXT})`);
  }
  return null;
}

function validText(validMs: number): string {
  return validMs === SKEW_MS ? SKEW_TEXT : `${Math.floor(validMs / 60_000)} min.`;
}

function signatureIn(authorization: string): string {
  const at = authorization.indexOf("Signature=");
  const end = authorization.indexOf(",", at);
  return authorization.slice(at + 10, end < 0 ? authorization.length : end).trim();
}
