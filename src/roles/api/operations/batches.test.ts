import assert from "node:assert/strict";
import { test } from "node:test";
import type { Refusal } from "../../../model/operation.ts";
import { type Refused, type TestApi, NOT_FOUND, apiWithTables, wrongAnswers } from "../testkit.test.ts";

const T = "hash-only";
const key = (i: number): { pk: { S: string } } => ({ pk: { S: `k${i}` } });
const put = (i: number): object => ({ PutRequest: { Item: { ...key(i), v: { N: String(i) } } } });
const BIG = "x".repeat(410_000);
const BUSY: Refusal = { kind: "overloaded", reason: "test" };

function filled(count: number): TestApi {
  const api = apiWithTables();
  for (let i = 0; i < count; i++) api.ask("PutItem", { TableName: T, Item: { ...key(i), v: { N: String(i) } } });
  return api;
}

test("a batch is written and read", () => {
  const api = apiWithTables();
  const written = api.ask("BatchWriteItem", {
    RequestItems: {
      [T]: [put(1), put(2), { DeleteRequest: { Key: key(3) } }],
      ranged: [{ PutRequest: { Item: { pk: { S: "a" }, sk: { N: "1" } } } }],
    },
    ReturnConsumedCapacity: "TOTAL",
  });
  assert.deepEqual(written.json, {
    UnprocessedItems: {},
    ConsumedCapacity: [{ TableName: T, CapacityUnits: 3 }, { TableName: "ranged", CapacityUnits: 1 }],
  });
  const read = api.ask("BatchGetItem", {
    RequestItems: {
      [T]: { Keys: [key(1), key(9), key(2)], ProjectionExpression: "v", ConsistentRead: true },
      ranged: { Keys: [{ pk: { S: "a" }, sk: { N: "1.0" } }] },
    },
    ReturnConsumedCapacity: "INDEXES",
  });
  assert.deepEqual(read.json, {
    Responses: { [T]: [{ v: { N: "1" } }, { v: { N: "2" } }], ranged: [{ pk: { S: "a" }, sk: { N: "1" } }] },
    UnprocessedKeys: {},
    ConsumedCapacity: [
      { TableName: T, CapacityUnits: 3, Table: { CapacityUnits: 3 } },
      { TableName: "ranged", CapacityUnits: 0.5, Table: { CapacityUnits: 0.5 } },
    ],
  });
});

test("a batch of keys none of which is there", () => {
  const answer = apiWithTables().ask("BatchGetItem", { RequestItems: { [T]: { Keys: [key(1)] } } });
  assert.equal(answer.text, `{"Responses":{"${T}":[]},"UnprocessedKeys":{}}`);
});

test("what is refused for now comes back as it was asked", () => {
  const api = filled(4);
  let turn = 0;
  api.store.refuse = (operation) => {
    const isOne = operation.kind === "get" || operation.kind === "put";
    return isOne && turn++ % 2 === 1 ? BUSY : null;
  };
  const names = { "#v": "v" };
  const read = api.ask("BatchGetItem", {
    RequestItems: {
      [T]: { Keys: [key(0), key(1), key(2), key(3)], ProjectionExpression: "#v", ExpressionAttributeNames: names },
    },
  });
  assert.deepEqual(read.json, {
    Responses: { [T]: [{ v: { N: "0" } }, { v: { N: "2" } }] },
    UnprocessedKeys: {
      [T]: { Keys: [key(1), key(3)], ProjectionExpression: "#v", ExpressionAttributeNames: names },
    },
  });
  turn = 0;
  const written = api.ask("BatchWriteItem", { RequestItems: { [T]: [put(5), put(6)] } });
  assert.deepEqual(written.json, { UnprocessedItems: { [T]: [put(6)] } });
});

test("a batch wholly refused fails; one with a lasting refusal too", () => {
  const api = filled(2);
  api.store.refuse = (operation) => operation.kind === "get" || operation.kind === "put" ? BUSY : null;
  const throttled = "com.amazonaws.dynamodb.v20120810#ThrottlingException";
  assert.equal(api.ask("BatchGetItem", { RequestItems: { [T]: { Keys: [key(0), key(1)] } } }).json.__type, throttled);
  assert.equal(api.ask("BatchWriteItem", { RequestItems: { [T]: [put(0)] } }).json.__type, throttled);
  api.store.refuse = (operation) => operation.kind === "get" ? { kind: "table-not-found", name: T } : null;
  assert.equal(api.ask("BatchGetItem", { RequestItems: { [T]: { Keys: [key(0)] } } }).json.__type, NOT_FOUND);
});

test("an answer holds 16 MB of items, the rest is unprocessed", () => {
  const api = apiWithTables();
  const big = "x".repeat(400 * 1024 - 20);
  for (let i = 0; i < 50; i++) api.ask("PutItem", { TableName: T, Item: { ...key(i), v: { S: big } } });
  const keys = Array.from({ length: 50 }, (_, i) => key(i));
  const answer = api.ask("BatchGetItem", { RequestItems: { [T]: { Keys: keys } } });
  assert.equal(answer.json.Responses[T].length, 40);
  assert.deepEqual(answer.json.UnprocessedKeys[T].Keys, keys.slice(40));
});

