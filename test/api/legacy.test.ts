// The parameters from before expressions, through the SDK.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  BatchGetItemCommand, ConditionalCheckFailedException, DeleteItemCommand, GetItemCommand, PutItemCommand, QueryCommand,
  ScanCommand, UpdateItemCommand, type Condition, type ExpectedAttributeValue,
} from "@aws-sdk/client-dynamodb";
import { N, S, Server, type Item } from "./kit.ts";

let server: Server;
before(async () => {
  server = await Server.start();
  await server.table("ttt", "pk:S", "sk:N");
});
after(() => server.stop());

const key = (pk: string, sk: number): Item => ({ pk: S(pk), sk: N(sk) });

async function put(item: Item): Promise<void> {
  await server.client.send(new PutItemCommand({ TableName: "ttt", Item: item }));
}

async function get(pk: string, sk: number): Promise<Item | undefined> {
  return (await server.client.send(new GetItemCommand({ TableName: "ttt", Key: key(pk, sk), ConsistentRead: true }))).Item;
}

test("AttributesToGet picks whole attributes, in GetItem, BatchGetItem, Query and Scan", async () => {
  await put({ ...key("pick", 1), a: S("1"), b: { M: { c: N(1) } }, "b.c": S("dotted") });
  const names = ["a", "b.c", "nowhere"];
  const want = { a: S("1"), "b.c": S("dotted") };
  const { client } = server;
  const one = await client.send(new GetItemCommand({ TableName: "ttt", Key: key("pick", 1), AttributesToGet: names }));
  assert.deepEqual(one.Item, want);
  const batch = await client.send(new BatchGetItemCommand({
    RequestItems: { ttt: { Keys: [key("pick", 1)], AttributesToGet: names } },
  }));
  assert.deepEqual(batch.Responses?.["ttt"], [want]);
  const page = await client.send(new QueryCommand({
    TableName: "ttt", AttributesToGet: names, Select: "SPECIFIC_ATTRIBUTES",
    KeyConditions: { pk: { ComparisonOperator: "EQ", AttributeValueList: [S("pick")] } },
  }));
  assert.deepEqual(page.Items, [want]);
  const scan = await client.send(new ScanCommand({
    TableName: "ttt", AttributesToGet: names,
    ScanFilter: { pk: { ComparisonOperator: "EQ", AttributeValueList: [S("pick")] } },
  }));
  assert.deepEqual(scan.Items, [want]);
});

test("Expected decides about puts, updates and deletes", async () => {
  await put({ ...key("exp", 1), n: N(5), s: S("hello"), set: { SS: ["x", "y"] } });
  const holds = async (
    Expected: Record<string, ExpectedAttributeValue>, ConditionalOperator?: "AND" | "OR",
  ): Promise<boolean> => {
    try {
      await server.client.send(new UpdateItemCommand({
        TableName: "ttt", Key: key("exp", 1), Expected, ...(ConditionalOperator ? { ConditionalOperator } : {}),
        AttributeUpdates: { touched: { Value: N(1) } },
      }));
      return true;
    } catch (error) {
      assert.ok(error instanceof ConditionalCheckFailedException);
      return false;
    }
  };
  const is = (ComparisonOperator: ExpectedAttributeValue["ComparisonOperator"], ...AttributeValueList: Item[string][]):
  ExpectedAttributeValue => ({ ComparisonOperator, AttributeValueList });
  assert.equal(await holds({ n: { Value: N(5) } }), true);
  assert.equal(await holds({ n: { Value: N(6) } }), false);
  assert.equal(await holds({ gone: { Exists: false } }), true);
  assert.equal(await holds({ n: { Exists: false } }), false);
  assert.equal(await holds({ n: is("BETWEEN", N(4), N(5)) }), true);
  assert.equal(await holds({ n: is("IN", N(1), N(5)) }), true);
  assert.equal(await holds({ n: is("NE", N(5)) }), false);
  assert.equal(await holds({ n: is("LT", N(5)) }), false);
  assert.equal(await holds({ n: is("GE", N(5)) }), true);
  assert.equal(await holds({ s: is("BEGINS_WITH", S("he")) }), true);
  assert.equal(await holds({ s: is("CONTAINS", S("ell")) }), true);
  assert.equal(await holds({ set: is("CONTAINS", S("x")) }), true);
  assert.equal(await holds({ set: is("NOT_CONTAINS", S("z")) }), true);
  assert.equal(await holds({ s: is("NOT_NULL") }), true);
  assert.equal(await holds({ gone: is("NULL") }), true);
  assert.equal(await holds({ n: { Value: N(6) }, s: is("NOT_NULL") }), false);
  assert.equal(await holds({ n: { Value: N(6) }, s: is("NOT_NULL") }, "OR"), true);
  await assert.rejects(server.client.send(new DeleteItemCommand({
    TableName: "ttt", Key: key("exp", 1), Expected: { n: { Value: N(9) } },
  })), ConditionalCheckFailedException);
  await assert.rejects(server.client.send(new PutItemCommand({
    TableName: "ttt", Item: key("exp", 1), Expected: { pk: { Exists: false } },
  })), ConditionalCheckFailedException);
});

