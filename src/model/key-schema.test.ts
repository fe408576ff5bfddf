import assert from "node:assert/strict";
import { test } from "node:test";
import { tableId } from "../base/ids.ts";
import type { Item, KeyType } from "./attribute-value.ts";
import { keyOfItem, keyOfKey, keyValuesProblem } from "./key-schema.ts";
import type { TableSchema } from "./table-schema.ts";

function table(hash: KeyType, range: KeyType | null): TableSchema {
  return {
    id: tableId(1), name: "t", hashKey: { name: "pk", type: hash },
    rangeKey: range === null ? null : { name: "sk", type: range },
    status: "ACTIVE", version: 1, createdMs: 0, uuid: "", deletionProtection: false, tableClass: null,
    billing: { mode: "PAY_PER_REQUEST", readUnits: 0, writeUnits: 0 }, partitions: [],
  };
}

const MISMATCH = "The provided key element does not match the schema";
const INVALID = "One or more parameter values were invalid: ";
const EMPTY = "One or more parameter values are not valid. "
  + "The AttributeValue for a key attribute cannot contain an empty ";
const HASH_SIZE = `${INVALID}Size of hashkey has exceeded the maximum size limit of2048 bytes`;
const RANGE_SIZE = `${INVALID}Aggregated size of all range keys has exceeded the size limit of 1024 bytes`;

test("Key parameters", () => {
  const cases: [TableSchema, Item, string | null][] = [
    [table("S", null), { pk: { S: "a" } }, null],
    [table("S", "N"), { sk: { N: "0" }, pk: { S: "a" } }, null],
    [table("B", "S"), { pk: { B: "YQ==" }, sk: { S: "é" } }, null],
    [table("S", null), {}, MISMATCH],
    [table("S", null), { pk: { N: "1" } }, MISMATCH],
    [table("S", null), { id: { S: "a" } }, MISMATCH],
    [table("S", null), { pk: { S: "a" }, sk: { S: "b" } }, MISMATCH],
    [table("S", "S"), { pk: { S: "a" } }, MISMATCH],
    [table("S", "S"), { pk: { S: "a" }, sk: { N: "1" } }, MISMATCH],
    [table("S", "S"), { pk: { S: "a" }, sk: { S: "b" }, x: { S: "c" } }, MISMATCH],
    [table("S", null), { pk: { S: "" } }, `${EMPTY}string value. Key: pk`],
    [table("S", "B"), { pk: { S: "a" }, sk: { B: "" } }, `${EMPTY}binary value. Key: sk`],
    [table("S", null), { pk: { S: "é".repeat(1024) } }, null],
    [table("S", null), { pk: { S: `${"é".repeat(1024)}a` } }, HASH_SIZE],
    [table("S", "S"), { pk: { S: "a" }, sk: { S: "b".repeat(1024) } }, null],
    [table("S", "S"), { pk: { S: "a" }, sk: { S: "b".repeat(1025) } }, RANGE_SIZE],
    [table("S", "B"), { pk: { S: "a" }, sk: { B: Buffer.alloc(1025).toString("base64") } }, RANGE_SIZE],
  ];
  for (const [schema, key, message] of cases) {
    const found = keyOfKey(schema, key);
    assert.deepEqual(found.ok ? null : found.problem, message === null ? null : { message }, JSON.stringify(key).slice(0, 80));
  }
});

test("keys of items", () => {
  const cases: [TableSchema, Item, string][] = [
    [table("S", null), { x: { S: "a" } }, `${INVALID}Missing the key pk in the item`],
    [table("S", "N"), { pk: { S: "a" } }, `${INVALID}Missing the key sk in the item`],
    [table("S", null), { pk: { N: "1" } }, `${INVALID}Type mismatch for key pk expected: S actual: N`],
    [table("S", "N"), { pk: { S: "1" }, sk: { M: {} } }, `${INVALID}Type mismatch for key sk expected: N actual: M`],
    [table("S", null), { pk: { S: "" } }, `${EMPTY}string value. Key: pk`],
    [table("S", null), { pk: { S: "a".repeat(2049) } }, HASH_SIZE],
  ];
  for (const [schema, item, message] of cases) {
    assert.deepEqual(keyOfItem(schema, item), { ok: false, problem: { message } });
  }
  const schema = table("S", "N");
  const item: Item = { other: { S: "x" }, sk: { N: "5" }, pk: { S: "a" } };
  const key = { hashValue: { S: "a" }, rangeValue: { N: "5" } };
  assert.deepEqual(keyOfItem(schema, item), { ok: true, key });
  assert.deepEqual(keyOfKey(schema, { pk: { S: "a" }, sk: { N: "5" } }), { ok: true, key });
  assert.deepEqual(keyOfItem(table("S", null), { pk: { S: "a" } }), {
    ok: true, key: { hashValue: { S: "a" }, rangeValue: null },
  });
});

test("inherited names are no attributes", () => {
  const schema: TableSchema = { ...table("S", null), hashKey: { name: "constructor", type: "S" } };
  assert.deepEqual(keyOfKey(schema, { pk: { S: "a" } }), { ok: false, problem: { message: MISMATCH } });
  assert.equal(keyOfItem(schema, {}).ok, false);
});

test("values that a condition asks for", () => {
  const schema = table("S", "N");
  assert.equal(keyValuesProblem(schema, { S: "a" }, null), null);
  assert.equal(keyValuesProblem(schema, { S: "a" }, { N: "5" }), null);
  assert.deepEqual(keyValuesProblem(schema, { S: "" }, null), { message: `${EMPTY}string value. Key: pk` });
  assert.deepEqual(keyValuesProblem(schema, { S: "a".repeat(2_049) }, null), { message: HASH_SIZE });
  assert.deepEqual(keyValuesProblem(table("S", "S"), { S: "a" }, { S: "" }), { message: `${EMPTY}string value. Key: sk` });
  assert.deepEqual(keyValuesProblem(schema, { S: "a" }, { S: "5" }),
    { message: `${INVALID}Type mismatch for key sk expected: N actual: S` });
});
