import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { groupId, hashPoint, HASH_POINT_END, nodeId, storageKey } from "../../base/ids.ts";
import type { NodeRecord, Partition } from "../../model/table-schema.ts";
import { encodeItem } from "../../model/item-codec.ts";
import type { Mutation } from "../../wire/log-record.ts";
import { Catalogue, counterRow, nodeRow, systemRow, tableRow } from "./catalogue.ts";
import { ClusterView } from "./cluster-view.ts";
import { embeddedNodes, planFirstRows } from "./plan-nodes.ts";
import { planCreate } from "./plan-table.ts";

const NODES = [nodeId(1), nodeId(2), nodeId(3)];
const NODE: NodeRecord = { id: nodeId(300), uuid: "u", zone: "z", address: "h:1", capacity: 5, state: "active", version: 1 };
const SYSTEM: Partition = { group: groupId(1), from: hashPoint(0), to: HASH_POINT_END, replicas: NODES };

function filled(): Catalogue {
  const catalogue = new Catalogue();
  for (const row of planFirstRows(catalogue, embeddedNodes(NODES), NODES)) assert.equal(catalogue.apply(row), null);
  return catalogue;
}

function table(catalogue: Catalogue): Mutation {
  const plan = planCreate(catalogue, {
    name: "books", hashKey: { name: "k", type: "S" }, rangeKey: null, deletionProtection: false, tableClass: null, partitionCount: 3,
    billing: { mode: "PAY_PER_REQUEST", readUnits: 0, writeUnits: 0 },
  }, { view: new ClusterView(catalogue, () => "up"), nowMs: 0, uuid: () => "u", partitionsPerTable: 1 });
  assert.equal(plan.kind, "plan");
  if (plan.kind !== "plan") throw new Error("no plan");
  return tableRow({ ...plan.table, closed: [{ ...SYSTEM, group: groupId(99), parent: groupId(98) }] });
}

test("rows come back as they were", () => {
  const catalogue = filled();
  assert.equal(catalogue.apply(nodeRow(NODE)), null);
  assert.deepEqual(catalogue.node(NODE.id), NODE);
  assert.equal(catalogue.apply(table(catalogue)), null);
  assert.equal(catalogue.table("books")?.partitions.length, 3);
  assert.equal(catalogue.table("books")?.closed?.[0]?.parent, 98);
  assert.deepEqual(catalogue.system, SYSTEM);
  assert.deepEqual(catalogue.counters, { nextTable: 1, nextGroup: 16, nextNode: 4 });
  assert.deepEqual(planFirstRows(catalogue, embeddedNodes(NODES), NODES), [], "the first rows are written once");
});

/** The row with its JSON put through `change`. */
function changed(row: Mutation, change: (value: Record<string, unknown>) => void): Mutation {
  const text = Buffer.from(row.value ?? []).toString("latin1");
  const json: unknown = JSON.parse(`"${/\{"json":\{"S":"(.*)"\}\}/s.exec(text)?.[1] ?? ""}"`);
  const value = JSON.parse(json as string) as Record<string, unknown>;
  change(value);
  return { key: row.key, value: encodeItem({ json: { S: JSON.stringify(value) } }, 0, row.key) };
}

test("a row that breaks a rule is refused, and nothing of it taken over", () => {
  const catalogue = filled();
  const whole = table(catalogue);
  const first = (value: Record<string, unknown>): Record<string, unknown> => (value["partitions"] as Record<string, unknown>[])[0] ?? {};
  const bad: readonly (readonly [Mutation, (value: Record<string, unknown>) => void])[] = [
    [whole, (v) => delete v["id"]], [whole, (v) => void (v["status"] = "GONE")], [whole, (v) => void (v["name"] = "other")],
    [whole, (v) => void (v["partitions"] = [])], [whole, (v) => void (first(v)["to"] = 5)], [whole, (v) => void (first(v)["replicas"] = [])],
    [whole, (v) => void (first(v)["replicas"] = [1, 1])], [whole, (v) => void (first(v)["joining"] = [70_000])],
    [whole, (v) => void (first(v)["splitting"] = { at: 0, left: 1, right: 2 })], [whole, (v) => void (v["closed"] = [{}])],
    [nodeRow(NODE), (v) => void (v["id"] = 301)], [nodeRow(NODE), (v) => void (v["state"] = "gone")], [nodeRow(NODE), (v) => void (v["zone"] = 1)],
    [systemRow(SYSTEM), (v) => void (v["group"] = "1")], [counterRow({ nextTable: 1, nextGroup: 2, nextNode: 3 }), (v) => void (v["nextGroup"] = -1)],
    [counterRow({ nextTable: 1, nextGroup: 2, nextNode: 3 }), (v) => void (v["nextNode"] = 40_000)],
  ];
  for (const [row, change] of bad) assert.notEqual(catalogue.apply(changed(row, change)), null, change.toString());
  assert.equal(catalogue.tableCount, 0);
  assert.equal(catalogue.node(NODE.id), null);
  assert.equal(catalogue.apply(changed(whole, () => undefined)), null, "the changes were the reason");
  assert.notEqual(catalogue.apply({ key: counterRow(catalogue.counters).key, value: null }), null, "counters never go");
});

test("counters of before nodes were counted are taken", () => {
  const catalogue = new Catalogue();
  const row = changed(counterRow({ nextTable: 5, nextGroup: 20, nextNode: 1 }), (v) => delete v["nextNode"]);
  assert.equal(catalogue.apply(row), null);
  assert.deepEqual(catalogue.counters, { nextTable: 5, nextGroup: 20, nextNode: 1 });
});

test("whatever JSON a row holds, it is taken or refused", () => {
  const keys = [counterRow({ nextTable: 1, nextGroup: 1, nextNode: 1 }), nodeRow(NODE), systemRow(SYSTEM)].map(({ key }) => key);
  keys.push(storageKey("\0\0\0\0Tx"), storageKey("\0\0\0\0?"));
  fc.assert(fc.property(fc.jsonValue(), fc.constantFrom(...keys), (value, key) => {
    new Catalogue().apply({ key, value: encodeItem({ json: { S: JSON.stringify(value) } }, 0, key) });
  }), { numRuns: 300 });
});