test("AttributeUpdates put, add and delete", async () => {
  await put({ ...key("upd", 1), n: N(5), set: { SS: ["x", "y"] }, old: S("o") });
  const { Attributes } = await server.client.send(new UpdateItemCommand({
    TableName: "ttt", Key: key("upd", 1), ReturnValues: "ALL_NEW",
    AttributeUpdates: {
      n: { Action: "ADD", Value: N(2) }, set: { Action: "DELETE", Value: { SS: ["x"] } }, old: { Action: "DELETE" },
      fresh: { Value: S("f") }, count: { Action: "ADD", Value: N(1) }, more: { Action: "ADD", Value: { NS: ["1"] } },
    },
  }));
  assert.deepEqual(Attributes, {
    ...key("upd", 1), n: N(7), set: { SS: ["y"] }, fresh: S("f"), count: N(1), more: { NS: ["1"] },
  });
  await assert.rejects(server.client.send(new UpdateItemCommand({
    TableName: "ttt", Key: key("upd", 1), AttributeUpdates: { fresh: { Action: "ADD", Value: N(1) } },
  })), { name: "ValidationException", message: "Type mismatch for attribute to update" });
  await server.client.send(new UpdateItemCommand({ TableName: "ttt", Key: key("upd", 2) }));
  assert.deepEqual(await get("upd", 2), key("upd", 2));
});

test("KeyConditions and QueryFilter select as expressions do", async () => {
  for (let i = 1; i <= 9; i++) await put({ ...key("kc", i), odd: { BOOL: i % 2 === 1 }, name: S(`n${i}`) });
  const found = async (sk: Condition | null, QueryFilter?: Record<string, Condition>): Promise<number[]> => {
    const { Items = [] } = await server.client.send(new QueryCommand({
      TableName: "ttt", ...(QueryFilter ? { QueryFilter } : {}), KeyConditions: {
        pk: { ComparisonOperator: "EQ", AttributeValueList: [S("kc")] }, ...(sk === null ? {} : { sk }),
      },
    }));
    return Items.map((item) => Number(item["sk"]?.N));
  };
  assert.deepEqual(await found(null), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
  assert.deepEqual(await found({ ComparisonOperator: "BETWEEN", AttributeValueList: [N(3), N(5)] }), [3, 4, 5]);
  assert.deepEqual(await found({ ComparisonOperator: "GT", AttributeValueList: [N(7)] }), [8, 9]);
  assert.deepEqual(await found(null, {
    odd: { ComparisonOperator: "EQ", AttributeValueList: [{ BOOL: true }] },
    name: { ComparisonOperator: "GE", AttributeValueList: [S("n5")] },
  }), [5, 7, 9]);
});
