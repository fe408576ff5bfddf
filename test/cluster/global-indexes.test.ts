// Global indexes between processes: rows cross from node to node, and go on after a node was killed amid writes.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CreateTableCommand, PutItemCommand, QueryCommand, waitUntilTableExists, type DynamoDBClient,
} from "@aws-sdk/client-dynamodb";
import { ClusterUnderTest, until } from "./node-cluster.ts";

const TABLE = "things";
const OWNERS = 5;
const ITEMS = 120;

/** What each owner has, by its index, over all pages. */
async function owned(client: DynamoDBClient, owner: number): Promise<string[]> {
  const { Items = [] } = await client.send(new QueryCommand({
    TableName: TABLE, IndexName: "by-owner", KeyConditionExpression: "#o = :o", ExpressionAttributeNames: { "#o": "owner" },
    ExpressionAttributeValues: { ":o": { S: `o${owner}` } },
  }));
  return Items.map((item) => item["pk"]?.S ?? "?");
}

test("an index follows its table through the death of a node", async (context) => {
  const cluster = new ClusterUnderTest(context);
  const endpoints = await cluster.begin(3);
  const clients = endpoints.map((endpoint) => cluster.client(endpoint, 10));
  const [first] = clients as [DynamoDBClient];
  await first.send(new CreateTableCommand({
    TableName: TABLE, BillingMode: "PAY_PER_REQUEST", KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }],
    AttributeDefinitions: ["pk", "owner"].map((AttributeName) => ({ AttributeName, AttributeType: "S" as const })),
    GlobalSecondaryIndexes: [{
      IndexName: "by-owner", KeySchema: [{ AttributeName: "owner", KeyType: "HASH" }], Projection: { ProjectionType: "KEYS_ONLY" },
    }],
  }));
  await waitUntilTableExists({ client: first, maxWaitTime: 30, minDelay: 1, maxDelay: 1 }, { TableName: TABLE });
  const owners = new Map<string, number>();
  const give = async (client: DynamoDBClient, i: number, owner: number): Promise<void> => {
    await client.send(new PutItemCommand({ TableName: TABLE, Item: { pk: { S: `k${i}` }, owner: { S: `o${owner}` } } }));
    owners.set(`k${i}`, owner);
  };
  const isSo = async (client: DynamoDBClient): Promise<boolean> => {
    for (let owner = 0; owner < OWNERS; owner++) {
      const due = [...owners].filter(([, of]) => of === owner).map(([pk]) => pk);
      if (JSON.stringify((await owned(client, owner)).sort()) !== JSON.stringify(due.sort())) return false;
    }
    return true;
  };
  for (let i = 0; i < ITEMS; i++) await give(clients[i % 3] as DynamoDBClient, i, i % OWNERS);
  await until("the index has all items", () => isSo(first));

  await cluster.nodes[2]?.kill();
  const alive = clients.slice(0, 2);
  for (let i = 0; i < ITEMS; i++) await give(alive[i % 2] as DynamoDBClient, i, (i + 1) % OWNERS);
  await until("the index has all items where they are now", () => isSo(alive[1] as DynamoDBClient));
  assert.equal(owners.size, ITEMS);
});
