// Drives all groups of one node. One turn: propose what was batched, collect what every group wants, one
// write-ahead-log write with one sync, one frame per peer, apply what committed. Inputs only mark a group
// dirty; nothing runs in direct reaction to a message.
import { assert, must } from "../base/assert.ts";
import { buggify, reached } from "../base/buggify.ts";
import { lsn, type GroupId, type Lsn, type NodeId } from "../base/ids.ts";
import { Group } from "../consensus/group.ts";
import { DEFAULT_LIMITS, type GroupLimits } from "../consensus/limits.ts";
import type { GroupTiming, Ready } from "../consensus/ready.ts";
import type { Clock, TimerHandle } from "../ports/clock.ts";
import type { Network } from "../ports/network.ts";
import type { Random } from "../ports/random.ts";
import type { Telemetry } from "../ports/telemetry.ts";
import type { ItemTree } from "../storage/tree/item-tree.ts";
import { commitRecord } from "../storage/wal/own-records.ts";
import type { WalError } from "../storage/wal/wal-error.ts";
import type { Wal } from "../storage/wal/wal.ts";
import { encodeWritePayload, type WritePayload } from "../wire/codec/write-payload.ts";
import { PAXOS_FRAME, type NodeMessage, type PaxosFrame } from "../wire/data-messages.ts";
import { replicaOf } from "../wire/group-configuration.ts";
import { BASE, SPLIT, WRITE, type LogEntry } from "../wire/log-record.ts";
import { CANVASS_ANSWER, type PaxosMessage } from "../wire/paxos-messages.ts";
import { decodeSplitPayload } from "../wire/split-payload.ts";
import type { ClockGuard } from "./clock-guard.ts";
import { payloadOf, rememberPayload } from "./decoded-payloads.ts";
import { EarlyMessages } from "./early-messages.ts";
import { GroupHost, type ReplicaSpec } from "./group-host.ts";
import type { UnheardPeers } from "./unheard-peers.ts";

export type ReplicatorEnv = {
  readonly self: NodeId;
  readonly clock: Clock;
  readonly random: Random;
  readonly network: Network<NodeMessage>;
  readonly telemetry: Telemetry;
  readonly wal: Wal;
  readonly tree: ItemTree;
  readonly timing: GroupTiming;
  readonly clockGuard: ClockGuard;
  readonly unheard: UnheardPeers;
  /** See consensus: the embedder proves that no leaseholder of this node's former life can be alive. */
  readonly priorLeasesVoid: boolean;
};

/** What the roles above learn. Called inside a turn; they may propose, which is handled in the next turn. */
export interface ReplicatorListener {
  /** The replica began or stopped to serve, or learned of another leader. */
  onLeadership(host: GroupHost): void;
  /**
   * An entry is committed, and applied if the tree of this replica is live. `payload` is null for one that changes
   * nothing in the tree.
   */
  onApplied(host: GroupHost, entry: LogEntry, payload: WritePayload | null): void;
  /** A split was applied (see `host.split`): the children are to be opened now. */
  onSplit(host: GroupHost): void;
  /** The configuration in force changed. */
  onConfiguration(host: GroupHost): void;
  /** The log begins at another place, and there is no tree any more. */
  onBegunAnew(host: GroupHost): void;
  /** The group goes on without this replica. */
  onRemoved(host: GroupHost): void;
  /** The log cannot give back what was written: the node must stop. */
  onLogDamage(error: WalError): void;
}

/** How often deadlines are looked at: well below any heartbeat. */
const TICK_MS = 20;
/** After a gap this many ticks long this node was itself frozen: leaders go first, suspicion waits a tick. */
const FROZEN_TICKS = 10;
/** How often the log is told what it may cut. */
const RELEASE_MS = 1_000;
/**
 * After this much the log is told how far a group is committed, besides what its core says: what is known committed is
 * replayed at a restart as it is read, and only the rest is held in memory.
 */
const COMMIT_MARK_BYTES = 1024 * 1024;

/** For the simulator: what needs megabytes of entries, with a few. */
const SMALL_LIMITS: GroupLimits = {
  ...DEFAULT_LIMITS, tailBytesMax: 2_048, inFlightEntriesMax: 4, messageBytesMax: 1_024, peerInFlightBytesMax: 2_048,
  committedPerReadyMax: 2,
};

