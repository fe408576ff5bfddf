// All mutable state of one replica of one group, and the few moves that several phases share. The phases
// (election, prepare, accept, stream, hand-over) are functions over this.
import { assert, must } from "../base/assert.ts";
import {
  ballot as ballotOf, ballotNode, ballotRound, lsn, nextLsn, type Ballot, type Epoch, type Lsn, type NodeId,
} from "../base/ids.ts";
import {
  decodeConfiguration, encodeConfiguration, replicaOf, REPLICAS_MAX, STORAGE, type Configuration, type Replica,
} from "../wire/group-configuration.ts";
import {
  BASE, COMMIT, CONFIG, CONFIGURATION, PROMISE, SPLIT, type LogEntry, type LogRecord,
} from "../wire/log-record.ts";
import type { PaxosMessage } from "../wire/paxos-messages.ts";
import { makeRecord } from "../wire/record-checksum.ts";
import { Configurations, type ConfigurationAt } from "./configurations.ts";
import type { Flaws } from "./flaws.ts";
import type { GroupLimits } from "./limits.ts";
import { LogTail, NO_BALLOT, NO_LSN } from "./log-tail.ts";
import { PeerProgress } from "./peer-progress.ts";
import { quorumSize } from "./quorum.ts";
import type { GroupConfig, LogRead, RecoveredGroup, Role } from "./ready.ts";

const NO_PAYLOAD: Uint8Array = new Uint8Array(0);
const NOTHING_RECOVERED = { applied: NO_LSN, commit: NO_LSN, tail: [], firstOnDisk: lsn(1), base: null } as const;

export class GroupState {
  readonly config: GroupConfig;
  readonly self: NodeId;
  readonly configurations: Configurations;
  /** The other replicas of the configuration in force. */
  peers: readonly PeerProgress[] = [];
  /** This replica in the configuration in force; null: it is no member, or was told none. */
  own: Replica | null = null;
  /**
   * A configuration of the own log listed this replica. One that joins first sees those from before it was a member,
   * and is not removed by them.
   */
  wasListed = false;
  /** Votes needed; 0 without a configuration. */
  quorum = 0;
  #isAllCovered = true;
  /** Told to the driver with the next Ready. */
  isConfigurationNews = true;
  /** This replica learned that it is no member any more. */
  isRemoved = false;
  isRemovalNews = false;
  /** The last candidate that the configuration in force does not list, and what it waits for. */
  stranger: PeerProgress | null = null;
  /** There is a whole tree here: this replica may lead. */
  mayLead: boolean;
  /** The node's clock runs as those of the others; otherwise no lease is believed in. */
  isClockTrusted = true;
  /** LSN of the SPLIT entry in the log; 0: none. The group is closed from its append on. */
  splitLsn: Lsn;
  readonly random: () => number;
  readonly flaws: Flaws;
  readonly limits: GroupLimits;
  readonly scratch: Float64Array = new Float64Array(REPLICAS_MAX);
  /** Why messages were ignored, counted. */
  readonly ignored: Map<string, number> = new Map();

  role: Role = "follower";
  /** Nothing of a lower ballot is answered any more. Durable once `isPromiseDurable`. */
  promised: Ballot;
  /** The node heard as leader of `promised` (or itself). */
  leader: NodeId | null = null;
  /** Highest ballot heard of: the next campaign goes above it. */
  seenBallot: Ballot;

