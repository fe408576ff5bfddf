import assert from "node:assert/strict";
import { test } from "node:test";
import { groupId, lsn, storageKey } from "../../base/ids.ts";
import type { StorageKey } from "../../base/ids.ts";
import { Prng } from "../../base/prng.ts";
import { encodeItem } from "../../model/item-codec.ts";
import { ManualClock } from "../../ports/contract/manual-clock.ts";
import { MemoryKv } from "../../runtime/memory-kv.ts";
import { SIM_KV_DEFAULT, SimKv } from "../../sim/world/sim-kv.ts";
import type { Mutation } from "../../wire/log-record.ts";
import type { KvStore } from "../../ports/kv-store.ts";
import { openItemTree } from "./item-tree.ts";
import { TREE_DEFAULT, type TreeOptions } from "./tree-options.ts";
import type { ItemTree } from "./item-tree.ts";

const telemetry = { event: (): void => undefined };
const SMALL: TreeOptions = {
  ...TREE_DEFAULT, checkpointBytes: 20_000, overloadBytes: 60_000, sliceBytes: 2_000, sliceRows: 10,
};
const G = groupId(7);
const END = storageKey("\xff");

function row(key: StorageKey, text: string): Mutation {
  return { key, value: encodeItem({ v: { S: text } }, text.length + 1, key) };
}

function open(kv: KvStore, clock: ManualClock, options: TreeOptions = SMALL): ItemTree {
  const opened = openItemTree(kv, clock, options, telemetry);
  assert.ok(opened.ok, opened.ok ? "" : opened.error.message);
  return opened.tree;
}

function key(i: number): StorageKey {
  return storageKey(`k${String(i).padStart(5, "0")}`);
}

function valueOf(tree: ItemTree, at: StorageKey): string | null {
  const read = tree.get(at);
  assert.notEqual(read.kind, "corrupt");
  return read.kind === "value" ? (JSON.parse(Buffer.from(read.value.subarray(20)).toString()) as { v: { S: string } }).v.S : null;
}

function keysOf(tree: ItemTree, from: StorageKey, to: StorageKey, isForward: boolean): StorageKey[] {
  const keys: StorageKey[] = [];
  assert.equal(tree.scan(from, to, isForward, (at) => keys.push(at) > 0), null);
  return keys;
}

test("applied changes are seen before, during and after a checkpoint, and after reopening", () => {
  const clock = new ManualClock();
  const kv = new MemoryKv(clock);
  const tree = open(kv, clock);
  const checkpoints: number[] = [];
  tree.onCheckpoint = (group, at): void => {
    assert.equal(group, G);
    checkpoints.push(at);
  };
  let at = 0;
  for (let i = 0; i < 100; i++) tree.apply(G, lsn(++at), [row(key(i), `v${i}`)], { items: 1, bytes: 10 });
  tree.apply(G, lsn(++at), [{ key: key(5), value: null }], { items: -1, bytes: -10 });
  assert.equal(valueOf(tree, key(5)), null);
  assert.equal(valueOf(tree, key(6)), "v6");
  let isDone = false;
  tree.requestCheckpoint(() => {
    isDone = true;
  });
  tree.apply(G, lsn(++at), [row(key(6), "newer")], { items: 0, bytes: 3 });
  assert.equal(valueOf(tree, key(6)), "newer");
  assert.equal(keysOf(tree, key(0), END, true).length, 99);
  clock.advance(1000);
  assert.ok(isDone);
  assert.deepEqual(checkpoints, [101]);
  assert.equal(tree.checkpointLsn(G), 101);
  assert.equal(valueOf(tree, key(6)), "newer");
  const again = open(kv, clock);
  assert.equal(again.appliedLsn(G), 101);
  assert.equal(again.recoveryFloor(G), 101);
  assert.deepEqual(again.counters(G), { items: 99, bytes: 990 });
  assert.equal(valueOf(again, key(6)), "v6");
  assert.equal(valueOf(again, key(5)), null);
});

