import assert from "node:assert/strict";
import { test } from "node:test";
import { nodeId } from "../../base/ids.ts";
import type { TableSchema } from "../../model/table-schema.ts";
import type { InsightsChange } from "../../model/table-settings.ts";
import { settledStream, streamLabel, streamsOf, withNewStream } from "../../model/table-stream.ts";
import { Catalogue, tableRow } from "./catalogue.ts";
import { ClusterView } from "./cluster-view.ts";
import { embeddedNodes, planFirstRows } from "./plan-nodes.ts";
import { planCreate } from "./plan-table.ts";
import { changeInsights, changePolicy } from "./plan-told-settings.ts";

const NODES = [nodeId(1), nodeId(2), nodeId(3)];
const catalogue = new Catalogue();
for (const row of planFirstRows(catalogue, embeddedNodes(NODES), NODES)) catalogue.apply(row);

function newTable(): TableSchema {
  const billing = { mode: "PAY_PER_REQUEST", readUnits: 0, writeUnits: 0 } as const;
  const plan = planCreate(catalogue, {
    name: "t", hashKey: { name: "k", type: "S" }, rangeKey: null, deletionProtection: false, tableClass: null, partitionCount: 1, billing,
    globalIndexes: [{ name: "byG", hashKeys: [{ name: "g", type: "S" }], rangeKeys: [], projection: { kind: "ALL", attributes: [] }, billing }],
  }, { view: new ClusterView(catalogue, () => "up"), nowMs: 5, uuid: () => "u", partitionsPerTable: 1 });
  assert.equal(plan.kind, "plan");
  return (plan as { table: TableSchema }).table;
}

/** What a step makes of the table, which the catalogue must be able to read again. */
function done(result: { readonly kind: string }): TableSchema {
  assert.equal(result.kind, "changed", JSON.stringify(result));
  const { table } = result as unknown as { table: TableSchema };
  assert.equal(new Catalogue().apply(tableRow(table)), null);
  return table;
}

test("the revision of a policy is the time of its change, and always another", () => {
  const table = newTable();
  const put = (on: TableSchema, document: string | null, nowMs: number, expected: string | null = null): TableSchema =>
    done(changePolicy(on, { stream: null, document, expected }, { nowMs }));
  const first = put(table, "{}", 100, "NO_POLICY");
  assert.deepEqual(first.policy, { document: "{}", revision: 100 });
  assert.equal(put(first, "{}", 200), first);
  assert.deepEqual(put(first, "[]", 90).policy, { document: "[]", revision: 101 });
  assert.deepEqual(put(first, "[]", 300, "100").policy, { document: "[]", revision: 300 });
  assert.equal(put(first, null, 300).policy, undefined);
  assert.equal(put(table, null, 300), table);
  for (const [on, expected] of [[first, "99"], [first, "NO_POLICY"], [table, "100"]] as const) {
    assert.equal(changePolicy(on, { stream: null, document: null, expected }, { nowMs: 1 }).kind, "policy-not-found");
  }
});

test("each stream of a table has a policy of its own", () => {
  const first = withNewStream(newTable(), "KEYS_ONLY", 7);
  assert.ok(first.stream !== undefined);
  const off = settledStream({ ...first.stream, status: "DISABLING" }, new Map(), 8);
  const table = withNewStream({ ...first, stream: off }, "NEW_IMAGE", 9);
  const [young, old] = streamsOf(table).map((stream) => streamLabel(stream));
  assert.ok(young !== undefined && old !== undefined);
  const put = (on: TableSchema, stream: string, document: string | null): TableSchema =>
    done(changePolicy(on, { stream, document, expected: null }, { nowMs: 100 }));
  const both = put(put(table, young, "[1]"), old, "[2]");
  assert.deepEqual(streamsOf(both).map(({ policy }) => policy?.document), ["[1]", "[2]"]);
  assert.equal(both.policy, undefined);
  assert.equal(put(both, old, "[2]"), both);
  assert.deepEqual(streamsOf(put(both, young, null)).map(({ policy }) => policy?.document), [undefined, "[2]"]);
  assert.equal(changePolicy(table, { stream: "2000", document: "{}", expected: null }, { nowMs: 1 }).kind, "policy-not-found");
});

test("insights: switching on in the same mode and off twice changes nothing; rules are as old as the switching on", () => {
  for (const index of [null, "byG"]) {
    const get = (on: TableSchema): unknown => (index === null ? on.insights : on.globalIndexes?.[0]?.insights);
    const set = (on: TableSchema, isEnabled: boolean, nowMs: number, mode: InsightsChange["mode"] = "ACCESSED_AND_THROTTLED_KEYS"): TableSchema =>
      done(changeInsights(on, { index, isEnabled, mode }, { nowMs }));
    const table = newTable();
    assert.equal(set(table, false, 10), table);
    const on = set(table, true, 10);
    assert.deepEqual(get(on), { isEnabled: true, mode: "ACCESSED_AND_THROTTLED_KEYS", changedMs: 10, enabledMs: 10 });
    assert.equal(set(on, true, 20), on);
    const throttled = set(on, true, 20, "THROTTLED_KEYS");
    assert.deepEqual(get(throttled), { isEnabled: true, mode: "THROTTLED_KEYS", changedMs: 20, enabledMs: 10 });
    const off = set(throttled, false, 30);
    assert.deepEqual(get(off), { isEnabled: false, mode: "THROTTLED_KEYS", changedMs: 30, enabledMs: 10 });
    assert.equal(set(off, false, 40), off);
    assert.deepEqual(get(set(off, true, 50)), { isEnabled: true, mode: "ACCESSED_AND_THROTTLED_KEYS", changedMs: 50, enabledMs: 50 });
  }
  const wanted = { index: "ghost", isEnabled: true, mode: "THROTTLED_KEYS" } as const;
  assert.deepEqual(changeInsights(newTable(), wanted, { nowMs: 1 }), { kind: "index-not-found", name: "ghost" });
});
