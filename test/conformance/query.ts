// Query: key conditions, pages, Select, filters.
import { N, S, answers, does, refuses, type Answered, type Refused, type Suite } from "./suite.ts";
import assert from "node:assert/strict";

const T = { TableName: "$qrange" };
const TYPE = "One or more parameter values were invalid: Condition parameter type does not match schema type";
const OUTSIDE = "The provided starting key is outside query boundaries based on provided conditions";
const START = "The provided starting key is invalid";
const SIZE = "Exclusive Start Key must have same size as table's key schema";

type Values = Readonly<Record<string, unknown>>;
const P = { ":p": S("p") };
const PQ = { ":p": S("p"), ":q": N(2) };

const query = (text: string, values: Values | null, more: object = {}): unknown => ({
  ...T, KeyConditionExpression: text, ...(values === null ? {} : { ExpressionAttributeValues: values }), ...more,
});
function bad(text: string, message: string, values: Values | null = P, more: object = {}): Refused {
  return ["Query", query(text, values, more), message];
}

const refused = refuses("key condition", [
  ["Query", T, "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request."],
  ["Query", { TableName: "$nope", KeyConditionExpression: "a = :p", ExpressionAttributeValues: P }, "Requested resource not found",
    "ResourceNotFoundException"],
  bad("", "Invalid KeyConditionExpression: The expression can not be empty;", null),
  bad("a = :x", "Invalid KeyConditionExpression: An expression attribute value used in expression is not defined; attribute value: :x", null),
  bad("a = :p", "Value provided in ExpressionAttributeValues unused in expressions: keys: {:q}", PQ),
  bad("a > :p", "Query key condition not supported"), bad("begins_with(a, :p)", "Query key condition not supported"),
  bad("b = :p", "Query condition missed key schema element: a"), bad("a = :p AND c = :q", "Query condition missed key schema element: b", PQ),
  bad("a = :p OR b = :q", "Invalid operator used in KeyConditionExpression: OR", PQ),
  bad("a = :p AND b <> :q", "Invalid operator used in KeyConditionExpression: <>", PQ),
  bad("a = :p AND NOT b = :q", "Invalid operator used in KeyConditionExpression: NOT", PQ),
  bad("a = :p AND b IN (:q)", "Invalid operator used in KeyConditionExpression: IN", PQ),
  bad("a = :p AND contains(b, :p)", "Invalid operator used in KeyConditionExpression: contains"),
  bad("a = :p AND attribute_exists(b)", "Invalid operator used in KeyConditionExpression: attribute_exists"),
  bad("a = :p AND b = :q AND b = :q", "KeyConditionExpressions must only contain one condition per key", PQ),
  bad("a = :p AND b = :q AND c = :q", "Conditions can be of length 1 or 2 only", PQ),
  bad("a = :p AND size(b) = :q", "KeyConditionExpressions cannot contain nested operations", PQ),
  bad("a.x = :p", "KeyConditionExpressions cannot have conditions on nested attributes"),
  bad("a = b", "Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition", null),
  bad("a = :p AND begins_with(:p, b)",
    "Invalid condition in KeyConditionExpression: begins_with operator must have the key attribute as its first operand"),
  bad("a = :p AND begins_with(b, :q)", "Invalid KeyConditionExpression: Incorrect operand type for operator or function; "
    + "operator or function: begins_with, operand type: N", PQ),
  bad("a = :p", TYPE, { ":p": N(1) }), bad("a = :p AND b > :q", TYPE, { ":p": S("p"), ":q": S("2") }), bad("a = :p", TYPE, { ":p": { BOOL: true } }),
  bad("a = :p", "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. "
    + "Key: a", { ":p": S("") }),
  bad("a = :p AND b BETWEEN :q AND :r", "Invalid KeyConditionExpression: The BETWEEN operator requires upper bound to be greater than or equal "
    + "to lower bound; lower bound operand: AttributeValue: {N:2}, upper bound operand: AttributeValue: {N:1}", { ...PQ, ":r": N(1) }),
  bad("name = :p", "Invalid KeyConditionExpression: Attribute name is a reserved keyword; reserved keyword: name"),
]);

