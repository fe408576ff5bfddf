// Time to live: the setting, and items that go when their time is over.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  DescribeTimeToLiveCommand, UpdateTimeToLiveCommand, waitUntilTableExists, type AttributeValue,
} from "@aws-sdk/client-dynamodb";
import { assertRefused, Server, type Refused } from "./kit.ts";

const WAIT = { maxWaitTime: 20, minDelay: 0.01, maxDelay: 0.05 } as const;
/** Between two passes: items go soon after their time. */
const PASS_MS = 20;
/** Looks until something is gone; far more than a pass. */
const GONE_MS_MAX = 15_000;
const INVALID_ELSE = "TimeToLive is active on a different AttributeName: current AttributeName is ttl";

let server: Server;
/** The time that expiry goes by, in seconds: tests move it. */
let nowSeconds = 2_000_000_000;

before(async () => {
  server = await Server.start({ expiry: { passMs: PASS_MS, wallMs: () => nowSeconds * 1000 } });
});
after(() => server.stop());

async function active(name: string, hash = "pk:S", range?: string, more: object = {}): Promise<void> {
  await server.table(name, hash, range, more);
  await waitUntilTableExists({ client: server.client, ...WAIT }, { TableName: name });
}

async function enable(name: string, AttributeName = "ttl", Enabled = true): Promise<void> {
  const { TimeToLiveSpecification } = await server.client.send(new UpdateTimeToLiveCommand({
    TableName: name, TimeToLiveSpecification: { AttributeName, Enabled },
  }));
  assert.deepEqual(TimeToLiveSpecification, { AttributeName, Enabled });
}

async function put(name: string, key: string, ttl?: AttributeValue, more: object = {}): Promise<void> {
  await server.ok("PutItem", { TableName: name, Item: { pk: { S: key }, ...more, ...(ttl === undefined ? {} : { ttl }) } });
}

async function keysOf(name: string): Promise<string[]> {
  const { Items } = await server.ok("Scan", { TableName: name, ConsistentRead: true });
  return Items.map((item: { pk: { S: string } }) => item.pk.S).sort();
}

