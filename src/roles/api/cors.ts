// Cross-origin requests of browsers (CORS): what a page of another origin may ask, and read of the answer. DynamoDB
// lets every origin in and any header be sent; here those that are named, or all ("*").
import type { Call } from "./call.ts";
import type { RequestHeaders } from "./headers.ts";

/** Origins, as browsers name them; "*" for all. */
export type CorsOrigins = readonly string[];

const ANY = "*";
const EXPOSED = "x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,x-amz-crc32,Date";
/** Seconds that a browser need not ask again: two days. */
const MAX_AGE_SECONDS = 172_800;
const METHODS_DEFAULT = "GET,POST,OPTIONS";
const NO_BODY = "";

/** Name and value, for every answer to a request from a page. Empty: the page's origin is not among them. */
export function corsHeaders(origins: CorsOrigins, origin: string): readonly string[] {
  if (origins.includes(ANY)) {
    return ["Access-Control-Allow-Origin", ANY, "Access-Control-Expose-Headers", EXPOSED];
  }
  // What is kept of the answer must not be shown to pages of other origins.
  if (!origins.includes(origin)) return ["Vary", "Origin"];
  return ["Access-Control-Allow-Origin", origin, "Access-Control-Expose-Headers", EXPOSED, "Vary", "Origin"];
}

/** Answers the question that a browser asks before a request: any header and method that it names may be used. */
export function answerPreflight(headers: RequestHeaders, isAllowed: boolean, call: Call): void {
  if (isAllowed) {
    call.addHeader("Access-Control-Allow-Methods", headers.get("access-control-request-method") || METHODS_DEFAULT);
    const asked = headers.get("access-control-request-headers");
    if (asked !== "") call.addHeader("Access-Control-Allow-Headers", asked);
    call.addHeader("Access-Control-Max-Age", String(MAX_AGE_SECONDS));
  }
  call.answerPlain(200, "", NO_BODY);
}
