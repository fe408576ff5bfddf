// ExecuteStatement and BatchExecuteStatement.
import { N, S, answers, does, refuses, type Suite } from "./suite.ts";
import assert from "node:assert/strict";

const KEY = "Where clause does not contain a mandatory equality on all key attributes";
const run = (Statement: string, Parameters?: unknown, more: object = {}): unknown => ({
  Statement, ...(Parameters === undefined ? {} : { Parameters }), ...more,
});

const refused = refuses("statement", [
  ["ExecuteStatement", {}, "1 validation error detected: Value null at 'statement' failed to satisfy constraint: Member must not be null"],
  ["ExecuteStatement", run(""), "1 validation error detected: Value '' at 'statement' failed to satisfy constraint: "
    + "Member must have length greater than or equal to 1"],
  ["ExecuteStatement", run("nonsense"), "Statement wasn't well formed, can't be processed: Expected data manipulation"],
  ["ExecuteStatement", run('SELECT * FROM "$prange" WHERE'), /^Statement wasn't well formed, can't be processed: /],
  ["ExecuteStatement", run('SELECT * FROM "$prange" WHERE a = ?'), "Number of parameters in request and statement don't match."],
  ["ExecuteStatement", run('SELECT * FROM "$prange"', [S("p")]), "Number of parameters in request and statement don't match."],
  ["ExecuteStatement", run('SELECT * FROM "$prange" WHERE a = ?', []), "1 validation error detected: Value '[]' at 'parameters' failed to satisfy "
    + "constraint: Member must have length greater than or equal to 1"],
  ["ExecuteStatement", run('SELECT * FROM "$nope"'), "Requested resource not found", "ResourceNotFoundException"],
  ["ExecuteStatement", run('SELECT * FROM "$prange"."nope" WHERE a = \'p\''), "The table does not have the specified index: nope"],
  ["ExecuteStatement", run("DELETE FROM \"$phash\" WHERE a = 'x' RETURNING MODIFIED NEW *"),
    "Invalid returning clause: RETURNING MODIFIED NEW *. Only RETURNING ALL OLD * is allowed in DELETE statements."],
  ["ExecuteStatement", run("UPDATE \"$nope\".\"idx\" SET n = 1 WHERE a = 'x'"), "This operation is not supported on an index"],
  ["ExecuteStatement", run("DELETE FROM \"$nope\".\"idx\" WHERE a = 'x'"), "This operation is not supported on an index"],
  ["ExecuteStatement", run('SELECT COUNT(*) FROM "$prange"'), "Unexpected path component at 1:8:5"],
  ["ExecuteStatement", run('SELECT b,\n count(v) FROM "$nope"'), "Unexpected path component at 2:2:5"],
  ["ExecuteStatement", run('SELECT * FROM "$prange"', undefined, { NextToken: "x" }), "Invalid NextToken"],
  ["ExecuteStatement", run('UPDATE "$phash" SET n = 1'), KEY],
  ["ExecuteStatement", run('UPDATE "$phash" SET n = 1 WHERE n = 2'), KEY],
  ["ExecuteStatement", run('DELETE FROM "$phash" WHERE n = 1'), KEY],
  ["ExecuteStatement", run('DELETE FROM "$prange" WHERE a = \'p\''), KEY],
  ["ExecuteStatement", run("INSERT INTO \"$phash\" VALUE {'n': 1}"), "One or more parameter values were invalid: Missing the key a in the item"],
  ["ExecuteStatement", run("INSERT INTO \"$phash\" VALUE {'a': 1}"),
    "One or more parameter values were invalid: Type mismatch for key a expected: S actual: N"],
  ["ExecuteStatement", run("UPDATE \"$phash\" SET a = 'y' WHERE a = 'x'"),
    "One or more parameter values were invalid: Cannot update attribute a. This attribute is part of the key"],
  ["ExecuteStatement", run("UPDATE \"$phash\" SET n = 1 WHERE a = 'none'"), "The conditional request failed", "ConditionalCheckFailedException"],
  ["BatchExecuteStatement", { Statements: [] }, "1 validation error detected: Value '[]' at 'statements' failed to satisfy constraint: "
    + "Member must have length greater than or equal to 1"],
]);

