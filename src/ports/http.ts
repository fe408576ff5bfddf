// The seam between the HTTP front end (runtime/http) and the API (roles/api). The front end frames bytes,
// bounds them and writes answers; it knows nothing of JSON or DynamoDB.

/**
 * Stands for the names in `rawHeaders`: all requests that carry the same one have equal names in the same order.
 * `memo` is the handler's, for what it has worked out from the names.
 */
export type HeaderLayout = { memo: unknown };

export type HttpRequest = {
  /** Upper case, as sent. */
  readonly method: string;
  /** Path and query as sent, undecoded: "/" for every DynamoDB call. */
  readonly target: string;
  /** name, value, name, value … as sent; names in their original case, values trimmed. */
  readonly rawHeaders: readonly string[];
  /** Null: too large a head to be remembered. */
  readonly layout: HeaderLayout | null;
  /** The whole body, de-chunked. Owned by the callee: never reused by the front end. */
  readonly body: Uint8Array;
  /** The peer's address, for logs. */
  readonly peer: string;
};

export type HttpResponse = {
  readonly status: number;
  /** Value of Content-Type. */
  readonly contentType: string;
  /** name, value, … beside those the front end itself writes: Content-Length, Connection, Date. */
  readonly headers: readonly string[];
  /** Pieces of the body in order; the front end copies them into one write with the head. */
  readonly body: readonly Uint8Array[];
};

/**
 * Answers one request by calling `reply` exactly once, now or later. The front end keeps the order of
 * pipelined requests whatever order the replies come in.
 */
export type HttpHandler = (request: HttpRequest, reply: (response: HttpResponse) => void) => void;
