// Random and mutated request streams, cut at random places, given to our parser and to node:http in its strict
// mode. What we accept node:http must have accepted too, with the same method, target, headers and body, in
// the same order. We may refuse more, but only for the reasons listed in STRICTER.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { Server } from "node:http";
import { duplexPair } from "node:stream";
import { Prng } from "../../base/prng.ts";
import { DEFAULT_HTTP_LIMITS } from "./limits.ts";
import type { RejectReason } from "./reject.ts";
import { EXPECTS_CONTINUE, NEED_MORE, REJECTED, REQUEST, RequestParser } from "./request-parser.ts";

export type FuzzOptions = { readonly cases: number };

export type FuzzReport = {
  readonly requests: number;
  readonly streamsRefusedByBoth: number;
  /** Streams that node:http took further than we did, by our reason. */
  readonly stricter: Readonly<Record<string, number>>;
};

/** Reasons for which we refuse what node:http takes. */
const STRICTER: ReadonlyMap<RejectReason, string> = new Map<RejectReason, string>([
  ["method", "seven methods; CONNECT, TRACE and the WebDAV methods are not served"],
  ["target", "no '#', quotes, braces, '\\', '^', '`', '|'; '*' only with OPTIONS; absolute form with a plain host"],
  ["line_ending", "a bare LF before the request line; CR LF everywhere"],
  ["request_line", "at most two empty lines before a request line; one space between its parts"],
  ["version", "only HTTP/1.0 and HTTP/1.1"],
  ["header_value", "no control characters; no tab after the value of a header that frames"],
  ["host_absent", "an HTTP/1.1 request without Host ends the connection; node:http goes on after 400"],
  ["host_repeated", "Host at most once"],
  ["host_value", "Host holds only characters of an authority"],
  ["encoding_unsupported", "no other coding than chunked, even before it"],
  ["encoding_version", "no Transfer-Encoding with HTTP/1.0"],
  ["length_value", "at most 15 digits"],
  ["expectation", "an unknown expectation ends the connection; node:http goes on after 417"],
  ["chunk_extension", "no spaces or quotes in chunk extensions"],
  ["chunk_size", "at most eight digits, no spaces after them"],
  ["trailer", "no header of framing, routing or the connection among the trailers"],
  ["body_too_large", "bodies up to the limit"],
]);

type Seen = {
  readonly method: string;
  readonly target: string;
  readonly rawHeaders: readonly string[];
  readonly body: string;
};

type Outcome = { readonly requests: readonly Seen[]; readonly end: "more" | "closed" | RejectReason };

/** Our parser on the stream cut into `pieces`. */
function parseOurs(pieces: readonly Buffer[]): Outcome {
  const account = { usedBytes: 0, maxBytes: 1 << 26 };
  const parser = new RequestParser(DEFAULT_HTTP_LIMITS, account);
  const requests: Seen[] = [];
  let charged = 0;
  for (const piece of pieces) {
    parser.feed(Buffer.from(new Uint8Array(piece)));
    for (;;) {
      const event = parser.next();
      if (event === EXPECTS_CONTINUE) continue;
      if (event === REQUEST) {
        const request = parser.takeRequest();
        charged += request.chargedBytes;
        const body = Buffer.from(request.body).toString("latin1");
        const { method, target, rawHeaders } = request;
        requests.push({ method, target, rawHeaders, body });
        continue;
      }
      if (event === NEED_MORE) break;
      parser.dispose();
      assert.equal(account.usedBytes, charged, "a body buffer was not given back");
      return { requests, end: event === REJECTED ? parser.reason : "closed" };
    }
  }
  parser.dispose();
  assert.equal(account.usedBytes, charged, "a body buffer was not given back");
  return { requests, end: "more" };
}

function createOracle(): Server {
  const server = createServer({
    insecureHTTPParser: false, requireHostHeader: true, maxHeaderSize: 64 * 1024,
    requestTimeout: 0, headersTimeout: 0, keepAliveTimeout: 0,
  });
  server.maxHeadersCount = 0;
  return server;
}

