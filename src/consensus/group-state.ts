// All mutable state of one replica of one group, and the few moves that several phases share. The phases
// (election, prepare, accept, stream, hand-over) are functions over this.
import { assert, must } from "../base/assert.ts";
import {
  ballot as ballotOf, ballotNode, ballotRound, lsn, type Ballot, type Lsn, type NodeId,
} from "../base/ids.ts";
import { COMMIT, PROMISE, type LogEntry, type LogRecord } from "../wire/log-record.ts";
import type { PaxosMessage } from "../wire/paxos-messages.ts";
import { makeRecord } from "../wire/record-checksum.ts";
import type { Flaws } from "./flaws.ts";
import { MEMBERS_MAX, type GroupLimits } from "./limits.ts";
import { LogTail, NO_BALLOT, NO_LSN } from "./log-tail.ts";
import { PeerProgress } from "./peer-progress.ts";
import { quorumSize } from "./quorum.ts";
import type { GroupConfig, LogRead, RecoveredGroup, Role } from "./ready.ts";

const NO_PAYLOAD: Uint8Array = new Uint8Array(0);

export class GroupState {
  readonly config: GroupConfig;
  readonly self: NodeId;
  readonly peers: readonly PeerProgress[];
  readonly quorum: number;
  readonly random: () => number;
  readonly flaws: Flaws;
  readonly limits: GroupLimits;
  readonly scratch: Float64Array = new Float64Array(MEMBERS_MAX);
  /** Why messages were ignored, counted. */
  readonly ignored: Map<string, number> = new Map();

  role: Role = "follower";
  /** Nothing of a lower ballot is answered any more. Durable once `isPromiseDurable`. */
  promised: Ballot;
  /** The node heard as leader of `promised` (or itself). */
  leader: NodeId | null = null;
  /** Highest ballot heard of: the next campaign goes above it. */
  seenBallot: Ballot;

  readonly log: LogTail;
  commit: Lsn;
  /** Handed out for applying. */
  delivered: Lsn;
  /** Own log is durable up to here. */
  durableLsn: Lsn;
  /** Durable and agreeing on all members; the log below may be cut. Never above commit. */
  floor: Lsn;
  /** Own log agrees with the leader of `promised` up to here. Never below commit. */
  agreed: Lsn;
  recordedCommit: Lsn;

  leasePromiseBallot: Ballot;
  leasePromiseUntil: number;
  /** A follower that heard nothing until then asks whether it may lead. */
  electionAt: number;
  /** Random part of `electionAt`, drawn anew for each ballot. */
  jitter: number;
  /** Canvassing and candidate: when to ask again. */
  resendAt = 0;
  campaignEndsAt = 0;

  /** Candidate: the ballot whose holder released its lease, or 0. */
  released: Ballot = NO_BALLOT;
  /** Candidate: the member with the best log of the quorum, once a quorum promised and it is not itself. */
  source: PeerProgress | null = null;
  sourceLsn: Lsn = NO_LSN;
  sourceBallot: Ballot = NO_BALLOT;

  /** Leader: LSN of the no-op that opens its ballot. */
  firstOwnLsn: Lsn = NO_LSN;
  leaseUntil: number = -Infinity;
  /** Newest own round that a quorum answered. */
  roundAt: number = -Infinity;
  handOverTo: PeerProgress | null = null;
  handOverEndsAt = 0;
  /** Leader: gave its lease up, for good in this ballot. */
  isReleased = false;

  /** Follower: an answer to the leader is due in the next Ready. */
  isAckDue = false;
  ackSentAt = 0;
  /** LSN where the leader should try next; 0 when nothing was refused. */
  refusedHint: Lsn = NO_LSN;
  refusedSentAt = 0;

  append: LogRecord[] = [];
  send: PaxosMessage[] = [];
  sendAfterDurable: PaxosMessage[] = [];
  read: LogRead[] = [];
  /** Token of the newest Ready that had records to append. */
  token = 0;
  durableToken = 0;
  /** Readies not yet durable, oldest first, and where the log ended with each (less what was cut since). */
  pendingTokens: number[] = [];
  pendingLsns: Lsn[] = [];
  /** The token that makes `promised` durable. */
  promiseToken = 0;

  constructor(config: GroupConfig, recovered: RecoveredGroup, now: number, options: StateOptions) {
    assert(config.members.includes(config.self), "a voting replica is a member");
    assert(new Set(config.members).size === config.members.length, "members are distinct");
    const { timing } = config;
    assert(timing.leaseDriftMs >= 0 && timing.leaseDriftMs < timing.leaseMs, "the drift leaves some lease");
    assert(timing.heartbeatMs < timing.leaseMs - timing.leaseDriftMs, "heartbeats renew the lease in time");
    this.config = config;
    this.self = config.self;
    this.peers = config.members.filter((m) => m !== config.self).map((m) => new PeerProgress(m));
    this.quorum = quorumSize(config.members.length);
    this.random = options.random;
    this.flaws = options.flaws;
    this.limits = options.limits;
    this.promised = options.flaws.forgetsPromiseAtRestart ? NO_BALLOT : recovered.promised;
    this.seenBallot = this.promised;
    const first = recovered.tail[0];
    const hasApplied = first !== undefined && first.lsn <= recovered.applied;
    assert(hasApplied || recovered.firstOnDisk > recovered.applied, "the entry at `applied` comes along");
    this.log = new LogTail(hasApplied ? lsn(first.lsn - 1) : recovered.applied);
    for (const entry of recovered.tail) this.log.push(entry);
    assert(this.log.last >= recovered.applied, "what is applied is in the log");
    this.commit = recovered.commit > recovered.applied ? recovered.commit : recovered.applied;
    assert(this.commit <= this.log.last, "nothing is committed beyond the log");
    assert(this.log.lastBallot <= recovered.promised, "entries are accepted in promised ballots only");
    assert(recovered.firstOnDisk >= 1 && recovered.firstOnDisk <= recovered.applied + 1, "the log on disk has no hole");
    this.delivered = recovered.applied;
    this.durableLsn = this.log.last;
    this.floor = lsn(recovered.firstOnDisk - 1);
    this.agreed = this.commit;
    this.recordedCommit = this.commit;
    const isFree = options.priorLeasesVoid || options.flaws.skipsLeaseWaitAtRestart;
    this.leasePromiseBallot = this.promised;
    this.leasePromiseUntil = isFree ? now : now + timing.leaseMs;
    this.jitter = 0;
    this.electionAt = now + timing.leaseMs;
    this.drawJitter();
    this.electionAt += this.jitter;
  }

