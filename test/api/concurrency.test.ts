// Many clients at once: writes of one item are one after the other, on all partitions, with three copies on disk.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  CreateTableCommand, UpdateItemCommand, waitUntilTableExists, type CreateTableCommandInput,
} from "@aws-sdk/client-dynamodb";
import { N, S, Server } from "./kit.ts";

const T = "busy";
const CLIENTS = 16;
let server: Server;
before(async () => {
  server = await Server.startOnDisk({ zones: 3 });
  await server.table(T, "pk:S");
});
after(() => server.stop());

const all = <V>(count: number, of: (i: number) => Promise<V>): Promise<V[]> => Promise.all(Array.from({ length: count }, (_, i) => of(i)));

test("increments from everywhere are all counted, and each sees its own result", async () => {
  const seen: string[] = [];
  await all(CLIENTS, async () => {
    const client = server.connect();
    for (let i = 0; i < 15; i++) {
      const { Attributes } = await client.send(new UpdateItemCommand({
        TableName: T, Key: { pk: S("counter") }, UpdateExpression: "ADD hits :one", ReturnValues: "UPDATED_NEW",
        ExpressionAttributeValues: { ":one": N(1) },
      }));
      seen.push(Attributes?.["hits"]?.N ?? "");
    }
  });
  const expected = Array.from({ length: CLIENTS * 15 }, (_, i) => i + 1);
  assert.deepEqual(seen.map(Number).sort((a, b) => a - b), expected);
  const { Item } = await server.ok("GetItem", { TableName: T, Key: { pk: S("counter") }, ConsistentRead: true });
  assert.equal(Item.hits.N, String(CLIENTS * 15));
});

test("of many that want to be first, one is", async () => {
  for (let round = 0; round < 5; round++) {
    const answers = await all(CLIENTS, (i) => server.ask("PutItem", {
      TableName: T, Item: { pk: S(`first-${round}`), by: N(i) }, ConditionExpression: "attribute_not_exists(pk)",
    }));
    const winners = answers.flatMap(({ status }, i) => (status === 200 ? [i] : []));
    assert.equal(winners.length, 1);
    assert.ok(answers.every(({ status, type }) => status === 200 || type === "ConditionalCheckFailedException"));
    const { Item } = await server.ok("GetItem", { TableName: T, Key: { pk: S(`first-${round}`) }, ConsistentRead: true });
    assert.equal(Item.by.N, String(winners[0]));
  }
});

test("tables made at once are tables of their own", async () => {
  const names = Array.from({ length: 8 }, (_, i) => `own-${i}`);
  await Promise.all(names.map((name) => server.table(name, "pk:S")));
  await Promise.all(names.map((name) => server.ok("PutItem", { TableName: name, Item: { pk: S("same"), of: S(name) } })));
  const items = await Promise.all(names.map(async (name) => (await server.ok("Scan", { TableName: name })).Items));
  assert.deepEqual(items, names.map((name) => [{ pk: S("same"), of: S(name) }]));
  await Promise.all(names.map((TableName) => waitUntilTableExists(
    { client: server.client, maxWaitTime: 20, minDelay: 0.02, maxDelay: 0.1 }, { TableName },
  )));
  await Promise.all(names.slice(1).map((TableName) => server.ok("DeleteTable", { TableName })));
  const left = await server.ok("Scan", { TableName: "own-0" });
  assert.deepEqual(left.Items, [{ pk: S("same"), of: S("own-0") }]);
});

test("of tables made under one name at once, one is made; deleting under load never fails with a 5xx", async () => {
  const create: CreateTableCommandInput = {
    TableName: "contested", BillingMode: "PAY_PER_REQUEST", KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }],
    AttributeDefinitions: [{ AttributeName: "pk", AttributeType: "S" }],
  };
  const made = await all(6, () => server.client.send(new CreateTableCommand(create)).then(() => "made", (error) => error.name));
  assert.deepEqual(made.sort(), ["ResourceInUseException", "ResourceInUseException", "ResourceInUseException",
    "ResourceInUseException", "ResourceInUseException", "made"]);
  await waitUntilTableExists({ client: server.client, maxWaitTime: 20, minDelay: 0.02, maxDelay: 0.1 }, { TableName: "contested" });
  let isOver = false;
  const load = all(CLIENTS, async (client) => {
    for (let i = 0; !isOver; i++) {
      const answer = await server.ask(i % 3 === 2 ? "Scan" : "PutItem", {
        TableName: "contested", ...(i % 3 === 2 ? {} : { Item: { pk: S(`${client}-${i}`) } }),
      });
      const isRight = answer.status === 200 || answer.type === "ResourceNotFoundException";
      assert.ok(isRight, `${answer.status} ${answer.text}`);
      if (answer.status !== 200) return "gone";
    }
    return "never gone";
  });
  await server.ok("DeleteTable", { TableName: "contested" });
  const timer = setTimeout(() => {
    isOver = true;
  }, 10_000);
  const ends = await load;
  clearTimeout(timer);
  assert.deepEqual(ends, Array.from({ length: CLIENTS }, () => "gone"));
});