  log: LogTail;
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
  /**
   * Candidate: the entry of the configuration whose quorum it asks for. Not its epoch: two leaders may each have
   * proposed another configuration of the same epoch, as long as neither is committed.
   */
  campaignLsn = 0;
  campaignBallot: Ballot = NO_BALLOT;

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
    const { timing } = config;
    assert(timing.leaseDriftMs >= 0 && timing.leaseDriftMs < timing.leaseMs, "the drift leaves some lease");
    assert(timing.heartbeatMs < timing.leaseMs - timing.leaseDriftMs, "heartbeats renew the lease in time");
    this.config = config;
    this.self = config.self;
    this.random = options.random;
    this.flaws = options.flaws;
    this.limits = options.limits;
    this.promised = options.flaws.forgetsPromiseAtRestart ? NO_BALLOT : recovered.promised;
    this.seenBallot = this.promised;
    this.mayLead = options.mayLead;
    this.configurations = new Configurations(recovered.configurations);
    // Told where its log begins, but not what is in force there: that was lost with the power, and nobody was answered.
    const isUntold = this.configurations.isEmpty && (config.initial === null || recovered.base !== null);
    if (isUntold) recovered = { ...recovered, ...NOTHING_RECOVERED };
    const first = recovered.tail[0];
    const hasApplied = first !== undefined && first.lsn <= recovered.applied;
    assert(hasApplied || recovered.firstOnDisk > recovered.applied, "the entry at `applied` comes along");
    const { base } = recovered;
    const before = hasApplied ? lsn(first.lsn - 1) : recovered.applied;
    this.log = new LogTail(before, base?.lsn === before ? base.ballot : NO_BALLOT);
    this.splitLsn = recovered.splitLsn ?? NO_LSN;
    for (const entry of recovered.tail) {
      this.log.push(entry);
      if (entry.kind === SPLIT) this.splitLsn = entry.lsn;
    }
    assert(this.log.last >= recovered.applied, "what is applied is in the log");
    this.commit = recovered.commit > recovered.applied ? recovered.commit : recovered.applied;
    assert(this.commit <= this.log.last, "nothing is committed beyond the log");
    assert(this.log.lastBallot <= recovered.promised, "entries are accepted in promised ballots only");
    assert(recovered.firstOnDisk >= 1 && recovered.firstOnDisk <= recovered.applied + 1, "the log on disk has no hole");
    this.delivered = recovered.applied;
    this.durableLsn = this.log.last;
    // Configurations below the oldest known one were forgotten with the floor at or above it, though the file with the
    // entries from before may still be there.
    const known = this.configurations.oldestLsn < this.commit ? this.configurations.oldestLsn : this.commit;
    this.floor = lsn(known > recovered.firstOnDisk - 1 ? known : recovered.firstOnDisk - 1);
    this.agreed = this.commit;
    this.recordedCommit = this.commit;
    if (this.configurations.isEmpty && config.initial !== null && !isUntold) {
      assert(config.initial.epoch === 1 && this.log.last === 0, "a group begins at epoch 1, with an empty log");
      this.noteConfiguration({ lsn: NO_LSN, ballot: NO_BALLOT, configuration: config.initial });
    } else this.reconfigured();
    if (this.configurations.lists(this.self)) this.wasListed = true;
    // The newest record may have been lost behind its entry.
    for (const entry of recovered.tail) {
      if (entry.kind === CONFIG && entry.lsn > this.configurations.currentLsn) this.adopt(entry);
    }
    this.configurations.forget(this.floor);
    this.#noteCoverage();
    const isJoining = this.configurations.isEmpty;
    const isFree = !isJoining && (options.priorLeasesVoid || options.flaws.skipsLeaseWaitAtRestart);
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

  /** The peer, or a stranger in its place: a candidate whose log has another configuration than this one. */
  peerOrStranger(node: NodeId): PeerProgress {
    const peer = this.peer(node);
    if (peer !== null) return peer;
    if (this.stranger === null || this.stranger.node !== node) this.stranger = new PeerProgress(node);
    return this.stranger;
  }

  get epoch(): Epoch {
    return this.configurations.current.epoch;
  }

  get configuration(): Configuration {
    return this.configurations.current;
  }

  get isConfigurationCommitted(): boolean {
    return this.configurations.currentLsn <= this.commit;
  }

  /** May try to lead: a storage replica that votes, has its tree, and trusts its clock. */
  get canCampaign(): boolean {
    if (!this.isClockTrusted || this.isRemoved) return false;
    if (this.flaws.logReplicaCampaigns && this.own?.votes === true) return true;
    return this.mayLead && this.own !== null && this.own.votes && this.own.kind === STORAGE;
  }

  /** Takes over a configuration that the log, a leader or the beginning of the group tells. */
  noteConfiguration(at: ConfigurationAt): void {
    this.configurations.push(at);
    this.recordConfiguration(at);
  }

  recordConfiguration(at: ConfigurationAt): void {
    const { lsn: atLsn, ballot, configuration } = at;
    this.append.push(makeRecord(CONFIGURATION, this.config.group, atLsn, ballot, encodeConfiguration(configuration)));
    this.reconfigured();
  }

