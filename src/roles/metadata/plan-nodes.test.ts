import assert from "node:assert/strict";
import { test } from "node:test";
import { groupId, HASH_POINT_END, hashPoint, nodeId, type NodeId } from "../../base/ids.ts";
import type { RegisterWork } from "../../wire/data-messages.ts";
import { Catalogue, systemRow } from "./catalogue.ts";
import { ClusterView } from "./cluster-view.ts";
import type { Life } from "./liveness.ts";
import { planDrain, planFirstRows, planRegister, planRemove, type InitialNode, type NodePlan } from "./plan-nodes.ts";

const UUID = "0123456789abcdef";

function node(id: number, zone: string, capacity = 100): InitialNode {
  return { id: nodeId(id), uuid: `${UUID}-${id}`, zone, address: `h${id}:1`, capacity };
}

function catalogueOf(nodes: readonly InitialNode[]): Catalogue {
  const catalogue = new Catalogue();
  for (const row of planFirstRows(catalogue, nodes, nodes.slice(0, 3).map(({ id }) => id))) catalogue.apply(row);
  return catalogue;
}

function register(fields: Partial<RegisterWork> = {}): RegisterWork {
  return { kind: "register", uuid: `${UUID}-new`, zone: "a", address: "h9:1", capacity: 10, ...fields };
}

function take(catalogue: Catalogue, plan: NodePlan): NodePlan {
  if (plan.kind === "plan") for (const row of plan.rows) assert.equal(catalogue.apply(row), null);
  return plan;
}

const THREE = [node(1, "a"), node(2, "b"), node(3, "c")];
const up = (): Life => "up";
const down = (): Life => "down";

test("a node gets an id once; ids are never given again", () => {
  const catalogue = catalogueOf(THREE);
  const first = take(catalogue, planRegister(catalogue, register(), up));
  assert.equal(first.kind === "plan" && first.outcome.kind === "registered" && first.outcome.node.id, 4);
  const again = planRegister(catalogue, register(), up);
  assert.equal(again.kind === "registered" && again.node.id, 4, "asked twice, the same answer without a change");
  assert.equal(take(catalogue, planRemove(catalogue, nodeId(4))).kind, "plan");
  assert.equal(planRegister(catalogue, register(), up).kind, "invalid", "a removed node does not come back");
  const next = take(catalogue, planRegister(catalogue, register({ uuid: `${UUID}-other` }), up));
  assert.equal(next.kind === "plan" && next.outcome.kind === "registered" && next.outcome.node.id, 5);
});

test("a new address is taken from a node that is silent, and refused while one lives", () => {
  const catalogue = catalogueOf(THREE);
  const moved = register({ uuid: `${UUID}-1`, address: "elsewhere:2", capacity: 100 });
  const refused = planRegister(catalogue, moved, up);
  assert.equal(refused.kind, "not-now");
  assert.match(refused.kind === "not-now" ? refused.reason : "", /duplicate identity/);
  take(catalogue, planRegister(catalogue, moved, down));
  assert.equal(catalogue.node(nodeId(1))?.address, "elsewhere:2");
  assert.equal(catalogue.node(nodeId(1))?.version, 2);
  assert.equal(planRegister(catalogue, register({ uuid: `${UUID}-1`, zone: "b" }), down).kind, "invalid", "zones stay");
});

test("what is no registration is refused", () => {
  const catalogue = catalogueOf(THREE);
  const bad: readonly Partial<RegisterWork>[] = [
    { uuid: "" }, { uuid: "short" }, { uuid: `${UUID} x` }, { uuid: UUID.repeat(9) }, { zone: "" }, { zone: "a b" }, { zone: "z".repeat(99) },
    { address: "" }, { address: "host" }, { address: "host:port" }, { address: `${"h".repeat(300)}:1` }, { capacity: 0 }, { capacity: 1.5 },
    { capacity: 1e9 }, { capacity: Number.NaN },
  ];
  for (const fields of bad) assert.equal(planRegister(catalogue, register(fields), up).kind, "invalid", JSON.stringify(fields));
});

test("drain and its undoing are idempotent; a node that holds something is not removed", () => {
  const catalogue = catalogueOf([...THREE, node(4, "a")]);
  assert.equal(take(catalogue, planDrain(catalogue, nodeId(4), false)).kind, "plan");
  assert.equal(planDrain(catalogue, nodeId(4), false).kind, "done");
  assert.equal(catalogue.node(nodeId(4))?.state, "draining");
  assert.equal(take(catalogue, planDrain(catalogue, nodeId(4), true)).kind, "plan");
  assert.equal(catalogue.node(nodeId(4))?.state, "active");
  assert.equal(planRemove(catalogue, nodeId(1)).kind, "not-now", "it has a replica of the system group");
  assert.equal(planRemove(catalogue, nodeId(9)).kind, "invalid");
  take(catalogue, planRemove(catalogue, nodeId(4)));
  assert.equal(planRemove(catalogue, nodeId(4)).kind, "done");
  assert.equal(planDrain(catalogue, nodeId(4), true).kind, "invalid", "removed is for good");
});

function chosen(nodes: readonly InitialNode[], lives: Readonly<Record<number, Life>>, rounds = 1): readonly NodeId[] {
  const catalogue = catalogueOf(nodes);
  catalogue.apply(systemRow({ group: groupId(1), from: hashPoint(0), to: HASH_POINT_END, replicas: [nodeId(1)] }));
  const view = new ClusterView(catalogue, (id) => lives[id] ?? "up");
  let replicas: readonly NodeId[] = [];
  for (let i = 0; i < rounds; i++) {
    replicas = view.chooseNew();
    if (replicas.length > 0) view.count({ group: groupId(16 + i), from: hashPoint(0), to: HASH_POINT_END, replicas }, 1);
  }
  return [...replicas].sort();
}

test("new partitions go to three zones, to the least loaded nodes that live", () => {
  const six = [...THREE, node(4, "a"), node(5, "b"), node(6, "c")];
  assert.deepEqual(chosen(six, {}), [2, 3, 4], "node 1 has a replica already");
  assert.deepEqual(chosen(six, { 4: "suspect" }), [1, 2, 3]);
  assert.deepEqual(chosen(six, { 2: "down", 5: "down" }), [2, 3, 4], "a zone without a living node keeps its place");
  assert.deepEqual(chosen(THREE.slice(0, 1), {}), [1]);
  assert.deepEqual(chosen([node(1, "a"), node(2, "a"), node(3, "b")], {}), [1, 2, 3], "two zones share");
  assert.deepEqual(chosen([node(1, "a", 1), node(2, "b"), node(3, "c")], {}), [], "no third copy, no partition");
  assert.deepEqual(chosen([...THREE, node(4, "d")], {}), [2, 3, 4]);
  assert.deepEqual(chosen([...six.map((one) => ({ ...one, capacity: 2 }))], {}, 6), [], "full");
});
