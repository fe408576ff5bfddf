// Statements and what they mean; statements that are refused; and that no text whatever breaks the parser.
import assert from "node:assert/strict";
import test from "node:test";
import { Prng } from "../../base/prng.ts";
import type { AttributeValue } from "../attribute-value.ts";
import { evaluateCondition } from "../expression/evaluate-condition.ts";
import type { Statement } from "./ast.ts";
import { parseStatement } from "./parser.ts";

function parsed(text: string, ...parameters: readonly AttributeValue[]): Statement {
  const result = parseStatement(text, parameters);
  assert.ok(result.ok, `${text}: ${result.ok ? "" : result.message}`);
  return result.statement;
}

test("statements become what they say", () => {
  assert.deepEqual(parsed(`select a, "b c".d[2]['e'] from "T-1"."idx" order by a desc, b`), {
    kind: "select", projection: [["a"], ["b c", "d", 2, "e"]], table: "T-1", index: "idx", where: null,
    order: [{ path: ["a"], isForward: false }, { path: ["b"], isForward: true }],
  });
  assert.deepEqual(
    parsed(`INSERT INTO t VALUE {'s': 'it''s', 'n': -1.50e1, 'l': [true, null, ?], 'm': {'x': <<1, 2>>}}`, { B: "AA==" }),
    {
      kind: "insert", table: "t", item: {
        s: { S: "it's" }, n: { N: "-15" }, l: { L: [{ BOOL: true }, { NULL: true }, { B: "AA==" }] },
        m: { M: { x: { NS: ["1", "2"] } } },
      },
    },
  );
  assert.deepEqual(
    parsed(`UPDATE t SET a = a + 1, b = list_append(b, [?]) SET c = set_add(c, <<'x'>>) REMOVE d[0], e
      WHERE k = 1 RETURNING MODIFIED NEW *`, { S: "p" }),
    {
      kind: "update", table: "t",
      update: {
        set: [
          {
            path: ["a"],
            value: {
              kind: "plus", left: { kind: "operand", operand: { kind: "path", path: ["a"] } },
              right: { kind: "operand", operand: { kind: "value", value: { N: "1" } } },
            },
          },
          {
            path: ["b"],
            value: {
              kind: "list_append", left: { kind: "operand", operand: { kind: "path", path: ["b"] } },
              right: { kind: "operand", operand: { kind: "value", value: { L: [{ S: "p" }] } } },
            },
          },
        ],
        remove: [["d", 0], ["e"]], add: [{ path: ["c"], value: { SS: ["x"] } }], delete: [],
      },
      where: {
        kind: "compare", comparator: "=", left: { kind: "path", path: ["k"] },
        right: { kind: "value", value: { N: "1" } },
      },
      returning: "UPDATED_NEW",
    },
  );
  const removal = parsed("DELETE FROM t WHERE k = 1 RETURNING ALL OLD *");
  assert.equal(removal.kind === "delete" ? removal.returning : null, "ALL_OLD");
});

test("conditions are true of what they describe", () => {
  const item = {
    s: { S: "hello" }, n: { N: "7" }, z: { NULL: true }, l: { L: [{ N: "1" }] }, m: { M: { x: { S: "y" } } },
    set: { SS: ["a", "b"] },
  } as const;
  const cases: readonly (readonly [where: string, isTrue: boolean])[] = [
    ["n = 7", true], ["n <> 7", false], ["n != 8", true], ["7 < n", false], ["n >= 7.0", true],
    ["n BETWEEN 1 AND 7 AND s = 'hello'", true], ["n NOT BETWEEN 1 AND 7", false],
    ["n IN [1, 7]", true], ["n IN (1, 2)", false], ["n NOT IN (1, 2)", true],
    ["z IS NULL", true], ["z IS NOT NULL", false], ["s IS NULL", false],
    ["q IS MISSING", true], ["s IS NOT MISSING", true], ["z IS MISSING", false],
    ["begins_with(s, 'he')", true], ["contains(\"set\", 'b')", true], ["BEGINS_WITH(s, 'lo')", false],
    ["attribute_type(n, 'N')", true], ["size(s) = 5", true], ["size(l) > 1", false],
    ["l[0] = 1 AND m.x = 'y'", true], ["m['x'] = 'z'", false],
    ["n = 1 OR n = 7 AND s = 'no'", false], ["(n = 1 OR n = 7) AND s = 'hello'", true],
    ["NOT n = 1 AND NOT (s = 'hello')", false], ["m = {'x': 'y'}", true], ["\"set\" = <<'b', 'a'>>", true],
    ["n = 7 -- a comment", true],
  ];
  for (const [where, isTrue] of cases) {
    const statement = parsed(`SELECT * FROM t WHERE ${where}`);
    assert.ok(statement.kind === "select" && statement.where !== null);
    assert.equal(evaluateCondition(statement.where, item), isTrue, where);
  }
});

