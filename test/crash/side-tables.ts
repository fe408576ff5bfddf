// Tables that come and go under the kills: each life of the server makes one, writes an item to it and deletes
// it again, as far as it gets. After the restart what was acknowledged must hold.
import { setTimeout as sleep } from "node:timers/promises";
import {
  CreateTableCommand, DeleteTableCommand, DescribeTableCommand, GetItemCommand, PutItemCommand,
  ResourceNotFoundException, type DynamoDBClient,
} from "@aws-sdk/client-dynamodb";

/** How long a restarted server may take to finish what it had acknowledged. */
const SETTLE_MS_MAX = 10_000;
const POLL_MS = 10;

type Progress = {
  readonly name: string;
  isCreateAttempted: boolean;
  isCreated: boolean;
  isWritten: boolean;
  isDeleteAttempted: boolean;
  isDeleted: boolean;
};

export class SideTable {
  readonly #client: DynamoDBClient;
  readonly #progress: Progress;
  readonly #ended: Promise<void>;

  constructor(client: DynamoDBClient, name: string, pauseMs: number) {
    this.#client = client;
    this.#progress = {
      name, isCreateAttempted: false, isCreated: false, isWritten: false, isDeleteAttempted: false, isDeleted: false,
    };
    this.#ended = this.#run(pauseMs).catch(() => undefined); // the server is gone
  }

  /** Resolves when the worker has noticed that the server is gone, or is done. */
  end(): Promise<void> {
    return this.#ended;
  }

  /** Throws when the restarted server does not hold what was acknowledged. Leaves no table behind. */
  async check(client: DynamoDBClient, where: string): Promise<void> {
    const { name, isCreated, isWritten, isDeleteAttempted, isDeleted } = this.#progress;
    const status = await settledStatus(client, name);
    if (isCreated && !isDeleteAttempted && status === null) throw new Error(`${where}: table ${name} is gone`);
    if (isDeleted && status !== null) throw new Error(`${where}: deleted table ${name} is ${status}`);
    if (status === null) return;
    const got = await client.send(new GetItemCommand({
      TableName: name, Key: { pk: { S: "a" } }, ConsistentRead: true,
    }));
    if (isWritten && got.Item?.["v"]?.S !== name) throw new Error(`${where}: the item of table ${name} is gone`);
    await client.send(new DeleteTableCommand({ TableName: name }));
  }

  async #run(pauseMs: number): Promise<void> {
    const progress = this.#progress;
    const { name } = progress;
    await sleep(pauseMs);
    progress.isCreateAttempted = true;
    await this.#client.send(new CreateTableCommand({
      TableName: name, BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: [{ AttributeName: "pk", AttributeType: "S" }],
      KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }],
    }));
    progress.isCreated = true;
    while ((await statusOf(this.#client, name)) !== "ACTIVE") await sleep(POLL_MS);
    await this.#client.send(new PutItemCommand({ TableName: name, Item: { pk: { S: "a" }, v: { S: name } } }));
    progress.isWritten = true;
    await sleep(pauseMs);
    progress.isDeleteAttempted = true;
    await this.#client.send(new DeleteTableCommand({ TableName: name }));
    progress.isDeleted = true;
  }
}

/** ACTIVE, or null when there is no such table: whatever was on its way has arrived. */
async function settledStatus(client: DynamoDBClient, name: string): Promise<string | null> {
  const end = Date.now() + SETTLE_MS_MAX;
  for (;;) {
    const status = await statusOf(client, name);
    if (status === null || status === "ACTIVE") return status;
    if (Date.now() > end) throw new Error(`table ${name} stays ${status}`);
    await sleep(POLL_MS);
  }
}

async function statusOf(client: DynamoDBClient, name: string): Promise<string | null> {
  try {
    return (await client.send(new DescribeTableCommand({ TableName: name }))).Table?.TableStatus ?? "?";
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return null;
    throw error;
  }
}
