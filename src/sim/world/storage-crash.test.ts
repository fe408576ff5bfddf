// Log and tree together under power-offs: random appends, truncations, checkpoints, releases, then the power
// goes at a random instant, again and again. After each restart: everything that was reported durable is there,
// nothing is there that was not written, and replay brings the tree to what the log says.
// Replay one seed with SEED=n.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ballotFrom, groupId, lsn, nodeId, storageKey } from "../../base/ids.ts";
import type { GroupId, Lsn, StorageKey } from "../../base/ids.ts";
import { Prng } from "../../base/prng.ts";
import { encodeItem } from "../../model/item-codec.ts";
import { ManualClock } from "../../ports/contract/manual-clock.ts";
import { openItemTree } from "../../storage/tree/item-tree.ts";
import { TREE_DEFAULT } from "../../storage/tree/tree-options.ts";
import type { ItemTree } from "../../storage/tree/item-tree.ts";
import { openWal } from "../../storage/wal/wal.ts";
import type { Wal } from "../../storage/wal/wal.ts";
import { COMMIT, PROMISE, WRITE } from "../../wire/log-record.ts";
import type { LogEntry } from "../../wire/log-record.ts";
import { makeEntry, makeRecord } from "../../wire/record-checksum.ts";
import { SIM_DISK_DEFAULT, SimDisk } from "./sim-disk.ts";
import { SIM_KV_DEFAULT, SimKv } from "./sim-kv.ts";

const telemetry = { event: (): void => undefined };
const SEEDS = 120;
const LIVES = 6;
const GROUPS = [groupId(1), groupId(2), groupId(3)] as const;

/** What the test knows about one group. */
type Truth = {
  readonly group: GroupId;
  /** Payload by LSN as last appended, from index 1. */
  entries: { readonly key: number; readonly value: string; readonly ballot: number; readonly sequence: number }[];
  /** Entries up to here are committed: never truncated, may be applied. */
  committed: number;
  promised: { readonly ballot: number; readonly sequence: number };
  /** Durable before the newest life began. */
  durableLast: number;
  durablePromise: number;
};

class Node {
  readonly prng: Prng;
  readonly disk: SimDisk;
  readonly kv: SimKv;
  readonly truths: Truth[] = GROUPS.map((group) => ({
    group, entries: [{ key: 0, value: "", ballot: 0, sequence: 0 }], committed: 0,
    promised: { ballot: 0, sequence: 0 }, durableLast: 0, durablePromise: 0,
  }));
  clock: ManualClock = new ManualClock();
  wal!: Wal;
  tree!: ItemTree;
  writes = 0;

  constructor(seed: number) {
    this.prng = new Prng(seed);
    this.disk = new SimDisk("node", this.clock, this.prng.split("disk"), SIM_DISK_DEFAULT);
    this.kv = new SimKv("tree", this.clock, this.prng.split("kv"), SIM_KV_DEFAULT);
  }

  start(): void {
    const { prng, clock, disk, kv } = this;
    const random = { u32: () => prng.u32(), below: (n: number) => prng.below(n), bytes: (n: number) => prng.bytes(n) };
    const opened = openWal(disk, {
      node: nodeId(9), clock, random, segmentBytes: 8192, batchBytesMax: 4096, sealDelayMs: prng.between(1, 40),
    }, telemetry);
    assert.ok(opened.ok, opened.ok ? "" : `${opened.error.file}@${opened.error.offset} ${opened.error.message}`);
    this.wal = opened.wal;
    const tree = openItemTree(kv, clock, {
      ...TREE_DEFAULT, checkpointBytes: 4000, sliceBytes: 600, sliceRows: 4, idleMs: 50, ageMsMax: 500,
    }, telemetry);
    assert.ok(tree.ok);
    this.tree = tree.tree;
    this.tree.onCheckpoint = (group, at): void => this.wal.release(group, at);
    this.wal.onFailure = (error): void => assert.fail(error.message);
    this.tree.onFailure = (error): void => assert.fail(error.message);
  }

