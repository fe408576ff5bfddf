// What the simulation of the core keeps of one replica, and what it reports at the end.
import type { NodeId } from "../base/ids.ts";
import type { PaxosMessage } from "../wire/paxos-messages.ts";
import type { SimDisk } from "./core-sim-parts.fuzz.ts";
import type { Group } from "./group.ts";
import type { GroupConfig } from "./ready.ts";

export type CoreSimReport = {
  readonly committed: number;
  readonly crashes: number;
  readonly partitions: number;
  readonly leaders: number;
  readonly events: number;
  readonly reads: number;
  readonly handOvers: number;
  readonly changes: number;
  readonly joins: number;
  readonly splits: number;
};

type Unsynced = { readonly records: number; readonly token: number; readonly messages: readonly PaxosMessage[] };

export type SimNode = SimDisk & {
  readonly id: NodeId;
  config: GroupConfig;
  /** Runs a replica, or did when it crashed. */
  isPlaced: boolean;
  readonly skewMs: number;
  readonly rate: number;
  core: Group | null;
  life: number;
  unsynced: Unsynced[];
  delivered: number;
  /** LSNs proposed in this life that wait for delivery. */
  proposed: Set<number>;
  tickAt: number;
  isPaused: boolean;
  inbox: (() => void)[];
  syncMs: number;
};
