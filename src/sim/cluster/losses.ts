// Which disks may be lost for ever without the loss of anything that was acknowledged: the nemesis takes away only
// what three copies allow for. A group that has not yet replaced what it lost before loses nothing more.
import { hostsOf, type Partition } from "../../model/table-schema.ts";
import { catalogueOf, placesIn } from "./catalogue.ts";
import type { Machine } from "./machine.ts";
import type { SimCluster } from "./sim-cluster.ts";

/** Trees of a group that must stay, and with them a quorum of its voters. */
const TREES_MIN = 2;

/** True when every group keeps two whole copies on disks that are intact, whoever else may be off for a while. */
export function canLose(cluster: SimCluster, machines: readonly Machine[]): boolean {
  // What a machine that is off, or was just wiped, believes of its groups nobody can see.
  if (cluster.machines.some((machine) => machine.node === null || machine.storage.isDamaged)) return false;
  const catalogue = catalogueOf(cluster);
  if (catalogue === null) return false;
  const lost = new Set<number>(machines.map(({ nodeId }) => nodeId));
  const intact = new Set<number>(cluster.machines.map(({ nodeId }) => nodeId).filter((node) => !lost.has(node)));
  return placesIn(catalogue).every(({ partition }) => {
    if (!hostsOf(partition).some((node) => lost.has(node))) return true;
    return isSettled(partition) && partition.replicas.filter((node) => intact.has(node)).length >= TREES_MIN
      && cluster.running().every(({ node }) => isAgreed(node.replicator.host(partition.group)?.members, partition));
  });
}

function isSettled({ joining, leaving, logReplicas, splitting }: Partition): boolean {
  return joining === undefined && leaving === undefined && logReplicas === undefined && splitting === undefined;
}

/** A replica whose configuration is another one may be about to make it that of the group. */
function isAgreed(members: readonly number[] | undefined, { replicas }: Partition): boolean {
  return members === undefined
    || (members.length === replicas.length && members.every((node) => replicas.some((other) => other === node)));
}
