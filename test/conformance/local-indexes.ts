// Local secondary indexes: the rules of CreateTable, what queries and scans of them give.
import { N, S, answers, does, refuses, type Refused, type Suite } from "./suite.ts";
import assert from "node:assert/strict";

const T = { TableName: "$llsi" };
const INVALID = "One or more parameter values were invalid: ";
const hash = (AttributeName: string): unknown => ({ AttributeName, KeyType: "HASH" });
const range = (AttributeName: string): unknown => ({ AttributeName, KeyType: "RANGE" });
const index = (IndexName: string, KeySchema: unknown, Projection: unknown = { ProjectionType: "ALL" }): unknown => ({ IndexName, KeySchema, Projection });
const defined = (...names: string[]): unknown => names.map((AttributeName) => ({ AttributeName, AttributeType: AttributeName === "n" ? "N" : "S" }));

function create(LocalSecondaryIndexes: unknown, message: string, more: object = {}): Refused {
  return ["CreateTable", {
    TableName: "$lbad", BillingMode: "PAY_PER_REQUEST", AttributeDefinitions: defined("a", "b", "c"), KeySchema: [hash("a"), range("b")],
    LocalSecondaryIndexes, ...more,
  }, message];
}
const good = [hash("a"), range("c")];

const refused = refuses("CreateTable", [
  create([], `${INVALID}List of LocalSecondaryIndexes is empty`),
  create([index("abc", [hash("a"), range("d")])],
    `${INVALID}Some index key attributes are not defined in AttributeDefinitions. Keys: [a, d], AttributeDefinitions: [a, b, c]`),
  create([index("abc", [hash("a")])], `${INVALID}Index KeySchema does not have a range key for index: abc`, { AttributeDefinitions: defined("a", "b") }),
  create([index("abc", [hash("a")], {})], `${INVALID}Some AttributeDefinitions are not used. AttributeDefinitions: [a, b, c], keys used: [a, b]`),
  create([index("abc", [hash("b"), range("c")])], `${INVALID}Index KeySchema does not have the same leading hash key as table KeySchema for index: abc. `
    + "index hash key: b, table hash key: a"),
  create([index("abc", good), index("abc", good)], `${INVALID}Duplicate index name: abc`),
  create([index("abc", good, {})], `${INVALID}Unknown ProjectionType: null`),
  create([index("abc", good, { ProjectionType: "INCLUDE" })], `${INVALID}ProjectionType is INCLUDE, but NonKeyAttributes is not specified`),
  create([index("abc", good, { ProjectionType: "ALL", NonKeyAttributes: ["x"] })], `${INVALID}ProjectionType is ALL, but NonKeyAttributes is specified`),
  create([index("abc", good, { ProjectionType: "KEYS_ONLY", NonKeyAttributes: ["x"] })],
    `${INVALID}ProjectionType is KEYS_ONLY, but NonKeyAttributes is specified`),
  create([1, 2, 3, 4, 5, 6].map((i) => index(`abc${i}`, good)), `${INVALID}Number of LocalSecondaryIndexes exceeds per-table limit of 5`),
  create([index("abc", good)], `${INVALID}Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex`,
    { KeySchema: [hash("a")], AttributeDefinitions: defined("a", "c") }),
  create([index("ab", good)], "1 validation error detected: Value 'ab' at 'localSecondaryIndexes.1.member.indexName' failed to satisfy constraint: "
    + "Member must have length greater than or equal to 3"),
]);

const keys = refuses("index keys", [
  ["PutItem", { ...T, Item: { a: S("p"), b: S("x"), n: S("1") } },
    `${INVALID}Type mismatch for Index Key n Expected: N Actual: S IndexName: by-n`],
  ["PutItem", { ...T, Item: { a: S("p"), b: S("x"), c: S("") } }, "One or more parameter values are not valid. A value specified for a secondary index "
    + "key is not supported. The AttributeValue for a key attribute cannot contain an empty string value. IndexName: by-c, IndexKey: c"],
  ["Query", { ...T, IndexName: "by-c", KeyConditionExpression: "a = :a AND b = :b", ExpressionAttributeValues: { ":a": S("p"), ":b": S("x") } },
    "Query condition missed key schema element: c"],
  ["Query", {
    ...T, IndexName: "by-c", KeyConditionExpression: "a = :a", FilterExpression: "c = :a", ExpressionAttributeValues: { ":a": S("p") },
  }, "Filter Expression can only contain non-primary key attributes: Primary key attribute: c"],
  ["Query", {
    ...T, IndexName: "by-c", KeyConditionExpression: "a = :a", ExpressionAttributeValues: { ":a": S("p") }, ExclusiveStartKey: { a: S("p"), b: S("1") },
  }, "The provided starting key is invalid"],
  ["Query", {
    ...T, IndexName: "by-c", KeyConditionExpression: "a = :a", ExpressionAttributeValues: { ":a": S("p") },
    ExclusiveStartKey: { a: S("q"), b: S("1"), c: S("1") },
  }, "The provided starting key is outside query boundaries based on provided conditions"],
]);

const whole = (i: number): Record<string, unknown> => ({ a: S("p"), b: S(`b${i}`), c: S(`c${9 - i}`), n: N(i % 2), inc: S("i"), z: S("z") });
const asked = (IndexName: string, more: object = {}): unknown => ({
  ...T, IndexName, KeyConditionExpression: "a = :a", ExpressionAttributeValues: { ":a": S("p") }, ...more,
});
const only = (item: Record<string, unknown>, ...names: string[]): unknown => Object.fromEntries(names.map((name) => [name, item[name]]));
const first = whole(3);

