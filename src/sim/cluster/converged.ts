// Whether a cluster that was left in peace has come to rest: every partition has three whole replicas in three zones,
// all have applied the same, each group has one leader that serves, and nothing is on its way. And the state of the
// replicas, for comparison.
import { must } from "../../base/assert.ts";
import { SYSTEM_GROUP } from "../../base/ids.ts";
import { globalIndexesOf } from "../../model/global-index.ts";
import { rowRanges, scanBounds, SPACES, spacesOf, type KeyRange } from "../../model/key-encoding.ts";
import type { Partition, TableSchema } from "../../model/table-schema.ts";
import { CATALOGUE_FROM, CATALOGUE_TO } from "../../roles/metadata/catalogue.ts";
import { findSplitPoint } from "../../roles/storage-node/split-point.ts";
import type { ReplicaState } from "../checker/replica-digest.ts";
import { catalogueOf, placesIn, type SimCatalogue } from "./catalogue.ts";
import type { SimCluster } from "./sim-cluster.ts";

const REPLICAS = 3;

/** Null when all is at rest, else what is not, in words. */
export function unrest(cluster: SimCluster): string | null {
  for (const machine of cluster.machines) {
    if (machine.node === null && !machine.storage.isDamaged) return `machine ${machine.number} has no running node`;
  }
  const catalogue = catalogueOf(cluster);
  if (catalogue === null) return "nobody leads the system group";
  for (const record of catalogue.nodes) {
    if (record.state !== "active") return `node ${record.id} is ${record.state}`;
    if (cluster.isLost(record)) return `node ${record.id}, whose disk was lost, is still a node`;
  }
  const moving = catalogue.tables.find((table) => table.status !== "ACTIVE");
  if (moving !== undefined) return `table ${moving.name} is ${moving.status}`;
  for (const table of catalogue.tables) {
    const index = globalIndexesOf(table).find(({ status }) => status !== "ACTIVE");
    if (index !== undefined) return `index ${index.name} of table ${table.name} is ${index.status}`;
  }
  const placed = new Map<number, Partition>();
  for (const { partition, table, isClosed } of placesIn(catalogue)) {
    placed.set(partition.group, partition);
    const problem = isClosed ? "closed, and not retired"
      : placeUnrest(cluster, partition, table) ?? groupUnrest(cluster, partition);
    if (problem !== null) return `group ${partition.group}: ${problem}`;
  }
  const behind = outboxUnrest(cluster, catalogue);
  if (behind !== null) return behind;
  for (const { node } of cluster.running()) {
    for (const { group } of node.replicator.hosts()) {
      if (placed.get(group)?.replicas.includes(node.self) === true) continue;
      return `node ${node.self} hosts group ${group}, which is not placed there`;
    }
  }
  return null;
}

/** Changes that global indexes do not have yet. */
function outboxUnrest(cluster: SimCluster, { tables }: SimCatalogue): string | null {
  for (const { id, name, partitions, globalIndexes } of tables) {
    if (globalIndexes === undefined) continue;
    for (const { group, from, to, replicas } of partitions) {
      const range = scanBounds(id, from, to, SPACES.outbox);
      for (const node of replicas) {
        let isEmpty = true;
        cluster.machineAs(node)?.node?.tree.scan(range.from, range.to, true, () => {
          isEmpty = false;
          return false;
        });
        if (!isEmpty) return `group ${group} of table ${name} has changes that its indexes do not have`;
      }
    }
  }
  return null;
}

/** What the catalogue says of the group is not how it should be in the end. */
function placeUnrest(cluster: SimCluster, partition: Partition, table: TableSchema | null): string | null {
  const { replicas, joining, leaving, logReplicas, splitting } = partition;
  const isSplitting = splitting !== undefined && table !== null && canSplit(cluster, table, partition);
  if (joining !== undefined || leaving !== undefined || logReplicas !== undefined || isSplitting) {
    return `a change is on its way: ${JSON.stringify({ replicas, joining, leaving, logReplicas, splitting })}`;
  }
  const zones = new Set<number>();
  for (const node of replicas) {
    const machine = cluster.machineAs(node);
    if (machine === null) return `a replica is on node ${node}, which no machine is`;
    zones.add(machine.zone);
  }
  if (replicas.length !== REPLICAS) return `${replicas.length} replicas`;
  return zones.size === REPLICAS ? null : `its replicas ${replicas.join()} are in ${zones.size} zones`;
}

/** A split of a partition whose items have one partition key, or none, waits until there are others. */
function canSplit(cluster: SimCluster, { id }: TableSchema, { from, to, replicas }: Partition): boolean {
  return replicas.some((node) => {
    const tree = cluster.machineAs(node)?.node?.tree;
    return tree !== undefined && findSplitPoint(tree, { table: id, from, to }, null).kind === "split-point";
  });
}

function groupUnrest(cluster: SimCluster, { group, replicas }: Partition): string | null {
  let leaders = 0;
  let applied = -1;
  for (const id of replicas) {
    const machine = cluster.machineOf(id);
    const { node } = machine;
    if (node === null) continue; // damaged
    const host = node.replicator.host(group);
    if (host === null) return `not hosted on node ${id}`;
    if (host.session !== null && host.core.isLeaseLive(machine.monotonicMs)) leaders++;
    if (applied === -1) applied = host.appliedLsn;
    if (host.appliedLsn !== applied) return `node ${id} applied ${host.appliedLsn}, another ${applied}`;
    if (host.core.lastLsn !== host.appliedLsn) {
      return `node ${id} has LSN ${host.core.lastLsn}, applied ${host.appliedLsn}`;
    }
  }
  return leaders === 1 ? null : `${leaders} serving leaders`;
}

export function replicaStates(cluster: SimCluster, catalogue: SimCatalogue): ReplicaState[] {
  const states: ReplicaState[] = [];
  const add = ({ group, replicas }: Partition, ranges: readonly KeyRange[]): void => {
    for (const id of replicas) {
      const { node, storage } = cluster.machineOf(id);
      if (node === null) continue; // damaged
      const host = must(node.replicator.host(group), "compared when all are hosted");
      const digest = ranges.map(({ from, to }) => node.tree.digest(from, to));
      if (storage.isDamaged && digest.some((one) => "kind" in one)) continue; // it says so, which is all it can do
      states.push({ group, node: id, applied: host.appliedLsn, digest: JSON.stringify(digest) });
    }
  };
  for (const { partition, table } of placesIn(catalogue)) {
    if (partition.group === SYSTEM_GROUP || table === null) {
      add(partition, [{ from: CATALOGUE_FROM, to: CATALOGUE_TO }]);
    } else add(partition, rowRanges(table.id, partition.from, partition.to, spacesOf(table)));
  }
  return states;
}
