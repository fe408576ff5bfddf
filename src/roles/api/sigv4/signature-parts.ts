// What a signed request says of its signature, from the Authorization header or from a presigned query.
import { type Failure, incompleteSignature } from "../errors.ts";
import { type Result, no, ok } from "../result.ts";

export const ALGORITHM = "AWS4-HMAC-SHA256";

/** Everything but the signature itself: the same for all requests of one client on one day. */
export type SignatureScope = {
  readonly accessKeyId: string;
  /** YYYYMMDD of the credential scope. */
  readonly date: string;
  readonly region: string;
  readonly service: string;
  readonly terminator: string;
  /** date/region/service/terminator. */
  readonly scopeText: string;
  readonly signedHeadersText: string;
  readonly signedHeaders: readonly string[];
};

/** `hasDate`: the request carries X-Amz-Date or Date. `header` starts with "AWS4-". */
export function parseAuthorization(header: string, hasDate: boolean): Result<SignatureScope> {
  const space = header.indexOf(" ");
  const algorithm = space < 0 ? header : header.slice(0, space);
  const parts = space < 0 ? [] : header.slice(space + 1).split(",");
  let credential: string | null = null;
  let signature: string | null = null;
  let signedHeaders: string | null = null;
  for (const part of parts) {
    const text = part.trim();
    if (text.startsWith("Credential=")) credential = text.slice(11);
    else if (text.startsWith("Signature=")) signature = text.slice(10);
    else if (text.startsWith("SignedHeaders=")) signedHeaders = text.slice(14);
  }
  if (!credential || !signature || !signedHeaders || !hasDate) {
    return no(missingParts(header, credential, signature, signedHeaders, hasDate));
  }
  if (algorithm !== ALGORITHM) return no(incompleteSignature(`Unsupported AWS 'algorithm': '${algorithm}'. `));
  return scopeOf(credential, signedHeaders);
}

/** The scope of a credential (`key/date/region/service/aws4_request`) and the list of signed headers. */
export function scopeOf(credential: string, signedHeadersText: string): Result<SignatureScope> {
  const slots = credential.split("/");
  if (slots.length !== 5) {
    return no(incompleteSignature("Credential must have exactly 5 slash-delimited elements, "
      + `e.g. keyid/date/region/service/term, got '${credential}'`));
  }
  const [accessKeyId, date, region, service, terminator] = slots as [string, string, string, string, string];
  return ok({
    accessKeyId, date, region, service, terminator,
    scopeText: `${date}/${region}/${service}/${terminator}`,
    signedHeadersText,
    signedHeaders: signedHeadersText.split(";"),
  });
}

function missingParts(
  header: string, credential: string | null, signature: string | null, signedHeaders: string | null, hasDate: boolean,
): Failure {
  let message = "";
  if (!credential) message += "Authorization header requires 'Credential' parameter. ";
  if (!signature) message += "Authorization header requires 'Signature' parameter. ";
  if (!signedHeaders) message += "Authorization header requires 'SignedHeaders' parameter. ";
  if (!hasDate) {
    message += "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ";
  }
  return incompleteSignature(`${message}Authorization=${header}`);
}
