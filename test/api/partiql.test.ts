// PartiQL through the SDK: what statements do to items, their pages, their errors, and batches of them.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { BatchExecuteStatementCommand, ExecuteStatementCommand } from "@aws-sdk/client-dynamodb";
import { type Item, N, S, Server, assertRefused, rejected } from "./kit.ts";

let server: Server;
before(async () => {
  server = await Server.start();
  await server.table("simple", "pk:S");
  await server.table("Composite", "pk:S", "sk:N");
});
after(() => server.stop());

async function ask(Statement: string, ...Parameters: Item[string][]): Promise<readonly Item[]> {
  const input = Parameters.length === 0 ? { Statement } : { Statement, Parameters };
  return (await server.client.send(new ExecuteStatementCommand({ ...input, ConsistentRead: true }))).Items ?? [];
}

/** Pages of at most `Limit` evaluated items until there is no token. */
async function pagesOf(Statement: string, Limit: number): Promise<readonly (readonly Item[])[]> {
  const pages: Item[][] = [];
  let NextToken: string | undefined;
  do {
    const answer: any = await server.client.send(new ExecuteStatementCommand({
      Statement, Limit, ConsistentRead: true, ...(NextToken === undefined ? {} : { NextToken }),
    }));
    pages.push(answer.Items);
    NextToken = answer.NextToken;
    assert.ok(pages.length < 100, "the pages end");
  } while (NextToken !== undefined);
  return pages;
}

test("an item is inserted once, read, updated and deleted", async () => {
  const insert = "INSERT INTO simple VALUE {'pk': ?, 'n': 1, 'tags': <<'a'>>, 'l': [1], 'm': {'x': {'y': 5}}}";
  assert.deepEqual(await ask(insert, S("one")), []);
  const twice = await rejected(ask(insert, S("one")), "DuplicateItemException");
  assert.equal(twice.message, "Duplicate primary key exists in table");
  assert.deepEqual(await ask("SELECT n, m.x.y FROM simple WHERE pk = 'one'"), [{ n: N(1), y: N(5) }]);
  assert.deepEqual(
    await ask(`UPDATE "simple" SET n = n + 4, l = list_append(l, [2]) SET tags = set_add(tags, <<'b', 'c'>>)
      REMOVE m WHERE pk = 'one' AND n < 2 RETURNING ALL NEW *`),
    [{ pk: S("one"), n: N(5), tags: { SS: ["a", "b", "c"] }, l: { L: [N(1), N(2)] } }],
  );
  assert.deepEqual(await ask("UPDATE simple SET tags = set_delete(tags, <<'a'>>) WHERE pk='one' RETURNING MODIFIED OLD *"),
    [{ tags: { SS: ["a", "b", "c"] } }]);
  await rejected(ask("UPDATE simple SET n = 1 WHERE pk = 'one' AND n = 100"), "ConditionalCheckFailedException");
  await rejected(ask("UPDATE simple SET n = 1 WHERE pk = 'absent'"), "ConditionalCheckFailedException");
  assert.deepEqual(await ask("SELECT * FROM simple WHERE pk = 'absent'"), [], "an update makes no item");
  await rejected(ask("DELETE FROM simple WHERE pk = 'one' AND n = 100"), "ConditionalCheckFailedException");
  assert.deepEqual(await ask("DELETE FROM simple WHERE pk = 'absent' AND n = 100"), []);
  const [old] = await ask("DELETE FROM simple WHERE pk = 'one' RETURNING ALL OLD *");
  assert.deepEqual(old?.["n"], N(5));
  assert.deepEqual(await ask("SELECT * FROM simple WHERE pk = 'one'"), []);
});

test("a failed condition gives the item to whoever asks for it", async () => {
  await ask("INSERT INTO simple VALUE {'pk': 'held', 'n': 3}");
  const error = await rejected(server.client.send(new ExecuteStatementCommand({
    Statement: "UPDATE simple SET n = 1 WHERE pk = 'held' AND n = 9", ReturnValuesOnConditionCheckFailure: "ALL_OLD",
  })), "ConditionalCheckFailedException");
  assert.deepEqual(error.Item, { pk: S("held"), n: N(3) });
  await ask("DELETE FROM simple WHERE pk = 'held'");
});

