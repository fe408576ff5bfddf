// What a cluster is like, in lines for somebody who looks for the cause of a failure: each replica as its node sees it,
// and what the control plane says it is doing.
import { catalogueLeader } from "./catalogue.ts";
import type { SimCluster } from "./sim-cluster.ts";

export function describeCluster(cluster: SimCluster): string[] {
  const lines: string[] = [];
  for (const machine of cluster.machines) {
    const { number, zone, nodeId, isOn, node, storage } = machine;
    const state = node !== null ? "runs" : isOn ? "has no running node" : "is off";
    lines.push(`machine ${number} in zone ${zone}, node ${nodeId}, ${state}${storage.isDamaged ? ", damaged" : ""}`);
    for (const host of node?.replicator.hosts() ?? []) {
      const { group, configuration, appliedLsn, core, hasTree, isTreeLive, leader, session, split } = host;
      const replicas = configuration.replicas.map(({ node: id, kind, votes }) => (
        `${id}${kind === 1 ? "" : "L"}${votes ? "" : "?"}`
      ));
      const { role, promised, commit, floor, ignored, leaseUntil } = core.inspect();
      lines.push(`  group ${group} epoch ${configuration.epoch} [${replicas.join(" ")}] ${role}`
        + `, leader ${String(leader)}${session === null ? "" : " serves"}`
        + `, last ${core.lastLsn} commit ${commit} applied ${appliedLsn} floor ${floor} promised ${promised}`
        + `, lease ${(leaseUntil - machine.monotonicMs).toFixed(0)} ms`
        + `, tree ${hasTree ? "whole" : isTreeLive ? "live" : "none"}`
        + `${split === null ? "" : ` split at ${split.lsn}`} ignored ${JSON.stringify(ignored)}`);
    }
  }
  const leader = catalogueLeader(cluster);
  if (leader !== null) lines.push(JSON.stringify(leader.metadata.describe()));
  return lines;
}
