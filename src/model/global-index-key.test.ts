import assert from "node:assert/strict";
import { test } from "node:test";
import { tableId } from "../base/ids.ts";
import { Prng } from "../base/prng.ts";
import type { AttributeValue, KeyType } from "./attribute-value.ts";
import { compareValues } from "./expression/compare-values.ts";
import { globalIndexPartition, globalIndexRowKey, rangeOfGlobalCondition, sortPart } from "./global-index-key.ts";
import { addressOf, STORAGE_KEY_BYTES_MAX, type SortCondition } from "./key-encoding.ts";
import type { KeyAttribute, TableSchema } from "./table-schema.ts";

const SEED = Number(process.env["SEED"] ?? Math.floor(Math.random() * 1e9));
const TABLE = {
  id: tableId(7), hashKey: { name: "pk", type: "S" }, rangeKey: { name: "sk", type: "S" },
} as unknown as TableSchema;
const TYPES = ["S", "N", "B"] as const;

function value(prng: Prng, type: KeyType): AttributeValue {
  if (type === "N") return { N: String(prng.pick([-20, -1, 0, 1, 2, 10])) };
  const text = Array.from({ length: prng.between(1, 3) }, () => prng.pick(["\0", "\x01", "a", "b"])).join("");
  return type === "S" ? { S: text } : { B: Buffer.from(text).toString("base64") };
}

test("rows lie in the order of the sort attributes from left to right, and ranges find what a condition asks for", () => {
  const prng = new Prng(SEED);
  for (let round = 0; round < 60; round++) {
    const rangeKeys: KeyAttribute[] = Array.from({ length: prng.between(1, 3) }, (_, i) => ({ name: `r${i}`, type: prng.pick(TYPES) }));
    const { prefix } = globalIndexPartition(tableId(8), [{ name: "h", type: "S" }], [{ S: "p" }]);
    const rows = Array.from({ length: 40 }, (_, i) => {
      const sort = rangeKeys.map(({ type }) => value(prng, type));
      const item = addressOf(TABLE, { S: `k${i}` }, { S: prng.pick(["", "x"]) + i }).key;
      return { sort, key: globalIndexRowKey(prefix, sort.map((one, k) => sortPart(one, rangeKeys[k]?.type ?? "S")).join(""), item) };
    });
    const compare = (a: readonly AttributeValue[], b: readonly AttributeValue[]): number => {
      for (let i = 0; i < a.length; i++) {
        const order = compareValues(a[i] as AttributeValue, b[i] as AttributeValue) ?? 0;
        if (order !== 0) return order;
      }
      return 0;
    };
    for (const a of rows) {
      for (const b of rows) {
        const order = compare(a.sort, b.sort);
        if (order !== 0) assert.equal(a.key < b.key, order < 0, `seed ${SEED}`);
      }
    }
    for (let n = 0; n < 20; n++) {
      const depth = prng.below(rangeKeys.length);
      const like = prng.pick(rows).sort;
      const equal = like.slice(0, depth);
      const type = rangeKeys[depth]?.type ?? "S";
      const condition: SortCondition | null = prng.chance(1, 5) ? null
        : { op: prng.pick(["=", "<", "<=", ">", ">="] as const), value: value(prng, type) };
      const { from, to } = rangeOfGlobalCondition({ rangeKeys }, prefix, equal, condition);
      for (const { sort, key } of rows) {
        const order: number = condition === null || !("value" in condition) ? 0 : compareValues(sort[depth] as AttributeValue, condition.value) ?? 0;
        const holds = { "=": order === 0, "<": order < 0, "<=": order <= 0, ">": order > 0, ">=": order >= 0 };
        const isDue: boolean = compare(sort.slice(0, depth), equal) === 0 && (condition === null || holds[condition.op as "="]);
        assert.equal(key >= from && key < to, isDue, `seed ${SEED}: ${JSON.stringify({ sort, equal, condition })}`);
      }
    }
  }
});

test("attributes of the partition key are told apart, and long keys fit", () => {
  const hashKeys: KeyAttribute[] = [{ name: "a", type: "S" }, { name: "b", type: "S" }];
  const at = (a: string, b: string): string => globalIndexPartition(tableId(8), hashKeys, [{ S: a }, { S: b }]).prefix;
  assert.notEqual(at("ab", "c"), at("a", "bc"));
  assert.notEqual(at("x".repeat(2000), "y"), at("x".repeat(1999), "xy"));
  const { prefix } = globalIndexPartition(tableId(8), [{ name: "a", type: "S" }], [{ S: "x".repeat(2048) }]);
  const items = ["s", "t"].map((end) => addressOf(TABLE, { S: "p".repeat(2048) }, { S: "k".repeat(1023) + end }).key);
  const sort = sortPart({ B: Buffer.alloc(1024).toString("base64") }, "B");
  const [one, two] = items.map((item) => globalIndexRowKey(prefix, sort, item));
  assert.ok((one?.length ?? Infinity) <= STORAGE_KEY_BYTES_MAX);
  assert.notEqual(one, two);
});