test("SELECT finds by key, by range, by list and by scan; in order and in pages", async () => {
  for (const pk of ["a", "b", "c"]) {
    for (let sk = 0; sk < 5; sk++) await ask("INSERT INTO Composite VALUE {'pk': ?, 'sk': ?, 'odd': ?}", S(pk), N(sk), N(sk % 2));
  }
  const keys = async (where: string): Promise<string> => (await ask(`SELECT pk, sk FROM Composite ${where}`))
    .map((item) => `${item["pk"]?.S}${item["sk"]?.N}`).join(" ");
  const cases: readonly (readonly [where: string, found: string])[] = [
    ["WHERE pk = 'a' AND sk = 3", "a3"],
    ["WHERE pk = 'a' AND sk = 3 AND odd = 0", ""],
    ["WHERE pk = 'a'", "a0 a1 a2 a3 a4"],
    ["WHERE pk = 'a' ORDER BY sk DESC", "a4 a3 a2 a1 a0"],
    ["WHERE 'a' = pk AND 2 < sk", "a3 a4"],
    ["WHERE pk = 'a' AND sk BETWEEN 1 AND 3 AND odd = 1", "a1 a3"],
    ["WHERE pk = 'a' AND sk > 1 AND sk < 4", "a2 a3"],
    ["WHERE pk IN ['c', 'a'] AND sk <= 1", "c0 c1 a0 a1"],
    ["WHERE (pk = 'b' OR pk = 'a') AND sk = 4 ORDER BY pk", "a4 b4"],
    ["WHERE pk IN ('a', 'b', 'a') AND sk >= 4 ORDER BY pk DESC, sk", "b4 a4"],
    ["WHERE pk = 'a' AND pk = 'b'", ""],
  ];
  for (const [where, found] of cases) assert.equal(await keys(where), found, where);
  const sorted = async (where: string): Promise<string> => (await keys(where)).split(" ").toSorted().join(" ");
  assert.equal(await sorted("WHERE odd = 1"), "a1 a3 b1 b3 c1 c3");
  assert.equal(await sorted("WHERE pk = 'a' OR odd = 1"), "a0 a1 a2 a3 a4 b1 b3 c1 c3");
  assert.equal((await keys("")).split(" ").length, 15);

  const list = await pagesOf("SELECT * FROM Composite WHERE pk IN ['a', 'b', 'c']", 4);
  assert.deepEqual(list.flat().map((item) => `${item["pk"]?.S}${item["sk"]?.N}`).join(""), "a0a1a2a3a4b0b1b2b3b4c0c1c2c3c4");
  assert.ok(list.every((page) => page.length <= 4) && list.length >= 4);
  assert.equal((await pagesOf("SELECT * FROM Composite", 4)).flat().length, 15);
});

