// Decides the steps of a split. The children's ids are drawn from the counters and written beside the parent before
// its leader is asked, so that each request for the split names the same children. What the children are (bounds,
// members) only the committed entry knows; the leader's answer says it. The plan is never taken back: a request for it
// may still be on its way, and children that the catalogue does not expect would be taken for leftovers.
import { groupId, type GroupId, type HashPoint, type NodeId } from "../../base/ids.ts";
import { hostsOf, type Partition, type TableSchema } from "../../model/table-schema.ts";
import { splitStream } from "../../model/table-stream.ts";
import type { SplitWork } from "../../wire/data-messages.ts";
import { isCover, isPartition, type Counters } from "./catalogue-shapes.ts";
import type { ClusterView } from "./cluster-view.ts";
import { epochOf, listsOf, withLists } from "./group-members.ts";
import type { GroupStep } from "./plan-group.ts";
import type { Sight } from "./group-sights.ts";

export type SplitPlan = { readonly partition: Partition; readonly counters: Counters };

/** Why `partition` of `table` cannot be split now, or null. */
export function refuseSplit(table: TableSchema, partition: Partition, at: HashPoint | null): string | null {
  if (table.status !== "ACTIVE") return `the table is ${table.status}`;
  if (partition.splitting !== undefined) return "it is being split already";
  if (!isSettled(partition)) return "its replicas are being changed";
  if (table.closed?.some(({ group }) => group === partition.parent) === true) {
    return "not all replicas have taken the split that made it";
  }
  if (at !== null && (at <= partition.from || at >= partition.to)) return "the point is not inside its range";
  return partition.to - partition.from < 2 ? "it has one hash point" : null;
}

export function planSplit(partition: Partition, at: HashPoint | null, counters: Counters): SplitPlan {
  const { nextGroup } = counters;
  return {
    partition: { ...partition, splitting: { at, left: groupId(nextGroup), right: groupId(nextGroup + 1) } },
    counters: { ...counters, nextGroup: nextGroup + 2 },
  };
}

/** The step towards a split that was planned; null: the partition's membership comes first. */
export function stepSplit(partition: Partition, sight: Sight | null): GroupStep | null {
  const { splitting } = partition;
  if (splitting === undefined || sight === null) return null;
  const { status } = sight;
  const isAgreed = status.isConfigurationCommitted && status.configuration.epoch === epochOf(partition);
  if (status.splitLsn === 0 && !(isAgreed && isSettled(partition))) return null;
  const work: SplitWork = { kind: "split", ...splitting };
  return { kind: "ask", work, why: status.splitLsn > 0 ? "asks what it was split into" : "is asked to split" };
}

/** Neither grows nor shrinks: the children begin with whole replicas. */
export function isSettled(partition: Partition): boolean {
  const { logReplicas, joining, leaving } = listsOf(partition);
  return logReplicas.length + joining.length + leaving.length === 0;
}

/**
 * The table with the children in the parent's place and the parent closed, or null when the answer does not fit what
 * was planned.
 */
export function publishChildren(
  table: TableSchema, parent: Partition, answered: readonly Partition[], view: ClusterView, wallMs: number,
): TableSchema | null {
  const { splitting, group } = parent;
  const [left, right] = answered;
  if (splitting === undefined || answered.length !== 2 || left === undefined || right === undefined) return null;
  if (!isPartition(left) || !isPartition(right) || !isCover([left, right], parent.from, parent.to)) return null;
  if (left.group !== splitting.left || right.group !== splitting.right) return null;
  if (splitting.at !== null && right.from !== splitting.at) return null;
  const child = (partition: Partition): Partition => {
    const lists = { ...listsOf(partition), leaving: [] };
    return { ...withLists(partition, lists, epochOf(partition)), parent: group };
  };
  // The left one begins where the parent's leader is; the right one is led where least is.
  const second = child(right);
  const children = [child(left), { ...second, replicas: view.leastFirst(second.replicas) }];
  const at = table.partitions.findIndex((partition) => partition.group === group);
  if (at === -1) return null;
  // Whoever was to join the parent and was not in its configuration yet never will be.
  const { splitting: _, ...rest } = parent;
  const closed = withLists(rest, { ...listsOf(left), leaving: [] }, epochOf(parent));
  const { stream } = table;
  return {
    ...table,
    ...(stream === undefined ? {}
      : { stream: splitStream(stream, group, children, left.since ?? 0, wallMs) }),
    partitions: [...table.partitions.slice(0, at), ...children, ...table.partitions.slice(at + 1)],
    closed: [...(table.closed ?? []), closed],
  };
}

/**
 * True when nobody needs a closed parent any more: each of its voters has applied the split, or is lost and counted by
 * no child, for it could not make its replica of that child without the parent's entries. (Whoever did not vote has
 * promised nothing, and can join the child anew.) The parent's group needs no steps of its own for that, nor a leader:
 * its children were published, so its last entry is committed.
 */
export function isRetirable(
  partition: Partition, children: readonly Partition[], hasSplit: (node: NodeId) => boolean, view: ClusterView,
): boolean {
  const { replicas, logReplicas } = listsOf(partition);
  return [...replicas, ...logReplicas].every((node) => (
    hasSplit(node) || (view.isLost(node) && !children.some((child) => hostsOf(child).includes(node)))
  ));
}

/** The table without one of its closed parents. */
export function retire(table: TableSchema, group: GroupId): TableSchema {
  const { closed = [], ...open } = table;
  const left = closed.filter((partition) => partition.group !== group);
  return { ...open, ...(left.length > 0 ? { closed: left } : {}) };
}
