import assert from "node:assert/strict";
import { test } from "node:test";
import { HASH_POINT_END, groupId, hashPoint, lsn, tableId, type GroupId, type StorageKey } from "../../base/ids.ts";
import { Prng } from "../../base/prng.ts";
import type { Item } from "../../model/attribute-value.ts";
import { encodeItem } from "../../model/item-codec.ts";
import { addressOf, pointOfKey } from "../../model/key-encoding.ts";
import type { DeleteOperation } from "../../model/operation.ts";
import type { Partition, TableSchema } from "../../model/table-schema.ts";
import { ManualClock } from "../../ports/contract/manual-clock.ts";
import type { GroupHost } from "../../replication/group-host.ts";
import type { NodeReplicator } from "../../replication/node-replicator.ts";
import { EventLoop } from "../../sim/world/event-loop.ts";
import { SimClock } from "../../sim/world/sim-clock.ts";
import { SimKv, SIM_KV_DEFAULT } from "../../sim/world/sim-kv.ts";
import { openItemTree, type ItemTree } from "../../storage/tree/item-tree.ts";
import { TREE_DEFAULT } from "../../storage/tree/tree-options.ts";
import { ExpirySweep } from "./expiry-sweep.ts";

const NOW_SECONDS = 2_000_000_000;
const PASS_MS = 1_000;
const MIDDLE = hashPoint(HASH_POINT_END / 2);
const LEFT: Partition = { group: groupId(16), from: hashPoint(0), to: MIDDLE, replicas: [] };
const RIGHT: Partition = { group: groupId(17), from: MIDDLE, to: HASH_POINT_END, replicas: [] };
const TABLE = {
  id: tableId(7), name: "t", hashKey: { name: "pk", type: "S" }, rangeKey: null, status: "ACTIVE", version: 1,
  timeToLive: { attribute: "ttl", isEnabled: true, changedMs: 0 }, partitions: [LEFT, RIGHT],
} as unknown as TableSchema;

/** A sweep over a real tree; the groups, their leadership and the writes are the test's. */
class Bench {
  readonly clock: ManualClock = new ManualClock();
  readonly tree: ItemTree;
  readonly led: Set<GroupId> = new Set([LEFT.group, RIGHT.group]);
  readonly expired: DeleteOperation[] = [];
  table: TableSchema = TABLE;
  accepts = true;
  readonly sweep: ExpirySweep;

  constructor(items: readonly Item[], attribute = "ttl") {
    this.table = { ...TABLE, timeToLive: { attribute, isEnabled: true, changedMs: 0 } };
    const clock = new SimClock(new EventLoop(), 1, { startMs: 0, rate: 1, wallOffsetMs: 0 });
    const opened = openItemTree(
      new SimKv("kv", clock, new Prng(1), SIM_KV_DEFAULT), clock, TREE_DEFAULT, { event: () => undefined },
    );
    assert.ok(opened.ok);
    this.tree = opened.tree;
    const rows = items.map((item) => {
      const { key } = addressOf(TABLE, item["pk"] as { S: string }, null);
      return { key, value: encodeItem(item, 2, key) };
    });
    this.tree.apply(groupId(16), lsn(1), rows, { items: rows.length, bytes: 0 });
    const host = (group: GroupId): GroupHost => (
      { group, session: this.led.has(group) ? {} : null, isClosed: false, hasTree: true } as unknown as GroupHost
    );
    this.sweep = new ExpirySweep({
      clock: this.clock, tree: this.tree,
      replicator: { hosts: () => [host(LEFT.group), host(RIGHT.group)].values(), host } as unknown as NodeReplicator,
      placed: {
        placementOf: (group) => ({ table: TABLE.id, partition: group === LEFT.group ? LEFT : RIGHT }),
        childrenOf: () => [], schemaOf: () => this.table,
      },
      options: { passMs: PASS_MS, wallMs: () => NOW_SECONDS * 1000 },
      expire: (_, operation): boolean => {
        if (this.accepts) this.expired.push(operation);
        return this.accepts;
      },
      onDamage: (damage) => assert.fail(damage.message),
    });
  }

  get keys(): ReadonlySet<StorageKey> {
    return new Set(this.expired.map(({ address }) => address.key));
  }
}

function item(name: string, seconds: number): Item {
  return { pk: { S: name }, ttl: { N: String(seconds) } };
}