test("what came and went between two checkpoints is never written; what the store has is deleted", () => {
  const clock = new ManualClock();
  const kv = new MemoryKv(clock);
  const written: StorageKey[] = [];
  const write = kv.write.bind(kv);
  kv.write = (mutations, done): void => {
    for (const mutation of mutations) if (mutation.key < END && mutation.key.startsWith("k")) written.push(mutation.key);
    write(mutations, done);
  };
  const tree = open(kv, clock);
  const nothing = { items: 0, bytes: 0 };
  let at = 0;
  const put = (i: number): void => tree.apply(G, lsn(++at), [row(key(i), "v")], nothing);
  const drop = (i: number): void => tree.apply(G, lsn(++at), [{ key: key(i), value: null }], nothing);
  const checkpoint = (): void => {
    let isDone = false;
    tree.requestCheckpoint(() => { isDone = true; });
    clock.advance(1000);
    assert.ok(isDone);
  };
  for (let i = 0; i < 100; i++) put(i);
  for (let i = 20; i < 80; i++) drop(i);
  checkpoint();
  assert.equal(written.length, 40);
  assert.equal(keysOf(open(kv, clock), key(0), END, true).length, 40);
  // Of the keys 0 to 99 the store has the first and the last twenty: runs of deletions with and without them.
  written.length = 0;
  for (let i = 20; i < 80; i++) put(i);
  for (let i = 10; i < 90; i++) drop(i);
  checkpoint();
  assert.ok(written.length >= 20 && written.length < 60, `${written.length} written`);
  const left = [...Array(10).keys(), ...Array.from({ length: 10 }, (_, i) => 90 + i)].map(key);
  assert.deepEqual(keysOf(open(kv, clock), key(0), END, true), left);
  assert.deepEqual(keysOf(tree, key(0), END, true), left);
});

test("an idle tree checkpoints by itself, and a trickle cannot put it off for ever", () => {
  const clock = new ManualClock();
  const kv = new MemoryKv(clock);
  const tree = open(kv, clock);
  tree.apply(G, lsn(1), [row(key(1), "a")], { items: 1, bytes: 5 });
  clock.advance(SMALL.idleMs + 100);
  assert.equal(tree.checkpointLsn(G), 1);
  let at = 1;
  for (let ms = 0; ms < SMALL.ageMsMax + 10_000; ms += 1000) {
    tree.apply(G, lsn(++at), [], { items: 0, bytes: 0 });
    clock.advance(1000);
  }
  assert.ok(tree.checkpointLsn(G) > 30);
});

test("a full generation is written in slices; more than the bound is overload until it is", () => {
  const clock = new ManualClock();
  const tree = open(new MemoryKv(clock), clock);
  let at = 0;
  while (!tree.isOverloaded) tree.apply(G, lsn(++at), [row(key(at), "x".repeat(100))], { items: 1, bytes: 100 });
  assert.ok(at > 100);
  clock.advance(2000);
  assert.ok(!tree.isOverloaded);
  assert.ok(tree.checkpointLsn(G) > 0);
  assert.equal(keysOf(tree, key(0), END, true).length, at);
});

test("scans over store and two generations agree with a map, in both directions", () => {
  const seed = Number(process.env["SEED"] ?? 4242);
  const prng = new Prng(seed);
  const clock = new ManualClock();
  const kv = new SimKv("tree", clock, prng.split("kv"), SIM_KV_DEFAULT);
  const tree = open(kv, clock);
  const model = new Map<StorageKey, string>();
  let at = 0;
  for (let round = 0; round < 300; round++) {
    const mutations: Mutation[] = [];
    for (let i = prng.between(1, 10); i > 0; i--) {
      const k = key(prng.below(200));
      if (prng.chance(1, 3)) {
        mutations.push({ key: k, value: null });
        model.delete(k);
      } else {
        mutations.push(row(k, `r${round}`));
        model.set(k, `r${round}`);
      }
    }
    tree.apply(G, lsn(++at), mutations, { items: 0, bytes: 0 });
    if (prng.chance(1, 5)) tree.requestCheckpoint(() => undefined);
    clock.advance(prng.below(20));
    const from = key(prng.below(200));
    const to = key(prng.below(200));
    const expected = [...model.keys()].filter((k) => k >= from && k < to).sort();
    assert.deepEqual(keysOf(tree, from, to, true), expected, `seed ${seed}, round ${round}`);
    assert.deepEqual(keysOf(tree, from, to, false), expected.reverse(), `seed ${seed}, round ${round}, backward`);
    const some = key(prng.below(200));
    assert.equal(valueOf(tree, some), model.get(some) ?? null, `seed ${seed}, round ${round}`);
    let count = 0;
    tree.scan(from, to, true, () => ++count < 3);
    assert.equal(count, Math.min(3, expected.length));
  }
  assert.ok(tree.checkpointLsn(G) > 0);
});

