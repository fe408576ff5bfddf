// The storage node's request side: reads from this node's replicas, and writes on the groups it leads.
import type { NodeId } from "../../base/ids.ts";
import { unreachable } from "../../base/assert.ts";
import { scanBounds, spacesOf } from "../../model/key-encoding.ts";
import type { GetOperation, Outcome, WriteOperation } from "../../model/operation.ts";
import type { TableSchema } from "../../model/table-schema.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Network } from "../../ports/network.ts";
import type { GroupHost } from "../../replication/group-host.ts";
import type { Waiter } from "../../replication/leader-session.ts";
import type { NodeReplicator } from "../../replication/node-replicator.ts";
import type { ItemTree } from "../../storage/tree/item-tree.ts";
import type { TreeDamage } from "../../storage/tree/tree-read.ts";
import type { LogEntry } from "../../wire/log-record.ts";
import { REPLY, type NodeMessage, type Redirect, type Request, type WorkOutcome } from "../../wire/data-messages.ts";
import { evaluateWrite, type Evaluated } from "./evaluate-write.ts";
import { MembershipWorks } from "./membership-works.ts";
import { movedOutcome, type PlacedGroups } from "./moved.ts";
import { readItem, readPage } from "./read.ts";
import { SnapshotPages } from "./snapshot-pages.ts";

export type StorageNodeEnv = {
  readonly self: NodeId;
  readonly clock: Clock;
  readonly network: Network<NodeMessage>;
  readonly tree: ItemTree;
  readonly replicator: NodeReplicator;
  readonly placed: PlacedGroups;
  /** The tree found bytes that fail their checksum: this node must stop. */
  readonly onDamage: (damage: TreeDamage) => void;
};

const UNKNOWN_FATE: Outcome = {
  kind: "unavailable", reason: "leadership changed while the write was under way; it may or may not be done",
};
const DAMAGED: Redirect = { kind: "redirect", leader: null, reason: "the replica's tree is damaged" };
const SHED: Outcome = { kind: "overloaded", reason: "too many writes wait for the log or the tree" };

export class StorageNode {
  readonly #env: StorageNodeEnv;
  readonly #membership: MembershipWorks;
  readonly #pages: SnapshotPages;

  constructor(env: StorageNodeEnv) {
    this.#env = env;
    const answer = (request: Request, outcome: WorkOutcome): void => this.#reply(request, outcome);
    this.#membership = new MembershipWorks({ ...env, answer });
    this.#pages = new SnapshotPages({ ...env, answer });
  }

  onLeadership(host: GroupHost): void {
    this.#membership.onLeadership(host);
  }

  onApplied(host: GroupHost, entry: LogEntry): void {
    this.#membership.onApplied(host, entry);
  }

  onRequest(request: Request): void {
    const host = this.#env.replicator.host(request.group);
    if (host === null) {
      this.#reply(request, { kind: "redirect", leader: null, reason: "the group is not on this node" });
      return;
    }
    const { work } = request;
    switch (work.kind) {
      case "get":
        this.#reply(request, this.#get(host, work));
        return;
      case "get-many":
        this.#reply(request, this.#getMany(host, work.gets));
        return;
      case "query":
      case "scan":
        this.#reply(request, this.#page(host, request));
        return;
      case "put":
      case "delete":
      case "update":
        this.#write(host, request, work);
        return;
      case "write-many":
        this.#writeMany(host, request, work.writes);
        return;
      case "status":
        this.#reply(request, this.#status(host));
        return;
      case "reconfigure":
        this.#membership.onReconfigure(host, request, work);
        return;
      case "split":
        this.#membership.onSplit(host, request, work);
        return;
      case "transfer":
        this.#membership.onTransfer(host, request, work);
        return;
      case "group-status":
        this.#membership.onGroupStatus(host, request);
        return;
      case "snapshot-page":
        this.#pages.onRequest(request);
        return;
      case "register":
      case "admin":
      case "describe":
      case "table-work":
        this.#reply(request, { kind: "redirect", leader: null, reason: "table work goes to the metadata role" });
        return;
      default:
        unreachable(work);
    }
  }

  #get(host: GroupHost, operation: GetOperation): WorkOutcome {
    if (!this.#canRead(host, operation.isStrong)) return this.#elsewhere(host);
    const outcome = readItem(this.#env.tree, operation);
    return outcome.kind === "corrupt" ? this.#damaged(outcome) : outcome;
  }

  #getMany(host: GroupHost, gets: readonly GetOperation[]): WorkOutcome {
    const outcomes: Outcome[] = [];
    for (const get of gets) {
      const outcome = this.#get(host, get);
      if (outcome.kind !== "item") return outcome;
      outcomes.push(outcome);
    }
    return { kind: "many", outcomes };
  }

  #page(host: GroupHost, request: Request): WorkOutcome {
    const { work } = request;
    if (work.kind !== "query" && work.kind !== "scan") return redirect(host);
    if (!this.#canRead(host, work.page.isStrong)) return this.#elsewhere(host);
    const range = work.kind === "query" ? work
      : scanBounds(work.table.id, work.fromPoint, work.toPoint, work.page.index?.number);
    const outcome = readPage(this.#env.tree, work.table, range, work.page, request.bytesMax);
    return outcome.kind === "corrupt" ? this.#damaged(outcome) : outcome;
  }

  #status(host: GroupHost): WorkOutcome {
    if (host.session === null || host.isClosed) return this.#elsewhere(host);
    const counters = this.#env.tree.counters(host.group);
    return { kind: "status", applied: host.appliedLsn, items: counters.items, bytes: counters.bytes };
  }

