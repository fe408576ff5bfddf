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
import { SignedTemplate } from "./signed-template.ts";
import { type KnownScope, ScopeCache, deriveSigningKey } from "./signing-keys.ts";
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

const SIGNATURE_MARK = "Signature=";
/** Characters of a signature: SHA-256 in hexadecimal. */
const SIGNATURE_LENGTH = 64;

/** Of a signature that was found right. */
class Verified {
  /** The Authorization header up to the signature itself. */
  readonly text: string;
  readonly known: KnownScope;
  readonly template: SignedTemplate | null;

  constructor(text: string, known: KnownScope, template: SignedTemplate | null) {
    this.text = text;
    this.known = known;
    this.template = template;
  }
}

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
  /** The last timestamp that was read: clients send the same one for a second. */
  #timestamp: string;
  #timestampMs: number | null;

  constructor(crypto: Crypto, clock: Clock, credentials: readonly Credential[] | null, defaultRegion: string) {
    this.#crypto = crypto;
    this.#clock = clock;
    this.#secrets = credentials === null
      ? null : new Map(credentials.map((credential) => [credential.accessKeyId, credential.secretAccessKey]));
    this.#defaultRegion = defaultRegion;
    this.#known = new ScopeCache();
    this.#timestamp = "";
    this.#timestampMs = null;
  }

  /** The region of the credential scope. `query` is what follows "?" in the target. */
  authenticate(request: HttpRequest, query: string, headers: RequestHeaders): Result<string> {
    const { authorization } = headers;
    if (query === "" && authorization !== null) {
      const region = this.#byVerified(request, authorization, headers);
      return region === null ? this.#byHeader(request, [], authorization, headers) : ok(region);
    }
    const parameters = parseQuery(query);
    const isPresigned = parameter(parameters, "X-Amz-Algorithm") !== null;
    if (authorization !== null) {
      return isPresigned
        ? no(invalidSignature(FOUND_BOTH))
        : this.#byHeader(request, parameters, authorization, headers);
    }
    return isPresigned ? this.#byQuery(request, parameters, headers) : no(missingToken());
  }

  /**
   * The short way for a connection whose last signature of the same client, day and headers was right. Null: take
   * the long way, which finds the words for what is wrong.
   */
  #byVerified(request: HttpRequest, authorization: string, headers: RequestHeaders): string | null {
    const { verified, amzDate } = headers;
    if (!(verified instanceof Verified) || amzDate === null) return null;
    const { text, known, template } = verified;
    const at = text.length;
    if (authorization.length !== at + SIGNATURE_LENGTH || authorization.slice(0, at) !== text) return null;
    if (known.key === null) return authorization.includes(",", at) ? null : known.region;
    if (template === null || request.method !== "POST") return null;
    if (this.#timeFailure(known.scope, amzDate, SKEW_MS) !== null) return null;
    const expected = template.signature(this.#crypto, known.key, headers, amzDate, request.body);
    const isRight = expected !== null && this.#crypto.timingSafeEqual(expected, authorization.slice(at));
    return isRight ? known.region : null;
  }

  #byHeader(
    request: HttpRequest, parameters: readonly QueryParameter[], authorization: string, headers: RequestHeaders,
  ): Result<string> {
    if (!authorization.startsWith("AWS4-")) return no(missingToken());
    // The signature stands last in what all SDKs send: what precedes it is the same for every request.
    const at = authorization.indexOf(SIGNATURE_MARK);
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
    const region = known?.region ?? this.#regionOf(scope);
    if (this.#secrets === null) {
      if (isLast) this.#remember(headers, text, known, { scope, key: null, region });
      return ok(region);
    }
    const timestamp = headers.amzDate ?? timestampOfHttpDate(headers.date ?? "") ?? headers.date ?? "";
    const signed: Signed = {
      scope, timestamp,
      signature: isLast ? authorization.slice(at + 10).trim() : signatureIn(authorization),
      query: parameters.length === 0 ? "" : canonicalQuery(parameters),
      validMs: SKEW_MS,
    };
    const key = known?.key ?? this.#keyOf(scope);
    if (!("opaque" in key)) return no(key);
    const failure = this.#verify(request, headers, signed, key);
    if (failure !== null) return no(failure);
    if (isLast) this.#remember(headers, text, known, { scope, key, region });
    return ok(region);
  }

  /** `text`: the header up to the signature. Only what was found right may be remembered. */
  #remember(headers: RequestHeaders, text: string, known: KnownScope | undefined, found: KnownScope): void {
    if (known === undefined) this.#known.put(text, found);
    const { scope, key } = known ?? found;
    const template = key === null ? null : SignedTemplate.of(scope, headers);
    headers.verified = new Verified(text + SIGNATURE_MARK, known ?? found, template);
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
    const key = this.#keyOf(scope);
    if (!("opaque" in key)) return no(key);
    const failure = this.#verify(request, headers, signed, key);
    return failure === null ? ok(this.#regionOf(scope)) : no(failure);
  }

  #regionOf(scope: SignatureScope): string {
    return scope.region.length <= REGION_MAX && isName(scope.region) ? scope.region : this.#defaultRegion;
  }

  /** The signing key of a scope that is in order and whose client is known. */
  #keyOf(scope: SignatureScope): HmacKey | Failure {
    const secret = this.#secrets?.get(scope.accessKeyId);
    if (secret === undefined) return unrecognizedClient();
    return scopeFailure(scope) ?? deriveSigningKey(this.#crypto, secret, scope);
  }

  #verify(request: HttpRequest, headers: RequestHeaders, signed: Signed, key: HmacKey): Failure | null {
    return this.#timeFailure(signed.scope, signed.timestamp, signed.validMs)
      ?? (this.#isSignedWith(key, request, headers, signed) ? null : invalidSignature(MISMATCH));
  }

  #isSignedWith(key: HmacKey, request: HttpRequest, headers: RequestHeaders, signed: Signed): boolean {
    const crypto = this.#crypto;
    const canonical = canonicalRequest(request.method, signed, headers, crypto.sha256Hex(request.body));
    const { scopeText } = signed.scope;
    const stringToSign = `${ALGORITHM}\n${signed.timestamp}\n${scopeText}\n${crypto.sha256Hex(canonical)}`;
    return crypto.timingSafeEqual(crypto.hmacSha256Hex(key, stringToSign), signed.signature);
  }

  #timeFailure(scope: SignatureScope, timestamp: string, validMs: number): Failure | null {
    if (timestamp !== this.#timestamp) {
      this.#timestamp = timestamp;
      this.#timestampMs = parseTimestamp(timestamp);
    }
    return timeFailure(scope, timestamp, this.#timestampMs, validMs, this.#clock.wallMs());
  }
}