test("a deletion asks for the very time that was read", () => {
  const bench = new Bench([item("a", NOW_SECONDS - 5), item("b", NOW_SECONDS), item("c", NOW_SECONDS + 1)]);
  bench.sweep.start();
  bench.clock.advance(PASS_MS - 1);
  assert.equal(bench.expired.length, 0, "a pass later");
  bench.clock.advance(1);
  const { key, point } = addressOf(TABLE, { S: "a" }, null);
  assert.deepEqual(bench.expired, [{
    kind: "delete", table: bench.table, address: { key, point },
    condition: {
      kind: "compare", comparator: "=",
      left: { kind: "path", path: ["ttl"] }, right: { kind: "value", value: { N: String(NOW_SECONDS - 5) } },
    },
    returnValues: "NONE", returnOldOnFailure: false,
  }]);
  bench.clock.advance(PASS_MS);
  assert.equal(bench.expired.length, 2, "again with each pass, as long as it is there");
  bench.sweep.stop();
  bench.clock.advance(PASS_MS * 10);
  assert.equal(bench.expired.length, 2);
});

test("a pass reaches every item of what this node leads, a bounded piece per turn", () => {
  const count = 5_000;
  const bench = new Bench(Array.from({ length: count }, (_, i) => item(`k${i}`, NOW_SECONDS - 1)));
  bench.sweep.start();
  bench.clock.advance(PASS_MS);
  assert.ok(bench.expired.length > 0 && bench.expired.length <= 400, `${bench.expired.length} in a turn`);
  bench.clock.advance(PASS_MS * 2);
  assert.equal(bench.keys.size, count);
  bench.sweep.stop();

  const other = new Bench(Array.from({ length: count }, (_, i) => item(`k${i}`, NOW_SECONDS - 1)));
  other.led.delete(LEFT.group);
  other.sweep.start();
  other.clock.advance(PASS_MS * 3);
  assert.ok(other.expired.length > 0);
  assert.ok(other.expired.every(({ address }) => pointOfKey(address.key) >= MIDDLE));
  other.led.clear();
  const before = other.expired.length;
  other.clock.advance(PASS_MS * 3);
  assert.equal(other.expired.length, before);
});

test("a partition that takes no writes is left until the next pass; one without time to live always", () => {
  const bench = new Bench([item("a", NOW_SECONDS - 1)]);
  bench.accepts = false;
  bench.sweep.start();
  bench.clock.advance(PASS_MS * 2);
  bench.accepts = true;
  assert.equal(bench.expired.length, 0);
  bench.clock.advance(PASS_MS);
  assert.equal(bench.keys.size, 1);
  const before = bench.expired.length;
  for (const table of [
    { ...TABLE, timeToLive: { attribute: "ttl", isEnabled: false, changedMs: 0 } },
    { ...TABLE, status: "DELETING" as const },
    { ...TABLE, timeToLive: { attribute: "other", isEnabled: true, changedMs: 0 } },
  ]) {
    bench.table = table;
    bench.clock.advance(PASS_MS * 3);
    assert.equal(bench.expired.length, before);
  }
});

test("only the attribute itself counts, whatever stands in names and texts", () => {
  const over = { N: String(NOW_SECONDS - 1) };
  const later = { N: String(NOW_SECONDS + 1) };
  const awkward = 'a"b\\ü\n';
  for (const name of ["ttl", awkward, "N"]) {
    const text = `${JSON.stringify(name)}:{"N":"${over.N}"`;
    const items: readonly (readonly [string, Item])[] = [
      ["over", { [name]: over }],
      ["over, nested later", { a: { M: { [name]: later } }, [name]: over }],
      ["later, nested over", { a: { M: { [name]: over } }, [name]: later }],
      ["nested", { a: { M: { [name]: over } } }],
      ["in a list", { a: { L: [{ M: { [name]: over } }] } }],
      ["in a text", { a: { S: text }, b: { S: `"${text}"` } }],
      ["as a name", { [text]: { S: "x" } }],
      ["a longer name", { [`${name}x`]: over, [`x${name}`]: over }],
      ["a set", { [name]: { NS: [over.N] } }],
      ["exponent", { [name]: { N: "1.5E+9" } }],
    ];
    const bench = new Bench(items.map(([pk, item]) => ({ pk: { S: pk }, ...item })), name);
    bench.sweep.start();
    bench.clock.advance(PASS_MS);
    const expected = ["over", "over, nested later"].map((pk) => addressOf(TABLE, { S: pk }, null).key);
    assert.deepEqual([...bench.keys].sort(), expected.sort(), name);
  }
});
