// Batches, and the capacity that every operation reports.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { BatchGetItemCommand, BatchWriteItemCommand } from "@aws-sdk/client-dynamodb";
import { N, S, Server, assertRefused, type Item, type Refused } from "./kit.ts";

const T = "batches";
const RANGED = "ranged";
let server: Server;
before(async () => {
  server = await Server.start();
  await server.table(T, "pk:S");
  await server.table(RANGED, "pk:S", "sk:N");
});
after(() => server.stop());

const key = (i: number): Item => ({ pk: S(`k${i}`) });
const put = (Item: Item): { PutRequest: { Item: Item } } => ({ PutRequest: { Item } });
const remove = (Key: Item): { DeleteRequest: { Key: Item } } => ({ DeleteRequest: { Key } });
/** An item of exactly this size, its key included. */
const sized = (pk: string, bytes: number): Item => ({ pk: S(pk), v: S("x".repeat(bytes - 3 - pk.length)) });

test("25 writes and 100 reads over two tables", async () => {
  const { client } = server;
  for (let from = 0; from < 100; from += 20) {
    const { UnprocessedItems } = await client.send(new BatchWriteItemCommand({
      RequestItems: {
        [T]: Array.from({ length: 20 }, (_, i) => put({ ...key(from + i), v: N(from + i) })),
        [RANGED]: Array.from({ length: 5 }, (_, i) => put({ pk: S("p"), sk: N(from + i) })),
      },
    }));
    assert.deepEqual(UnprocessedItems, {});
  }
  const { Responses, UnprocessedKeys } = await client.send(new BatchGetItemCommand({
    RequestItems: {
      [T]: {
        Keys: Array.from({ length: 75 }, (_, i) => key(i + 50)), ConsistentRead: true, ProjectionExpression: "#v",
        ExpressionAttributeNames: { "#v": "v" },
      },
      [RANGED]: { Keys: Array.from({ length: 25 }, (_, i) => ({ pk: S("p"), sk: N(i) })) },
    },
  }));
  assert.deepEqual(UnprocessedKeys, {});
  const values = (Responses?.[T] ?? []).map((item) => Number(item["v"]?.N)).sort((a, b) => a - b);
  assert.deepEqual(values, Array.from({ length: 50 }, (_, i) => i + 50));
  assert.deepEqual(new Set(Object.keys(Responses?.[T]?.[0] ?? {})), new Set(["v"]));
  assert.equal(Responses?.[RANGED]?.length, 10);
  await server.ok("BatchWriteItem", { RequestItems: { [T]: [remove(key(50)), remove(key(999)), put({ ...key(51) })] } });
  assert.deepEqual(await server.ok("GetItem", { TableName: T, Key: key(50), ConsistentRead: true }), {});
  assert.deepEqual((await server.ok("GetItem", { TableName: T, Key: key(51), ConsistentRead: true })).Item, key(51));
});

test("16 MB of answers: the rest comes back as unprocessed, and a second call gets it", async () => {
  const big = "x".repeat(390 * 1024);
  await Promise.all(Array.from({ length: 45 }, (_, i) =>
    server.ok("PutItem", { TableName: T, Item: { pk: S(`big${i}`), v: S(big), i: N(i) } })));
  const Keys = Array.from({ length: 45 }, (_, i) => ({ pk: S(`big${i}`) }));
  const seen: string[] = [];
  let request: any = { [T]: { Keys, ProjectionExpression: "i" } };
  let calls = 0;
  while (Object.keys(request).length > 0) {
    const answer = await server.ok("BatchGetItem", { RequestItems: request });
    seen.push(...answer.Responses[T].map((item: Item) => item["i"]?.N));
    request = answer.UnprocessedKeys;
    if (request[T] !== undefined) assert.equal(request[T].ProjectionExpression, "i");
    calls++;
  }
  assert.equal(calls, 2);
  assert.deepEqual(seen.map(Number).sort((a, b) => a - b), Array.from({ length: 45 }, (_, i) => i));
});

