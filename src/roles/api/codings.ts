// Compressed bodies: requests that come so, answers to who asks for it.
import type { Coding, Compression } from "../../ports/compression.ts";
import { requestTooLarge, serialization } from "./errors.ts";
import { type Result, no, ok } from "./result.ts";

/** Bytes of a request as it is meant: DynamoDB's bound, which the front end holds for requests as they come. */
const BODY_BYTES_MAX = 16 * 1024 * 1024;
/** Shorter answers fit into one packet anyway. */
export const GZIP_BYTES_MIN = 1_024;

/** The body as it is meant. */
export function unfoldBody(body: Uint8Array, coding: Coding, compression: Compression): Result<Uint8Array> {
  const inflated = compression.inflate(coding, body, BODY_BYTES_MAX);
  if (inflated.ok) return ok(inflated.bytes);
  return no(inflated.isTooLarge ? requestTooLarge() : serialization(null));
}

/** Null for a Content-Encoding that is not known: it is taken for none, as some clients name one of their own. */
export function codingOf(contentEncoding: string): Coding | null {
  switch (contentEncoding.trim().toLowerCase()) {
    case "gzip": case "x-gzip": return "gzip";
    case "deflate": return "deflate";
    default: return null;
  }
}

/** True for an Accept-Encoding that has gzip, or everything, with a weight above zero. */
export function acceptsGzip(acceptEncoding: string): boolean {
  let isAny = false;
  for (const part of acceptEncoding.toLowerCase().split(",")) {
    const [coding = "", ...parameters] = part.split(";").map((text) => text.trim());
    const weight = parameters.find((parameter) => parameter.startsWith("q="));
    const isWanted = weight === undefined || Number(weight.slice(2)) > 0;
    if (coding === "gzip" || coding === "x-gzip") return isWanted;
    if (coding === "*") isAny = isWanted;
  }
  return isAny;
}
