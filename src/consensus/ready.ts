// The consensus core's contract with its driver (shape after the well-known Ready loop).
import type { Ballot, Epoch, GroupId, Lsn, NodeId } from "../base/ids.ts";
import type { LogEntry, LogRecord } from "../wire/log-record.ts";
import type { PaxosMessage } from "../wire/paxos-messages.ts";

export type Role = "follower" | "canvassing" | "candidate" | "leader";

/** What the driver must do, in this order, after one or more inputs. Lists may be empty. */
export type Ready = {
  /**
   * Append these to the write-ahead log, in order. When all records of this and every earlier Ready of the
   * group are synced, call `durable(token)` once with this Ready's token (a later token covers earlier ones).
   */
  readonly append: readonly LogRecord[];
  readonly token: number;
  /** May leave now, before anything is durable. */
  readonly send: readonly PaxosMessage[];
  /** May leave only after this Ready's `append` is durable (promises, acceptances). */
  readonly sendAfterDurable: readonly PaxosMessage[];
  /** Newly committed entries, contiguous, ascending: apply in order. Each LSN appears exactly once per life. */
  readonly committed: readonly LogEntry[];
  /** The core needs entries that are only in the log on disk; answer with `entriesRead`. */
  readonly read: readonly LogRead[];
  /** Non-null when the role or the known leader changed. */
  readonly leadership: Leadership | null;
};

/** Entries from `from` on, at most `bytesMax`, for the follower `peer` that lags behind the memory tail. */
export type LogRead = { readonly peer: NodeId; readonly from: Lsn; readonly bytesMax: number };

export type Leadership = {
  readonly role: Role;
  readonly ballot: Ballot;
  /** The leader as far as known, itself included. */
  readonly leader: NodeId | null;
  /** True once this leader committed an entry of its own ballot: only then may it serve. */
  readonly serving: boolean;
};

export type GroupConfig = {
  readonly group: GroupId;
  readonly self: NodeId;
  /** Storage replicas that vote, self included. */
  readonly members: readonly NodeId[];
  readonly epoch: Epoch;
  readonly timing: GroupTiming;
};

export type GroupTiming = {
  /** A promise to a leader binds this long on the promiser's clock. */
  readonly leaseMs: number;
  /** Taken off the lease at the leader: covers clock drift between two nodes over one lease. */
  readonly leaseDriftMs: number;
  readonly heartbeatMs: number;
  /** Extra random wait before a campaign, 0 .. this (the draw comes from the injected `random`). */
  readonly electionJitterMs: number;
  /** Resend an unanswered Prepare, Canvass or Accept after this. */
  readonly resendMs: number;
};

/** What recovery found for this group. */
export type RecoveredGroup = {
  readonly promised: Ballot;
  /** Entries up to here are applied in the tree's checkpoint or will be delivered again from `tail`. */
  readonly applied: Lsn;
  readonly commit: Lsn;
  /** Accepted entries above `applied`, contiguous, ballots never decreasing. */
  readonly tail: readonly LogEntry[];
  /** First LSN that the log on disk still holds (entries below were cut); 1 when nothing was cut. */
  readonly firstOnDisk: Lsn;
};
