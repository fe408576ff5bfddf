import assert from "node:assert/strict";
import { test } from "node:test";
import { groupId, lsn, tableId, type StorageKey } from "../../base/ids.ts";
import { utf8Decode } from "../../base/utf8.ts";
import { Prng } from "../../base/prng.ts";
import { encodeItem } from "../../model/item-codec.ts";
import {
  addressOf, partitionPrefix, rangeOfSortCondition, scanBounds, type KeyRange, type SortCondition,
} from "../../model/key-encoding.ts";
import type { PageOptions, PageOutcome } from "../../model/operation.ts";
import type { TableSchema } from "../../model/table-schema.ts";
import { ManualClock } from "../../ports/contract/manual-clock.ts";
import { SIM_KV_DEFAULT, SimKv } from "../../sim/world/sim-kv.ts";
import { COLLECTION_ROWS_MAX } from "../../storage/tree/collection.ts";
import { openItemTree, type ItemTree } from "../../storage/tree/item-tree.ts";
import { TREE_DEFAULT } from "../../storage/tree/tree-options.ts";
import type { Mutation } from "../../wire/log-record.ts";
import { readPage } from "./read.ts";

const TABLE = { id: tableId(7), hashKey: { name: "pk", type: "S" }, rangeKey: { name: "sk", type: "S" } } as TableSchema;
const INDEX_ROWS = { ...TABLE, indexOf: { keyNames: ["pk", "sk", "v"] } } as unknown as TableSchema;
const G = groupId(16);
const PAGE: PageOptions = {
  isForward: true, limit: null, after: null, filter: null, projection: null, isCountOnly: false, isStrong: true,
};
const NOTHING = { items: 0, bytes: 0 };

function keyOf(pk: number, sk: string): StorageKey {
  return addressOf(TABLE, { S: `p${pk}` }, { S: sk }).key;
}

function put(pk: number, sk: string, text: string): Mutation {
  const key = keyOf(pk, sk);
  const item = { pk: { S: `p${pk}` }, sk: { S: sk }, v: { S: text } };
  return { key, value: encodeItem(item, 8 + sk.length + text.length, key) };
}

/** The same tree twice, but that one keeps nothing in memory that it need not. */
class Pair {
  readonly clock = new ManualClock();
  readonly kvs: readonly SimKv[];
  readonly trees: readonly ItemTree[];
  storeScans = 0;
  #lsn = 0;

  constructor(cacheBytes: number) {
    this.kvs = [1, 2].map((seed) => new SimKv("kv", this.clock, new Prng(seed), SIM_KV_DEFAULT));
    this.trees = this.kvs.map((kv, i) => {
      const options = { ...TREE_DEFAULT, cacheBytes: i === 0 ? cacheBytes : 0, idleMs: 20, sliceRows: 3 };
      const opened = openItemTree(kv, this.clock, options, { event: () => undefined });
      assert.ok(opened.ok);
      return opened.tree;
    });
    const [kv] = this.kvs;
    assert.ok(kv !== undefined);
    const scan = kv.scan.bind(kv);
    kv.scan = (...args): ReturnType<SimKv["scan"]> => {
      this.storeScans++;
      return scan(...args);
    };
  }

