// What this replica knows about one other member: as leader, how far its log agrees and what is in flight to
// it; as candidate, what it granted and promised; as acceptor, which piece of the log it waits for.
//
//   match     durable there and agreeing
//   settled   where the last answer put the stream: what lies between it and `next` is in flight
//   next      first entry not sent yet                                          match <= settled < next
//
//   streaming  entries leave as they come, next runs ahead of match within a window
//   probing    after silence: one empty Accept per resend interval until the peer answers
//   reading    the next entries come from the disk; nothing else is sent meanwhile but heartbeats
import { lsn, type Ballot, type Lsn, type NodeId } from "../base/ids.ts";
import type { PaxosMessage } from "../wire/paxos-messages.ts";
import { NO_BALLOT, NO_LSN } from "./log-tail.ts";

export class PeerProgress {
  readonly node: NodeId;
  /** In the configuration in force: counts in quorums. */
  votes = true;
  /** In the configuration in force: has a tree, and may lead when it votes. */
  isStorage = true;
  /**
   * A member since the floor's entry, so it has everything up to there. Of one that joined later, or came back, the
   * floor says nothing.
   */
  isCovered = true;
  match: Lsn = NO_LSN;
  settled: Lsn = NO_LSN;
  next: Lsn = NO_LSN;
  isProbing = false;
  /** First LSN of the disk read under way for this peer's log; 0 when none is. */
  readFrom: Lsn = NO_LSN;
  /** The last entry that a read brought: the ballot before the next one, which may not be in memory. */
  readLsn: Lsn = NO_LSN;
  readBallot: Ballot = NO_BALLOT;
  /** Where the messages end that a read brought and that are not answered yet, ascending. */
  readEnds: Lsn[] = [];
  /** After a read that brought nothing: not again before this. */
  readAgainAt = 0;
  /** Last Accept sent. */
  sentAt: number = -Infinity;
  /** Commit LSN of the last Accept sent. */
  sentCommit: Lsn = NO_LSN;
  /** Since when something unanswered is in flight. */
  waitingSince = 0;
  /** Refusals of messages sent before this are answers to an older position. */
  rewoundAt: number = -Infinity;
  /** Last INSTALL sent. */
  installedAt: number = -Infinity;
  /** Newest round of this leader that the peer answered. */
  answeredAt: number = -Infinity;

  isGranted = false;
  hasPromised = false;
  /** The first answer to our Prepare, kept until the best log of the quorum is known. */
  promise: PaxosMessage | null = null;

  /** The ballot of a candidate that waits for entries from the disk (see `promiseReadFrom`); 0 when none. */
  promiseReadBallot: Ballot = NO_BALLOT;
  promiseReadFrom: Lsn = NO_LSN;

  constructor(node: NodeId) {
    this.node = node;
  }

  resetCandidacy(): void {
    this.isGranted = false;
    this.hasPromised = false;
    this.promise = null;
  }

  /** As seen by a new leader whose first own entry is `first`: agreement is not known anywhere. */
  resetLeadership(first: Lsn, now: number): void {
    this.match = NO_LSN;
    this.settled = lsn(first - 1);
    this.next = first;
    this.sentCommit = NO_LSN;
    this.isProbing = false;
    this.readFrom = NO_LSN;
    this.readEnds = [];
    this.readLsn = NO_LSN;
    this.readBallot = NO_BALLOT;
    this.readAgainAt = 0;
    this.sentAt = -Infinity;
    this.waitingSince = now;
    this.rewoundAt = -Infinity;
    this.installedAt = -Infinity;
    this.answeredAt = -Infinity;
  }
}
