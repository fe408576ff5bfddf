// Replay of a node's log: in one pass and group by group, of replicas with a tree and with a log alone, across splits,
// with the power going at random. Replay one seed with SEED=n.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ballotFrom, groupId, HASH_POINT_END, hashPoint, lsn, nodeId, storageKey } from "../../base/ids.ts";
import type { GroupId, StorageKey } from "../../base/ids.ts";
import { Prng } from "../../base/prng.ts";
import { encodeItem } from "../../model/item-codec.ts";
import { ManualClock } from "../../ports/contract/manual-clock.ts";
import { recoverGroup } from "../../replication/recover-group.ts";
import type { GroupRecovery } from "../../replication/recover-group.ts";
import { replayLog } from "../../replication/replay-log.ts";
import type { RecoveryEnv } from "../../replication/replica-plan.ts";
import { openItemTree } from "../../storage/tree/item-tree.ts";
import { TREE_DEFAULT } from "../../storage/tree/tree-options.ts";
import type { ItemTree } from "../../storage/tree/item-tree.ts";
import { openWal } from "../../storage/wal/wal.ts";
import type { RecoveredLog } from "../../storage/wal/log-index.ts";
import type { Wal } from "../../storage/wal/wal.ts";
import { decodeWritePayload, encodeWritePayload } from "../../wire/codec/write-payload.ts";
import { encodeConfiguration, initialConfiguration, LOG } from "../../wire/group-configuration.ts";
import type { Configuration } from "../../wire/group-configuration.ts";
import { BASE, COMMIT, CONFIGURATION, NOOP, SPLIT, WRITE } from "../../wire/log-record.ts";
import type { EntryKind, Mutation, RecordKind } from "../../wire/log-record.ts";
import { makeEntry, makeRecord } from "../../wire/record-checksum.ts";
import { decodeSplitPayload, encodeSplitPayload } from "../../wire/split-payload.ts";
import { SIM_DISK_DEFAULT, SimDisk } from "./sim-disk.ts";
import { SIM_KV_DEFAULT, SimKv } from "./sim-kv.ts";

const telemetry = { event: (): void => undefined };
const SELF = nodeId(1);
const BALLOT = ballotFrom(65_537);
const NOTHING = new Uint8Array(0);
const STORAGE_SET: Configuration = initialConfiguration([SELF, nodeId(2), nodeId(3)]);
const LOG_SET: Configuration = {
  ...STORAGE_SET,
  replicas: STORAGE_SET.replicas.map((replica) => replica.node === SELF ? { ...replica, kind: LOG } : replica),
};

class World {
  readonly prng: Prng;
  clock = new ManualClock();
  readonly disk: SimDisk;
  readonly kv: SimKv;
  wal!: Wal;
  tree!: ItemTree;
  logs!: Map<GroupId, RecoveredLog>;

  constructor(seed: number) {
    this.prng = new Prng(seed);
    this.disk = new SimDisk("wal", this.clock, this.prng.split("disk"), SIM_DISK_DEFAULT);
    this.kv = new SimKv("tree", this.clock, this.prng.split("kv"), SIM_KV_DEFAULT);
    this.open();
  }

  open(): void {
    const { prng, clock, disk, kv } = this;
    const random = { u32: () => prng.u32(), below: (n: number) => prng.below(n), bytes: (n: number) => prng.bytes(n) };
    const opened = openWal(disk, {
      node: SELF, clock, random, segmentBytes: 8192, batchBytesMax: 4096, sealDelayMs: 20,
    }, telemetry);
    assert.ok(opened.ok, opened.ok ? "" : opened.error.message);
    this.wal = opened.wal;
    this.logs = opened.groups;
    const tree = openItemTree(kv, clock, {
      ...TREE_DEFAULT, checkpointBytes: 4000, overloadBytes: 9000, sliceBytes: 600, sliceRows: 4, idleMs: 50,
      ageMsMax: 500,
    }, telemetry);
    assert.ok(tree.ok);
    this.tree = tree.tree;
    this.tree.onCheckpoint = (group, at): void => this.wal.release(group, at);
  }

  restart(): void {
    this.disk.powerOff();
    this.kv.powerOff();
    this.clock = new ManualClock();
    this.disk.powerOn(this.clock);
    this.kv.powerOn(this.clock);
    this.open();
  }

  get env(): RecoveryEnv {
    const { wal, tree, clock, kv } = this;
    return { self: SELF, wal, tree, clock, treeFile: kv.file };
  }

  own(kind: RecordKind, group: GroupId, at: number, payload: Uint8Array = NOTHING): void {
    this.wal.append(makeRecord(kind, group, lsn(at), BALLOT, payload));
  }

