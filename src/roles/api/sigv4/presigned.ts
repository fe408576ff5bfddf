// A signature in the query string: X-Amz-Algorithm, X-Amz-Credential, X-Amz-Date, X-Amz-SignedHeaders,
// X-Amz-Signature and perhaps X-Amz-Expires.
import { incompleteSignature } from "../errors.ts";
import { type Result, no, ok } from "../result.ts";
import { ALGORITHM, type SignatureScope, scopeOf } from "./signature-parts.ts";

export type QueryParameter = { readonly name: string; readonly value: string };

export type PresignedParts = {
  readonly scope: SignatureScope;
  readonly timestamp: string;
  readonly signature: string;
  /** Seconds the signature is good for, or null when it does not say. */
  readonly expiresSeconds: number | null;
};

/** AWS's own bound of a presigned request's life: a week, in seconds. */
const EXPIRES_SECONDS_MAX = 604_800;

/** Decoded parameters in order. A malformed escape is kept as it stands. */
export function parseQuery(query: string): readonly QueryParameter[] {
  if (query === "") return [];
  const parameters: QueryParameter[] = [];
  for (const pair of query.split("&")) {
    if (pair === "") continue;
    const equals = pair.indexOf("=");
    const name = equals < 0 ? pair : pair.slice(0, equals);
    const value = equals < 0 ? "" : pair.slice(equals + 1);
    parameters.push({ name: decodeEscapes(name), value: decodeEscapes(value) });
  }
  return parameters;
}

export function parsePresigned(parameters: readonly QueryParameter[]): Result<PresignedParts> {
  const algorithm = parameter(parameters, "X-Amz-Algorithm");
  const credential = parameter(parameters, "X-Amz-Credential");
  const signature = parameter(parameters, "X-Amz-Signature");
  const signedHeaders = parameter(parameters, "X-Amz-SignedHeaders");
  const timestamp = parameter(parameters, "X-Amz-Date");
  if (!algorithm || !credential || !signature || !signedHeaders || !timestamp) {
    const named: readonly (readonly [string, string | null])[] = [
      ["X-Amz-Algorithm", algorithm], ["X-Amz-Credential", credential], ["X-Amz-Signature", signature],
      ["X-Amz-SignedHeaders", signedHeaders], ["X-Amz-Date", timestamp],
    ];
    let message = "";
    for (const [name, value] of named) {
      if (!value) message += `AWS query-string parameters must include '${name}'. `;
    }
    return no(incompleteSignature(`${message}Re-examine the query-string parameters.`));
  }
  if (algorithm !== ALGORITHM) return no(incompleteSignature(`Unsupported AWS 'algorithm': '${algorithm}'. `));
  const expires = parameter(parameters, "X-Amz-Expires");
  const expiresSeconds = expires === null ? null : Number(expires);
  if (expiresSeconds !== null && !(expiresSeconds >= 0 && expiresSeconds <= EXPIRES_SECONDS_MAX)) {
    return no(incompleteSignature("X-Amz-Expires must be between 0 and 604800 seconds"));
  }
  const scope = scopeOf(credential, signedHeaders);
  if (!scope.ok) return scope;
  return ok({ scope: scope.value, timestamp, signature, expiresSeconds });
}

/** Sorted, encoded, without the signature itself. */
export function canonicalQuery(parameters: readonly QueryParameter[]): string {
  const pairs: string[] = [];
  for (const { name, value } of parameters) {
    if (name !== "X-Amz-Signature") pairs.push(`${encodeStrict(name)}=${encodeStrict(value)}`);
  }
  return pairs.sort().join("&");
}

export function parameter(parameters: readonly QueryParameter[], name: string): string | null {
  for (const candidate of parameters) if (candidate.name === name) return candidate.value;
  return null;
}

function decodeEscapes(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Percent-encoding of everything but A-Z a-z 0-9 - _ . ~ */
function encodeStrict(text: string): string {
  return encodeURIComponent(text.toWellFormed())
    .replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}
