// Makes an operator's command of what there is: which partition, which nodes, a drawn number decides.
import type { GroupId, NodeId } from "../../base/ids.ts";
import type { TableSchema } from "../../model/table-schema.ts";
import type { AdminWork } from "../../wire/data-messages.ts";
import type { AdminStep } from "./plan.ts";

/** Partitions of one table beyond which none is split: each costs the simulator time. */
const PARTITIONS_MAX = 8;

export type AdminCommand = {
  readonly work: AdminWork;
  /** The group that it is about; null: a node. */
  readonly group: GroupId | null;
};

/** Null: there is nothing to do it to. */
export function adminCommand(
  step: AdminStep, pick: number, tables: readonly TableSchema[], nodes: readonly NodeId[],
): AdminCommand | null {
  const nodeAt = (index: number): NodeId => nodes[index % nodes.length] as NodeId;
  if (step === "drain" || step === "undrain") {
    const work: AdminWork = { kind: "drain-node", node: nodeAt(pick >>> 3), isUndone: step === "undrain" };
    return nodes.length === 0 ? null : { work, group: null };
  }
  const partitions = tables.flatMap((table) => (
    step === "split" && table.partitions.length >= PARTITIONS_MAX ? [] : table.partitions
  ));
  const partition = partitions[(pick & 0xff) % Math.max(1, partitions.length)];
  if (partition === undefined || nodes.length === 0) return null;
  const { group, replicas } = partition;
  const replica = replicas[(pick >>> 8) % Math.max(1, replicas.length)];
  if (replica === undefined) return null;
  switch (step) {
    case "split":
      return { work: { kind: "split-partition", group, at: null }, group };
    case "move":
      return { work: { kind: "move-replica", group, from: replica, to: nodeAt(pick >>> 16) }, group };
    case "transfer":
      return { work: { kind: "transfer-leader", group, to: replica }, group };
  }
}