/** The path is always "/": nothing else reaches this point. */
function canonicalRequest(method: string, signed: Signed, headers: RequestHeaders, bodyHash: string): string {
  const { signedHeaders, signedHeadersText } = signed.scope;
  let text = `${method}\n/\n${signed.query}\n`;
  for (const name of signedHeaders) text += `${name}:${headers.get(name)}\n`;
  return `${text}\n${signedHeadersText}\n${bodyHash}`;
}

/** What is wrong with a scope whoever signed it; the same for each request of that scope. */
function scopeFailure(scope: SignatureScope): Failure | null {
  let message = "";
  if (scope.service !== SERVICE) message += `Credential should be scoped to correct service: '${SERVICE}'. `;
  if (scope.terminator !== TERMINATOR) {
    message += `Credential should be scoped with a valid terminator: '${TERMINATOR}', not '${scope.terminator}'. `;
  }
  if (message !== "") return invalidSignature(message);
  if (!scope.signedHeaders.includes("host")) {
    return invalidSignature("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.");
  }
  // The target says what is done: unsigned, it could be changed on the way.
  if (!scope.signedHeaders.includes("x-amz-target")) {
    return invalidSignature("'X-Amz-Target' must be a 'SignedHeader' in the AWS Authorization.");
  }
  return null;
}

function timeFailure(
  scope: SignatureScope, timestamp: string, signedMs: number | null, validMs: number, nowMs: number,
): Failure | null {
  if (signedMs === null) {
    return incompleteSignature(`Date must be in ISO-8601 'basic format'. Got '${timestamp}'. `
      + "See http://en.wikipedia.org/wiki/ISO_8601");
  }
  if (scope.date.length !== 8 || !timestamp.startsWith(scope.date)) {
    return invalidSignature("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
      + `'${scope.date}' != '${timestamp.slice(0, 8)}', from '${timestamp}'.`);
  }
  if (signedMs < nowMs - validMs) {
    return invalidSignature(`Signature expired: ${timestamp} is now earlier than `
      + `${formatTimestamp(nowMs - validMs)} (${formatTimestamp(nowMs)} - ${validText(validMs)})`);
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