test("SELECT reads a local index in its order, and counts it", async () => {
  await server.table("indexed", "pk:S", "sk:N", {
    AttributeDefinitions: [
      { AttributeName: "pk", AttributeType: "S" }, { AttributeName: "sk", AttributeType: "N" },
      { AttributeName: "score", AttributeType: "N" },
    ],
    LocalSecondaryIndexes: [{
      IndexName: "by-score", Projection: { ProjectionType: "KEYS_ONLY" },
      KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }, { AttributeName: "score", KeyType: "RANGE" }],
    }],
  });
  for (let sk = 0; sk < 4; sk++) {
    await ask("INSERT INTO indexed VALUE {'pk': 'a', 'sk': ?, 'score': ?, 'more': 'm'}", N(sk), N(10 - sk));
  }
  assert.deepEqual(await ask(`SELECT * FROM indexed."by-score" WHERE pk = 'a' AND score > 8`), [
    { pk: S("a"), sk: N(1), score: N(9) }, { pk: S("a"), sk: N(0), score: N(10) },
  ]);
  assert.deepEqual(
    await ask(`SELECT more, sk FROM "indexed"."by-score" WHERE pk = 'a' AND sk < 2 ORDER BY score DESC`),
    [{ more: S("m"), sk: N(0) }, { more: S("m"), sk: N(1) }],
  );
  const pages = await pagesOf(`SELECT sk FROM indexed."by-score" WHERE pk = 'a'`, 3);
  assert.deepEqual(pages.flat().map((item) => item["sk"]?.N), ["3", "2", "1", "0"]);
  assert.equal((await pagesOf(`SELECT sk FROM indexed."by-score"`, 3)).flat().length, 4);
  const answer = await server.ok("ExecuteStatement", {
    Statement: `SELECT * FROM indexed."by-score" WHERE pk = 'a'`, ReturnConsumedCapacity: "INDEXES", ConsistentRead: true,
  });
  assert.deepEqual(answer.ConsumedCapacity, {
    TableName: "indexed", CapacityUnits: 1, Table: { CapacityUnits: 0 },
    LocalSecondaryIndexes: { "by-score": { CapacityUnits: 1 } },
  });
  const written = await server.ok("BatchExecuteStatement", {
    Statements: [{ Statement: "DELETE FROM indexed WHERE pk = 'a' AND sk = 0" }], ReturnConsumedCapacity: "INDEXES",
  });
  assert.deepEqual(written.ConsumedCapacity[0].LocalSecondaryIndexes, { "by-score": { CapacityUnits: 1 } });
  await assertRefused(server, [
    ["BatchExecuteStatement", {
      Statements: [{ Statement: `SELECT * FROM indexed."by-score" WHERE pk = 'a'`, ConsistentRead: 5 }],
    }, /cannot be converted to Boolean/, "SerializationException"],
    ["ExecuteStatement", { Statement: "INSERT INTO indexed VALUE {'pk': 'a', 'sk': 9, 'score': 'high'}" }, /score/],
  ]);
});

test("a token goes with its statement only", async () => {
  const Statement = "SELECT * FROM Composite WHERE pk = 'a'";
  const first = await server.ok("ExecuteStatement", { Statement, Limit: 2, ReturnConsumedCapacity: "TOTAL" });
  assert.deepEqual(first.LastEvaluatedKey, { pk: S("a"), sk: N(1) });
  assert.equal(first.ConsumedCapacity.CapacityUnits, 0.5);
  const token = first.NextToken as string;
  const forged = (change: object): string => {
    const fields = JSON.parse(Buffer.from(token, "base64").toString());
    return Buffer.from(JSON.stringify({ ...fields, ...change })).toString("base64");
  };
  const refused = "Invalid NextToken";
  await assertRefused(server, [
    ["ExecuteStatement", { Statement: "SELECT * FROM Composite WHERE pk = 'b'", NextToken: token }, "NextToken does not match request"],
    ["ExecuteStatement", { Statement, NextToken: "nonsense" }, refused],
    ["ExecuteStatement", { Statement, NextToken: "bnVsbA==" }, refused],
    ["ExecuteStatement", { Statement, NextToken: forged({ i: 1 }) }, refused],
    ["ExecuteStatement", { Statement, NextToken: forged({ i: "0" }) }, refused],
    ["ExecuteStatement", { Statement, NextToken: forged({ k: { pk: S("b"), sk: N(1) } }) }, refused],
    ["ExecuteStatement", { Statement, NextToken: forged({ k: { pk: S("a") } }) }, refused],
    ["ExecuteStatement", { Statement, NextToken: forged({ k: [] }) }, refused],
  ]);
});

