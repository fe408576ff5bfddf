// TransactWriteItems and TransactGetItems: over several partitions and tables, and within one.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  BatchWriteItemCommand, DeleteItemCommand, GetItemCommand, ListTablesCommand, PutItemCommand, ScanCommand,
  TransactGetItemsCommand, TransactWriteItemsCommand, TransactionCanceledException, UpdateItemCommand,
  type TransactWriteItem, type TransactWriteItemsCommandInput,
} from "@aws-sdk/client-dynamodb";
import { N, S, Server, rejected, type Item } from "./kit.ts";

const T = "accounts";
const RANGED = "ledgers";
let server: Server;
before(async () => {
  server = await Server.start();
  await server.table(T, "pk:S");
  await server.table(RANGED, "pk:S", "sk:N");
});
after(() => server.stop());

const put = (Item: Item, more = {}): TransactWriteItem => ({ Put: { TableName: T, Item, ...more } });
const key = (pk: string): Item => ({ pk: S(pk) });
const write = (TransactItems: TransactWriteItem[], more: Partial<TransactWriteItemsCommandInput> = {}) => (
  server.client.send(new TransactWriteItemsCommand({ TransactItems, ...more })));
const read = async (pk: string): Promise<Item | undefined> => (
  (await server.client.send(new GetItemCommand({ TableName: T, Key: key(pk), ConsistentRead: true }))).Item);

type Expected = { readonly name: string; readonly message?: string };

async function refused(promise: Promise<unknown>, { name, message }: Expected, what = name): Promise<void> {
  const error = await rejected(promise, name);
  if (message !== undefined) assert.equal(error.message, message, what);
}

/** Codes, messages and items of the reasons why `promise` was cancelled. */
async function reasonsOf(promise: Promise<unknown>): Promise<TransactionCanceledException> {
  try {
    await promise;
  } catch (error) {
    assert(error instanceof TransactionCanceledException, String(error));
    return error;
  }
  return assert.fail("it was not cancelled");
}

test("twenty items of two tables, of several partitions, are written together", async () => {
  const items = Array.from({ length: 15 }, (_, i) => put({ pk: S(`many${i}`), v: N(i) }));
  const others = Array.from({ length: 5 }, (_, i): TransactWriteItem => ({
    Put: { TableName: RANGED, Item: { pk: S(`many${i}`), sk: N(i) } },
  }));
  const { ConsumedCapacity } = await write([...items, ...others], { ReturnConsumedCapacity: "TOTAL" });
  assert.deepEqual(ConsumedCapacity, [
    { TableName: T, CapacityUnits: 30, WriteCapacityUnits: 30 },
    { TableName: RANGED, CapacityUnits: 10, WriteCapacityUnits: 10 },
  ]);
  const { Responses, ConsumedCapacity: cost } = await server.client.send(new TransactGetItemsCommand({
    TransactItems: [
      ...Array.from({ length: 15 }, (_, i) => ({ Get: { TableName: T, Key: key(`many${i}`) } })),
      { Get: { TableName: T, Key: key("nobody") } },
      { Get: { TableName: RANGED, Key: { pk: S("many3"), sk: N(3) }, ProjectionExpression: "sk" } },
    ],
    ReturnConsumedCapacity: "TOTAL",
  }));
  assert.deepEqual(Responses, [
    ...Array.from({ length: 15 }, (_, i) => ({ Item: { pk: S(`many${i}`), v: N(i) } })), {}, { Item: { sk: N(3) } },
  ]);
  assert.deepEqual(cost, [
    { TableName: T, CapacityUnits: 32, ReadCapacityUnits: 32 },
    { TableName: RANGED, CapacityUnits: 2, ReadCapacityUnits: 2 },
  ]);
});

test("put, update, delete and check; plain writes go on afterwards", async () => {
  await write([put({ pk: S("mix-u"), n: N(1) }), put({ pk: S("mix-d") }), put({ pk: S("mix-c"), ok: N(1) })]);
  await write([
    { Update: { TableName: T, Key: key("mix-u"), UpdateExpression: "ADD n :n", ExpressionAttributeValues: { ":n": N(4) } } },
    { Delete: { TableName: T, Key: key("mix-d"), ConditionExpression: "attribute_exists(pk)" } },
    { ConditionCheck: { TableName: T, Key: key("mix-c"), ConditionExpression: "ok = :o", ExpressionAttributeValues: { ":o": N(1) } } },
    put({ pk: S("mix-p") }, { ConditionExpression: "attribute_not_exists(pk)" }),
    { Delete: { TableName: T, Key: key("mix-absent") } },
  ]);
  assert.deepEqual(await read("mix-u"), { pk: S("mix-u"), n: N(5) });
  assert.equal(await read("mix-d"), undefined);
  assert.deepEqual(await read("mix-p"), { pk: S("mix-p") });
  for (const pk of ["mix-u", "mix-d", "mix-c", "mix-p", "mix-absent"]) {
    await server.client.send(new UpdateItemCommand({ TableName: T, Key: key(pk) }));
    await server.client.send(new DeleteItemCommand({ TableName: T, Key: key(pk) }));
  }
});

