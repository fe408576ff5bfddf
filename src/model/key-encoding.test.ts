import assert from "node:assert/strict";
import { test } from "node:test";
import type { HashPoint, StorageKey, TableId } from "../base/ids.ts";
import { HASH_POINT_END, hashPoint, tableId } from "../base/ids.ts";
import { Prng } from "../base/prng.ts";
import type { AttributeValue, KeyType } from "./attribute-value.ts";
import {
  addressOf, bytesToStorageKey, keyAfter, keyItemOf, partitionPrefix, pointOfKey, prefixEnd,
  rangeOfSortCondition, scanBounds, storageKeyToBytes, tableBounds,
} from "./key-encoding.ts";
import type { SortCondition } from "./key-encoding.ts";
import { decodeKeyNumber, encodeKeyNumber } from "./key-number.ts";
import { compareNumbers } from "./number38.ts";
import { randomKeyValue, randomNumber } from "./random-value.ts";
import type { TableSchema } from "./table-schema.ts";

const SEED = Date.now();
const TYPES: readonly KeyType[] = ["S", "N", "B"];

function table(id: number, hash: KeyType, range: KeyType | null, hashName = "pk"): TableSchema {
  return {
    id: tableId(id), name: "t", hashKey: { name: hashName, type: hash },
    rangeKey: range === null ? null : { name: "sk", type: range },
    status: "ACTIVE", version: 1, createdMs: 0, uuid: "", deletionProtection: false, tableClass: null,
    billing: { mode: "PAY_PER_REQUEST", readUnits: 0, writeUnits: 0 }, partitions: [],
  };
}

/** The order DynamoDB sorts by, on the values themselves. */
function compareValues(a: AttributeValue, b: AttributeValue): number {
  if ("N" in a && "N" in b) return compareNumbers(a.N, b.N);
  const bytes = (value: AttributeValue): Buffer =>
    "S" in value ? Buffer.from(value.S) : Buffer.from((value as { B: string }).B, "base64");
  return Buffer.compare(bytes(a), bytes(b));
}

