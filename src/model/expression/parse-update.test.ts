import assert from "node:assert/strict";
import { test } from "node:test";
import type { AttributeValue } from "../attribute-value.ts";
import { ExpressionContext } from "./context.ts";
import { parseProjection, parseUpdate } from "./parse.ts";

const values: Record<string, AttributeValue> = {
  ":n": { N: "1" }, ":s": { S: "x" }, ":l": { L: [] }, ":ss": { SS: ["p"] }, ":bs": { BS: ["AQ=="] },
};
const value = (of: AttributeValue): object => ({ kind: "operand", operand: { kind: "value", value: of } });
const path = (...of: (string | number)[]): object => ({ kind: "operand", operand: { kind: "path", path: of } });
const none = { set: [], remove: [], add: [], delete: [] };

function parse(text: string): ReturnType<typeof parseUpdate> {
  return parseUpdate(text, new ExpressionContext({ "#a": "a", "#r": "range" }, values));
}

const trees: readonly [text: string, tree: object][] = [
  ["SET a = :n", { ...none, set: [{ path: ["a"], value: value({ N: "1" }) }] }],
  ["set a.#r[3]=b[0]", { ...none, set: [{ path: ["a", "range", 3], value: path("b", 0) }] }],
  ["SET a = b + :n, c = (b - :n)", {
    ...none,
    set: [
      { path: ["a"], value: { kind: "plus", left: path("b"), right: value({ N: "1" }) } },
      { path: ["c"], value: { kind: "minus", left: path("b"), right: value({ N: "1" }) } },
    ],
  }],
  ["SET a = if_not_exists(a, :n) + :n", {
    ...none,
    set: [{
      path: ["a"],
      value: { kind: "plus", left: { kind: "if_not_exists", path: ["a"], otherwise: value({ N: "1" }) },
        right: value({ N: "1" }) },
    }],
  }],
  ["SET a = list_append(if_not_exists(a, :l), :l)", {
    ...none,
    set: [{
      path: ["a"],
      value: { kind: "list_append", left: { kind: "if_not_exists", path: ["a"], otherwise: value({ L: [] }) },
        right: value({ L: [] }) },
    }],
  }],
  ["REMOVE a, b[1] ADD c :n, d :ss Delete e :bs", {
    set: [],
    remove: [["a"], ["b", 1]],
    add: [{ path: ["c"], value: { N: "1" } }, { path: ["d"], value: { SS: ["p"] } }],
    delete: [{ path: ["e"], value: { BS: ["AQ=="] } }],
  }],
  ["DELETE a :ss SET b = :s",
    { ...none, set: [{ path: ["b"], value: value({ S: "x" }) }], delete: [{ path: ["a"], value: { SS: ["p"] } }] }],
];

test("updates parse to their trees", () => {
  for (const [text, tree] of trees) {
    const parsed = parse(text);
    assert.ok(parsed.ok, `${text}: ${parsed.ok ? "" : parsed.message}`);
    assert.deepEqual(parsed.value, tree, text);
  }
});

const syntax = (token: string, near: string): string => `Syntax error; token: "${token}", near: "${near}"`;
const operandType = (name: string, type: string): string =>
  `Incorrect operand type for operator or function; operator or function: ${name}, operand type: ${type}`;
const operandCount = (name: string, count: number): string =>
  "Incorrect number of operands for operator or function; " +
  `operator or function: ${name}, number of operands: ${count}`;
const typeSet = (operator: string, type: string): string =>
  `Incorrect operand type for operator or function; operator: ${operator}, operand type: ${type}, ` +
  `typeSet: ALLOWED_FOR_${operator}_OPERAND`;
const overlap = (how: string, one: string, two: string): string =>
  `Two document paths ${how} with each other; must remove or rewrite one of these paths; ` +
  `path one: ${one}, path two: ${two}`;

