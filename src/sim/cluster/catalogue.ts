// The catalogue as the leader of the system group has applied it: what the cluster believes of itself.
import { SYSTEM_GROUP } from "../../base/ids.ts";
import type { NodeRecord, Partition, TableSchema } from "../../model/table-schema.ts";
import type { StatorNode } from "../../node/stator-node.ts";
import type { SimCluster } from "./sim-cluster.ts";

export type SimCatalogue = {
  readonly tables: readonly TableSchema[];
  readonly nodes: readonly NodeRecord[];
  readonly system: Partition;
};

export function catalogueOf(cluster: SimCluster): SimCatalogue | null {
  const metadata = catalogueLeader(cluster)?.metadata;
  return metadata === undefined ? null
    : { tables: metadata.tables(), nodes: metadata.nodes(), system: metadata.system() };
}

/** Null: nobody leads the system group now. */
export function catalogueLeader(cluster: SimCluster): StatorNode | null {
  for (const { machine, node } of cluster.running()) {
    const host = node.replicator.host(SYSTEM_GROUP);
    if (host === null || host.session === null) continue;
    if (host.core.isLeaseLive(machine.monotonicMs)) return node;
  }
  return null;
}

/** All groups that the catalogue knows of, closed ones included. */
export function placesIn(
  { tables, system }: SimCatalogue,
): { readonly partition: Partition; readonly table: TableSchema | null; readonly isClosed: boolean }[] {
  return [
    { partition: system, table: null, isClosed: false },
    ...tables.flatMap((table) => [
      ...table.partitions.map((partition) => ({ partition, table, isClosed: false })),
      ...(table.closed ?? []).map((partition) => ({ partition, table, isClosed: true })),
    ]),
  ];
}
