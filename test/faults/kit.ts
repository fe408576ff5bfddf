// A cluster in this process on real files, requests to it, and the damage that tests do to its files.
import assert from "node:assert/strict";
import {
  closeSync, cpSync, fstatSync, mkdtempSync, openSync, readdirSync, readFileSync, readSync, rmSync, writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startEmbeddedCluster } from "../../src/app/embedded-cluster.ts";
import type { EmbeddedOptions, RunningCluster } from "../../src/app/embedded-options.ts";

export const TABLE = "faults";
const LARGE_BYTES = 390 * 1024;

export function newFolder(): string {
  return mkdtempSync(join(tmpdir(), "stator-faults-"));
}

export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}

/** A copy of a stopped cluster's directory. */
export function copyOf(template: string, parent: string, name: string): string {
  const copy = join(parent, name);
  cpSync(template, copy, { recursive: true });
  return copy;
}

const SCOPE = "faults/20260101/us-east-1/dynamodb/aws4_request";
const HEADERS = {
  "content-type": "application/x-amz-json-1.0", "x-amz-date": "20260101T000000Z",
  "authorization": `AWS4-HMAC-SHA256 Credential=${SCOPE}, SignedHeaders=host;x-amz-date, Signature=${"0".repeat(64)}`,
};

export type Answer = { readonly status: number; readonly body: Record<string, unknown> };

export async function ask(endpoint: string, operation: string, input: object): Promise<Answer> {
  const response = await fetch(endpoint, {
    method: "POST", body: JSON.stringify(input),
    headers: { ...HEADERS, "x-amz-target": `DynamoDB_20120810.${operation}` },
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

/** Name and number of every item that was acknowledged. */
export type Acknowledged = Map<string, number>;

export class Cluster {
  readonly endpoint: string;
  readonly running: RunningCluster;

  constructor(running: RunningCluster) {
    this.running = running;
    this.endpoint = running.endpoint;
  }

  static async start(dataDir: string, more: Partial<EmbeddedOptions> = {}): Promise<Cluster> {
    return new Cluster(await startEmbeddedCluster({
      port: 0, host: "127.0.0.1", dataDir, zones: 3, partitionsPerTable: 4, credentials: null, region: "us-east-1",
      logLevel: "silent", ...more,
    }));
  }

  stop(): Promise<void> {
    return this.running.stop();
  }

  async createTable(): Promise<void> {
    await createTable(this.endpoint);
  }

  put(key: string, n: number, padding = 100): Promise<boolean> {
    return put(this.endpoint, key, n, padding);
  }

  /** What /readyz says, after checking that the cluster is live and ready. */
  async detail(): Promise<string> {
    assert.equal((await fetch(`${this.endpoint}/healthz`)).status, 200);
    const answer = await fetch(`${this.endpoint}/readyz`);
    const text = await answer.text();
    assert.equal(answer.status, 200, text);
    return String((JSON.parse(text) as { detail: unknown }).detail);
  }
}

export async function createTable(endpoint: string): Promise<void> {
  const answer = await ask(endpoint, "CreateTable", {
    TableName: TABLE, BillingMode: "PAY_PER_REQUEST",
    AttributeDefinitions: [{ AttributeName: "pk", AttributeType: "S" }],
    KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }],
  });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
}

/** True: acknowledged. */
export async function put(endpoint: string, key: string, n: number, padding = 100): Promise<boolean> {
  const Item = { pk: { S: key }, n: { N: String(n) }, p: { S: `${key}:${n}:${"x".repeat(padding)}` } };
  return (await ask(endpoint, "PutItem", { TableName: TABLE, Item })).status === 200;
}

/** Every acknowledged item reads as it was written, one by one and in a Scan. */
export async function verify(endpoint: string, known: Acknowledged, what: string): Promise<void> {
  for (const [key, n] of known) {
    const answer = await ask(endpoint, "GetItem", {
      TableName: TABLE, Key: { pk: { S: key } }, ConsistentRead: true, ProjectionExpression: "n",
    });
    assert.equal(answer.status, 200, `${what}: ${key}: ${JSON.stringify(answer.body)}`);
    assert.deepEqual(answer.body["Item"], { n: { N: String(n) } }, `${what}: ${key}`);
  }
  const seen = new Map<string, number>();
  let ExclusiveStartKey: unknown;
  do {
    const page = await ask(endpoint, "Scan", {
      TableName: TABLE, ConsistentRead: true, ProjectionExpression: "pk, n",
      ...(ExclusiveStartKey === undefined ? {} : { ExclusiveStartKey }),
    });
    assert.equal(page.status, 200, `${what}: ${JSON.stringify(page.body)}`);
    for (const item of page.body["Items"] as { pk: { S: string }; n: { N: string } }[]) {
      seen.set(item.pk.S, Number(item.n.N));
    }
    ExclusiveStartKey = page.body["LastEvaluatedKey"];
  } while (ExclusiveStartKey !== undefined);
  for (const [key, n] of known) assert.equal(seen.get(key), n, `${what}: Scan, ${key}`);
}

/** A tree is written after five seconds without changes. */
const CHECKPOINT_MS = 5_500;

/** A stopped cluster: two thirds of its items are in the trees, the rest in logs of three segments. */
export async function makeTemplate(dataDir: string): Promise<Acknowledged> {
  const known: Acknowledged = new Map();
  const cluster = await Cluster.start(dataDir);
  const write = async (key: string, n: number, padding: number): Promise<void> => {
    while (!(await cluster.put(key, n, padding))) await sleep(5); // shed: too much in one moment
    known.set(key, n);
  };
  const small = (from: number, to: number): Promise<void[]> =>
    Promise.all(Array.from({ length: to - from }, (_, i) => write(`k${from + i}`, from + i, 300)));
  try {
    await cluster.createTable();
    await small(0, 200);
    await sleep(CHECKPOINT_MS);
    for (let turn = 0; turn < 11; turn++) {
      await Promise.all(Array.from({ length: 6 }, (_, i) => write(`large-${i}`, turn, LARGE_BYTES)));
    }
    await small(150, 300);
  } finally {
    await cluster.stop();
  }
  assert.equal(known.size, 306);
  assert.equal(segmentsOf(dataDir, 1).length, 3);
  return known;
}

export function segmentsOf(dataDir: string, node: number): string[] {
  const folder = join(dataDir, `node-${node}`, "wal");
  return readdirSync(folder).filter((name) => name.endsWith(".log")).sort().map((name) => join(folder, name));
}

export function treeOf(dataDir: string, node: number): string {
  return join(dataDir, `node-${node}`, "tree");
}

export function flipBit(file: string, at: number): void {
  const fd = openSync(file, "r+");
  try {
    assert.ok(at < fstatSync(fd).size, "the bit lies in the file");
    const byte = new Uint8Array(1);
    readSync(fd, byte, 0, 1, at);
    byte[0] = (byte[0] as number) ^ (1 << (at % 8));
    writeSync(fd, byte, 0, 1, at);
  } finally {
    closeSync(fd);
  }
}

/** Offset behind the last byte that is not zero. */
export function usedBytes(file: string): number {
  const bytes = readFileSync(file);
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  return end;
}

/** Bytes a start must name: the file, and an offset or a key in it. */
export function assertNamed(detail: string, node: number, file: RegExp): void {
  assert.match(detail, new RegExp(`node ${node} stopped: `));
  assert.match(detail, file);
}