  append(truth: Truth): void {
    const { prng } = this;
    const at = truth.entries.length;
    const ballot = Math.max(truth.promised.ballot, 65_537);
    const key = prng.below(40);
    const value = `g${truth.group} w${++this.writes}`;
    const payload = new TextEncoder().encode(JSON.stringify({ key, value, filler: "x".repeat(prng.below(400)) }));
    const sequence = this.wal.append(makeEntry(WRITE, truth.group, lsn(at), ballotFrom(ballot), payload));
    truth.entries.push({ key, value, ballot, sequence });
  }

  /** A new leader's log replaces the uncommitted end of this one. */
  truncate(truth: Truth): void {
    const keep = this.prng.between(truth.committed, truth.entries.length - 1);
    truth.entries.length = keep + 1;
    this.append(truth);
  }

  promise(truth: Truth): void {
    const ballot = truth.promised.ballot + 65_536;
    const record = makeRecord(PROMISE, truth.group, lsn(0), ballotFrom(ballot), new Uint8Array(0));
    truth.promised = { ballot, sequence: this.wal.append(record) };
  }

  /** Commits and applies a prefix that is durable here. */
  commit(truth: Truth): void {
    while (truth.committed + 1 < truth.entries.length) {
      const next = truth.entries[truth.committed + 1] as Truth["entries"][number];
      if (next.sequence > this.wal.durableSeq || this.prng.chance(1, 6)) break;
      truth.committed++;
      this.apply(truth.group, lsn(truth.committed), next.key, next.value);
    }
    if (this.prng.chance(1, 4)) {
      this.wal.append(makeRecord(COMMIT, truth.group, lsn(truth.committed), ballotFrom(0), new Uint8Array(0)));
    }
  }

  apply(group: GroupId, at: Lsn, key: number, value: string): void {
    const k = treeKey(group, key);
    const isDelete = value.length % 3 === 0;
    const stored = isDelete ? null : encodeItem({ v: { S: value } }, value.length + 1, k);
    this.tree.apply(group, at, [{ key: k, value: stored }], { items: 1, bytes: value.length });
  }

  /** One life: work until the power goes. */
  live(): void {
    const { prng } = this;
    for (let steps = prng.between(5, 120); steps > 0; steps--) {
      const truth = prng.pick(this.truths);
      const dice = prng.below(20);
      if (dice < 11) this.append(truth);
      else if (dice === 11) this.truncate(truth);
      else if (dice === 12) this.promise(truth);
      else if (dice < 17) this.commit(truth);
      else if (dice === 17) this.tree.requestCheckpoint(() => undefined);
      if (prng.chance(1, 2)) this.wal.flush();
      if (prng.chance(1, 2)) this.clock.advance(prng.below(30) / 10);
      if (prng.chance(1, 40)) this.clock.advance(300);
    }
  }

  powerOff(): void {
    for (const truth of this.truths) {
      const durable = truth.entries.findLastIndex((entry) => entry.sequence <= this.wal.durableSeq);
      truth.durableLast = durable;
      truth.durablePromise = truth.promised.sequence <= this.wal.durableSeq ? truth.promised.ballot : 0;
    }
    this.disk.powerOff();
    this.kv.powerOff();
    this.clock = new ManualClock();
    this.disk.powerOn(this.clock);
    this.kv.powerOn(this.clock);
  }

  /** Restarts and compares with the truth. */
  recover(): void {
    this.start();
    for (const truth of this.truths) this.compareLog(truth);
    const applied: string[] = [];
    // Entries above the commit LSN are for consensus to decide.
    const scan = this.wal.scan(new Map(this.truths.map(({ group, committed }) => {
      const replayed = { from: lsn(this.tree.checkpointLsn(group) + 1), to: lsn(committed) };
      return [group, replayed];
    })));
    const visit = (entry: LogEntry): void => {
      const { key, value } = JSON.parse(new TextDecoder().decode(entry.payload)) as { key: number; value: string };
      applied.push(value);
      this.apply(entry.group, entry.lsn, key, value);
    };
    let step = scan.step(visit);
    while (step === "more") step = scan.step(visit);
    assert.equal(step, "end");
    for (const truth of this.truths) this.compareTree(truth);
  }

