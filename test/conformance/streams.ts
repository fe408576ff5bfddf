// Streams: what is recorded of writes, and how it is read.
import { N, S, does, type Suite } from "./suite.ts";
import assert from "node:assert/strict";
import type { Target } from "./target.ts";

const T = { TableName: "$stbl" };
const streams = (operation: string): string => `DynamoDBStreams_20120810.${operation}`;

async function streamArn(target: Target, table: string): Promise<string> {
  const { Table } = await target.ok("DescribeTable", { TableName: table });
  return Table.LatestStreamArn;
}

/** All shards, parents before their children. */
async function shardsOf(target: Target, StreamArn: string): Promise<any[]> {
  const shards: any[] = [];
  let from: string | undefined;
  do {
    const { StreamDescription } = await target.ok(streams("DescribeStream"), {
      StreamArn, ...(from === undefined ? {} : { ExclusiveStartShardId: from }),
    });
    shards.push(...StreamDescription.Shards);
    from = StreamDescription.LastEvaluatedShardId;
  } while (from !== undefined);
  return shards;
}

/** Every record so far, shard by shard: reads until each shard has nothing to give twice running. */
async function recordsOf(target: Target, StreamArn: string): Promise<any[]> {
  const records: any[] = [];
  for (const { ShardId } of await shardsOf(target, StreamArn)) {
    const { ShardIterator } = await target.ok(streams("GetShardIterator"), { StreamArn, ShardId, ShardIteratorType: "TRIM_HORIZON" });
    let iterator: string | undefined = ShardIterator;
    for (let empty = 0; empty < 2 && iterator !== undefined;) {
      const page: any = await target.ok(streams("GetRecords"), { ShardIterator: iterator });
      records.push(...page.Records);
      empty = page.Records.length === 0 ? empty + 1 : 0;
      iterator = page.NextShardIterator;
    }
  }
  return records;
}

/** The records of one key, once there are `count`. */
async function recorded(target: Target, arn: string, key: string, count: number): Promise<any[]> {
  let found: any[] = [];
  await target.eventually(async () => {
    found = (await recordsOf(target, arn)).filter((one) => one.dynamodb.Keys.a.S === key);
    assert.equal(found.length, count, JSON.stringify(found));
  }, 30_000);
  return found;
}

async function changes(target: Target): Promise<void> {
  const arn = await streamArn(target, "$stbl");
  const put = (v: number): Promise<unknown> => target.ok("PutItem", { ...T, Item: { a: S("k"), v: N(v) } });
  await put(1);
  await put(2);
  await put(2);
  await target.ok("UpdateItem", { ...T, Key: { a: S("k") }, UpdateExpression: "SET w = :w", ExpressionAttributeValues: { ":w": S("x") } });
  await target.ok("DeleteItem", { ...T, Key: { a: S("k") } });
  await target.ok("DeleteItem", { ...T, Key: { a: S("k") } });
  const records = await recorded(target, arn, "k", 4);
  assert.deepEqual(records.map(({ eventName, dynamodb: { OldImage, NewImage } }) => ({ eventName, OldImage, NewImage })), [
    { eventName: "INSERT", OldImage: undefined, NewImage: { a: S("k"), v: N(1) } },
    { eventName: "MODIFY", OldImage: { a: S("k"), v: N(1) }, NewImage: { a: S("k"), v: N(2) } },
    { eventName: "MODIFY", OldImage: { a: S("k"), v: N(2) }, NewImage: { a: S("k"), v: N(2), w: S("x") } },
    { eventName: "REMOVE", OldImage: { a: S("k"), v: N(2), w: S("x") }, NewImage: undefined },
  ]);
  const [first] = records;
  assert.deepEqual([first.eventSource, first.eventVersion, first.awsRegion], ["aws:dynamodb", "1.1", target.options.region]);
  assert.match(first.eventID, /^\S{16,}$/);
  assert.deepEqual([first.dynamodb.Keys, first.dynamodb.StreamViewType], [{ a: S("k") }, "NEW_AND_OLD_IMAGES"]);
  assert.match(first.dynamodb.SequenceNumber, /^\d{21,40}$/);
  assert.equal(first.dynamodb.SizeBytes, 7, "the key (2), and an image of the key and a number (5)");
  const numbers = records.map(({ dynamodb }) => BigInt(dynamodb.SequenceNumber));
  assert.deepEqual(numbers, numbers.toSorted((x, y) => (x < y ? -1 : 1)), "in the order of the writes");
  assert.equal(typeof first.dynamodb.ApproximateCreationDateTime, "number");
}

