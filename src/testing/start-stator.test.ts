// `stator/testing` from its sources, as a test of an application uses it.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, mock, test } from "node:test";
import {
  BatchGetItemCommand, BatchWriteItemCommand, CreateTableCommand, DescribeTableCommand, DynamoDBClient, GetItemCommand, ListTablesCommand,
  PutItemCommand, QueryCommand, ScanCommand, TransactWriteItemsCommand,
  TransactionCanceledException, UpdateTimeToLiveCommand,
  type CreateTableCommandInput,
} from "@aws-sdk/client-dynamodb";
import type { Stator } from "./api-types.ts";
import { startStator } from "./start-stator.ts";

let stator: Stator;
let client: DynamoDBClient;
before(async () => {
  stator = await startStator();
  client = new DynamoDBClient({ ...stator.clientConfig, maxAttempts: 1 });
});
afterEach(() => stator.reset());
after(async () => {
  client.destroy();
  await stator.stop();
});

async function createTable(TableName: string, more: Partial<CreateTableCommandInput> = {}): Promise<void> {
  await client.send(new CreateTableCommand({
    TableName, BillingMode: "PAY_PER_REQUEST", AttributeDefinitions: [{ AttributeName: "pk", AttributeType: "S" }],
    KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }], ...more,
  }));
  await until(async () => (
    (await client.send(new DescribeTableCommand({ TableName }))).Table?.TableStatus === "ACTIVE"));
}

const put = (TableName: string, pk: string, v = 0): Promise<unknown> => client.send(new PutItemCommand({
  TableName, Item: { pk: { S: pk }, v: { N: String(v) } },
}));

async function read(TableName: string, pk: string, ConsistentRead: boolean): Promise<number | null> {
  const { Item } = await client.send(new GetItemCommand({ TableName, Key: { pk: { S: pk } }, ConsistentRead }));
  return Item === undefined ? null : Number(Item["v"]?.N);
}

