// Rows of local indexes: after any writes they are what a computation from all items gives, in the order that the
// values themselves have, and key conditions find what a comparison of values finds.
import assert from "node:assert/strict";
import { test } from "node:test";
import { tableId, type StorageKey } from "../base/ids.ts";
import { Prng } from "../base/prng.ts";
import { newAttributeMap, setAttribute } from "./attribute-map.ts";
import type { AttributeValue, Item, KeyType } from "./attribute-value.ts";
import { decodeStored, isStoredIntact } from "./item-codec.ts";
import { addressOf, partitionPrefix, pointOfKey, scanBounds, type SortCondition } from "./key-encoding.ts";
import { indexChange, indexKeyItem, indexKeyOf, indexKeyProblem, indexRow, projectedItem } from "./local-index.ts";
import { indexPartition, rangeOfIndexCondition } from "./local-index-key.ts";
import { compareNumbers } from "./number38.ts";
import { randomKeyValue } from "./random-value.ts";
import type { LocalIndex, TableSchema } from "./table-schema.ts";

const SEED: number = Number(process.env["STATOR_TEST_SEED"] ?? Date.now());
const TYPES: readonly KeyType[] = ["S", "N", "B"];
const INDEXES: readonly LocalIndex[] = TYPES.map((type, i) => ({
  name: `by-${type}`, rangeKey: { name: `i${type}`, type },
  projection: [
    { kind: "ALL", attributes: [] }, { kind: "KEYS_ONLY", attributes: [] }, { kind: "INCLUDE", attributes: ["extra"] },
  ][i] as LocalIndex["projection"],
}));

function table(sort: KeyType): TableSchema {
  return {
    id: tableId(7), name: "t", hashKey: { name: "pk", type: "S" }, rangeKey: { name: "sk", type: sort },
    localIndexes: INDEXES, status: "ACTIVE", version: 1, createdMs: 0, uuid: "", deletionProtection: false,
    tableClass: null, billing: { mode: "PAY_PER_REQUEST", readUnits: 0, writeUnits: 0 }, partitions: [],
  };
}

function compareValues(a: AttributeValue, b: AttributeValue): number {
  if ("N" in a && "N" in b) return compareNumbers(a.N, b.N);
  return Buffer.compare(bytesOf(a), bytesOf(b));
}

function bytesOf(value: AttributeValue): Buffer {
  return "S" in value ? Buffer.from(value.S) : Buffer.from((value as { B: string }).B, "base64");
}

/** Few distinct values, with zeros and prefixes of one another. */
function value(prng: Prng, type: KeyType): AttributeValue {
  if (prng.chance(1, 3)) return randomKeyValue(prng, type);
  if (type === "N") return { N: String(prng.between(-3, 3)) };
  const text = Array.from({ length: prng.between(1, 4) }, () => prng.pick(["\0", "\x01", "a", "\x7f"])).join("");
  return type === "S" ? { S: text } : { B: Buffer.from(text.replaceAll("\x7f", "\xff"), "latin1").toString("base64") };
}

function item(prng: Prng, sort: KeyType): Item {
  const made = newAttributeMap();
  setAttribute(made, "pk", { S: prng.pick(["p", "q", "pq"]) });
  setAttribute(made, "sk", prng.chance(1, 2) ? value(prng, sort) : sort === "N" ? { N: "1" } : { [sort]: "YQ==" } as AttributeValue);
  for (const { rangeKey: { name, type } } of INDEXES) if (prng.chance(2, 3)) setAttribute(made, name, value(prng, type));
  if (prng.chance(1, 2)) setAttribute(made, "extra", { N: String(prng.below(3)) });
  if (prng.chance(1, 2)) setAttribute(made, "other", { N: String(prng.below(3)) });
  return made;
}