export class NodeReplicator {
  readonly #env: ReplicatorEnv;
  readonly #listener: ReplicatorListener;
  readonly #hosts: Map<GroupId, GroupHost> = new Map();
  #dirty: GroupHost[] = [];
  /** Hosts with a non-empty `unsynced`, in order of first append. */
  #waitingForSync: Set<GroupHost> = new Set();
  #whenDurable: { readonly seq: number; readonly callback: () => void }[] = [];
  #outbox: Map<NodeId, PaxosMessage[]> = new Map();
  readonly #early: EarlyMessages = new EarlyMessages();
  /** What the groups were last told of the clock. */
  #isClockTrusted = true;
  #isTurnScheduled = false;
  #isStopped = false;
  #timer: TimerHandle | null = null;
  #lastTickMs: number;
  #lastReleaseMs: number;
  #toldClockMs = -Infinity;

  constructor(env: ReplicatorEnv, listener: ReplicatorListener) {
    this.#env = env;
    this.#listener = listener;
    this.#lastTickMs = env.clock.monotonicMs();
    this.#lastReleaseMs = this.#lastTickMs;
    env.wal.onDurable = (seq: number): void => this.#durable(seq);
    env.tree.onCheckpoint = (group: GroupId): void => this.#release(group);
    this.#timer = env.clock.setTimer(TICK_MS, () => this.#tick());
  }

  host(group: GroupId): GroupHost | null {
    return this.#hosts.get(group) ?? null;
  }

  hosts(): IterableIterator<GroupHost> {
    return this.#hosts.values();
  }

