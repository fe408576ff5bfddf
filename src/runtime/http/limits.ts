// Limits of the HTTP front end: every bound has a name, a unit and a reason. All of them can be lowered by
// whoever creates the server; the parser asserts nothing about their values beyond being positive.

export type HttpLimits = {
  /** Bytes of the request target. DynamoDB clients send "/"; the console's paths are short. */
  readonly targetBytesMax: number;
  /** Bytes of the request line and all header lines. A session token of AWS STS may take several KB. */
  readonly headBytesMax: number;
  /** Header lines; an SDK sends about 13. Trailer lines are counted too. */
  readonly headerCountMax: number;
  /** Bytes of the de-chunked body: DynamoDB's own bound on a request. */
  readonly bodyBytesMax: number;
  /** Bytes of one chunk-size line, extensions included. */
  readonly chunkLineBytesMax: number;
  /** Bytes of body buffers held by one server, assembled or waiting for an answer; beyond it: 503. */
  readonly bodyBytesInFlightMax: number;
  /** Requests of one connection that wait for an answer; beyond it the socket is not read. */
  readonly pipelineMax: number;
  /** Open connections; beyond it a new one is closed at once. */
  readonly connectionsMax: number;
  /** Bytes waiting in one socket's write buffer above which nothing more is read or written to it. */
  readonly writeHighWaterBytes: number;
  /** From the first byte of a request (or from connecting) to the end of its header block. */
  readonly headTimeoutMs: number;
  /** Between two arrivals of body bytes. */
  readonly bodyIdleTimeoutMs: number;
  /** From the first byte of a request to its last: ends a body that drips. */
  readonly requestTimeoutMs: number;
  /** A connection without a request. Longer than the pools of the SDKs (60 to 90 s), so clients close first. */
  readonly keepAliveTimeoutMs: number;
  /** A peer that takes no answer bytes for so long is dropped. */
  readonly writeStallTimeoutMs: number;
  /** After our last answer: how long input is read and thrown away so that the peer gets that answer. */
  readonly lingerTimeoutMs: number;
  /** Period of the one timer: the grain of every timeout above and of the Date header. */
  readonly sweepMs: number;
};

export const DEFAULT_HTTP_LIMITS: HttpLimits = {
  targetBytesMax: 8 * 1024,
  headBytesMax: 32 * 1024,
  headerCountMax: 100,
  bodyBytesMax: 16 * 1024 * 1024,
  chunkLineBytesMax: 256,
  bodyBytesInFlightMax: 512 * 1024 * 1024,
  pipelineMax: 16,
  connectionsMax: 10_000,
  writeHighWaterBytes: 256 * 1024,
  headTimeoutMs: 10_000,
  bodyIdleTimeoutMs: 30_000,
  requestTimeoutMs: 300_000,
  keepAliveTimeoutMs: 180_000,
  writeStallTimeoutMs: 30_000,
  lingerTimeoutMs: 2_000,
  sweepMs: 1_000,
};

/** Empty lines (CRLF) tolerated before a request line: some old clients send one after a body. */
export const LEADING_EMPTY_LINES_MAX = 2;
/** First allocation for a body that spans several arrivals; it doubles from here up to its length. */
export const BODY_BUFFER_BYTES_MIN: number = 64 * 1024;
/** First allocation for a chunked body, whose length nobody said. */
export const CHUNKED_BUFFER_BYTES_MIN = 4096;
/** One slab from which answers are cut. */
export const WRITE_SLAB_BYTES: number = 64 * 1024;
/** Answers above this size get a buffer of their own instead of a piece of the slab. */
export const WRITE_SLAB_PIECE_BYTES_MAX: number = 16 * 1024;
/** Header lines remembered per connection (an SDK sends about 13). */
export const REMEMBERED_LINES_MAX = 24;
/** Longest header line remembered, in bytes: with the count, at most 9 KB a connection. */
export const REMEMBERED_LINE_BYTES_MAX = 384;
/** Largest head, in bytes, whose header names are remembered as a layout: bounds what an idle connection holds. */
export const LAYOUT_HEAD_BYTES_MAX = 4096;
