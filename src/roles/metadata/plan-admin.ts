// Decides what an operator's command changes in the catalogue. The command is done when the plan is committed; the
// control plane's loops take the steps.
import type { GroupId, HashPoint, NodeId } from "../../base/ids.ts";
import { unreachable } from "../../base/assert.ts";
import { hostsOf, type Partition } from "../../model/table-schema.ts";
import type { AdminWork } from "../../wire/data-messages.ts";
import { counterRow, type Catalogue } from "./catalogue.ts";
import type { ClusterView } from "./cluster-view.ts";
import { Draft, placesOf, type Place } from "./draft.ts";
import { epochOf, listsOf, withLists } from "./group-members.ts";
import { planDrain, planRemove, type NodePlan } from "./plan-nodes.ts";
import { isSettled, planSplit, refuseSplit } from "./plan-split.ts";

export function planAdmin(catalogue: Catalogue, command: AdminWork, view: ClusterView): NodePlan {
  switch (command.kind) {
    case "drain-node":
      return planDrain(catalogue, command.node, command.isUndone);
    case "remove-node":
      return planRemove(catalogue, command.node);
    case "split-partition":
      return split(catalogue, command.group, command.at);
    case "move-replica":
      return move(catalogue, command.group, command.from, command.to, view);
    case "transfer-leader":
      return prefer(catalogue, command.group, command.to);
    default:
      return unreachable(command);
  }
}

function split(catalogue: Catalogue, group: GroupId, at: HashPoint | null): NodePlan {
  const place = placeOf(catalogue, group);
  if (place === null) return noGroup(group);
  if (place.table === null) return { kind: "invalid", message: "the system group is not split" };
  if (place.isClosed) return { kind: "invalid", message: `group ${group} has been split` };
  const reason = refuseSplit(place.table, place.partition, at);
  if (reason !== null) return { kind: "not-now", reason: `group ${group}: ${reason}` };
  const plan = planSplit(place.partition, at, catalogue.counters);
  const draft = new Draft(catalogue);
  draft.replace(place, plan.partition);
  return { kind: "plan", rows: [counterRow(plan.counters), ...draft.rows()], outcome: { kind: "done" } };
}

function move(catalogue: Catalogue, group: GroupId, from: NodeId, to: NodeId, view: ClusterView): NodePlan {
  const place = placeOf(catalogue, group);
  if (place === null) return noGroup(group);
  const { partition } = place;
  const { replicas, joining = [], leaving = [] } = partition;
  if (joining.includes(to) && leaving.includes(from)) return { kind: "done" };
  const refusal = refuseMove(place, from, to, view);
  if (refusal !== null) return { kind: "not-now", reason: `group ${group}: ${refusal}` };
  const next = { ...listsOf(partition), replicas, joining: [to], leaving: [from] };
  return recorded(catalogue, place, withLists(partition, next, epochOf(partition)));
}

function refuseMove({ partition, isClosed }: Place, from: NodeId, to: NodeId, view: ClusterView): string | null {
  const { replicas, splitting } = partition;
  if (isClosed || splitting !== undefined) return "it is being split";
  if (!isSettled(partition)) return "its replicas are being changed";
  if (!replicas.includes(from)) return `node ${from} has no replica`;
  if (hostsOf(partition).includes(to)) return `node ${to} has a replica already`;
  const seat = view.seat(to);
  if (seat === null || !view.isGood(to)) return `node ${to} is not up, or not to take replicas`;
  if (seat.replicas >= seat.record.capacity) return `node ${to} has as many replicas as it takes`;
  const isShared = replicas.some((node) => node !== from && view.zoneOf(node) === seat.record.zone);
  return isShared && view.hasAllZones ? `zone ${seat.record.zone} has a replica` : null;
}

/** The first replica is the preferred leader: the leadership loop does the rest, now and after each return. */
function prefer(catalogue: Catalogue, group: GroupId, to: NodeId): NodePlan {
  const place = placeOf(catalogue, group);
  if (place === null) return noGroup(group);
  const { partition } = place;
  const { replicas } = partition;
  if (!replicas.includes(to)) {
    return { kind: "not-now", reason: `group ${group}: node ${to} has no replica that could lead` };
  }
  if (replicas[0] === to) return { kind: "done" };
  return recorded(catalogue, place, { ...partition, replicas: [to, ...replicas.filter((node) => node !== to)] });
}

function recorded(catalogue: Catalogue, place: Place, partition: Partition): NodePlan {
  const draft = new Draft(catalogue);
  draft.replace(place, partition);
  return { kind: "plan", rows: draft.rows(), outcome: { kind: "done" } };
}

function placeOf(catalogue: Catalogue, group: GroupId): Place | null {
  return placesOf(catalogue).find(({ partition }) => partition.group === group) ?? null;
}

function noGroup(group: GroupId): NodePlan {
  return { kind: "invalid", message: `there is no group ${group}` };
}