test("refused batches", async () => {
  const many = <V>(count: number, of: (i: number) => V): V[] => Array.from({ length: count }, (_, i) => of(i));
  const duplicates = "Provided list of item keys contains duplicates";
  const cases: Refused[] = [
    ["BatchGetItem", { RequestItems: { [T]: { Keys: [key(1), key(2), key(1)] } } }, duplicates],
    ["BatchGetItem", { RequestItems: { [RANGED]: { Keys: [{ pk: S("a"), sk: N("1") }, { pk: S("a"), sk: N("1.0") }] } } }, duplicates],
    ["BatchWriteItem", { RequestItems: { [T]: [put(key(1)), remove(key(1))] } }, duplicates],
    ["BatchGetItem", { RequestItems: { [T]: { Keys: many(60, key) }, [RANGED]: { Keys: many(41, (i) => ({ pk: S("a"), sk: N(i) })) } } },
      "Too many items requested for the BatchGetItem call"],
    ["BatchWriteItem", { RequestItems: { [T]: many(13, (i) => put(key(i))), [RANGED]: many(13, (i) => put({ pk: S("a"), sk: N(i) })) } },
      "Too many items requested for the BatchWriteItem call"],
    ["BatchGetItem", { RequestItems: { [T]: { Keys: many(101, key) } } },
      /at 'requestItems\.batches\.member\.keys' failed to satisfy constraint: Member must have length less than or equal to 100/],
    ["BatchWriteItem", { RequestItems: { [T]: many(26, (i) => put(key(i))) } }, /Member must have length less than or equal to 25/],
    ["BatchWriteItem", { RequestItems: {} }, /at 'requestItems' failed to satisfy constraint: Member must have length greater than or equal to 1$/],
    ["BatchGetItem", {}, "1 validation error detected: Value null at 'requestItems' failed to satisfy constraint: Member must not be null"],
    ["BatchGetItem", { RequestItems: { nowhere: { Keys: [key(1)] } } }, "Requested resource not found", "ResourceNotFoundException"],
    ["BatchWriteItem", { RequestItems: { [T]: [put(key(7))], nowhere: [put(key(1))] } },
      "Requested resource not found", "ResourceNotFoundException"],
    ["BatchGetItem", { RequestItems: { [T]: { Keys: [{ pk: N(1) }] } } }, "The provided key element does not match the schema"],
    ["BatchWriteItem", { RequestItems: { [T]: [put(key(7)), put({ v: N(1) })] } },
      "One or more parameter values were invalid: Missing the key pk in the item"],
    ["BatchWriteItem", { RequestItems: { [T]: [put(sized("huge", 409_601))] } }, "Item size has exceeded the maximum allowed size"],
  ];
  await server.ok("DeleteItem", { TableName: T, Key: key(7) });
  await assertRefused(server, cases);
  assert.deepEqual(await server.ok("GetItem", { TableName: T, Key: key(7) }), {}, "a refused batch writes nothing");
});

async function units(operation: string, input: object): Promise<number> {
  const answer = await server.ok(operation, { TableName: T, ...input, ReturnConsumedCapacity: "TOTAL" });
  assert.equal(answer.ConsumedCapacity.TableName, T);
  return answer.ConsumedCapacity.CapacityUnits as number;
}

test("write capacity: whole KB of the larger of old and new", async () => {
  const Key = { pk: S("wcu") };
  const of = (bytes: number): object => ({ Item: sized("wcu", bytes) });
  assert.equal(await units("PutItem", of(1024)), 1);
  assert.equal(await units("PutItem", of(1025)), 2);
  assert.equal(await units("PutItem", of(3073)), 4);
  assert.equal(await units("PutItem", of(10)), 4, "the old item was larger");
  assert.equal(await units("UpdateItem", { Key }), 1);
  assert.equal(await units("UpdateItem", {
    Key, UpdateExpression: "SET v = :v", ExpressionAttributeValues: { ":v": S("x".repeat(2044 - 2)) },
  }), 2);
  assert.equal(await units("DeleteItem", { Key }), 2);
  assert.equal(await units("DeleteItem", { Key }), 1, "nothing there costs a unit");
});

