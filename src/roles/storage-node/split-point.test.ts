import assert from "node:assert/strict";
import { test } from "node:test";
import { HASH_POINT_END, hashPoint, lsn, groupId, tableId, type StorageKey } from "../../base/ids.ts";
import { Prng } from "../../base/prng.ts";
import { addressOf, pointOfKey, scanBounds } from "../../model/key-encoding.ts";
import { encodeItem } from "../../model/item-codec.ts";
import type { TableSchema } from "../../model/table-schema.ts";
import { EventLoop } from "../../sim/world/event-loop.ts";
import { SimClock } from "../../sim/world/sim-clock.ts";
import { SimKv, SIM_KV_DEFAULT } from "../../sim/world/sim-kv.ts";
import { openItemTree, type ItemTree } from "../../storage/tree/item-tree.ts";
import { TREE_DEFAULT } from "../../storage/tree/tree-options.ts";
import { findSplitPoint } from "./split-point.ts";

const TABLE = { id: tableId(7), hashKey: { name: "pk", type: "S" }, rangeKey: { name: "sk", type: "S" } } as TableSchema;
const SPAN = { table: TABLE.id, from: hashPoint(0), to: HASH_POINT_END };

function treeWith(keys: readonly StorageKey[]): ItemTree {
  const clock = new SimClock(new EventLoop(), 1, { startMs: 0, rate: 1, wallOffsetMs: 0 });
  const opened = openItemTree(new SimKv("kv", clock, new Prng(1), SIM_KV_DEFAULT), clock, TREE_DEFAULT, { event: () => undefined });
  assert.ok(opened.ok);
  const value = (key: StorageKey): Uint8Array => encodeItem({ v: { S: "x" } }, 2, key);
  opened.tree.apply(groupId(16), lsn(1), keys.map((key) => ({ key, value: value(key) })), { items: keys.length, bytes: 0 });
  return opened.tree;
}

function keyOf(pk: string, sk = "s"): StorageKey {
  return addressOf(TABLE, { S: pk }, { S: sk }).key;
}

/** Share of the keys that lie left of the point. */
function shareLeft(keys: readonly StorageKey[], at: number): number {
  return keys.filter((key) => pointOfKey(key) < at).length / keys.length;
}

test("a small partition is halved exactly, a large one nearly", () => {
  for (const [count, slack] of [[2, 0], [3, 0.17], [1_000, 0.001], [20_000, 0.1]] as const) {
    const keys = Array.from({ length: count }, (_, i) => keyOf(`p${i}`));
    const point = findSplitPoint(treeWith(keys), SPAN, null);
    assert.ok(point.kind === "split-point");
    const share = shareLeft(keys, point.at);
    assert.ok(Math.abs(share - 0.5) <= slack, `${count} keys: ${share}`);
    assert.ok(Math.abs(share - point.leftShare) <= slack, `${count} keys: ${share}, estimated ${point.leftShare}`);
  }
});

test("a large skewed partition is halved where its items are", () => {
  // Nine tenths of the keys share the lower eighth of the hash space.
  const all = Array.from({ length: 60_000 }, (_, i) => keyOf(`p${i}`));
  const keys = all.filter((key, i) => pointOfKey(key) < HASH_POINT_END / 8 || i % 60 === 0);
  assert.ok(keys.length > 5_000);
  const point = findSplitPoint(treeWith(keys), SPAN, null);
  assert.ok(point.kind === "split-point");
  assert.ok(Math.abs(shareLeft(keys, point.at) - 0.5) < 0.1, `${shareLeft(keys, point.at)}`);
});

test("items of one partition key are never divided; a single one cannot be split", () => {
  const one = Array.from({ length: 100 }, (_, i) => keyOf("p", String(i)));
  assert.equal(findSplitPoint(treeWith(one), SPAN, null).kind, "refused");
  assert.equal(findSplitPoint(treeWith([]), SPAN, null).kind, "refused");
  const many = Array.from({ length: 6_000 }, (_, i) => keyOf("p", String(i)));
  assert.equal(findSplitPoint(treeWith(many), SPAN, null).kind, "refused");
  const two = [...one, keyOf("q")].sort();
  const point = findSplitPoint(treeWith(two), SPAN, null);
  assert.ok(point.kind === "split-point");
  const { from, to } = scanBounds(TABLE.id, point.at, HASH_POINT_END);
  assert.ok(two.some((key) => key >= from && key < to) && two.some((key) => key < from));
});

test("a point that was asked for is taken when it lies inside", () => {
  const keys = Array.from({ length: 1_000 }, (_, i) => keyOf(`p${i}`));
  const tree = treeWith(keys);
  const quarter = hashPoint(HASH_POINT_END / 4);
  const point = findSplitPoint(tree, SPAN, quarter);
  assert.ok(point.kind === "split-point");
  assert.equal(point.at, quarter);
  assert.equal(point.leftShare, shareLeft(keys, quarter));
  assert.equal(findSplitPoint(tree, SPAN, hashPoint(0)).kind, "refused");
  assert.equal(findSplitPoint(tree, { ...SPAN, to: quarter }, quarter).kind, "refused");
});
