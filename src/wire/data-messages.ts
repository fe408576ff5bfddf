// What travels between nodes and routers, as values. In one process they pass by reference; the codec runs
// only where bytes leave the process. Fields are always present, in this order (one hidden class per kind).
import type { Epoch, GroupId, HashPoint, Lsn, NodeId, StorageKey, TableId } from "../base/ids.ts";
import type {
  GetOperation, GetOutcome, ItemAddress, Outcome, PageOptions, QueryOperation, ReadStreamOperation, ScanOperation,
  TableOperation, TransactAction, WriteOperation,
} from "../model/operation.ts";
import type { NodeRecord, Partition, TableSchema } from "../model/table-schema.ts";
import type { Configuration, Replica } from "./group-configuration.ts";
import type { Mutation } from "./log-record.ts";
import type { PaxosMessage } from "./paxos-messages.ts";

export const PAXOS_FRAME = 1;
export const REQUEST = 2;
export const REPLY = 3;
export const CATALOGUE_ASK = 4;
export const CATALOGUE = 5;
export const NODE_BEAT = 6;

/** All Paxos messages of all groups from one node to another, of one turn of the event loop. */
export type PaxosFrame = {
  readonly kind: typeof PAXOS_FRAME;
  readonly from: NodeId;
  /** The sender's monotonic clock at sending, in ms: what clocks are compared by. */
  readonly clockMs: number;
  readonly messages: readonly PaxosMessage[];
};

/** Puts or deletes of one partition that travel and commit together, each with its own outcome. */
export type WriteManyWork = { readonly kind: "write-many"; readonly writes: readonly WriteOperation[] };
export type GetManyWork = { readonly kind: "get-many"; readonly gets: readonly GetOperation[] };
/** Names an attempt at a transaction, and where it is decided. */
export type TransactionName = {
  /** No other attempt has it. */
  readonly id: string;
  /** Microseconds since 1970 by the coordinator's clock. */
  readonly timestamp: number;
  /** The ledger, and the attempt's entry in it, see model/ledger.ts. */
  readonly ledger: TableId;
  readonly entry: string;
  readonly hash: string;
};
/**
 * Actions of a transaction on items of one partition, evaluated together. `isWhole`: they are all of it and are done at
 * once; else their items are locked, as many of the first as there is room for.
 */
export type PrepareWork = {
  readonly kind: "prepare";
  readonly name: TransactionName;
  readonly actions: readonly TransactAction[];
  readonly isWhole: boolean;
  /**
   * The partition has the transaction's first item, with which the token is kept: at once when the transaction is done
   * in one round, else with the commit. `claim` 0: it is only looked up.
   */
  readonly token: { readonly text: string; readonly address: ItemAddress; readonly claim: number } | null;
};
/** Ends what a transaction holds of `keys`: what was prepared is done, or not. */
export type FinishWork = {
  readonly kind: "finish";
  readonly id: string;
  readonly table: TableSchema;
  readonly keys: readonly StorageKey[];
  readonly isCommitted: boolean;
};
/** Items as they are committed, with what tells whether they change. */
export type GetStableWork = { readonly kind: "get-stable"; readonly gets: readonly GetOperation[] };
/** Asks the leader of a group for its state and counters. */
export type StatusWork = { readonly kind: "status" };
/** Sent to the leader of the system group. */
export type TableWork = { readonly kind: "table-work"; readonly operation: TableOperation };

/** Asks a group's leader for the next change of its configuration; refused at another epoch than `epoch`. */
export type ReconfigureWork = {
  readonly kind: "reconfigure";
  readonly epoch: Epoch;
  readonly replicas: readonly Replica[];
};
/**
 * Asks a group's leader to split it. `at` null: the leader chooses. Answered with Moved, which names the children as
 * the committed entry has them, or NotNow; when the group is split already, at once.
 */
export type SplitWork = {
  readonly kind: "split";
  readonly at: HashPoint | null;
  readonly left: GroupId;
  readonly right: GroupId;
};
/** Asks a group's leader to hand leadership to `to`. */
export type TransferWork = { readonly kind: "transfer"; readonly to: NodeId };
/** Asks any replica for its state, see GroupStatusOutcome. */
export type GroupStatusWork = { readonly kind: "group-status" };
/**
 * Asks a storage replica for rows of the tree behind `after`, in key order, within [from, to); `bytesMax` of the
 * request bounds the page.
 */
