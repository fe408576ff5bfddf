// What the API tests share: a cluster of its own for each file, the SDK's clients on it, and a raw client for
// what no SDK would send. Every raw answer's checksum, request id and content type are checked.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import {
  CreateTableCommand, DynamoDBClient, type AttributeValue, type CreateTableCommandInput, type ScalarAttributeType,
} from "@aws-sdk/client-dynamodb";
import { startEmbeddedCluster } from "../../src/app/embedded-cluster.ts";
import type { EmbeddedOptions, RunningCluster } from "../../src/app/embedded-options.ts";

export const REGION = "eu-west-1";
export const CREDENTIAL = { accessKeyId: "local", secretAccessKey: "secret" } as const;

/** A header that is right in form; its signature is none, which a cluster without credentials takes. */
export const AUTHORIZATION = `AWS4-HMAC-SHA256 Credential=local/20260102/${REGION}/dynamodb/aws4_request, `
  + "SignedHeaders=host;x-amz-date;x-amz-target, Signature=00";

/** A request that is not answered fails its test instead of hanging it. */
const ANSWER_MS_MAX = 20_000;

export type Item = Record<string, AttributeValue>;

export type Answer = {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Null when the answer is not JSON. */
  readonly json: any;
  /** `__type` behind the "#", or null. */
  readonly type: string | null;
  readonly message: string | null;
};

const MEMORY: EmbeddedOptions = {
  port: 0, host: "127.0.0.1", dataDir: null, zones: 1, credentials: null, partitionsPerTable: 3,
  region: "us-east-1", logLevel: "error",
};

/** One running cluster with clients. */
export class Server {
  readonly cluster: RunningCluster;
  readonly client: DynamoDBClient;
  readonly #clients: DynamoDBClient[] = [];
  readonly #dataDir: string | null;

  private constructor(cluster: RunningCluster, dataDir: string | null) {
    this.cluster = cluster;
    this.#dataDir = dataDir;
    this.client = this.connect();
  }

  static async start(options: Partial<EmbeddedOptions> = {}): Promise<Server> {
    return new Server(await startEmbeddedCluster({ ...MEMORY, ...options }), null);
  }

  /** On a disk, in a directory that goes with the server. */
  static async startOnDisk(options: Partial<EmbeddedOptions> = {}): Promise<Server> {
    const dataDir = mkdtempSync(join(tmpdir(), "stator-api-"));
    return new Server(await startEmbeddedCluster({ ...MEMORY, ...options, dataDir }), dataDir);
  }

  async stop(): Promise<void> {
    for (const client of this.#clients) client.destroy();
    await this.cluster.stop();
    if (this.#dataDir !== null) rmSync(this.#dataDir, { recursive: true, force: true });
  }

  connect(credentials: { accessKeyId: string; secretAccessKey: string } = CREDENTIAL, region = REGION): DynamoDBClient {
    const client = new DynamoDBClient({ endpoint: this.cluster.endpoint, region, credentials, maxAttempts: 1 });
    this.#clients.push(client);
    return client;
  }

  /** A table with keys given as "name:type"; usable as soon as this returns. */
  async table(name: string, hash: string, range?: string, more: Partial<CreateTableCommandInput> = {}): Promise<void> {
    const keys = (range === undefined ? [hash] : [hash, range]).map((text) => text.split(":"));
    await this.client.send(new CreateTableCommand({
      TableName: name,
      BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: keys.map(([key, type]) => ({
        AttributeName: key as string, AttributeType: type as ScalarAttributeType,
      })),
      KeySchema: keys.map(([key], i) => ({ AttributeName: key as string, KeyType: i === 0 ? "HASH" : "RANGE" })),
      ...more,
    }));
  }

  /** One operation as raw JSON. A string or bytes are sent as they stand. */
  ask(operation: string, input: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const body = typeof input === "string" || input instanceof Uint8Array ? input : JSON.stringify(input);
    return this.send(body, {
      "x-amz-target": operation.includes(".") ? operation : `DynamoDB_20120810.${operation}`,
      "content-type": "application/x-amz-json-1.0", authorization: AUTHORIZATION, "x-amz-date": "20260102T030405Z",
      ...headers,
    });
  }

  async send(body: string | Uint8Array, headers: Record<string, string>, path = "/"): Promise<Answer> {
    const response = await fetch(this.cluster.endpoint + path, {
      // Without it fetch asks for gzip and unfolds it, and the checksum is that of the bytes sent.
      method: "POST", headers: { "accept-encoding": "identity", ...headers },
      body: typeof body === "string" ? body : body.slice(),
      signal: AbortSignal.timeout(ANSWER_MS_MAX),
    });
    return readAnswer(response);
  }

  /** The answer to an operation that must succeed. */
  async ok(operation: string, input: unknown): Promise<any> {
    const answer = await this.ask(operation, input);
    assert.equal(answer.status, 200, `${operation} ${JSON.stringify(input).slice(0, 500)}: ${answer.text}`);
    return answer.json;
  }
}

export async function readAnswer(response: Response): Promise<Answer> {
  const bytes = new Uint8Array(await response.arrayBuffer());
  const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  const { headers, status } = response;
  if (headers.has("x-amzn-requestid")) {
    assert.equal(headers.get("x-amz-crc32"), String(crc32(bytes)), "x-amz-crc32 is that of the body");
    assert.match(headers.get("x-amzn-requestid") ?? "", /^[0-9A-Z]{52}$/);
  }
  let json: any = null;
  try {
    json = JSON.parse(text);
  } catch {
    json = null;
  }
  const type: unknown = json?.__type;
  return {
    status, headers, text, json, type: typeof type === "string" ? type.slice(type.indexOf("#") + 1) : null,
    message: json?.message ?? json?.Message ?? null,
  };
}

/** Operation, input, message (null: none at all), and the error's name where it is not ValidationException. */
export type Refused = readonly [operation: string, input: unknown, message: string | RegExp | null, type?: string];

/** Asks each, and fails with all whose answer differs. */
export async function assertRefused(server: Server, cases: readonly Refused[]): Promise<void> {
  const wrong: unknown[] = [];
  for (const [operation, input, message, type = "ValidationException"] of cases) {
    const answer = await server.ask(operation, input);
    const isRight = message instanceof RegExp ? message.test(answer.message ?? "") : message === answer.message;
    if (answer.status !== 400 || answer.type !== type || !isRight) {
      wrong.push({
        operation, input: JSON.stringify(input).slice(0, 300), expected: { type, message },
        got: { status: answer.status, text: answer.text.slice(0, 600) },
      });
    }
  }
  assert.deepEqual(wrong, []);
}

/** Rejects with an SDK error of this name; gives the error. */
export async function rejected(promise: Promise<unknown>, name: string): Promise<any> {
  try {
    await promise;
  } catch (error) {
    assert.equal((error as Error).name, name, String(error));
    return error;
  }
  return assert.fail(`resolved instead of rejecting with ${name}`);
}

export const S = (value: string): AttributeValue => ({ S: value });
export const N = (value: number | string): AttributeValue => ({ N: String(value) });