  entry(kind: EntryKind, group: GroupId, at: number, payload: Uint8Array = NOTHING): void {
    this.wal.append(makeEntry(kind, group, lsn(at), BALLOT, payload));
  }

  sync(): void {
    this.wal.flush();
    for (let i = 0; i < 1000 && this.wal.durableSeq < this.wal.appendedSeq; i++) this.clock.advance(1);
    assert.equal(this.wal.durableSeq, this.wal.appendedSeq);
  }

  /** Returns what replay says, after the time it takes. */
  replay(): string | null {
    let result: string | null | undefined;
    replayLog(this.env, this.logs, (error) => {
      result = error === null ? null : error.message;
    });
    for (let i = 0; i < 5000 && result === undefined; i++) this.clock.advance(1);
    assert.notEqual(result, undefined, "replay ends");
    return result ?? null;
  }

  recover(group: GroupId): GroupRecovery {
    let result: GroupRecovery | null = null;
    recoverGroup(this.env, group, this.logs.get(group), (recovery) => {
      result = recovery;
    });
    for (let i = 0; i < 5000 && result === null; i++) this.clock.advance(1);
    assert.ok(result !== null, "recovery ends");
    return result;
  }
}

function key(i: number): StorageKey {
  return storageKey(`k${String(i).padStart(3, "0")}`);
}

function put(i: number, text: string): Mutation {
  return { key: key(i), value: encodeItem({ v: { S: text } }, text.length + 1, key(i)) };
}

function textsOf(tree: ItemTree): Record<string, string> {
  const texts: Record<string, string> = {};
  assert.equal(tree.scan(storageKey("k"), storageKey("l"), true, (at, value) => {
    texts[at] = (JSON.parse(new TextDecoder().decode(value.subarray(20))) as { v: { S: string } }).v.S;
    return true;
  }), null);
  return texts;
}

// ---- Random lives of groups that split.

/** The keys of a group are those from `from` to before `to`. */
type Life = {
  readonly group: GroupId; readonly from: number; readonly to: number;
  last: number; committed: number; isClosed: boolean; items: number;
};
const KEYS = 300;

/** What is on the node in truth: committed rows, and the groups with what they have committed and durable. */
class Truth {
  readonly world: World;
  readonly rows: Record<string, string> = {};
  lives: Life[] = [
    { group: groupId(1), from: 0, to: KEYS, last: 0, committed: 0, isClosed: false, items: 0 },
  ];
  nextGroup = 2;
  writes = 0;
  splits = 0;
  /** Splits that the log did not know to be committed. */
  unknown = 0;

  constructor(world: World) {
    this.world = world;
  }

  write(life: Life): void {
    const { world } = this;
    const i = world.prng.between(life.from, life.to - 1);
    const text = `${life.group}.${++this.writes} ${"x".repeat(world.prng.below(200))}`;
    const mutations = [put(i, text)];
    const at = ++life.last;
    world.entry(WRITE, life.group, at, encodeWritePayload({ mutations, items: 1, bytes: 0 }));
    world.sync();
    world.tree.apply(life.group, lsn(at), mutations, { items: 1, bytes: 0 });
    this.rows[key(i)] = text;
    life.items++;
    this.settle(life);
  }

  /** Committed; whether the log says so is left to chance, as it is in the lazily written records. */
  settle(life: Life): void {
    life.committed = life.last;
    if (this.world.prng.chance(1, 3)) this.world.own(COMMIT, life.group, life.committed);
  }

  split(life: Life): void {
    const { world } = this;
    const left = groupId(this.nextGroup++);
    const right = groupId(this.nextGroup++);
    const share = Math.floor(life.items / 2);
    const at = ++life.last;
    const payload = encodeSplitPayload({
      at: hashPoint(HASH_POINT_END / 2), left, right, leftItems: share, leftBytes: 0,
      rightItems: life.items - share, rightBytes: 0, since: 0, configuration: STORAGE_SET,
    });
    world.entry(SPLIT, life.group, at, payload);
    world.sync();
    world.own(COMMIT, life.group, at);
    life.committed = at;
    world.tree.apply(life.group, lsn(at), [], { items: 0, bytes: 0 });
    world.tree.splitGroup(life.group, [
      { group: left, items: share, bytes: 0 }, { group: right, items: life.items - share, bytes: 0 },
    ]);
    const middle = Math.floor((life.from + life.to) / 2);
    for (const [group, items, from, to] of [
      [left, share, life.from, middle], [right, life.items - share, middle, life.to],
    ] as const) {
      world.own(CONFIGURATION, group, 0, encodeConfiguration(STORAGE_SET));
      this.lives.push({ group, from, to, last: 0, committed: 0, isClosed: false, items });
    }
    life.isClosed = true;
    this.splits++;
  }

