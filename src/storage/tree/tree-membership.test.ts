// Trees that are installed, split and forgotten, with the power going at every instant in between.
import assert from "node:assert/strict";
import { test } from "node:test";
import { groupId, lsn, storageKey } from "../../base/ids.ts";
import type { GroupId, StorageKey } from "../../base/ids.ts";
import { Prng } from "../../base/prng.ts";
import { encodeItem } from "../../model/item-codec.ts";
import { ManualClock } from "../../ports/contract/manual-clock.ts";
import { SIM_KV_DEFAULT, SimKv } from "../../sim/world/sim-kv.ts";
import type { Mutation } from "../../wire/log-record.ts";
import { openItemTree } from "./item-tree.ts";
import { TREE_DEFAULT, type TreeOptions } from "./tree-options.ts";
import type { ItemTree } from "./item-tree.ts";

const telemetry = { event: (): void => undefined };
const SMALL: TreeOptions = {
  ...TREE_DEFAULT, checkpointBytes: 20_000, overloadBytes: 60_000, sliceBytes: 2_000, sliceRows: 10,
};
const PARENT = groupId(7);
const LEFT = groupId(8);
const RIGHT = groupId(9);
const FROM = storageKey("k");
const TO = storageKey("l");
/** Virtual time in which everything here is long over, and the steps in which the power may go. */
const LONG_MS = 400;
const STEP_MS = 1;

function key(i: number): StorageKey {
  return storageKey(`k${String(i).padStart(5, "0")}`);
}

function row(i: number, text: string): Mutation {
  return { key: key(i), value: encodeItem({ v: { S: text } }, text.length + 1, key(i)) };
}

function rows(count: number, text: string): Mutation[] {
  return Array.from({ length: count }, (_, i) => row(i, text));
}

class Disk {
  clock = new ManualClock();
  readonly kv: SimKv;

  constructor(seed: number) {
    this.kv = new SimKv("tree", this.clock, new Prng(seed), SIM_KV_DEFAULT);
  }

  open(options: TreeOptions = SMALL): ItemTree {
    const opened = openItemTree(this.kv, this.clock, options, telemetry);
    assert.ok(opened.ok, opened.ok ? "" : opened.error.message);
    return opened.tree;
  }

  crash(): ItemTree {
    this.kv.powerOff();
    this.clock = new ManualClock();
    this.kv.powerOn(this.clock);
    return this.open();
  }
}

function textsOf(tree: ItemTree): string[] {
  const texts: string[] = [];
  assert.equal(tree.scan(FROM, TO, true, (_, value) => {
    const item = JSON.parse(Buffer.from(value.subarray(20)).toString()) as { v: { S: string } };
    return texts.push(item.v.S) > 0;
  }), null);
  return texts;
}

/** Calls `run` with every instant of the time in which something may be under way. */
function atEveryInstant(run: (afterMs: number) => void): void {
  for (let afterMs = 0; afterMs < LONG_MS; afterMs += STEP_MS) run(afterMs);
}

function isIn(group: GroupId, tree: ItemTree): boolean {
  return tree.groups().includes(group);
}

test("an installed tree is whole with its mark, after which it is replayed like any other", () => {
  const disk = new Disk(1);
  const tree = disk.open();
  tree.installRows(PARENT, rows(60, "page"));
  assert.ok(!tree.holds(PARENT) && !tree.hasMark(PARENT));
  tree.installRows(PARENT, [row(60, "page")]);
  tree.finishInstall(PARENT, lsn(40), lsn(45), { items: 61, bytes: 610 });
  assert.ok(tree.holds(PARENT) && !tree.hasMark(PARENT));
  assert.equal(tree.recoveryFloor(PARENT), 45);
  assert.equal(tree.appliedLsn(PARENT), 40);
  tree.apply(PARENT, lsn(41), [row(3, "newer")], { items: 0, bytes: 1 });
  disk.clock.advance(SMALL.idleMs + LONG_MS);
  assert.ok(tree.hasMark(PARENT));
  const again = disk.crash();
  assert.ok(again.hasMark(PARENT));
  assert.equal(again.checkpointLsn(PARENT), 41);
  assert.equal(again.recoveryFloor(PARENT), 45);
  assert.deepEqual(again.counters(PARENT), { items: 61, bytes: 611 });
  assert.equal(textsOf(again).filter((text) => text === "page").length, 60);
});

test("rows without a mark are written too, and do not pile up in memory", () => {
  const disk = new Disk(2);
  const tree = disk.open();
  for (let page = 0; page < 20; page++) {
    tree.installRows(PARENT, Array.from({ length: 50 }, (_, i) => row(page * 50 + i, "page")));
    disk.clock.advance(100);
    assert.ok(!tree.isOverloaded, `page ${page}`);
  }
  disk.clock.advance(SMALL.idleMs + LONG_MS);
  assert.equal(tree.inspect().activeBytes, 0);
  assert.deepEqual(disk.crash().groups(), []);
});

