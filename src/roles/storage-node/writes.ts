// Writes on the groups that this node leads: evaluated against the newest proposed state, made physical, and added to
// the group's open batch. Nothing is awaited between looking and adding, so that what was read is what is written on.
import { assert } from "../../base/assert.ts";
import type { StorageKey } from "../../base/ids.ts";
import { stampStored, storedTimestamp } from "../../model/item-codec.ts";
import { collectionKey } from "../../model/key-encoding.ts";
import type { GlobalChange } from "../../model/global-index.ts";
import type { DeleteOperation, Outcome, WriteOperation } from "../../model/operation.ts";
import type { TableSchema } from "../../model/table-schema.ts";
import type { Clock } from "../../ports/clock.ts";
import type { GroupHost } from "../../replication/group-host.ts";
import type { LeaderSession, Waiter } from "../../replication/leader-session.ts";
import type { NodeReplicator } from "../../replication/node-replicator.ts";
import type { ItemTree } from "../../storage/tree/item-tree.ts";
import type { TreeDamage } from "../../storage/tree/tree-read.ts";
import type { Redirect, Request, WorkOutcome } from "../../wire/data-messages.ts";
import { COLLECTION_BYTES_MAX, collectionBytesOf, encodeCollection } from "./collections.ts";
import { evaluateWrite, type Evaluated } from "./evaluate-write.ts";
import type { LedPartition, LedPartitions } from "./led-partition.ts";
import { elsewhere, redirect, type PlacedGroups } from "./moved.ts";

export type WritesEnv = {
  readonly clock: Clock;
  readonly tree: ItemTree;
  readonly replicator: NodeReplicator;
  readonly placed: PlacedGroups;
  readonly led: LedPartitions;
  readonly answer: (request: Request, outcome: WorkOutcome) => void;
  readonly onDamage: (damage: TreeDamage) => void;
};

/** One item's change in the open batch of its partition. */
export type Change = {
  readonly host: GroupHost;
  readonly partition: LedPartition;
  /** The newest record of the table that the leader knows of. */
  readonly table: TableSchema;
  readonly key: StorageKey;
  /** In stored form; null: no item. */
  readonly before: Uint8Array | null;
  /** In stored form, stamped; null: the item goes. */
  readonly after: Uint8Array | null;
  readonly timestamp: number;
  /** The service deleted the item because its time was over. */
  readonly isExpiry: boolean;
  /** How rows of global indexes change with it; null: not looked at yet. */
  readonly global: GlobalChange | null;
};

/** Adds rows (`session.addRow`) to the batch of each change of a table that it follows: outboxes, streams. */
export interface ChangeFollower {
  follows(table: TableSchema): boolean;
  onChange(change: Change): void;
  /** Why it cannot follow more changes of the partition now; null or absent: it can. */
  refusal?(partition: LedPartition, table: TableSchema): Outcome | null;
}

export const UNKNOWN_FATE: Outcome = {
  kind: "unavailable", reason: "leadership changed while the write was under way; it may or may not be done",
};
const DAMAGED: Redirect = { kind: "redirect", leader: null, reason: "the replica's tree is damaged" };
export const SHED: Outcome = { kind: "overloaded", reason: "too many writes wait for the log or the tree" };
const CONFLICT: Outcome = { kind: "conflict" };
export const FOREIGN: Redirect = { kind: "redirect", leader: null, reason: "an item of another partition" };
const BEHIND: Redirect = { kind: "redirect", leader: null, reason: "this node's catalogue is behind the partition" };

/** What a leader may evaluate on, or why not. */
export type Ready = { readonly kind: "ready"; readonly partition: LedPartition; readonly table: TableSchema };

export class Writes {
  readonly #env: WritesEnv;
  readonly #followers: readonly ChangeFollower[];

  constructor(env: WritesEnv, followers: readonly ChangeFollower[] = []) {
    this.#env = env;
    this.#followers = followers;
  }

