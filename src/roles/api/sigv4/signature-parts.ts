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

const SEPARATORS = /[\s,]+/;

/** `hasDate`: the request carries X-Amz-Date or Date. `header` starts with "AWS4-". */
export function parseAuthorization(header: string, hasDate: boolean): Result<SignatureScope> {
  const [algorithm = "", ...parts] = header.split(SEPARATORS);
  let credential: string | null = null;
  let signature: string | null = null;
  let signedHeaders: string | null = null;
  for (const part of parts) {
    if (part === "") continue;
    const equals = part.indexOf("=");
    if (equals < 0) {
      return no(incompleteSignature(
        `'${part}' not a valid key=value pair (missing equal-sign) in Authorization header: '${header}'.`,
      ));
    }
    const value = part.slice(equals + 1);
    switch (part.slice(0, equals)) {
      case "Credential": credential = value; break;
      case "Signature": signature = value; break;
      case "SignedHeaders": signedHeaders = value; break;
      default:
    }
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