test("rows that are read again and again are the newest through changes, checkpoints and drops", () => {
  const seed = Number(process.env["SEED"] ?? 77);
  const prng = new Prng(seed);
  const clock = new ManualClock();
  const store = new SimKv("tree", clock, prng.split("kv"), SIM_KV_DEFAULT);
  let storeReads = 0;
  const get = store.get.bind(store);
  store.get = (at): ReturnType<SimKv["get"]> => {
    storeReads++;
    return get(at);
  };
  const tree = open(store, clock, { ...SMALL, cacheBytes: 16 * 1024 });
  const model = new Map<StorageKey, string>();
  let at = 0;
  let reads = 0;
  for (let round = 0; round < 2_000; round++) {
    const where = `seed ${seed}, round ${round}`;
    for (let i = prng.between(1, 20); i > 0; i--) {
      const some = key(prng.below(prng.chance(3, 4) ? 10 : 200));
      reads++;
      assert.equal(valueOf(tree, some), model.get(some) ?? null, where);
    }
    if (prng.chance(1, 3)) {
      const some = key(prng.below(prng.chance(1, 4) ? 10 : 200));
      const isPut = prng.chance(3, 4);
      tree.apply(G, lsn(++at), [isPut ? row(some, `r${round}`) : { key: some, value: null }], { items: 0, bytes: 0 });
      if (isPut) model.set(some, `r${round}`);
      else model.delete(some);
    }
    if (prng.chance(1, 50)) {
      const from = key(prng.below(200));
      const to = key(prng.below(200));
      let isDone = false;
      tree.dropRange(from, to, () => { isDone = true; });
      // Reading what is being dropped is nobody's business; whatever it gives must not stay.
      while (!isDone) {
        tree.get(key(prng.below(200)));
        clock.advance(1);
      }
      for (const dropped of [...model.keys()]) if (dropped >= from && dropped < to) model.delete(dropped);
    }
    if (prng.chance(1, 20)) tree.requestCheckpoint(() => undefined);
    clock.advance(prng.below(20));
  }
  assert.ok(storeReads < reads / 2, `${storeReads} of ${reads} reads went to the store`);
});

test("a crash in the middle of a checkpoint is known by the recovery floor, and replay repairs it", () => {
  const clock = new ManualClock();
  const kv = new SimKv("tree", clock, new Prng(3), SIM_KV_DEFAULT);
  const tree = open(kv, clock);
  const entries: Mutation[][] = [];
  for (let i = 0; i < 60; i++) entries.push([row(key(i % 40), `v${i}`)]);
  const applyAll = (to: ItemTree, until: number): void => {
    for (let i = to.appliedLsn(G); i < until; i++) to.apply(G, lsn(i + 1), entries[i] as Mutation[], { items: 1, bytes: 1 });
  };
  applyAll(tree, 60);
  tree.requestCheckpoint(() => undefined);
  clock.advance(20); // some slices of six
  kv.powerOff();
  const later = new ManualClock();
  kv.powerOn(later);
  const again = open(kv, later);
  assert.equal(again.checkpointLsn(G), 0);
  assert.equal(again.appliedLsn(G), 0);
  assert.equal(again.recoveryFloor(G), 60);
  // A checkpoint that ends below the floor must not lower it.
  applyAll(again, 30);
  again.requestCheckpoint(() => undefined);
  later.advance(1000);
  assert.equal(again.checkpointLsn(G), 30);
  assert.equal(again.recoveryFloor(G), 60);
  applyAll(again, 60);
  assert.deepEqual(again.counters(G), { items: 60, bytes: 60 });
  for (let i = 20; i < 60; i++) assert.equal(valueOf(again, key(i % 40)), `v${i}`);
});

