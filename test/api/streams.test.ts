// Streams as clients see them: switched on and off, described, listed, read with each kind of iterator, and what the
// records hold.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { assertRefused, S, Server, type Answer } from "./kit.ts";

const STREAMS = "DynamoDBStreams_20120810.";
const SPEC = { StreamEnabled: true, StreamViewType: "NEW_AND_OLD_IMAGES" } as const;

let server: Server;

before(async () => {
  server = await Server.start({ partitionsPerTable: 1 });
});
after(() => server.stop());

const streams = (operation: string, input: unknown): Promise<any> => server.ok(STREAMS + operation, input);
const asked = (operation: string, input: unknown): Promise<Answer> => server.ask(STREAMS + operation, input);

async function active(TableName: string): Promise<any> {
  for (;;) {
    const { Table } = await server.ok("DescribeTable", { TableName });
    if (Table.TableStatus === "ACTIVE") return Table;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function withStream(name: string, view: string): Promise<string> {
  await server.table(name, "pk:S", "sk:N", { StreamSpecification: { StreamEnabled: true, StreamViewType: view as "NEW_IMAGE" } });
  return (await active(name)).LatestStreamArn;
}

async function describe(StreamArn: string, more: object = {}): Promise<any> {
  return (await streams("DescribeStream", { StreamArn, ...more })).StreamDescription;
}

async function iterator(StreamArn: string, ShardId: string, type: string, more: object = {}): Promise<string> {
  return (await streams("GetShardIterator", { StreamArn, ShardId, ShardIteratorType: type, ...more })).ShardIterator;
}

async function readAll(StreamArn: string): Promise<any[]> {
  const records: any[] = [];
  for (const { ShardId } of (await describe(StreamArn)).Shards) {
    const { Records } = await streams("GetRecords", { ShardIterator: await iterator(StreamArn, ShardId, "TRIM_HORIZON") });
    records.push(...Records);
  }
  return records;
}

test("records of inserts, changes and removals, as they are documented; none for a write that changes nothing", async () => {
  const TableName = "records";
  const arn = await withStream(TableName, "NEW_AND_OLD_IMAGES");
  const Key = { pk: S("a"), sk: { N: "101" } };
  const first = { ...Key, text: S("New item!"), tags: { SS: ["x", "y"] } };
  const second = { ...Key, text: S("This item has changed"), tags: { SS: ["x", "y"] } };
  await server.ok("PutItem", { TableName, Item: first });
  await server.ok("PutItem", { TableName, Item: { tags: { SS: ["y", "x"] }, text: S("New item!"), ...Key } });
  await server.ok("UpdateItem", { TableName, Key, UpdateExpression: "SET #t = #t", ExpressionAttributeNames: { "#t": "text" } });
  await server.ok("PutItem", { TableName, Item: second });
  await server.ok("DeleteItem", { TableName, Key });
  await server.ok("DeleteItem", { TableName, Key });
  await server.ok("BatchWriteItem", { RequestItems: { [TableName]: [{ PutRequest: { Item: first } }] } });
  const records = await readAll(arn);
  assert.deepEqual(records.map(({ eventName }) => eventName), ["INSERT", "MODIFY", "REMOVE", "INSERT"]);
  const [insert, modify, remove] = records;
  const { eventID, dynamodb: { ApproximateCreationDateTime: time, SequenceNumber, ...data }, ...head } = insert;
  assert.match(eventID, /^[0-9a-f]{32}$/);
  assert.match(SequenceNumber, /^[0-9]{21,40}$/);
  assert.ok(Number.isInteger(time) && Math.abs(time - Date.now() / 1000) < 100, "whole seconds");
  assert.deepEqual(head, { eventName: "INSERT", eventVersion: "1.1", eventSource: "aws:dynamodb", awsRegion: "eu-west-1" });
  // Keys count 2 + 1 + 2 + 3, the item these and 4 + 9 + 4 + 2.
  assert.deepEqual(data, { Keys: Key, NewImage: first, SizeBytes: 8 + 27, StreamViewType: "NEW_AND_OLD_IMAGES" });
  assert.deepEqual([modify.dynamodb.OldImage.text, modify.dynamodb.NewImage], [S("New item!"), second]);
  assert.deepEqual([remove.dynamodb.OldImage, remove.dynamodb.NewImage], [second, undefined]);
  const numbers = records.map((record) => BigInt(record.dynamodb.SequenceNumber));
  for (let i = 1; i < numbers.length; i++) assert.ok(numbers[i]! > numbers[i - 1]!, "sequence numbers grow");
  assert.equal(new Set(records.map((record) => record.eventID)).size, 4);
});

test("writes of transactions and deletions by time to live are recorded, the latter as the service's", async (context) => {
  const other = await Server.start({ partitionsPerTable: 2, expiry: { passMs: 50 } });
  context.after(() => other.stop());
  const TableName = "others";
  await other.table(TableName, "pk:S", undefined, { StreamSpecification: SPEC });
  const ask = (operation: string, input: object): Promise<any> => other.ok(STREAMS + operation, input);
  const { Streams: [{ StreamArn }] } = await ask("ListStreams", { TableName });
  const { StreamDescription: { Shards } } = await ask("DescribeStream", { StreamArn });
  const read = async (): Promise<any[]> => {
    const pages = await Promise.all(Shards.map(async ({ ShardId }: { ShardId: string }) => ask("GetRecords", {
      ShardIterator: (await ask("GetShardIterator", { StreamArn, ShardId, ShardIteratorType: "TRIM_HORIZON" })).ShardIterator,
    })));
    return pages.flatMap(({ Records }) => Records);
  };
  const names = ["a", "b", "c", "d"];
  await other.ok("TransactWriteItems", { TransactItems: names.map((pk) => ({
    Put: { TableName, Item: { pk: S(pk), ends: { N: String(Math.floor(Date.now() / 1000) - 100) } } },
  })) });
  const inserted = await read();
  assert.deepEqual(inserted.map(({ eventName, dynamodb, userIdentity }) => [dynamodb.Keys.pk.S, eventName, userIdentity]).sort(),
    names.map((name) => [name, "INSERT", undefined]));
  await other.ok("UpdateTimeToLive", { TableName, TimeToLiveSpecification: { AttributeName: "ends", Enabled: true } });
  for (let records = inserted; ; records = await read()) {
    if (records.length < 2 * names.length) continue;
    const removed = records.filter(({ eventName }) => eventName === "REMOVE");
    assert.deepEqual(removed.map(({ dynamodb }) => dynamodb.OldImage.pk.S).sort(), names);
    for (const { userIdentity } of removed) {
      assert.deepEqual(userIdentity, { Type: "Service", PrincipalId: "dynamodb.amazonaws.com" });
    }
    break;
  }
});

test("each view type has its images", async () => {
  for (const [view, images] of [
    ["KEYS_ONLY", []], ["NEW_IMAGE", ["NewImage"]], ["OLD_IMAGE", ["OldImage"]], ["NEW_AND_OLD_IMAGES", ["NewImage", "OldImage"]],
  ] as const) {
    const TableName = `view.${view}`;
    const arn = await withStream(TableName, view);
    const Key = { pk: S("a"), sk: { N: "1" } };
    await server.ok("PutItem", { TableName, Item: { ...Key, v: S("1") } });
    await server.ok("PutItem", { TableName, Item: { ...Key, v: S("2") } });
    const [, modify] = await readAll(arn);
    assert.deepEqual(Object.keys(modify.dynamodb).filter((name) => name.endsWith("Image")), images, view);
    assert.equal(modify.dynamodb.StreamViewType, view);
  }
});

test("CreateTable, DescribeTable, DescribeStream and ListStreams tell of a stream", async () => {
  const TableName = "described";
  const { TableDescription } = await server.ok("CreateTable", {
    TableName, BillingMode: "PAY_PER_REQUEST", StreamSpecification: SPEC,
    AttributeDefinitions: [{ AttributeName: "pk", AttributeType: "S" }], KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }],
  });
  const { LatestStreamArn: arn, LatestStreamLabel: label, StreamSpecification } = TableDescription;
  assert.deepEqual(StreamSpecification, SPEC);
  assert.match(label, /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}$/);
  assert.equal(arn, `${TableDescription.TableArn}/stream/${label}`);
  assert.equal((await active(TableName)).LatestStreamArn, arn);
  const stream = await describe(arn);
  const { Shards, CreationRequestDateTime: created, ...rest } = stream;
  assert.equal(new Date(created * 1000).toISOString(), `${label}Z`);
  assert.deepEqual(rest, {
    StreamArn: arn, StreamLabel: label, StreamStatus: "ENABLED", StreamViewType: "NEW_AND_OLD_IMAGES", TableName,
    KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }],
  });
  assert.equal(Shards.length, 1);
  assert.match(Shards[0].ShardId, /^shardId-\d{20}-[0-9a-f]{8}$/);
  assert.deepEqual(Object.keys(Shards[0].SequenceNumberRange), ["StartingSequenceNumber"]);
  assert.deepEqual(await streams("ListStreams", { TableName }), {
    Streams: [{ StreamArn: arn, TableName, StreamLabel: label }],
  });
  const listed: string[] = [];
  let from: string | undefined;
  do {
    const page = await streams("ListStreams", { Limit: 2, ...(from === undefined ? {} : { ExclusiveStartStreamArn: from }) });
    listed.push(...page.Streams.map((one: { StreamArn: string }) => one.StreamArn));
    from = page.LastEvaluatedStreamArn;
  } while (from !== undefined);
  assert.deepEqual(listed, (await streams("ListStreams", {})).Streams.map((one: { StreamArn: string }) => one.StreamArn));
  assert.ok(listed.includes(arn) && new Set(listed).size === listed.length);
});

