// One replica of one replication group: a pure state machine. Inputs go in (`step`, `tick`, `propose`, `durable`,
// `entriesRead`), `ready` says what to do about them. No I/O, no clock, no randomness of its own. Dispatch only;
// the work is in the phase files.
import { assert, must } from "../base/assert.ts";
import type { Lsn, NodeId } from "../base/ids.ts";
import type { Configuration, Replica } from "../wire/group-configuration.ts";
import type { EntryKind, LogEntry } from "../wire/log-record.ts";
import {
  ACCEPT, ACCEPTED, CANVASS, CANVASS_ANSWER, HAND_OVER, INSTALL, PREPARE, PROMISE_ANSWER, REFUSED, REMOVED,
  type PaxosMessage,
} from "../wire/paxos-messages.ts";
import { onAccept, onInstall } from "./accept-phase.ts";
import { advanceCommit } from "./commit-tracker.ts";
import { canvass, onCanvass, onCanvassAnswer } from "./election.ts";
import { NO_FLAWS, type Flaws } from "./flaws.ts";
import { GroupState } from "./group-state.ts";
import { onHandOver, startHandOver } from "./hand-over.ts";
import { inspectGroup, type GroupSnapshot } from "./inspect.ts";
import {
  isServing, onAccepted, onRefused, propose, reconfigure, streamDeadline, streamEntriesRead, type ReconfigureResult,
} from "./leader.ts";
import { isBoundAgainst } from "./lease.ts";
import { DEFAULT_LIMITS, type GroupLimits } from "./limits.ts";
import { NO_BALLOT } from "./log-tail.ts";
import { faultOf } from "./messages.ts";
import { leadIfPromised, onPrepare, onPromiseAnswer, promiseEntriesRead, tickCampaign } from "./prepare-phase.ts";
import { ReadyBuilder } from "./ready-builder.ts";
import type { GroupConfig, Ready, RecoveredGroup } from "./ready.ts";
import { onRemoved } from "./strangers.ts";

export type GroupOptions = {
  /** Uniform integers in 0 .. 2^32-1. */
  readonly random: () => number;
  /**
   * The embedder proves that no leaseholder of before can be alive, so that this replica need not act as if it had
   * just promised a lease: a group that never existed before, or a whole cluster in one process.
   */
  readonly priorLeasesVoid: boolean;
  /** See `setMayLead`. */
  readonly mayLead: boolean;
  /** Seeded mistakes, for tests that prove the checkers. */
  readonly flaws?: Flaws;
  readonly limits?: GroupLimits;
};

export class Group {
  readonly #state: GroupState;
  readonly #builder: ReadyBuilder;
  /** Time never goes back at one node; the newest seen. */
  #now: number;

