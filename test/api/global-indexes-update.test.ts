// Global indexes that come and go on a table with items: UpdateTable's rules, states, and what is in the index.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import {
  BatchWriteItemCommand, DeleteItemCommand, DescribeTableCommand, PutItemCommand, QueryCommand, ScanCommand,
  UpdateTableCommand, waitUntilTableExists, type GlobalSecondaryIndexUpdate, type TableDescription,
} from "@aws-sdk/client-dynamodb";
import { N, S, Server, assertRefused, rejected, type Item } from "./kit.ts";

let server: Server;
before(async () => {
  server = await Server.start({ zones: 3 });
});
after(() => server.stop());

async function describe(TableName: string): Promise<TableDescription> {
  return (await server.client.send(new DescribeTableCommand({ TableName }))).Table as TableDescription;
}

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await isSo()); tries++) {
    assert.ok(tries < 400, `never: ${what}`);
    await sleep(25);
  }
}

const ATTRIBUTES = [
  { AttributeName: "owner", AttributeType: "S" as const }, { AttributeName: "at", AttributeType: "N" as const },
];

function creation(IndexName: string, more: Record<string, unknown> = {}): GlobalSecondaryIndexUpdate {
  return {
    Create: {
      IndexName, Projection: { ProjectionType: "ALL" },
      KeySchema: [{ AttributeName: "owner", KeyType: "HASH" }, { AttributeName: "at", KeyType: "RANGE" }], ...more,
    },
  };
}

function update(TableName: string, ...updates: GlobalSecondaryIndexUpdate[]): Promise<unknown> {
  return server.client.send(new UpdateTableCommand({
    TableName, GlobalSecondaryIndexUpdates: updates, AttributeDefinitions: ATTRIBUTES,
  }));
}

async function table(name: string): Promise<void> {
  await server.table(name, "pk:S");
  await waitUntilTableExists({ client: server.client, maxWaitTime: 20, minDelay: 0.05, maxDelay: 0.1 }, { TableName: name });
}

async function fill(TableName: string, count: number): Promise<void> {
  for (let i = 0; i < count; i += 25) {
    await server.client.send(new BatchWriteItemCommand({
      RequestItems: {
        [TableName]: Array.from({ length: Math.min(25, count - i) }, (_, k) => ({ PutRequest: { Item: itemOf(i + k) } })),
      },
    }));
  }
}

const itemOf = (i: number): Item => ({ pk: S(`k${i}`), owner: S(`o${i % 7}`), at: N(i), text: S("x".repeat(50)) });

async function statusOf(name: string, index: string): Promise<unknown> {
  return (await describe(name)).GlobalSecondaryIndexes?.find(({ IndexName }) => IndexName === index)?.IndexStatus;
}

/** All rows of an index, by the key of their items. */
async function rowsOf(TableName: string, IndexName: string): Promise<Map<string, Item>> {
  const rows = new Map<string, Item>();
  let ExclusiveStartKey: Item | undefined;
  do {
    const page = await server.client.send(new ScanCommand({ TableName, IndexName, ExclusiveStartKey }));
    for (const item of page.Items ?? []) {
      assert.ok(!rows.has(item["pk"]?.S ?? ""), "an item has one row");
      rows.set(item["pk"]?.S ?? "", item);
    }
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey !== undefined);
  return rows;
}