test("damage in the store is reported with file and key, by get and by scan", () => {
  const clock = new ManualClock();
  const kv = new SimKv("tree.mdb", clock, new Prng(9), SIM_KV_DEFAULT);
  const tree = open(kv, clock);
  tree.apply(G, lsn(1), [row(key(1), "a"), row(key(2), "b"), row(key(3), "c")], { items: 3, bytes: 3 });
  tree.requestCheckpoint(() => undefined);
  clock.advance(1000);
  let damaged = kv.flipBit() as StorageKey;
  while (!damaged.startsWith("k")) damaged = kv.flipBit() as StorageKey;
  const read = tree.get(damaged);
  assert.ok(read.kind === "corrupt" && read.file === "tree.mdb" && read.key === damaged);
  const end = tree.scan(key(0), END, true, () => true);
  assert.ok(end !== null && end.key === damaged);
  tree.apply(G, lsn(2), [row(damaged, "healed")], { items: 0, bytes: 0 });
  assert.equal(valueOf(tree, damaged), "healed");
  assert.equal(tree.scan(key(0), END, true, () => true), null);
});

test("a dropped range disappears in steps, and a forgotten group with its mark", () => {
  const clock = new ManualClock();
  const kv = new MemoryKv(clock);
  const tree = open(kv, clock);
  let at = 0;
  for (let i = 0; i < 100; i++) tree.apply(G, lsn(++at), [row(key(i), "x")], { items: 1, bytes: 1 });
  tree.requestCheckpoint(() => undefined);
  clock.advance(1000);
  for (let i = 100; i < 120; i++) tree.apply(G, lsn(++at), [row(key(i), "x")], { items: 1, bytes: 1 });
  let isDone = false;
  tree.dropRange(key(10), key(110), () => {
    isDone = true;
  });
  tree.forgetGroup(G);
  clock.advance(10_000);
  assert.ok(isDone);
  assert.deepEqual(keysOf(tree, key(0), END, true), [...Array(10).keys(), ...[...Array(10).keys()].map((i) => i + 110)].map(key));
  const again = open(kv, clock);
  assert.deepEqual(again.groups(), []);
  assert.equal(again.appliedLsn(G), 0);
});

test("a failed transaction is reported once, and the tree closes all the same", () => {
  const clock = new ManualClock();
  const kv = new SimKv("tree", clock, new Prng(2), SIM_KV_DEFAULT);
  const tree = open(kv, clock);
  const failures: string[] = [];
  tree.onFailure = (error): void => {
    failures.push(`${error.file} ${error.code}`);
  };
  kv.failNextWrite("ENOSPC");
  tree.apply(G, lsn(1), [row(key(1), "a")], { items: 1, bytes: 1 });
  tree.requestCheckpoint(() => assert.fail("never durable"));
  clock.advance(100);
  tree.apply(G, lsn(2), [row(key(2), "a")], { items: 1, bytes: 1 });
  clock.advance(100_000);
  assert.deepEqual(failures, ["tree ENOSPC"]);
  let isClosed = false;
  tree.close(() => {
    isClosed = true;
  });
  clock.advance(100);
  assert.ok(isClosed);
});

test("closing in the pause between two slices ends at once", () => {
  const clock = new ManualClock();
  const tree = open(new MemoryKv(clock), clock, { ...SMALL, slicePauseMs: 1000 });
  for (let i = 1; i <= 40; i++) tree.apply(G, lsn(i), [row(key(i), "x")], { items: 1, bytes: 1 });
  tree.requestCheckpoint(() => undefined);
  clock.runTurn();
  let isClosed = false;
  tree.close(() => {
    isClosed = true;
  });
  clock.runTurn();
  assert.ok(isClosed);
});

test("digests of equal content are equal whatever is checkpointed", () => {
  const clock = new ManualClock();
  const a = open(new MemoryKv(clock), clock);
  const b = open(new MemoryKv(clock), clock);
  for (let i = 1; i <= 50; i++) {
    for (const tree of [a, b]) tree.apply(G, lsn(i), [row(key(i), `v${i}`)], { items: 1, bytes: 1 });
    if (i === 30) a.requestCheckpoint(() => undefined);
  }
  clock.advance(1000);
  assert.deepEqual(a.digest(key(0), END), b.digest(key(0), END));
  b.apply(G, lsn(51), [row(key(3), "other")], { items: 0, bytes: 0 });
  assert.notDeepEqual(a.digest(key(0), END), b.digest(key(0), END));
});