const malformed = (detail: string): string => `Statement wasn't well formed, can't be processed: ${detail}`;
const syntax = refuses("syntax", [
  ["ExecuteStatement", run("SELECT * FORM \"$prange\""), malformed("Expected FROM after SELECT list")],
  ["ExecuteStatement", run("SELECT * FROM \"$prange\" WHERE"), malformed("Unexpected term")],
  ["ExecuteStatement", run("SELECT * FROM \"$prange\" WHERE a ="), malformed("Missing right-hand side expression of infix operator")],
  ["ExecuteStatement", run("SELECT * FROM \"$prange\" WHERE a = 'p' nonsense"), malformed("Unexpected token after expression")],
  ["ExecuteStatement", run("SELECT * FROM WHERE a = 'p'"), malformed("Unexpected keyword")],
  ["ExecuteStatement", run("DELETE \"$phash\" WHERE a = 'p'"), malformed("Expected FROM after DELETE")],
  ["ExecuteStatement", run("UPDATE '$phash' SET n = 1 WHERE a = 'p'"), malformed("Expected identifier for simple path")],
  ["ExecuteStatement", run("UPDATE \"$phash\" WHERE a = 'p'"), malformed("Expected data manipulation")],
  ["ExecuteStatement", run('SELECT * FROM "$prange", "$phash"'), /^Only Select from a Single Table or index supported/],
  ["ExecuteStatement", run('SELECT * FROM "$prange" LIMIT 5'), /^Unsupported clause: LIMIT at 1:/],
  ["ExecuteStatement", run("INSERT INTO \"$phash\" VALUES ('p')"), "Unsupported operation: Inserting multiple items in a single statement "
    + 'is not supported, use "INSERT INTO tableName VALUE item" instead'],
]);

const row = (b: number): unknown => ({ a: S("p"), b: N(b), v: N(b * b), m: { M: { k: S(`k${b}`) } }, l: { L: [N(b)] } });
const select = (text: string, parameters: unknown[] | null, Items: unknown): readonly [string, unknown, { Items: unknown }] => (
  ["ExecuteStatement", run(text, parameters ?? undefined), { Items }]);