  get isPromiseDurable(): boolean {
    return this.durableToken >= this.promiseToken;
  }

  get isAllDurable(): boolean {
    return this.append.length === 0 && this.durableToken === this.token;
  }

  peer(node: NodeId): PeerProgress | null {
    for (const peer of this.peers) if (peer.node === node) return peer;
    return null;
  }

  drawJitter(): void {
    this.jitter = this.random() % (Math.floor(this.config.timing.electionJitterMs) + 1);
  }

  /** A ballot of this replica above all it has heard of. */
  nextBallot(): Ballot {
    const above = this.seenBallot > this.promised ? this.seenBallot : this.promised;
    const next = ballotOf(ballotRound(above) + 1, this.self);
    assert(next > this.promised && ballotNode(next) === this.self, "the next ballot is own and higher");
    return next;
  }

  sawBallot(ballot: Ballot): void {
    if (ballot > this.seenBallot) this.seenBallot = ballot;
  }

  /** Promises `ballot`: the record is appended, so what depends on it goes through `postWhenDurable`. */
  promise(ballot: Ballot): void {
    assert(ballot > this.promised, "promises only grow");
    assert(this.role !== "leader" && this.role !== "candidate", "who promises another ballot stepped down");
    this.promised = ballot;
    this.sawBallot(ballot);
    this.leader = null;
    this.agreed = this.commit;
    this.isAckDue = false;
    this.refusedHint = NO_LSN;
    for (const peer of this.peers) peer.promiseReadBallot = NO_BALLOT;
    this.append.push(makeRecord(PROMISE, this.config.group, NO_LSN, ballot, NO_PAYLOAD));
    this.promiseToken = this.token + 1;
    this.drawJitter();
  }

  /** Gives up whatever it was doing; `retryAfterMs` from now (and its jitter) it may campaign. */
  becomeFollower(now: number, retryAfterMs: number): void {
    this.role = "follower";
    this.leader = null;
    this.isAckDue = false;
    this.source = null;
    this.released = NO_BALLOT;
    this.handOverTo = null;
    this.isReleased = false;
    this.leaseUntil = -Infinity;
    this.firstOwnLsn = NO_LSN;
    for (const peer of this.peers) peer.resetCandidacy();
    this.electionAt = now + retryAfterMs + this.jitter;
  }

  /** Appends to the own log, in memory and in the next Ready's records. */
  appendEntry(entry: LogEntry): void {
    this.log.push(entry);
    this.append.push(entry);
  }

  /** Drops the own log from `from` on. What was durable of it does not count any more. */
  cutLog(from: Lsn): void {
    assert(from > this.commit && from > this.delivered, "committed entries are never cut");
    assert(this.role !== "leader", "a leader never cuts its log");
    this.log.cut(from);
    const end = this.log.last;
    if (this.durableLsn > end) this.durableLsn = end;
    for (let i = 0; i < this.pendingLsns.length; i++) {
      if (must(this.pendingLsns[i]) > end) this.pendingLsns[i] = end;
    }
    if (this.agreed > end) this.agreed = end;
  }

  commitTo(upTo: Lsn): void {
    if (upTo <= this.commit) return;
    assert(upTo <= this.log.last, "commit stays within the log");
    this.commit = upTo;
    if (this.agreed < upTo) this.agreed = upTo;
  }

  /** Everything up to `floor` is durable on all members, hence committed. */
  floorTo(floor: Lsn): void {
    if (floor <= this.floor) return;
    assert(floor <= this.commit, "the floor never passes the commit");
    this.floor = floor;
    this.log.forgetRuns(floor);
  }

  recordCommit(): void {
    this.append.push(makeRecord(COMMIT, this.config.group, this.commit, this.promised, NO_PAYLOAD));
    this.recordedCommit = this.commit;
  }

  /** Sends once all that was appended so far is durable (at once when it is). */
  postWhenDurable(message: PaxosMessage, mayLeaveEarly: boolean): void {
    assert(message.from === this.self && message.to !== this.self, "messages go to peers");
    if (mayLeaveEarly || this.isAllDurable) this.send.push(message);
    else this.sendAfterDurable.push(message);
  }

  ignore(reason: string): void {
    this.ignored.set(reason, (this.ignored.get(reason) ?? 0) + 1);
  }
}

export type StateOptions = {
  readonly random: () => number;
  readonly priorLeasesVoid: boolean;
  readonly flaws: Flaws;
  readonly limits: GroupLimits;
};