const meaning = [
  answers("Query", "of an index: its order, its projection, rows without its key left out", [
    ["Query", asked("by-c", { ConsistentRead: true }), { Items: [3, 2, 1].map((i) => only(whole(i), "a", "b", "c")), Count: 3, ScannedCount: 3 }],
    ["Query", asked("by-n"), { Items: [2, 1, 3].map(whole), Count: 3 }],
    ["Query", asked("by-inc", { Limit: 1 }), { Items: [only(first, "a", "b", "c", "inc")], LastEvaluatedKey: only(first, "a", "b", "c") }],
    ["Query", asked("by-inc", { Limit: 1, ExclusiveStartKey: only(first, "a", "b", "c") }), { Items: [only(whole(2), "a", "b", "c", "inc")] }],
    ["Query", asked("by-c", { Select: "ALL_ATTRIBUTES" }), { Items: [3, 2, 1].map(whole) }],
    ["Query", asked("by-c", { Select: "ALL_PROJECTED_ATTRIBUTES", Limit: 1 }), { Items: [only(first, "a", "b", "c")] }],
    ["Query", asked("by-c", { ProjectionExpression: "z", Limit: 1 }), { Items: [{ z: S("z") }] }],
    ["Query", asked("by-c", { Select: "COUNT" }), { Items: undefined, Count: 3 }],
    ["Query", {
      ...T, IndexName: "by-c", KeyConditionExpression: "a = :a AND begins_with(c, :c)", ExpressionAttributeValues: { ":a": S("p"), ":c": S("c8") },
    }, { Items: [only(whole(1), "a", "b", "c")] }],
    ["Scan", { ...T, IndexName: "by-c" }, { Count: 3, ScannedCount: 3 }],
  ]),
  answers("UpdateItem", "moves, removes and makes index rows", [
    ["PutItem", { ...T, Item: { a: S("mv"), b: S("1"), c: S("x") } }, {}],
    ["UpdateItem", { ...T, Key: { a: S("mv"), b: S("1") }, UpdateExpression: "SET c = :c", ExpressionAttributeValues: { ":c": S("y") } }, {}],
    ["Query", asked("by-c", { ExpressionAttributeValues: { ":a": S("mv") } }), { Items: [{ a: S("mv"), b: S("1"), c: S("y") }] }],
    ["UpdateItem", { ...T, Key: { a: S("mv"), b: S("1") }, UpdateExpression: "REMOVE c" }, {}],
    ["Query", asked("by-c", { ExpressionAttributeValues: { ":a": S("mv") } }), { Items: [] }],
    ["UpdateItem", { ...T, Key: { a: S("mv"), b: S("1") }, UpdateExpression: "SET c = :c", ExpressionAttributeValues: { ":c": S("z") } }, {}],
    ["DeleteItem", { ...T, Key: { a: S("mv"), b: S("1") } }, {}],
    ["Query", asked("by-c", { ExpressionAttributeValues: { ":a": S("mv") } }), { Items: [] }],
  ]),
  does("DescribeTable", "of a table with local indexes", async (target) => {
    const { Table } = await target.ok("DescribeTable", T);
    const byName = Object.fromEntries(Table.LocalSecondaryIndexes.map((one: any) => [one.IndexName, one]));
    assert.deepEqual(Object.keys(byName).toSorted(), ["by-c", "by-inc", "by-n"]);
    const one = byName["by-inc"];
    assert.deepEqual(one.KeySchema, [hash("a"), range("c")]);
    assert.deepEqual(one.Projection, { ProjectionType: "INCLUDE", NonKeyAttributes: ["inc"] });
    assert.equal(one.IndexArn, `${Table.TableArn}/index/by-inc`);
    assert.equal(typeof one.IndexSizeBytes, "number");
    assert.equal(typeof one.ItemCount, "number");
    assert.deepEqual(byName["by-c"].Projection, { ProjectionType: "KEYS_ONLY" });
  }),
  does("PutItem", "ItemCollectionMetrics", async (target) => {
    const { ItemCollectionMetrics: metrics } = await target.ok("PutItem", {
      ...T, Item: { a: S("m"), b: S("1") }, ReturnItemCollectionMetrics: "SIZE",
    });
    assert.deepEqual(metrics.ItemCollectionKey, { a: S("m") });
    assert.equal(metrics.SizeEstimateRangeGB.length, 2);
  }),
];

export const localIndexes: Suite = {
  name: "local indexes",
  setup: async (target) => {
    await target.ok("CreateTable", {
      ...T, BillingMode: "PAY_PER_REQUEST", AttributeDefinitions: defined("a", "b", "c", "n"), KeySchema: [hash("a"), range("b")],
      LocalSecondaryIndexes: [
        index("by-c", good, { ProjectionType: "KEYS_ONLY" }), index("by-n", [hash("a"), range("n")]),
        index("by-inc", good, { ProjectionType: "INCLUDE", NonKeyAttributes: ["inc"] }),
      ],
    });
    await target.waitFor("$llsi", "ACTIVE");
    for (const i of [1, 2, 3]) await target.ok("PutItem", { ...T, Item: whole(i) });
    await target.ok("PutItem", { ...T, Item: { a: S("p"), b: S("bare") } });
  },
  cases: [...refused, ...keys, ...meaning],
};