test("refused batches", () => {
  const many = (count: number, of: (i: number) => object): object[] => Array.from({ length: count }, (_, i) => of(i));
  const min = "failed to satisfy constraint: Member must have length greater than or equal to 1";
  const cases: Refused[] = [
    ["BatchGetItem", { RequestItems: {} }, `1 validation error detected: Value '{}' at 'requestItems' ${min}`],
    ["BatchWriteItem", { RequestItems: {} }, `1 validation error detected: Value '{}' at 'requestItems' ${min}`],
    ["BatchWriteItem", { RequestItems: { [T]: [] } },
      `1 validation error detected: Value '{${T}=[]}' at 'requestItems' `
      + "failed to satisfy constraint: Map value must satisfy constraint: [Member must have length less than or equal "
      + "to 25, Member must have length greater than or equal to 1]"],
    ["BatchGetItem", { RequestItems: { [T]: { Keys: [] } } },
      `1 validation error detected: Value '[]' at 'requestItems.${T}.member.keys' ${min}`],
    ["BatchGetItem", { RequestItems: { [T]: {} } }, "1 validation error detected: Value null at "
      + `'requestItems.${T}.member.keys' failed to satisfy constraint: Member must not be null`],
    ["BatchGetItem", { RequestItems: { "a!": { Keys: [key(1)] } } }, "1 validation error detected: Value "
      + "'{a!=KeysAndAttributes(keys=[{pk=AttributeValue(S=k1)}])}' at 'requestItems' failed to satisfy constraint: "
      + "Map keys must satisfy constraint: [Member must have length less than or equal to 255, Member must have "
      + "length greater than or equal to 3, Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+]"],
    ["BatchWriteItem", { RequestItems: { a: [{}], b: [{}] } }, "1 validation error detected: Value "
      + "'{a=[WriteRequest()], b=[WriteRequest()]}' at 'requestItems' failed to satisfy constraint: "
      + "Map keys must satisfy constraint: [Member must have length less than or equal to 255, Member must have "
      + "length greater than or equal to 3, Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+]"],
    ["BatchGetItem", { RequestItems: { [T]: { Keys: many(60, key) }, ranged: { Keys: many(60, key) } } },
      "Too many items requested for the BatchGetItem call"],
    ["BatchWriteItem", { RequestItems: { [T]: many(20, put), ranged: many(20, put) } },
      "Too many items requested for the BatchWriteItem call"],
    ["BatchGetItem", { RequestItems: { [T]: { Keys: [key(1), key(1)] } } },
      "Provided list of item keys contains duplicates"],
    ["BatchWriteItem", { RequestItems: { [T]: [put(1), { DeleteRequest: { Key: key(1) } }] } },
      "Provided list of item keys contains duplicates"],
    ["BatchWriteItem", { RequestItems: { [T]: [{}] } },
      "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"],
    ["BatchWriteItem", { RequestItems: { [T]: [{ ...put(1), DeleteRequest: { Key: key(1) } }] } },
      "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes"],
    ["BatchWriteItem", { RequestItems: { nowhere: [put(1)] } }, "Requested resource not found", NOT_FOUND],
    ["BatchGetItem", { RequestItems: { [T]: { Keys: [{}] } } }, "The provided key element does not match the schema"],
    ["BatchWriteItem", { RequestItems: { [T]: [{ PutRequest: { Item: { v: { S: "x" } } } }] } },
      "One or more parameter values were invalid: Missing the key pk in the item"],
    ["BatchWriteItem", { RequestItems: { [T]: [{ PutRequest: { Item: { ...key(1), big: { S: BIG } } } }] } },
      "Item size has exceeded the maximum allowed size"],
    ["BatchGetItem", { RequestItems: { [T]: { Keys: [key(1)], AttributesToGet: ["v", "v"] } } },
      "One or more parameter values were invalid: Duplicate value in attribute name: v"],
  ];
  const api = filled(1);
  assert.deepEqual(wrongAnswers(api, cases), []);
});

test("more requests than a list may hold are told with the list", () => {
  const api = apiWithTables();
  const writes = Array.from({ length: 26 }, (_, i) => put(i));
  const answer = api.ask("BatchWriteItem", { RequestItems: { [T]: writes } });
  assert.equal(answer.status, 400);
  assert.match(answer.json.message, /^1 validation error detected: Value '\{hash-only=\[WriteRequest\(putRequest=/);
  assert.match(answer.json.message, / at 'requestItems' failed to satisfy constraint: Map value must /);
  const deep = `${"[".repeat(3_000)}${"]".repeat(3_000)}`;
  const keys = Array.from({ length: 101 }, () => `{"pk":{"S":"a"}}`).join(",");
  const hostile = api.ask("BatchGetItem", `{"RequestItems":{"${T}":{"Keys":[{"a":${deep}},${keys}]}}}`);
  assert.equal(hostile.status, 400);
});
