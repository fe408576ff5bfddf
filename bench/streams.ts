// What a stream costs its table's writes, and how fast GetRecords gives records out: one process with three zones in
// memory, one client that parses all it gets. `node bench/streams.ts [items]`; prints writes and records a second.
import { startEmbeddedCluster } from "../src/app/embedded-cluster.ts";

const ITEMS = Number(process.argv[2] ?? 20_000);
const WORKERS = 16;
const BATCH = 25;
const VALUE_CHARS = 200;
const ROUNDS = 3;
const STREAMS = "DynamoDBStreams_20120810.";
const AUTHORIZATION = "AWS4-HMAC-SHA256 Credential=local/20260102/us-east-1/dynamodb/aws4_request, "
  + "SignedHeaders=host;x-amz-date;x-amz-target, Signature=00";

const cluster = await startEmbeddedCluster({
  port: 0, host: "127.0.0.1", dataDir: null, zones: 3, credentials: null, partitionsPerTable: 1, region: "us-east-1",
  logLevel: "error",
});

async function ask(operation: string, input: object): Promise<any> {
  const response = await fetch(cluster.endpoint, {
    method: "POST", body: JSON.stringify(input),
    headers: {
      "x-amz-target": operation.includes(".") ? operation : `DynamoDB_20120810.${operation}`,
      "content-type": "application/x-amz-json-1.0", authorization: AUTHORIZATION, "x-amz-date": "20260102T030405Z",
    },
  });
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${operation}: ${text}`);
  return JSON.parse(text);
}

async function write(TableName: string, more: object): Promise<void> {
  await ask("CreateTable", {
    TableName, BillingMode: "PAY_PER_REQUEST", AttributeDefinitions: [{ AttributeName: "pk", AttributeType: "S" }],
    KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }], ...more,
  });
  const cpu = process.cpuUsage();
  const begun = performance.now();
  const data = { S: "x".repeat(VALUE_CHARS) };
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < ITEMS) {
      const from = next;
      next += BATCH;
      await ask("BatchWriteItem", { RequestItems: { [TableName]: Array.from({ length: BATCH }, (_, i) => (
        { PutRequest: { Item: { pk: { S: `item ${from + i}` }, data } } }
      )) } });
    }
  };
  await Promise.all(Array.from({ length: WORKERS }, worker));
  const { user, system } = process.cpuUsage(cpu);
  const perSecond = Math.round(next / (performance.now() - begun) * 1000);
  const each = ((user + system) / next).toFixed(1);
  console.log(`${TableName}: ${perSecond} writes/s, ${each} µs CPU each, client included`);
}

await write("plain", {});
await write("followed", { StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_AND_OLD_IMAGES" } });
const { Streams: [{ StreamArn }] } = await ask(`${STREAMS}ListStreams`, {});
const { StreamDescription: { Shards: [{ ShardId }] } } = await ask(`${STREAMS}DescribeStream`, { StreamArn });
for (let round = 0; round < ROUNDS; round++) {
  const start = { StreamArn, ShardId, ShardIteratorType: "TRIM_HORIZON" };
  let { ShardIterator } = await ask(`${STREAMS}GetShardIterator`, start);
  const cpu = process.cpuUsage();
  const begun = performance.now();
  let count = 0;
  for (;;) {
    const { Records, NextShardIterator } = await ask(`${STREAMS}GetRecords`, { ShardIterator });
    if (Records.length === 0) break;
    count += Records.length;
    ShardIterator = NextShardIterator;
  }
  const { user, system } = process.cpuUsage(cpu);
  const perSecond = Math.round(count / (performance.now() - begun) * 1000);
  console.log(`${perSecond} records/s, ${((user + system) / count).toFixed(1)} µs CPU each, client included`);
}
await cluster.stop();
