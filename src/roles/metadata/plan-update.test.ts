import assert from "node:assert/strict";
import { test } from "node:test";
import { nodeId } from "../../base/ids.ts";
import type { Refusal } from "../../model/operation.ts";
import type { GlobalIndexDefinition, TableSchema } from "../../model/table-schema.ts";
import type { TableChange } from "../../model/table-settings.ts";
import { Catalogue, tableRow } from "./catalogue.ts";
import { ClusterView } from "./cluster-view.ts";
import { NewIds } from "./new-ids.ts";
import { embeddedNodes, planFirstRows } from "./plan-nodes.ts";
import { planCreate, planDelete, planStatus } from "./plan-table.ts";
import { planUpdate } from "./plan-update.ts";

const NODES = [nodeId(1), nodeId(2), nodeId(3)];
const DAY_MS = 86_400_000;
const INVALID = "One or more parameter values were invalid: ";

/** A table "t" at rest, provisioned with 10 and 10 unless told. */
class Bench {
  readonly catalogue: Catalogue = new Catalogue();
  nowMs: number = DAY_MS * 20_000;
  ttlPauseMs = 0;

  constructor(isOnDemand = false) {
    const { catalogue } = this;
    for (const row of planFirstRows(catalogue, embeddedNodes(NODES), NODES)) catalogue.apply(row);
    const plan = planCreate(catalogue, {
      name: "t", hashKey: { name: "k", type: "S" }, rangeKey: null, deletionProtection: false, tableClass: null,
      partitionCount: 2, billing: isOnDemand ? { mode: "PAY_PER_REQUEST", readUnits: 0, writeUnits: 0 }
        : { mode: "PROVISIONED", readUnits: 10, writeUnits: 10 },
    }, { view: this.#view(), nowMs: this.nowMs, uuid: () => "u", partitionsPerTable: 1 });
    assert.equal(plan.kind, "plan");
    if (plan.kind === "plan") for (const row of plan.rows) catalogue.apply(row);
    this.settle();
  }

  #view(): ClusterView {
    return new ClusterView(this.catalogue, () => "up");
  }

  get table(): TableSchema {
    const table = this.catalogue.table("t");
    assert.ok(table !== null);
    return table;
  }

  /** The table, or why not. */
  change(change: TableChange): TableSchema | Refusal {
    const plan = planUpdate(this.catalogue, "t", change, {
      view: this.#view(), nowMs: this.nowMs, uuid: () => "x", partitionsPerTable: 1, ttlPauseMs: this.ttlPauseMs,
    });
    if (plan.kind !== "plan") return plan;
    for (const row of plan.rows) assert.equal(this.catalogue.apply(row), null);
    assert.deepEqual(this.table, plan.table, "what is told is what is kept");
    return plan.table;
  }

  done(change: TableChange): TableSchema {
    const table = this.change(change);
    assert.ok("id" in table, JSON.stringify(table));
    return table;
  }

  message(change: TableChange): string {
    const refusal = this.change(change);
    assert.ok(!("id" in refusal) && "message" in refusal, JSON.stringify(refusal));
    return refusal.message;
  }

  /** All indexes are at rest, too. */
  rest(): void {
    const globalIndexes = (this.table.globalIndexes ?? []).map((index) => ({ ...index, status: "ACTIVE" as const }));
    assert.equal(this.catalogue.apply(tableRow({ ...this.table, globalIndexes })), null);
  }

  settle(): void {
    for (const row of planStatus(this.table, "ACTIVE").rows) this.catalogue.apply(row);
  }
}

function definition(name: string, units: number): GlobalIndexDefinition {
  return {
    name, hashKeys: [{ name: "g", type: "S" }], rangeKeys: [], projection: { kind: "ALL", attributes: [] },
    billing: units === 0 ? { mode: "PAY_PER_REQUEST", readUnits: 0, writeUnits: 0 }
      : { mode: "PROVISIONED", readUnits: units, writeUnits: units },
  };
}

const indexed = (name: string): TableChange => ({ globalIndexes: [{ kind: "create", index: definition(name, 0) }] });

const units = (readUnits: number, writeUnits: number): TableChange => ({ billing: { throughput: { readUnits, writeUnits } } });

test("provisioned units: what grew, what shrank, and how often a day", () => {
  const bench = new Bench();
  const grown = bench.done(units(20, 10));
  assert.equal(grown.status, "UPDATING");
  assert.equal(grown.version, 3);
  assert.deepEqual(grown.billing, { mode: "PROVISIONED", readUnits: 20, writeUnits: 10, increasedMs: bench.nowMs });
  assert.match(bench.message(units(30, 10)), /still in use: Table IOPS are currently being updated\. Table: t$/);
  bench.settle();
  assert.match(bench.message(units(20, 10)), /^The provisioned throughput for the table will not change\..*table: 20\. Requested ReadCapacityUnits: 20/);
  for (let i = 1; i <= 4; i++) {
    bench.nowMs += 1_000;
    assert.equal(bench.done(units(20 - i, 10 + i)).billing.decreases, i);
    bench.settle();
  }
  const lastMs = bench.nowMs;
  bench.nowMs += 3_599_999;
  assert.match(bench.message(units(1, 100)), /today: 4\. Last decrease at \w+day, .* Coordinated Universal Time\. Next decrease can be made at .* Time\.$/);
  bench.done(units(17, 17));
  bench.settle();
  bench.nowMs = lastMs + 3_600_000;
  assert.equal(bench.done(units(1, 1)).billing.decreases, 5);
  bench.settle();
  bench.nowMs += DAY_MS;
  bench.done(units(5, 5));
  bench.settle();
  assert.equal(bench.done(units(1, 1)).billing.decreases, 1, "another day");
  assert.deepEqual(bench.table.warm, { readUnits: 20, writeUnits: 17 }, "what it could serve at once it still can");
});

test("billing modes", () => {
  const bench = new Bench();
  assert.equal(bench.message({ billing: { mode: "PROVISIONED" } }),
    `${INVALID}ProvisionedThroughput must be specified when BillingMode is PROVISIONED`);
  const { billing, onDemandCap } = bench.done({
    billing: { mode: "PAY_PER_REQUEST" }, onDemandCap: { readUnits: 7 },
  });
  assert.deepEqual(billing, { mode: "PAY_PER_REQUEST", readUnits: 0, writeUnits: 0, onDemandMs: bench.nowMs });
  assert.deepEqual(onDemandCap, { readUnits: 7, writeUnits: null });
  bench.settle();
  const same = bench.table;
  assert.equal(bench.done({ billing: { mode: "PAY_PER_REQUEST" } }), same, "nothing changes, so nothing is written");
  assert.match(bench.message(units(1, 1)), /Neither ReadCapacityUnits nor WriteCapacityUnits can be specified/);
  const back = bench.done({ billing: { mode: "PROVISIONED", throughput: { readUnits: 1, writeUnits: 2 } } });
  assert.equal(back.onDemandCap, undefined);
  assert.equal(back.billing.readUnits, 1);
  bench.settle();
  assert.match(bench.message({ onDemandCap: { writeUnits: 5 } }),
    /MaxWriteRequestUnits for OnDemandThroughput cannot be specified when the table BillingMode is PROVISIONED$/);
});

test("settings that show nothing in the status", () => {
  const bench = new Bench(true);
  assert.equal(bench.done({ deletionProtection: true }).status, "ACTIVE");
  assert.match(JSON.stringify(planDelete(bench.catalogue, "t")), /currently protected against deletion/);
  bench.done({ deletionProtection: false });
  assert.deepEqual(bench.done({ onDemandCap: { readUnits: 5, writeUnits: 6 } }).onDemandCap, { readUnits: 5, writeUnits: 6 });
  assert.deepEqual(bench.done({ onDemandCap: { readUnits: null } }).onDemandCap, { readUnits: null, writeUnits: 6 });
  assert.equal(bench.done({ onDemandCap: { writeUnits: null } }).onDemandCap, undefined);
  assert.deepEqual(bench.done({ warm: { readUnits: 13_000 } }).warm, { readUnits: 13_000, writeUnits: 4_000 });
  assert.match(bench.message({ warm: { readUnits: 12_999 } }), /Requested ReadUnitsPerSecond .* is not supported$/);
  assert.equal(bench.message({ encryption: null }), `${INVALID}Table is already encrypted by default`);
  const key = "arn:aws:kms:eu-west-1:000000000000:key/a";
  assert.deepEqual(bench.done({ encryption: { key } }).encryption, { key });
  assert.match(bench.message({ encryption: { key } }), /^One or .*: Table is already encrypted with given KMSMasterKeyId/);
  assert.equal(bench.done({ encryption: null }).encryption, undefined);
  assert.equal(bench.done({ tableClass: "STANDARD" }).tableClass, null, "it is already");
  const other = bench.done({ tableClass: "STANDARD_INFREQUENT_ACCESS" });
  assert.deepEqual([other.status, other.tableClassMs], ["UPDATING", bench.nowMs]);
  assert.match(bench.message({ tableClass: "STANDARD" }), /Table: t TableClassUpdateInProgress: STANDARD_INFREQUENT_ACCESS$/);
  assert.equal(bench.done({ encryption: { key: null } }).status, "UPDATING");
  assert.match(JSON.stringify(planDelete(bench.catalogue, "t")), /still in use: Table: t is in the process of being updated\."/);
  assert.equal(bench.done({ deletionProtection: true, tags: { set: [{ key: "a", value: "" }], remove: [] } }).status, "UPDATING");
});

test("what an UPDATING table takes on besides depends on what is under way", () => {
  const streamOn: TableChange = { stream: { viewType: "KEYS_ONLY" } };
  const infrequent: TableChange = { tableClass: "STANDARD_INFREQUENT_ACCESS" };
  const cap: TableChange = { onDemandCap: { readUnits: 5 } };
  const provisioned: TableChange = { billing: { mode: "PROVISIONED", throughput: { readUnits: 1, writeUnits: 1 } } };
  const onDemand: TableChange = { billing: { mode: "PAY_PER_REQUEST" } };
  const made = indexed("new");
  const cases: readonly (readonly [TableChange, readonly (readonly [TableChange, RegExp])[]])[] = [
    [streamOn, [
      [provisioned, /use: Can't change table IOPS when stream status is being updated\. Table: t Stream: 20\S+ Operation: ENABLE$/],
      [streamOn, /use: A stream status change is currently in progress\. Table: t Stream: 20\S+ Operation: ENABLE$/],
      [infrequent, /use: Can't update table class when stream status is being updated\. Table: t Stream: 20\S+ Operation: ENABLE$/],
      [cap, /use: OnDemandThroughput cannot be updated while stream status update is in progress$/],
      [made, /use: Can't create or delete an index when stream status is being updated\. Table: t Stream: 20\S+ Operation: ENABLE$/],
    ]],
    [infrequent, [
      [streamOn, /use: Can't change stream status when a table class update is in progress\. Table: t TableClassUpdateInProgress: STANDARD_INF/],
      [infrequent, /use: Can't update table class when a table class update is in progress\. Table: t TableClassUpdateInProgress: STANDARD_INF/],
      [cap, /use: OnDemandThroughput cannot be updated while TableClass update is in progress\. TableClassUpdateInProgress: STANDARD_INF/],
      [made, /use: Can't create or delete an index when a table class update is in progress\. Table: t TableClassUpdateInProgress: STANDARD_INF/],
    ]],
    [provisioned, [
      [provisioned, /use: Table IOPS are currently being updated\. Table: t$/],
      [streamOn, /use: Can't enable or disable stream while table IOPS are being updated\. Table: t$/],
      [cap, /MaxReadRequestUnits for OnDemandThroughput cannot be specified when the table BillingMode is PROVISIONED$/],
      [made, /use: Can't create or delete indexes while table IOPS are being updated\. Table: t$/],
    ]],
    [made, [
      [provisioned, /use: Can't change table IOPS when an index is being created\. Table: t Indexes: \[new\]$/],
      [streamOn, /use: Can't change stream status when an index is being created\. Table: t Indexes: \[new\]$/],
      [cap, /use: OnDemandThroughput cannot be updated while index creation is in progress for indexes: \[new\]$/],
      [indexed("more"), /^Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table$/],
      [{ globalIndexes: [{ kind: "delete", name: "new" }] }, /use: Index creation is in resource allocation phase\. Retry deletion during /],
      [{ globalIndexes: [{ kind: "update", name: "new", warm: { readUnits: 13_000 } }] },
        /use: Index is being created but is not backfilling yet\.  Table: t Index: new$/],
    ]],
  ];
  for (const [first, seconds] of cases) {
    const bench = new Bench(true);
    assert.equal(bench.done(first).status, "UPDATING");
    for (const [second, text] of seconds) assert.match(bench.message(second), text);
    assert.equal(bench.done({ encryption: { key: null } }).status, "UPDATING");
    bench.done({ warm: { readUnits: 14_000 } });
    if (first !== provisioned) assert.equal(bench.done(onDemand).status, "UPDATING", "the same mode once more");
    assert.match(JSON.stringify(planDelete(bench.catalogue, "t")), /Attempt to change a resource which is still in use: /);
  }
});

test("units of an index: their own times and decreases, and what it served it serves on", () => {
  const bench = new Bench();
  bench.done({ globalIndexes: [{ kind: "create", index: definition("i", 5) }] });
  bench.settle();
  const units_ = (readUnits: number, writeUnits: number): TableChange => (
    { globalIndexes: [{ kind: "update", name: "i", throughput: { readUnits, writeUnits } }] }
  );
  const rest = (): void => bench.rest();
  rest();
  assert.match(bench.message(units_(5, 5)), /^The provisioned throughput for the index i will not change\. .* for index i: 5\. /);
  for (let i = 1; i <= 4; i++) {
    const table = bench.done(units_(5 - i, 5 + i));
    const [index] = table.globalIndexes ?? [];
    assert.deepEqual([table.status, index?.status, index?.billing.decreases, index?.warm], [
      "ACTIVE", "UPDATING", i, { readUnits: 5, writeUnits: 4 + i },
    ]);
    assert.match(JSON.stringify(planDelete(bench.catalogue, "t")), /Cannot delete table while indexes are being created, updated, or deleted/);
    assert.match(bench.message(units_(9, 9)), /use: Index is being updated\.  Table: t Index: i$/);
    rest();
  }
  assert.match(bench.message(units_(1, 8)), /^Subscriber limit exceeded: Provisioned throughput decreases .* Number of decreases today: 4\. /);
  assert.deepEqual(bench.table.billing.decreases, undefined, "those of the table are its own");
  bench.done({ billing: { mode: "PAY_PER_REQUEST" } });
  assert.deepEqual(bench.table.globalIndexes?.[0]?.warm, { readUnits: 5, writeUnits: 9 });
});

test("tags", () => {
  const bench = new Bench();
  const set = (...keys: string[]): TableChange => ({ tags: { set: keys.map((key) => ({ key, value: `v${key}` })), remove: [] } });
  const remove = (...keys: string[]): TableChange => ({ tags: { set: [], remove: keys } });
  bench.done(set("a", "b"));
  assert.deepEqual(bench.done({ tags: { set: [{ key: "a", value: "new" }], remove: [] } }).tags,
    [{ key: "a", value: "new" }, { key: "b", value: "vb" }]);
  assert.deepEqual(bench.done(remove("a", "absent")).tags, [{ key: "b", value: "vb" }]);
  const many = Array.from({ length: 49 }, (_, i) => `k${i}`);
  assert.equal(bench.done(set(...many)).tags?.length, 50);
  assert.equal(bench.message(set("one more")), "Number of Tags exceed the current limit for the provided ResourceArn");
  bench.done(set("b", "k1"));
  assert.equal(bench.done(remove("b", ...many)).tags, undefined);
});

test("time to live", () => {
  const bench = new Bench();
  const set = (attribute: string, isEnabled: boolean): TableChange => ({ timeToLive: { attribute, isEnabled } });
  assert.equal(bench.message(set("a", false)), "TimeToLive is already disabled");
  assert.deepEqual(bench.done(set("a", true)).timeToLive, { attribute: "a", isEnabled: true, changedMs: bench.nowMs });
  const other = "TimeToLive is active on a different AttributeName: current AttributeName is a";
  bench.ttlPauseMs = 1_000;
  bench.nowMs += 999;
  assert.deepEqual([bench.message(set("a", true)), bench.message(set("b", true)), bench.message(set("b", false))],
    ["TimeToLive is already enabled", other, other]);
  assert.equal(bench.message(set("a", false)), "Time to live has been modified multiple times within a fixed interval");
  bench.nowMs += 1;
  assert.equal(bench.done(set("a", false)).timeToLive?.isEnabled, false);
  assert.equal(bench.message(set("a", false)), "TimeToLive is already disabled");
});

test("one refusal refuses the whole change", () => {
  const bench = new Bench();
  const before = bench.table;
  bench.message({ billing: { mode: "PAY_PER_REQUEST" }, timeToLive: { attribute: "a", isEnabled: false } });
  assert.equal(bench.table, before);
  assert.deepEqual(bench.change({}), before);
});

test("ids that a change gives out are never given again", () => {
  const { catalogue } = new Bench();
  const { counters } = catalogue;
  const ids = new NewIds(counters);
  assert.equal(ids.counters, null);
  assert.deepEqual([ids.takeGroup(), ids.takeGroup(), ids.takeTable()],
    [counters.nextGroup, counters.nextGroup + 1, counters.nextTable]);
  assert.deepEqual(ids.counters, { ...counters, nextGroup: counters.nextGroup + 2, nextTable: counters.nextTable + 1 });
});
