// Which disks may be lost for ever without the loss of anything that was acknowledged: the nemesis takes away only
// what three copies allow for. A group that has not yet replaced what it lost before loses nothing more.
import type { GroupHost } from "../../replication/group-host.ts";
import { STORAGE } from "../../wire/group-configuration.ts";
import type { Machine } from "./machine.ts";
import type { SimCluster } from "./sim-cluster.ts";

const REPLICAS = 3;
/** Whole trees of a group that must stay; they are a quorum of its voters, too. */
const TREES_MIN = 2;

/** True when every group keeps two whole copies on disks that are intact, whoever else may be off for a while. */
export function canLose(cluster: SimCluster, machines: readonly Machine[]): boolean {
  // What a machine that is off, or was just wiped, believes of its groups nobody can see.
  const others = cluster.machines.filter((machine) => !machines.includes(machine));
  if (others.some((machine) => machine.node === null || machine.storage.isDamaged)) return false;
  const lost = new Set<number>(machines.map(({ nodeId }) => nodeId));
  const groups = new Map<number, GroupHost[]>();
  for (const { node } of cluster.running()) {
    for (const host of node.replicator.hosts()) {
      const hosts = groups.get(host.group);
      if (hosts === undefined) groups.set(host.group, [host]);
      else hosts.push(host);
    }
  }
  return [...groups.values()].every((hosts) => isSafe(hosts, lost));
}

/** `hosts`: all replicas of one group that can be seen. */
function isSafe(hosts: readonly GroupHost[], lost: ReadonlySet<number>): boolean {
  // A learner counts, too: it may be about to get the vote of one that is lost.
  const isTouched = hosts.some(({ configuration: { replicas } }) => replicas.some(({ node }) => lost.has(node)));
  if (!isTouched) return true;
  const kept = hosts.filter(({ self, hasTree }) => hasTree && !lost.has(self));
  // A replica whose configuration is another one may be about to make it that of the group.
  return kept.length >= TREES_MIN && hosts.every(({ configuration: { epoch, replicas } }) => (
    epoch === hosts[0]?.configuration.epoch && replicas.length === REPLICAS
    && replicas.every(({ kind, votes }) => kind === STORAGE && votes)
  ));
}
