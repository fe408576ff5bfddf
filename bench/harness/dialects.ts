// How one planned request is said to each kind of server. The key-value peers store the item as one value under
// its key: less work than a table, so figures against them flatter the peers.
import { AnswerReader, type Answer } from "./answer-reader.ts";
import { RequestSigner } from "./sign-request.ts";
import type { Check, PlannedRequest } from "./workloads.ts";

export type Dialect = "dynamodb" | "echo" | "redis" | "etcd";
export type ReadyRequest = { readonly bytes: Buffer; readonly check: Check };
export type Reader = { take(chunk: Buffer): Answer | null };

const STATUS_ONLY: Check = { kind: "status" };
const CRLF = "\r\n";

export function readerFor(dialect: Dialect): Reader {
  return dialect === "redis" ? new RedisReader() : new AnswerReader();
}

export function encode(dialect: Dialect, port: number, planned: readonly PlannedRequest[]): readonly ReadyRequest[] {
  if (dialect === "redis") return planned.map((request) => ({ bytes: encodeRedis(request), check: STATUS_ONLY }));
  if (dialect === "etcd") return planned.map((request) => ({ bytes: encodeEtcd(request), check: STATUS_ONLY }));
  const signer = new RequestSigner(port, new Date());
  return planned.map(({ operation, body, check }) => ({
    bytes: signer.build(operation, body), check: dialect === "echo" ? STATUS_ONLY : check,
  }));
}

type KeyValue = { readonly key: string; readonly value: string | null };

function keyValue({ operation, body }: PlannedRequest): KeyValue {
  const input = JSON.parse(body) as { Key?: { pk: { S: string } }; Item?: { pk: { S: string } } };
  if (operation === "GetItem" && input.Key !== undefined) return { key: input.Key.pk.S, value: null };
  if (operation === "PutItem" && input.Item !== undefined) {
    return { key: input.Item.pk.S, value: JSON.stringify(input.Item) };
  }
  throw new Error(`${operation} has no counterpart in a key-value store`);
}

function encodeRedis(request: PlannedRequest): Buffer {
  const { key, value } = keyValue(request);
  const words = value === null ? ["GET", key] : ["SET", key, value];
  return Buffer.from(`*${words.length}${CRLF}${words.map((word) => (
    `$${Buffer.byteLength(word)}${CRLF}${word}${CRLF}`
  )).join("")}`);
}

/** Through the JSON gateway that every etcd has. */
function encodeEtcd(request: PlannedRequest): Buffer {
  const { key, value } = keyValue(request);
  const base64 = (text: string): string => Buffer.from(text).toString("base64");
  const body = JSON.stringify(value === null ? { key: base64(key) } : { key: base64(key), value: base64(value) });
  return Buffer.from([
    `POST /v3/kv/${value === null ? "range" : "put"} HTTP/1.1`, "host: 127.0.0.1", "content-type: application/json",
    `content-length: ${body.length}`, "", body,
  ].join(CRLF));
}

/** Answers "+OK", "$<length>" with a value, and "-<error>". */
class RedisReader implements Reader {
  #pending: Buffer = Buffer.alloc(0);

  take(chunk: Buffer): Answer | null {
    const bytes = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    const lineEnd = bytes.indexOf(CRLF);
    const line = lineEnd < 0 ? "" : bytes.toString("latin1", 0, lineEnd);
    let end = lineEnd + CRLF.length;
    if (line.startsWith("$") && line !== "$-1") end += Number(line.slice(1)) + CRLF.length;
    if (lineEnd < 0 || bytes.length < end) {
      this.#pending = bytes;
      return null;
    }
    this.#pending = Buffer.alloc(0);
    return { status: line.startsWith("-") || line === "$-1" ? 500 : 200, body: bytes.subarray(0, end) };
  }
}
