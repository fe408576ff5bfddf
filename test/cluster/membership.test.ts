// What the control plane does for a cluster of processes: heals after a loss, splits, moves, drains, transfers.
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { test } from "node:test";
import {
  CreateTableCommand, GetItemCommand, PutItemCommand, waitUntilTableExists, type DynamoDBClient,
} from "@aws-sdk/client-dynamodb";
import { ClusterUnderTest, stator, statusOf, until, type NodeUnderTest, type Status } from "./node-cluster.ts";

const TABLE = "kept";
const ITEMS = 80;

function isWhole({ nodes, partitions }: Status): boolean {
  const zoneOf = new Map(nodes.filter(({ life }) => life === "up").map(({ id, zone }) => [id, zone]));
  return partitions.every(({ replicas, logReplicas, joining, leader }) => (
    leader !== null && logReplicas.length === 0 && joining.length === 0 && replicas.length === 3
    && new Set(replicas.map((id) => zoneOf.get(id))).size === 3 && replicas.every((id) => zoneOf.has(id))
  ));
}

async function checkItems(client: DynamoDBClient, what: string): Promise<void> {
  for (let i = 0; i < ITEMS; i++) {
    const got = await client.send(new GetItemCommand({
      TableName: TABLE, Key: { pk: { S: `item ${i}` } }, ConsistentRead: true,
    }));
    assert.equal(got.Item?.["n"]?.N, String(i), `item ${i} ${what}`);
  }
}

test("a lost disk is healed by a new node; partitions split, move and change their leaders", async (context) => {
  const cluster = new ClusterUnderTest(context);
  const [endpoint = ""] = await cluster.begin(3);
  const client = cluster.client(endpoint, 10);
  await client.send(new CreateTableCommand({
    TableName: TABLE, BillingMode: "PAY_PER_REQUEST", Tags: [{ Key: "stator:partitions", Value: "2" }],
    AttributeDefinitions: [{ AttributeName: "pk", AttributeType: "S" }],
    KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }],
  }));
  await waitUntilTableExists({ client, maxWaitTime: 30, minDelay: 1, maxDelay: 1 }, { TableName: TABLE });
  for (let i = 0; i < ITEMS; i++) {
    await client.send(new PutItemCommand({ TableName: TABLE, Item: { pk: { S: `item ${i}` }, n: { N: String(i) } } }));
  }

  const lost = cluster.nodes[2] as NodeUnderTest;
  const addresses = await cluster.peerAddresses();
  await lost.kill();
  rmSync(lost.dataDir, { recursive: true, force: true });
  const fresh = cluster.add("az3");
  fresh.start(addresses.slice(0, 2));
  assert.match(await fresh.said(/^Node (\d+) is ready/m), /^4$/, "a lost node comes back as a new one");
  await until("three copies on live nodes", async () => isWhole(await statusOf(endpoint)));
  await checkItems(client, "after the loss");

  const before = (await statusOf(endpoint)).partitions.filter(({ table }) => table === TABLE);
  const split = await stator("split", "--endpoint", endpoint, "--table", TABLE, "--partition", String(before[0]?.group));
  assert.equal(split.code, 0, split.err);
  await until("three partitions", async () => {
    const now = await statusOf(endpoint);
    return now.partitions.filter(({ table }) => table === TABLE).length === 3 && isWhole(now);
  });
  await checkItems(client, "after the split");

  const { partitions } = await statusOf(endpoint);
  const led = partitions.find(({ table }) => table === TABLE);
  const other = led?.replicas.find((id) => id !== led.leader);
  const transferred = await stator(
    "transfer", "--endpoint", endpoint, "--group", String(led?.group), "--to", String(other),
  );
  assert.equal(transferred.code, 0, transferred.err);
  await until("the new leader", async () => (
    (await statusOf(endpoint)).partitions.find(({ group }) => group === led?.group)?.leader === other
  ));
  await checkItems(client, "after the transfer");

  const second = cluster.add("az3");
  second.start(addresses.slice(0, 2));
  await until("node 5 is up", async () => (
    (await statusOf(endpoint)).nodes.some(({ id, life }) => id === 5 && life === "up")
  ));
  const moved = await stator(
    "move", "--endpoint", endpoint, "--group", String(led?.group), "--from", "4", "--to", "5",
  );
  assert.equal(moved.code, 0, moved.err);
  await until("the replica on node 5", async () => {
    const now = await statusOf(endpoint);
    const replicas = now.partitions.find(({ group }) => group === led?.group)?.replicas ?? [];
    return replicas.includes(5 as never) && !replicas.includes(4 as never) && isWhole(now);
  });
  assert.equal((await stator("drain", "--endpoint", endpoint, "--node", "4")).code, 0);
  await until("node 4 is empty", async () => {
    const now = await statusOf(endpoint);
    return isWhole(now) && now.partitions.every(({ replicas }) => !replicas.includes(4 as never));
  });
  assert.equal((await stator("remove", "--endpoint", endpoint, "--node", "4")).code, 0);
  assert.notEqual(await fresh.end(), null);
  assert.match(fresh.err, /was removed from the cluster/);
  await checkItems(client, "after the drain");
});
