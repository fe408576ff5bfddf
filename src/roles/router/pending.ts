// Requests of one router that are under way to storage nodes: where they went, how often, until when. A
// request that was certainly not executed is sent again; one whose fate is unknown is sent again only when
// it is a read.
import { buggify, reached } from "../../base/buggify.ts";
import { IdTable } from "../../base/id-table.ts";
import type { GroupId, NodeId } from "../../base/ids.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Network } from "../../ports/network.ts";
import {
  REQUEST, type Moved, type NodeMessage, type Redirect, type Reply, type Work, type WorkOutcome,
} from "../../wire/data-messages.ts";

export type Answered = Exclude<WorkOutcome, Redirect>;

/** `deadlineMs`: until when the request may go on, should it have to be sent elsewhere. */
export type Settle = (outcome: Answered, deadlineMs: number) => void;

type Pending = {
  readonly id: number;
  readonly group: GroupId;
  readonly replicas: readonly NodeId[];
  readonly work: Work;
  readonly bytesMax: number;
  readonly deadlineMs: number;
  readonly done: Settle;
  /** A replica to begin with where any will do; null: the leader. */
  preferred: NodeId | null;
  target: NodeId;
  sentMs: number;
  attempts: number;
  /** Waiting for its time to be sent again. */
  isResting: boolean;
};

/** A request is given up after this; clients' own timeouts are longer. */
const DEADLINE_MS = 8_000;
/** A node that has not answered for so long is taken for gone. */
const ANSWER_MS_MAX = 2_500;
const SWEEP_MS = 250;
const REST_MS_FIRST = 2;
const REST_MS_MAX = 100;
/** Requests under way; more are shed at once rather than served slowly. */
const PENDING_MAX = 20_000;
/** The group of a request that was certainly not executed is no more; the catalogue knows what took its place. */
const GONE: Moved = { kind: "moved", partitions: [] };

export class PendingRequests {
  readonly #self: NodeId;
  readonly #clock: Clock;
  readonly #network: Network<NodeMessage>;
  readonly #pending: IdTable<Pending> = new IdTable();
  readonly #leaders: Map<GroupId, NodeId> = new Map();
  readonly #isGroup: (group: GroupId) => boolean;
  #nextId: number;
  #isStopped = false;

  /** `firstId`: see request-ids.ts. `isGroup`: the catalogue, as this router knows it, has the group. */
  constructor(
    self: NodeId, clock: Clock, network: Network<NodeMessage>, firstId: number, isGroup: (group: GroupId) => boolean,
  ) {
    this.#isGroup = isGroup;
    this.#nextId = firstId;
    this.#self = self;
    this.#clock = clock;
    this.#network = network;
    this.#sweepLater();
  }

  get size(): number {
    return this.#pending.size;
  }