test("the four kinds of iterators, limits, and going on", async () => {
  const TableName = "iterators";
  const arn = await withStream(TableName, "KEYS_ONLY");
  const put = (n: number): Promise<unknown> => server.ok("PutItem", { TableName, Item: { pk: S("a"), sk: { N: String(n) } } });
  const shard = (await describe(arn)).Shards[0].ShardId;
  const sorts = (answer: any): number[] => answer.Records.map((record: any) => Number(record.dynamodb.Keys.sk.N));
  const empty = await iterator(arn, shard, "LATEST");
  for (let n = 1; n <= 5; n++) await put(n);
  const latest = await iterator(arn, shard, "LATEST");
  const all = await streams("GetRecords", { ShardIterator: await iterator(arn, shard, "TRIM_HORIZON") });
  assert.deepEqual(sorts(all), [1, 2, 3, 4, 5]);
  assert.deepEqual(sorts(await streams("GetRecords", { ShardIterator: empty })), [1, 2, 3, 4, 5]);
  const two = await streams("GetRecords", { ShardIterator: await iterator(arn, shard, "TRIM_HORIZON"), Limit: 2 });
  assert.deepEqual(sorts(two), [1, 2]);
  const more = await streams("GetRecords", { ShardIterator: two.NextShardIterator });
  assert.deepEqual(sorts(more), [3, 4, 5]);
  const SequenceNumber = all.Records[2].dynamodb.SequenceNumber;
  const at = await iterator(arn, shard, "AT_SEQUENCE_NUMBER", { SequenceNumber });
  assert.deepEqual(sorts(await streams("GetRecords", { ShardIterator: at })), [3, 4, 5]);
  const behind = await iterator(arn, shard, "AFTER_SEQUENCE_NUMBER", { SequenceNumber });
  assert.deepEqual(sorts(await streams("GetRecords", { ShardIterator: behind })), [4, 5]);
  const none = await streams("GetRecords", { ShardIterator: latest });
  assert.deepEqual(none.Records, []);
  await put(6);
  assert.deepEqual(sorts(await streams("GetRecords", { ShardIterator: none.NextShardIterator })), [6]);
  assert.deepEqual(sorts(await streams("GetRecords", { ShardIterator: more.NextShardIterator })), [6]);
});

