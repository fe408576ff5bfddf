// Whether a cluster that was left in peace has come to rest: every replica is there and has applied the same,
// and each group has one leader that serves. And the state of its replicas, for comparison.
import { must } from "../../base/assert.ts";
import { SYSTEM_GROUP, type GroupId, type StorageKey } from "../../base/ids.ts";
import { scanBounds } from "../../model/key-encoding.ts";
import type { TableSchema } from "../../model/table-schema.ts";
import { CATALOGUE_FROM, CATALOGUE_TO } from "../../roles/metadata/catalogue.ts";
import type { ReplicaState } from "../checker/replica-digest.ts";
import type { SimCluster } from "./sim-cluster.ts";

/** Null when all is at rest, else what is not, in words. */
export function unrest(cluster: SimCluster): string | null {
  for (const { nodeId, node, storage } of cluster.machines) {
    if (node === null && !storage.isDamaged) return `node ${nodeId} is not running`;
  }
  const system = groupUnrest(cluster, SYSTEM_GROUP);
  if (system !== null) return `system group: ${system}`;
  const tables = must(cluster.running()[0], "a majority runs").node.metadata.tables();
  const moving = tables.find((table) => table.status !== "ACTIVE");
  if (moving !== undefined) return `table ${moving.name} is ${moving.status}`;
  for (const { group } of tables.flatMap((table) => table.partitions)) {
    const problem = groupUnrest(cluster, group);
    if (problem !== null) return `group ${group}: ${problem}`;
  }
  return null;
}

function groupUnrest(cluster: SimCluster, group: GroupId): string | null {
  let leaders = 0;
  let applied = -1;
  for (const { machine, node } of cluster.running()) {
    const host = node.replicator.host(group);
    if (host === null) return `not hosted on node ${machine.nodeId}`;
    if (host.session !== null && host.core.isLeaseLive(machine.monotonicMs)) leaders++;
    if (applied === -1) applied = host.appliedLsn;
    if (host.appliedLsn !== applied) return `node ${machine.nodeId} applied ${host.appliedLsn}, another ${applied}`;
    if (host.core.lastLsn !== host.appliedLsn) {
      return `node ${machine.nodeId} has LSN ${host.core.lastLsn}, applied ${host.appliedLsn}`;
    }
  }
  return leaders === 1 ? null : `${leaders} serving leaders`;
}

export function replicaStates(cluster: SimCluster, tables: readonly TableSchema[]): ReplicaState[] {
  const states: ReplicaState[] = [];
  const add = (group: GroupId, from: StorageKey, to: StorageKey): void => {
    for (const { machine, node } of cluster.running()) {
      const host = must(node.replicator.host(group), "compared when all are hosted");
      const digest = node.tree.digest(from, to);
      if ("kind" in digest && machine.storage.isDamaged) continue; // it says so, which is all it can do
      states.push({ group, node: machine.nodeId, applied: host.appliedLsn, digest: JSON.stringify(digest) });
    }
  };
  add(SYSTEM_GROUP, CATALOGUE_FROM, CATALOGUE_TO);
  for (const table of tables) {
    for (const partition of table.partitions) {
      const { from, to } = scanBounds(table.id, partition.from, partition.to);
      add(partition.group, from, to);
    }
  }
  return states;
}
