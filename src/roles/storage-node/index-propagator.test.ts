import assert from "node:assert/strict";
import { test } from "node:test";
import { groupId, HASH_POINT_END, hashPoint, lsn, nodeId, tableId } from "../../base/ids.ts";
import { Prng } from "../../base/prng.ts";
import { encodeItem, stampStored } from "../../model/item-codec.ts";
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
import type { IndexRow } from "../../wire/data-messages.ts";
import { IndexPropagator } from "./index-propagator.ts";
import type { IndexSender, RowSource } from "./index-sender.ts";
import { LedPartition } from "./led-partition.ts";
import { NO_STATE } from "./partition-state.ts";
import { RECORD_BYTES_MAX } from "../../storage/wal/segment-format.ts";

const PARTITION = { group: groupId(16), from: hashPoint(0), to: HASH_POINT_END, replicas: [nodeId(1)] };
const TABLE = {
  id: tableId(7), name: "t", version: 3, hashKey: { name: "pk", type: "S" }, rangeKey: null, partitions: [PARTITION],
  globalIndexes: [{
    name: "by-g", hashKeys: [{ name: "g", type: "S" }], rangeKeys: [], projection: { kind: "ALL", attributes: [] },
    status: "ACTIVE", table: tableId(8),
  }],
} as unknown as TableSchema;

class Bench {
  readonly loop: EventLoop = new EventLoop();
  readonly tree: ItemTree;
  readonly session: LeaderSession = new LeaderSession(RECORD_BYTES_MAX);
  readonly sent: { readonly row: IndexRow; readonly source: RowSource }[] = [];
  readonly host: GroupHost;
  readonly partition: LedPartition;
  readonly propagator: IndexPropagator;
  #lsn = 0;
  #timestamp = 0;

  constructor() {
    const clock = new SimClock(this.loop, 1, { startMs: 0, rate: 1, wallOffsetMs: 0 });
    const opened = openItemTree(new SimKv("kv", clock, new Prng(1), SIM_KV_DEFAULT), clock, TREE_DEFAULT, { event: () => undefined });
    assert.ok(opened.ok);
    this.tree = opened.tree;
    this.host = {
      group: PARTITION.group, session: this.session, isClosed: false, isRemoved: false, core: { isLeaseLive: () => true },
    } as unknown as GroupHost;
    this.partition = new LedPartition(TABLE.id, PARTITION.from, PARTITION.to, this.session, NO_STATE, {} as never);
    this.propagator = this.begin();
  }

  /** As a leader that has just begun. */
  begin(): IndexPropagator {
    return new IndexPropagator({
      clock: new SimClock(this.loop, 1, { startMs: 0, rate: 1, wallOffsetMs: 0 }), tree: this.tree,
      replicator: { wake: () => undefined } as unknown as NodeReplicator,
      placed: { placementOf: () => ({ table: TABLE.id, partition: PARTITION }), childrenOf: () => [], schemaOf: () => TABLE },
      sender: { send: (row: IndexRow, source: RowSource) => void this.sent.push({ row, source }) } as unknown as IndexSender,
      lagMs: () => 0, batchBytes: 1e6, onDamage: ({ message }) => assert.fail(message),
    }, this.host, this.partition);
  }

  /** An item that was not there before. */
  write(pk: string, g: string): void {
    const { key } = addressOf(TABLE, { S: pk }, null);
    const timestamp = ++this.#timestamp;
    const item = { pk: { S: pk }, g: { S: g } };
    const after = encodeItem(item, 10, key);
    stampStored(after, timestamp);
    this.session.add(key, after, 1, 10, { settled: () => undefined });
    this.propagator.onChange({
      host: this.host, partition: this.partition, table: TABLE, key, before: null, after, timestamp, isExpiry: false, global: null,
    } as never);
  }

  commit(): void {
    if (!this.session.hasOpenBatch()) return;
    this.session.propose((payload) => {
      this.tree.apply(PARTITION.group, lsn(++this.#lsn), payload.mutations, payload);
      return { lsn: lsn(this.#lsn) } as never;
    });
    this.session.settle(lsn(this.#lsn));
  }

  run(ms: number): void {
    this.loop.runUntil(this.loop.nowUs + ms * 1000);
  }

  outbox(): number {
    const { from, to } = scanBounds(TABLE.id, PARTITION.from, PARTITION.to, SPACES.outbox);
    let count = 0;
    this.tree.scan(from, to, true, () => ++count > 0);
    return count;
  }
}

test("a change is sent when it is committed, and leaves the outbox when it is acknowledged", () => {
  const bench = new Bench();
  bench.run(1);
  bench.write("a", "x");
  bench.run(1);
  assert.equal(bench.sent.length, 0);
  bench.commit();
  bench.run(1);
  assert.deepEqual([bench.sent.length, bench.outbox(), bench.propagator.isIdle], [1, 1, false]);
  bench.sent[0]?.source.rowDone();
  bench.run(50);
  bench.commit();
  assert.deepEqual([bench.outbox(), bench.propagator.isIdle], [0, true]);
});

test("a leader sends what it finds in the outbox, of the item as it is", () => {
  const bench = new Bench();
  bench.write("a", "x");
  bench.commit();
  bench.run(1);
  const [before] = bench.sent.splice(0);
  const next = bench.begin();
  bench.run(1);
  const [after] = bench.sent;
  assert.equal(bench.sent.length, 1);
  assert.deepEqual(after?.row, before?.row);
  assert.equal(next.isIdle, false);
});

test("an outbox that grows is full at its bound, and is not once changes are through", () => {
  const bench = new Bench();
  bench.run(1);
  for (let i = 0; i < 50_000; i++) {
    bench.write(`k${i}`, "x");
    if (i % 500 === 0) bench.commit();
  }
  bench.commit();
  bench.run(1);
  assert.equal(bench.propagator.isFull, true);
  assert.ok(bench.sent.length < 5_000, "what waits is in the outbox, not in memory");
  let sent = 0;
  for (let turns = 0; turns < 2_000 && !bench.propagator.isIdle; turns++) {
    for (const { source } of bench.sent.splice(0)) {
      sent++;
      source.rowDone();
    }
    bench.run(30);
    bench.commit();
  }
  assert.deepEqual([sent, bench.propagator.isFull, bench.outbox()], [50_000, false, 0], "each is sent once");
});
