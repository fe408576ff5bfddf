// The answer to whoever asks a group that was split: the partitions that took its place.
import type { GroupId, NodeId, TableId } from "../../base/ids.ts";
import type { Partition, TableSchema } from "../../model/table-schema.ts";
import type { GroupHost } from "../../replication/group-host.ts";
import type { Moved, Redirect } from "../../wire/data-messages.ts";
import { LOG, STORAGE, type Configuration, type Replica } from "../../wire/group-configuration.ts";
import type { SplitPayload } from "../../wire/split-payload.ts";

/** Where the catalogue places a group; `table` null: the system group. */
export type Placement = { readonly table: TableId | null; readonly partition: Partition };

/** What this node knows of the catalogue. */
export type PlacedGroups = {
  /** Null: the catalogue that this node has seen does not place the group here. */
  readonly placementOf: (group: GroupId) => Placement | null;
  /** Partitions that the catalogue has in the place of `group`; empty when it does not know of the split. */
  readonly childrenOf: (group: GroupId) => readonly Partition[];
  /** The table's record; null: the catalogue that this node has seen has none. */
  readonly schemaOf: (table: TableId) => TableSchema | null;
};

/** A redirect when this node has not learned yet which range the group had. */
export function movedOutcome(host: GroupHost, placed: PlacedGroups): Moved | Redirect {
  const known = placed.childrenOf(host.group);
  if (known.length > 0) return { kind: "moved", partitions: known };
  const placement = placed.placementOf(host.group);
  if (placement !== null && host.split !== null) {
    return { kind: "moved", partitions: childPartitions(placement.partition, host.split.payload) };
  }
  return { kind: "redirect", leader: null, reason: "the partition was split; its children are not known here yet" };
}

/** Where else to ask what this replica does not serve. */
export function elsewhere(host: GroupHost, placed: PlacedGroups): Moved | Redirect {
  return host.split === null ? redirect(host) : movedOutcome(host, placed);
}

export function redirect(host: GroupHost): Redirect {
  return { kind: "redirect", leader: host.leader, reason: "this replica does not serve the group now" };
}

/** The children of a split as they begin. */
export function childPartitions(parent: Partition, split: SplitPayload): readonly Partition[] {
  const { at, left, right, configuration, since } = split;
  const members = membersOf(configuration, parent);
  return [
    { group: left, from: parent.from, to: at, ...members, parent: parent.group, since },
    { group: right, from: at, to: parent.to, ...members, parent: parent.group, since },
  ];
}

type Members = Pick<Partition, "replicas" | "logReplicas" | "joining">;

/** In the parent's order, whose first is the preferred leader; a replica that has no tree yet goes on to get one. */
function membersOf(configuration: Configuration, parent: Partition): Members {
  const rank = (node: NodeId): number => {
    const at = parent.replicas.indexOf(node);
    return at === -1 ? parent.replicas.length : at;
  };
  const members = [...configuration.replicas].sort((a, b) => rank(a.node) - rank(b.node) || a.node - b.node);
  const nodesOf = (isOne: (replica: Replica) => boolean): NodeId[] => members.filter(isOne).map(({ node }) => node);
  const logReplicas = nodesOf(({ kind, votes }) => votes && kind === LOG);
  const joining = nodesOf(({ kind, votes }) => !votes || kind === LOG);
  return {
    replicas: nodesOf(({ kind, votes }) => votes && kind === STORAGE),
    ...(logReplicas.length === 0 ? {} : { logReplicas }),
    ...(joining.length === 0 ? {} : { joining }),
  };
}