  write(host: GroupHost, request: Request, operation: WriteOperation): void {
    const waiter = new WriteWaiter(this.#env, request);
    const outcome = this.#start(host, operation, waiter);
    if (outcome !== null) this.#env.answer(request, outcome);
  }

  writeMany(host: GroupHost, request: Request, writes: readonly WriteOperation[]): void {
    if (host.session === null || host.isClosed) {
      this.#env.answer(request, elsewhere(host, this.#env.placed));
      return;
    }
    const gathered = new ManyWrites(this.#env, request, writes.length);
    for (let i = 0; i < writes.length; i++) {
      const operation = writes[i] as WriteOperation;
      const waiter = new OneOfMany(gathered, i);
      const outcome = this.#start(host, operation, waiter);
      if (outcome !== null) gathered.finish(i, outcome);
    }
  }

  /** Deletes an item whose time is over. False: this replica takes no writes at the moment. */
  expire(host: GroupHost, operation: DeleteOperation): boolean {
    const outcome = this.#start(host, operation, new Unheard(), true);
    return outcome === null || (isFinal(outcome) && outcome.kind !== "overloaded");
  }

  /** Whether this replica may evaluate writes of `known`'s table now. */
  ready(host: GroupHost, session: LeaderSession, known: TableSchema): Ready | WorkOutcome {
    const partition = this.#env.led.of(host, session, known);
    if (partition.kind === "corrupt") return this.damaged(partition);
    if (partition.kind === "unplaced") return BEHIND;
    const table = this.#env.led.newest(partition, known);
    return table === null ? BEHIND : { kind: "ready", partition, table };
  }

  /** The newest proposed value of a key, in stored form; null: none. */
  newest(session: LeaderSession, key: StorageKey): Uint8Array | null | TreeDamage {
    const inFlight = session.newest(key);
    if (inFlight !== undefined) return inFlight;
    const read = this.#env.tree.get(key);
    return read.kind === "value" ? read.value : read.kind === "absent" ? null : read;
  }

  /**
   * Adds one item's change to the open batch, with whatever follows it. `value` is stamped here: nobody else may hold
   * its bytes. Returns the write timestamp.
   */
  change(
    host: GroupHost, session: LeaderSession, { partition, table }: Ready, key: StorageKey, before: Uint8Array | null,
    evaluated: Evaluated, isExpiry: boolean, waiter: Waiter,
  ): number {
    const { value } = evaluated;
    assert(value !== undefined, "a change changes something");
    const replaced = before === null ? 0 : storedTimestamp(before);
    partition.raiseToStream(table);
    const timestamp = session.nextTimestamp(this.#env.clock.wallMs(), replaced);
    if (value === null) {
      session.noteState();
      partition.deleteMark = timestamp;
    } else stampStored(value, timestamp);
    session.add(key, value, evaluated.items, evaluated.bytes, waiter, evaluated.derived);
    if (evaluated.collectionBytes !== null) {
      const bytes = this.collectionBytes(session, key, evaluated.collectionBytes);
      const row = collectionKey(key);
      if (typeof bytes === "number") session.addRow(row, bytes === 0 ? null : encodeCollection(row, bytes));
      else this.damaged(bytes);
    }
    for (const follower of this.#followers) {
      if (!follower.follows(table)) continue;
      partition.raiseVersion(table.version);
      session.noteState();
      follower.onChange({
        host, partition, table, key, before, after: value, timestamp, isExpiry, global: evaluated.global ?? null,
      });
    }
    this.#env.replicator.wake(host);
    return timestamp;
  }

  /** The outcome of a write, in the light of the collection that the item is in. */
  withCollection(session: LeaderSession, key: StorageKey, evaluated: Evaluated): Outcome | TreeDamage {
    const { outcome, collectionBytes } = evaluated;
    if (collectionBytes === null) return outcome;
    const bytes = this.collectionBytes(session, key, collectionBytes);
    if (typeof bytes !== "number") return bytes;
    if (collectionBytes > 0 && bytes > COLLECTION_BYTES_MAX) return { kind: "collection-too-large" };
    return outcome.kind === "written" ? { ...outcome, collectionBytes: bytes } : outcome;
  }

  /** Why the partition's followers take no more changes now; null: they do. */
  refusal({ partition, table }: Ready): Outcome | null {
    for (const follower of this.#followers) {
      const refusal = follower.refusal?.(partition, table) ?? null;
      if (refusal !== null) return refusal;
    }
    return null;
  }

  /** What the collection of the item at `key` has when it changes by so much. */
  collectionBytes(session: LeaderSession, key: StorageKey, change: number): number | TreeDamage {
    const stored = this.newest(session, collectionKey(key));
    if (stored !== null && "kind" in stored) return stored;
    return Math.max(0, collectionBytesOf(stored) + change);
  }

  /** Null: `waiter` will be told. An outcome: final now. */
  #start(
    host: GroupHost, operation: WriteOperation, waiter: PendingOutcome, isExpiry = false,
  ): WorkOutcome | null {
    const { session } = host;
    const { tree, clock } = this.#env;
    if (session === null || host.isClosed) return elsewhere(host, this.#env.placed);
    if (session.isFull() || tree.isOverloaded) return SHED;
    const ready = this.ready(host, session, operation.table);
    if (ready.kind !== "ready") return ready;
    const refusal = this.refusal(ready);
    if (refusal !== null) return refusal;
    const { key, point } = operation.address;
    if (!ready.partition.covers(point)) return FOREIGN;
    if (ready.partition.locks.has(key)) return CONFLICT;
    const stored = this.newest(session, key);
    if (stored !== null && "kind" in stored) return this.damaged(stored);
    const evaluated = evaluateWrite(operation, stored, ready.table);
    const outcome = this.withCollection(session, key, evaluated);
    if (outcome.kind === "corrupt") return this.damaged(outcome);
    waiter.outcome = outcome;
    if (outcome.kind === "collection-too-large") return outcome;
    if (evaluated.value !== undefined) {
      this.change(host, session, ready, key, stored, evaluated, isExpiry, waiter);
      return null;
    }
    if (session.waitFor(key, waiter)) return null;
    // Nothing in flight on this key: the answer is a strong read of committed state.
    return host.core.isLeaseLive(clock.monotonicMs()) ? waiter.outcome : redirect(host);
  }

  damaged(damage: TreeDamage): WorkOutcome {
    this.#env.onDamage(damage);
    return DAMAGED;
  }
}

abstract class PendingOutcome implements Waiter {
  outcome: Outcome = UNKNOWN_FATE;
  abstract settled(isCommitted: boolean): void;
}

/** Nobody is told. */
class Unheard extends PendingOutcome {
  override settled(): void {
    return;
  }
}

class WriteWaiter extends PendingOutcome {
  readonly #env: WritesEnv;
  readonly #request: Request;

  constructor(env: WritesEnv, request: Request) {
    super();
    this.#env = env;
    this.#request = request;
  }

  override settled(isCommitted: boolean): void {
    this.#env.answer(this.#request, isCommitted ? this.outcome : UNKNOWN_FATE);
  }
}

/** Collects the outcomes of writes that travelled together. A redirect of one is its own refusal. */
class ManyWrites {
  readonly #env: WritesEnv;
  readonly #request: Request;
  readonly #outcomes: Outcome[];
  #left: number;

  constructor(env: WritesEnv, request: Request, count: number) {
    this.#env = env;
    this.#request = request;
    this.#outcomes = new Array<Outcome>(count).fill(UNKNOWN_FATE);
    this.#left = count;
  }

  finish(index: number, outcome: WorkOutcome): void {
    this.#outcomes[index] = isFinal(outcome) ? outcome : { kind: "unavailable", reason: "no serving leader" };
    this.#left--;
    if (this.#left === 0) this.#env.answer(this.#request, { kind: "many", outcomes: this.#outcomes });
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
