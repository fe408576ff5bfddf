import assert from "node:assert/strict";
import { test } from "node:test";
import type { AttributeValue } from "../attribute-value.ts";
import { ExpressionContext } from "./context.ts";
import { parseCondition } from "./parse.ts";
import { RESERVED_WORD_COUNT } from "./reserved-words.ts";

const values: Record<string, AttributeValue> = {
  ":n": { N: "1" }, ":two": { N: "2" }, ":s": { S: "x" }, ":b": { B: "AQ==" }, ":t": { BOOL: true },
  ":nil": { NULL: true }, ":l": { L: [{ S: "e" }] }, ":m": { M: {} }, ":ss": { SS: ["p", "q"] }, ":type": { S: "SS" },
};
const names: Record<string, string> = { "#a": "a", "#dot": "a.b", "#name": "name", "#0_x": "zero" };

function parse(text: string): ReturnType<typeof parseCondition> {
  return parseCondition(text, "ConditionExpression", new ExpressionContext(names, values));
}

function messageOf(text: string): string {
  const parsed = parse(text);
  assert.ok(!parsed.ok, `refused: ${text}`);
  return parsed.message;
}

const a = { kind: "path", path: ["a"] };
const n = { kind: "value", value: { N: "1" } };
const equal = (path: string): object =>
  ({ kind: "compare", comparator: "=", left: { kind: "path", path: [path] }, right: n });

const trees: readonly [text: string, tree: object][] = [
  ["a = :n", equal("a")],
  ["  a\t=\n:n\r\n", equal("a")],
  ["(a = :n)", equal("a")],
  ["((a) = (:n))", equal("a")],
  ["#a <> :n", { kind: "compare", comparator: "<>", left: a, right: n }],
  ["#dot = :n", equal("a.b")],
  ["#name = :n", equal("name")],
  ["#0_x = :n", equal("zero")],
  ["a.b[0].#name[12] >= :n", {
    kind: "compare", comparator: ">=", left: { kind: "path", path: ["a", "b", 0, "name", 12] }, right: n,
  }],
  [":n < a", { kind: "compare", comparator: "<", left: n, right: a }],
  [":n = :n", { kind: "compare", comparator: "=", left: n, right: n }],
  ["size(a.b) > :n", { kind: "compare", comparator: ">", left: { kind: "size", path: ["a", "b"] }, right: n }],
  ["((size (a)) > :n)", { kind: "compare", comparator: ">", left: { kind: "size", path: ["a"] }, right: n }],
  ["size(:s) = :n", { kind: "compare", comparator: "=", left: n, right: n }],
  ["a between :n and :two", { kind: "between", operand: a, low: n, high: { kind: "value", value: { N: "2" } } }],
  ["a IN (:n, b)", { kind: "in", operand: a, list: [n, { kind: "path", path: ["b"] }] }],
  ["attribute_exists(a)", { kind: "attribute_exists", path: ["a"] }],
  ["attribute_not_exists (a.b)", { kind: "attribute_not_exists", path: ["a", "b"] }],
  ["attribute_type(a, :type)", { kind: "attribute_type", path: ["a"], type: "SS" }],
  ["begins_with(a, :s)", { kind: "begins_with", operand: a, prefix: { kind: "value", value: { S: "x" } } }],
  ["contains(a, b)", { kind: "contains", operand: a, element: { kind: "path", path: ["b"] } }],
  // NOT binds before AND, AND before OR; chains lean to the left.
  ["NOT a = :n AND b = :n", { kind: "and", left: { kind: "not", operand: equal("a") }, right: equal("b") }],
  ["a = :n OR b = :n AND c = :n",
    { kind: "or", left: equal("a"), right: { kind: "and", left: equal("b"), right: equal("c") } }],
  ["(a = :n OR b = :n) AND c = :n",
    { kind: "and", left: { kind: "or", left: equal("a"), right: equal("b") }, right: equal("c") }],
  ["a = :n and b = :n And c = :n",
    { kind: "and", left: { kind: "and", left: equal("a"), right: equal("b") }, right: equal("c") }],
  ["not NOT a = :n", { kind: "not", operand: { kind: "not", operand: equal("a") } }],
  ["a BETWEEN :n AND :n AND b = :n",
    { kind: "and", left: { kind: "between", operand: a, low: n, high: n }, right: equal("b") }],
  ["a = :n OR (b = :n AND c = :n)",
    { kind: "or", left: equal("a"), right: { kind: "and", left: equal("b"), right: equal("c") } }],
];