export type SnapshotPageWork = {
  readonly kind: "snapshot-page";
  readonly from: StorageKey;
  readonly to: StorageKey;
  readonly after: StorageKey | null;
};
/** A node that has no identity yet asks the leader of the system group for one; or tells a new address. */
export type RegisterWork = {
  readonly kind: "register";
  readonly uuid: string;
  readonly zone: string;
  readonly address: string;
  readonly capacity: number;
};
/** What an operator asks of the control plane. */
export type AdminWork =
  | { readonly kind: "drain-node"; readonly node: NodeId; readonly isUndone: boolean }
  | { readonly kind: "remove-node"; readonly node: NodeId }
  | { readonly kind: "split-partition"; readonly group: GroupId; readonly at: HashPoint | null }
  | { readonly kind: "move-replica"; readonly group: GroupId; readonly from: NodeId; readonly to: NodeId }
  | { readonly kind: "transfer-leader"; readonly group: GroupId; readonly to: NodeId };
export type AdminRequestWork = { readonly kind: "admin"; readonly command: AdminWork };
/** Asks the leader of the system group what it knows of the cluster. */
export type DescribeWork = { readonly kind: "describe" };

/** A row of a global index as of `timestamp`: to be put, stamped with it; value null: to be removed. */
export type IndexRow = {
  readonly key: StorageKey;
  readonly timestamp: number;
  readonly value: Uint8Array | null;
};
/**
 * Tells the leader of a partition of a global index of changes of items, in any order and as often as one likes. Those
 * that it has later ones of change nothing.
 */
export type IndexRowsWork = { readonly kind: "index-rows"; readonly rows: readonly IndexRow[] };

/**
 * Asks the leader of a partition to bring its items into an index that its table has got. Done: every item from before
 * is in it. `version`: of a record of the table that has the index.
 */
export type FillIndexWork = { readonly kind: "fill-index"; readonly index: TableId; readonly version: number };

/**
 * Asks the leader of a partition to evaluate writes by a record of the table of at least this version, in which its
 * stream is switched.
 */
export type SwitchStreamWork = { readonly kind: "switch-stream"; readonly table: TableId; readonly version: number };

export type Work =
  | GetOperation | WriteOperation | QueryOperation | ScanOperation
  | WriteManyWork | GetManyWork | PrepareWork | FinishWork | GetStableWork | StatusWork | TableWork
  | ReconfigureWork | SplitWork | TransferWork | GroupStatusWork | SnapshotPageWork | RegisterWork | AdminRequestWork
  | DescribeWork | IndexRowsWork | FillIndexWork | ReadStreamOperation | SwitchStreamWork;

export type { PageOptions };

export type Request = {
  readonly kind: typeof REQUEST;
  readonly from: NodeId;
  /** Chosen by the sender, echoed in the reply. */
  readonly id: number;
  readonly group: GroupId;
  readonly work: Work;
  /** Bytes a page may still evaluate (query, scan), else 0. */
  readonly bytesMax: number;
};

/** Not executed: ask `leader`, or, when null, ask again a little later or somewhere else. */
export type Redirect = { readonly kind: "redirect"; readonly leader: NodeId | null; readonly reason: string };
export type ManyOutcome = { readonly kind: "many"; readonly outcomes: readonly Outcome[] };
/**
 * refused: nothing is done, `outcomes` tell why. locked: the first `count` items are. applied: all is done. repeated:
 * it was done before. too-large: it does not fit one entry of the log.
 */
export type PreparedOutcome = {
  readonly kind: "prepared";
  readonly state: "refused" | "locked" | "applied" | "repeated" | "too-large";
  readonly count: number;
  /** Of all actions when it is refused or applied, of the first `count` when they are locked; else empty. */
  readonly outcomes: readonly Outcome[];
  /** Claim of the token that is kept with the first item; 0: none, or not asked for. */
  readonly claim: number;
  /** An attempt with the same entry in the ledger holds an item. */
  readonly isRival: boolean;
};
/** The first `count` keys are not held by the transaction any more. */
export type FinishedOutcome = { readonly kind: "finished"; readonly count: number };
/** `version` changes with the item. `isBusy`: a change of it is under way. */
export type StableItem = { readonly item: GetOutcome; readonly version: number; readonly isBusy: boolean };
export type StableItemsOutcome = { readonly kind: "stable-items"; readonly items: readonly StableItem[] };
export type StatusOutcome = {
  readonly kind: "status";
  readonly applied: Lsn;
  readonly items: number;
  readonly bytes: number;
};

