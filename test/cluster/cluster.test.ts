// Processes as an operator runs them: made a cluster, used through any node, killed, started again, stopped.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  BatchGetItemCommand, BatchWriteItemCommand, CreateTableCommand, GetItemCommand, PutItemCommand, QueryCommand,
  ScanCommand, UpdateItemCommand, waitUntilTableExists, type DynamoDBClient,
} from "@aws-sdk/client-dynamodb";
import { ClusterUnderTest, stator, statusOf, until } from "./node-cluster.ts";

const TABLE = "things";
const NODES = 6;

async function createTable(client: DynamoDBClient): Promise<void> {
  await client.send(new CreateTableCommand({
    TableName: TABLE, BillingMode: "PAY_PER_REQUEST",
    AttributeDefinitions: [{ AttributeName: "pk", AttributeType: "S" }, { AttributeName: "sk", AttributeType: "N" }],
    KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }, { AttributeName: "sk", KeyType: "RANGE" }],
  }));
  await waitUntilTableExists({ client, maxWaitTime: 30, minDelay: 1, maxDelay: 1 }, { TableName: TABLE });
}

function put(client: DynamoDBClient, pk: string, sk: number): Promise<unknown> {
  return client.send(new PutItemCommand({
    TableName: TABLE, Item: { pk: { S: pk }, sk: { N: String(sk) }, text: { S: "ж".repeat(100) } },
  }));
}

async function isThere(client: DynamoDBClient, pk: string, sk: number): Promise<boolean> {
  const key = { pk: { S: pk }, sk: { N: String(sk) } };
  const got = await client.send(new GetItemCommand({ TableName: TABLE, Key: key, ConsistentRead: true }));
  return got.Item !== undefined;
}

test("processes in three zones: every node serves everything; a killed leader is replaced and returns", async (context) => {
  const cluster = new ClusterUnderTest(context);
  const endpoints = await cluster.begin(NODES);
  const clients = endpoints.map((endpoint) => cluster.client(endpoint, 10));
  const [first, second] = clients as [DynamoDBClient, DynamoDBClient];
  await createTable(first);
  for (let i = 0; i < 60; i++) await put(clients[i % NODES] as DynamoDBClient, `p${i}`, i);
  for (let i = 0; i < 60; i++) assert.ok(await isThere(clients[(i + 1) % NODES] as DynamoDBClient, `p${i}`, i), `p${i}`);
  await useEverything(first, second);

  const status = await statusOf(endpoints[0] as string);
  assert.deepEqual(status.nodes.map(({ zone, life }) => `${zone} ${life}`), cluster.nodes.map(({ zone }) => `${zone} up`));
  const zones = new Map(status.nodes.map(({ id, zone }) => [id, zone]));
  for (const { replicas } of status.partitions) {
    assert.equal(new Set(replicas.map((id) => zones.get(id))).size, 3, "each zone has a copy");
  }

  // The leader of the system group is killed: the others serve on, with everything that was acknowledged.
  const addresses = await cluster.peerAddresses();
  const killed = addresses.indexOf(status.nodes.find(({ id }) => id === status.node)?.address ?? "");
  assert.ok(killed >= 0);
  await cluster.nodes[killed]?.kill();
  const alive = clients.filter((_, i) => i !== killed);
  for (let i = 60; i < 90; i++) await put(alive[i % (NODES - 1)] as DynamoDBClient, `p${i}`, i);
  for (let i = 0; i < 90; i++) assert.ok(await isThere(alive[i % (NODES - 1)] as DynamoDBClient, `p${i}`, i), `p${i} after the kill`);

  cluster.nodes[killed]?.start();
  const back = cluster.client((await cluster.nodes[killed]?.endpoint()) as string, 10);
  assert.equal(await cluster.nodes[killed]?.peerAddress(), addresses[killed], "it listens where it did");
  for (let i = 0; i < 90; i += 7) assert.ok(await isThere(back, `p${i}`, i), `p${i} through the node that is back`);
  await put(back, "last", 1);

  // An orderly stop, and a start of everything.
  for (const node of cluster.nodes) node.signal("SIGTERM");
  assert.deepEqual(await Promise.all(cluster.nodes.map((node) => node.end())), cluster.nodes.map(() => 0));
  for (const node of cluster.nodes) node.start();
  const again = cluster.client((await cluster.nodes[NODES - 1]?.endpoint()) as string, 10);
  for (let i = 0; i < 90; i += 5) assert.ok(await isThere(again, `p${i}`, i), `p${i} after all were stopped`);
});

