// What travels between nodes and routers, as values. In one process they pass by reference; the codec runs
// only where bytes leave the process. Fields are always present, in this order (one hidden class per kind).
import type { GroupId, Lsn, NodeId } from "../base/ids.ts";
import type {
  GetOperation, Outcome, PageOptions, QueryOperation, ScanOperation, TableOperation, WriteOperation,
} from "../model/operation.ts";
import type { TableSchema } from "../model/table-schema.ts";
import type { PaxosMessage } from "./paxos-messages.ts";

export const PAXOS_FRAME = 1;
export const REQUEST = 2;
export const REPLY = 3;
export const CATALOGUE_ASK = 4;
export const CATALOGUE = 5;

/** All Paxos messages of all groups from one node to another, of one turn of the event loop. */
export type PaxosFrame = {
  readonly kind: typeof PAXOS_FRAME;
  readonly from: NodeId;
  readonly messages: readonly PaxosMessage[];
};

/** Puts or deletes of one partition that travel and commit together, each with its own outcome. */
export type WriteManyWork = { readonly kind: "write-many"; readonly writes: readonly WriteOperation[] };
export type GetManyWork = { readonly kind: "get-many"; readonly gets: readonly GetOperation[] };
/** Asks the leader of a group for its state and counters. */
export type StatusWork = { readonly kind: "status" };
/** Sent to the leader of the system group. */
export type TableWork = { readonly kind: "table-work"; readonly operation: TableOperation };

export type Work =
  | GetOperation | WriteOperation | QueryOperation | ScanOperation
  | WriteManyWork | GetManyWork | StatusWork | TableWork;

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
export type StatusOutcome = {
  readonly kind: "status";
  readonly applied: Lsn;
  readonly items: number;
  readonly bytes: number;
};

export type WorkOutcome = Outcome | Redirect | ManyOutcome | StatusOutcome;

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
};

export type NodeMessage = PaxosFrame | Request | Reply | CatalogueAsk | CatalogueMessage;