const others = refuses("parameters", [
  bad("a = :p", "Filter Expression can only contain non-primary key attributes: Primary key attribute: b", PQ, { FilterExpression: "b = :q" }),
  bad("a = :p", "Filter Expression can only contain non-primary key attributes: Primary key attribute: a", P, { FilterExpression: "a = :p" }),
  bad("a = :p", "Invalid FilterExpression: An expression attribute value used in expression is not defined; attribute value: :z", P,
    { FilterExpression: "v = :z" }),
  bad("a = :p", "Invalid FilterExpression: The expression can not be empty;", P, { FilterExpression: "" }),
  bad("a = :p", "Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES", P,
    { Select: "SPECIFIC_ATTRIBUTES" }),
  bad("a = :p", "ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName", P,
    { Select: "ALL_PROJECTED_ATTRIBUTES" }),
  bad("a = :p", "Cannot specify the ProjectionExpression when choosing to get only the Count", P, { Select: "COUNT", ProjectionExpression: "a" }),
  bad("a = :p", "Cannot specify the ProjectionExpression when choosing to get ALL_ATTRIBUTES", P,
    { Select: "ALL_ATTRIBUTES", ProjectionExpression: "a" }),
  bad("a = :p", "1 validation error detected: Value 'FOO' at 'select' failed to satisfy constraint: Member must satisfy enum value set: "
    + "[SPECIFIC_ATTRIBUTES, COUNT, ALL_ATTRIBUTES, ALL_PROJECTED_ATTRIBUTES]", P, { Select: "FOO" }),
  bad("a = :p", "1 validation error detected: Value '0' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1",
    P, { Limit: 0 }),
  bad("a = :p", "The table does not have the specified index: nope", P, { IndexName: "nope" }),
  bad("a = :p", SIZE, P, { ExclusiveStartKey: {} }), bad("a = :p", SIZE, P, { ExclusiveStartKey: { a: S("p") } }),
  bad("a = :p", SIZE, P, { ExclusiveStartKey: { a: S("p"), b: N(1), c: N(1) } }),
  bad("a = :p", START, P, { ExclusiveStartKey: { a: S("p"), b: S("1") } }), bad("a = :p", START, P, { ExclusiveStartKey: { a: S("p"), c: N(1) } }),
  bad("a = :p", `${START}: Supplied AttributeValue is empty, must contain exactly one of the supported datatypes`, P,
    { ExclusiveStartKey: { a: S("p"), b: {} } }),
  bad("a = :p", `${START}: The parameter cannot be converted to a numeric value: x`, P, { ExclusiveStartKey: { a: S("p"), b: N("x") } }),
  bad("a = :p", OUTSIDE, P, { ExclusiveStartKey: { a: S("q"), b: N(1) } }),
]);

const all = [0, 1, 2, 3, 4, 10];
const found = (text: string, values: Values, wanted: readonly number[], more: object = {}) => answers("Query", `${text} ${JSON.stringify(more)}`, [
  ["Query", query(text, values, { ProjectionExpression: "b", ...more }), {
    Items: wanted.map((b) => ({ b: N(b) })), Count: wanted.length,
    ...("Limit" in more ? {} : { ScannedCount: wanted.length, LastEvaluatedKey: undefined }),
  }],
]);

