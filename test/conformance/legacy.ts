// The parameters from before expressions, and their rules of mixing.
import { N, S, answers, does, refuses, type Refused, type Suite } from "./suite.ts";
import assert from "node:assert/strict";

const T = { TableName: "$lrange" };
const K = { a: S("p"), b: N(1) };
const INVALID = "One or more parameter values were invalid: ";
const MIX = "Can not use both expression and non-expression parameters in the same request: Non-expression parameters:";
const eq = (value: unknown): unknown => ({ ComparisonOperator: "EQ", AttributeValueList: [value] });
const is = (ComparisonOperator: string, ...AttributeValueList: unknown[]): unknown => ({ ComparisonOperator, AttributeValueList });

const expected = (Expected: unknown, message: string, more: object = {}): Refused => (
  ["PutItem", { ...T, Item: K, Expected, ...more }, message]);
const updated = (AttributeUpdates: unknown, message: string): Refused => ["UpdateItem", { ...T, Key: K, AttributeUpdates }, message];
const asked = (KeyConditions: unknown, message: string, more: object = {}): Refused => ["Query", { ...T, KeyConditions, ...more }, message];

const refused = refuses("legacy", [
  ["GetItem", { ...T, Key: K, AttributesToGet: ["a"], ProjectionExpression: "a" }, `${MIX} {AttributesToGet} Expression parameters: {ProjectionExpression}`],
  ["PutItem", { ...T, Item: K, Expected: { c: { Exists: false } }, ConditionExpression: "attribute_exists(a)" },
    `${MIX} {Expected} Expression parameters: {ConditionExpression}`],
  ["UpdateItem", { ...T, Key: K, AttributeUpdates: { c: { Value: N(1) } }, UpdateExpression: "SET c = d" },
    `${MIX} {AttributeUpdates} Expression parameters: {UpdateExpression}`],
  ["Query", { ...T, KeyConditions: { a: eq(S("p")) }, KeyConditionExpression: "a = :a", ExpressionAttributeValues: { ":a": S("p") } },
    `${MIX} {KeyConditions} Expression parameters: {KeyConditionExpression}`],
  ["Scan", { ...T, ScanFilter: { a: eq(S("p")) }, FilterExpression: "a = b" }, `${MIX} {ScanFilter} Expression parameters: {FilterExpression}`],
  ["GetItem", { ...T, Key: K, AttributesToGet: ["a", "a"] }, `${INVALID}Duplicate value in attribute name: a`],
  expected({ c: { Value: N(1), Exists: false } }, `${INVALID}Value cannot be used when Exists is false for Attribute: c`),
  expected({ c: { Exists: true } }, `${INVALID}Value must be provided when Exists is true for Attribute: c`),
  expected({ c: {} }, `${INVALID}Value must be provided when Exists is null for Attribute: c`),
  expected({ c: { ComparisonOperator: "EQ" } }, `${INVALID}Value or AttributeValueList must be used with ComparisonOperator: EQ for Attribute: c`),
  expected({ c: { ComparisonOperator: "EQ", Exists: true, Value: N(1) } },
    `${INVALID}Exists and ComparisonOperator cannot be used together for Attribute: c`),
  expected({ c: { ComparisonOperator: "EQ", AttributeValueList: [N(1)], Value: N(1) } },
    `${INVALID}Value and AttributeValueList cannot be used together for Attribute: c`),
  expected({ c: { AttributeValueList: [N(1)] } }, `${INVALID}AttributeValueList can only be used with a ComparisonOperator for Attribute: c`),
  expected({ c: is("EQ", N(1), N(2)) }, `${INVALID}Invalid number of argument(s) for the EQ ComparisonOperator`),
  expected({ c: is("NULL", N(1)) }, `${INVALID}Invalid number of argument(s) for the NULL ComparisonOperator`),
  expected({ c: is("BETWEEN", N(1)) }, `${INVALID}Invalid number of argument(s) for the BETWEEN ComparisonOperator`),
  expected({ c: is("LT", { BOOL: true }) }, `${INVALID}ComparisonOperator LT is not valid for BOOL AttributeValue type`),
  expected({ c: is("BEGINS_WITH", N(1)) }, `${INVALID}ComparisonOperator BEGINS_WITH is not valid for N AttributeValue type`),
  expected({ c: is("BETWEEN", N(2), N(1)) }, "The BETWEEN condition was provided a range where the lower bound is greater than the upper bound"),
  expected({ c: { Value: N(9) } }, "ConditionalOperator can only be used when Filter or Expected has two or more elements", { ConditionalOperator: "OR" }),
  ["PutItem", { ...T, Item: K, ConditionalOperator: "OR" }, "ConditionalOperator cannot be used without Filter or Expected"],
  ["PutItem", { ...T, Item: K, Expected: { c: is("FOO") } }, "1 validation error detected: Value 'FOO' at 'expected.c.member.comparisonOperator' "
    + "failed to satisfy constraint: Member must satisfy enum value set: "
    + "[IN, NULL, BETWEEN, LT, NOT_CONTAINS, EQ, GT, NOT_NULL, NE, LE, BEGINS_WITH, GE, CONTAINS]"],
  ["PutItem", { ...T, Item: K, Expected: { c: { Value: N(9) } } }, "The conditional request failed", "ConditionalCheckFailedException"],
  updated({ a: { Value: S("x") } }, `${INVALID}Cannot update attribute a. This attribute is part of the key`),
  updated({ c: { Action: "ADD", Value: S("x") } }, `${INVALID}ADD action is not supported for the type S`),
  updated({ c: { Action: "DELETE", Value: S("x") } }, `${INVALID}DELETE action with value is not supported for the type S`),
  updated({ c: { Action: "PUT" } }, `${INVALID}Only DELETE action is allowed when no attribute value is specified`),
  updated({ text: { Action: "ADD", Value: N(1) } }, "Type mismatch for attribute to update"),
  asked({}, "Conditions can be of length 1 or 2 only"), asked({ b: eq(N(1)) }, "Query condition missed key schema element: a"),
  asked({ a: is("NE", S("p")) }, "Attempted conditional constraint is not an indexable operation"),
  asked({ a: is("GT", S("p")) }, "Query key condition not supported"), asked({ a: eq(N(1)) }, `${INVALID}Condition parameter type does not match schema type`),
  asked({ a: eq(S("p")), c: eq(N(1)) }, "Query condition missed key schema element: b"),
  asked({ a: eq(S("p")), b: eq(N(1)), c: eq(N(1)) }, "Conditions can be of length 1 or 2 only"),
  asked({ a: eq(S("p")) }, "QueryFilter can only contain non-primary key attributes: Primary key attribute: b", { QueryFilter: { b: eq(N(1)) } }),
  asked({ a: eq(S("p")) }, "Cannot specify the AttributesToGet when choosing to get only the Count", { AttributesToGet: ["a"], Select: "COUNT" }),
]);