test("one condition that fails cancels all, and tells which", async () => {
  await server.client.send(new PutItemCommand({ TableName: T, Item: { pk: S("cond"), v: N(7) } }));
  const error = await reasonsOf(write([
    put({ pk: S("cond-a") }),
    put({ pk: S("cond"), v: N(8) }, {
      ConditionExpression: "v = :v", ExpressionAttributeValues: { ":v": N(1) }, ReturnValuesOnConditionCheckFailure: "ALL_OLD",
    }),
    put({ pk: S("cond-b") }),
    { Update: { TableName: T, Key: key("cond-c"), UpdateExpression: "SET a = b" } },
  ]));
  assert.equal(error.message, "Transaction cancelled, please refer cancellation reasons for specific reasons "
    + "[None, ConditionalCheckFailed, None, ValidationError]");
  assert.deepEqual(error.CancellationReasons, [
    { Code: "None" },
    { Code: "ConditionalCheckFailed", Message: "The conditional request failed", Item: { pk: S("cond"), v: N(7) } },
    { Code: "None" },
    { Code: "ValidationError", Message: "The provided expression refers to an attribute that does not exist in the item" },
  ]);
  for (const pk of ["cond-a", "cond-b", "cond-c"]) assert.equal(await read(pk), undefined);
  assert.deepEqual(await read("cond"), { pk: S("cond"), v: N(7) });
  // Nothing is held any more.
  await write([put({ pk: S("cond-a") }), put({ pk: S("cond") }), put({ pk: S("cond-b") })]);
});

test("items of one partition: one round, and the same answers", async () => {
  const one = (sk: number, more = {}): TransactWriteItem => (
    { Put: { TableName: RANGED, Item: { pk: S("one"), sk: N(sk) }, ...more } });
  const { ConsumedCapacity } = await write([one(1), one(2), one(3)], { ReturnConsumedCapacity: "INDEXES" });
  assert.deepEqual(ConsumedCapacity, [{
    TableName: RANGED, CapacityUnits: 6, WriteCapacityUnits: 6, Table: { CapacityUnits: 6, WriteCapacityUnits: 6 },
  }]);
  const error = await reasonsOf(write([one(4), one(2, { ConditionExpression: "attribute_not_exists(pk)" })]));
  assert.deepEqual(error.CancellationReasons, [
    { Code: "None" }, { Code: "ConditionalCheckFailed", Message: "The conditional request failed" },
  ]);
  const { Responses } = await server.client.send(new TransactGetItemsCommand({
    TransactItems: [1, 2, 3, 4].map((sk) => ({ Get: { TableName: RANGED, Key: { pk: S("one"), sk: N(sk) } } })),
  }));
  assert.deepEqual(Responses?.map(({ Item }) => Item?.["sk"]), [N(1), N(2), N(3), undefined]);
});

for (const [name, pks] of [["several partitions", ["ta", "tb", "tc", "td", "te"]], ["one item", ["tone"]]] as const) {
  test(`a token is good for one request: ${name}`, async () => {
    const add = (by: number): TransactWriteItem[] => pks.map((pk) => ({
      Update: { TableName: T, Key: key(pk), UpdateExpression: "ADD n :n", ExpressionAttributeValues: { ":n": N(by) } },
    }));
    const ClientRequestToken = `token-${name.replace(" ", "-")}`;
    const more = { ClientRequestToken, ReturnConsumedCapacity: "TOTAL" } as const;
    const first = await write(add(1), more);
    assert.deepEqual(first.ConsumedCapacity, [
      { TableName: T, CapacityUnits: 2 * pks.length, WriteCapacityUnits: 2 * pks.length },
    ]);
    for (let i = 0; i < 3; i++) {
      const again = await write(add(1), more);
      assert.deepEqual(again.ConsumedCapacity, [
        { TableName: T, CapacityUnits: 2 * pks.length, ReadCapacityUnits: 2 * pks.length },
      ]);
    }
    await refused(write(add(2), more), {
      name: "IdempotentParameterMismatchException",
      message: "DynamoDB rejected the request because you retried a request with a different payload but with an "
        + "idempotent token that was already used.",
    });
    for (const pk of pks) assert.deepEqual((await read(pk))?.["n"], N(1));
    // A condition that holds no longer because the request was done: still the same success.
    const create = pks.map((pk) => put({ pk: S(`${pk}-new`) }, { ConditionExpression: "attribute_not_exists(pk)" }));
    for (let i = 0; i < 2; i++) await write(create, { ClientRequestToken: `${ClientRequestToken}-new` });
    // And what was refused may be tried again.
    await reasonsOf(write(create, { ClientRequestToken: `${ClientRequestToken}-x` }));
    for (const pk of pks) await server.client.send(new DeleteItemCommand({ TableName: T, Key: key(`${pk}-new`) }));
    await write(create, { ClientRequestToken: `${ClientRequestToken}-x` });
  });
}

