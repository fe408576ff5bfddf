import assert from "node:assert/strict";
import { test } from "node:test";
import { groupId, HASH_POINT_END, hashPoint, lsn, nodeId, tableId, type StorageKey } from "../../base/ids.ts";
import { Prng } from "../../base/prng.ts";
import { globalIndexPartition, globalIndexRowKey } from "../../model/global-index-key.ts";
import { encodeItem, stampStored, storedTimestamp } from "../../model/item-codec.ts";
import { addressOf, scanBounds, SPACES } from "../../model/key-encoding.ts";
import type { TableSchema } from "../../model/table-schema.ts";
import type { GroupHost } from "../../replication/group-host.ts";
import { LeaderSession } from "../../replication/leader-session.ts";
import type { NodeReplicator } from "../../replication/node-replicator.ts";
import { EventLoop } from "../../sim/world/event-loop.ts";
import { SimClock } from "../../sim/world/sim-clock.ts";
import { SimKv, SIM_KV_DEFAULT } from "../../sim/world/sim-kv.ts";
import { openItemTree, type ItemTree } from "../../storage/tree/item-tree.ts";
import { TREE_DEFAULT } from "../../storage/tree/tree-options.ts";
import { REQUEST, type IndexRow, type IndexRowsWork, type WorkOutcome } from "../../wire/data-messages.ts";
import { decodeOutboxRow, changeOfOutboxKey, encodeOutboxRow, outboxKey } from "./index-outbox.ts";
import { IndexRows } from "./index-rows.ts";
import { RECORD_BYTES_MAX } from "../../storage/wal/segment-format.ts";

const SEED = Number(process.env["SEED"] ?? Math.floor(Math.random() * 1e9));
const PARTITION = { group: groupId(16), from: hashPoint(0), to: HASH_POINT_END, replicas: [nodeId(1)] };
const HIDDEN = tableId(8);
const TABLE = { id: tableId(7), hashKey: { name: "pk", type: "S" }, rangeKey: null } as unknown as TableSchema;
const KEYS = [{ name: "g", type: "S" }] as const;

function rowKey(item: string, place: string): StorageKey {
  const { prefix } = globalIndexPartition(HIDDEN, KEYS, [{ S: place }]);
  return globalIndexRowKey(prefix, "", addressOf(TABLE, { S: item }, null).key);
}

function rowOf(item: string, place: string, timestamp: number): IndexRow {
  const key = rowKey(item, place);
  const value = encodeItem({ pk: { S: item }, g: { S: place }, at: { N: String(timestamp) } }, 20, key);
  stampStored(value, timestamp);
  return { key, timestamp, value };
}

/** A led partition of an index. */
class Bench {
  readonly loop: EventLoop = new EventLoop();
  readonly tree: ItemTree;
  readonly rows: IndexRows;
  readonly host: GroupHost;
  session: LeaderSession = new LeaderSession(RECORD_BYTES_MAX);
  readonly answers: WorkOutcome[] = [];
  counts = { items: 0, bytes: 0 };
  #lsn = 0;

  constructor() {
    const clock = new SimClock(this.loop, 1, { startMs: 0, rate: 1, wallOffsetMs: 0 });
    const opened = openItemTree(new SimKv("kv", clock, new Prng(1), SIM_KV_DEFAULT), clock, TREE_DEFAULT, { event: () => undefined });
    assert.ok(opened.ok);
    this.tree = opened.tree;
    this.host = { group: PARTITION.group, session: this.session, isClosed: false, ballot: 7 } as unknown as GroupHost;
    this.rows = new IndexRows({
      clock, tree: this.tree, replicator: { wake: () => undefined } as unknown as NodeReplicator,
      placed: { placementOf: () => ({ table: HIDDEN, partition: PARTITION }), childrenOf: () => [], schemaOf: () => null },
      answer: (_, outcome) => this.answers.push(outcome), onDamage: ({ message }) => assert.fail(message),
    });
  }

  take(...rows: IndexRow[]): void {
    const work: IndexRowsWork = { kind: "index-rows", rows };
    this.rows.onRequest(this.host, { kind: REQUEST, from: nodeId(9), id: 1, group: PARTITION.group, work, bytesMax: 0 }, work);
  }

