// Watches the replicas of one group from outside (what they are started with, their Readies, what leaves them, what is
// synced) and writes down their steps as events of the specification. Knows the contract of the core, not its insides.
import { ballotNode } from "../../base/ids.ts";
import type { Group } from "../../consensus/group.ts";
import type { Ready, RecoveredGroup } from "../../consensus/ready.ts";
import { NOOP, PROMISE, type LogRecord } from "../../wire/log-record.ts";
import { ACCEPTED, HAND_OVER, PREPARE, PROMISE_ANSWER, type PaxosMessage } from "../../wire/paxos-messages.ts";
import type { TraceEvent, TraceEventKind } from "./events.ts";

/** The end of what one Ready appended: what is on the disk once its token is durable. */
type Appended = { readonly token: number; readonly promised: number; readonly lsn: number; readonly last: number };

type Watched = {
  role: "follower" | "candidate" | "leader";
  promised: number;
  lsn: number;
  last: number;
  firstOwn: number;
  commit: number;
  handedOver: number;
  appended: Appended[];
};

const NO_RUNS: readonly number[] = [];

export class TraceRecorder {
  readonly events: TraceEvent[] = [];
  /** Replicas of the group, nodes 1 and up, all storage. */
  readonly nodeCount: number;
  readonly #watched: Map<number, Watched> = new Map();
  /** The nodes that believe in their lease now. */
  readonly #holders: () => readonly number[];
  #live: readonly number[] = [];

  constructor(nodeCount: number, holders: () => readonly number[]) {
    this.nodeCount = nodeCount;
    this.#holders = holders;
  }

  started(node: number, recovered: RecoveredGroup): void {
    const runs: number[] = [];
    const from = recovered.tail[0] === undefined ? recovered.applied : recovered.tail[0].lsn - 1;
    for (const { ballot } of recovered.tail) {
      if (runs[runs.length - 2] === ballot) runs[runs.length - 1] = (runs[runs.length - 1] as number) + 1;
      else runs.push(ballot, 1);
    }
    const lsn = from + recovered.tail.length;
    this.#watched.set(node, {
      role: "follower", promised: recovered.promised, lsn, last: runs[runs.length - 2] ?? 0, firstOwn: 0, commit: 0,
      handedOver: 0, appended: [],
    });
    this.#note("Start", node, recovered.promised, from, 0, runs);
  }

  stopped(node: number): void {
    this.#watched.delete(node);
    this.#note("Stop", node, 0, 0, 0, NO_RUNS);
  }

  /** Before the driver does what the Ready says. */
  ready(node: number, ready: Ready, core: Group): void {
    const w = this.#watched.get(node);
    if (w === undefined) return;
    const { append, leadership, committed } = ready;
    for (const record of append) this.#appended(node, w, record, ready, core);
    if (leadership !== null && w.role !== "follower" && leadership.role !== w.role) this.#stepDown(node, w, core);
    if (append.length > 0) w.appended.push({ token: ready.token, promised: w.promised, lsn: w.lsn, last: w.last });
    if (w.role === "leader" && core.commitLsn > w.commit && core.commitLsn >= w.firstOwn) {
      w.commit = core.commitLsn;
      this.#note("Commit", node, w.promised, w.commit, 0, NO_RUNS);
    }
    const newest = committed[committed.length - 1];
    if (newest !== undefined) this.#note("Deliver", node, 0, newest.lsn, newest.ballot, NO_RUNS);
    this.poll();
  }

  #appended(node: number, w: Watched, record: LogRecord, ready: Ready, core: Group): void {
    if (record.kind === PROMISE) {
      w.promised = record.ballot;
      if (ballotNode(record.ballot) === node) {
        const sent = ready.send.find((m) => m.kind === PREPARE && m.ballot === record.ballot);
        w.role = "candidate";
        this.#note("Campaign", node, record.ballot, w.lsn, sent?.released ?? 0, [w.last, w.lsn]);
      } else if (w.role !== "follower") this.#stepDown(node, w, core);
      return;
    }
    if (record.kind > PROMISE) return;
    const before = record.lsn === w.lsn + 1 ? w.last : 0;
    w.lsn = record.lsn;
    w.last = record.ballot;
    const isOwn = ballotNode(record.ballot) === node && record.ballot === w.promised;
    if (w.role === "candidate" && !isOwn) this.#note("Adopt", node, w.promised, record.lsn, record.ballot, NO_RUNS);
    else if (w.role === "candidate" && record.kind === NOOP) {
      w.role = "leader";
      w.firstOwn = record.lsn;
      w.commit = 0;
      this.#note("Lead", node, record.ballot, record.lsn, before, NO_RUNS);
    } else if (w.role === "leader") this.#note("Propose", node, record.ballot, record.lsn, 0, NO_RUNS);
  }

  #stepDown(node: number, w: Watched, core: Group): void {
    const commit = w.role === "leader" ? core.commitLsn : 0;
    w.role = "follower";
    this.#note("StepDown", node, 0, commit, 0, NO_RUNS);
  }

  /** The records of this and earlier tokens are on the disk. */
  synced(node: number, token: number): void {
    const w = this.#watched.get(node);
    if (w === undefined) return;
    while (w.appended[0] !== undefined && w.appended[0].token <= token) {
      const { promised, lsn, last } = w.appended.shift() as Appended;
      this.#note("Sync", node, promised, lsn, last, NO_RUNS);
    }
  }

  /** A message leaves its sender. */
  left(message: PaxosMessage): void {
    const { kind, from, ballot, lsn, lastLsn, lastBallot, flag } = message;
    const w = this.#watched.get(from);
    if (w === undefined) return;
    if (kind === PROMISE_ANSWER) this.#note("Promise", from, ballot, lastLsn, lastBallot, NO_RUNS);
    else if (kind === ACCEPTED) this.#note("Accepted", from, ballot, flag ? lsn : 0, 0, NO_RUNS);
    else if (kind === HAND_OVER && w.handedOver !== ballot) {
      w.handedOver = ballot;
      this.#note("HandOver", from, ballot, 0, message.to, NO_RUNS);
    }
  }

  /** Who believes in a lease now; a lease ends by time alone, so this is asked before every event too. */
  poll(): void {
    const live = this.#holders();
    for (const node of this.#live) if (!live.includes(node)) this.#push("LeaseLose", node, 0, 0, 0, NO_RUNS);
    for (const node of live) if (!this.#live.includes(node)) this.#push("LeaseGain", node, 0, 0, 0, NO_RUNS);
    this.#live = live;
  }

  /** Ends of leases are written before what may have waited for them. */
  #note(
    event: TraceEventKind, node: number, ballot: number, lsn: number, other: number, runs: readonly number[],
  ): void {
    const live = this.#holders();
    for (const holder of this.#live) if (!live.includes(holder)) this.#push("LeaseLose", holder, 0, 0, 0, NO_RUNS);
    this.#live = this.#live.filter((holder) => live.includes(holder));
    this.#push(event, node, ballot, lsn, other, runs);
  }

  #push(
    event: TraceEventKind, node: number, ballot: number, lsn: number, other: number, runs: readonly number[],
  ): void {
    this.events.push({ event, node, ballot, lsn, other, runs });
  }
}
