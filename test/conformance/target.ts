// The endpoint under test: an in-memory Stator of its own, or any that speaks DynamoDB's protocol. Requests are raw
// and properly signed, so that what no SDK would send can be sent, to a server that checks signatures too.
import assert from "node:assert/strict";
import { createHash, createHmac, randomBytes } from "node:crypto";
import { crc32 } from "node:zlib";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { startEmbeddedCluster } from "../../src/app/embedded-cluster.ts";

export type Credentials = { readonly accessKeyId: string; readonly secretAccessKey: string };
export type TargetOptions = { readonly endpoint: string; readonly region: string; readonly credentials: Credentials };

export type Answer = {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Null when the answer is not JSON. */
  readonly json: any;
  /** The error's name behind the "#", or null. */
  readonly type: string | null;
  readonly message: string | null;
};

/** A request that is not answered fails its case instead of hanging the run. */
const ANSWER_MS_MAX = 30_000;
/** How long a table may take to reach a state: DynamoDB itself takes seconds. */
const TABLE_MS_MAX = 120_000;
const POLL_MS = 50;

export class Target {
  readonly options: TargetOptions;
  readonly client: DynamoDBClient;
  /** Begins the name of every table of this run. */
  readonly prefix: string;
  readonly #stop: () => Promise<void>;

  private constructor(options: TargetOptions, stop: () => Promise<void>) {
    this.options = options;
    this.prefix = `conf${randomBytes(4).toString("hex")}.`;
    this.client = this.connect();
    this.#stop = stop;
  }

  static at(options: TargetOptions): Target {
    return new Target(options, async () => {});
  }

  /** A server of its own, in memory, on a free port. */
  static async inMemory(): Promise<Target> {
    const cluster = await startEmbeddedCluster({
      port: 0, host: "127.0.0.1", dataDir: null, zones: 1, credentials: null, partitionsPerTable: 3,
      region: "eu-west-1", logLevel: "error",
    });
    const credentials = { accessKeyId: "local", secretAccessKey: "secret" };
    return new Target({ endpoint: cluster.endpoint, region: "eu-west-1", credentials }, () => cluster.stop());
  }

  connect(): DynamoDBClient {
    const { endpoint, region, credentials } = this.options;
    return new DynamoDBClient({ endpoint, region, credentials, maxAttempts: 1 });
  }

  async stop(): Promise<void> {
    this.client.destroy();
    await this.#stop();
  }

  /** `$name` in a text stands for the table of that name of this run. */
  named(text: string): string {
    return text.replace(/\$([a-z][a-z0-9_-]*)/g, (_, name: string) => this.prefix + name);
  }

  name(table: string): string {
    return this.prefix + table;
  }

  /** One operation. `$table` anywhere in the input stands for a table's name. */
  ask(operation: string, input: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    const body = typeof input === "string" ? input : JSON.stringify(input);
    const target = operation.includes(".") ? operation : `DynamoDB_20120810.${operation}`;
    return this.send(this.named(body), { "x-amz-target": target, ...headers });
  }

  /** Signed and sent. A header of "" is left out. */
  async send(body: string, headers: Readonly<Record<string, string>>, method = "POST"): Promise<Answer> {
    const all: Record<string, string> = { "content-type": "application/x-amz-json-1.0", ...headers };
    for (const [name, value] of Object.entries(all)) if (value === "") delete all[name];
    const signed = sign(this.options, method, all, body);
    const response = await fetch(`${this.options.endpoint}/`, {
      method, headers: signed, ...(method === "GET" ? {} : { body }), signal: AbortSignal.timeout(ANSWER_MS_MAX),
    });
    return readAnswer(response);
  }

  /** The answer to an operation that must succeed. */
  async ok(operation: string, input: unknown): Promise<any> {
    const answer = await this.ask(operation, input);
    assert.equal(answer.status, 200, `${operation} ${JSON.stringify(input).slice(0, 500)}: ${answer.text.slice(0, 500)}`);
    return answer.json;
  }