function sign(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

test("golden key", () => {
  const { key, point } = addressOf(table(0x01020304, "S", "N"), { S: "é" }, { N: "-12.5" });
  const hex = Buffer.from(key, "latin1").toString("hex");
  assert.equal(hex.slice(0, 10), "0102030400");
  assert.equal(hex.slice(42), "0002" + "c3a9" + "40" + "7c" + "f2cc" + "ff");
  assert.equal(point, parseInt(hex.slice(10, 22), 16));
  assert.equal(hex.slice(10, 42), "9689e96cbfdef2d4bfdef2d4bfdef2d4");
});

test("numbers: byte order is numeric order, and they come back", () => {
  const prng = new Prng(SEED);
  const edges = ["0", "1", "-1", "9".repeat(38), `1${"0".repeat(125)}`, `0.${"0".repeat(129)}1`];
  const numbers = [...edges, ...edges.slice(1).map((text) => `-${text}`.replace("--", ""))];
  while (numbers.length < 400) numbers.push(randomNumber(prng));
  for (const a of numbers) {
    const encoded = encodeKeyNumber(a);
    assert.ok(encoded.length <= 22, a);
    assert.equal(decodeKeyNumber(encoded), a, `seed ${SEED}`);
    for (const b of numbers) {
      assert.equal(sign(encoded, encodeKeyNumber(b)), compareNumbers(a, b), `seed ${SEED}: ${a} ${b}`);
    }
  }
  assert.throws(() => decodeKeyNumber(""), { name: "AssertionError" });
  assert.throws(() => decodeKeyNumber("\xc0\x01"), { name: "AssertionError" });
  assert.throws(() => decodeKeyNumber("\xc0\x01\xff"), { name: "AssertionError" });
});

test("keys give their attributes and their point back, for every key type", () => {
  const prng = new Prng(SEED + 1);
  for (const hash of TYPES) {
    for (const range of [...TYPES, null]) {
      const schema = table(prng.u32(), hash, range, prng.pick(["pk", "__proto__"]));
      for (let round = 0; round < 200; round++) {
        const hashValue = randomKeyValue(prng, hash);
        const rangeValue = range === null ? null : randomKeyValue(prng, range);
        const { key, point } = addressOf(schema, hashValue, rangeValue);
        const expected = [[schema.hashKey.name, hashValue], ...(rangeValue === null ? [] : [["sk", rangeValue]])];
        assert.deepEqual(Object.entries(keyItemOf(schema, key)), expected, `seed ${SEED}`);
        assert.equal(pointOfKey(key), point);
        assert.ok(point >= 0 && point < HASH_POINT_END && Number.isInteger(point));
        const bytes = storageKeyToBytes(key);
        assert.equal(bytesToStorageKey(bytes), key);
        const target = new Uint8Array(bytes.length + 3);
        assert.equal(storageKeyToBytes(key, target, 2), target);
        assert.equal(bytesToStorageKey(target, 2, 2 + bytes.length), key);
        const { from, to } = tableBounds(schema.id);
        assert.ok(from <= key && key < to);
      }
    }
  }
});

test("different keys have different storage keys, also where pieces could run together", () => {
  const schema = table(1, "S", "S");
  const keys = new Set<string>();
  for (const [pk, sk] of [["a", "bc"], ["ab", "c"], ["a", "b"], ["a", "bcd"], ["a\0", "b"], ["a", "\0b"]]) {
    keys.add(addressOf(schema, { S: pk! }, { S: sk! }).key);
  }
  assert.equal(keys.size, 6);
  assert.notEqual(
    partitionPrefix(table(1, "S", null), { S: "a" }).prefix,
    partitionPrefix(table(1, "B", null), { B: "YQ==" }).prefix);
});

test("sort conditions take exactly the items they say, in order", () => {
  const prng = new Prng(SEED + 2);
  for (const type of TYPES) {
    const schema = table(7, "S", type);
    const hashValue = { S: "partition" };
    const { prefix } = partitionPrefix(schema, hashValue);
    const values = Array.from({ length: 60 }, () => randomKeyValue(prng, type));
    if (type === "B") values.push({ B: "/w==" }, { B: "//8=" }, { B: "//8A" });
    const keys = values.map((value) => addressOf(schema, hashValue, value).key);
    const check = (condition: SortCondition | null, matches: (value: AttributeValue) => boolean): void => {
      const { from, to } = rangeOfSortCondition(prefix, type, condition);
      assert.ok(from <= to);
      values.forEach((value, i) => assert.equal(
        from <= keys[i]! && keys[i]! < to, matches(value),
        `seed ${SEED}: ${JSON.stringify(condition)} ${JSON.stringify(value)}`));
    };
    check(null, () => true);
    for (const value of values) {
      check({ op: "=", value }, (other) => compareValues(other, value) === 0);
      check({ op: "<", value }, (other) => compareValues(other, value) < 0);
      check({ op: "<=", value }, (other) => compareValues(other, value) <= 0);
      check({ op: ">", value }, (other) => compareValues(other, value) > 0);
      check({ op: ">=", value }, (other) => compareValues(other, value) >= 0);
      const high = prng.pick(values);
      check({ op: "between", low: value, high },
        (other) => compareValues(value, other) <= 0 && compareValues(other, high) <= 0);
      if (type !== "N") check({ op: "begins_with", prefix: value }, (other) => beginsWith(other, value));
    }
  }
});

function beginsWith(value: AttributeValue, prefix: AttributeValue): boolean {
  if ("S" in value && "S" in prefix) return value.S.startsWith(prefix.S);
  const bytes = (of: AttributeValue): string => Buffer.from((of as { B: string }).B, "base64").toString("latin1");
  return bytes(value).startsWith(bytes(prefix));
}

test("other partition keys are outside every sort condition's range", () => {
  const prng = new Prng(SEED + 3);
  const schema = table(7, "B", "B");
  for (let round = 0; round < 500; round++) {
    const { prefix } = partitionPrefix(schema, { B: "/w==" });
    const other = addressOf(schema, randomKeyValue(prng, "B"), randomKeyValue(prng, "B")).key;
    if (other.startsWith(prefix)) continue;
    for (const condition of [null, { op: "begins_with", prefix: { B: "////" } }, { op: ">", value: { B: "AA==" } },
      { op: "<", value: { B: "////" } }] as const) {
      const { from, to } = rangeOfSortCondition(prefix, "B", condition);
      assert.ok(other < from || other >= to, `seed ${SEED}`);
    }
  }
});

test("scan bounds cut the hash space without gap or overlap", () => {
  const schema = table(9, "S", null);
  const cuts = [0, 1, 0x1234_5678_9abc, 2 ** 47, 2 ** 48 - 1, 2 ** 48].map(hashPoint);
  const ranges = cuts.slice(1).map((to, i) => scanBounds(schema.id, cuts[i]!, to));
  ranges.slice(1).forEach((range, i) => assert.equal(range.from, ranges[i]!.to));
  for (let i = 0; i < 2000; i++) {
    const { key, point } = addressOf(schema, { S: `k${i}` }, null);
    const inside = ranges.map(({ from, to }) => from <= key && key < to);
    assert.deepEqual(inside, cuts.slice(1).map((to, j) => cuts[j]! <= point && point < to));
  }
  const whole = scanBounds(schema.id, 0 as HashPoint, HASH_POINT_END);
  const bounds = tableBounds(schema.id);
  assert.ok(bounds.from <= whole.from && whole.to <= bounds.to);
  assert.ok(tableBounds(8 as TableId).to <= bounds.from && bounds.to <= tableBounds(10 as TableId).from);
  assert.ok(tableBounds(0xffff_ffff as TableId).from < tableBounds(0xffff_ffff as TableId).to);
});

test("the next key and the end of a prefix", () => {
  const key = "ab\xff" as StorageKey;
  assert.equal(keyAfter(key), "ab\xff\0");
  assert.equal(prefixEnd(key), "ac");
  assert.equal(prefixEnd("a" as StorageKey), "b");
  assert.throws(() => prefixEnd("\xff\xff" as StorageKey), { name: "AssertionError" });
});

test("cut or lengthened keys are bugs, not other items", () => {
  const schema = table(1, "S", null);
  const { key } = addressOf(schema, { S: "abc" }, null);
  assert.throws(() => keyItemOf(schema, key.slice(0, -1) as StorageKey), { name: "AssertionError" });
  assert.throws(() => keyItemOf(schema, `${key}x` as StorageKey), { name: "AssertionError" });
  assert.throws(() => addressOf(schema, { N: "1" }, null), { name: "AssertionError" });
  assert.throws(() => addressOf(schema, { S: "a" }, { S: "b" }), { name: "AssertionError" });
  assert.throws(() => addressOf(schema, { S: "a".repeat(2049) }, null), { name: "AssertionError" });
});