  open(): Life {
    const found = this.lives.findLast((life) => !life.isClosed && life.to - life.from >= 2);
    assert.ok(found !== undefined);
    return found;
  }

  step(): void {
    const { prng, tree, clock } = this.world;
    const life = prng.pick(this.lives);
    if (life.isClosed) {
      this.world.entry(NOOP, life.group, ++life.last);
      this.world.sync();
      tree.apply(life.group, lsn(life.last), [], { items: 0, bytes: 0 });
      this.settle(life);
    } else if (this.lives.length < 9 && life.to - life.from >= 2 && prng.chance(1, 12)) this.split(life);
    else this.write(life);
    if (prng.chance(1, 8)) clock.advance(prng.below(80));
    if (prng.chance(1, 30)) tree.requestCheckpoint(() => undefined);
  }

  /** What replay leaves out, because the log did not know it to be committed, is in the tail. */
  check(isInOnePass: boolean): void {
    const { world } = this;
    if (isInOnePass) assert.equal(world.replay(), null);
    for (const life of [...this.lives].sort((a, b) => a.group - b.group)) {
      const recovery = world.recover(life.group);
      assert.ok(recovery.ok, recovery.ok ? "" : recovery.error.message);
      const { recovered, hasTree } = recovery;
      assert.ok(hasTree, `group ${life.group}`);
      assert.ok(recovered.applied >= world.tree.recoveryFloor(life.group));
      const closed = recovered.tail.find((entry) => entry.kind === SPLIT);
      assert.equal(closed !== undefined, life.isClosed, `group ${life.group} is closed for good`);
      for (const entry of recovered.tail) {
        if (entry.lsn > recovered.applied) this.apply(life, entry.lsn, entry.kind, entry.payload);
      }
      assert.equal(world.tree.appliedLsn(life.group), life.committed, `group ${life.group}`);
      assert.equal(world.tree.counters(life.group).items, life.items, `group ${life.group}`);
    }
    assert.deepEqual(textsOf(world.tree), this.rows);
  }

  /** As consensus would: what was acknowledged is committed again. */
  apply(life: Life, at: number, kind: EntryKind, payload: Uint8Array): void {
    const { tree } = this.world;
    const write = kind === WRITE ? decodeWrite(payload) : null;
    tree.apply(life.group, lsn(at), write ?? [], { items: write === null ? 0 : 1, bytes: 0 });
    if (kind !== SPLIT) return;
    const split = decodeSplitPayload(payload);
    assert.ok(split !== null);
    this.world.own(COMMIT, life.group, at);
    for (const group of [split.left, split.right]) {
      const child = this.lives.find((each) => each.group === group);
      assert.equal(child?.last, 0, "a child writes when the log knows that the split is committed");
      this.world.own(CONFIGURATION, group, 0, encodeConfiguration(STORAGE_SET));
    }
    const { left, right, leftItems, rightItems } = split;
    tree.splitGroup(life.group, [
      { group: left, items: leftItems, bytes: 0 }, { group: right, items: rightItems, bytes: 0 },
    ]);
    this.unknown++;
  }
}

function decodeWrite(payload: Uint8Array): readonly Mutation[] {
  const decoded = decodeWritePayload(payload);
  assert.ok(decoded !== null);
  return decoded.mutations;
}

test("replay brings every tree to what was committed, whenever the power went", () => {
  const fixed = process.env["SEED"];
  const seeds = fixed === undefined ? Array.from({ length: 60 }, (_, i) => i + 1) : [Number(fixed)];
  let splits = 0;
  let unknown = 0;
  for (const seed of seeds) {
    try {
      const world = new World(seed);
      const truth = new Truth(world);
      for (let life = 0; life < 4; life++) {
        for (let steps = world.prng.between(5, 60); steps > 0; steps--) truth.step();
        if (world.prng.chance(1, 2)) truth.split(truth.open());
        if (world.prng.chance(1, 2)) world.sync();
        world.restart();
        truth.check(world.prng.chance(2, 3));
      }
      splits += truth.splits;
      unknown += truth.unknown;
    } catch (error) {
      throw new Error(`SEED=${seed} node --test src/sim/world/replay.test.ts`, { cause: error });
    }
  }
  if (fixed === undefined) assert.ok(splits > 60 && unknown > 5, `${splits} splits, ${unknown} of them unknown`);
});

// ---- Replicas without a tree, and logs and trees that do not belong together.

const G = groupId(5);

function writeEntry(world: World, at: number): void {
  world.entry(WRITE, G, at, encodeWritePayload({ mutations: [put(at, `v${at}`)], items: 1, bytes: 0 }));
}

