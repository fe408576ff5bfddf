// Requests as the JavaScript SDK sends them: the same headers, signed with SigV4, as bytes for a socket.
import { createHash, createHmac, randomUUID } from "node:crypto";

const REGION = "us-east-1";
const SERVICE = "dynamodb";
const CONTENT_TYPE = "application/x-amz-json-1.0";
const SDK = "aws-sdk-js/3.1164.0";
const USER_AGENT = `${SDK} ua/2.1 os/linux lang/js md/nodejs api/dynamodb#3.1164.0 m/E`;
const SIGNED_HEADERS = "amz-sdk-invocation-id;amz-sdk-request;content-length;content-type;host;"
  + "x-amz-content-sha256;x-amz-date;x-amz-target;x-amz-user-agent";
const ATTEMPT = "attempt=1; max=3";

/** What all benchmarked servers are given or sent. It protects nothing. */
export const CREDENTIAL = {
  accessKeyId: "AKIDBENCHMARK", secretAccessKey: "benchmark-secret-of-no-use-elsewhere",
} as const;

/** Signs for one address at one moment; a server takes the signatures for 15 minutes. */
export class RequestSigner {
  readonly #host: string;
  readonly #timestamp: string;
  readonly #scope: string;
  readonly #key: Buffer;

  constructor(port: number, now: Date) {
    this.#host = `127.0.0.1:${port}`;
    this.#timestamp = `${now.toISOString().replace(/[-:]|\.\d{3}/g, "")}`;
    const day = this.#timestamp.slice(0, 8);
    this.#scope = `${day}/${REGION}/${SERVICE}/aws4_request`;
    let key: Buffer = Buffer.from(`AWS4${CREDENTIAL.secretAccessKey}`);
    for (const part of [day, REGION, SERVICE, "aws4_request"]) key = createHmac("sha256", key).update(part).digest();
    this.#key = key;
  }

  build(operation: string, body: string): Buffer {
    const id = randomUUID();
    const length = Buffer.byteLength(body);
    const hash = sha256(body);
    const target = `DynamoDB_20120810.${operation}`;
    const canonical = [
      "POST", "/", "", `amz-sdk-invocation-id:${id}`, `amz-sdk-request:${ATTEMPT}`, `content-length:${length}`,
      `content-type:${CONTENT_TYPE}`, `host:${this.#host}`, `x-amz-content-sha256:${hash}`,
      `x-amz-date:${this.#timestamp}`, `x-amz-target:${target}`, `x-amz-user-agent:${SDK}`, "", SIGNED_HEADERS, hash,
    ].join("\n");
    const text = ["AWS4-HMAC-SHA256", this.#timestamp, this.#scope, sha256(canonical)].join("\n");
    const signature = createHmac("sha256", this.#key).update(text).digest("hex");
    return Buffer.from([
      "POST / HTTP/1.1", `content-type: ${CONTENT_TYPE}`, `x-amz-target: ${target}`, `content-length: ${length}`,
      `x-amz-user-agent: ${SDK}`, `user-agent: ${USER_AGENT}`, `host: ${this.#host}`, `amz-sdk-invocation-id: ${id}`,
      `amz-sdk-request: ${ATTEMPT}`, `x-amz-date: ${this.#timestamp}`, `x-amz-content-sha256: ${hash}`,
      `authorization: AWS4-HMAC-SHA256 Credential=${CREDENTIAL.accessKeyId}/${this.#scope}, `
      + `SignedHeaders=${SIGNED_HEADERS}, Signature=${signature}`,
      "connection: keep-alive", "", body,
    ].join("\r\n"));
  }
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