/** Waits until exactly these items are left. */
async function untilLeft(name: string, keys: readonly string[]): Promise<void> {
  const until = performance.now() + GONE_MS_MAX;
  for (;;) {
    const left = await keysOf(name);
    if (left.length <= keys.length || performance.now() > until) {
      assert.deepEqual(left, [...keys].sort());
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const N = (value: number | string): AttributeValue => ({ N: String(value) });

test("the setting, told and refused as DynamoDB does", async () => {
  await active("setting");
  const told = async (): Promise<unknown> => (
    (await server.client.send(new DescribeTimeToLiveCommand({ TableName: "setting" }))).TimeToLiveDescription
  );
  const set = (Enabled: boolean, AttributeName: string): unknown => (
    { TableName: "setting", TimeToLiveSpecification: { Enabled, AttributeName } }
  );
  assert.deepEqual(await told(), { TimeToLiveStatus: "DISABLED" });
  await assertRefused(server, [["UpdateTimeToLive", set(false, "ttl"), "TimeToLive is already disabled"]]);
  await enable("setting");
  assert.deepEqual(await told(), { TimeToLiveStatus: "ENABLED", AttributeName: "ttl" });
  const missing = "Requested resource not found: Table: missing not found";
  const cases: Refused[] = [
    ["UpdateTimeToLive", set(true, "ttl"), "TimeToLive is already enabled"],
    ["UpdateTimeToLive", set(true, "other"), INVALID_ELSE],
    ["UpdateTimeToLive", set(false, "other"), INVALID_ELSE],
    ["UpdateTimeToLive", set(true, "a".repeat(256)), /ttributeName' failed .* length less than or equal to 255$/],
    ["UpdateTimeToLive", { TableName: "setting", TimeToLiveSpecification: { Enabled: true } },
      "1 validation error detected: Value null at 'timeToLiveSpecification.attributeName' failed to satisfy "
      + "constraint: Member must not be null"],
    ["UpdateTimeToLive", { TableName: "setting" }, "1 validation error detected: Value null at "
      + "'timeToLiveSpecification' failed to satisfy constraint: Member must not be null"],
    ["UpdateTimeToLive", { ...(set(true, "ttl") as object), TableName: "missing" }, missing, "ResourceNotFoundException"],
    ["DescribeTimeToLive", { TableName: "missing" }, missing, "ResourceNotFoundException"],
  ];
  await assertRefused(server, cases);
  await enable("setting", "ttl", false);
  assert.deepEqual(await told(), { TimeToLiveStatus: "DISABLED" });
  await assertRefused(server, [["UpdateTimeToLive", set(false, "ttl"), "TimeToLive is already disabled"]]);
  await enable("setting", "other");
  const arn = "arn:aws:dynamodb:eu-west-1:000000000000:table/setting";
  assert.equal((await server.ok("DescribeTimeToLive", { TableName: arn })).TimeToLiveDescription.AttributeName, "other");
});

test("changes that follow too fast are refused where a pause is set", async () => {
  const own = await Server.start({ ttlPauseMs: 3_600_000 });
  try {
    await own.table("slow", "pk:S");
    await waitUntilTableExists({ client: own.client, ...WAIT }, { TableName: "slow" });
    const set = (Enabled: boolean): unknown => (
      { TableName: "slow", TimeToLiveSpecification: { Enabled, AttributeName: "ttl" } }
    );
    await own.ok("UpdateTimeToLive", set(true));
    await assertRefused(own, [
      ["UpdateTimeToLive", set(true), "TimeToLive is already enabled"],
      ["UpdateTimeToLive", set(false), "Time to live has been modified multiple times within a fixed interval"],
    ]);
  } finally {
    await own.stop();
  }
});

test("items go when their time is over, and only those", async () => {
  await active("things");
  const now = nowSeconds;
  const year = 365 * 86_400;
  await put("things", "over", N(now - 1));
  await put("things", "fraction", N(`${now - 1}.5`));
  await put("things", "long over", N(now - 4 * year));
  await put("things", "too long over", N(now - 6 * year));
  await put("things", "later", N(now + 1_000));
  await put("things", "milliseconds", N(now * 1000));
  await put("things", "none");
  await put("things", "text", { S: String(now - 1) });
  await put("things", "nested", { M: { ttl: N(now - 1) } });
  await put("things", "huge", N("1E+120"));
  await put("things", "negative", N(-1));
  assert.equal((await keysOf("things")).length, 11, "nothing goes while it is off");
  await enable("things");
  const kept = ["too long over", "milliseconds", "none", "text", "nested", "huge", "negative"];
  await untilLeft("things", [...kept, "later"]);
  nowSeconds += 2_000;
  await untilLeft("things", kept);
  await enable("things", "ttl", false);
  await put("things", "over", N(now - 1));
  await enable("things", "other");
  await put("things", "by another", undefined, { other: N(now - 1) });
  await untilLeft("things", [...kept, "over"]);
});

test("an item that was given more time in time stays, whoever was first", async () => {
  await active("extended");
  await enable("extended");
  const first = nowSeconds + 100;
  await put("extended", "a", N(first));
  await put("extended", "b", N(first));
  nowSeconds = first + 1;
  const more = server.ok("UpdateItem", {
    TableName: "extended", Key: { pk: { S: "a" } }, UpdateExpression: "SET #t = :t", ConditionExpression: "#t = :f",
    ExpressionAttributeNames: { "#t": "ttl" }, ExpressionAttributeValues: { ":t": N(first + 10_000), ":f": N(first) },
  }).then(() => true, () => false);
  const isExtended = await more;
  await untilLeft("extended", isExtended ? ["a"] : []);
});

test("all partitions and rows of local indexes; counts follow", async () => {
  await active("indexed", "pk:S", "sk:N", {
    AttributeDefinitions: [
      { AttributeName: "pk", AttributeType: "S" }, { AttributeName: "sk", AttributeType: "N" },
      { AttributeName: "kind", AttributeType: "S" },
    ],
    LocalSecondaryIndexes: [{
      IndexName: "by-kind", Projection: { ProjectionType: "ALL" },
      KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }, { AttributeName: "kind", KeyType: "RANGE" }],
    }],
    Tags: [{ Key: "stator:partitions", Value: "5" }],
  });
  await enable("indexed");
  const count = 700;
  for (let i = 0; i < count; i += 25) {
    const batch = Array.from({ length: 25 }, (_, k) => ({
      PutRequest: {
        Item: { pk: { S: `k${(i + k) % 40}` }, sk: N(i + k), kind: { S: "x" }, ttl: N(nowSeconds + ((i + k) % 2 === 0 ? 50 : 5_000)) },
      },
    }));
    await server.ok("BatchWriteItem", { RequestItems: { indexed: batch } });
  }
  nowSeconds += 100;
  const until = performance.now() + GONE_MS_MAX;
  for (;;) {
    const { Count } = await server.ok("Scan", { TableName: "indexed", Select: "COUNT", ConsistentRead: true });
    if (Count <= count / 2 || performance.now() > until) {
      assert.equal(Count, count / 2);
      break;
    }
  }
  const rows = await server.ok("Scan", { TableName: "indexed", IndexName: "by-kind", Select: "COUNT", ConsistentRead: true });
  assert.equal(rows.Count, count / 2);
  assert.equal((await server.ok("DescribeTable", { TableName: "indexed" })).Table.ItemCount, count / 2);
});

test("rows of global indexes go with the item", async () => {
  await active("global", "pk:S", undefined, {
    AttributeDefinitions: [{ AttributeName: "pk", AttributeType: "S" }, { AttributeName: "kind", AttributeType: "S" }],
    GlobalSecondaryIndexes: [{
      IndexName: "by-kind", KeySchema: [{ AttributeName: "kind", KeyType: "HASH" }], Projection: { ProjectionType: "ALL" },
    }],
  });
  await enable("global");
  for (let i = 0; i < 20; i++) {
    await put("global", `k${i}`, N(nowSeconds + (i % 2 === 0 ? 50 : 5_000)), { kind: { S: "x" } });
  }
  const untilRows = async (count: number): Promise<void> => {
    const until = performance.now() + GONE_MS_MAX;
    for (;;) {
      const rows = await server.ok("Query", {
        TableName: "global", IndexName: "by-kind", KeyConditionExpression: "kind = :k",
        ExpressionAttributeValues: { ":k": { S: "x" } }, Select: "COUNT",
      });
      if (rows.Count === count) return;
      assert.ok(performance.now() < until, `${rows.Count} rows`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  await untilRows(20);
  nowSeconds += 100;
  await untilRows(10);
  assert.equal((await keysOf("global")).length, 10);
});

test("a stream says that the service deleted the item", async () => {
  const streams = "DynamoDBStreams_20120810";
  await active("streamed", "pk:S", undefined, {
    StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_AND_OLD_IMAGES" },
    Tags: [{ Key: "stator:partitions", Value: "1" }],
  });
  await enable("streamed");
  await put("streamed", "expires", N(nowSeconds + 10));
  await put("streamed", "deleted", N(nowSeconds + 10_000));
  await server.ok("DeleteItem", { TableName: "streamed", Key: { pk: { S: "deleted" } } });
  nowSeconds += 20;
  await untilLeft("streamed", []);
  const StreamArn = (await server.ok("DescribeTable", { TableName: "streamed" })).Table.LatestStreamArn;
  const removed = new Map<string, { userIdentity?: unknown; dynamodb: { OldImage: unknown } }>();
  const until = performance.now() + GONE_MS_MAX;
  while (removed.size < 2 && performance.now() < until) {
    const { StreamDescription } = await server.ok(`${streams}.DescribeStream`, { StreamArn });
    for (const { ShardId } of StreamDescription.Shards) {
      const from = await server.ok(`${streams}.GetShardIterator`, { StreamArn, ShardId, ShardIteratorType: "TRIM_HORIZON" });
      const { Records } = await server.ok(`${streams}.GetRecords`, { ShardIterator: from.ShardIterator });
      for (const record of Records) if (record.eventName === "REMOVE") removed.set(record.dynamodb.Keys.pk.S, record);
    }
  }
  assert.deepEqual([...removed.keys()].sort(), ["deleted", "expires"]);
  const expired = removed.get("expires");
  assert.deepEqual(expired?.userIdentity, { Type: "Service", PrincipalId: "dynamodb.amazonaws.com" });
  assert.deepEqual(expired?.dynamodb.OldImage, { pk: { S: "expires" }, ttl: N(nowSeconds - 10) });
  assert.equal(removed.get("deleted")?.userIdentity, undefined);
});
