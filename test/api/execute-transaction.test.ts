// ExecuteTransaction: statements that are done all or none, and reads of one moment.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  ExecuteTransactionCommand, GetItemCommand, PutItemCommand, type TransactionCanceledException,
  type ExecuteTransactionCommandInput, type ExecuteTransactionCommandOutput, type ParameterizedStatement,
} from "@aws-sdk/client-dynamodb";
import { N, S, Server, rejected, type Item } from "./kit.ts";

const T = "notes";
let server: Server;
before(async () => {
  server = await Server.start();
  await server.table(T, "pk:S");
});
after(() => server.stop());

const execute = (
  statements: readonly (string | ParameterizedStatement)[], more: Partial<ExecuteTransactionCommandInput> = {},
): Promise<ExecuteTransactionCommandOutput> => server.client.send(new ExecuteTransactionCommand({
  TransactStatements: statements.map((one) => (typeof one === "string" ? { Statement: one } : one)), ...more,
}));
const put = (Item: Item): Promise<unknown> => server.client.send(new PutItemCommand({ TableName: T, Item }));
const read = async (pk: string): Promise<Item | undefined> => (
  (await server.client.send(new GetItemCommand({ TableName: T, Key: { pk: S(pk) }, ConsistentRead: true }))).Item);

test("writes of all kinds and a check, together", async () => {
  await put({ pk: S("u"), n: N(1) });
  await put({ pk: S("d") });
  await put({ pk: S("c"), state: S("open") });
  const { Responses, ConsumedCapacity } = await execute([
    { Statement: `INSERT INTO "${T}" VALUE {'pk': ?, 'n': 5}`, Parameters: [S("i")] },
    `UPDATE "${T}" SET n = n + 2 WHERE pk = 'u'`,
    `DELETE FROM "${T}" WHERE pk = 'd'`,
    `EXISTS(SELECT * FROM "${T}" WHERE pk = 'c' AND state = 'open')`,
  ], { ReturnConsumedCapacity: "TOTAL" });
  assert.deepEqual(Responses, [{}, {}, {}, {}]);
  assert.deepEqual(ConsumedCapacity, [{ TableName: T, CapacityUnits: 8, WriteCapacityUnits: 8 }]);
  assert.deepEqual([await read("i"), await read("u"), await read("d")], [
    { pk: S("i"), n: N(5) }, { pk: S("u"), n: N(3) }, undefined,
  ]);
});

test("reasons come in order, a duplicate is one of its own", async () => {
  await put({ pk: S("there") });
  const error = await rejected(execute([
    `INSERT INTO "${T}" VALUE {'pk': 'new'}`,
    `INSERT INTO "${T}" VALUE {'pk': 'there'}`,
    `UPDATE "${T}" SET n = 1 WHERE pk = 'absent'`,
    `EXISTS(SELECT * FROM "${T}" WHERE pk = 'nobody')`,
  ]), "TransactionCanceledException") as TransactionCanceledException;
  assert.equal(error.message, "Transaction cancelled, please refer cancellation reasons for specific reasons "
    + "[None, DuplicateItem, ConditionalCheckFailed, ConditionalCheckFailed]");
  assert.deepEqual(error.CancellationReasons, [
    { Code: "None" }, { Code: "DuplicateItem", Message: "Duplicate primary key exists in table" },
    { Code: "ConditionalCheckFailed", Message: "The conditional request failed" },
    { Code: "ConditionalCheckFailed", Message: "The conditional request failed" },
  ]);
  assert.equal(await read("new"), undefined);
});

test("reads: of one moment, with projection and filter, and empty where there is nothing", async () => {
  await put({ pk: S("r1"), a: N(1), b: N(2) });
  await put({ pk: S("r2"), a: N(3) });
  const { Responses, ConsumedCapacity } = await execute([
    `SELECT * FROM "${T}" WHERE pk = 'r1'`, `SELECT a FROM "${T}" WHERE pk = 'r2'`,
    `SELECT * FROM "${T}" WHERE pk = 'r3'`, `SELECT * FROM "${T}" WHERE pk = 'r4' AND a = 7`,
  ], { ReturnConsumedCapacity: "TOTAL" });
  assert.deepEqual(Responses, [{ Item: { pk: S("r1"), a: N(1), b: N(2) } }, { Item: { a: N(3) } }, {}, {}]);
  assert.deepEqual(ConsumedCapacity, [{ TableName: T, CapacityUnits: 8, ReadCapacityUnits: 8 }]);
});

test("a token is good for one list of statements", async () => {
  const statements = [`INSERT INTO "${T}" VALUE {'pk': 'once'}`, `INSERT INTO "${T}" VALUE {'pk': 'twice'}`];
  for (let i = 0; i < 3; i++) await execute(statements, { ClientRequestToken: "once-and-twice" });
  await rejected(execute(statements.slice(1), { ClientRequestToken: "once-and-twice" }),
    "IdempotentParameterMismatchException");
});

test("what it refuses as a whole", async () => {
  await rejected(execute([`SELECT * FROM "${T}" WHERE pk = 'a'`, `DELETE FROM "${T}" WHERE pk = 'b'`]),
    "ValidationException");
  await rejected(execute([`SELECT * FROM "${T}"`]), "ValidationException");
  await rejected(execute([`DELETE FROM "${T}" WHERE pk = 'a'`, `DELETE FROM "${T}" WHERE pk = 'a'`]),
    "ValidationException");
  await rejected(execute([`DELETE FROM "nowhere" WHERE pk = 'a'`]), "ResourceNotFoundException");
});
