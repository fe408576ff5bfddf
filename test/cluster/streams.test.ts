// A stream read as the KCL does while its table's partitions are split: every change of every
// item, once and in order.
import assert from "node:assert/strict";
import { test } from "node:test";
import { CreateTableCommand, PutItemCommand, waitUntilTableExists, DescribeTableCommand } from "@aws-sdk/client-dynamodb";
import { DynamoDBStreamsClient } from "@aws-sdk/client-dynamodb-streams";
import { StreamReader } from "../api/stream-reader.ts";
import { ClusterUnderTest, stator, statusOf, until } from "./node-cluster.ts";

const TableName = "followed";
const ITEMS = 40;
const SPLITS = 3;

test("a reader sees every change of every item in order, through splits", async (context) => {
  const cluster = new ClusterUnderTest(context);
  const [endpoint = ""] = await cluster.begin(3);
  const client = cluster.client(endpoint, 5);
  await client.send(new CreateTableCommand({
    TableName, BillingMode: "PAY_PER_REQUEST", Tags: [{ Key: "stator:partitions", Value: "1" }],
    AttributeDefinitions: [{ AttributeName: "pk", AttributeType: "S" }], KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }],
    StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_AND_OLD_IMAGES" },
  }));
  await waitUntilTableExists({ client, maxWaitTime: 30, minDelay: 0.05, maxDelay: 0.1 }, { TableName });
  const { Table } = await client.send(new DescribeTableCommand({ TableName }));
  const streams = new DynamoDBStreamsClient({
    endpoint, region: "us-east-1", credentials: { accessKeyId: "test", secretAccessKey: "test" }, maxAttempts: 5,
  });
  context.after(() => streams.destroy());
  const reader = new StreamReader(streams, Table?.LatestStreamArn ?? "");
  const written = new Map<string, number>();
  let isOver = false;
  const write = async (worker: number): Promise<void> => {
    for (let n = 1; !isOver; n++) {
      const pk = `item ${worker}.${n % ITEMS}`;
      const v = (written.get(pk) ?? 0) + 1;
      await client.send(new PutItemCommand({ TableName, Item: { pk: { S: pk }, v: { N: String(v) } } }));
      written.set(pk, v);
    }
  };
  const writers = [write(0), write(1)];
  for (let split = 0; split < SPLITS; split++) {
    await reader.turn();
    const { partitions } = await statusOf(endpoint);
    const own = partitions.filter(({ table }) => table === TableName);
    const group = own[split % own.length]?.group ?? 0;
    const asked = await stator("split", "--endpoint", endpoint, "--table", TableName, "--partition", String(group));
    assert.equal(asked.code, 0, asked.err);
    await until("the partition is split", async () => {
      await reader.turn();
      const now = (await statusOf(endpoint)).partitions.filter(({ table }) => table === TableName);
      return now.length > own.length && !now.some((one) => one.group === group);
    });
  }
  isOver = true;
  await Promise.all(writers);
  const shards = await reader.shards();
  const isFinished = (): boolean => shards.every(({ ShardId = "", SequenceNumberRange }) => (
    SequenceNumberRange?.EndingSequenceNumber === undefined || reader.leases.get(ShardId)?.isDone === true
  ));
  await until("all is read", async () => (await reader.turn()) === 0 && isFinished());

  assert.equal(shards.length, 1 + 2 * SPLITS);
  const ids = new Set(shards.map(({ ShardId }) => ShardId));
  assert.equal(ids.size, shards.length);
  assert.equal(shards.filter(({ ParentShardId }) => ParentShardId === undefined).length, 1);
  assert.ok(shards.every(({ ParentShardId }) => ParentShardId === undefined || ids.has(ParentShardId)));
  const seen = new Map<string, number>();
  const last = new Map<string, bigint>();
  for (const { dynamodb, eventName } of reader.records) {
    const pk = dynamodb?.Keys?.["pk"]?.S ?? "";
    const before = seen.get(pk) ?? 0;
    assert.equal(eventName, before === 0 ? "INSERT" : "MODIFY");
    assert.equal(dynamodb?.OldImage?.["v"]?.N, before === 0 ? undefined : String(before), `${pk}: nothing left out`);
    assert.equal(dynamodb?.NewImage?.["v"]?.N, String(before + 1), `${pk}: nothing twice`);
    const sequence = BigInt(dynamodb?.SequenceNumber ?? 0);
    assert.ok(sequence > (last.get(pk) ?? 0n), "sequence numbers of an item grow");
    last.set(pk, sequence);
    seen.set(pk, before + 1);
  }
  assert.deepEqual(seen, written);
});