  addGroup(spec: ReplicaSpec): GroupHost {
    const { group, initial, recovered, tree } = spec;
    assert(!this.#hosts.has(group), "a group is hosted once");
    const { self, clock, random, timing, priorLeasesVoid } = this.#env;
    const now = clock.monotonicMs();
    const isEmpty = recovered.promised === 0 && recovered.commit === 0 && recovered.tail.length === 0;
    const isNew = isEmpty && initial !== null;
    const isJoining = isEmpty && initial === null && recovered.base === null;
    const core = new Group({ group, self, initial, timing }, recovered, now, {
      random: (): number => random.u32(),
      // Who joins late meets leases that began in this very life of the embedder.
      priorLeasesVoid: isNew || (priorLeasesVoid && !isJoining),
      mayLead: tree === "whole",
      limits: buggify("replication: a group has small limits") ? SMALL_LIMITS : DEFAULT_LIMITS,
    });
    if (!this.#isClockTrusted) core.setClockTrusted(false, now);
    const host = new GroupHost(spec, self, core, this.#env.wal.payloadBytesMax);
    this.#hosts.set(group, host);
    for (const message of this.#early.take(group)) core.step(message, now);
    this.wake(host);
    return host;
  }

  /** Takes no further part in the group: its table is deleted. Its log and rows are the caller's to drop. */
  removeGroup(group: GroupId): void {
    const host = this.#hosts.get(group);
    if (host === undefined) return;
    host.isRemoved = true;
    this.#hosts.delete(group);
    this.#waitingForSync.delete(host);
    const ended = host.session;
    host.session = null;
    ended?.abandon();
  }

  /** Calls back when the log is durable up to the append sequence `seq`; never, once the node stops. */
  whenDurable(seq: number, callback: () => void): void {
    if (seq <= this.#env.wal.durableSeq) {
      this.#env.clock.endOfTurn(() => {
        if (!this.#isStopped) callback();
      });
      return;
    }
    this.#whenDurable.push({ seq, callback });
    this.#env.wal.flush();
  }

  /** Proposes what waits in the open batch, ahead of the turn. False when the core does not take it now. */
  proposeNow(host: GroupHost): boolean {
    this.#propose(host, this.#env.clock.monotonicMs());
    this.wake(host);
    return host.session?.hasOpenBatch() !== true;
  }

  /** The tree of this replica is whole and durable: it may lead, once the configuration says so. */
  treeIsWhole(host: GroupHost): void {
    assert(host.isTreeLive && !host.hasTree, "a tree is whole once");
    host.hasTree = true;
    host.logPin = null;
    host.core.setMayLead(true);
    this.wake(host);
  }

  receive(frame: PaxosFrame): void {
    if (this.#isStopped) return;
    const { clock, clockGuard, unheard, telemetry } = this.#env;
    const now = clock.monotonicMs();
    clockGuard.heard(frame.from, frame.clockMs, now);
    if (unheard.heard(frame.from, now)) telemetry.event("info", "link", "a peer is heard again", { peer: frame.from });
    for (const message of frame.messages) {
      const host = this.#hosts.get(message.group);
      if (host === undefined) {
        this.#early.keep(message);
        continue;
      }
      if (message.kind === CANVASS_ANSWER && !message.flag) this.#noteUnheard(host, now);
      host.core.step(message, now);
      this.wake(host);
    }
  }

  /** Asks for the group to be looked at in this turn. */
  wake(host: GroupHost): void {
    if (host.isDirty || host.isRemoved || this.#isStopped) return;
    host.isDirty = true;
    this.#dirty.push(host);
    this.#scheduleTurn();
  }

  /** Hands leadership of every led group to another member, for an orderly stop. */
  handOverAll(): void {
    const now = this.#env.clock.monotonicMs();
    for (const host of this.#hosts.values()) {
      if (host.session === null) continue;
      const target = this.#successor(host, now);
      if (target !== null && host.core.handOver(target, now)) this.wake(host);
    }
  }

  /** Nothing runs afterwards; who waits is told that the fate of the write is unknown. */
  stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    if (this.#timer !== null) this.#env.clock.clearTimer(this.#timer);
    for (const host of this.#hosts.values()) {
      const ended = host.session;
      host.session = null;
      ended?.abandon();
    }
  }

  #scheduleTurn(): void {
    if (this.#isTurnScheduled) return;
    this.#isTurnScheduled = true;
    this.#env.clock.endOfTurn(() => {
      this.#isTurnScheduled = false;
      if (!this.#isStopped) this.#turn();
    });
  }

  #turn(): void {
    const now = this.#env.clock.monotonicMs();
    const dirty = this.#dirty;
    this.#dirty = [];
    for (const host of dirty) {
      host.isDirty = false;
      if (host.isRemoved) continue;
      this.#propose(host, now);
      const ready = host.core.ready(now);
      if (ready !== null) this.#perform(host, ready);
    }
    this.#env.wal.flush();
    this.#sendOutbox();
  }

  #propose(host: GroupHost, now: number): void {
    const session = host.session;
    if (session === null || !session.hasOpenBatch()) return;
    session.propose((payload) => {
      const entry = host.core.propose(WRITE, encodeWritePayload(payload), now);
      if (entry !== null) rememberPayload(entry, payload);
      return entry;
    });
  }

  #perform(host: GroupHost, ready: Ready): void {
    const { wal } = this.#env;
    let seq = 0;
    for (const record of ready.append) {
      seq = wal.append(record);
      if (record.kind === BASE) this.#beginAnew(host, record.lsn);
    }
    this.#post(ready.send);
    if (ready.append.length > 0) {
      host.unsynced.push({ seq, token: ready.token, messages: ready.sendAfterDurable });
      this.#waitingForSync.add(host);
    } else if (ready.sendAfterDurable.length > 0) {
      const last = host.unsynced[host.unsynced.length - 1];
      if (last === undefined) this.#post(ready.sendAfterDurable);
      else host.unsynced.push({ seq: last.seq, token: last.token, messages: ready.sendAfterDurable });
    }
    if (ready.configuration !== null) {
      host.configuration = ready.configuration;
      this.#listener.onConfiguration(host);
    }
    for (const entry of ready.committed) this.#apply(host, entry);
    for (const read of ready.read) this.#read(host, read.peer, read.from, read.bytesMax);
    if (ready.leadership !== null) {
      host.follow(ready.leadership)?.abandon();
      this.#listener.onLeadership(host);
    }
    if (ready.isRemoved) this.#listener.onRemoved(host);
    if (host.isRemoved) return;
    // One look per turn is a bounded amount of work; the core says by its next ready that there is more.
    if (ready.committed.length > 0 || host.session?.hasOpenBatch() === true) this.wake(host);
  }

  #beginAnew(host: GroupHost, base: Lsn): void {
    const hadTree = host.isTreeLive;
    host.noteBase(base);
    host.core.setMayLead(false);
    if (hadTree) this.#env.tree.forgetGroup(host.group);
    this.#listener.onBegunAnew(host);
  }

