// Requests of one router that are under way to storage nodes: where they went, how often, until when. A
// request that was certainly not executed is sent again; one whose fate is unknown is sent again only when
// it is a read.
import { IdTable } from "../../base/id-table.ts";
import type { GroupId, NodeId } from "../../base/ids.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Network } from "../../ports/network.ts";
import {
  REQUEST, type NodeMessage, type Redirect, type Reply, type Work, type WorkOutcome,
} from "../../wire/data-messages.ts";

export type Answered = Exclude<WorkOutcome, Redirect>;

type Pending = {
  readonly id: number;
  readonly group: GroupId;
  readonly replicas: readonly NodeId[];
  readonly work: Work;
  readonly bytesMax: number;
  readonly deadlineMs: number;
  readonly done: (outcome: Answered) => void;
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

export class PendingRequests {
  readonly #self: NodeId;
  readonly #clock: Clock;
  readonly #network: Network<NodeMessage>;
  readonly #pending: IdTable<Pending> = new IdTable();
  readonly #leaders: Map<GroupId, NodeId> = new Map();
  #nextId: number;
  #isStopped = false;

  /** `firstId`: see request-ids.ts. */
  constructor(self: NodeId, clock: Clock, network: Network<NodeMessage>, firstId: number) {
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

  start(
    group: GroupId, replicas: readonly NodeId[], work: Work, bytesMax: number, preferred: NodeId | null,
    done: (outcome: Answered) => void,
  ): void {
    if (this.#isStopped || this.#pending.size >= PENDING_MAX) {
      done({ kind: "overloaded", reason: "too many requests are under way" });
      return;
    }
    const now = this.#clock.monotonicMs();
    const pending: Pending = {
      id: this.#nextId++, group, replicas, work, bytesMax, deadlineMs: now + DEADLINE_MS, done, preferred,
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
      pending.done(outcome);
      return;
    }
    pending.preferred = null;
    if (outcome.leader !== null && outcome.leader !== reply.from && pending.attempts < 3) {
      this.#leaders.set(pending.group, outcome.leader);
      this.#send(pending, this.#clock.monotonicMs());
      return;
    }
    if (this.#leaders.get(pending.group) === reply.from) this.#leaders.delete(pending.group);
    this.#rest(pending, outcome.reason);
  }

  #send(pending: Pending, now: number): void {
    const { replicas } = pending;
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
      if (this.#pending.has(pending.id)) this.#send(pending, this.#clock.monotonicMs());
    });
  }

  /** After silence: the next request of the group, also a write that must not be repeated, goes to another replica. */
  #lookElsewhere(pending: Pending): void {
    const { group, replicas, target } = pending;
    if ((this.#leaders.get(group) ?? target) !== target) return;
    this.#leaders.set(group, replicas[(replicas.indexOf(target) + 1) % replicas.length] as NodeId);
  }

  #giveUp(pending: Pending, reason: string): void {
    this.#pending.delete(pending.id);
    pending.done({ kind: "unavailable", reason });
  }

  #sweepLater(): void {
    this.#clock.setTimer(SWEEP_MS, () => {
      if (this.#isStopped) return;
      const oldest = this.#clock.monotonicMs() - ANSWER_MS_MAX;
      for (const pending of this.#pending.values()) {
        if (pending.isResting || pending.sentMs > oldest) continue;
        this.#lookElsewhere(pending);
        pending.preferred = null;
        if (isRead(pending.work)) this.#rest(pending, "no answer from the storage node");
        else this.#giveUp(pending, "no answer from the storage node; the write may or may not be done");
      }
      this.#sweepLater();
    });
  }
}

function isRead(work: Work): boolean {
  return work.kind === "get" || work.kind === "get-many" || work.kind === "query" || work.kind === "scan"
    || work.kind === "status";
}
