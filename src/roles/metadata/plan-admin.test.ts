import assert from "node:assert/strict";
import { test } from "node:test";
import { must } from "../../base/assert.ts";
import { epoch, groupId, hashPoint, lsn, nodeId } from "../../base/ids.ts";
import type { Partition } from "../../model/table-schema.ts";
import type { AdminWork } from "../../wire/data-messages.ts";
import { Catalogue, nodeRow } from "./catalogue.ts";
import { ClusterView } from "./cluster-view.ts";
import { Draft, placesOf } from "./draft.ts";
import type { Sight } from "./group-sights.ts";
import { planAdmin } from "./plan-admin.ts";
import { embeddedNodes, planFirstRows, type NodePlan } from "./plan-nodes.ts";
import { isRetirable, publishChildren, retire, stepSplit } from "./plan-split.ts";
import { planCreate, planStatus } from "./plan-table.ts";

const NODES = [1, 2, 3, 4, 5, 6].map(nodeId);
const GROUP = groupId(16);

/** Six nodes in zones az1 to az3, one table of one partition, group 16. */
function world(): Catalogue {
  const catalogue = new Catalogue();
  const nodes = embeddedNodes(NODES).map((node) => ({ ...node, zone: `az${((node.id - 1) % 3) + 1}` }));
  for (const row of planFirstRows(catalogue, nodes, NODES.slice(0, 3))) catalogue.apply(row);
  const plan = planCreate(catalogue, {
    name: "t", hashKey: { name: "k", type: "S" }, rangeKey: null, deletionProtection: false, tableClass: null, partitionCount: 1,
    billing: { mode: "PAY_PER_REQUEST", readUnits: 0, writeUnits: 0 },
  }, { view: view(catalogue), nowMs: 0, uuid: () => "u", partitionsPerTable: 1 });
  assert.equal(plan.kind, "plan");
  if (plan.kind !== "plan") throw new Error("no plan");
  for (const row of [...plan.rows, ...planStatus(plan.table, "ACTIVE").rows]) catalogue.apply(row);
  return catalogue;
}

function view(catalogue: Catalogue): ClusterView {
  return new ClusterView(catalogue, () => "up");
}

function run(catalogue: Catalogue, command: AdminWork): NodePlan {
  const plan = planAdmin(catalogue, command, view(catalogue));
  if (plan.kind === "plan") for (const row of plan.rows) assert.equal(catalogue.apply(row), null);
  return plan;
}

function partition(catalogue: Catalogue): Partition {
  return catalogue.table("t")?.partitions[0] as Partition;
}

test("a move is recorded once, within the rules of zones", () => {
  const catalogue = world();
  assert.deepEqual(partition(catalogue).replicas.toSorted(), [4, 5, 6]);
  const move = (from: number, to: number): NodePlan => (
    run(catalogue, { kind: "move-replica", group: GROUP, from: nodeId(from), to: nodeId(to) })
  );
  assert.equal(move(1, 2).kind, "not-now", "node 1 has no replica");
  assert.equal(move(4, 5).kind, "not-now", "node 5 has one");
  assert.equal(move(4, 2).kind, "not-now", "zone az2 has one");
  assert.equal(run(catalogue, { kind: "move-replica", group: groupId(77), from: nodeId(1), to: nodeId(2) }).kind, "invalid");
  const record = must(catalogue.node(nodeId(1)));
  catalogue.apply(nodeRow({ ...record, state: "draining" }));
  assert.equal(move(4, 1).kind, "not-now", "node 1 drains");
  catalogue.apply(nodeRow(record));
  assert.equal(move(4, 1).kind, "plan");
  assert.deepEqual([partition(catalogue).joining, partition(catalogue).leaving], [[1], [4]]);
  assert.equal(move(4, 1).kind, "done", "asked twice");
  assert.equal(move(5, 2).kind, "not-now", "one at a time");
});

test("a wanted leader is the first replica", () => {
  const catalogue = world();
  const last = partition(catalogue).replicas[2] as never;
  assert.equal(run(catalogue, { kind: "transfer-leader", group: GROUP, to: nodeId(1) }).kind, "not-now");
  assert.equal(run(catalogue, { kind: "transfer-leader", group: GROUP, to: last }).kind, "plan");
  assert.equal(partition(catalogue).replicas[0], last);
  assert.equal(partition(catalogue).replicas.length, 3);
  assert.equal(run(catalogue, { kind: "transfer-leader", group: GROUP, to: last }).kind, "done");
});