test("an index is added to a table under writes, has every item in the end, and goes again", async () => {
  await table("live");
  await fill("live", 1_000);
  await server.client.send(new PutItemCommand({ TableName: "live", Item: { pk: S("odd"), owner: N(1), at: N(1) } }));
  let isOver = false;
  const expected = new Map<string, Item>(Array.from({ length: 1_000 }, (_, i) => [`k${i}`, itemOf(i)]));
  const writing = (async () => {
    for (let i = 0; !isOver; i++) {
      const key = (i * 37) % 1_100;
      const item = { ...itemOf(key), at: N(i + 5_000) };
      if (i % 5 === 0) {
        await server.client.send(new DeleteItemCommand({ TableName: "live", Key: { pk: S(`k${key}`) } }));
        expected.delete(`k${key}`);
      } else {
        await server.client.send(new PutItemCommand({ TableName: "live", Item: item }));
        expected.set(`k${key}`, item);
      }
    }
  })();
  const answer: any = await update("live", creation("late"));
  assert.equal(answer.TableDescription.TableStatus, "UPDATING");
  assert.equal(answer.TableDescription.GlobalSecondaryIndexes[0].IndexStatus, "CREATING");
  assert.equal(answer.TableDescription.GlobalSecondaryIndexes[0].Backfilling, false);
  await assertRefused(server, [
    ["Query", {
      TableName: "live", IndexName: "late", KeyConditionExpression: "#o = :o",
      ExpressionAttributeNames: { "#o": "owner" }, ExpressionAttributeValues: { ":o": S("o1") },
    }, "Cannot read from backfilling global secondary index: late"],
    ["UpdateTable", { TableName: "live", GlobalSecondaryIndexUpdates: [{ Delete: { IndexName: "late" } }] },
      "Attempt to change a resource which is still in use: Index creation is in resource allocation phase. Retry deletion during "
        + "backfilling phase or when the index is active.  Table: live Index: late", "ResourceInUseException"],
    ["DeleteTable", { TableName: "live" }, "Attempt to change a resource which is still in use: Cannot delete table while indexes are "
      + "being created, updated, or deleted.", "ResourceInUseException"],
  ]);
  await until("the index is ACTIVE", async () => await statusOf("live", "late") === "ACTIVE");
  isOver = true;
  await writing;
  await until("the index has what the table has", async () => {
    const rows = await rowsOf("live", "late");
    return rows.size === expected.size && [...expected].every(([key, item]) => rows.get(key)?.["at"]?.N === item["at"]?.N);
  });
  assert.deepEqual(await rowsOf("live", "late"), new Map([...(await rowsOf("live", "late")).keys()].map((key) => [key, expected.get(key) as Item])));
  assert.equal((await describe("live")).GlobalSecondaryIndexes?.[0]?.Backfilling, undefined);

  await update("live", { Delete: { IndexName: "late" } });
  assert.equal(await statusOf("live", "late"), "DELETING");
  await until("the index is gone", async () => await statusOf("live", "late") === undefined);
  await until("the table is ACTIVE", async () => (await describe("live")).TableStatus === "ACTIVE");
  await rejected(server.client.send(new QueryCommand({
    TableName: "live", IndexName: "late", KeyConditionExpression: "#o = :o",
    ExpressionAttributeNames: { "#o": "owner" }, ExpressionAttributeValues: { ":o": S("o1") },
  })), "ValidationException");
  await server.client.send(new PutItemCommand({ TableName: "live", Item: { pk: S("odd"), owner: N(2) } }));
});