const reads = [
  answers("ExecuteStatement", "SELECT by key, by range, with a filter and a projection", [
    select("SELECT * FROM \"$prange\" WHERE a = 'p' AND b = 2", null, [row(2)]),
    select('SELECT * FROM "$prange" WHERE a = ? AND b >= ?', [S("p"), N(2)], [row(2), row(3)]),
    select('SELECT * FROM "$prange" WHERE a = ? AND b BETWEEN 1 AND 2', [S("p")], [row(1), row(2)]),
    select('SELECT * FROM "$prange" WHERE a = ? AND b IN [1, 3]', [S("p")], [row(1), row(3)]),
    select('SELECT * FROM "$prange" WHERE a = ? AND v > 3', [S("p")], [row(2), row(3)]),
    select('SELECT b, v FROM "$prange" WHERE a = ? AND v = 9', [S("p")], [{ b: N(3), v: N(9) }]),
    select("SELECT m.k FROM \"$prange\" WHERE a = 'p' AND b = 1", null, [{ k: S("k1") }]),
    select("SELECT * FROM \"$prange\" WHERE a = 'p' AND begins_with(m.k, 'k2')", null, [row(2)]),
    select("SELECT * FROM \"$prange\" WHERE a = 'p' AND contains(l, 3)", null, [row(3)]),
    select("SELECT * FROM \"$prange\" WHERE a = 'p' AND NOT (b = 1 OR b = 2)", null, [row(3)]),
    select("SELECT * FROM \"$prange\" WHERE a = 'p' AND nope IS MISSING AND b = 1", null, [row(1)]),
    select("SELECT * FROM \"$prange\" WHERE a = 'p' AND v IS NOT MISSING AND b = 1", null, [row(1)]),
    select("SELECT * FROM \"$prange\" WHERE a = 'p' AND size(l) = 1 AND b = 1", null, [row(1)]),
    select("SELECT * FROM \"$prange\" WHERE a = 'p' ORDER BY b DESC", null, [row(3), row(2), row(1)]),
    select("SELECT * FROM \"$prange\" WHERE a = 'none'", null, []),
    select('SELECT * FROM "$prange" WHERE v = 4', null, [row(2)]),
    select("SELECT * FROM \"$prange\" WHERE a = 'p' AND b = 1;", null, [row(1)]),
    select("select * from \"$prange\" where a = 'p' and b = 1", null, [row(1)]),
  ]),
  does("ExecuteStatement", "a token goes with its statement", async (target) => {
    const { NextToken } = await target.ok("ExecuteStatement", run("SELECT * FROM \"$prange\" WHERE a = 'p'", undefined, { Limit: 1 }));
    const answer = await target.ask("ExecuteStatement", run('SELECT * FROM "$prange"', undefined, { Limit: 1, NextToken }));
    assert.deepEqual([answer.status, answer.message], [400, "NextToken does not match request"]);
  }),
  does("ExecuteStatement", "one item by its key has no pages", async (target) => {
    const answer = await target.ok("ExecuteStatement", run("SELECT b FROM \"$prange\" WHERE a = 'p' AND b = 1", undefined, { Limit: 1 }));
    assert.deepEqual(answer, { Items: [{ b: N(1) }] });
  }),
  does("ExecuteStatement", "pages", async (target) => {
    const seen: unknown[] = [];
    let NextToken: string | undefined;
    do {
      const page: any = await target.ok("ExecuteStatement", run("SELECT * FROM \"$prange\" WHERE a = 'p'", undefined, {
        Limit: 1, ...(NextToken === undefined ? {} : { NextToken }),
      }));
      assert.ok(page.Items.length <= 1);
      seen.push(...page.Items);
      NextToken = page.NextToken;
    } while (NextToken !== undefined);
    assert.deepEqual(seen, [row(1), row(2), row(3)]);
  }),
];

