// Takes rows of global indexes to the leaders of their partitions. Rows of all partitions that this node leads wait
// here by where they go; one request at a time goes to each destination, with what has gathered until then. Rows are
// applied by their timestamps, so they may come twice and in any order: whatever was not acknowledged is sent again, as
// long as its sender leads: what a deposed leader still has may be older than all that the index remembers.
import { buggify } from "../../base/buggify.ts";
import type { GroupId, NodeId, StorageKey, TableId } from "../../base/ids.ts";
import { tableId } from "../../base/ids.ts";
import { pointOfKey } from "../../model/key-encoding.ts";
import type { Partition, TableSchema } from "../../model/table-schema.ts";
import type { Clock, TimerHandle } from "../../ports/clock.ts";
import type { Network } from "../../ports/network.ts";
import {
  REQUEST, type IndexRow, type NodeMessage, type Reply, type WorkOutcome,
} from "../../wire/data-messages.ts";
import type { PlacedGroups } from "./moved.ts";

export type IndexSenderEnv = {
  readonly self: NodeId;
  readonly clock: Clock;
  readonly network: Network<NodeMessage>;
  readonly placed: PlacedGroups;
  /** Ids that no other request of this node has. */
  readonly nextId: () => number;
  /** Keys and values of one request, about: well below what a record of the log takes. */
  readonly batchBytes: number;
};

/** Whose row it is: told once, when the index has the row or is gone. */
export interface RowSource {
  /** The table whose items the index shows, and a version of its record that knows of the index. */
  readonly table: TableId;
  readonly version: number;
  /**
   * over: its session has ended, and the row is not to be sent any more: what is known of the item may be old. waits:
   * the leader is not sure now that it still is one.
   */
  state(): "on" | "waits" | "over";
  rowDone(): void;
}

type Waiting = { readonly row: IndexRow; readonly source: RowSource };

type Destination = {
  readonly group: GroupId;
  readonly replicas: readonly NodeId[];
  queue: Waiting[];
  /** Under way; null: nothing. */
  sent: { readonly id: number; readonly node: NodeId; readonly sentMs: number; readonly rows: Waiting[] } | null;
  /** Nothing is sent before. */
  restsUntilMs: number;
  failures: number;
};

/** One request: what a leader applies in one log entry and in a few milliseconds. */
const ROWS_MAX = 512;
/** Between two requests to one destination: rows gather, and make fewer and larger entries of its log. */
const GATHER_MS = 5;
/** A leader that has not answered for so long is taken for gone. */
const ANSWER_MS_MAX = 2_500;
/** Leaders that are remembered; beyond, all are found out anew. */
const LEADERS_MAX = 10_000;
const REST_MS_FIRST = 4;
const REST_MS_MAX = 200;
const SWEEP_MS = 100;

export class IndexSender {
  readonly #env: IndexSenderEnv;
  readonly #destinations: Map<GroupId, Destination> = new Map();
  readonly #byId: Map<number, Destination> = new Map();
  readonly #leaders: Map<GroupId, NodeId> = new Map();
  /** Not routed yet, or to be routed anew. Bounded, like all that waits here, by what its sources have under way. */
  #waiting: Waiting[] = [];
  #isScheduled = false;
  #timer: TimerHandle | null = null;
  #isStopped = false;

  constructor(env: IndexSenderEnv) {
    this.#env = env;
  }

  /** The row leaves at the end of this turn, or when its destination has answered what it was sent before. */
  send(row: IndexRow, source: RowSource): void {
    this.#waiting.push({ row, source });
    this.#lookSoon();
  }

  stop(): void {
    this.#isStopped = true;
    if (this.#timer !== null) this.#env.clock.clearTimer(this.#timer);
  }

  /** True when the reply was to a request of this sender. */
  onReply(reply: Reply): boolean {
    const destination = this.#byId.get(reply.id);
    const sent = destination?.sent ?? null;
    if (destination === undefined || sent === null || sent.node !== reply.from) return false;
    this.#byId.delete(sent.id);
    destination.sent = null;
    this.#answered(destination, sent, reply.outcome);
    this.#lookSoon();
    return true;
  }

  #answered(destination: Destination, sent: NonNullable<Destination["sent"]>, outcome: WorkOutcome): void {
    const { group } = destination;
    if (outcome.kind === "done" && !buggify("indexes: an acknowledgement is not believed")) {
      if (this.#leaders.size >= LEADERS_MAX) this.#leaders.clear();
      this.#leaders.set(group, sent.node);
      destination.failures = 0;
      destination.restsUntilMs = sent.sentMs + GATHER_MS;
      for (const { source } of sent.rows) source.rowDone();
      return;
    }
    const isHint = outcome.kind === "redirect" && outcome.leader !== null && outcome.leader !== sent.node;
    if (isHint) this.#leaders.set(group, outcome.leader);
    else this.#leaders.delete(group);
    this.#putBack(destination, sent.rows, isHint && destination.failures === 0);
  }

  /** They are routed anew: what the group had may be its children's by now. */
  #putBack(destination: Destination, rows: readonly Waiting[], isAtOnce: boolean): void {
    const pause = isAtOnce ? 0 : Math.min(REST_MS_MAX, REST_MS_FIRST * 2 ** Math.min(destination.failures, 6));
    destination.failures++;
    destination.restsUntilMs = this.#env.clock.monotonicMs() + pause;
    this.#waiting.push(...rows, ...destination.queue);
    destination.queue = [];
  }