test("what a request may not say", async () => {
  const cases: readonly [string, TransactWriteItem[], string][] = [
    ["two on one item", [put({ pk: S("x") }), { Delete: { TableName: T, Key: key("x") } }],
      "Transaction request cannot include multiple operations on one item"],
    ["two in one", [{ ...put({ pk: S("x") }), Delete: { TableName: T, Key: key("y") } }],
      "TransactItems can only contain one of Check, Put, Update or Delete"],
    ["nothing", [{}], "Invalid Request: TransactWriteRequest should contain Delete or Put or Update request"],
    ["empty key", [put({ pk: S("") })],
      "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: pk"],
    ["empty expression", [{ Update: { TableName: T, Key: key("x"), UpdateExpression: "" } }],
      "Invalid UpdateExpression: The expression can not be empty;"],
  ];
  for (const [name, items, message] of cases) {
    await refused(write(items), { name: "ValidationException", message }, name);
  }
  await refused(write([put({ pk: S("x") }), { Put: { TableName: "nowhere", Item: { pk: S("x") } } }]), {
    name: "ResourceNotFoundException", message: "Requested resource not found",
  });
  const wrong = await reasonsOf(write([put({ pk: S("x") }), { Delete: { TableName: T, Key: { pk: N(1) } } }]));
  assert.deepEqual(wrong.CancellationReasons, [
    { Code: "None" }, { Code: "ValidationError", Message: "The provided key element does not match the schema" },
  ]);
  await refused(server.client.send(new TransactGetItemsCommand({
    TransactItems: [{ Get: { TableName: T, Key: key("x") } }, { Get: { TableName: T, Key: key("x") } }],
  })), { name: "ValidationException", message: "Transaction request cannot include multiple operations on one item" });
});

test("a hundred items of 40 KB, and no more than 4 MB", async () => {
  const filled = (i: number, bytes: number): TransactWriteItem => put({ pk: S(`big${i}`), v: S("x".repeat(bytes)) });
  await write(Array.from({ length: 100 }, (_, i) => filled(i, 40_000)));
  assert.equal((await read("big99"))?.["v"]?.S?.length, 40_000);
  await refused(write(Array.from({ length: 11 }, (_, i) => filled(i, 400_000))), { name: "ValidationException" });
});

test("money is neither made nor lost, whoever looks", async () => {
  const COUNT = 6;
  const accounts = Array.from({ length: COUNT }, (_, i) => `money${i}`);
  await write(accounts.map((pk) => put({ pk: S(pk), n: N(100) })));
  let isOver = false;
  let done = 0;
  const move = async (seed: number): Promise<void> => {
    for (let i = 0; i < 25; i++) {
      const from = (seed + i) % COUNT;
      const to = (from + 1 + ((seed * 7 + i) % (COUNT - 1))) % COUNT;
      const by = (account: number, n: number): TransactWriteItem => ({
        Update: {
          TableName: T, Key: key(`money${account}`), UpdateExpression: "ADD n :n", ExpressionAttributeValues: { ":n": N(n) },
        },
      });
      try {
        await write([by(from, -1), by(to, 1)]);
        done++;
      } catch (error) {
        assert(error instanceof TransactionCanceledException, String(error));
        assert(error.CancellationReasons?.every(({ Code }) => Code === "None" || Code === "TransactionConflict"));
      }
    }
  };
  const look = async (): Promise<void> => {
    while (!isOver) {
      try {
        const { Responses } = await server.client.send(new TransactGetItemsCommand({
          TransactItems: accounts.map((pk) => ({ Get: { TableName: T, Key: key(pk) } })),
        }));
        assert.equal(Responses?.reduce((sum, { Item }) => sum + Number(Item?.["n"]?.N), 0), COUNT * 100);
      } catch (error) {
        assert(error instanceof TransactionCanceledException, String(error));
      }
    }
  };
  const looking = look();
  await Promise.all([1, 2, 3, 4].map(move)).finally(() => { isOver = true; });
  await looking;
  assert(done > 0, "some transfers are done");
});

test("the ledger is nobody's table", async () => {
  const { TableNames } = await server.client.send(new ListTablesCommand({}));
  assert.deepEqual(TableNames, [T, RANGED]);
  await refused(server.client.send(new ScanCommand({ TableName: "stator/ledger" })), { name: "ValidationException" });
  const { UnprocessedItems } = await server.client.send(new BatchWriteItemCommand({
    RequestItems: { [T]: [{ PutRequest: { Item: key("after") } }] },
  }));
  assert.deepEqual(UnprocessedItems, {});
});
