// The partitions that a table begins with.
import { hashPoint, HASH_POINT_END, type GroupId } from "../../base/ids.ts";
import type { Partition } from "../../model/table-schema.ts";
import type { ClusterView } from "./cluster-view.ts";

/** `count` partitions of equal shares of the hash space on new groups; null: no node can take a replica. */
export function equalPartitions(
  count: number, view: ClusterView, takeGroup: () => GroupId,
): readonly Partition[] | null {
  const partitions: Partition[] = [];
  for (let i = 0; i < count; i++) {
    const replicas = view.chooseNew();
    if (replicas.length === 0) return null;
    const partition = { group: takeGroup(), from: boundary(i, count), to: boundary(i + 1, count), replicas };
    view.count(partition, 1);
    partitions.push(partition);
  }
  return partitions;
}

/** Where the i-th of `count` equal shares of the hash space begins. */
function boundary(i: number, count: number): Partition["from"] {
  return i === count ? HASH_POINT_END : hashPoint(Math.floor((HASH_POINT_END / count) * i));
}