/** Works of every kind cross from node to node. */
async function useEverything(writer: DynamoDBClient, reader: DynamoDBClient): Promise<void> {
  const requests = Array.from({ length: 25 }, (_, i) => ({
    PutRequest: { Item: { pk: { S: "many" }, sk: { N: String(i) }, n: { N: "1" }, blob: { B: new Uint8Array(2_000) } } },
  }));
  const written = await writer.send(new BatchWriteItemCommand({ RequestItems: { [TABLE]: requests } }));
  assert.deepEqual(written.UnprocessedItems, {});
  const updated = await reader.send(new UpdateItemCommand({
    TableName: TABLE, Key: { pk: { S: "many" }, sk: { N: "3" } },
    UpdateExpression: "SET #l = list_append(if_not_exists(#l, :e), :v), deep.x = :m ADD n :one REMOVE gone",
    ConditionExpression: "attribute_exists(pk) AND (n BETWEEN :zero AND :one OR NOT contains(pk, :p))",
    ExpressionAttributeNames: { "#l": "list" },
    ExpressionAttributeValues: {
      ":e": { L: [] }, ":v": { L: [{ SS: ["a", "é"] }, { NULL: true }] }, ":one": { N: "1" }, ":zero": { N: "0" },
      ":p": { S: "zz" }, ":m": { S: "x" },
    },
    ReturnValues: "ALL_NEW",
  })).catch((error: Error) => error);
  assert.match(String(updated), /document path .* invalid for update/i, "refusals come back as they are");
  const done = await reader.send(new UpdateItemCommand({
    TableName: TABLE, Key: { pk: { S: "many" }, sk: { N: "3" } }, UpdateExpression: "ADD n :one SET t = :t",
    ExpressionAttributeValues: { ":one": { N: "1.5" }, ":t": { M: { "ключ": { S: "é😀" } } } },
    ReturnValues: "UPDATED_NEW",
  }));
  assert.equal(done.Attributes?.["n"]?.N, "2.5");
  const page = await reader.send(new QueryCommand({
    TableName: TABLE, KeyConditionExpression: "pk = :p AND sk >= :s", FilterExpression: "n < :n", Limit: 10,
    ProjectionExpression: "sk, n", ConsistentRead: true,
    ExpressionAttributeValues: { ":p": { S: "many" }, ":s": { N: "2" }, ":n": { N: "2" } },
  }));
  assert.deepEqual(page.Items?.map(({ sk }) => sk?.N), ["2", "4", "5", "6", "7", "8", "9", "10", "11"]);
  assert.equal(page.LastEvaluatedKey?.["sk"]?.N, "11");
  const scanned = await writer.send(new ScanCommand({ TableName: TABLE, ConsistentRead: true }));
  assert.equal(scanned.Count, 85);
  const keys = [3, 4, 400].map((i) => ({ pk: { S: "many" }, sk: { N: String(i) } }));
  const many = await reader.send(new BatchGetItemCommand({
    RequestItems: { [TABLE]: { Keys: keys, ConsistentRead: true } },
  }));
  assert.equal(many.Responses?.[TABLE]?.length, 2);
}

test("init is refused, repeated and finished as it should be; a further node joins by itself", async (context) => {
  const cluster = new ClusterUnderTest(context);
  for (const zone of ["az1", "az2", "az2"]) cluster.add(zone).start();
  const two = await cluster.peerAddresses();
  const refused = await stator("init", "--nodes", two.join(","));
  assert.equal(refused.code, 1);
  assert.match(refused.err, /three zones; these 3 .* are in az1, az2/);

  const third = cluster.add("az3");
  third.start();
  const addresses = await cluster.peerAddresses();
  const founders = [addresses[0], addresses[1], addresses[3]].join(",");
  assert.equal((await stator("init", "--nodes", founders)).code, 0);
  const again = await stator("init", "--nodes", founders);
  assert.equal(again.code, 0, again.err);
  const endpoint = await third.endpoint();

  const other = await stator("init", "--nodes", addresses.join(","));
  assert.equal(other.code, 1);
  assert.match(other.err, /already belongs to cluster .* began with other nodes: .* is none of them/);

  const late = cluster.add("az1");
  late.start([addresses[1] as string]);
  assert.match(await late.said(/^Node (\d+) is ready/m), /^4$/);
  await until("four nodes are up", async () => {
    const { nodes } = await statusOf(endpoint);
    return nodes.filter(({ life }) => life === "up").length === 4;
  });
  const shown = await stator("status", "--endpoint", endpoint);
  assert.match(shown.out, /^4 +az1 +up /m);
  const drained = await stator("drain", "--endpoint", endpoint, "--node", "4");
  assert.equal(drained.code, 0, drained.err);
  assert.match((await stator("status", "--endpoint", endpoint)).out, /^4 +az1 +up, draining /m);
  assert.equal((await stator("drain", "--endpoint", endpoint, "--node", "4", "--undo")).code, 0);
  assert.equal((await stator("drain", "--endpoint", endpoint, "--node", "77")).code, 1);
  assert.equal((await stator("split", "--endpoint", endpoint, "--table", "none")).code, 2);
});