test("a replica that joined recovers with its log alone", () => {
  const world = new World(1);
  world.own(BASE, G, 20);
  world.own(CONFIGURATION, G, 11, encodeConfiguration(LOG_SET));
  world.sync();
  world.restart();
  assert.equal(world.replay(), null);
  const empty = world.recover(G);
  assert.ok(empty.ok && !empty.hasTree);
  assert.deepEqual([empty.recovered.applied, empty.recovered.tail, empty.recovered.firstOnDisk], [20, [], 21]);
  for (let at = 21; at <= 26; at++) writeEntry(world, at);
  world.own(COMMIT, G, 24);
  world.sync();
  world.restart();
  assert.equal(world.replay(), null);
  const some = world.recover(G);
  assert.ok(some.ok && !some.hasTree);
  assert.equal(some.recovered.applied, 24);
  assert.deepEqual(some.recovered.tail.map((entry) => entry.lsn), [24, 25, 26]);
  assert.deepEqual(textsOf(world.tree), {});
});

test("a log replica of a group that began with it has no tree either, a storage replica has", () => {
  for (const [configuration, hasTree] of [[LOG_SET, false], [STORAGE_SET, true]] as const) {
    const world = new World(2);
    world.own(CONFIGURATION, G, 0, encodeConfiguration(configuration));
    writeEntry(world, 1);
    writeEntry(world, 2);
    world.own(COMMIT, G, 2);
    world.sync();
    world.restart();
    const recovery = world.recover(G);
    assert.ok(recovery.ok);
    assert.equal(recovery.hasTree, hasTree);
    assert.equal(recovery.recovered.applied, 2);
    assert.equal(Object.keys(textsOf(world.tree)).length, hasTree ? 2 : 0);
  }
});

test("a log replica whose tree is marked is replayed like a storage replica", () => {
  const world = new World(3);
  world.own(BASE, G, 20);
  world.own(CONFIGURATION, G, 11, encodeConfiguration(LOG_SET));
  for (let at = 21; at <= 26; at++) writeEntry(world, at);
  world.own(COMMIT, G, 26);
  world.tree.installRows(G, [put(1, "old"), put(24, "newer than the snapshot")]);
  world.tree.finishInstall(G, lsn(22), lsn(25), { items: 2, bytes: 0 });
  world.tree.onCheckpoint = (): void => undefined;
  world.tree.requestCheckpoint(() => undefined);
  world.sync();
  world.clock.advance(200);
  world.restart();
  assert.equal(world.replay(), null);
  const recovery = world.recover(G);
  assert.ok(recovery.ok && recovery.hasTree);
  assert.equal(recovery.recovered.applied, 26);
  assert.deepEqual(textsOf(world.tree), { k001: "old", k023: "v23", k024: "v24", k025: "v25", k026: "v26" });
});

test("a tree of a former membership does not count", () => {
  const world = new World(4);
  writeEntry(world, 1);
  world.sync();
  world.tree.apply(G, lsn(1), [put(1, "v1")], { items: 1, bytes: 0 });
  world.tree.requestCheckpoint(() => undefined);
  world.clock.advance(200);
  world.wal.forgetGroup(G);
  world.sync();
  world.restart();
  assert.equal(world.replay(), null);
  const gone = world.recover(G);
  assert.ok(gone.ok && !gone.hasTree, "it left: its tree was not forgotten in time");
  assert.equal(gone.recovered.applied, 0);
  assert.ok(!world.tree.hasMark(G));
  world.own(BASE, G, 9);
  world.sync();
  world.restart();
  const back = world.recover(G);
  assert.ok(back.ok && !back.hasTree);
  assert.equal(back.recovered.applied, 9);
});

test("a log and a tree that do not belong together are refused in plain words", () => {
  const world = new World(5);
  for (let at = 1; at <= 90; at++) {
    writeEntry(world, at);
    world.sync();
    world.tree.apply(G, lsn(at), [put(at, `v${at}`)], { items: 1, bytes: 0 });
  }
  world.tree.requestCheckpoint(() => undefined);
  world.clock.advance(1000);
  world.sync();
  assert.ok((world.wal.groupState(G)?.first ?? 0) > 1);
  world.restart();
  const { tree } = world;
  const blankKv = new SimKv("tree", world.clock, new Prng(1), SIM_KV_DEFAULT);
  const blank = openItemTree(blankKv, world.clock, TREE_DEFAULT, telemetry);
  assert.ok(blank.ok);
  world.tree = blank.tree;
  assert.equal(world.replay(), null, "nobody may want the group");
  const lost = world.recover(G);
  assert.ok(!lost.ok && /the tree is missing or older/.test(lost.error.message));
  world.tree = tree;
  world.logs.delete(G);
  const behind = world.recover(G);
  assert.ok(!behind.ok && /the log is missing or older/.test(behind.error.message));
});