test("a stream is switched on and off on a table with items; its shards are closed and stay readable", async () => {
  const TableName = "switched";
  await server.table(TableName, "pk:S");
  const put = (pk: string): Promise<unknown> => server.ok("PutItem", { TableName, Item: { pk: S(pk) } });
  const update = (StreamSpecification: object): Promise<any> => server.ok("UpdateTable", { TableName, StreamSpecification });
  await active(TableName);
  await put("before");
  await assertRefused(server, [
    ["UpdateTable", { TableName, StreamSpecification: { StreamEnabled: false } }, `Table has no stream to disable: TableName: ${TableName}`],
  ]);
  const { TableDescription } = await update(SPEC);
  assert.equal(TableDescription.TableStatus, "UPDATING");
  const { LatestStreamArn: first } = TableDescription;
  await active(TableName);
  await put("one");
  await assertRefused(server, [
    ["UpdateTable", { TableName, StreamSpecification: SPEC }, `Table already has an enabled stream: TableName: ${TableName}`],
    ["UpdateTable", { TableName, StreamSpecification: { StreamEnabled: true, StreamViewType: "KEYS_ONLY" } },
      `Table already has an enabled stream: TableName: ${TableName}`],
  ]);
  await update({ StreamEnabled: false });
  const off = await active(TableName);
  assert.deepEqual([off.StreamSpecification, off.LatestStreamArn], [undefined, first]);
  await put("two");
  const described = await describe(first);
  assert.equal(described.StreamStatus, "DISABLED");
  const range = described.Shards[0].SequenceNumberRange;
  assert.ok(BigInt(range.EndingSequenceNumber) >= BigInt(range.StartingSequenceNumber));
  const read = await streams("GetRecords", { ShardIterator: await iterator(first, described.Shards[0].ShardId, "TRIM_HORIZON") });
  assert.deepEqual(read.Records.map((record: any) => record.dynamodb.Keys.pk.S), ["one"]);
  assert.equal(read.NextShardIterator, undefined, "a closed shard ends");
  assert.ok(BigInt(read.Records[0].dynamodb.SequenceNumber) <= BigInt(range.EndingSequenceNumber));
  await update(SPEC);
  const again = await active(TableName);
  assert.notEqual(again.LatestStreamArn, first);
  await put("three");
  assert.deepEqual((await readAll(again.LatestStreamArn)).map((record) => record.dynamodb.Keys.pk.S), ["three"]);
  assert.deepEqual((await readAll(first)).map((record) => record.dynamodb.Keys.pk.S), ["one"]);
  assert.equal((await streams("ListStreams", { TableName })).Streams.length, 2);
});

