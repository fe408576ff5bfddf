// Transactions between processes: the coordinator, the partitions and the ledger are each in another one.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CreateTableCommand, IdempotentParameterMismatchException, TransactGetItemsCommand, TransactionCanceledException,
  TransactWriteItemsCommand, waitUntilTableExists, type TransactWriteItem,
} from "@aws-sdk/client-dynamodb";
import { ClusterUnderTest } from "./node-cluster.ts";

const TableName = "transacted";

function put(pk: string, v: string): TransactWriteItem {
  return { Put: { TableName, Item: { pk: { S: pk }, v: { S: v } } } };
}

test("transactions through every node, over the partitions of all", async (context) => {
  const cluster = new ClusterUnderTest(context);
  const endpoints = await cluster.begin(3);
  const clients = endpoints.map((endpoint) => cluster.client(endpoint, 5));
  const [first] = clients;
  assert.ok(first !== undefined);
  await first.send(new CreateTableCommand({
    TableName, BillingMode: "PAY_PER_REQUEST", Tags: [{ Key: "stator:partitions", Value: "3" }],
    AttributeDefinitions: [{ AttributeName: "pk", AttributeType: "S" }],
    KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }],
  }));
  await waitUntilTableExists({ client: first, maxWaitTime: 30, minDelay: 0.05, maxDelay: 0.1 }, { TableName });
  const keys = Array.from({ length: 9 }, (_, i) => `item ${i}`);
  const read = async (at: number): Promise<readonly (string | undefined)[]> => {
    const { Responses } = await clients[at % clients.length]!.send(new TransactGetItemsCommand({
      TransactItems: keys.map((pk) => ({ Get: { TableName, Key: { pk: { S: pk } } } })),
    }));
    return (Responses ?? []).map(({ Item }) => Item?.["v"]?.S);
  };
  for (const [i, client] of clients.entries()) {
    const ClientRequestToken = `token-${i}`;
    const TransactItems = keys.map((pk) => put(pk, `round ${i}`));
    await client.send(new TransactWriteItemsCommand({ TransactItems, ClientRequestToken }));
    assert.deepEqual(await read(i + 1), keys.map(() => `round ${i}`));
    // Again through another node: done once, and nothing else goes by that token.
    const other = clients[(i + 1) % clients.length];
    assert.ok(other !== undefined);
    await other.send(new TransactWriteItemsCommand({ TransactItems: [put("single", `of ${i}`)] }));
    await other.send(new TransactWriteItemsCommand({ TransactItems, ClientRequestToken }));
    await assert.rejects(
      other.send(new TransactWriteItemsCommand({ TransactItems: [put("other", "x")], ClientRequestToken })),
      IdempotentParameterMismatchException);
    await assert.rejects(
      client.send(new TransactWriteItemsCommand({
        TransactItems: [...keys.map((pk) => put(pk, "never")), {
          ConditionCheck: { TableName, Key: { pk: { S: "single" } }, ConditionExpression: "attribute_not_exists(pk)" },
        }],
      })),
      (error) => error instanceof TransactionCanceledException
        && error.CancellationReasons?.at(-1)?.Code === "ConditionalCheckFailed");
    assert.deepEqual(await read(i + 2), keys.map(() => `round ${i}`));
  }
});