  #apply(host: GroupHost, entry: LogEntry): void {
    assert(entry.lsn === host.appliedLsn + 1, "entries are applied in LSN order, without holes");
    host.appliedLsn = entry.lsn;
    const payload = host.isTreeLive && entry.kind === WRITE ? payloadOf(entry) : null;
    if (host.isTreeLive) {
      this.#env.tree.apply(host.group, entry.lsn, payload?.mutations ?? [], {
        items: payload?.items ?? 0, bytes: payload?.bytes ?? 0,
      });
    }
    host.unmarkedBytes += entry.payload.length;
    if (host.unmarkedBytes >= COMMIT_MARK_BYTES) {
      host.unmarkedBytes = 0;
      this.#env.wal.append(commitRecord(host.group, entry.lsn));
    }
    if (entry.kind === SPLIT) this.#split(host, entry);
    host.session?.settle(entry.lsn);
    this.#listener.onApplied(host, entry, payload);
  }

  /**
   * The COMMIT record stands in the log before any record of a child: recovery then replays the parent up to the split
   * before it replays a child.
   */
  #split(host: GroupHost, entry: LogEntry): void {
    const { wal, tree } = this.#env;
    const payload = must(decodeSplitPayload(entry.payload), "a committed SPLIT entry decodes");
    wal.append(commitRecord(host.group, entry.lsn));
    if (host.isTreeLive && replicaOf(payload.configuration, this.#env.self) !== null) {
      tree.splitGroup(host.group, [
        { group: payload.left, items: payload.leftItems, bytes: payload.leftBytes },
        { group: payload.right, items: payload.rightItems, bytes: payload.rightBytes },
      ]);
    }
    host.split = { lsn: entry.lsn, payload };
    this.#listener.onSplit(host);
  }

  #read(host: GroupHost, peer: NodeId, from: Lsn, bytesMax: number): void {
    this.#env.wal.readEntries(host.group, from, bytesMax, (read) => {
      if (this.#isStopped || host.isRemoved) return;
      reached("replication: entries for a peer were read from the disk");
      if (!read.ok) this.#listener.onLogDamage(read.error);
      if (this.#isStopped) return;
      host.core.entriesRead(peer, read.ok ? read.entries : [], this.#env.clock.monotonicMs());
      this.wake(host);
    });
  }

  #durable(seq: number): void {
    if (this.#isStopped) return;
    const now = this.#env.clock.monotonicMs();
    for (const host of this.#waitingForSync) {
      let done = 0;
      while (done < host.unsynced.length && must(host.unsynced[done]).seq <= seq) {
        const ack = must(host.unsynced[done]);
        host.core.durable(ack.token, now);
        this.#post(ack.messages);
        done++;
      }
      if (done === 0) continue;
      host.unsynced = host.unsynced.slice(done);
      if (host.unsynced.length === 0) this.#waitingForSync.delete(host);
      this.wake(host);
    }
    if (this.#whenDurable.length > 0) {
      const due = this.#whenDurable.filter((waiting) => waiting.seq <= seq);
      this.#whenDurable = this.#whenDurable.filter((waiting) => waiting.seq > seq);
      for (const { callback } of due) callback();
    }
    this.#scheduleTurn();
  }

  #post(messages: readonly PaxosMessage[]): void {
    for (const message of messages) {
      const queued = this.#outbox.get(message.to);
      if (queued === undefined) this.#outbox.set(message.to, [message]);
      else queued.push(message);
    }
  }

  #sendOutbox(): void {
    if (this.#outbox.size === 0) return;
    const outbox = this.#outbox;
    this.#outbox = new Map();
    for (const [to, messages] of outbox) {
      this.#env.network.send(to, {
        kind: PAXOS_FRAME, from: this.#env.self, clockMs: this.#env.clock.monotonicMs(), messages,
      });
    }
  }

  #tick(): void {
    if (this.#isStopped) return;
    const now = this.#env.clock.monotonicMs();
    this.#env.clockGuard.advance(now);
    if (this.#env.clockGuard.isTrusted !== this.#isClockTrusted) this.#trustClock(!this.#isClockTrusted, now);
    if (!this.#isClockTrusted && now - this.#toldClockMs >= this.#env.clockGuard.slotMs) this.#tellClock(now);
    const wasFrozen = now - this.#lastTickMs > TICK_MS * FROZEN_TICKS;
    this.#lastTickMs = now;
    for (const host of this.#hosts.values()) {
      if (now < host.core.nextDeadline() || (wasFrozen && host.session === null)) continue;
      host.core.tick(now);
      this.wake(host);
    }
    if (now - this.#lastReleaseMs >= RELEASE_MS) {
      this.#lastReleaseMs = now;
      for (const group of this.#hosts.keys()) this.#release(group);
      this.#early.clear();
    }
    this.#timer = this.#env.clock.setTimer(TICK_MS, () => this.#tick());
  }

  /**
   * A node that does not trust its clock leads nothing and, where others do not either, says nothing: then each hears
   * only the one that is wrong, and nobody leads for ever. So it goes on telling all its peers what its clock says.
   */
  #tellClock(now: number): void {
    const { self, network, clock } = this.#env;
    this.#toldClockMs = now;
    const peers: Set<NodeId> = new Set();
    for (const { configuration } of this.#hosts.values()) {
      for (const { node } of configuration.replicas) peers.add(node);
    }
    for (const peer of peers) {
      if (peer === self) continue;
      network.send(peer, { kind: PAXOS_FRAME, from: self, clockMs: clock.monotonicMs(), messages: [] });
    }
  }

  #trustClock(isTrusted: boolean, now: number): void {
    this.#isClockTrusted = isTrusted;
    this.#env.telemetry.event(isTrusted ? "info" : "warn", "clock", isTrusted
      ? "the clocks agree again" : "this node's clock runs at another rate than its peers': it leads nothing");
    for (const host of this.#hosts.values()) {
      host.core.setClockTrusted(isTrusted, now);
      this.wake(host);
    }
  }

  /** A peer would not promise because it hears a leader. If it is one that this node does not hear, say so. */
  #noteUnheard(host: GroupHost, now: number): void {
    const leader = host.leader ?? host.lastLeader;
    if (leader === null || leader === this.#env.self || !this.#env.unheard.isHeardElsewhere(leader, now)) return;
    this.#env.telemetry.event("warn", "link", "others hear a peer that this node does not", { peer: leader });
  }

  /** The replica that is best prepared to lead instead of this one. */
  #successor(host: GroupHost, now: number): NodeId | null {
    const members = host.members;
    let best: { readonly node: NodeId; readonly match: Lsn } | null = null;
    for (const { node, match, silentMs } of host.core.progress(now)) {
      if (!members.includes(node) || silentMs > this.#env.timing.leaseMs) continue;
      if (best === null || match > best.match) best = { node, match };
    }
    return best === null ? null : best.node;
  }

  /**
   * The log may drop what every member has and this replica has taken out of it: what is in the tree's checkpoint, or
   * in a log replica what is committed. The entry that split the group stays: it says that the group is closed.
   */
  #release(group: GroupId): void {
    const host = this.#hosts.get(group);
    if (host === undefined || this.#isStopped || buggify("replication: the log is not released yet")) return;
    let upTo: number = Math.min(
      host.isTreeLive ? this.#env.tree.checkpointLsn(group) : host.appliedLsn, host.core.floorLsn,
    );
    if (host.logPin !== null) upTo = Math.min(upTo, host.logPin);
    if (host.core.splitLsn !== 0) upTo = Math.min(upTo, host.core.splitLsn - 1);
    if (upTo <= host.releasedLsn) return;
    host.releasedLsn = lsn(upTo);
    this.#env.wal.release(group, host.releasedLsn);
  }
}
