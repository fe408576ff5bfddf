// The consensus core's contract with its driver (shape after the well-known Ready loop).
import type { Ballot, GroupId, Lsn, NodeId } from "../base/ids.ts";
import type { Configuration } from "../wire/group-configuration.ts";
import type { LogEntry, LogRecord } from "../wire/log-record.ts";
import type { PaxosMessage } from "../wire/paxos-messages.ts";
import type { ConfigurationAt } from "./configurations.ts";

export type Role = "follower" | "canvassing" | "candidate" | "leader";

/** What the driver must do, in this order, after one or more inputs. Lists may be empty. */
export type Ready = {
  /**
   * Append these to the write-ahead log, in order: entries, and this replica's own records (PROMISE, COMMIT, BASE,
   * CONFIGURATION). When all records of this and every earlier Ready of the
   * group are synced, call `durable(token)` with this Ready's token (a later token covers earlier ones). A Ready
   * without records has the token of the last one that had some.
   */
  readonly append: readonly LogRecord[];
  readonly token: number;
  /** May leave now, before anything is durable. */
  readonly send: readonly PaxosMessage[];
  /**
   * May leave only once the records of this and of every earlier Ready are durable (promises, acceptances): a
   * Ready without records may have some when earlier records are still being synced.
   */
  readonly sendAfterDurable: readonly PaxosMessage[];
  /**
   * Newly committed entries, contiguous, ascending: apply in order. Each LSN appears exactly once per life, and
   * only once it is durable in this replica's own log. A bounded number: call `ready` again when there are some.
   */
  readonly committed: readonly LogEntry[];
  /** The core needs entries that are only in the log on disk; answer each with one `entriesRead`, empty on failure. */
  readonly read: readonly LogRead[];
  /** Non-null when the role or the known leader changed. */
  readonly leadership: Leadership | null;
  /** Non-null when another configuration came into force, and in the first Ready. */
  readonly configuration: Configuration | null;
  /** True once when this replica learned that it is no member any more. */
  readonly isRemoved: boolean;
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
  /**
   * The configuration that the group began with, when the log knows of none. Null: this replica joins a group that
   * exists already, and waits to be told.
   */
  readonly initial: Configuration | null;
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
  /**
   * Accepted entries, contiguous, ballots never decreasing, up to the end of the log. Begins at `applied` or before
   * when the log on disk still holds that entry (its ballot ranks this log in an election; it is not delivered
   * again), else at `applied` + 1.
   */
  readonly tail: readonly LogEntry[];
  /**
   * First LSN that the log on disk still holds (entries below were released); 1 when nothing was released,
   * `applied` + 1 when all was. Everything below was once within `floorLsn`.
   */
  readonly firstOnDisk: Lsn;
  /** What CONFIGURATION records say, ascending; the newest at or below `applied` is among them. Empty: nothing yet. */
  readonly configurations: readonly ConfigurationAt[];
  /** The log begins behind this entry; null when it begins at LSN 1 or was released further up. */
  readonly base: { readonly lsn: Lsn; readonly ballot: Ballot } | null;
  /** LSN of the SPLIT entry when it stands at or below `applied`: the group is closed. 0: none. */
  readonly splitLsn?: Lsn;
};
