// Kills a server with SIGKILL at random moments under load, restarts it on the same data, and checks after
// each restart that every acknowledged write is there: each key has one writer that counts up, so the stored
// count must lie between the last acknowledged and the last attempted one.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  BatchGetItemCommand, CreateTableCommand, DynamoDBClient, PutItemCommand, UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { ServerProcess } from "../../demo/server-process.ts";
import { Prng } from "../../src/base/prng.ts";

const TABLE = "crash";
const WRITERS = 16;
const KEYS_PER_WRITER = 12;
const PADDING = "x".repeat(700);
const LIFE_MS_MIN = 30;
const LIFE_MS_MAX = 900;

export type KillReport = { readonly kills: number; readonly acknowledged: number; readonly uncertain: number };

/** A key's history as its one writer knows it. `acknowledged` <= stored <= `attempted` must hold. */
type Known = { acknowledged: number; attempted: number };

export async function killLoop(kills: number, seed: number, onKill: (done: number) => void): Promise<KillReport> {
  const prng = new Prng(seed);
  const dataDir = mkdtempSync(join(tmpdir(), "stator-crash-"));
  const known = new Map<string, Known>();
  let acknowledged = 0;
  let uncertain = 0;
  let server = await ServerProcess.start(["--data-dir", dataDir, "--log-level", "error"]);
  try {
    await createTable(server);
    for (let kill = 1; kill <= kills; kill++) {
      const load = new Load(server, known);
      await sleep(prng.between(LIFE_MS_MIN, LIFE_MS_MAX));
      await server.kill();
      acknowledged += await load.end();
      server = await ServerProcess.start(["--data-dir", dataDir, "--log-level", "error"]);
      uncertain += await check(server, known, `seed ${seed}, kill ${kill}`);
      onKill(kill);
    }
    const code = await server.stop();
    if (code !== 0) throw new Error(`a clean stop ended with code ${code}`);
    return { kills, acknowledged, uncertain };
  } finally {
    await server.kill();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

/** Writers, each alone on its keys: puts on even keys, ADD on odd ones. */
class Load {
  readonly #client: DynamoDBClient;
  readonly #known: Map<string, Known>;
  readonly #writers: Promise<void>[];
  #isOver = false;
  #acknowledged = 0;

  constructor(server: ServerProcess, known: Map<string, Known>) {
    this.#client = connect(server);
    this.#known = known;
    this.#writers = Array.from({ length: WRITERS }, (_, writer) => this.#write(writer));
  }

  async end(): Promise<number> {
    this.#isOver = true;
    await Promise.all(this.#writers);
    this.#client.destroy();
    return this.#acknowledged;
  }

  async #write(writer: number): Promise<void> {
    for (let turn = 0; !this.#isOver; turn++) {
      const index = turn % KEYS_PER_WRITER;
      const key = `w${writer}-k${index}`;
      const state = this.#known.get(key) ?? { acknowledged: 0, attempted: 0 };
      this.#known.set(key, state);
      state.attempted++;
      try {
        if (index % 2 === 0) await this.#put(key, state.attempted);
        else await this.#add(key);
      } catch {
        return; // the server is gone: the fate of this write is not known
      }
      state.acknowledged = index % 2 === 0 ? state.attempted : state.acknowledged + 1;
      this.#acknowledged++;
    }
  }

  async #put(key: string, count: number): Promise<void> {
    const Item = { pk: { S: key }, count: { N: String(count) }, padding: { S: PADDING } };
    await this.#client.send(new PutItemCommand({ TableName: TABLE, Item }));
  }

  async #add(key: string): Promise<void> {
    await this.#client.send(new UpdateItemCommand({
      TableName: TABLE, Key: { pk: { S: key } }, UpdateExpression: "ADD #c :one",
      ExpressionAttributeNames: { "#c": "count" }, ExpressionAttributeValues: { ":one": { N: "1" } },
    }));
  }
}

/** Throws when a stored count is impossible. Afterwards what is stored is what is known. */
async function check(server: ServerProcess, known: Map<string, Known>, where: string): Promise<number> {
  const client = connect(server);
  let uncertain = 0;
  const keys = [...known.keys()];
  for (let from = 0; from < keys.length; from += 100) {
    const share = keys.slice(from, from + 100);
    const answer = await client.send(new BatchGetItemCommand({
      RequestItems: { [TABLE]: { Keys: share.map((key) => ({ pk: { S: key } })), ConsistentRead: true } },
    }));
    const counts = new Map(answer.Responses?.[TABLE]?.map((item) => [item["pk"]?.S, Number(item["count"]?.N)]));
    for (const key of share) {
      const state = known.get(key) as Known;
      const stored = counts.get(key) ?? 0;
      if (stored < state.acknowledged || stored > state.attempted) {
        throw new Error(`${where}: ${key} holds ${stored}; acknowledged ${state.acknowledged}, attempted ${state.attempted}`);
      }
      if (stored !== state.acknowledged) uncertain++;
      state.acknowledged = stored;
      state.attempted = stored;
    }
  }
  client.destroy();
  return uncertain;
}

async function createTable(server: ServerProcess): Promise<void> {
  const client = connect(server);
  await client.send(new CreateTableCommand({
    TableName: TABLE, BillingMode: "PAY_PER_REQUEST",
    AttributeDefinitions: [{ AttributeName: "pk", AttributeType: "S" }],
    KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }],
  }));
  client.destroy();
}

function connect(server: ServerProcess): DynamoDBClient {
  return new DynamoDBClient({
    endpoint: server.endpoint, region: "us-east-1", maxAttempts: 1,
    credentials: { accessKeyId: "crash", secretAccessKey: "crash" },
  });
}