  compareLog(truth: Truth): void {
    const state = this.wal.groupState(truth.group);
    const last = state?.last ?? 0;
    assert.ok(last >= truth.durableLast, `group ${truth.group}: ends at ${last}, ${truth.durableLast} was durable`);
    assert.ok((state?.promised ?? 0) >= truth.durablePromise, "a durable promise is kept");
    assert.ok((state?.promised ?? 0) <= truth.promised.ballot, "a promise is not invented");
    assert.ok((state?.commit ?? 0) <= truth.committed, "a commit mark is not invented");
    const first = state?.first ?? 0;
    const known = this.tree.checkpointLsn(truth.group);
    assert.ok(last === 0 || first <= known + 1, `group ${truth.group}: log from ${first} to ${last}, tree to ${known}`);
    const read = this.wal.readEntriesSync(truth.group, lsn(first), 1 << 24);
    assert.ok(read.ok);
    assert.equal(read.entries.length, last === 0 ? 0 : last - first + 1);
    const truncated = last >= truth.entries.length; // a truncation that did not become durable
    for (const entry of read.entries) {
      const expected = truth.entries[entry.lsn];
      const { value } = JSON.parse(new TextDecoder().decode(entry.payload)) as { value: string };
      if (entry.lsn <= truth.durableLast && !truncated && last === truth.entries.length - 1) {
        assert.equal(value, expected?.value, `group ${truth.group} LSN ${entry.lsn}`);
      }
      if (entry.lsn <= truth.committed) assert.equal(value, expected?.value, `committed LSN ${entry.lsn}`);
    }
    // From here on the truth is what survived.
    const survived = read.entries.map((entry) => {
      const { key, value } = JSON.parse(new TextDecoder().decode(entry.payload)) as { key: number; value: string };
      return { key, value, ballot: entry.ballot as number, sequence: 0 };
    });
    truth.entries = last > 0 ? [...truth.entries.slice(0, first), ...survived] : truth.entries.slice(0, 1);
    for (const [i, entry] of truth.entries.entries()) truth.entries[i] = { ...entry, sequence: 0 };
    truth.promised = { ballot: state?.promised ?? 0, sequence: 0 };
  }

  compareTree(truth: Truth): void {
    assert.equal(this.tree.appliedLsn(truth.group), truth.committed, "replay reaches everything committed");
    assert.ok(truth.committed >= this.tree.recoveryFloor(truth.group));
    const model = new Map<StorageKey, string>();
    let bytes = 0;
    for (const { key, value } of truth.entries.slice(1, truth.committed + 1)) {
      bytes += value.length;
      if (value.length % 3 === 0) model.delete(treeKey(truth.group, key));
      else model.set(treeKey(truth.group, key), value);
    }
    const seen: [StorageKey, string][] = [];
    const end = this.tree.scan(treeKey(truth.group, 0), treeKey(truth.group, 99), true, (key, value) => {
      seen.push([key, (JSON.parse(new TextDecoder().decode(value.subarray(20))) as { v: { S: string } }).v.S]);
      return true;
    });
    assert.equal(end, null);
    assert.deepEqual(seen, [...model].sort(([a], [b]) => (a < b ? -1 : 1)));
    assert.deepEqual(this.tree.counters(truth.group), { items: truth.committed, bytes });
  }
}

function treeKey(group: GroupId, key: number): StorageKey {
  return storageKey(`t${group}k${String(key).padStart(2, "0")}`);
}

function run(seed: number): { segments: number; torn: number; powerOffs: number } {
  const node = new Node(seed);
  node.start();
  for (let life = 0; life < LIVES; life++) {
    node.live();
    node.powerOff();
    node.recover();
  }
  return {
    segments: node.wal.inspect().segments[0] ?? 0, torn: node.disk.report.tornWrites, powerOffs: node.disk.report.powerOffs,
  };
}

test("nothing durable is lost and nothing is invented over random power-offs", () => {
  const fixed = process.env["SEED"];
  const seeds = fixed === undefined ? Array.from({ length: SEEDS }, (_, i) => i + 1) : [Number(fixed)];
  let released = 0;
  let torn = 0;
  for (const seed of seeds) {
    try {
      const report = run(seed);
      if (report.segments > 1) released++;
      torn += report.torn;
    } catch (error) {
      throw new Error(`SEED=${seed} node --test src/sim/world/storage-crash.test.ts`, { cause: error });
    }
  }
  if (fixed !== undefined) return;
  assert.ok(released > 10, `${released} runs deleted segments`);
  assert.ok(torn > 20, `${torn} torn writes`);
});
