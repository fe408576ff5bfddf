// What must hold once a run is over: every checker, over the histories and over the replicas themselves.
import { must } from "../../base/assert.ts";
import { addressOf } from "../../model/key-encoding.ts";
import { storedJson } from "../../model/item-codec.ts";
import type { TableSchema } from "../../model/table-schema.ts";
import { describeCall } from "../checker/history.ts";
import { checkLinearizable } from "../checker/linearizable.ts";
import { checkMapCoversKeyspace } from "../checker/map-covers-keyspace.ts";
import { checkNoLostAck, type Observation } from "../checker/no-lost-ack.ts";
import { checkReplicaDigests, checkReplicasConverged } from "../checker/replica-digest.ts";
import { violation, type Violation } from "../checker/violation.ts";
import { replicaStates } from "../cluster/converged.ts";
import type { SimCluster } from "../cluster/sim-cluster.ts";
import type { Probes } from "../swarm/probes.ts";
import type { HistoryRecorder } from "../workload/history-recorder.ts";
import { keysOf, stateOf } from "../workload/operations.ts";

export type CheckCounts = { items: number; calls: number; undecided: number; acknowledged: number; replicas: number };

export function checkHistories(history: HistoryRecorder, counts: CheckCounts, probes: Probes): Violation[] {
  const found: Violation[] = [];
  for (const oddity of history.oddities) found.push(violation("outcomes", oddity));
  for (const [item, calls] of history.byItem()) {
    counts.items++;
    counts.calls += calls.length;
    noteUnknownFates(calls, probes);
    const verdict = checkLinearizable(calls);
    if (verdict.kind === "undecided") counts.undecided++;
    if (verdict.kind !== "violation") continue;
    const picked = new Set(verdict.longest);
    const lines = calls.map((call, i) => `${picked.has(i) ? "    " : "  ? "}${describeCall(call)}`);
    found.push(violation("linearizable", `item ${item} has no order (? stands before what fits in none):\n${lines.join("\n")}`));
  }
  return found;
}

/** Replicas of all partitions, when the cluster is at rest. */
export function checkReplicas(
  cluster: SimCluster, table: TableSchema, history: HistoryRecorder, counts: CheckCounts,
): Violation[] {
  const states = replicaStates(cluster, table);
  counts.replicas += states.length;
  counts.acknowledged += history.acknowledged.size;
  const places = cluster.machines.map((machine): Observation => ({
    place: `node ${machine.nodeId}`,
    find: (item) => {
      const { pk, sk } = keysOf(item);
      const read = must(machine.node, "checked when all run").tree.get(addressOf(table, { S: pk }, { S: sk }).key);
      return read.kind === "value" ? stateOf(storedJson(read.value)) : null;
    },
  }));
  return [
    ...checkReplicasConverged(states), ...checkReplicaDigests(states),
    ...checkNoLostAck(history.acknowledged, places), ...checkMapCoversKeyspace([table]),
  ];
}

/** Did writes whose fate was unknown to their caller show up later? Values are unique, so a read tells. */
function noteUnknownFates(calls: Parameters<typeof checkLinearizable>[0], probes: Probes): void {
  const read = new Set<string>();
  for (const { result } of calls) if (result.kind === "read" && result.value !== null) read.add(result.value);
  const last = calls[calls.length - 1];
  for (const { command, result } of calls) {
    if (result.kind !== "unknown" || !("value" in command)) continue;
    if (read.has(command.value)) probes.hit("an unknown write took effect");
    else if (last?.result.kind === "read") probes.hit("an unknown write never took effect");
  }
}