  apply(mutations: readonly Mutation[]): void {
    this.#lsn++;
    for (const tree of this.trees) tree.apply(G, lsn(this.#lsn), mutations, NOTHING);
  }

  read(table: TableSchema, range: KeyRange, page: PageOptions, bytesMax: number, where: string): PageOutcome {
    const [found, expected] = this.trees.map((tree) => readPage(tree, table, range, page, bytesMax));
    assert.ok(found?.kind === "page" && expected?.kind === "page", where);
    assert.deepEqual({ ...found, runs: textOf(found) }, { ...expected, runs: textOf(expected) }, where);
    return found;
  }
}

function textOf(page: PageOutcome): string {
  return page.runs.map((run) => utf8Decode(run)).join("|");
}

function conditionOf(prng: Prng): SortCondition | null {
  const value = { S: `s${prng.below(30)}` };
  switch (prng.below(6)) {
    case 0: return { op: prng.pick(["=", "<", "<=", ">", ">="] as const), value };
    case 1: return { op: "between", low: value, high: { S: `s${prng.below(30)}` } };
    case 2: return { op: "begins_with", prefix: { S: prng.pick(["s", "s1", "s2", "t"]) } };
    default: return null;
  }
}

for (const seed of [1, 2, 3, 4]) {
  test(`pages of collections in memory are those of the store (seed ${seed})`, () => {
    const prng = new Prng(seed);
    const pair = new Pair(prng.pick([8, 64, 1024]) * 1024);
    let reads = 0;
    for (let round = 0; round < 1_500; round++) {
      const where = `seed ${seed}, round ${round}`;
      if (prng.chance(1, 4)) {
        const pk = prng.below(6);
        const changes = Array.from({ length: prng.between(1, 4) }, (_, i): Mutation => {
          const sk = `s${(prng.below(30) + i) % 30}`;
          return prng.chance(1, 3) ? { key: keyOf(pk, sk), value: null } : put(pk, sk, "x".repeat(prng.below(200)));
        });
        pair.apply(changes);
      }
      if (prng.chance(1, 100)) {
        let left = 2;
        const { from, to } = rangeOfSortCondition(partitionPrefix(TABLE, { S: `p${prng.below(6)}` }).prefix, "S", null);
        for (const tree of pair.trees) tree.dropRange(from, to, () => left--);
        while (left > 0) pair.clock.advance(5);
      }
      for (let i = prng.below(6); i > 0; i--) {
        const { prefix } = partitionPrefix(TABLE, { S: `p${prng.below(6)}` });
        const range = rangeOfSortCondition(prefix, "S", conditionOf(prng));
        const after = prng.chance(1, 4) ? (prefix + `s${prng.below(30)}`) as StorageKey : null;
        const page = {
          ...PAGE, isForward: prng.chance(1, 2), limit: prng.chance(1, 3) ? prng.between(1, 10) : null, after,
          isCountOnly: prng.chance(1, 10),
        };
        pair.read(prng.chance(1, 5) ? INDEX_ROWS : TABLE, range, page, prng.pick([100, 1_000, 1_000_000]), where);
        reads++;
      }
      pair.clock.advance(prng.below(40));
    }
    const share = pair.storeScans / reads;
    assert.ok(share < 0.95, `${share} of the reads went to the store`);
  });
}

test("a collection that is read again and again is read from the store twice, and again after a change", () => {
  const pair = new Pair(1024 * 1024);
  pair.apply([put(1, "a", "1"), put(1, "b", "2"), put(2, "a", "3")]);
  pair.clock.advance(1_000);
  const range = rangeOfSortCondition(partitionPrefix(TABLE, { S: "p1" }).prefix, "S", null);
  pair.storeScans = 0;
  for (let i = 0; i < 10; i++) assert.equal(pair.read(TABLE, range, PAGE, 1_000, "").count, 2);
  assert.equal(pair.storeScans, 2);
  const last = pair.read(TABLE, range, { ...PAGE, isForward: false, limit: 1 }, 1_000, "");
  assert.deepEqual(last.lastKey, { pk: { S: "p1" }, sk: { S: "b" } });
  pair.apply([put(1, "c", "4")]);
  assert.equal(pair.read(TABLE, range, PAGE, 1_000, "").count, 3);
  const before = pair.storeScans;
  pair.clock.advance(1_000);
  for (let i = 0; i < 10; i++) assert.equal(pair.read(TABLE, range, PAGE, 1_000, "").count, 3);
  assert.ok(pair.storeScans - before <= 2, `${pair.storeScans - before}`);
});

test("large collections and ranges of several are read from the store", () => {
  const pair = new Pair(1024 * 1024);
  pair.apply(Array.from({ length: COLLECTION_ROWS_MAX + 1 }, (_, i) => put(1, `s${i}`, "")));
  pair.apply([put(2, "a", "x".repeat(100_000))]);
  pair.clock.advance(10_000);
  const all = scanBounds(TABLE.id, 0 as never, 2 ** 48 as never);
  for (const [pk, count] of [[1, COLLECTION_ROWS_MAX + 1], [2, 1]] as const) {
    const range = rangeOfSortCondition(partitionPrefix(TABLE, { S: `p${pk}` }).prefix, "S", null);
    for (let i = 0; i < 5; i++) assert.equal(pair.read(TABLE, range, PAGE, 1_000_000, "").count, count);
  }
  for (let i = 0; i < 3; i++) assert.equal(pair.read(TABLE, all, PAGE, 1_000_000, "").count, COLLECTION_ROWS_MAX + 2);
});

test("damage that gathering finds is told by the read", () => {
  const pair = new Pair(1024 * 1024);
  pair.apply([put(1, "a", "1"), put(1, "b", "2")]);
  pair.clock.advance(1_000);
  const range = rangeOfSortCondition(partitionPrefix(TABLE, { S: "p1" }).prefix, "S", null);
  const [kv] = pair.kvs;
  const [tree] = pair.trees;
  assert.ok(kv !== undefined && tree !== undefined);
  let damaged = kv.flipBit();
  while (damaged !== null && !(damaged >= range.from && damaged < range.to)) damaged = kv.flipBit();
  for (let i = 0; i < 4; i++) assert.equal(readPage(tree, TABLE, range, PAGE, 1_000).kind, "corrupt");
});