  constructor(config: GroupConfig, recovered: RecoveredGroup, now: number, options: GroupOptions) {
    const { random, priorLeasesVoid, mayLead, flaws, limits } = options;
    this.#state = new GroupState(config, recovered, now, {
      random, priorLeasesVoid, mayLead, flaws: flaws ?? NO_FLAWS, limits: limits ?? DEFAULT_LIMITS,
    });
    this.#builder = new ReadyBuilder();
    this.#now = now;
  }

  /** A message from a peer. What is foreign or malformed is ignored and counted. */
  step(m: PaxosMessage, now: number): void {
    this.#advance(now);
    const s = this.#state;
    const fault = faultOf(s, m);
    if (fault !== null) {
      s.ignore(fault);
      return;
    }
    switch (m.kind) {
      case ACCEPT: return onAccept(s, m, now);
      case ACCEPTED: return onAccepted(s, m, now);
      case REFUSED: return onRefused(s, m, now);
      case CANVASS: return onCanvass(s, m, now);
      case CANVASS_ANSWER: return onCanvassAnswer(s, m, now);
      case PREPARE: return onPrepare(s, m, now);
      case PROMISE_ANSWER: return onPromiseAnswer(s, m, now);
      case HAND_OVER: return onHandOver(s, m, now);
      case INSTALL: return onInstall(s, m, now);
      case REMOVED: return onRemoved(s, m);
      default: s.ignore("unknown kind");
    }
  }

  /** Time passed. Needed at `nextDeadline`, harmless at any other time. */
  tick(now: number): void {
    this.#advance(now);
    const s = this.#state;
    if (s.role === "follower") {
      if (now >= s.electionAt && s.canCampaign) canvass(s, now);
    } else if (s.role === "canvassing") {
      if (now >= s.resendAt) canvass(s, now);
    } else if (s.role === "candidate") tickCampaign(s, now);
    // A leader's timers are looked at in `ready`.
  }

  /** When `tick` (and then `ready`) is needed next if nothing else happens. */
  nextDeadline(): number {
    const s = this.#state;
    if (s.role === "follower") return s.canCampaign ? s.electionAt : Infinity;
    if (s.role === "canvassing") return s.resendAt;
    if (s.role === "candidate") return s.resendAt < s.campaignEndsAt ? s.resendAt : s.campaignEndsAt;
    const stream = streamDeadline(s);
    if (s.handOverTo === null) return stream;
    const handOver = s.isReleased && s.resendAt < s.handOverEndsAt ? s.resendAt : s.handOverEndsAt;
    return stream < handOver ? stream : handOver;
  }

  /**
   * Null when nothing is taken now: not serving, handing over, or as much in flight as is allowed. The entry is in
   * the log of this leader; whether it commits shows in a later Ready.
   */
  propose(kind: EntryKind, payload: Uint8Array, now: number): LogEntry | null {
    this.#advance(now);
    return propose(this.#state, kind, payload);
  }

  /** The records of the Ready with this token, and of all before it, are synced. */
  durable(token: number, now: number): void {
    this.#advance(now);
    const s = this.#state;
    assert(token <= s.token, "durable only what was handed out");
    if (token <= s.durableToken) return;
    s.durableToken = token;
    let covered = 0;
    while (covered < s.pendingTokens.length && must(s.pendingTokens[covered]) <= token) covered++;
    assert(covered > 0, "a token names a Ready with records");
    s.durableLsn = must(s.pendingLsns[covered - 1]);
    if (covered === s.pendingTokens.length) {
      s.pendingTokens.length = 0;
      s.pendingLsns.length = 0;
    } else {
      s.pendingTokens.splice(0, covered);
      s.pendingLsns.splice(0, covered);
    }
    assert(s.durableLsn <= s.log.last, "durable is within the log");
    if (s.role === "leader") advanceCommit(s);
    else if (s.role === "candidate") leadIfPromised(s, now);
  }

  /** The answer to a `LogRead`: contiguous from its `from`; empty when the log cannot say. */
  entriesRead(peer: NodeId, entries: readonly LogEntry[], now: number): void {
    this.#advance(now);
    const s = this.#state;
    const progress = s.peer(peer) ?? (s.stranger?.node === peer ? s.stranger : null);
    if (progress === null) return; // no member any more
    if (s.role === "leader") {
      if (progress.readFrom !== 0) streamEntriesRead(s, progress, entries, now);
    } else if (progress.promiseReadBallot !== 0) promiseEntriesRead(s, progress, entries);
  }

  /** A hint: asks the others at once (or again) whether it may lead, if nothing forbids. */
  campaign(now: number): void {
    this.#advance(now);
    const s = this.#state;
    if (!s.canCampaign) return;
    const isBound = isBoundAgainst(s, s.self, NO_BALLOT, now) && !s.flaws.ignoresOwnLeasePromise;
    if ((s.role === "follower" || s.role === "canvassing") && !isBound) canvass(s, now);
  }

  /** Begins to hand leadership to `target`; false when it cannot. */
  handOver(target: NodeId, now: number): boolean {
    this.#advance(now);
    return startHandOver(this.#state, target, now);
  }

  /** Proposes the next configuration of the group, `replicas` whole. "busy", "barred": ask again later. */
  reconfigure(replicas: readonly Replica[], now: number): ReconfigureResult {
    this.#advance(now);
    return reconfigure(this.#state, replicas);
  }

  /** Gives the lead up at once, without a successor. */
  stepDown(now: number): void {
    this.#advance(now);
    const s = this.#state;
    if (s.role !== "follower") s.becomeFollower(now, s.config.timing.leaseMs);
  }

  /**
   * False while there is no whole tree here: a log replica, a learner, or a replica whose tree is being built. It votes
   * as the configuration says, and never tries to lead.
   */
  setMayLead(mayLead: boolean): void {
    this.#state.mayLead = mayLead;
  }

  /** False: this node's clock does not run as those of the others. It leads no more, and is bound by its promises. */
  setClockTrusted(isTrusted: boolean, now: number): void {
    this.#advance(now);
    this.#state.isClockTrusted = isTrusted;
    if (!isTrusted) this.stepDown(now);
  }

  /** Leads, and has committed and handed out an entry of its own ballot. */
  isServing(now: number): boolean {
    this.#advance(now);
    return isServing(this.#state);
  }

  /** Strong reads may be served from what was handed out as committed. */
  isLeaseLive(now: number): boolean {
    const s = this.#state;
    const isReleased = s.isReleased && !s.flaws.keepsLeaseAfterHandOver;
    if (s.role !== "leader" || isReleased || now >= s.leaseUntil || !s.isClockTrusted) return false;
    if (s.splitLsn !== 0 && !s.flaws.servesAfterSplit) return false;
    return s.delivered >= s.firstOwnLsn || s.flaws.servesAtOnce;
  }

  /** When the lease ends if nobody answers any more; -Infinity without a lease. */
  leaseUntil(): number {
    return this.#state.leaseUntil;
  }

  /** In force here: that of the newest CONFIG entry in the log; epoch 0 in a joining replica that was told none. */
  get configuration(): Configuration {
    return this.#state.configuration;
  }

  /** Former voters that `reconfigure` does not let in yet. */
  get barred(): readonly NodeId[] {
    const { configurations, self } = this.#state;
    return configurations.voters().filter((node) => node !== self && this.#state.peer(node) === null);
  }

  get isConfigurationCommitted(): boolean {
    return this.#state.isConfigurationCommitted;
  }

  /** LSN of the entry that closed the group, committed or not; 0: none. */
  get splitLsn(): Lsn {
    return this.#state.splitLsn;
  }

  /** At the leader: how far the others are. */
  progress(now: number): readonly { readonly node: NodeId; readonly match: Lsn; readonly silentMs: number }[] {
    const s = this.#state;
    if (s.role !== "leader") return [];
    return s.peers.map(({ node, match, answeredAt }) => ({ node, match, silentMs: now - answeredAt }));
  }

  get lastLsn(): Lsn {
    return this.#state.log.last;
  }

  get commitLsn(): Lsn {
    return this.#state.commit;
  }

  /** Durable and agreeing on all members: the log up to here may be dropped once it is in the tree's checkpoint. */
  get floorLsn(): Lsn {
    return this.#state.floor;
  }

  ready(now: number): Ready | null {
    this.#advance(now);
    return this.#builder.build(this.#state, now);
  }

  inspect(): GroupSnapshot {
    return inspectGroup(this.#state);
  }

  #advance(now: number): void {
    assert(now >= this.#now, "monotonic time does not go back");
    this.#now = now;
  }
}