async function views(target: Target): Promise<void> {
  for (const [view, members] of [["KEYS_ONLY", []], ["NEW_IMAGE", ["NewImage"]], ["OLD_IMAGE", ["OldImage"]]] as const) {
    const table = `sview-${view.toLowerCase().replaceAll("_", "-")}`;
    await target.table(table, "a:S", undefined, { StreamSpecification: { StreamEnabled: true, StreamViewType: view } });
    for (const v of [1, 2]) await target.ok("PutItem", { TableName: `$${table}`, Item: { a: S("k"), v: N(v) } });
    const records = await recorded(target, await streamArn(target, `$${table}`), "k", 2);
    const { dynamodb, eventName } = records[1];
    assert.equal(eventName, "MODIFY");
    assert.deepEqual(["NewImage", "OldImage"].filter((name) => name in dynamodb), members, view);
    assert.equal(dynamodb.StreamViewType, view);
  }
}

async function described(target: Target): Promise<void> {
  const { Table } = await target.ok("DescribeTable", T);
  assert.deepEqual(Table.StreamSpecification, { StreamEnabled: true, StreamViewType: "NEW_AND_OLD_IMAGES" });
  assert.equal(Table.LatestStreamArn, `${Table.TableArn}/stream/${Table.LatestStreamLabel}`);
  assert.deepEqual(await target.ok("ListTagsOfResource", { ResourceArn: Table.LatestStreamArn }), { Tags: [] });
  const { StreamDescription: one } = await target.ok(streams("DescribeStream"), { StreamArn: Table.LatestStreamArn });
  assert.deepEqual([one.StreamArn, one.StreamLabel, one.StreamStatus, one.StreamViewType, one.TableName, one.KeySchema],
    [Table.LatestStreamArn, Table.LatestStreamLabel, "ENABLED", "NEW_AND_OLD_IMAGES", target.name("stbl"), Table.KeySchema]);
  assert.ok(one.Shards.length > 0);
  for (const { ShardId, SequenceNumberRange } of one.Shards) {
    assert.match(ShardId, /^shardId-.{20,57}$/);
    assert.match(SequenceNumberRange.StartingSequenceNumber, /^\d{21,40}$/);
  }
  const { Streams } = await target.ok(streams("ListStreams"), { TableName: "$stbl" });
  assert.deepEqual(Streams, [{ StreamArn: Table.LatestStreamArn, TableName: target.name("stbl"), StreamLabel: Table.LatestStreamLabel }]);
}