const writes = [
  answers("ExecuteStatement", "INSERT, UPDATE, DELETE", [
    ["ExecuteStatement", run("INSERT INTO \"$phash\" VALUE {'a': 'x', 'n': 1, 's': <<'p', 'q'>>, 'l': [1, 'two', {'three': null}], 't': true}"), { Items: [] }],
    ["GetItem", { TableName: "$phash", Key: { a: S("x") } },
      { Item: { a: S("x"), n: N(1), s: { SS: ["p", "q"] }, l: { L: [N(1), S("two"), { M: { three: { NULL: true } } }] }, t: { BOOL: true } } }],
    ["ExecuteStatement", run("UPDATE \"$phash\" SET n = n + 1 SET q = ? REMOVE t WHERE a = 'x' RETURNING ALL NEW *", [S("q")]),
      { Items: [{ a: S("x"), n: N(2), q: S("q"), s: { SS: ["p", "q"] }, l: { L: [N(1), S("two"), { M: { three: { NULL: true } } }] } }] }],
    ["ExecuteStatement", run("UPDATE \"$phash\" SET l = list_append(l, [4]) SET s = set_delete(s, <<'p'>>) WHERE a = 'x' RETURNING MODIFIED NEW *"),
      { Items: [{ s: { SS: ["q"] }, l: { L: [N(1), S("two"), { M: { three: { NULL: true } } }, N(4)] } }] }],
    ["ExecuteStatement", run("UPDATE \"$phash\" SET n = 7 WHERE a = 'x' AND n = 2 RETURNING MODIFIED OLD *"), { Items: [{ n: N(2) }] }],
    ["ExecuteStatement", run("UPDATE \"$phash\" REMOVE l REMOVE s REMOVE q WHERE a = 'x'"), { Items: [] }],
    ["ExecuteStatement", run("DELETE FROM \"$phash\" WHERE a = 'x' RETURNING ALL OLD *"), { Items: [{ a: S("x"), n: N(7) }] }],
    ["ExecuteStatement", run("DELETE FROM \"$phash\" WHERE a = 'x'"), { Items: [] }],
    ["ExecuteStatement", run('INSERT INTO "$phash" VALUE {\'a\': ?, \'v\': ?}', [S("par"), { M: { k: N(1) } }]), {}],
    ["GetItem", { TableName: "$phash", Key: { a: S("par") } }, { Item: { a: S("par"), v: { M: { k: N(1) } } } }],
  ]),
  does("ExecuteStatement", "INSERT of what is there", async (target) => {
    await target.ok("ExecuteStatement", run("INSERT INTO \"$phash\" VALUE {'a': 'dup'}"));
    const answer = await target.ask("ExecuteStatement", run("INSERT INTO \"$phash\" VALUE {'a': 'dup'}"));
    assert.deepEqual([answer.status, answer.type, answer.message], [400, "DuplicateItemException", "Duplicate primary key exists in table"]);
  }),
  does("BatchExecuteStatement", "amid transactions its errors are conflicts", async (target) => {
    const Key = { a: S("contended") };
    const transaction = {
      TransactItems: [{
        Update: { TableName: "$phash", Key, UpdateExpression: "ADD n :one", ExpressionAttributeValues: { ":one": N(1) } },
      }],
    };
    await target.ok("TransactWriteItems", transaction);
    const statement = { Statement: "UPDATE \"$phash\" SET n = n + 1 WHERE a = 'contended'" };
    const answers = await Promise.all(Array.from({ length: 40 }, (_, i) => (
      target.ask(...(i % 2 === 0 ? ["TransactWriteItems", transaction] : ["BatchExecuteStatement", { Statements: [statement] }]) as [string, object]))));
    for (const { json } of answers) {
      const [first] = json.Responses ?? [];
      if (first?.Error !== undefined) assert.equal(first.Error.Code, "TransactionConflict");
    }
  }),
  does("BatchExecuteStatement", "answers each statement by itself", async (target) => {
    await target.ok("PutItem", { TableName: "$phash", Item: { a: S("there") } });
    const { Responses } = await target.ok("BatchExecuteStatement", {
      Statements: [
        { Statement: "INSERT INTO \"$phash\" VALUE {'a': 'there'}" }, { Statement: "INSERT INTO \"$phash\" VALUE {'a': 'fresh'}" },
        { Statement: "DELETE FROM \"$phash\" WHERE a = 'fresh'" }, { Statement: "UPDATE \"$nope\" SET n = 1 WHERE a = 'x'" },
        { Statement: "UPDATE \"$phash\" SET n = 1 WHERE a = 'there' AND n = 9", ReturnValuesOnConditionCheckFailure: "ALL_OLD" },
      ],
    });
    assert.deepEqual(Responses.map((one: any) => one.Error?.Code ?? null),
      ["DuplicateItem", null, null, "ResourceNotFound", "ConditionalCheckFailed"]);
    assert.equal(Responses[0].TableName, target.name("phash"));
    assert.deepEqual(Responses[4].Error.Item, { a: S("there") });
    const reads = await target.ok("BatchExecuteStatement", {
      Statements: [
        { Statement: "SELECT b FROM \"$prange\" WHERE a = 'p' AND b = 1" }, { Statement: "SELECT * FROM \"$prange\" WHERE a = 'p' AND b = 99" },
        { Statement: "SELECT * FROM \"$prange\" WHERE a = 'p'" },
      ],
    });
    assert.deepEqual(reads.Responses[0], { TableName: target.name("prange"), Item: { b: N(1) } });
    assert.deepEqual(reads.Responses[1], { TableName: target.name("prange") });
    assert.deepEqual([reads.Responses[2].Error.Code, reads.Responses[2].Error.Message],
      ["ValidationError", "Select statements within BatchExecuteStatement must specify the primary key in the where clause."]);
  }),
];

export const partiql: Suite = {
  name: "partiql",
  setup: async (target) => {
    await target.table("phash", "a:S");
    await target.table("prange", "a:S", "b:N");
    for (const b of [1, 2, 3]) await target.ok("PutItem", { TableName: "$prange", Item: row(b) });
  },
  cases: [...refused, ...syntax, ...reads, ...writes],
};