  stop(): void {
    this.#isStopped = true;
    for (const pending of this.#pending.values()) this.#giveUp(pending, "the router stops");
  }

  /** `deadlineMs`: of a request that went elsewhere before; 0 for a new one. */
  start(
    group: GroupId, replicas: readonly NodeId[], work: Work, bytesMax: number, preferred: NodeId | null,
    deadlineMs: number, done: Settle,
  ): void {
    if (this.#isStopped || this.#pending.size >= PENDING_MAX) {
      done({ kind: "overloaded", reason: "too many requests are under way" }, 0);
      return;
    }
    const now = this.#clock.monotonicMs();
    const pending: Pending = {
      id: this.#nextId++, group, replicas, work, bytesMax,
      deadlineMs: deadlineMs === 0 ? now + DEADLINE_MS : deadlineMs, done, preferred,
      target: replicas[0] as NodeId, sentMs: now, attempts: 0, isResting: false,
    };
    this.#pending.add(pending);
    this.#send(pending, now);
  }

  onReply(reply: Reply): void {
    const pending = this.#pending.get(reply.id);
    if (pending === undefined || pending.isResting || reply.from !== pending.target) return; // answered, or too late
    const { outcome } = reply;
    if (outcome.kind !== "redirect") {
      if (pending.preferred === null) this.#leaders.set(pending.group, reply.from);
      this.#pending.delete(pending.id);
      pending.done(outcome, pending.deadlineMs);
      return;
    }
    pending.preferred = null;
    if (outcome.leader !== null && outcome.leader !== reply.from) {
      // Also when this request was sent often enough to rest first: the others need not find out for themselves.
      this.#leaders.set(pending.group, outcome.leader);
      if (pending.attempts < 3) {
        this.#send(pending, this.#clock.monotonicMs());
        return;
      }
    } else if (this.#leaders.get(pending.group) === reply.from) this.#leaders.delete(pending.group);
    this.#rest(pending, outcome.reason);
  }

  /** Whom to ask first about `group` (a child of a split), unless that is known: whoever leads `parent`. */
  inheritLeader(group: GroupId, parent: GroupId): void {
    const leader = this.#leaders.get(parent);
    if (leader !== undefined && !this.#leaders.has(group)) this.#leaders.set(group, leader);
  }

  /** The catalogue changed: forgets leaders that have no replica any more. `hosts`: null for a group that is gone. */
  checkLeaders(hosts: (group: GroupId) => readonly NodeId[] | null): void {
    for (const [group, leader] of this.#leaders) {
      if (hosts(group)?.includes(leader) !== true) this.#leaders.delete(group);
    }
  }

  #send(pending: Pending, now: number): void {
    const { replicas } = pending;
    if (buggify("router: a known leader is forgotten")) this.#leaders.delete(pending.group);
    pending.target = pending.preferred ?? this.#leaders.get(pending.group)
      ?? (replicas[pending.attempts % replicas.length] as NodeId);
    pending.attempts++;
    pending.sentMs = now;
    pending.isResting = false;
    this.#network.send(pending.target, {
      kind: REQUEST, from: this.#self, id: pending.id, group: pending.group, work: pending.work,
      bytesMax: pending.bytesMax,
    });
  }

  /** Sends again after a short, growing pause, within the deadline. */
  #rest(pending: Pending, reason: string): void {
    const pause = Math.min(REST_MS_MAX, REST_MS_FIRST * 2 ** Math.min(pending.attempts, 8));
    if (this.#clock.monotonicMs() + pause > pending.deadlineMs) {
      this.#giveUp(pending, reason);
      return;
    }
    pending.isResting = true;
    this.#clock.setTimer(pause, () => {
      if (!this.#pending.has(pending.id)) return;
      if (this.#isGroup(pending.group)) this.#send(pending, this.#clock.monotonicMs());
      else this.#goElsewhere(pending);
    });
  }

  /** After silence: the next request of the group, also a write that must not be repeated, goes to another replica. */
  #lookElsewhere(pending: Pending): void {
    const { group, replicas, target } = pending;
    if ((this.#leaders.get(group) ?? target) !== target) return;
    this.#leaders.set(group, replicas[(replicas.indexOf(target) + 1) % replicas.length] as NodeId);
  }

  #goElsewhere(pending: Pending): void {
    this.#pending.delete(pending.id);
    pending.done(GONE, pending.deadlineMs);
  }

  #giveUp(pending: Pending, reason: string): void {
    this.#pending.delete(pending.id);
    pending.done({ kind: "unavailable", reason }, pending.deadlineMs);
  }

  #sweepLater(): void {
    this.#clock.setTimer(SWEEP_MS, () => {
      if (this.#isStopped) return;
      const oldest = this.#clock.monotonicMs() - ANSWER_MS_MAX;
      for (const pending of this.#pending.values()) {
        if (pending.isResting || pending.sentMs > oldest) continue;
        reached("router: a request was given up after silence");
        this.#lookElsewhere(pending);
        pending.preferred = null;
        if (isRepeatable(pending.work)) this.#rest(pending, "no answer from the storage node");
        else this.#giveUp(pending, "no answer from the storage node; the write may or may not be done");
      }
      this.#sweepLater();
    });
  }
}

/** Reads, and what leaves the same when it is done twice. */
function isRepeatable({ kind }: Work): boolean {
  return kind === "get" || kind === "get-many" || kind === "get-stable" || kind === "finish" || kind === "query"
    || kind === "scan" || kind === "status" || kind === "read-stream" || kind === "register" || kind === "describe";
}