test("an install that a crash broke off leaves no whole tree, and the next one starts clean", () => {
  let broken = 0;
  let whole = 0;
  let begun = 0;
  atEveryInstant((afterMs) => {
    const disk = new Disk(afterMs);
    const tree = disk.open();
    tree.installRows(PARENT, rows(70, "old"));
    disk.clock.advance(afterMs / 4);
    tree.installRows(PARENT, rows(30, "old again"));
    tree.finishInstall(PARENT, lsn(40), lsn(90), { items: 70, bytes: 700 });
    tree.requestCheckpoint(() => undefined);
    disk.clock.advance(afterMs);
    const again = disk.crash();
    if (again.hasMark(PARENT)) {
      whole++;
      assert.equal(textsOf(again).length, 70, `crash after ${afterMs} ms`);
      return;
    }
    broken++;
    if (isIn(PARENT, again)) begun++;
    assert.ok(!again.holds(PARENT));
    assert.deepEqual([again.appliedLsn(PARENT), again.checkpointLsn(PARENT)], [0, 0]);
    // Rows that are in memory, being written and on disk are all gone when the drop is done.
    again.installRows(PARENT, rows(20, "worthless"));
    if (afterMs % 2 === 0) again.requestCheckpoint(() => undefined);
    if (afterMs % 3 === 0) disk.clock.advance(2);
    let isDropped = false;
    again.dropRange(FROM, TO, () => {
      isDropped = true;
    });
    disk.clock.advance(LONG_MS);
    assert.ok(isDropped, `crash after ${afterMs} ms`);
    assert.deepEqual(textsOf(again), [], `crash after ${afterMs} ms`);
    again.installRows(PARENT, rows(5, "new"));
    again.finishInstall(PARENT, lsn(50), lsn(51), { items: 5, bytes: 50 });
    assert.equal(again.recoveryFloor(PARENT), 51, "what the broken install said does not count");
    again.requestCheckpoint(() => undefined);
    disk.clock.advance(LONG_MS);
    const last = disk.crash();
    assert.ok(last.hasMark(PARENT));
    assert.deepEqual([last.checkpointLsn(PARENT), last.recoveryFloor(PARENT)], [50, 51]);
    assert.deepEqual(textsOf(last), Array.from({ length: 5 }, () => "new"));
  });
  assert.ok(broken > 10 && whole > 10 && begun > 3, `${broken} broken, ${begun} of them begun, ${whole} whole`);
});

test("children are durable with the split of their parent, or not at all", () => {
  let before = 0;
  let after = 0;
  atEveryInstant((afterMs) => {
    const disk = new Disk(afterMs);
    const tree = disk.open();
    tree.apply(PARENT, lsn(1), rows(60, "parent"), { items: 60, bytes: 600 });
    tree.requestCheckpoint(() => undefined);
    disk.clock.advance(afterMs / 3);
    // The entry of the split fills the generation: what belongs to it must be in the same one all the same.
    tree.apply(PARENT, lsn(2), [], { items: 0, bytes: 0 });
    tree.apply(PARENT, lsn(3), rows(150, "parent"), { items: 90, bytes: 900 });
    tree.splitGroup(PARENT, [{ group: LEFT, items: 100, bytes: 1000 }, { group: RIGHT, items: 50, bytes: 500 }]);
    tree.apply(LEFT, lsn(1), [row(1, "left")], { items: 0, bytes: 1 });
    disk.clock.advance(afterMs);
    const again = disk.crash();
    const isSplit = again.checkpointLsn(PARENT) === 3;
    assert.deepEqual([again.hasMark(LEFT), again.hasMark(RIGHT)], [isSplit, isSplit], `crash after ${afterMs} ms`);
    assert.deepEqual([again.holds(LEFT), again.holds(RIGHT)], [isSplit, isSplit]);
    if (!isSplit) {
      before++;
      return;
    }
    after++;
    assert.deepEqual(again.counters(RIGHT), { items: 50, bytes: 500 });
    assert.equal(again.appliedLsn(RIGHT), 0);
    assert.equal(again.counters(LEFT).items, 100);
  });
  assert.ok(before > 10 && after > 10, `${before} before, ${after} after`);
});

test("a mark never outlives the rows it speaks of", () => {
  let marked = 0;
  let gone = 0;
  atEveryInstant((afterMs) => {
    const disk = new Disk(afterMs);
    const tree = disk.open();
    tree.apply(PARENT, lsn(1), rows(60, "kept"), { items: 60, bytes: 600 });
    tree.requestCheckpoint(() => undefined);
    disk.clock.advance(LONG_MS);
    tree.apply(LEFT, lsn(1), [{ key: storageKey("other"), value: row(0, "x").value }], { items: 1, bytes: 1 });
    tree.forgetGroup(PARENT);
    assert.ok(!tree.hasMark(PARENT) && !tree.holds(PARENT));
    tree.dropRange(FROM, TO, () => undefined);
    disk.clock.advance(afterMs / 4);
    const again = disk.crash();
    if (again.hasMark(PARENT)) {
      marked++;
      assert.equal(textsOf(again).length, 60, `crash after ${afterMs} ms`);
    } else gone++;
  });
  assert.ok(marked > 5 && gone > 5, `${marked} with a mark, ${gone} without`);
});

test("a group that was forgotten can be installed again", () => {
  const disk = new Disk(5);
  const tree = disk.open();
  tree.apply(PARENT, lsn(1), rows(60, "old"), { items: 60, bytes: 600 });
  tree.requestCheckpoint(() => undefined);
  disk.clock.advance(LONG_MS);
  tree.forgetGroup(PARENT);
  let isDropped = false;
  tree.dropRange(FROM, TO, () => {
    isDropped = true;
  });
  disk.clock.advance(LONG_MS);
  assert.ok(isDropped);
  tree.installRows(PARENT, rows(3, "new"));
  tree.finishInstall(PARENT, lsn(9), lsn(9), { items: 3, bytes: 30 });
  tree.requestCheckpoint(() => undefined);
  disk.clock.advance(LONG_MS);
  const again = disk.crash();
  assert.equal(again.checkpointLsn(PARENT), 9);
  assert.deepEqual(textsOf(again), ["new", "new", "new"]);
});