test("what is no statement is refused", () => {
  const malformed = /^Statement wasn't well formed, can't be processed: /;
  const deep = (text: string, count: number, end: string): string => text.repeat(count) + end.repeat(count);
  const cases: readonly (readonly [text: string, message: RegExp])[] = [
    ["", malformed], ["SELECT", malformed], ["SELECT * FROM", malformed], ["SELECT * FROM t WHERE", malformed],
    ["SELECT * FROM t extra", malformed], ["SELECT * FROM 't'", malformed], ["SELECT a b FROM t", malformed],
    ["SELECT * FROM t WHERE a = 'x", malformed], ["SELECT * FROM t WHERE f(a)", malformed],
    ["SELECT * FROM t WHERE a IN []", malformed], ["SELECT * FROM t WHERE a", malformed],
    ["SELECT a, a.b FROM t", /^Two document paths overlap/],
    ["SELECT * FROM t WHERE EXISTS(SELECT * FROM t)", /^EXISTS is allowed/],
    ["SELECT * FROM t WHERE attribute_type(a, 'X')", /^Invalid attribute type name found; type: X/],
    [`SELECT * FROM t WHERE ${deep("(", 60, ")")}`, /too many levels/],
    [`SELECT * FROM t WHERE a = 1${" OR a = 1".repeat(400)}`, /too many operators/],
    [`SELECT * FROM t WHERE a = ${deep("[", 40, "]")}`, /^Nesting Levels/],
    ["INSERT INTO t VALUE 5", malformed], ["INSERT INTO t VALUE {'a': 1, 'a': 2}", malformed],
    ["INSERT INTO t VALUE {a: 1}", malformed], ["INSERT INTO t VALUE {'a': <<>>}", malformed],
    ["INSERT INTO t VALUE {'a': <<1, 'x'>>}", malformed], ["INSERT INTO t VALUE {'a': <<1, 1>>}", /duplicates/],
    ["INSERT INTO t VALUE {'': 1}", /An attribute name may not be empty/],
    ["INSERT INTO t VALUE {'a': 1e200}", /^Number overflow/],
    ["UPDATE t WHERE a = 1", malformed], ["UPDATE t SET a = 1, a = 2 WHERE k = 1", /^Two document paths overlap/],
    ["UPDATE t SET a = set_add(b, <<1>>) WHERE k = 1", /must be the path/],
    ["UPDATE t SET a = set_add(a, 1) WHERE k = 1", /operand type: N/],
    [`UPDATE t SET a = 1${" + 1".repeat(50)} WHERE k = 1`, /too many operators/],
    ["DELETE FROM t WHERE k = 1 RETURNING ALL NEW *", /^Invalid returning clause: RETURNING ALL NEW \*\. Only/],
    ["DELETE FROM t.i WHERE k = 1", /^This operation is not supported on an index$/], ["SELECT a, COUNT(*) FROM t", /^Unexpected path component at 1:11:5$/],
    ["SELECT * FROM t WHERE a = ?", /^Number of parameters in request and statement don't match\.$/],
  ];
  for (const [text, message] of cases) {
    const result = parseStatement(text, []);
    assert.match(result.ok ? "accepted" : result.message, message, text);
  }
  const extra = parseStatement("SELECT * FROM t", [{ S: "a" }]);
  assert.equal(extra.ok ? null : extra.message, "Number of parameters in request and statement don't match.");
});

const PIECES: readonly string[] = [
  "SELECT", "*", "FROM", "t", "WHERE", "a", "=", "'x'", "1", "?", "AND", "OR", "NOT", "(", ")", "[", "]", "{", "}",
  "<<", ">>", ",", ".", ":", "-", "+", "IN", "BETWEEN", "IS", "MISSING", "NULL", "UPDATE", "SET", "REMOVE", "INSERT",
  "INTO", "VALUE", "DELETE", "RETURNING", "ALL", "OLD", "NEW", "size", "begins_with", "set_add", "list_append", "\"",
  "'", "\0", "😀", "ORDER", "BY", "DESC", "EXISTS", "1e9", "--", "\"q\"",
];

test("random text is a statement or refused, never an exception", () => {
  const seed = Number(process.env["STATOR_SEED"] ?? Date.now() % 1_000_000);
  const prng = new Prng(seed);
  const starts = ["SELECT * FROM t WHERE ", "UPDATE t SET a = ", "INSERT INTO t VALUE {'a': ", "DELETE FROM t WHERE ", ""];
  let accepted = 0;
  for (let i = 0; i < 20_000; i++) {
    let text = prng.pick(starts);
    for (let left = prng.below(12); left > 0; left--) text += `${prng.pick(PIECES)} `;
    const count = prng.below(3);
    try {
      if (parseStatement(text, Array.from({ length: count }, () => ({ N: "1" }))).ok) accepted++;
    } catch (error) {
      assert.fail(`STATOR_SEED=${seed}: ${JSON.stringify(text)}: ${String(error)}`);
    }
  }
  assert.ok(accepted > 0, `STATOR_SEED=${seed}: some texts are statements`);
});