  #lookSoon(): void {
    if (this.#isScheduled || this.#isStopped) return;
    this.#isScheduled = true;
    this.#env.clock.endOfTurn(() => {
      this.#isScheduled = false;
      if (!this.#isStopped) this.#look();
    });
  }

  #look(): void {
    const now = this.#env.clock.monotonicMs();
    this.#route();
    let isLeft = this.#waiting.length > 0;
    for (const destination of this.#destinations.values()) {
      const { sent, queue, restsUntilMs } = destination;
      if (sent !== null && now - sent.sentMs >= ANSWER_MS_MAX) this.#giveUp(destination, sent);
      if (destination.sent === null && queue.length > 0 && now >= restsUntilMs) this.#sendTo(destination, now);
      if (destination.sent !== null || destination.queue.length > 0) isLeft = true;
      else this.#destinations.delete(destination.group);
    }
    if (isLeft || this.#waiting.length > 0) this.#lookLater();
  }

  /** Silence: the rows go to another replica. */
  #giveUp(destination: Destination, sent: NonNullable<Destination["sent"]>): void {
    const { group, replicas } = destination;
    this.#byId.delete(sent.id);
    destination.sent = null;
    this.#leaders.set(group, replicas[(replicas.indexOf(sent.node) + 1) % replicas.length] as NodeId);
    this.#putBack(destination, sent.rows, false);
  }

  /** What rests, and what nobody answers, is looked at again after a while. */
  #lookLater(): void {
    this.#timer ??= this.#env.clock.setTimer(nextLookMs(this.#destinations, this.#env.clock.monotonicMs()), () => {
      this.#timer = null;
      if (!this.#isStopped) this.#look();
    });
  }

  // ---- Where rows go.

  #route(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const one of waiting) {
      const state = one.source.state();
      if (state === "over") continue;
      if (state === "waits") {
        this.#waiting.push(one);
        continue;
      }
      const found = this.#partitionOf(one);
      if (found === "gone") one.source.rowDone();
      else if (found === null) this.#waiting.push(one);
      else this.#destination(found).queue.push(one);
    }
  }

  /** gone: the index was deleted. Null: the catalogue that this node knows does not tell. */
  #partitionOf({ row, source }: Waiting): Partition | "gone" | null {
    const { placed } = this.#env;
    const hidden = placed.schemaOf(tableOfKey(row.key));
    if (hidden === null) {
      const table = placed.schemaOf(source.table);
      return table === null || table.version < source.version || hasIndex(table, tableOfKey(row.key)) ? null : "gone";
    }
    const point = pointOfKey(row.key);
    return hidden.partitions.find(({ from, to }) => from <= point && point < to) ?? null;
  }

  #destination({ group, replicas }: Partition): Destination {
    const known = this.#destinations.get(group);
    if (known !== undefined) return known;
    const made: Destination = { group, replicas, queue: [], sent: null, restsUntilMs: 0, failures: 0 };
    this.#destinations.set(group, made);
    return made;
  }

  #sendTo(destination: Destination, now: number): void {
    const { group, replicas, queue, failures } = destination;
    let count = 0;
    let bytes = 0;
    while (count < queue.length && count < ROWS_MAX && bytes < this.#env.batchBytes) {
      const { row } = queue[count++] as Waiting;
      bytes += row.key.length + (row.value === null ? 0 : row.value.length);
    }
    const rows: Waiting[] = [];
    for (const one of queue.splice(0, count)) {
      const state = one.source.state();
      if (state === "on") rows.push(one);
      else if (state === "waits") this.#waiting.push(one);
    }
    if (rows.length === 0) return;
    if (buggify("indexes: rows are sent in another order")) rows.reverse();
    const node = this.#leaders.get(group) ?? (replicas[failures % replicas.length] as NodeId);
    const id = this.#env.nextId();
    destination.sent = { id, node, sentMs: now, rows };
    this.#byId.set(id, destination);
    this.#env.network.send(node, {
      kind: REQUEST, from: this.#env.self, id, group, bytesMax: 0,
      work: { kind: "index-rows", rows: rows.map(({ row }) => row) },
    });
  }
}

function nextLookMs(destinations: ReadonlyMap<GroupId, Destination>, now: number): number {
  let wait = SWEEP_MS;
  for (const { sent, queue, restsUntilMs } of destinations.values()) {
    if (sent === null && queue.length > 0) wait = Math.min(wait, Math.max(1, restsUntilMs - now));
  }
  return wait;
}

function hasIndex({ globalIndexes }: TableSchema, id: TableId): boolean {
  return globalIndexes?.some(({ table }) => table === id) ?? false;
}

export function tableOfKey(key: StorageKey): TableId {
  const id = (key.charCodeAt(0) << 24) | (key.charCodeAt(1) << 16) | (key.charCodeAt(2) << 8) | key.charCodeAt(3);
  return tableId(id >>> 0);
}