const updates = does("UpdateItem", "AttributeUpdates", async (target) => {
  const Item = { a: S("up"), b: N(1), n: N(1), s: { SS: ["a", "b"] }, l: { L: [N(1)] }, old: S("x"), text: S("t") };
  await target.ok("PutItem", { ...T, Item });
  const { Attributes } = await target.ok("UpdateItem", {
    ...T, Key: { a: S("up"), b: N(1) }, ReturnValues: "ALL_NEW", AttributeUpdates: {
      n: { Action: "ADD", Value: N(2) }, s: { Action: "DELETE", Value: { SS: ["a"] } }, l: { Action: "ADD", Value: { L: [N(2)] } },
      old: { Action: "DELETE" }, text: { Value: S("new") }, made: { Action: "ADD", Value: N(7) }, list: { Action: "ADD", Value: { L: [S("x")] } },
    },
  });
  assert.deepEqual(Attributes, {
    a: S("up"), b: N(1), n: N(3), s: { SS: ["b"] }, l: { L: [N(1), N(2)] }, text: S("new"), made: N(7), list: { L: [S("x")] },
  });
});

/** Filters, and the `b` of the items they let through, of 1 to 4 with v = 10 b, t = "x" + b, only 4 having z. */
const FILTERS: readonly (readonly [Readonly<Record<string, unknown>>, readonly number[], string?])[] = [
  [{ v: is("EQ", N(20)) }, [2]], [{ v: is("NE", N(20)) }, [1, 3, 4]], [{ v: is("LT", N(20)) }, [1]], [{ v: is("LE", N(20)) }, [1, 2]],
  [{ v: is("GT", N(20)) }, [3, 4]], [{ v: is("GE", N(20)) }, [2, 3, 4]], [{ z: is("NULL") }, [1, 2, 3]], [{ z: is("NOT_NULL") }, [4]],
  [{ t: is("CONTAINS", S("3")) }, [3]], [{ t: is("NOT_CONTAINS", S("3")) }, [1, 2, 4]], [{ t: is("BEGINS_WITH", S("x4")) }, [4]],
  [{ v: is("IN", N(10), N(40)) }, [1, 4]], [{ v: is("BETWEEN", N(15), N(35)) }, [2, 3]],
  [{ v: is("GT", N(10)), t: is("NE", S("x3")) }, [2, 4]], [{ v: is("EQ", N(10)), t: is("EQ", S("x3")) }, [1, 3], "OR"],
  [{ v: is("EQ", S("20")) }, []],
];