  /** Until the table and its indexes have `status`, or are gone. */
  async waitFor(table: string, status: "ACTIVE" | "GONE"): Promise<any> {
    const end = Date.now() + TABLE_MS_MAX;
    for (;;) {
      const answer = await this.ask("DescribeTable", { TableName: table });
      const described = answer.json?.Table;
      const indexes: { IndexStatus?: string }[] = described?.GlobalSecondaryIndexes ?? [];
      if (status === "GONE" ? answer.type === "ResourceNotFoundException" : described?.TableStatus === "ACTIVE"
        && indexes.every(({ IndexStatus }) => IndexStatus === "ACTIVE")) return described;
      assert.ok(Date.now() < end, `${table} does not get ${status}: ${answer.text.slice(0, 300)}`);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  /** Until `check` returns without throwing, for what is eventually consistent. */
  async eventually(check: () => Promise<void>, msMax = 20_000): Promise<void> {
    const end = Date.now() + msMax;
    for (;;) {
      try {
        return await check();
      } catch (error) {
        if (Date.now() > end) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  /** A table with keys given as "name:type". */
  async table(name: string, hash: string, range?: string, more: object = {}): Promise<void> {
    const keys = (range === undefined ? [hash] : [hash, range]).map((text) => text.split(":") as [string, string]);
    await this.ok("CreateTable", {
      TableName: `$${name}`, BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: keys.map(([key, type]) => ({ AttributeName: key, AttributeType: type })),
      KeySchema: keys.map(([key], i) => ({ AttributeName: key, KeyType: i === 0 ? "HASH" : "RANGE" })),
      ...more,
    });
    await this.waitFor(`$${name}`, "ACTIVE");
  }

  /** Deletes every table of this run. */
  async cleanUp(): Promise<void> {
    let from: string | undefined;
    do {
      const page: { TableNames: string[]; LastEvaluatedTableName?: string } = await this.ok("ListTables",
        from === undefined ? {} : { ExclusiveStartTableName: from });
      for (const name of page.TableNames) {
        if (name.startsWith(this.prefix)) await this.#drop(name);
      }
      from = page.LastEvaluatedTableName;
    } while (from !== undefined);
  }

  async #drop(name: string): Promise<void> {
    const described = (await this.ask("DescribeTable", { TableName: name })).json?.Table;
    if (described?.DeletionProtectionEnabled === true) {
      await this.ask("UpdateTable", { TableName: name, DeletionProtectionEnabled: false });
      await this.waitFor(name, "ACTIVE");
    }
    await this.ask("DeleteTable", { TableName: name });
  }
}

async function readAnswer(response: Response): Promise<Answer> {
  const bytes = new Uint8Array(await response.arrayBuffer());
  const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  const { headers, status } = response;
  const checksum = headers.get("x-amz-crc32");
  // Of the bytes as sent: fetch shows them unpacked, so only a plain answer can be compared.
  if (checksum !== null && !headers.has("content-encoding")) {
    assert.equal(checksum, String(crc32(bytes)), "x-amz-crc32 is that of the body");
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

/** Signature Version 4 over host, date, target and content type. */
function sign(
  { endpoint, region, credentials }: TargetOptions, method: string, headers: Readonly<Record<string, string>>,
  body: string,
): Record<string, string> {
  const date = new Date().toISOString().replace(/[-:]|\.\d{3}/g, "");
  const all: Record<string, string> = { host: new URL(endpoint).host, "x-amz-date": date, ...headers };
  const names = Object.keys(all).map((name) => name.toLowerCase()).sort();
  const canonical = [
    method, "/", "", ...names.map((name) => `${name}:${(all[name] ?? "").trim()}`), "", names.join(";"), sha256(body),
  ].join("\n");
  const scope = `${date.slice(0, 8)}/${region}/dynamodb/aws4_request`;
  let key: Buffer | string = `AWS4${credentials.secretAccessKey}`;
  for (const part of scope.split("/")) key = createHmac("sha256", key).update(part).digest();
  const signature = createHmac("sha256", key)
    .update(`AWS4-HMAC-SHA256\n${date}\n${scope}\n${sha256(canonical)}`).digest("hex");
  delete all["host"];
  all["authorization"] = `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scope}, `
    + `SignedHeaders=${names.join(";")}, Signature=${signature}`;
  return all;
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
