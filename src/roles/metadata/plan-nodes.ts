// Decides what becomes of nodes: the first ones, those that register, those that an operator drains or removes.
import { nodeId, SYSTEM_GROUP, hashPoint, HASH_POINT_END, type NodeId } from "../../base/ids.ts";
import type { Refusal } from "../../model/operation.ts";
import { hostsOf, type NodeRecord, type Partition } from "../../model/table-schema.ts";
import type { Done, NotNow, RegisterWork, Registered } from "../../wire/data-messages.ts";
import type { Mutation } from "../../wire/log-record.ts";
import { counterRow, nodeRow, systemRow, type Catalogue } from "./catalogue.ts";
import { ADDRESS_CHARS_MAX, CAPACITY_MAX, NODE_ID_MAX, UUID_CHARS_MAX, ZONE_CHARS_MAX } from "./catalogue-shapes.ts";
import type { Life } from "./liveness.ts";

/** A node that the cluster begins with. */
export type InitialNode = Pick<NodeRecord, "id" | "uuid" | "zone" | "address" | "capacity">;

export type NodePlan =
  | { readonly kind: "plan"; readonly rows: readonly Mutation[]; readonly outcome: Registered | Done }
  | Registered | Done | NotNow | Refusal;

/** Replicas on a node of an embedded cluster: no bound of its own. */
export const CAPACITY_DEFAULT = 10_000;
/** Nodes that are not removed. Every node is connected to every other, and beats. */
const NODES_MAX = 1_000;

/** Nodes of an embedded cluster: each a zone of its own. */
export function embeddedNodes(nodes: readonly NodeId[]): readonly InitialNode[] {
  return nodes.map((id) => ({ id, uuid: "", zone: `az${id}`, address: "", capacity: CAPACITY_DEFAULT }));
}

/** Rows that a catalogue must have before anything is planned with it. Empty once they are there. */
export function planFirstRows(
  catalogue: Catalogue, nodes: readonly InitialNode[], systemReplicas: readonly NodeId[],
): readonly Mutation[] {
  const rows: Mutation[] = [];
  let { nextNode } = catalogue.counters;
  for (const node of nodes) {
    if (catalogue.node(node.id) === null) rows.push(nodeRow({ ...node, state: "active", version: 1 }));
    if (node.id >= nextNode) nextNode = node.id + 1;
  }
  if (nextNode > catalogue.counters.nextNode) rows.push(counterRow({ ...catalogue.counters, nextNode }));
  if (catalogue.system === null) rows.push(systemRow(systemPartition(systemReplicas)));
  return rows;
}

export function systemPartition(replicas: readonly NodeId[]): Partition {
  return { group: SYSTEM_GROUP, from: hashPoint(0), to: HASH_POINT_END, replicas };
}

/**
 * Gives a node its identity, once: who asks again with the same uuid gets the same. The uuid of a node that lives at
 * another address is refused: a directory was copied, or two processes run on one.
 */
export function planRegister(catalogue: Catalogue, work: RegisterWork, lifeOf: (node: NodeId) => Life): NodePlan {
  const problem = problemOf(work);
  if (problem !== null) return { kind: "invalid", message: problem };
  const { uuid, zone, address, capacity } = work;
  const known = catalogue.nodes().find((node) => node.uuid === uuid);
  if (known !== undefined) return planReturn(known, work, lifeOf(known.id));
  const { nextNode } = catalogue.counters;
  const living = catalogue.nodes().filter(({ state }) => state !== "removed").length;
  if (living >= NODES_MAX) return { kind: "invalid", message: `the cluster has ${NODES_MAX} nodes, the most it takes` };
  if (nextNode > NODE_ID_MAX) return { kind: "invalid", message: "all node ids have been given out" };
  const node: NodeRecord = { id: nodeId(nextNode), uuid, zone, address, capacity, state: "active", version: 1 };
  const counters = { ...catalogue.counters, nextNode: nextNode + 1 };
  return { kind: "plan", rows: [counterRow(counters), nodeRow(node)], outcome: { kind: "registered", node } };
}

function planReturn(known: NodeRecord, { zone, address, capacity }: RegisterWork, life: Life): NodePlan {
  if (known.state === "removed") {
    return { kind: "invalid", message: `node ${known.id} was removed from the cluster; start with an empty directory` };
  }
  if (known.zone !== zone) {
    return { kind: "invalid", message: `node ${known.id} is in zone ${known.zone}; a node does not change its zone` };
  }
  if (known.address === address && known.capacity === capacity) return { kind: "registered", node: known };
  if (known.address !== address && life === "up") {
    return { kind: "not-now", reason: `duplicate identity: node ${known.id} lives at ${known.address}` };
  }
  const node: NodeRecord = { ...known, address, capacity, version: known.version + 1 };
  return { kind: "plan", rows: [nodeRow(node)], outcome: { kind: "registered", node } };
}

export function planDrain(catalogue: Catalogue, id: NodeId, isUndone: boolean): NodePlan {
  const node = catalogue.node(id);
  if (node === null || node.state === "removed") return noNode(id);
  const state = isUndone ? "active" : "draining";
  if (node.state === state) return { kind: "done" };
  const row = nodeRow({ ...node, state, version: node.version + 1 });
  return { kind: "plan", rows: [row], outcome: { kind: "done" } };
}

/** Only a node that holds nothing goes: what it holds is moved by draining it, or by its being down. */
export function planRemove(catalogue: Catalogue, id: NodeId): NodePlan {
  const node = catalogue.node(id);
  if (node === null) return noNode(id);
  if (node.state === "removed") return { kind: "done" };
  const held = replicasOf(catalogue, id);
  if (held > 0) return { kind: "not-now", reason: `node ${id} still has ${held} replicas; drain it first` };
  const row = nodeRow({ ...node, state: "removed", version: node.version + 1 });
  return { kind: "plan", rows: [row], outcome: { kind: "done" } };
}

function replicasOf(catalogue: Catalogue, id: NodeId): number {
  let count = catalogue.system !== null && hostsOf(catalogue.system).includes(id) ? 1 : 0;
  for (const { partitions, closed = [] } of catalogue.tables()) {
    for (const partition of [...partitions, ...closed]) if (hostsOf(partition).includes(id)) count++;
  }
  return count;
}

function noNode(id: NodeId): Refusal {
  return { kind: "invalid", message: `there is no node ${id}` };
}

/** A request comes from a process that is no node yet: nothing about it is certain. */
function problemOf({ uuid, zone, address, capacity }: RegisterWork): string | null {
  if (uuid.length < 16 || uuid.length > UUID_CHARS_MAX || !/^[\w-]+$/.test(uuid)) return "the uuid is none";
  if (zone.length > ZONE_CHARS_MAX || !/^[A-Za-z0-9][\w.-]*$/.test(zone)) return "a zone is a word";
  if (address.length > ADDRESS_CHARS_MAX || !/^\S+:\d{1,5}$/.test(address)) return "an address is host:port";
  return Number.isInteger(capacity) && capacity >= 1 && capacity <= CAPACITY_MAX
    ? null : `a capacity is between 1 and ${CAPACITY_MAX} replicas`;
}