test("what may be asked of indexes", async () => {
  await table("asked");
  await update("asked", creation("one"));
  await until("the index is ACTIVE", async () => await statusOf("asked", "one") === "ACTIVE");
  const ask = (...GlobalSecondaryIndexUpdates: unknown[]): unknown => (
    { TableName: "asked", AttributeDefinitions: ATTRIBUTES, GlobalSecondaryIndexUpdates }
  );
  const units = { ProvisionedThroughput: { ReadCapacityUnits: 1, WriteCapacityUnits: 1 } };
  await assertRefused(server, [
    ["UpdateTable", ask(creation("one")), "Attempting to create an index which already exists"],
    ["UpdateTable", ask(creation("two"), creation("three")),
      "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table", "LimitExceededException"],
    ["UpdateTable", ask({ Delete: { IndexName: "none" } }),
      "Requested resource not found: Index none for table asked", "ResourceNotFoundException"],
    ["UpdateTable", ask({ Update: { IndexName: "none", ...units } }),
      "Requested resource not found: Index none for table asked", "ResourceNotFoundException"],
    ["UpdateTable", ask(), /^At least one of ProvisionedThroughput, /],
    ["UpdateTable", ask({}), "One or more parameter values were invalid: One of GlobalSecondaryIndexUpdate.Update, "
      + "GlobalSecondaryIndexUpdate.Create, GlobalSecondaryIndexUpdate.Delete must not be null"],
    ["UpdateTable", ask({ Delete: { IndexName: "one" }, Update: { IndexName: "one" } }), "One or more parameter values were invalid: "
      + "Only one global secondary index action is allowed per GlobalSecondaryIndexUpdate object"],
    ["UpdateTable", ask({ Update: { IndexName: "one" } }), "One or more parameter values were invalid: The only Updates for index: "
      + "one when TableThroughputMode is PAY_PER_REQUEST can be to OnDemandThroughput, WarmThroughput"],
    ["UpdateTable", ask({ Update: { IndexName: "one", WarmThroughput: {} } }), "One or more parameter values were invalid: "
      + "WarmThroughput must have at least one of ReadUnitsPerSecond or WriteUnitsPerSecond specified for index: one"],
    ["UpdateTable", ask({ Update: { IndexName: "one", WarmThroughput: { ReadUnitsPerSecond: 1 } } }), "One or more parameter values "
      + "were invalid: Requested ReadUnitsPerSecond for WarmThroughput for index one is lower than current WarmThroughput, "
      + "decreasing WarmThroughput is not supported"],
    ["UpdateTable", { TableName: "asked", GlobalSecondaryIndexUpdates: [creation("two")] },
      "One or more parameter values were invalid: AttributeDefinitions is not specified for index: two"],
    ["UpdateTable", ask({ Delete: { IndexName: "one" } }, { Delete: { IndexName: "one" } }),
      "One or more parameter values were invalid: Only one global secondary index update per index is allowed simultaneously. Index: one"],
    ["UpdateTable", ask(creation("two", units)), "One or more parameter values were invalid: "
      + "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified for index: two when BillingMode is PAY_PER_REQUEST"],
    ["UpdateTable", { ...ask(creation("two")) as object, AttributeDefinitions: [ATTRIBUTES[0]] },
      "Invalid KeySchema: Some index key attribute have no definition"],
  ]);
});

test("units of an index change, and go with the table's mode", async () => {
  const provisioned = { ReadCapacityUnits: 2, WriteCapacityUnits: 3 };
  await server.client.send(new UpdateTableCommand({ TableName: "asked", BillingMode: "PROVISIONED", ProvisionedThroughput: provisioned }))
    .then(() => assert.fail("an index needs units of its own"), (error: Error) => {
      assert.equal(error.message, "One or more parameter values were invalid: ProvisionedThroughput must be specified for index: one");
    });
  await server.client.send(new UpdateTableCommand({
    TableName: "asked", BillingMode: "PROVISIONED", ProvisionedThroughput: provisioned,
    GlobalSecondaryIndexUpdates: [{ Update: { IndexName: "one", ProvisionedThroughput: provisioned } }],
  }));
  await until("the table is ACTIVE", async () => (await describe("asked")).TableStatus === "ACTIVE");
  const { ReadCapacityUnits, WriteCapacityUnits } = (await describe("asked")).GlobalSecondaryIndexes?.[0]?.ProvisionedThroughput ?? {};
  assert.deepEqual({ ReadCapacityUnits, WriteCapacityUnits }, provisioned);
  await server.client.send(new UpdateTableCommand({ TableName: "asked", BillingMode: "PAY_PER_REQUEST" }));
  await until("the table is ACTIVE", async () => (await describe("asked")).TableStatus === "ACTIVE");
  assert.equal((await describe("asked")).GlobalSecondaryIndexes?.[0]?.ProvisionedThroughput?.ReadCapacityUnits, 0);
});