test("conditions parse to their trees", () => {
  for (const [text, tree] of trees) {
    const parsed = parse(text);
    assert.ok(parsed.ok, `${text}: ${parsed.ok ? "" : parsed.message}`);
    assert.deepEqual(parsed.value, tree, text);
  }
});

const syntaxErrors: readonly [text: string, token: string, near: string][] = [
  ["a", "<EOF>", "a"],
  ["a =", "<EOF>", "="],
  ["a =  ", "<EOF>", "="],
  ["a b c", "b", "a b c"],
  ["a  b   c d", "b", "a  b   c"],
  ["!!", "!", "!!"],
  ["a = :n)", ")", ":n)"],
  ["(a = :n", "<EOF>", ":n"],
  ["a : n", ":", "a : n"],
  ["a = # b", "#", "= # b"],
  ["_a = :n", "_", "_a"],
  ["a-b = :n", "-", "a-b"],
  ["a = 'x'", "'", "= 'x"],
  ["a[01] = :n", "1", "01]"],
  ["a[-1] = :n", "-", "[-1"],
  ["a. = :n", "=", ". = :n"],
  ["a AND b = :n", "AND", "a AND b"],
  ["NOT a", "<EOF>", "a"],
  ["a = :n OR", "<EOF>", "OR"],
  ["a IN :n", ":n", "IN :n"],
  ["a IN ()", ")", "()"],
  ["a IN (:n,)", ")", ",)"],
  ["a BETWEEN :n, :n", ",", ":n, :n"],
  ["attribute_exists(", "<EOF>", "("],
  ["attribute_exists()", ")", "()"],
  ["contains(a, :s", "<EOF>", ":s"],
  ["(a = :n) = :n", "=", ") = :n"],
  ["a = b = :n", "=", "b = :n"],
  ["and = :n", "and", "and ="],
  ["not = :n", "=", "not = :n"],
  ["\u{1f600} = :n", "\u{1f600}", "\u{1f600} ="],
  ["a = :n \u00a0", "\u00a0", ":n \u00a0"],
];

test("syntax errors name the token and its neighbours", () => {
  for (const [text, token, near] of syntaxErrors) {
    assert.equal(messageOf(text), `Invalid ConditionExpression: Syntax error; token: "${token}", near: "${near}"`,
      text);
  }
});

const operandType = (name: string, type: string): string =>
  `Incorrect operand type for operator or function; operator or function: ${name}, operand type: ${type}`;
const distinct = (name: string): string =>
  "The first operand must be distinct from the remaining operands for this operator or function; " +
  `operator: ${name}, first operand: [a]`;
const operandCount = (name: string, count: number): string =>
  `Incorrect number of operands for operator or function; operator or function: ${name}, number of operands: ${count}`;