  commit(): void {
    this.session.propose((payload) => {
      const at = lsn(++this.#lsn);
      this.counts.items += payload.items;
      this.counts.bytes += payload.bytes;
      this.tree.apply(PARTITION.group, at, payload.mutations, payload);
      return { lsn: at } as never;
    });
    this.session.settle(lsn(this.#lsn));
  }

  keys(space: number): Map<StorageKey, number> {
    const { from, to } = scanBounds(HIDDEN, PARTITION.from, PARTITION.to, space);
    const found = new Map<StorageKey, number>();
    this.tree.scan(from, to, true, (key, value) => {
      found.set(key, storedTimestamp(value));
      return true;
    });
    return found;
  }
}

test("changes in any order, as often as they come, make the rows of the last state", () => {
  const prng = new Prng(SEED);
  for (let round = 0; round < 60; round++) {
    const bench = new Bench();
    const rows: IndexRow[] = [];
    const expected = new Map<StorageKey, number>();
    let timestamp = 1;
    for (const item of ["a", "b", "c"]) {
      let place: string | null = null;
      for (let states = prng.between(1, 12); states > 0; states--) {
        timestamp += prng.between(1, 5);
        const next = prng.chance(1, 4) ? null : prng.pick(["x", "y"]);
        if (place !== null && next !== place) rows.push({ key: rowKey(item, place), timestamp, value: null });
        if (next !== null) rows.push(rowOf(item, next, timestamp));
        place = next;
        expected.delete(rowKey(item, "x"));
        expected.delete(rowKey(item, "y"));
        if (place !== null) expected.set(rowKey(item, place), timestamp);
      }
    }
    const sent = [...rows, ...rows.filter(() => prng.chance(1, 3))];
    for (let i = sent.length - 1; i > 0; i--) {
      const j = prng.below(i + 1);
      [sent[i], sent[j]] = [sent[j] as IndexRow, sent[i] as IndexRow];
    }
    for (let at = 0; at < sent.length;) {
      const count = prng.between(1, 6);
      bench.take(...sent.slice(at, at + count));
      if (prng.chance(1, 2)) bench.commit();
      at += count;
    }
    bench.commit();
    assert.deepEqual(bench.keys(0), expected, `seed ${SEED}, round ${round}`);
    assert.equal(bench.counts.items, expected.size, `seed ${SEED}: rows are counted`);
    assert.ok(bench.answers.every(({ kind }) => kind === "done"), `seed ${SEED}`);
  }
});

test("what changes nothing is answered when what it lost against is committed", () => {
  const bench = new Bench();
  bench.take(rowOf("a", "x", 9));
  bench.take(rowOf("a", "x", 5));
  assert.equal(bench.answers.length, 0);
  bench.commit();
  assert.deepEqual(bench.answers, [{ kind: "done" }, { kind: "done" }]);
  bench.take(rowOf("a", "x", 5));
  assert.equal(bench.answers.length, 3, "it is committed already");
});

test("rows of another partition are refused, whole", () => {
  const bench = new Bench();
  const other = rowOf("a", "x", 9);
  const moved = { ...other, key: (other.key.slice(0, 3) + "\x09" + other.key.slice(4)) as StorageKey };
  bench.take(rowOf("b", "x", 3), moved);
  assert.equal(bench.answers[0]?.kind, "invalid");
  assert.equal(bench.session.hasOpenBatch(), false);
});

test("tombstones go after ten minutes, of other leaders ten minutes after this one began", () => {
  const bench = new Bench();
  bench.take({ key: rowKey("a", "x"), timestamp: 3, value: null });
  bench.commit();
  const sweep = (sinceMs: number): number => {
    assert.equal(bench.rows.sweep(bench.host, bench.session, sinceMs, null), null);
    bench.commit();
    return bench.keys(SPACES.tombstones).size;
  };
  bench.loop.runUntil(599_000_000);
  assert.equal(sweep(0), 1);
  (bench.host as { ballot: number }).ballot = 8;
  bench.loop.runUntil(601_000_000);
  assert.equal(sweep(300_000), 1, "of another ballot: it may be as young as this leadership");
  (bench.host as { ballot: number }).ballot = 7;
  assert.equal(sweep(0), 0);
});

test("rows of the outbox tell their item, their time and the places that were left", () => {
  const item = addressOf(TABLE, { S: "a\0b" }, null).key;
  const key = outboxKey(item, 1_700_000_000_123_456);
  assert.deepEqual(changeOfOutboxKey(key), { item, timestamp: 1_700_000_000_123_456 });
  assert.ok(outboxKey(item, 1_700_000_000_123_457) > key);
  for (const gone of [[], [rowKey("a", "x")], [rowKey("a", "x".repeat(700)), rowKey("b", "")]]) {
    assert.deepEqual(decodeOutboxRow(encodeOutboxRow(key, gone)), gone);
  }
});