test("records that are too old go; a reader that comes for one is told, and closed shards vanish", async (context) => {
  const other = await Server.start({ partitionsPerTable: 1, streamRetentionMs: 1_500 });
  context.after(() => other.stop());
  const TableName = "trimmed";
  await other.table(TableName, "pk:S", undefined, { StreamSpecification: SPEC });
  const ask = (operation: string, input: object): Promise<any> => other.ok(STREAMS + operation, input);
  const { Streams: [{ StreamArn }] } = await ask("ListStreams", {});
  const shardsNow = async (): Promise<any[]> => (await ask("DescribeStream", { StreamArn })).StreamDescription.Shards;
  const [{ ShardId }] = await shardsNow();
  const get = (ShardIteratorType: string, more = {}): Promise<Answer> => (
    other.ask(`${STREAMS}GetShardIterator`, { StreamArn, ShardId, ShardIteratorType, ...more })
  );
  const put = (pk: string): Promise<unknown> => other.ok("PutItem", { TableName, Item: { pk: S(pk) } });
  await put("a");
  await put("b");
  const oldest = (await get("TRIM_HORIZON")).json.ShardIterator;
  const page = await ask("GetRecords", { ShardIterator: oldest, Limit: 1 });
  const SequenceNumber = page.Records[0].dynamodb.SequenceNumber;
  for (;;) {
    const { Records } = await ask("GetRecords", { ShardIterator: oldest });
    if (Records.length === 0) break;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const late = [
    await get("AT_SEQUENCE_NUMBER", { SequenceNumber }), await get("AFTER_SEQUENCE_NUMBER", { SequenceNumber }),
    await other.ask(`${STREAMS}GetRecords`, { ShardIterator: page.NextShardIterator }),
  ];
  for (const answer of late) assert.equal(answer.type, "TrimmedDataAccessException", answer.text);
  const latest = (await get("LATEST")).json.ShardIterator;
  await put("c");
  const { Records } = await ask("GetRecords", { ShardIterator: latest });
  assert.deepEqual(Records.map((record: any) => record.dynamodb.Keys.pk.S), ["c"]);
  await other.ok("UpdateTable", { TableName, StreamSpecification: { StreamEnabled: false } });
  for (;;) {
    const { Streams } = await ask("ListStreams", {});
    if (Streams.length === 0) break;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.equal((await get("TRIM_HORIZON")).type, "ResourceNotFoundException");
  assert.equal((await other.ok("DescribeTable", { TableName })).Table.LatestStreamArn, StreamArn);
});

test("what is refused", async () => {
  const TableName = "refused";
  const arn = await withStream(TableName, "KEYS_ONLY");
  const ShardId = (await describe(arn)).Shards[0].ShardId;
  const other = arn.replace(/stream\/.*/, "stream/2020-01-01T00:00:00.000");
  const nowhere = "shardId-00000000000000000000-00000000";
  const get = { StreamArn: arn, ShardId, ShardIteratorType: "TRIM_HORIZON" };
  const good = await iterator(arn, ShardId, "TRIM_HORIZON");
  const sealed = good.lastIndexOf("|") + 9;
  const forged = good.slice(0, sealed) + (good[sealed] === "A" ? "B" : "A") + good.slice(sealed + 1);
  const notFound = "ResourceNotFoundException";
  await assertRefused(server, [
    [`${STREAMS}DescribeStream`, { StreamArn: other }, `Requested resource not found: Stream: ${other} not found`, notFound],
    [`${STREAMS}GetShardIterator`, { ...get, StreamArn: other }, `Requested resource not found: Stream: ${other} not found`, notFound],
    [`${STREAMS}GetShardIterator`, { ...get, ShardId: nowhere }, /^Requested resource not found: Shard: /, notFound],
    [`${STREAMS}GetShardIterator`, { ...get, ShardIteratorType: "AT_SEQUENCE_NUMBER" }, /SequenceNumber/],
    [`${STREAMS}GetShardIterator`, { ...get, ShardIteratorType: "SOMEWHERE" }, /^1 validation error detected/],
    [`${STREAMS}GetRecords`, { ShardIterator: "nonsense" }, "Invalid ShardIterator"],
    [`${STREAMS}GetRecords`, { ShardIterator: forged }, "Invalid ShardIterator"],
    [`${STREAMS}GetRecords`, { ShardIterator: good, Limit: 1001 }, /less than or equal to 1000/],
    [`${STREAMS}GetRecords`, { ShardIterator: good, Limit: 0 }, /greater than or equal to 1/],
    ["CreateTable", {
      TableName: "bad", BillingMode: "PAY_PER_REQUEST", StreamSpecification: { StreamEnabled: true },
      AttributeDefinitions: [{ AttributeName: "pk", AttributeType: "S" }], KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }],
    }, /ViewType/],
  ]);
  assert.equal((await asked("GetRecords", { ShardIterator: good })).status, 200);
  assert.deepEqual((await describe(arn, { ExclusiveStartShardId: ShardId })).Shards, []);
  assert.deepEqual((await describe(arn, { ShardFilter: { Type: "CHILD_SHARDS", ShardId } })).Shards, []);
});