/** node:http on the same pieces; resolves when it has ended its side. */
function parseOracle(server: Server, pieces: readonly Buffer[]): Promise<readonly Seen[]> {
  const requests: Seen[] = [];
  server.removeAllListeners("request");
  server.removeAllListeners("clientError");
  server.removeAllListeners("connect");
  // Requests that are whole end some callbacks later: closing at once would hide that they were accepted.
  server.on("clientError", (_, socket) => { afterTurns(() => socket.destroy()); });
  server.on("connect", (_, socket) => { afterTurns(() => socket.destroy()); });
  server.on("request", (request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("error", () => {});
    request.on("end", () => {
      if (!request.complete) return;
      const body = Buffer.concat(chunks).toString("latin1");
      requests.push({
        method: request.method ?? "", target: request.url ?? "", rawHeaders: request.rawHeaders, body,
      });
      response.end();
    });
  });
  return new Promise((resolve) => {
    const [near, far] = duplexPair();
    far.on("error", () => {});
    near.on("error", () => {});
    near.resume();
    far.on("close", () => resolve(requests));
    server.emit("connection", far);
    for (const piece of pieces) near.write(piece);
    afterTurns(() => near.end());
  });
}

/** Turns of the event loop in which node:http and the pair of streams pass everything on. */
const SETTLE_TURNS = 4;

function afterTurns(callback: () => void, turns: number = SETTLE_TURNS): void {
  setImmediate(() => (turns === 1 ? callback() : afterTurns(callback, turns - 1)));
}

export async function run(seed: number, options: FuzzOptions): Promise<FuzzReport> {
  const prng = new Prng(seed);
  const oracle = createOracle();
  const stricter: Record<string, number> = {};
  let total = 0;
  let streamsRefusedByBoth = 0;
  for (let index = 0; index < options.cases; index++) {
    const stream = makeStream(prng);
    const pieces = cut(stream, prng);
    const ours = parseOurs(pieces);
    const theirs = await parseOracle(oracle, pieces);
    const shown = JSON.stringify(stream.toString("latin1"));
    const told = `seed ${seed} case ${index}: ours ended with ${ours.end}: ${shown}`;
    const uncut = parseOurs([stream]);
    // A line that drips in is looked at when its end has come: a fault in it may be noticed later, never missed.
    assert.ok(uncut.end === ours.end || ours.end === "more", `the cuts matter: ${told}`);
    assert.deepEqual(uncut.requests, ours.requests, `the cuts matter: ${told}`);
    assert.deepEqual(ours.requests, theirs.slice(0, ours.requests.length), told);
    total += ours.requests.length;
    if (theirs.length > ours.requests.length) {
      assert.ok(ours.end !== "more" && ours.end !== "closed", `a request was missed: ${told}`);
      assert.ok(STRICTER.has(ours.end), `stricter for an unlisted reason: ${told}`);
      stricter[ours.end] = (stricter[ours.end] ?? 0) + 1;
    } else if (ours.end !== "more" && ours.end !== "closed") {
      streamsRefusedByBoth++;
    }
  }
  oracle.close();
  return { requests: total, streamsRefusedByBoth, stricter };
}

export function cut(stream: Buffer, prng: Prng): Buffer[] {
  const longest = prng.below(3) === 0 ? 3 : prng.below(2) === 0 ? 60 : 100_000;
  const pieces: Buffer[] = [];
  for (let at = 0; at < stream.length;) {
    const length = 1 + prng.below(longest);
    pieces.push(stream.subarray(at, at + length));
    at += length;
  }
  return pieces;
}