test("statements that cannot be executed are refused in DynamoDB's words", async () => {
  const KEY = "Where clause does not contain a mandatory equality on all key attributes";
  const one = (Statement: string, message: string | RegExp, type = "ValidationException"): any =>
    ["ExecuteStatement", { Statement }, message, type];
  await assertRefused(server, [
    one("UPDATE Composite SET x = 1 WHERE pk = 'a'", KEY),
    one("UPDATE simple SET x = 1", KEY),
    one("DELETE FROM Composite WHERE pk = 'a' AND sk > 1", KEY),
    one("DELETE FROM simple WHERE pk IN ['a', 'b']", KEY),
    one("UPDATE simple SET pk = 'b' WHERE pk = 'a'", /Cannot update attribute pk\. This attribute is part of the key$/),
    one("SELECT * FROM absent", "Requested resource not found", "ResourceNotFoundException"),
    one("SELECT * FROM \"arn:x\"", "Requested resource not found", "ResourceNotFoundException"),
    one("SELECT * FROM simple.idx", "The table does not have the specified index: idx"),
    one("SELECT * FROM simple ORDER BY pk", "Must have WHERE clause in the statement when using ORDER BY clause."),
    one("SELECT * FROM simple WHERE n = 1 ORDER BY pk",
      "Must have at least one non-optional hash key condition in WHERE clause when using ORDER BY clause."),
    one("SELECT * FROM Composite WHERE pk = 'a' ORDER BY odd",
      "Variable reference odd in ORDER BY clause must be part of the primary key"),
    one("SELECT * FROM simple WHERE pk = 5", /Type mismatch for key pk expected: S actual: N$/),
    one("SELECT * FROM simple WHERE pk = ''", /cannot contain an empty string value\. Key: pk$/),
    one(`SELECT * FROM simple WHERE pk = '${"x".repeat(3000)}'`, /hashkey has exceeded/),
    one("INSERT INTO Composite VALUE {'pk': 'a'}", /Missing the key sk in the item$/),
    one("SELECT", /^Statement wasn't well formed, can't be processed: /),
    one("SELECT * FROM simple WHERE pk = ?", "Number of parameters in request and statement don't match."),
    one("x".repeat(8193), /Member must have length less than or equal to 8192/),
    ["ExecuteTransaction", { TransactStatements: [] }, /'transactStatements' .* length greater than or equal to 1$/],
  ]);
});

test("a batch answers each statement by itself, in order", async () => {
  const written = await server.client.send(new BatchExecuteStatementCommand({
    Statements: [
      { Statement: "INSERT INTO simple VALUE {'pk': 'x', 'n': 1}" },
      { Statement: "INSERT INTO Composite VALUE {'pk': 'a', 'sk': 1}" },
      { Statement: "UPDATE simple SET n = 2 WHERE pk = 'absent'" },
      { Statement: "DELETE FROM nowhere WHERE pk = 'a'" },
      { Statement: "DELETE FROM" },
      { Statement: "DELETE FROM Composite WHERE pk = ? AND sk = 1 RETURNING ALL OLD *", Parameters: [S("b")] },
    ],
    ReturnConsumedCapacity: "TOTAL",
  }));
  const replies = written.Responses ?? [];
  assert.deepEqual(replies.map(({ Error }) => Error?.Code),
    [undefined, "DuplicateItem", "ConditionalCheckFailed", "ResourceNotFound", "ValidationError", undefined]);
  assert.equal(replies[1]?.Error?.Message, "Duplicate primary key exists in table");
  assert.deepEqual(replies[5]?.Item, { pk: S("b"), sk: N(1), odd: N(1) });
  assert.deepEqual(written.ConsumedCapacity?.map(({ TableName }) => TableName), ["simple", "Composite"]);

  const read = await server.client.send(new BatchExecuteStatementCommand({
    Statements: [
      { Statement: "SELECT n FROM simple WHERE pk = 'x'", ConsistentRead: true },
      { Statement: "SELECT * FROM simple WHERE pk = 'absent'" },
      { Statement: "SELECT * FROM Composite WHERE pk = 'a'" },
    ],
  }));
  assert.deepEqual(read.Responses, [
    { Item: { n: N(1) }, TableName: "simple" },
    { TableName: "simple" },
    {
      Error: {
        Code: "ValidationError",
        Message: "Select statements within BatchExecuteStatement must specify the primary key in the where clause.",
      },
      TableName: "Composite",
    },
  ]);
  await assertRefused(server, [
    ["BatchExecuteStatement", {
      Statements: [{ Statement: "SELECT * FROM simple WHERE pk='x'" }, { Statement: "DELETE FROM simple WHERE pk='x'" }],
    }, /^Cannot mix/],
    ["BatchExecuteStatement", { Statements: [] }, /length greater than or equal to 1/],
    ["BatchExecuteStatement", {
      Statements: Array.from({ length: 26 }, () => ({ Statement: "SELECT * FROM simple WHERE pk='x'" })),
    }, /length less than or equal to 25/],
  ]);
});