const meaning = [
  found("a = :p", P, all), found("a = :p", P, all.toReversed(), { ScanIndexForward: false }), found(":p = a", P, all),
  found("a = :p AND b = :q", PQ, [2]), found("a = :p AND b < :q", PQ, [0, 1]), found("a = :p AND b <= :q", PQ, [0, 1, 2]),
  found("a = :p AND b > :q", PQ, [3, 4, 10]), found("a = :p AND b >= :q", PQ, [2, 3, 4, 10]), found("b > :q AND a = :p", PQ, [3, 4, 10]),
  found("a = :p AND :q < b", PQ, [3, 4, 10]), found("(a = :p) AND (b = :q)", PQ, [2]),
  found("a = :p AND b BETWEEN :q AND :r", { ...PQ, ":r": N(4) }, [2, 3, 4]),
  found("a = :p AND b BETWEEN :q AND :r", { ...PQ, ":r": N("1e1") }, [10, 4, 3, 2], { ScanIndexForward: false }),
  found("#a = :p AND #b = :q", PQ, [2], { ExpressionAttributeNames: { "#a": "a", "#b": "b" } }), found("a = :p", { ":p": S("none") }, []),
  found("a = :p", P, [0, 1], { Limit: 2 }), found("a = :p", P, [10, 4], { Limit: 2, ScanIndexForward: false }),
  found("a = :p", P, [2, 3], { Limit: 2, ExclusiveStartKey: { a: S("p"), b: N(1) } }),
  found("a = :p", P, [2, 3, 4, 10], { ExclusiveStartKey: { a: S("p"), b: N("1.5") } }),
  found("a = :p", P, [1, 0], { ExclusiveStartKey: { a: S("p"), b: N(2) }, ScanIndexForward: false }),
  answers("Query", "a page that ends at the limit has a LastEvaluatedKey, also when nothing follows", [
    ["Query", query("a = :p", P, { Limit: 6 }), { Count: 6, LastEvaluatedKey: { a: S("p"), b: N(10) } }],
    ["Query", query("a = :p", P, { Limit: 7 }), { Count: 6, LastEvaluatedKey: undefined }],
    ["Query", query("a = :p", P, { Limit: 1, ExclusiveStartKey: { a: S("p"), b: N(10) } }),
      { Items: [], Count: 0, ScannedCount: 0, LastEvaluatedKey: undefined }],
  ]),
  answers("Query", "the limit counts before the filter", [
    ["Query", query("a = :p", { ...P, ":v": N(2) }, { FilterExpression: "v > :v", Limit: 4 }),
      { Items: [{ a: S("p"), b: N(3), v: N(3) }], Count: 1, ScannedCount: 4, LastEvaluatedKey: { a: S("p"), b: N(3) } }],
    ["Query", query("a = :p", { ...P, ":v": N(99) }, { FilterExpression: "v > :v" }), { Items: [], Count: 0, ScannedCount: 6 }],
  ]),
  answers("Query", "Select", [
    ["Query", query("a = :p", P, { Select: "COUNT" }), { Items: undefined, Count: 6, ScannedCount: 6 }],
    ["Query", query("a = :p", { ...P, ":v": N(2) }, { Select: "COUNT", FilterExpression: "v > :v" }), { Items: undefined, Count: 3, ScannedCount: 6 }],
    ["Query", query("a = :p AND b = :q", PQ, { Select: "ALL_ATTRIBUTES" }), { Items: [{ a: S("p"), b: N(2), v: N(2) }] }],
    ["Query", query("a = :p AND b = :q", PQ, { Select: "SPECIFIC_ATTRIBUTES", ProjectionExpression: "v" }), { Items: [{ v: N(2) }] }],
  ]),
  answers("Query", "begins_with on strings", [
    ...["ab", "abc", "b", "a"].map((b): Answered => ["PutItem", { TableName: "$qtext", Item: { a: S("p"), b: S(b) } }, {}]),
    ["Query", { TableName: "$qtext", KeyConditionExpression: "a = :p AND begins_with(b, :b)", ExpressionAttributeValues: { ":p": S("p"), ":b": S("ab") } },
      { Items: [{ a: S("p"), b: S("ab") }, { a: S("p"), b: S("abc") }] }],
  ]),
  ...refuses("hash key alone", [
    ["Query", { TableName: "$qhash", KeyConditionExpression: "a = :p AND b = :q", ExpressionAttributeValues: PQ }, "Query key condition not supported"],
  ]),
];

const pages = does("Query", "pages of 1 MB", async (target) => {
  for (let i = 0; i < 8; i++) {
    await target.ok("PutItem", { ...T, Item: { a: S("big"), b: N(i), x: S("x".repeat(200_000)) } });
  }
  const asked = { KeyConditionExpression: "a = :p", ExpressionAttributeValues: { ":p": S("big") } };
  const first = await target.ok("Query", { ...T, ...asked });
  assert.equal(first.Count, 6, "the item that goes over 1 MB is the last");
  assert.deepEqual(first.LastEvaluatedKey, { a: S("big"), b: N(5) });
  const second = await target.ok("Query", { ...T, ...asked, ExclusiveStartKey: first.LastEvaluatedKey });
  assert.equal(second.Count, 2);
  assert.equal("LastEvaluatedKey" in second, false);
  const filtered = await target.ok("Query", { ...T, ...asked, FilterExpression: "attribute_exists(nope)" });
  assert.deepEqual([filtered.Count, filtered.ScannedCount, filtered.LastEvaluatedKey], [0, 6, { a: S("big"), b: N(5) }]);
});

export const querySuite: Suite = {
  name: "query",
  setup: async (target) => {
    await target.table("qrange", "a:S", "b:N");
    await target.table("qtext", "a:S", "b:S");
    await target.table("qhash", "a:S");
    for (const b of all) await target.ok("PutItem", { ...T, Item: { a: S("p"), b: N(b), v: N(b) } });
  },
  cases: [...refused, ...others, ...meaning, pages],
};