  #write(host: GroupHost, request: Request, operation: WriteOperation): void {
    const waiter = new WriteWaiter(this, request);
    const outcome = this.#start(host, operation, waiter);
    if (outcome !== null) this.#reply(request, outcome);
  }

  #writeMany(host: GroupHost, request: Request, writes: readonly WriteOperation[]): void {
    if (host.session === null || host.isClosed) {
      this.#reply(request, this.#elsewhere(host));
      return;
    }
    const gathered = new ManyWrites(this, request, writes.length);
    for (let i = 0; i < writes.length; i++) {
      const operation = writes[i] as WriteOperation;
      const waiter = new OneOfMany(gathered, i);
      const outcome = this.#start(host, operation, waiter);
      if (outcome !== null) gathered.finish(i, outcome);
    }
  }

  /**
   * Evaluates a write and adds it to the group's open batch. Null: `waiter` will be told. An outcome: final
   * now. Runs to completion without giving up control, so that what was read is what is written on.
   */
  #start(host: GroupHost, operation: WriteOperation, waiter: PendingOutcome): WorkOutcome | null {
    const { session } = host;
    const { tree, replicator, clock } = this.#env;
    if (session === null || host.isClosed) return this.#elsewhere(host);
    if (session.isFull() || tree.isOverloaded) return SHED;
    const { key } = operation.address;
    const inFlight = session.newest(key);
    let stored: Uint8Array | null = inFlight ?? null;
    if (inFlight === undefined) {
      const read = tree.get(key);
      if (read.kind === "corrupt") return this.#damaged(read);
      stored = read.kind === "absent" ? null : read.value;
    }
    const evaluated = evaluateWrite(operation, stored);
    waiter.outcome = this.#withCollection(host, operation.table, evaluated);
    if (evaluated.value !== undefined) {
      session.add(key, evaluated.value, evaluated.items, evaluated.bytes, waiter, evaluated.derived);
      replicator.wake(host);
      return null;
    }
    if (session.waitFor(key, waiter)) return null;
    // Nothing in flight on this key: the answer is a strong read of committed state.
    return host.core.isLeaseLive(clock.monotonicMs()) ? waiter.outcome : redirect(host);
  }

  /**
   * How large an item collection is nobody counts. It is no larger than all items of its partition, each with as many
   * index rows as there can be, none of them larger than its item.
   */
  #withCollection(host: GroupHost, table: TableSchema, { outcome, bytes }: Evaluated): Outcome {
    if (table.localIndexes === undefined || outcome.kind !== "written") return outcome;
    const items = this.#env.tree.counters(host.group).bytes + bytes;
    return { ...outcome, collectionBytesMax: Math.max(items, outcome.newSize) * spacesOf(table) };
  }

  /** A replica without a whole tree serves nothing; what a split group had is its children's. */
  #canRead(host: GroupHost, isStrong: boolean): boolean {
    if (!host.hasTree || host.isClosed) return false;
    return !isStrong || (host.session !== null && host.core.isLeaseLive(this.#env.clock.monotonicMs()));
  }

  #elsewhere(host: GroupHost): WorkOutcome {
    return host.split === null ? redirect(host) : movedOutcome(host, this.#env.placed);
  }

  #damaged(damage: TreeDamage): WorkOutcome {
    this.#env.onDamage(damage);
    return DAMAGED;
  }

  #reply(request: Request, outcome: WorkOutcome): void {
    this.#env.network.send(request.from, { kind: REPLY, from: this.#env.self, id: request.id, outcome });
  }

  /** For the waiters of this file. */
  answer(request: Request, outcome: WorkOutcome): void {
    this.#reply(request, outcome);
  }
}

function redirect(host: GroupHost): Redirect {
  return { kind: "redirect", leader: host.leader, reason: "this replica does not serve the group now" };
}

abstract class PendingOutcome implements Waiter {
  outcome: Outcome = UNKNOWN_FATE;
  abstract settled(isCommitted: boolean): void;
}

class WriteWaiter extends PendingOutcome {
  readonly #node: StorageNode;
  readonly #request: Request;

  constructor(node: StorageNode, request: Request) {
    super();
    this.#node = node;
    this.#request = request;
  }

  override settled(isCommitted: boolean): void {
    this.#node.answer(this.#request, isCommitted ? this.outcome : UNKNOWN_FATE);
  }
}

/** Collects the outcomes of writes that travelled together. A redirect of one is its own refusal. */
class ManyWrites {
  readonly #node: StorageNode;
  readonly #request: Request;
  readonly #outcomes: Outcome[];
  #left: number;

  constructor(node: StorageNode, request: Request, count: number) {
    this.#node = node;
    this.#request = request;
    this.#outcomes = new Array<Outcome>(count).fill(UNKNOWN_FATE);
    this.#left = count;
  }

  finish(index: number, outcome: WorkOutcome): void {
    this.#outcomes[index] = isFinal(outcome) ? outcome : { kind: "unavailable", reason: "no serving leader" };
    this.#left--;
    if (this.#left === 0) this.#node.answer(this.#request, { kind: "many", outcomes: this.#outcomes });
  }
}

class OneOfMany extends PendingOutcome {
  readonly #many: ManyWrites;
  readonly #index: number;

  constructor(many: ManyWrites, index: number) {
    super();
    this.#many = many;
    this.#index = index;
  }

  override settled(isCommitted: boolean): void {
    this.#many.finish(this.#index, isCommitted ? this.outcome : UNKNOWN_FATE);
  }
}

function isFinal(outcome: WorkOutcome): outcome is Outcome {
  return outcome.kind !== "redirect" && outcome.kind !== "many" && outcome.kind !== "status";
}