test("a split is planned once, published as its leader tells it, and retired when nobody needs the parent", () => {
  const catalogue = world();
  const split: AdminWork = { kind: "split-partition", group: GROUP, at: null };
  assert.equal(run(catalogue, { ...split, at: hashPoint(0) }).kind, "not-now", "outside of the range");
  assert.equal(run(catalogue, { ...split, group: groupId(1) }).kind, "invalid", "the system group");
  assert.equal(run(catalogue, split).kind, "plan");
  assert.equal(run(catalogue, split).kind, "not-now", "it is being split");
  const parent = partition(catalogue);
  assert.deepEqual(parent.splitting, { at: null, left: 17, right: 18 });
  assert.equal(catalogue.counters.nextGroup, 19);
  assert.equal(stepSplit(parent, null), null, "nobody to ask");
  const sight = (at: number, splitLsn: number): Sight => ({
    leader: nodeId(4), askedMs: 0, leaderSinceMs: 0, trees: new Map(), status: {
      kind: "group-status", isLeader: true, leader: nodeId(4), isConfigurationCommitted: true, hasTree: true, items: 0, bytes: 0,
      configuration: { epoch: epoch(at), replicas: [] }, last: lsn(9), commit: lsn(9), applied: lsn(9), floor: lsn(9),
      barred: [], peers: [], splitLsn: lsn(splitLsn),
    },
  });
  assert.equal(stepSplit(parent, sight(1, 0))?.kind, "ask");
  assert.equal(stepSplit(parent, sight(2, 0)), null, "its configuration is not the recorded one");
  assert.equal(stepSplit({ ...parent, joining: [nodeId(1)] }, sight(1, 0)), null, "membership first");
  assert.equal(stepSplit({ ...parent, joining: [nodeId(1)] }, sight(2, 5))?.kind, "ask", "it is split: what into?");

  const { from, to, replicas } = parent;
  const at = hashPoint(1_000);
  const left: Partition = { group: groupId(17), from, to: at, replicas, parent: GROUP };
  const right: Partition = { group: groupId(18), from: at, to, replicas, parent: GROUP };
  const table = catalogue.table("t");
  assert.ok(table);
  const wrong: readonly (readonly Partition[])[] = [
    [], [left], [right, left], [left, { ...right, from: hashPoint(1_001) }], [left, { ...right, to: hashPoint(2_000) }],
    [{ ...left, group: groupId(20) }, right], [left, { ...right, replicas: [] }],
  ];
  for (const answer of wrong) assert.equal(publishChildren(table, parent, answer, view(catalogue), 0), null, JSON.stringify(answer));
  assert.equal(publishChildren(table, { ...parent, splitting: { at: hashPoint(7), left: left.group, right: right.group } },
    [left, right], view(catalogue), 0), null, "not where it was asked for");
  const published = publishChildren(table, parent, [left, right], view(catalogue), 0);
  assert.ok(published);
  const draft = new Draft(catalogue);
  draft.put(published);
  for (const row of draft.rows()) assert.equal(catalogue.apply(row), null);
  assert.deepEqual(catalogue.table("t")?.partitions.map(({ group }) => group), [17, 18]);
  assert.deepEqual(catalogue.table("t")?.closed?.map(({ group, splitting }) => [group, splitting]), [[16, undefined]]);
  assert.equal(catalogue.table("t")?.version, table.version + 1);
  assert.equal(catalogue.table("t")?.status, "ACTIVE", "nobody is told of a split");
  assert.equal(run(catalogue, { ...split, group: left.group }).kind, "not-now", "its parent is not retired");
  assert.equal(run(catalogue, split).kind, "invalid", "the parent has been split");

  const children = catalogue.table("t")?.partitions ?? [];
  const [a, b] = replicas;
  const two = (node: unknown): boolean => node === a || node === b;
  assert.equal(isRetirable(parent, children, () => true, view(catalogue)), true);
  assert.equal(isRetirable(parent, children, two, view(catalogue)), false, "one has not applied it");
  const lost = new ClusterView(catalogue, (node) => (two(node) ? "up" : "down"));
  assert.equal(isRetirable(parent, children, two, lost), false, "it is lost, and the children count it");
  const healed = children.map((child) => ({ ...child, replicas: replicas.filter(two) }));
  assert.equal(isRetirable(parent, healed, two, lost), true);
  const current = catalogue.table("t");
  assert.ok(current);
  assert.equal(retire(current, GROUP).closed, undefined);
  assert.equal(placesOf(catalogue).length, 4);
});
