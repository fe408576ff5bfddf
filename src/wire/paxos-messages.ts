// Messages between the replicas of one group. One shape for all kinds (one hidden class): unused fields
// hold 0 or the empty list. `epoch` is that of the configuration in force at the sender; 0: it has none.
import type { Ballot, Epoch, GroupId, Lsn, NodeId } from "../base/ids.ts";
import type { LogEntry } from "./log-record.ts";

/** "Would you promise `ballot`?" Changes nothing at the receiver; asked before any real Prepare. lsn: 0. */
export const CANVASS = 1;
/**
 * Answer to CANVASS, echoing its ballot. flag: yes, no live lease promise to another. lastBallot: the highest ballot
 * heard of here, so that the real Prepare can go above it.
 */
export const CANVASS_ANSWER = 2;
/**
 * Phase 1a. lsn: first LSN the candidate wants to see (its commit LSN + 1, or further on for a next piece).
 * lastLsn, lastBallot: where the candidate's own log ends.
 */
export const PREPARE = 3;
/**
 * Phase 1b. lsn: echo of the Prepare's lsn. lastLsn, lastBallot: where the sender's log ends. entries: its
 * entries when its log is better than the candidate's, contiguous, bounded, from `lsn` on or from floor + 1 if that
 * is higher; flag says that there are further ones (none may be here when they have to be read from the disk first).
 * commit: the sender's commit LSN. floor: all members have everything up to there.
 */
export const PROMISE_ANSWER = 4;
/**
 * Phase 2a and heartbeat. lsn, lastBallot: LSN before the first entry and the ballot of the entry there (the
 * receiver's log must agree at that point; 0 when not known, which is so only within the floor). entries: contiguous
 * from lsn+1, may be empty.
 */
export const ACCEPT = 5;
/** Phase 2b. lsn: all up to here is durable at the sender and agrees with the leader of `ballot`. */
export const ACCEPTED = 6;
/** "Your ballot is too old", or a lease promise forbids to answer; ballot: the promised one. */
export const REFUSED = 7;
/** Leader to target: its lease is released, campaign at once. */
export const HAND_OVER = 8;
/** Answer to a CANVASS or PREPARE of a node that the sender's committed configuration does not list. lsn: 0. */
export const REMOVED = 9;
/**
 * Leader to a replica without a configuration: its log begins behind `lsn`, whose entry has `lastBallot`. entries: the
 * one CONFIG entry in force at `lsn`, which stands at or below it (LSN and ballot 0: the first configuration).
 */
export const INSTALL = 10;

export type PaxosKind =
  | typeof CANVASS | typeof CANVASS_ANSWER | typeof PREPARE | typeof PROMISE_ANSWER | typeof ACCEPT
  | typeof ACCEPTED | typeof REFUSED | typeof HAND_OVER | typeof REMOVED | typeof INSTALL;

export type PaxosMessage = {
  readonly kind: PaxosKind;
  readonly from: NodeId;
  readonly to: NodeId;
  readonly group: GroupId;
  readonly epoch: Epoch;
  readonly ballot: Ballot;
  readonly lsn: Lsn;
  readonly lastLsn: Lsn;
  readonly lastBallot: Ballot;
  /** Sender's commit LSN. */
  readonly commit: Lsn;
  /** ACCEPT, PROMISE_ANSWER: everything up to here is durable on all members (log below may be cut). */
  readonly floor: Lsn;
  /** ACCEPT: the leader's monotonic ms at sending; ACCEPTED echoes it (the lease counts from it). */
  readonly sentAt: number;
  /**
   * CANVASS_ANSWER: yes. PROMISE_ANSWER: there are more entries. ACCEPTED: true; false when the logs disagree
   * before the first entry, and `lsn` is where the leader should try next.
   */
  readonly flag: boolean;
  /** PREPARE after a hand-over: the ballot whose lease its holder released; else 0. */
  readonly released: Ballot;
  readonly entries: readonly LogEntry[];
};
