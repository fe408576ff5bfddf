// ConsumedCapacity, against a second count of an item's size by the documented rules.
import { N, S, does, type Suite } from "./suite.ts";
import assert from "node:assert/strict";
import type { Target } from "./target.ts";

const T = { TableName: "$kap" };
type Value = Readonly<Record<string, any>>;

/** Bytes of one value, as the developer guide counts them. */
function sizeOfValue(value: Value): number {
  const [[type, inner]] = Object.entries(value) as [[string, any]];
  const bytes = (text: string): number => Buffer.byteLength(text);
  const binary = (text: string): number => Buffer.from(text, "base64").length;
  const sum = (list: readonly any[], of: (one: any) => number): number => list.reduce((total, one) => total + of(one), 0);
  switch (type) {
    case "S": return bytes(inner);
    case "B": return binary(inner);
    case "N": return sizeOfNumber(inner);
    case "BOOL": case "NULL": return 1;
    case "SS": return sum(inner, bytes);
    case "BS": return sum(inner, binary);
    case "NS": return sum(inner, sizeOfNumber);
    case "L": return 3 + sum(inner, (one) => 1 + sizeOfValue(one));
    default: return 3 + sum(Object.entries(inner), ([name, one]) => 1 + bytes(name) + sizeOfValue(one));
  }
}

/** About one byte per two significant digits, and one more. */
function sizeOfNumber(text: string): number {
  const digits = text.replace(/^-/, "").replace(".", "").replace(/^0+|0+$/g, "");
  return Math.min(21, 1 + Math.ceil(digits.length / 2) + (text.startsWith("-") ? 1 : 0));
}

function sizeOfItem(item: Value): number {
  return Object.entries(item).reduce((total, [name, value]) => total + Buffer.byteLength(name) + sizeOfValue(value), 0);
}

const units = (capacity: any): number => capacity.ConsumedCapacity.CapacityUnits;
const write = (bytes: number): number => Math.max(1, Math.ceil(bytes / 1024));
const read = (bytes: number): number => Math.max(1, Math.ceil(bytes / 4096));

/** An item of exactly this many bytes. */
function itemOf(key: string, bytes: number): Value {
  const bare = { a: S(key), x: S("") };
  return { a: S(key), x: S("x".repeat(bytes - sizeOfItem(bare))) };
}

const EDGES = [100, 1023, 1024, 1025, 2048, 2049, 4095, 4096, 4097, 8192, 8193, 102_400];

async function edges(target: Target): Promise<void> {
  for (const bytes of EDGES) {
    const item = itemOf(`e${bytes}`, bytes);
    const Key = { a: item["a"] };
    const total = { ...T, ReturnConsumedCapacity: "TOTAL" };
    assert.equal(units(await target.ok("PutItem", { ...total, Item: item })), write(bytes), `put of ${bytes}`);
    assert.equal(units(await target.ok("GetItem", { ...total, Key, ConsistentRead: true })), read(bytes), `strong get of ${bytes}`);
    assert.equal(units(await target.ok("GetItem", { ...total, Key })), read(bytes) / 2, `get of ${bytes}`);
    const asked = { KeyConditionExpression: "a = :a", ExpressionAttributeValues: { ":a": item["a"] } };
    assert.equal(units(await target.ok("Query", { ...total, ...asked })), read(bytes) / 2, `query of ${bytes}`);
    assert.equal(units(await target.ok("Query", { ...total, ...asked, ConsistentRead: true, ProjectionExpression: "a" })), read(bytes));
    const small = { ...total, Item: { a: item["a"] } };
    assert.equal(units(await target.ok("PutItem", small)), write(bytes), `a small item over one of ${bytes} costs the larger`);
    await target.ok("PutItem", { ...T, Item: item });
    assert.equal(units(await target.ok("DeleteItem", { ...total, Key })), write(bytes), `delete of ${bytes}`);
    assert.equal(units(await target.ok("DeleteItem", { ...total, Key })), 1, "delete of nothing");
    assert.equal(units(await target.ok("GetItem", { ...total, Key })), 0.5, "get of nothing");
  }
}