test("after random writes each index is what its items say", () => {
  for (const sort of TYPES) {
    const prng = new Prng(SEED);
    const schema = table(sort);
    const items: Map<StorageKey, Item> = new Map();
    const rows: Map<StorageKey, Uint8Array> = new Map();
    for (let step = 0; step < 400; step++) {
      const next = item(prng, sort);
      assert.equal(indexKeyProblem(schema, next), null);
      const { key } = addressOf(schema, next["pk"] as AttributeValue, next["sk"] as AttributeValue);
      const old = items.get(key) ?? null;
      const isDeletion = prng.chance(1, 4);
      for (let number = 1; number <= INDEXES.length; number++) {
        const { mutations, writes } = indexChange(schema, number, old, isDeletion ? null : next);
        assert.equal(writes.length, mutations.length, "each write to an index costs");
        for (const row of mutations) {
          if (row.value === null) assert.ok(rows.delete(row.key), `seed ${SEED}: a row goes that was not there`);
          else rows.set(row.key, row.value.slice());
        }
      }
      if (isDeletion) items.delete(key);
      else items.set(key, next);
    }
    const due: Map<StorageKey, Item> = new Map();
    for (const one of items.values()) {
      INDEXES.forEach((index, i) => {
        const part = projectedItem(schema, index, one);
        if (part !== null) due.set(indexKeyOf(schema, i + 1, one), part);
      });
    }
    assert.ok(due.size > 20, `seed ${SEED}`);
    assert.deepEqual(new Set(rows.keys()), new Set(due.keys()), `seed ${SEED}`);
    for (const [key, stored] of rows) {
      assert.ok(isStoredIntact(stored, key));
      assert.deepEqual(decodeStored(stored), { ...due.get(key) }, `seed ${SEED}`);
    }
  }
});

test("rows lie in the partition of their item, in the order of values, and conditions find their range", () => {
  for (const sort of TYPES) {
    const prng = new Prng(SEED);
    const schema = table(sort);
    const items = Array.from({ length: 120 }, () => ({ ...item(prng, sort), pk: { S: "p" } }) as Item);
    INDEXES.forEach((index, i) => {
      const number = i + 1;
      const { name, type } = index.rangeKey;
      const { prefix, point } = indexPartition(schema, number, { S: "p" });
      assert.equal(point, partitionPrefix(schema, { S: "p" }).point);
      const space = scanBounds(schema.id, point, point + 1 as typeof point, number);
      const rows = items.filter((one) => one[name] !== undefined)
        .map((one) => ({ key: indexKeyOf(schema, number, one), of: one[name] as AttributeValue, sk: one["sk"] as AttributeValue }));
      for (const a of rows) {
        assert.ok(a.key.startsWith(prefix) && a.key >= space.from && a.key < space.to && pointOfKey(a.key) === point);
        for (const b of rows) {
          const expected = Math.sign(compareValues(a.of, b.of) || compareValues(a.sk, b.sk));
          assert.equal(a.key < b.key ? -1 : a.key > b.key ? 1 : 0, expected, `seed ${SEED}`);
        }
      }
      const check = (condition: SortCondition, matches: (value: AttributeValue) => boolean): void => {
        const { from, to } = rangeOfIndexCondition(prefix, type, condition);
        for (const { key, of } of rows) {
          assert.equal(key >= from && key < to, matches(of), `seed ${SEED}: ${JSON.stringify({ condition, of })}`);
        }
      };
      for (let n = 0; n < 40; n++) {
        const [low, high] = [value(prng, type), prng.pick(rows).of];
        for (const with_ of [low, high]) {
          check({ op: "=", value: with_ }, (of) => compareValues(of, with_) === 0);
          check({ op: "<", value: with_ }, (of) => compareValues(of, with_) < 0);
          check({ op: "<=", value: with_ }, (of) => compareValues(of, with_) <= 0);
          check({ op: ">", value: with_ }, (of) => compareValues(of, with_) > 0);
          check({ op: ">=", value: with_ }, (of) => compareValues(of, with_) >= 0);
          if (type === "N") continue;
          const prefixBytes = bytesOf(with_);
          check({ op: "begins_with", prefix: with_ },
            (of) => bytesOf(of).subarray(0, prefixBytes.length).equals(prefixBytes));
        }
        check({ op: "between", low, high }, (of) => compareValues(of, low) >= 0 && compareValues(of, high) <= 0);
      }
    });
  }
});

test("a change that the index does not show writes nothing to it; one of its key writes twice", () => {
  const schema = table("S");
  const one: Item = { pk: { S: "p" }, sk: { S: "s" }, iN: { N: "1" }, other: { N: "1" } };
  assert.deepEqual(indexChange(schema, 2, one, { ...one, other: { N: "2" } }), { mutations: [], writes: [], bytes: 0 });
  const moved = indexChange(schema, 2, one, { ...one, iN: { N: "2" } });
  assert.deepEqual(moved.mutations.map((row) => row.value === null), [true, false]);
  assert.deepEqual(indexChange(schema, 1, one, null), { mutations: [], writes: [], bytes: 0 });
  assert.equal(indexRow(schema, 3, one), null);
  assert.deepEqual({ ...indexKeyItem(schema, INDEXES[1] as LocalIndex, one) },
    { pk: { S: "p" }, sk: { S: "s" }, iN: { N: "1" } });
});