/** Not executed: the partition was split; `partitions` are what took its place in `table`. */
export type Moved = { readonly kind: "moved"; readonly partitions: readonly Partition[] };
/** The step was taken: the entry is committed. */
export type Done = { readonly kind: "done" };
/** Not done, and why; the asker looks again before it asks again. */
export type NotNow = { readonly kind: "not-now"; readonly reason: string };
export type ReplicaProgress = {
  readonly node: NodeId;
  /** Durable there and agreeing. */
  readonly match: Lsn;
  /** Since its last answer; Infinity: it has never answered. */
  readonly silentMs: number;
};
export type GroupStatusOutcome = {
  readonly kind: "group-status";
  readonly isLeader: boolean;
  readonly leader: NodeId | null;
  readonly configuration: Configuration;
  /** The configuration in force is committed. */
  readonly isConfigurationCommitted: boolean;
  readonly last: Lsn;
  readonly commit: Lsn;
  readonly applied: Lsn;
  readonly floor: Lsn;
  /** The replica has a whole tree, durable: it may become a storage replica. */
  readonly hasTree: boolean;
  readonly items: number;
  readonly bytes: number;
  /** LSN of the SPLIT entry when it is committed, else 0. */
  readonly splitLsn: Lsn;
  /**
   * Nodes that may not join: they voted in a configuration that the log still has, and may have forgotten what they
   * promised in it. Until the log is released beyond their removal, which every voter counted must have.
   */
  readonly barred: readonly NodeId[];
  /** At the leader: the others. Else empty. */
  readonly peers: readonly ReplicaProgress[];
};
export type SnapshotPage = {
  readonly kind: "snapshot-page";
  readonly rows: readonly Mutation[];
  /** The last key looked at when there may be more, else null. */
  readonly next: StorageKey | null;
  /** The replica's applied LSN when it read the page, and the group's counters there. */
  readonly applied: Lsn;
  readonly items: number;
  readonly bytes: number;
};
export type Registered = { readonly kind: "registered"; readonly node: NodeRecord };
/** The stream is switched, and no write before was given a greater timestamp. */
export type StreamSwitched = { readonly kind: "stream-switched"; readonly timestamp: number };
/** JSON for people and tools. */
export type Described = { readonly kind: "described"; readonly json: string };

export type WorkOutcome =
  | Outcome | Redirect | ManyOutcome | PreparedOutcome | FinishedOutcome | StableItemsOutcome | StatusOutcome
  | StreamSwitched | Moved | Done | NotNow | GroupStatusOutcome | SnapshotPage | Registered | Described;

export type Reply = {
  readonly kind: typeof REPLY;
  readonly from: NodeId;
  readonly id: number;
  readonly outcome: WorkOutcome;
};

/** A router asks a node to send it the catalogue, now and after each change. */
export type CatalogueAsk = { readonly kind: typeof CATALOGUE_ASK; readonly from: NodeId };

/** The whole catalogue as applied at the sender. `version` is the system group's applied LSN. */
export type CatalogueMessage = {
  readonly kind: typeof CATALOGUE;
  readonly from: NodeId;
  readonly version: Lsn;
  /** True when the sender led the system group, with a live lease, at that version. */
  readonly isAuthoritative: boolean;
  readonly tables: readonly TableSchema[];
  /** Nodes that are not removed. */
  readonly nodes: readonly NodeRecord[];
  /** The system group as the control plane sees it. */
  readonly system: Partition;
};

/** A node tells the members of the system group that it lives, and how it is. */
export type NodeBeat = {
  readonly kind: typeof NODE_BEAT;
  readonly from: NodeId;
  /** Names this life of the node. */
  readonly incarnation: number;
  readonly replicas: number;
  readonly led: number;
  /** Links on which this node hears nothing of a peer that others hear: reported gray failures. */
  readonly unheard: readonly NodeId[];
};

export type NodeMessage = PaxosFrame | Request | Reply | CatalogueAsk | CatalogueMessage | NodeBeat;