async function rules(target: Target): Promise<void> {
  const rich: Value = {
    a: S("rich"), s: S("ü€😀"), n: N("-123.45"), b: { B: "AAECAw==" }, t: { BOOL: true }, z: { NULL: true }, ss: { SS: ["a", "bb"] },
    ns: { NS: ["1", "22", "333"] }, bs: { BS: ["AAE="] }, l: { L: [S("x"), N(1), { L: [] }] }, m: { M: { k: S("v"), deep: { M: { e: { L: [N(1)] } } } } },
  };
  // Padded by a text so that one byte more or less tips the count of units over.
  const pad = 1024 - sizeOfItem({ ...rich, p: S("") });
  const put = async (length: number): Promise<number> => units(await target.ok("PutItem", {
    ...T, ReturnConsumedCapacity: "TOTAL", Item: { ...rich, p: S("p".repeat(length)) },
  }));
  await target.ok("DeleteItem", { ...T, Key: { a: S("rich") } });
  assert.equal(await put(pad), 1);
  assert.equal(await put(pad + 1), 2);
}

async function pages(target: Target): Promise<void> {
  const table = { TableName: "$kapr" };
  for (let i = 0; i < 10; i++) await target.ok("PutItem", { ...table, Item: { a: S("p"), b: N(i), x: S("x".repeat(1000)) } });
  const asked = { ...table, KeyConditionExpression: "a = :a", ExpressionAttributeValues: { ":a": S("p") }, ReturnConsumedCapacity: "TOTAL" };
  // Ten items of about 1,010 bytes are rounded up together, not one by one.
  assert.equal(units(await target.ok("Query", { ...asked, ConsistentRead: true })), 3);
  assert.equal(units(await target.ok("Query", asked)), 1.5);
  assert.equal(units(await target.ok("Query", { ...asked, FilterExpression: "attribute_exists(nope)" })), 1.5);
  assert.equal(units(await target.ok("Query", { ...asked, Limit: 1 })), 0.5);
  assert.equal(units(await target.ok("Query", { ...asked, Select: "COUNT" })), 1.5);
  assert.equal(units(await target.ok("Query", { ...asked, ExpressionAttributeValues: { ":a": S("none") } })), 0.5);
  const indexes = await target.ok("Query", { ...asked, ReturnConsumedCapacity: "INDEXES" });
  assert.deepEqual(indexes.ConsumedCapacity, { TableName: target.name("kapr"), CapacityUnits: 1.5, Table: { CapacityUnits: 1.5 } });
  const none = await target.ok("Query", { ...asked, ReturnConsumedCapacity: "NONE" });
  assert.equal("ConsumedCapacity" in none, false);
  const batch = await target.ok("BatchGetItem", {
    RequestItems: { $kapr: { Keys: [0, 1, 2].map((b) => ({ a: S("p"), b: N(b) })) } }, ReturnConsumedCapacity: "TOTAL",
  });
  assert.deepEqual(batch.ConsumedCapacity, [{ TableName: target.name("kapr"), CapacityUnits: 1.5 }]);
  const written = await target.ok("BatchWriteItem", {
    RequestItems: { $kapr: [7, 8].map((b) => ({ PutRequest: { Item: { a: S("w"), b: N(b), x: S("x".repeat(1500)) } } })) },
    ReturnConsumedCapacity: "INDEXES",
  });
  assert.deepEqual(written.ConsumedCapacity, [{ TableName: target.name("kapr"), CapacityUnits: 4, Table: { CapacityUnits: 4 } }]);
}

export const capacity: Suite = {
  name: "capacity",
  setup: async (target) => {
    await target.table("kap", "a:S");
    await target.table("kapr", "a:S", "b:N");
  },
  cases: [
    does("PutItem", "units at the edges of 1 KB and 4 KB", edges), does("PutItem", "the size of every type of value", rules),
    does("Query", "units of pages and batches", pages),
  ],
};