async function iterators(target: Target): Promise<void> {
  const StreamArn = await streamArn(target, "$stbl");
  await target.ok("PutItem", { ...T, Item: { a: S("it"), v: N(1) } });
  await target.ok("PutItem", { ...T, Item: { a: S("it"), v: N(2) } });
  const [first, second] = await recorded(target, StreamArn, "it", 2);
  const firstAt = async (ShardId: string, more: object): Promise<any> => {
    const { ShardIterator } = await target.ok(streams("GetShardIterator"), { StreamArn, ShardId, ...more });
    const { Records, NextShardIterator } = await target.ok(streams("GetRecords"), { ShardIterator, Limit: 1 });
    assert.ok(NextShardIterator !== undefined, "an open shard goes on");
    return Records[0];
  };
  let found = 0;
  for (const { ShardId } of await shardsOf(target, StreamArn)) {
    const SequenceNumber = first.dynamodb.SequenceNumber;
    const at = await target.ask(streams("GetShardIterator"), { StreamArn, ShardId, ShardIteratorType: "AT_SEQUENCE_NUMBER", SequenceNumber });
    if (at.status !== 200) continue; // the number is of another shard
    const record = await firstAt(ShardId, { ShardIteratorType: "AT_SEQUENCE_NUMBER", SequenceNumber });
    if (record?.eventID !== first.eventID) continue;
    found++;
    const next = await firstAt(ShardId, { ShardIteratorType: "AFTER_SEQUENCE_NUMBER", SequenceNumber });
    assert.equal(next.eventID, second.eventID);
    assert.equal(await firstAt(ShardId, { ShardIteratorType: "LATEST" }), undefined);
  }
  assert.equal(found, 1, "one shard has the record");
  const [{ ShardId, SequenceNumberRange }] = await shardsOf(target, StreamArn);
  for (const ShardIteratorType of ["AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER"]) {
    const from = { StreamArn, ShardId, ShardIteratorType };
    await target.ok(streams("GetShardIterator"), { ...from, SequenceNumber: SequenceNumberRange.StartingSequenceNumber });
    const past = await target.ask(streams("GetShardIterator"), { ...from, SequenceNumber: "0".repeat(21) });
    assert.deepEqual([past.status, past.type], [400, "TrimmedDataAccessException"], "older than all that a shard can have");
  }
}

async function refusals(target: Target): Promise<void> {
  const StreamArn = await streamArn(target, "$stbl");
  const missing = await target.ask(streams("DescribeStream"), { StreamArn: StreamArn.replace(/\/stream\/.*/, "/stream/2001-01-01T00:00:00.000") });
  assert.deepEqual([missing.status, missing.type], [400, "ResourceNotFoundException"]);
  const shard = await target.ask(streams("GetShardIterator"), {
    StreamArn, ShardId: "shardId-00000000000000000000-00000000", ShardIteratorType: "LATEST",
  });
  assert.deepEqual([shard.status, shard.type], [400, "ResourceNotFoundException"]);
  const iterator = await target.ask(streams("GetRecords"), { ShardIterator: "nonsense" });
  assert.deepEqual([iterator.status, iterator.type], [400, "ValidationException"]);
  const kind = await target.ask(streams("GetShardIterator"), { StreamArn, ShardId: "shardId-00000000000000000000-00000000", ShardIteratorType: "NO" });
  assert.match(kind.message ?? "", /at 'shardIteratorType' failed to satisfy constraint: Member must satisfy enum value set: \[/);
}

async function toggled(target: Target): Promise<void> {
  await target.table("stoggle", "a:S");
  const table = { TableName: "$stoggle" };
  await target.ok("UpdateTable", { ...table, StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_IMAGE" } });
  await target.waitFor("$stoggle", "ACTIVE");
  const arn = await streamArn(target, "$stoggle");
  const again = await target.ask("UpdateTable", { ...table, StreamSpecification: { StreamEnabled: true, StreamViewType: "KEYS_ONLY" } });
  assert.deepEqual([again.status, again.type], [400, "ValidationException"]);
  await target.ok("PutItem", { ...table, Item: { a: S("on") } });
  await recorded(target, arn, "on", 1);
  await target.ok("UpdateTable", { ...table, StreamSpecification: { StreamEnabled: false } });
  await target.waitFor("$stoggle", "ACTIVE");
  await target.ok("PutItem", { ...table, Item: { a: S("off") } });
  await recorded(target, arn, "on", 1);
  assert.equal((await recordsOf(target, arn)).length, 1, "what was recorded stays readable, and nothing is added");
}

export const streamsSuite: Suite = {
  name: "streams",
  setup: (target) => target.table("stbl", "a:S", undefined, {
    StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_AND_OLD_IMAGES" },
  }),
  cases: [
    does("GetRecords", "the records of every change, and none of what changes nothing", changes), does("GetRecords", "view types", views),
    does("DescribeStream", "and ListStreams", described), does("GetShardIterator", "the four types", iterators),
    does("GetShardIterator", "what is not there", refusals), does("UpdateTable", "turns a stream on and off", toggled),
  ],
};
