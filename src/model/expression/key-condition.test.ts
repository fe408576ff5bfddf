import assert from "node:assert/strict";
import { test } from "node:test";
import type { AttributeValue } from "../attribute-value.ts";
import { ExpressionContext } from "./context.ts";
import type { KeyConditionSchema } from "./key-condition.ts";
import { parseKeyCondition } from "./parse.ts";

const values: Record<string, AttributeValue> = {
  ":p": { S: "p" }, ":n": { N: "1" }, ":two": { N: "2" }, ":empty": { S: "" }, ":b": { B: "AQ==" },
};
const both: KeyConditionSchema = { hashName: "pk", hashType: "S", rangeName: "sk", rangeType: "N" };
const textual: KeyConditionSchema = { ...both, rangeType: "S" };
const single: KeyConditionSchema = { hashName: "pk", hashType: "S", rangeName: null, rangeType: null };

function parse(text: string, schema: KeyConditionSchema): ReturnType<typeof parseKeyCondition> {
  return parseKeyCondition(text, new ExpressionContext({ "#p": "pk" }, values), schema);
}

test("key conditions", () => {
  const one = { N: "1" };
  const cases: readonly [string, KeyConditionSchema, object | null][] = [
    ["pk = :p", single, null],
    ["pk = :p", both, null],
    ["(#p = :p)", both, null],
    [":p = pk AND sk = :n", both, { op: "=", value: one }],
    ["sk < :n AND pk = :p", both, { op: "<", value: one }],
    ["(pk = :p) AND (sk >= :n)", both, { op: ">=", value: one }],
    ["pk = :p AND :n < sk", both, { op: ">", value: one }],
    ["pk = :p AND :n <= sk", both, { op: ">=", value: one }],
    ["pk = :p AND :n >= sk", both, { op: "<=", value: one }],
    ["pk = :p AND sk BETWEEN :n AND :two", both, { op: "between", low: one, high: { N: "2" } }],
    ["pk = :p AND begins_with(sk, :p)", textual, { op: "begins_with", prefix: { S: "p" } }],
  ];
  for (const [text, schema, sort] of cases) {
    assert.deepEqual(parse(text, schema), { ok: true, value: { hashValue: { S: "p" }, sort } }, text);
  }
});

test("faults in key conditions have DynamoDB's messages", () => {
  const mismatch = "One or more parameter values were invalid: Condition parameter type does not match schema type";
  const emptyKey = "One or more parameter values are not valid. The AttributeValue for a key attribute cannot " +
    "contain an empty string value. Key: ";
  const oneKey = "KeyConditionExpressions must only contain one condition per key";
  const condition = "Invalid condition in KeyConditionExpression: ";
  const operator = "Invalid operator used in KeyConditionExpression: ";
  const cases: readonly [string, KeyConditionSchema, string][] = [
    ["", both, "Invalid KeyConditionExpression: The expression can not be empty;"],
    ["pk = :zz", both,
      "Invalid KeyConditionExpression: An expression attribute value used in expression is not defined; " +
        "attribute value: :zz"],
    ["((pk = :p))", both, "Invalid KeyConditionExpression: The expression has redundant parentheses;"],
    ["pk = :p OR sk = :n", both, `${operator}OR`],
    ["pk = :p AND NOT sk = :n", both, `${operator}NOT`],
    ["pk IN (:p)", both, `${operator}IN`],
    ["pk <> :p", both, `${operator}<>`],
    ["pk = :p AND contains(sk, :p)", both, `${operator}contains`],
    ["pk = :p AND attribute_exists(sk)", both, `${operator}attribute_exists`],
    ["sk = :n", both, "Query condition missed key schema element: pk"],
    ["pk = :p AND x = :n", both, "Query condition missed key schema element: sk"],
    ["pk = :p AND x = :n", single, "Query key condition not supported"],
    ["pk = :p AND x = :n AND sk = :n", both, "Conditions can be of length 1 or 2 only"],
    ["pk > :p", both, "Query key condition not supported"],
    ["begins_with(pk, :p) AND sk = :n", both, "Query key condition not supported"],
    ["pk = :n", both, mismatch],
    ["pk = :p AND sk = :p", both, mismatch],
    ["pk = :p AND begins_with(sk, :p)", both, mismatch],
    ["pk = :p AND begins_with(sk, :n)", both,
      "Invalid KeyConditionExpression: Incorrect operand type for operator or function; " +
        "operator or function: begins_with, operand type: N"],
    ["pk = :p AND pk = :p", both, oneKey],
    ["pk = :p AND sk > :n AND sk < :two", both, oneKey],
    ["pk = sk", both, `${condition}Multiple attribute names used in one condition`],
    [":p = :p", both, `${condition}No key attribute specified`],
    ["pk = :p AND :n BETWEEN sk AND :two", both,
      `${condition}BETWEEN operator must have the key attribute as its first operand`],
    ["pk = :p AND begins_with(:p, sk)", both,
      `${condition}begins_with operator must have the key attribute as its first operand`],
    ["pk.a = :p", both, "KeyConditionExpressions cannot have conditions on nested attributes"],
    ["pk = :p AND size(sk) = :n", both, "KeyConditionExpressions cannot contain nested operations"],
    ["pk = :p AND sk BETWEEN :two AND :n", both,
      "Invalid KeyConditionExpression: The BETWEEN operator requires upper bound to be greater than or equal to " +
        "lower bound; lower bound operand: AttributeValue: {N:2}, upper bound operand: AttributeValue: {N:1}"],
    ["pk = :empty", both, `${emptyKey}pk`],
    ["pk = :p AND sk = :empty", textual, `${emptyKey}sk`],
  ];
  for (const [text, schema, message] of cases) assert.deepEqual(parse(text, schema), { ok: false, message }, text);
});
