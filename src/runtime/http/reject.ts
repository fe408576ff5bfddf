// Refusals of the front end itself: a request that never reaches the handler is answered with one of these
// and the connection is closed, because the place where the next request starts is no longer certain.

export type RejectReason =
  | "request_line" | "method" | "target" | "target_too_long" | "version" | "line_ending"
  | "header_name" | "header_value" | "header_fold" | "head_too_large" | "header_count"
  | "host_absent" | "host_repeated" | "host_value"
  | "length_value" | "length_repeated" | "length_and_encoding" | "encoding_unsupported" | "encoding_version"
  | "expectation" | "body_too_large" | "chunk_size" | "chunk_extension" | "chunk_end" | "trailer"
  | "overloaded" | "timeout";

export type Rejection = { readonly status: number; readonly type: string; readonly message: string };

const coral = "com.amazon.coral.service#";

function bad(message: string): Rejection {
  return { status: 400, type: `${coral}MalformedHttpRequestException`, message };
}

const headTooLarge = `${coral}RequestHeaderTooLargeException`;
const unsupported = `${coral}UnsupportedOperationException`;

const REJECTIONS: Readonly<Record<RejectReason, Rejection>> = {
  request_line: bad("The request line is malformed"),
  method: { status: 501, type: unsupported, message: "The request method is not supported" },
  target: bad("The request target is malformed"),
  target_too_long: { status: 414, type: headTooLarge, message: "The request target is too long" },
  version: { status: 505, type: unsupported, message: "The HTTP version is not supported" },
  line_ending: bad("A line does not end with CR LF"),
  header_name: bad("A header name is malformed"),
  header_value: bad("A header value is malformed"),
  header_fold: bad("Folded header lines are not accepted"),
  head_too_large: { status: 431, type: headTooLarge, message: "The request header block is too large" },
  header_count: { status: 431, type: headTooLarge, message: "The request has too many headers" },
  host_absent: bad("The Host header is missing"),
  host_repeated: bad("The Host header is repeated"),
  host_value: bad("The Host header is malformed"),
  length_value: bad("The Content-Length header is malformed"),
  length_repeated: bad("The Content-Length header is repeated"),
  length_and_encoding: bad("Content-Length and Transfer-Encoding exclude one another"),
  encoding_unsupported: { status: 501, type: unsupported, message: "The Transfer-Encoding is not supported" },
  encoding_version: bad("Transfer-Encoding needs HTTP/1.1"),
  expectation: { status: 417, type: `${coral}ExpectationFailedException`, message: "The expectation is unknown" },
  body_too_large: {
    status: 413, type: `${coral}RequestEntityTooLargeException`, message: "The request body is too large",
  },
  chunk_size: bad("A chunk size is malformed"),
  chunk_extension: bad("A chunk extension is malformed"),
  chunk_end: bad("A chunk does not end with CR LF"),
  trailer: bad("The trailer section is malformed"),
  overloaded: {
    status: 503, type: "com.amazonaws.dynamodb.v20120810#ServiceUnavailable",
    message: "The service is temporarily unable to handle the request",
  },
  timeout: { status: 408, type: `${coral}RequestTimeoutException`, message: "The request took too long to arrive" },
};

export function rejectionOf(reason: RejectReason): Rejection {
  return REJECTIONS[reason];
}

/** The JSON body of a refusal, in DynamoDB's error shape. */
export function rejectionBody(rejection: Rejection): string {
  return JSON.stringify({ __type: rejection.type, message: rejection.message });
}