  /** Another configuration is in force: what is known of peers that stay is kept. */
  reconfigured(): void {
    const { replicas } = this.configurations.current;
    const before = this.peers;
    const peers: PeerProgress[] = [];
    let voters = 0;
    for (const { node, kind, votes } of replicas) {
      if (votes || this.flaws.countsLearners) voters++;
      if (node === this.self) continue;
      let peer = before.find((known) => known.node === node);
      if (peer === undefined) {
        peer = new PeerProgress(node);
        if (this.role === "leader") peer.resetLeadership(nextLsn(this.log.last), 0);
      }
      peer.votes = votes || this.flaws.countsLearners;
      peer.isStorage = kind === STORAGE;
      peers.push(peer);
    }
    this.peers = peers;
    this.own = replicaOf(this.configurations.current, this.self);
    if (this.own !== null) this.wasListed = true;
    this.quorum = voters === 0 ? 0 : quorumSize(voters);
    this.isConfigurationNews = true;
    this.#noteCoverage();
    // A lease without end was that of an only voter; the next round of the new quorum begins another.
    if (this.leaseUntil === Infinity && this.quorum > 1) this.leaseUntil = -Infinity;
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
    this.stranger = null;
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

  /** True when `node` has been a member since the floor's entry, and so has everything up to there. */
  isCovered(node: NodeId): boolean {
    return this.configurations.allList(node);
  }

  #noteCoverage(): void {
    this.#isAllCovered = true;
    for (const peer of this.peers) {
      peer.isCovered = this.isCovered(peer.node);
      if (!peer.isCovered) this.#isAllCovered = false;
    }
  }

  /** Appends to the own log, in memory and in the next Ready's records. */
  appendEntry(entry: LogEntry): void {
    this.log.push(entry);
    this.append.push(entry);
    if (entry.kind === CONFIG) this.adopt(entry);
    else if (entry.kind === SPLIT) this.splitLsn = entry.lsn;
  }

  adopt(entry: LogEntry): void {
    const configuration = decodeConfiguration(entry.payload);
    assert(configuration !== null, "entries with a configuration that does not decode were refused");
    this.noteConfiguration({ lsn: entry.lsn, ballot: entry.ballot, configuration });
  }

  /** The own log, if any, is given up for one that begins behind `base`, where all members have what is below. */
  install(base: Lsn, ballot: Ballot, at: ConfigurationAt): void {
    assert(this.configurations.isEmpty || this.agreed < base, "a log that agrees at the base goes on from there");
    this.log = new LogTail(base, ballot);
    this.commit = base;
    this.delivered = base;
    this.durableLsn = base;
    this.floor = base;
    this.agreed = base;
    this.recordedCommit = base;
    this.splitLsn = NO_LSN;
    for (let i = 0; i < this.pendingLsns.length; i++) this.pendingLsns[i] = base;
    this.append.push(makeRecord(BASE, this.config.group, base, ballot, NO_PAYLOAD));
    this.configurations.begin(at);
    this.wasListed = false;
    this.recordConfiguration(at);
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
    if (this.splitLsn > end) this.splitLsn = NO_LSN;
    if (!this.flaws.keepsConfigurationOnCut && this.configurations.cut(from)) this.reconfigured();
  }

  commitTo(upTo: Lsn): void {
    if (upTo <= this.commit) return;
    assert(upTo <= this.log.last, "commit stays within the log");
    this.commit = upTo;
    if (this.agreed < upTo) this.agreed = upTo;
    if (this.own === null && this.wasListed && this.isConfigurationCommitted) this.removed();
  }

  /** No member any more: it stops campaigning until a leader speaks to it again. */
  removed(): void {
    if (this.isRemoved) return;
    this.isRemoved = true;
    this.isRemovalNews = true;
    if (this.role !== "leader") this.becomeFollower(this.electionAt, 0);
  }

  /** Everything up to `floor` is durable on all members, hence committed. */
  floorTo(floor: Lsn): void {
    if (floor <= this.floor) return;
    assert(floor <= this.commit, "the floor never passes the commit");
    this.floor = floor;
    this.log.forgetRuns(floor);
    if (this.configurations.forget(floor) || !this.#isAllCovered) this.#noteCoverage();
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
  readonly mayLead: boolean;
  readonly flaws: Flaws;
  readonly limits: GroupLimits;
};