const faults: readonly [text: string, message: string][] = [
  ["", "The expression can not be empty;"],
  ["SET", syntax("<EOF>", "SET")],
  ["INVALID SYNTAX HERE", syntax("INVALID", "INVALID SYNTAX")],
  ["SET a", syntax("<EOF>", "a")],
  ["SET a :n", syntax(":n", "a :n")],
  ["SET a = :n,", syntax("<EOF>", ",")],
  ["SET a = :n b = :n", syntax("b", ":n b =")],
  ["SET a = :n, SET b = :n", syntax("SET", ", SET b")],
  ["SET a = b + :n + :n", syntax("+", ":n + :n")],
  ["SET :n = a", syntax(":n", "SET :n =")],
  ["ADD hits : incr", syntax(":", "hits : incr")],
  ["ADD a b", syntax("b", "a b")],
  ["ADD a = :n", syntax("=", "a = :n")],
  ["REMOVE a b", syntax("b", "a b")],
  ["REMOVE a[", syntax("<EOF>", "[")],
  ["SET a = (:n", syntax("<EOF>", ":n")],
  ["SET a = ((b + :n))", "The expression has redundant parentheses;"],
  ["SET a = :n SET b = :n", 'The "SET" section can only be used once in an update expression;'],
  ["REMOVE a remove b", 'The "REMOVE" section can only be used once in an update expression;'],
  ["SET name = :n", "Attribute name is a reserved keyword; reserved keyword: name"],
  ["SET and = :n", "Attribute name is a reserved keyword; reserved keyword: and"],
  ["SET a = b.size", "Attribute name is a reserved keyword; reserved keyword: size"],
  ["SET #x = :n", "An expression attribute name used in the document path is not defined; attribute name: #x"],
  ["SET a = :v", "An expression attribute value used in expression is not defined; attribute value: :v"],
  ["SET a = foo(b)", "Invalid function name; function: foo"],
  ["SET a = size(b)", "The function is not allowed in an update expression; function: size"],
  ["SET a = if_not_exists(b)", operandCount("if_not_exists", 1)],
  ["SET a = if_not_exists(:n, :n)",
    "Operator or function requires a document path; operator or function: if_not_exists"],
  ["SET a = b + :s", operandType("+", "S")],
  ["SET a = :l - b", operandType("-", "L")],
  ["SET a = list_append(a, :l) + :n", operandType("+", "L")],
  ["SET a = if_not_exists(a, :s) + :n", operandType("+", "S")],
  ["SET a = list_append(a, :s)", operandType("list_append", "S")],
  ["ADD a :s", typeSet("ADD", "STRING")],
  ["ADD a :l", typeSet("ADD", "LIST")],
  ["DELETE a :n", typeSet("DELETE", "NUMBER")],
  ["SET a = :n, a = :n", overlap("overlap", "[a]", "[a]")],
  ["SET a = :n REMOVE #a.b", overlap("overlap", "[a]", "[a, b]")],
  ["SET a.b[1].c = :n ADD a.b :n", overlap("overlap", "[a, b, [1], c]", "[a, b]")],
  ["SET a.b = :n, a[1] = :n", overlap("conflict", "[a, b]", "[a, [1]]")],
  [`SET a = b${", a = b - c".repeat(301)}`, "The expression contains too many operators; operator count: 301"],
];

test("faults in updates have DynamoDB's messages", () => {
  for (const [text, message] of faults) {
    assert.deepEqual(parse(text), { ok: false, message: `Invalid UpdateExpression: ${message}` }, text.slice(0, 80));
  }
});

function project(text: string): ReturnType<typeof parseProjection> {
  return parseProjection(text, new ExpressionContext({ "#a": "a", "#r": "range" }, null));
}

test("projections parse to their paths", () => {
  assert.deepEqual(project("a, b.c[0], #r.#a"), { ok: true, value: [["a"], ["b", "c", 0], ["range", "a"]] });
});

test("faults in projections have DynamoDB's messages", () => {
  const cases: readonly [string, string][] = [
    ["", "The expression can not be empty;"],
    ["!!", syntax("!", "!!")],
    ["a,", syntax("<EOF>", ",")],
    ["a b", syntax("b", "a b")],
    ["dummy-id", syntax("-", "dummy-id")],
    ["m.#a_2021-03-03", syntax("-", "#a_2021-0")],
    ["a = b", syntax("=", "a = b")],
    ["size(a)", syntax("(", "size(a")],
    [":v", syntax(":v", ":v")],
    ["a, b.c[0], #r.#a,set", "Attribute name is a reserved keyword; reserved keyword: set"],
    ["name", "Attribute name is a reserved keyword; reserved keyword: name"],
    ["#b", "An expression attribute name used in the document path is not defined; attribute name: #b"],
    ["a, #a", overlap("overlap", "[a]", "[a]")],
    ["a[0].b, a[0]", overlap("overlap", "[a, [0], b]", "[a, [0]]")],
    ["a[0], a.b", overlap("conflict", "[a, [0]]", "[a, b]")],
  ];
  for (const [text, message] of cases) {
    assert.deepEqual(project(text), { ok: false, message: `Invalid ProjectionExpression: ${message}` }, text);
  }
});