test("read capacity: whole 4 KB, half when eventual, one at least", async () => {
  const Key = { pk: S("rcu") };
  for (const [bytes, strong] of [[100, 1], [4096, 1], [4097, 2], [8192, 2], [409_600, 100]] as const) {
    await server.ok("PutItem", { TableName: T, Item: sized("rcu", bytes) });
    assert.equal(await units("GetItem", { Key, ConsistentRead: true }), strong);
    assert.equal(await units("GetItem", { Key }), strong / 2);
    assert.equal(await units("GetItem", { Key, ProjectionExpression: "pk" }), strong / 2, "projections read it all");
  }
  assert.equal(await units("GetItem", { Key: { pk: S("no") } }), 0.5);
  assert.equal(await units("GetItem", { Key: { pk: S("no") }, ConsistentRead: true }), 1);
});

test("a page's capacity is of the sum; a batch's of each item", async () => {
  for (let i = 0; i < 8; i++) await server.ok("PutItem", { TableName: RANGED, Item: { pk: S("sum"), sk: N(i), v: S("x".repeat(1000)) } });
  const query = {
    TableName: RANGED, KeyConditionExpression: "pk = :p", ExpressionAttributeValues: { ":p": S("sum") }, ConsistentRead: true,
  };
  const one = await server.ok("Query", { ...query, ReturnConsumedCapacity: "TOTAL" });
  assert.deepEqual(one.ConsumedCapacity, { TableName: RANGED, CapacityUnits: 2 });
  const half = await server.ok("Query", { ...query, ConsistentRead: false, Select: "COUNT", ReturnConsumedCapacity: "INDEXES" });
  assert.deepEqual(half.ConsumedCapacity, { TableName: RANGED, CapacityUnits: 1, Table: { CapacityUnits: 1 } });
  const none = await server.ok("Query", { ...query, ExpressionAttributeValues: { ":p": S("no") }, ReturnConsumedCapacity: "TOTAL" });
  assert.equal(none.ConsumedCapacity.CapacityUnits, 1);
  const filtered = await server.ok("Query", {
    ...query, FilterExpression: "v = :p", ReturnConsumedCapacity: "TOTAL",
  });
  assert.deepEqual([filtered.Count, filtered.ScannedCount, filtered.ConsumedCapacity.CapacityUnits], [0, 8, 2]);
  const batch = await server.ok("BatchGetItem", {
    RequestItems: { [RANGED]: { Keys: Array.from({ length: 8 }, (_, i) => ({ pk: S("sum"), sk: N(i) })) } },
    ReturnConsumedCapacity: "TOTAL",
  });
  assert.deepEqual(batch.ConsumedCapacity, [{ TableName: RANGED, CapacityUnits: 4 }]);
  const written = await server.ok("BatchWriteItem", {
    RequestItems: { [RANGED]: [put({ pk: S("sum"), sk: N(1) }), put({ pk: S("new"), sk: N(1), v: S("x".repeat(1500)) })], [T]: [remove(key(12345))] },
    ReturnConsumedCapacity: "TOTAL",
  });
  assert.deepEqual(written.ConsumedCapacity, [{ TableName: RANGED, CapacityUnits: 3 }, { TableName: T, CapacityUnits: 1 }]);
});

test("capacity is told only when asked for", async () => {
  const silent = await server.ok("PutItem", { TableName: T, Item: key(1), ReturnConsumedCapacity: "NONE" });
  assert.deepEqual(silent, {});
  const indexes = await server.ok("PutItem", { TableName: T, Item: key(1), ReturnConsumedCapacity: "INDEXES" });
  assert.deepEqual(indexes.ConsumedCapacity, { TableName: T, CapacityUnits: 1, Table: { CapacityUnits: 1 } });
});