const faults: readonly [text: string, message: string][] = [
  ["", "The expression can not be empty;"],
  ["  \n", "The expression can not be empty;"],
  ["((a = :n))", "The expression has redundant parentheses;"],
  ["b = :n AND ((a = :n))", "The expression has redundant parentheses;"],
  ["((a)) = :n", "The expression has redundant parentheses;"],
  ["a = :missing", "An expression attribute value used in expression is not defined; attribute value: :missing"],
  ["a = :toString", "An expression attribute value used in expression is not defined; attribute value: :toString"],
  ["#no = :n", "An expression attribute name used in the document path is not defined; attribute name: #no"],
  ["name = :n", "Attribute name is a reserved keyword; reserved keyword: name"],
  ["a.Value = :n", "Attribute name is a reserved keyword; reserved keyword: Value"],
  ["foo(a)", "Invalid function name; function: foo"],
  ["Size(a) > :n", "Invalid function name; function: Size"],
  ["size(a)", "The function is not allowed to be used this way in an expression; function: size"],
  ["a = contains(b, :s)", "The function is not allowed to be used this way in an expression; function: contains"],
  ["list_append(a, :l)", "The function is not allowed in a condition expression; function: list_append"],
  ["begins_with(a)", operandCount("begins_with", 1)],
  ["attribute_exists(a, b)", operandCount("attribute_exists", 2)],
  ["size(a, b) = :n", operandCount("size", 2)],
  ["attribute_exists(:s)", "Operator or function requires a document path; operator or function: attribute_exists"],
  ["attribute_type(:s, :type)", "Operator or function requires a document path; operator or function: attribute_type"],
  ["attribute_type(a, :s)", "Invalid attribute type name found; type: x, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}"],
  ["attribute_type(a, :n)", operandType("attribute_type", "N")],
  ["begins_with(a, :n)", operandType("begins_with", "N")],
  ["begins_with(:ss, a)", operandType("begins_with", "SS")],
  ["begins_with(a, size(b))", operandType("begins_with", "N")],
  ["contains(:n, a)", operandType("contains", "N")],
  ["contains(:m, a)", operandType("contains", "M")],
  ["size(:n) = a", operandType("size", "N")],
  ["size(size(a)) = :n", operandType("size", "N")],
  ["a < :t", operandType("<", "BOOL")],
  ["a >= :nil", operandType(">=", "NULL")],
  [":l <= a", operandType("<=", "L")],
  ["a BETWEEN :m AND :n", operandType("BETWEEN", "M")],
  ["a = a", distinct("=")],
  ["a <> #a", distinct("<>")],
  ["a IN (b, a)", distinct("IN")],
  ["a BETWEEN b AND a", distinct("BETWEEN")],
  ["begins_with(a, a)", distinct("begins_with")],
  ["contains(a, a)", distinct("contains")],
  ["a BETWEEN :two AND :n", "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; " +
    "lower bound operand: AttributeValue: {N:2}, upper bound operand: AttributeValue: {N:1}"],
  ["a BETWEEN :n AND :s", "The BETWEEN operator requires same data type for lower and upper bounds; " +
    "lower bound operand: AttributeValue: {N:1}, upper bound operand: AttributeValue: {S:x}"],
  ["a[2147483648] = :n", "List index is not within the allowable range; index: [2147483648]"],
  [`a${".b".repeat(32)} = :n`, "The document path has too many nesting elements; nesting levels: 33"],
  [`a IN (${Array(101).fill("b").join(",")})`,
    "The IN operator is provided with too many operands; number of operands: 101"],
  [`a = :n${" ".repeat(4091)}`, "Expression size has exceeded the maximum allowed size; expression size: 4097"],
  [`a = :n AND ${"\u00e9".repeat(2050)}`,
    "Expression size has exceeded the maximum allowed size; expression size: 4111"],
  [Array(151).fill("a<b").join(" AND "), "The expression contains too many operators; operator count: 301"],
  [Array(400).fill("a<b").join(" AND "), "The expression contains too many operators; operator count: 301"],
  ["NOT ".repeat(1000), "The expression contains too many operators; operator count: 301"],
  ["(".repeat(4096), "The expression has redundant parentheses;"],
];

test("faults have DynamoDB's messages", () => {
  for (const [text, message] of faults) {
    assert.equal(messageOf(text), `Invalid ConditionExpression: ${message}`, text.slice(0, 80));
  }
});

test("limits are inclusive", () => {
  assert.ok(parse(`a = :n${" ".repeat(4090)}`).ok);
  assert.ok(parse(`${"NOT ".repeat(299)} a = :n`).ok);
  assert.ok(parse(`a${".b".repeat(31)} = :n`).ok);
  assert.ok(parse("a[2147483647] = :n").ok);
  assert.ok(parse(`a IN (${Array(100).fill("b").join(",")})`).ok);
});

test("the kind of expression is in the message", () => {
  const parsed = parseCondition("", "FilterExpression", new ExpressionContext(null, null));
  assert.deepEqual(parsed, { ok: false, message: "Invalid FilterExpression: The expression can not be empty;" });
});

test("the reserved words are complete", () => {
  assert.equal(RESERVED_WORD_COUNT, 573);
});

test("a tree used again takes the new request's placeholders", () => {
  for (const [name, value] of [["x", "1"], ["y", "2"]] as const) {
    const context = new ExpressionContext({ "#p": name }, { ":v": { N: value } });
    const parsed = parseCondition("#p = :v", "ConditionExpression", context);
    assert.deepEqual(parsed, {
      ok: true,
      value: { kind: "compare", comparator: "=", left: { kind: "path", path: [name] },
        right: { kind: "value", value: { N: value } } },
    });
    assert.equal(context.unusedProblem(), null);
  }
});

test("placeholders no expression uses are reported, names first", () => {
  const context = new ExpressionContext({ "#a": "a", "#b": "b", "#c": "c" }, { ":v": { N: "1" }, ":w": { N: "1" } });
  assert.ok(parseCondition("#a = :v", "ConditionExpression", context).ok);
  assert.equal(context.unusedProblem(),
    "Value provided in ExpressionAttributeNames unused in expressions: keys: {#b, #c}");
  assert.ok(parseCondition("#b = :v OR #c = :v", "FilterExpression", context).ok);
  assert.equal(context.unusedProblem(),
    "Value provided in ExpressionAttributeValues unused in expressions: keys: {:w}");
  assert.ok(parseCondition("#b = :w", "FilterExpression", context).ok);
  assert.equal(context.unusedProblem(), null);
});