const filters = does("Query", "QueryFilter and ScanFilter", async (target) => {
  for (let b = 1; b <= 4; b++) {
    await target.ok("PutItem", { ...T, Item: { a: S("fl"), b: N(b), v: N(10 * b), t: S(`x${b}`), ...(b === 4 ? { z: N(0) } : {}) } });
  }
  for (const [filter, wanted, operator] of FILTERS) {
    const more = operator === undefined ? {} : { ConditionalOperator: operator };
    const page = await target.ok("Query", { ...T, KeyConditions: { a: eq(S("fl")) }, QueryFilter: filter, ...more });
    assert.deepEqual(page.Items.map((item: any) => Number(item.b.N)), wanted, JSON.stringify(filter));
    const scanned = await target.ok("Scan", { ...T, ScanFilter: filter, ...more });
    const found = scanned.Items.filter((item: any) => item.a.S === "fl").map((item: any) => Number(item.b.N));
    assert.deepEqual(found.toSorted(), wanted, JSON.stringify(filter));
  }
});

const meaning = [
  answers("Query", "KeyConditions", [
    ["Query", { ...T, KeyConditions: { a: eq(S("kc")), b: is("BETWEEN", N(2), N(3)) }, AttributesToGet: ["b"] }, { Items: [{ b: N(2) }, { b: N(3) }] }],
    ["Query", { ...T, KeyConditions: { a: eq(S("kc")), b: is("GE", N(2)) }, ScanIndexForward: false, Limit: 1 }, { Items: [{ a: S("kc"), b: N(3) }] }],
  ]),
  answers("GetItem", "AttributesToGet", [["GetItem", { ...T, Key: { a: S("kc"), b: N(1) }, AttributesToGet: ["b", "nope"] }, { Item: { b: N(1) } }]]),
  answers("PutItem", "Expected that holds", [
    ["PutItem", { ...T, Item: { a: S("ex"), b: N(1), v: N(1) }, Expected: { a: { Exists: false } } }, {}],
    ["PutItem", { ...T, Item: { a: S("ex"), b: N(1), v: N(2) }, Expected: { v: { Value: N(1) } } }, {}],
    ["DeleteItem", { ...T, Key: { a: S("ex"), b: N(1) }, Expected: { v: is("EQ", N(9)), a: is("NOT_NULL") }, ConditionalOperator: "OR",
      ReturnValues: "ALL_OLD" },
      { Attributes: { a: S("ex"), b: N(1), v: N(2) } }],
  ]),
];

export const legacy: Suite = {
  name: "legacy",
  setup: async (target) => {
    await target.table("lrange", "a:S", "b:N");
    await target.ok("PutItem", { ...T, Item: { ...K, text: S("t") } });
    for (let b = 1; b <= 3; b++) await target.ok("PutItem", { ...T, Item: { a: S("kc"), b: N(b) } });
  },
  cases: [...refused, updates, filters, ...meaning],
};
