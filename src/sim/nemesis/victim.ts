// What can be done to a cluster. Machines and zones are numbered from 1.
import type { GroupId, NodeId } from "../../base/ids.ts";
import type { TableSchema } from "../../model/table-schema.ts";
import type { AdminWork } from "../../wire/data-messages.ts";

/** A group that has a leader now: the machines of the leader and of the other replicas. */
export type Led = { readonly group: GroupId; readonly leader: number; readonly others: readonly number[] };

/** A flipped bit in the tree or in the log, or a write of the log that also lands in another place. */
export type Damage = "tree" | "log" | "misdirect";

export interface Victim {
  readonly machines: readonly unknown[];
  machinesOf(zone: number): readonly number[];
  /** Storage node and router of the machine lose power; un-synced bytes are lost. No effect when off. */
  powerOff(machine: number): void;
  /** No effect when on. */
  powerOn(machine: number): void;
  /** Power and, for ever, disks are lost; they come back as new nodes. False, and no effect: too much to lose. */
  loseDisks(machines: readonly number[]): boolean;
  pause(machine: number): void;
  resume(machine: number): void;
  /** Cuts the machine's storage node off from the other nodes, and from all routers if so wanted. */
  isolate(machine: number, withRouters: boolean): void;
  cut(from: number, to: number): void;
  clog(from: number, to: number, untilUs: number): void;
  /** Undoes all cuts and clogs. */
  healLinks(): void;
  setClock(machine: number, wallJumpMs: number, rate: number): void;
  setDiskSlowness(machine: number, factor: number): void;
  /** The next write or sync of the machine's node fails. */
  failDisk(machine: number, code: "EIO" | "ENOSPC"): void;
  setStorm(isOn: boolean): void;
  /** Damages what the machine holds on disk. For good: at most one machine of a run. */
  damage(machine: number, kind: Damage): void;
  /** Some group that is led; which, `index` chooses. */
  led(index: number): Led | null;
  ledSystem(): Led | null;
  /** The machine's node hands over what it leads, as before an orderly stop. */
  handOver(machine: number): void;
  /** Sends what an operator would; `command` makes it of what there is. Null: nothing. */
  administer(command: (tables: readonly TableSchema[], nodes: readonly NodeId[]) => AdminWork | null): void;
}