const METHODS = ["GET", "POST", "PUT", "HEAD", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT", "get", "M-SEARCH"];
const TARGETS = [
  "/", "/a/b?c=d", "*", "http://h/x", "https://h:8/?q", "http:///x", "/%zz", "//", "/#f", "/{x}", "h:1", "",
];
const VERSIONS = [
  "HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.0", "HTTP/2.0", "HTTP/0.9", "HTTP/1.01", "http/1.1",
];
// No "Upgrade": node:http loses what follows such a request in the same arrival, whether it upgrades or not.
const NAMES = [
  "X-A", "Accept", "content-length", "Content-Length", "Transfer-Encoding", "Host", "Connection", "Expect", "X_b",
  "Authorization", "Content-Length ", "X:", "", "Keep-Alive", "TE", "Trailer",
];
const VALUES = [
  "", "a", "  b\t", "chunked", "Chunked", "gzip, chunked", "chunked, chunked", "identity", "0", "3", "+3", "03",
  "3, 3", "0x3", "close", "keep-alive", "Keep-Alive, Upgrade", "100-continue", "h", "h:1", "websocket", "\xe9\xff",
  "a\tb", "x\r\n y", "\"q\"", "99999999999999999999",
];
const SPLICES = [
  "\r\n", "\n", "\r", "\0", " ", "\t", ":", ";", "0", "\r\n\r\n", "\x7f", "\x0b", ",", "=", "0\r\n\r\n", "\x80",
];
const LINE_ENDS = ["\n", "\r", "\r\n ", " \r\n", "\r\r\n"];
const EXTENSIONS = [";a", ";a=b", "; a", ";a=\"b\"", ";", ";a;b=c", " ", ";=x"];

function pick<T>(prng: Prng, from: readonly T[]): T {
  return from[prng.below(from.length)] as T;
}

/**
 * A few requests, in half of the streams well formed, then up to four mutations of the whole. Well-formed
 * streams are longer: what a connection remembers of header lines needs repetition.
 */
export function makeStream(prng: Prng): Buffer {
  let stream = "";
  const calm = prng.below(2) === 0;
  const count = 1 + prng.below(calm ? 9 : 4);
  for (let i = 0; i < count; i++) stream += makeRequest(prng, calm);
  const mutations = prng.below(2) === 0 ? 0 : 1 + prng.below(4);
  for (let i = 0; i < mutations; i++) stream = mutate(stream, prng);
  return Buffer.from(stream, "latin1");
}

function makeRequest(prng: Prng, calm: boolean): string {
  const odd = !calm && prng.below(3) === 0;
  const method = odd ? pick(prng, METHODS) : pick(prng, ["GET", "POST", "PUT"]);
  const target = odd ? pick(prng, TARGETS) : "/";
  let head = `${method} ${target} ${odd ? pick(prng, VERSIONS) : "HTTP/1.1"}\r\n`;
  const lines = !calm && prng.below(10) === 0 ? [] : ["Host: localhost:8000\r\n"];
  const extra = prng.below(5);
  for (let i = 0; i < extra; i++) {
    const name = calm || prng.below(3) > 0 ? "X-Amz-Date" : pick(prng, NAMES);
    const value = calm ? `${prng.below(3)}\t\xff` : pick(prng, VALUES);
    lines.push(`${name}:${pick(prng, ["", " ", "  \t"])}${value}\r\n`);
  }
  const framing = prng.below(3);
  const body = makeText(prng);
  let wire = "";
  if (framing === 1) {
    const length = !calm && prng.below(12) === 0 ? prng.below(40) : body.length;
    lines.splice(prng.below(lines.length + 1), 0, `Content-Length: ${length}\r\n`);
    wire = body;
  } else if (framing === 2) {
    lines.splice(prng.below(lines.length + 1), 0, "Transfer-Encoding: chunked\r\n");
    wire = makeChunks(prng, body, calm);
  }
  head += lines.join("");
  return `${head}\r\n${wire}`;
}

function makeText(prng: Prng): string {
  const length = prng.below(8) === 0 ? prng.below(3000) : prng.below(30);
  let text = "";
  for (let i = 0; i < length; i++) text += String.fromCharCode(prng.below(256));
  return text;
}

function makeChunks(prng: Prng, body: string, calm: boolean): string {
  let wire = "";
  for (let at = 0; at < body.length;) {
    const piece = body.slice(at, at + 1 + prng.below(20));
    const extension = calm || prng.below(6) > 0 ? "" : pick(prng, EXTENSIONS);
    const plainSize = piece.length.toString(16);
    const size = prng.below(4) === 0 ? plainSize.toUpperCase().padStart(3, "0") : plainSize;
    wire += `${size}${extension}\r\n${piece}\r\n`;
    at += piece.length;
  }
  const trailers = calm || prng.below(5) > 0 ? "" : `${pick(prng, NAMES)}: ${pick(prng, VALUES)}\r\n`;
  return `${wire}0\r\n${trailers}\r\n`;
}

function mutate(stream: string, prng: Prng): string {
  const at = prng.below(stream.length + 1);
  const length = 1 + prng.below(12);
  switch (prng.below(6)) {
    case 0: return stream.slice(0, at) + pick(prng, SPLICES) + stream.slice(at);
    case 1: return stream.slice(0, at) + stream.slice(at + length);
    case 2: return stream.slice(0, at) + stream.slice(at, at + length) + stream.slice(at);
    case 3: return stream.slice(0, at) + String.fromCharCode(prng.below(256)) + stream.slice(at + 1);
    case 4: {
      const end = stream.indexOf("\r\n", at);
      return end < 0 ? stream : stream.slice(0, end) + pick(prng, LINE_ENDS) + stream.slice(end + 2);
    }
    default: {
      const start = stream.lastIndexOf("\n", at) + 1;
      const end = stream.indexOf("\n", at) + 1;
      return end <= start ? stream : stream.slice(0, end) + stream.slice(start, end) + stream.slice(end);
    }
  }
}
