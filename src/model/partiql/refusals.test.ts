// The words in which statements are refused that PartiQL's parser refuses, and the clauses that DynamoDB does not have.
import assert from "node:assert/strict";
import test from "node:test";
import { parseStatement } from "./parser.ts";

function refusalOf(text: string): string {
  const result = parseStatement(text, []);
  return result.ok ? "accepted" : result.message;
}

test("what PartiQL's parser refuses, in its words", () => {
  const cases: Readonly<Record<string, readonly string[]>> = {
    "Expected data manipulation": [
      "nonsense", "SELEC * FROM t", "SELECT FROM t", "UPDATE t", "UPDATE t WHERE a = 1", "UPDATE t ADD a 1 WHERE k = 1",
    ],
    "Unexpected term": [
      "SELECT", "SELECT * FROM", "SELECT * FROM t WHERE", "SELECT * FROM t WHERE )", "INSERT INTO t VALUE",
      "INSERT INTO t", "UPDATE t SET a =", `SELECT * FROM ${"/*".repeat(4000)}`,
      "SELECT * FROM t WHERE a IN (", "UPDATE t SET a = 1 WHERE k = 1 RETURNING ALL NEW",
    ],
    "Unexpected keyword": [
      "SELECT * FROM WHERE a = 1", "SELECT * FROM t WHERE ORDER BY a", "INSERT t VALUE {'a': 1}",
      "SELECT * FROM t WHERE a = 1 AND ORDER BY a",
    ],
    "Unexpected operator": ["SELECT * FROM t WHERE = 1", "SELECT * FROM t WHERE a = = 1", "SELECT * FROM t WHERE AND a = 1"],
    "Missing right-hand side expression of infix operator": [
      "SELECT * FROM t WHERE a =", "SELECT * FROM t WHERE a = 1 AND", "SELECT * FROM t WHERE a = 1 OR",
      "SELECT * FROM t WHERE a BETWEEN", "SELECT * FROM t WHERE a IN", "UPDATE t SET a = a +",
    ],
    "Expected AND keyword": ["SELECT * FROM t WHERE a BETWEEN 1", "SELECT * FROM t WHERE a BETWEEN 1, 2"],
    "Expected expression after AND": ["SELECT * FROM t WHERE a BETWEEN 1 AND"],
    "Expected FROM after SELECT list": ["SELECT *", "SELECT * FORM t", "SELECT a"],
    "Expected FROM after DELETE": ["DELETE", "DELETE t WHERE a = 1", "DELETE * FROM t WHERE a = 1"],
    "Expected identifier for simple path": [
      "UPDATE 't' SET a = 1", "UPDATE", "DELETE FROM", "INSERT INTO 't' VALUE {'a': 1}", "UPDATE t SET", "UPDATE t REMOVE",
    ],
    "Expected '='": ["UPDATE t SET a", "UPDATE t SET a 1"],
    "Invalid path dot component": ["SELECT a. FROM t", "SELECT * FROM t.", "SELECT a.'b' FROM t"],
    "Expected RIGHT_PAREN": ["SELECT * FROM t WHERE (a = 1", "SELECT * FROM t WHERE begins_with(a)"],
    "Expected RIGHT_BRACKET": ["SELECT * FROM t WHERE a IN [1, 2", "SELECT a[1 FROM t"],
    "Expected RIGHT_CURLY": ["INSERT INTO t VALUE {'a': 1", "INSERT INTO t VALUE {'a': 1 'b': 2}"],
    "Expected COLON": ["INSERT INTO t VALUE {'a' 1}"],
    "Expected BY": ["SELECT * FROM t WHERE a = 1 ORDER a"],
    "Unexpected token after expression": [
      "SELECT * FROM t WHERE a = 1 extra", "SELECT * FROM t WHERE a = 1 ORDER BY a b", "SELECT * FROM t WHERE a 1",
      "INSERT INTO t VALUE {'a': 1} WHERE a = 1", "INSERT INTO t (a) VALUES (1)",
    ],
    "Unexpected token after semicolon. (Only one query is allowed.)": ["SELECT * FROM t; SELECT * FROM t"],
    "Expected ( MODIFIED | ALL ) ( NEW | OLD ) in each returning element.": [
      "UPDATE t SET a = 1 WHERE k = 1 RETURNING", "UPDATE t SET a = 1 WHERE k = 1 RETURNING *",
      "DELETE FROM t WHERE k = 1 RETURNING ALL *",
    ],
  };
  for (const [detail, texts] of Object.entries(cases)) {
    for (const text of texts) {
      assert.equal(refusalOf(text), `Statement wasn't well formed, can't be processed: ${detail}`, text);
    }
  }
});

test("grammar before the number of parameters, that number before what the parameters are", () => {
  const mismatch = "Number of parameters in request and statement don't match.";
  assert.match(refusalOf("SELECT * FROM t WHERE a = ? AND"), /infix operator$/);
  for (const text of ["SELECT * FROM t WHERE a IN ?", "INSERT INTO t VALUE ?", "INSERT INTO t VALUE {'a': <<?>>}"]) {
    assert.equal(refusalOf(text), mismatch, text);
  }
});

test("what PartiQL has and DynamoDB does not", () => {
  const single = "Only Select from a Single Table or index supported";
  const several = "Unsupported operation: Inserting multiple items in a single statement is not supported, "
    + 'use "INSERT INTO tableName VALUE item" instead';
  const cases: readonly (readonly [text: string, message: string])[] = [
    ["SELECT * FROM a, b", single], ["SELECT * FROM a JOIN b ON a.c = b.c", single],
    ["SELECT * FROM a AS x INNER JOIN b ON a.c = b.c", single], ["SELECT * FROM a.i x, b", single],
    ["SELECT * FROM t LIMIT 10", "Unsupported clause: LIMIT at 1:23:2"],
    ["SELECT size(a) FROM t", "Unexpected path component at 1:8:4"], ["SELECT a, 1 FROM t", "Unexpected path component at 1:11:1"],
    ["INSERT INTO t <<{'a': 1}>>", several], ["INSERT INTO t VALUES ('a')", several],
    ["INSERT INTO t.i VALUE {'a': 1}", "This operation is not supported on an index"],
  ];
  for (const [text, message] of cases) assert.equal(refusalOf(text), message, text);
  for (const text of ["SELECT * FROM t WHERE left = 1", "SELECT * FROM t /* all\n of it */ WHERE a = 1 -- yes"]) {
    assert.equal(refusalOf(text), "accepted", text);
  }
});
