// Which rows of the tree belong to nobody, and the order in which a group leaves a node.
import assert from "node:assert/strict";
import { test } from "node:test";
import { groupId, lsn, nodeId, storageKey, tableId } from "../base/ids.ts";
import { Prng } from "../base/prng.ts";
import { encodeItem } from "../model/item-codec.ts";
import { tableBounds } from "../model/key-encoding.ts";
import { ManualClock } from "../ports/contract/manual-clock.ts";
import { MemoryDisk } from "../runtime/memory-disk.ts";
import { MemoryKv } from "../runtime/memory-kv.ts";
import { openItemTree, type ItemTree } from "../storage/tree/item-tree.ts";
import { TREE_DEFAULT } from "../storage/tree/tree-options.ts";
import { openWal, type Wal } from "../storage/wal/wal.ts";
import { makeEntry } from "../wire/record-checksum.ts";
import { NOOP } from "../wire/log-record.ts";
import type { Ballot } from "../base/ids.ts";
import { RowDrops } from "./row-drops.ts";

const telemetry = { event: (): void => undefined };
const TABLES = [3, 4, 5, 6];

type World = { readonly clock: ManualClock; readonly wal: Wal; readonly tree: ItemTree; readonly drops: RowDrops; done: number };

/** One row per table, of group 20 + the table's id; `owned` are the tables whose rows have an owner. */
function world(owned: readonly number[]): World {
  const clock = new ManualClock();
  const prng = new Prng(1);
  const random = { u32: () => prng.u32(), below: (n: number) => prng.below(n), bytes: (n: number) => prng.bytes(n) };
  const opened = openWal(new MemoryDisk(clock), {
    node: nodeId(1), clock, random, segmentBytes: 8192, batchBytesMax: 4096, sealDelayMs: 20,
  }, telemetry);
  const tree = openItemTree(new MemoryKv(clock), clock, TREE_DEFAULT, telemetry);
  assert.ok(opened.ok && tree.ok);
  const { wal } = opened;
  for (const id of TABLES) {
    const key = storageKey(`${tableBounds(tableId(id)).from}k`);
    const group = groupId(20 + id);
    wal.append(makeEntry(NOOP, group, lsn(1), 65_537 as Ballot, new Uint8Array(0)));
    tree.tree.apply(group, lsn(1), [{ key, value: encodeItem({ a: { S: "b" } }, 2, key) }], { items: 1, bytes: 2 });
  }
  const waiting: { readonly seq: number; readonly callback: () => void }[] = [];
  wal.onDurable = (seq): void => {
    for (const { callback } of waiting.splice(0).filter((one) => one.seq <= seq)) callback();
  };
  const made: World = {
    clock, wal, tree: tree.tree, done: 0,
    drops: new RowDrops({
      wal, tree: tree.tree, replicator: { whenDurable: (seq: number, callback: () => void) => waiting.push({ seq, callback }) } as never,
      owned: () => owned.map((id) => tableBounds(tableId(id))), onDone: () => void made.done++,
      onTreeDamage: (damage) => assert.fail(damage.message),
    }),
  };
  return made;
}

function kept({ tree }: World): number[] {
  return TABLES.filter((id) => {
    const { from, to } = tableBounds(tableId(id));
    let found = false;
    tree.scan(from, to, true, () => !(found = true));
    return found;
  });
}

test("a sweep drops what no replica owns, wherever it lies", () => {
  const w = world([4, 6]);
  w.drops.sweep();
  w.clock.advance(1000);
  assert.deepEqual(kept(w), [4, 6]);
  const done = w.done;
  w.drops.sweep();
  w.clock.advance(1000);
  assert.equal(w.done, done, "nothing is left to sweep");
});

test("a group whose rows have other owners leaves the log only when these are durable without it", () => {
  const w = world([3, 4, 5, 6]);
  w.drops.drop(groupId(23), null);
  assert.equal(w.drops.isDropping(groupId(23)), true);
  assert.equal(w.wal.isForgotten(groupId(23)), false);
  assert.equal(w.tree.hasMark(groupId(24)), false);
  while (!w.tree.hasMark(groupId(24))) {
    assert.equal(w.wal.isForgotten(groupId(23)), false, "a restart would still need it");
    w.clock.advance(1);
  }
  w.clock.advance(1000);
  assert.equal(w.wal.isForgotten(groupId(23)), true);
  assert.equal(w.tree.hasMark(groupId(23)), false);
  assert.deepEqual(kept(w), TABLES);
  assert.equal(w.done, 1);
});

test("a group leaves the log first, then the tree; rows of another replica stay", () => {
  const w = world([4]);
  const whole = { from: tableBounds(tableId(3)).from, to: tableBounds(tableId(5)).to };
  w.drops.drop(groupId(23), [whole]);
  assert.equal(w.wal.isForgotten(groupId(23)), true);
  assert.equal(w.drops.isDropping(groupId(23)), true);
  assert.equal(w.drops.isDroppingRows([tableBounds(tableId(5))]), true);
  assert.equal(w.drops.isDroppingRows([tableBounds(tableId(6))]), false);
  assert.deepEqual(kept(w), TABLES, "not before the log says durably that the group is gone");
  w.clock.advance(1000);
  assert.equal(w.drops.isDropping(groupId(23)), false);
  assert.equal(w.drops.isDroppingRows([whole]), false);
  assert.deepEqual(kept(w), [4, 6]);
  assert.equal(w.tree.hasMark(groupId(23)), false);
  assert.equal(w.tree.appliedLsn(groupId(24)), 1, "others are as they were");
  assert.equal(w.done, 1);
});