/** Asks until it is so; the runner's own limit ends what never is. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 10));
}

test("a reset leaves nothing, protected tables neither, and names can be used again at once", async () => {
  for (let round = 0; round < 3; round++) {
    await Promise.all(["one", "two", "three"].map((name) => createTable(name)));
    await createTable("protected", { DeletionProtectionEnabled: true });
    await put("one", "a", round);
    await stator.reset();
    assert.deepEqual((await client.send(new ListTablesCommand({}))).TableNames, []);
  }
  await createTable("one");
  assert.equal((await client.send(new ScanCommand({ TableName: "one" }))).Count, 0);
});

test("the clock runs ahead for time to live, and what is over is gone when it has been set", async () => {
  await createTable("sessions");
  await client.send(new UpdateTimeToLiveCommand({
    TableName: "sessions", TimeToLiveSpecification: { AttributeName: "until", Enabled: true },
  }));
  const now = Math.floor(Date.now() / 1_000);
  for (let i = 0; i < 10; i++) {
    await client.send(new PutItemCommand({
      TableName: "sessions", Item: { pk: { S: `s${i}` }, until: { N: String(now + 3_600 * (i + 1)) } },
    }));
  }
  const left = async (): Promise<number | undefined> => (
    await client.send(new ScanCommand({ TableName: "sessions", ConsistentRead: true }))).Count;
  await stator.clock.advance(0);
  assert.equal(await left(), 10);
  await stator.clock.advance(2.5 * 3_600_000);
  await until(async () => await left() === 8);
  await stator.clock.set(new Date((now + 5 * 3_600 + 60) * 1_000));
  await until(async () => await left() === 5);
  const ahead = (await stator.clock.now()).getTime() - Date.now();
  assert.ok(Math.abs(ahead - (5 * 3_600 + 60) * 1_000) < 60_000);
  await stator.reset();
  assert.ok(Math.abs((await stator.clock.now()).getTime() - Date.now()) < 60_000);
});

test("throttled: an error for one item, unprocessed items in a batch, other tables untouched", async () => {
  await createTable("hot");
  await createTable("cold");
  await stator.disturb({ throttle: { tables: "hot", operations: ["PutItem", "GetItem"] } });
  await assert.rejects(put("hot", "a"), {
    name: "ProvisionedThroughputExceededException",
    message: "The level of configured provisioned throughput for the table was exceeded. "
      + "Consider increasing your provisioning level with the UpdateTable API.",
  });
  await assert.rejects(read("hot", "a", true), { name: "ProvisionedThroughputExceededException" });
  await put("cold", "a");
  assert.equal((await client.send(new ScanCommand({ TableName: "hot" }))).Count, 0);
  await stator.disturb({ throttle: [{ tables: ["hot"], error: "ThrottlingException" }] });
  await assert.rejects(put("hot", "a"), { name: "ThrottlingException" });

  await stator.disturb({ throttle: { operations: "BatchWriteItem", rate: 0.5 } });
  const writes = Array.from({ length: 20 }, (_, i) => ({ PutRequest: { Item: { pk: { S: `b${i}` } } } }));
  let waiting: Record<string, typeof writes> = { hot: writes };
  let calls = 0;
  while (Object.keys(waiting).length > 0) {
    calls++;
    try {
      const answer = await client.send(new BatchWriteItemCommand({ RequestItems: waiting }));
      waiting = answer.UnprocessedItems as typeof waiting;
    } catch (error) {
      assert.equal((error as Error).name, "ProvisionedThroughputExceededException");
    }
  }
  assert.ok(calls > 1, "half of 20 items, all let through: once in a million runs");
  await stator.calm();
  assert.equal((await client.send(new ScanCommand({ TableName: "hot" }))).Count, 20);

  await stator.disturb({ throttle: { operations: "BatchGetItem", tables: "hot" } });
  const { Responses, UnprocessedKeys } = await client.send(new BatchGetItemCommand({
    RequestItems: { hot: { Keys: [{ pk: { S: "b1" } }] }, cold: { Keys: [{ pk: { S: "a" } }] } },
  }));
  assert.deepEqual([Responses?.["cold"]?.length, UnprocessedKeys?.["hot"]?.Keys?.length], [1, 1]);
});

test("transactions: cancelled with a reason for each action, or in conflict with another one", async () => {
  await createTable("left");
  await createTable("right");
  const write = (): Promise<unknown> => client.send(new TransactWriteItemsCommand({
    TransactItems: ["left", "right"].map((TableName) => ({ Put: { TableName, Item: { pk: { S: "a" } } } })),
  }));
  const codes = async (): Promise<unknown> => {
    const error = await write().then(() => assert.fail("it must be refused"), (refused: unknown) => refused);
    assert.ok(error instanceof TransactionCanceledException);
    return error.CancellationReasons?.map(({ Code }) => Code);
  };
  await stator.disturb({ throttle: { tables: "right" } });
  assert.deepEqual(await codes(), ["None", "ProvisionedThroughputExceeded"]);
  await stator.disturb({ conflict: { tables: "left" } });
  assert.deepEqual(await codes(), ["TransactionConflict", "None"]);
  await assert.rejects(put("left", "a"), { name: "TransactionConflictException" });
  await put("right", "b");
  assert.equal(await read("left", "a", true), null);
  await stator.disturb({ fail: { tables: "left" } });
  await assert.rejects(write(), { name: "InternalServerError" });
  await stator.calm();
  await write();
  assert.equal((await client.send(new ScanCommand({ TableName: "right" }))).Count, 2);
});

test("failing and slow", async () => {
  await createTable("orders");
  await stator.disturb({ fail: { operations: "PutItem" } });
  await assert.rejects(put("orders", "a"), { name: "InternalServerError" });
  assert.equal(await read("orders", "a", true), null);
  await stator.disturb({ fail: { rate: 0.5 } });
  const retrying = new DynamoDBClient({ ...stator.clientConfig, maxAttempts: 30 });
  await retrying.send(new PutItemCommand({ TableName: "orders", Item: { pk: { S: "a" }, v: { N: "1" } } }));
  retrying.destroy();
  await stator.disturb({ latencyMs: 50 });
  const begin = performance.now();
  assert.equal(await read("orders", "a", true), 1);
  assert.ok(performance.now() - begin >= 49);
});

test("eventually consistent reads lag, strong ones do not", async () => {
  await createTable("profiles");
  await put("profiles", "a", 1);
  await stator.disturb({ eventualReadLagMs: 100 });
  for (let v = 2; v < 5; v++) {
    await put("profiles", "a", v);
    assert.equal(await read("profiles", "a", true), v);
    await until(async () => await read("profiles", "a", false) === v);
  }
  await stator.disturb({ eventualReadLagMs: 60_000 });
  await put("profiles", "a", 5);
  await put("profiles", "b", 9);
  assert.equal(await read("profiles", "a", true), 5);
  assert.equal(await read("profiles", "a", false), 4);
  assert.equal((await client.send(new ScanCommand({ TableName: "profiles" }))).Count, 1);
  await stator.calm();
  assert.equal(await read("profiles", "b", false), 9);
  await put("profiles", "b", 10);
  assert.equal(await read("profiles", "b", false), 10);
});

test("global indexes lag", async () => {
  await createTable("people", {
    AttributeDefinitions: [{ AttributeName: "pk", AttributeType: "S" }, { AttributeName: "city", AttributeType: "S" }],
    GlobalSecondaryIndexes: [{
      IndexName: "by-city", KeySchema: [{ AttributeName: "city", KeyType: "HASH" }], Projection: { ProjectionType: "ALL" },
    }],
  });
  const inCity = async (): Promise<number | undefined> => (await client.send(new QueryCommand({
    TableName: "people", IndexName: "by-city", KeyConditionExpression: "city = :c",
    ExpressionAttributeValues: { ":c": { S: "Wien" } },
  }))).Count;
  const add = (pk: string): Promise<unknown> => client.send(new PutItemCommand({
    TableName: "people", Item: { pk: { S: pk }, city: { S: "Wien" } },
  }));
  await add("a");
  await until(async () => await inCity() === 1);
  await stator.disturb({ indexLagMs: 3_000 });
  await add("b");
  assert.equal(await inCity(), 1);
  await until(async () => await inCity() === 2);
});

test("what a test asks wrongly is told", async () => {
  const wrong: readonly (readonly [unknown, RegExp])[] = [
    [{ throtle: {} }, /disturb knows latencyMs, .*, not throtle/], [{ latencyMs: -1 }, /latencyMs takes milliseconds/],
    [{ fail: { rate: 2 } }, /fail: rate is a number from 0 to 1, not 2/],
    [{ fail: { operations: "PutItems" } }, /fail: PutItems is none of GetItem, /],
    [{ throttle: { error: "Other" } }, /throttle: error is one of/], [{ fail: { error: "x" } }, /not error/],
  ];
  for (const [given, expected] of wrong) await assert.rejects(stator.disturb(given as never), { message: expected });
  await assert.rejects(stator.clock.advance(-1), TypeError);
  await assert.rejects(startStator({ zone: 3 } as never), /startStator knows port, .*, not zone/);
  await assert.rejects(startStator({ zones: 9 }), /zones is a whole number from 1 to 5, not 9/);
  const taken = Number(new URL(stator.endpoint).port);
  await assert.rejects(startStator({ port: taken }), /Port \d+ on 127.0.0.1 is in use/);
  const small = await startStator({ zones: 1 });
  await assert.rejects(small.disturb({ eventualReadLagMs: 5 }), /needs three zones/);
  await small.stop();
  await small.stop();
  await assert.rejects(small.reset(), /has stopped/);
});

test("timers and time of the test may be faked", async () => {
  mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"], now: 0 });
  try {
    const other = await startStator({ region: "eu-central-1", zones: 1 });
    assert.equal(other.region, "eu-central-1");
    assert.ok((await other.clock.now()).getTime() > 1_700_000_000_000);
    await other.stop();
  } finally {
    mock.timers.reset();
  }
});

test("with a directory data outlives the server; with credentials others are refused", async () => {
  const dataDir = mkdtempSync(join(tmpdir(), "stator-testing-"));
  const credentials = { accessKeyId: "tester", secretAccessKey: "secret" };
  try {
    for (const Attributes of [undefined, { pk: { S: "x" } }]) {
      const kept = await startStator({ dataDir, credentials, zones: 1 });
      const own = new DynamoDBClient(kept.clientConfig);
      const stranger = new DynamoDBClient({ ...stator.clientConfig, endpoint: kept.endpoint });
      await assert.rejects(stranger.send(new ListTablesCommand({})), { name: "UnrecognizedClientException" });
      if (Attributes === undefined) {
        await own.send(new CreateTableCommand({
          TableName: "kept", BillingMode: "PAY_PER_REQUEST",
          AttributeDefinitions: [{ AttributeName: "pk", AttributeType: "S" }],
          KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }],
        }));
        await own.send(new PutItemCommand({ TableName: "kept", Item: { pk: { S: "x" } } }));
      } else {
        assert.deepEqual((await own.send(new ScanCommand({ TableName: "kept" }))).Items, [Attributes]);
      }
      own.destroy();
      stranger.destroy();
      await kept.stop();
    }
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
});
