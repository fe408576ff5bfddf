// The cluster as its control plane sees it, in plain data for the admin page.
import type { Lsn, NodeId } from "../../base/ids.ts";
import type { Partition } from "../../model/table-schema.ts";
import type { Catalogue } from "./catalogue.ts";
import { ClusterView } from "./cluster-view.ts";
import type { ControlPlane } from "./control-plane.ts";
import { epochOf, listsOf } from "./group-members.ts";
import type { Liveness } from "./liveness.ts";
import { systemPartition } from "./plan-nodes.ts";

export type NodeDescription = {
  readonly id: number;
  readonly zone: string;
  readonly address: string;
  /** What an operator set: active, draining, removed. */
  readonly state: string;
  /** What beats say: up, suspect, down, unknown. */
  readonly life: string;
  readonly lastBeatMs: number | null;
  /** By the catalogue. */
  readonly replicas: number;
  /** By the groups' answers. */
  readonly leads: number;
  readonly capacity: number;
  /** Peers that this node does not hear and others do. */
  readonly unheard: readonly number[];
};

export type GroupDescription = {
  readonly group: number;
  /** Hash points, as numbers: from <= p < to. */
  readonly from: number;
  readonly to: number;
  readonly replicas: readonly number[];
  readonly logReplicas: readonly number[];
  readonly joining: readonly number[];
  readonly leaving: readonly number[];
  readonly epoch: number;
  readonly parent: number | null;
  readonly isClosed: boolean;
  /** As last seen; null: not known, or nobody. */
  readonly leader: number | null;
  readonly items: number | null;
  readonly bytes: number | null;
  /** What it waits for or is asked to do; empty: nothing. */
  readonly step: string;
};

export type ClusterDescription = {
  readonly version: number;
  /** Who describes: only the leader of the system group knows lives, leaders and steps. */
  readonly node: number;
  readonly isLeader: boolean;
  readonly nodes: readonly NodeDescription[];
  readonly system: GroupDescription;
  readonly tables: readonly {
    readonly name: string; readonly status: string; readonly partitions: readonly GroupDescription[];
  }[];
};

export type Described = {
  readonly self: NodeId;
  readonly version: Lsn;
  readonly catalogue: Catalogue;
  readonly liveness: Liveness;
  /** Null where this node does not lead. */
  readonly control: ControlPlane | null;
  readonly systemReplicas: readonly NodeId[];
  readonly nowMs: number;
};

export function describeCluster(input: Described): ClusterDescription {
  const { self, version, catalogue, control, systemReplicas } = input;
  const system = describeGroup(catalogue.system ?? systemPartition(systemReplicas), false, control);
  const tables = [...catalogue.tables()].sort((a, b) => (a.name < b.name ? -1 : 1)).map((table) => ({
    name: table.name,
    status: table.status,
    partitions: [
      ...table.partitions.map((partition) => describeGroup(partition, false, control)),
      ...(table.closed ?? []).map((partition) => describeGroup(partition, true, control)),
    ],
  }));
  const leads = new Map<number, number>();
  for (const { leader } of [system, ...tables.flatMap(({ partitions }) => partitions)]) {
    if (leader !== null) leads.set(leader, (leads.get(leader) ?? 0) + 1);
  }
  return { version, node: self, isLeader: control !== null, nodes: describeNodes(input, leads), system, tables };
}

function describeNodes(
  { catalogue, liveness, control, nowMs }: Described, leads: ReadonlyMap<number, number>,
): readonly NodeDescription[] {
  const view = new ClusterView(catalogue, (node) => (control === null ? "unknown" : liveness.life(node, nowMs)));
  return [...view.seats()].sort((a, b) => a.record.id - b.record.id).map(({ record, life, replicas }) => ({
    id: record.id, zone: record.zone, address: record.address, state: record.state, life,
    lastBeatMs: liveness.ageMs(record.id, nowMs), replicas, leads: leads.get(record.id) ?? 0,
    capacity: record.capacity, unheard: liveness.lastBeat(record.id)?.unheard ?? [],
  }));
}

function describeGroup(partition: Partition, isClosed: boolean, control: ControlPlane | null): GroupDescription {
  const { group, from, to, parent, splitting } = partition;
  const sight = control?.sight(group) ?? null;
  const words = control?.words(group) ?? "";
  const plan = splitting === undefined ? "" : `to be split into ${splitting.left} and ${splitting.right}`;
  return {
    group, from, to, ...listsOf(partition), epoch: epochOf(partition), parent: parent ?? null, isClosed,
    leader: sight?.leader ?? null, items: sight?.status.items ?? null, bytes: sight?.status.bytes ?? null,
    step: [plan, words].filter((text) => text !== "").join(": "),
  };
}
