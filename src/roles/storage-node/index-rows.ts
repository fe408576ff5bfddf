// The partition of a global index: applies rows by their timestamps, and forgets rows that went after a while.
//
// At each place there is a row, or a tombstone, or nothing; each with the timestamp of the change of the item that made
// it. A change counts when it is later than what is there. So the same changes in any order, however often, make the
// same rows: what is late by whatever way (an old leader's request, a second delivery, an item that was read before it
// changed) does no harm. A tombstone is kept for longer than anything may be on its way.
import { assert } from "../../base/assert.ts";
import { reached } from "../../base/buggify.ts";
import type { StorageKey } from "../../base/ids.ts";
import { encodeRow, rowBody, stampStored, storedSize, storedTimestamp } from "../../model/item-codec.ts";
import { keyInSpace, pointOfKey, scanBounds, SPACES } from "../../model/key-encoding.ts";
import type { Clock } from "../../ports/clock.ts";
import type { GroupHost } from "../../replication/group-host.ts";
import type { LeaderSession, Waiter } from "../../replication/leader-session.ts";
import type { NodeReplicator } from "../../replication/node-replicator.ts";
import type { ItemTree } from "../../storage/tree/item-tree.ts";
import type { TreeDamage } from "../../storage/tree/tree-read.ts";
import type { IndexRow, IndexRowsWork, Request, WorkOutcome } from "../../wire/data-messages.ts";
import { tableOfKey } from "./index-sender.ts";
import { elsewhere, type PlacedGroups } from "./moved.ts";

export type IndexRowsEnv = {
  readonly clock: Clock;
  readonly tree: ItemTree;
  readonly replicator: NodeReplicator;
  readonly placed: PlacedGroups;
  readonly answer: (request: Request, outcome: WorkOutcome) => void;
  readonly onDamage: (damage: TreeDamage) => void;
};

/** Tombstones are kept for so long: no request is on its way for as long, and only leaders send. */
const TOMBSTONE_MS = 600_000;
/** Looked at in one turn, so that a sweep does not hold up the traffic. */
const SWEEP_ROWS_MAX = 512;
/**
 * Body of a tombstone, little-endian: the ballot of the leader that wrote it and its monotonic clock. Of another's it
 * is only known that it is older than this leadership. Wall clocks would do, were they never set.
 */
const TOMBSTONE_BYTES = 16;

const SHED: WorkOutcome = { kind: "overloaded", reason: "too many writes wait for the log or the tree" };
const UNPLACED: WorkOutcome = { kind: "redirect", leader: null, reason: "this node's catalogue is behind the group" };

export class IndexRows {
  readonly #env: IndexRowsEnv;

  constructor(env: IndexRowsEnv) {
    this.#env = env;
  }

  onRequest(host: GroupHost, request: Request, work: IndexRowsWork): void {
    const outcome = this.#apply(host, request, work);
    if (outcome !== null) this.#env.answer(request, outcome);
  }

  /** Null: answered when what it changed, or found done, is committed. */
  #apply(host: GroupHost, request: Request, { rows }: IndexRowsWork): WorkOutcome | null {
    const { tree, placed, replicator, onDamage } = this.#env;
    const { session } = host;
    if (session === null || host.isClosed) return elsewhere(host, placed);
    if (session.isFull() || tree.isOverloaded) return SHED;
    const placement = placed.placementOf(host.group);
    if (placement === null || placement.table === null) return UNPLACED;
    const { from, to } = placement.partition;
    for (const { key } of rows) {
      const point = pointOfKey(key);
      if (tableOfKey(key) !== placement.table || point < from || point >= to) {
        return { kind: "invalid", message: "the partition has no such rows" };
      }
    }
    const before = session.hasOpenBatch();
    let isChanged = false;
    const unsettled: StorageKey[] = [];
    for (const row of rows) {
      const done = this.#applyOne(host, session, row, unsettled);
      if (done !== true && done !== false) {
        onDamage(done);
        return UNPLACED;
      }
      if (done) isChanged = true;
    }
    const waiter = new RowsWaiter(() => this.#env.answer(request, { kind: "done" }), () => {
      this.#env.answer(request, elsewhere(host, placed));
    });
    if (isChanged) {
      session.addWaiter(waiter);
      replicator.wake(host);
    } else {
      assert(before || !session.hasOpenBatch(), "nothing was added");
      for (const key of unsettled) if (session.waitFor(key, waiter)) waiter.left++;
      waiter.settled(true);
    }
    return null;
  }

  /** Whether anything changes. `unsettled`: keys whose newest value is not committed, and was found late enough. */
  #applyOne(
    host: GroupHost, session: LeaderSession, row: IndexRow, unsettled: StorageKey[],
  ): boolean | TreeDamage {
    const { key, timestamp, value } = row;
    const current = this.#newest(session, key);
    if (current !== null && "kind" in current) return current;
    const grave = keyInSpace(key, SPACES.tombstones);
    if (current !== null) {
      if (storedTimestamp(current) >= timestamp) {
        reached("indexes: a row came late and changed nothing");
        unsettled.push(key);
        return false;
      }
      if (value === null) {
        session.add(key, null, -1, -storedSize(current), NOBODY);
        this.#bury(host, session, grave, timestamp);
      } else session.add(key, value, 0, storedSize(value) - storedSize(current), NOBODY);
      return true;
    }
    const tombstone = this.#newest(session, grave);
    if (tombstone !== null && "kind" in tombstone) return tombstone;
    if (tombstone !== null && storedTimestamp(tombstone) >= timestamp) {
      reached("indexes: a row met a tombstone");
      unsettled.push(grave);
      return false;
    }
    if (value === null) this.#bury(host, session, grave, timestamp);
    else {
      session.add(key, value, 1, storedSize(value), NOBODY);
      if (tombstone !== null) session.addRow(grave, null);
    }
    return true;
  }

  #bury({ ballot }: GroupHost, session: LeaderSession, grave: StorageKey, timestamp: number): void {
    const body = new Uint8Array(TOMBSTONE_BYTES);
    const view = new DataView(body.buffer);
    view.setFloat64(0, ballot, true);
    view.setFloat64(8, this.#env.clock.monotonicMs(), true);
    const stored = encodeRow(body, grave);
    stampStored(stored, timestamp);
    session.addRow(grave, stored);
  }

  #newest(session: LeaderSession, key: StorageKey): Uint8Array | null | TreeDamage {
    const inFlight = session.newest(key);
    if (inFlight !== undefined) return inFlight;
    const read = this.#env.tree.get(key);
    return read.kind === "value" ? read.value : read.kind === "absent" ? null : read;
  }

  /**
   * Removes tombstones that are old enough from a partition that this node leads, since `sinceMs` or longer, behind
   * `after`. Returns where to go on, or null at the end.
   */
  sweep(host: GroupHost, session: LeaderSession, sinceMs: number, after: StorageKey | null): StorageKey | null {
    const { tree, clock, replicator, placed, onDamage } = this.#env;
    const placement = placed.placementOf(host.group);
    if (placement === null || placement.table === null || host.isClosed || session.isFull()) return null;
    const { from, to } = placement.partition;
    const range = scanBounds(placement.table, from, to, SPACES.tombstones);
    const oldest = clock.monotonicMs() - TOMBSTONE_MS;
    const old: StorageKey[] = [];
    let seen = 0;
    let last: StorageKey | null = null;
    const damage = tree.scan(after ?? range.from, range.to, true, (key, value) => {
      const body = rowBody(value);
      assert(body.length === TOMBSTONE_BYTES, "a tombstone holds a ballot and a time");
      const view = new DataView(body.buffer, body.byteOffset);
      const fromMs = view.getFloat64(0, true) === host.ballot ? view.getFloat64(8, true) : sinceMs;
      if (fromMs < oldest) old.push(key);
      last = key;
      return ++seen < SWEEP_ROWS_MAX;
    });
    if (damage !== null) {
      onDamage(damage);
      return null;
    }
    let isChanged = false;
    for (const key of old) {
      if (session.newest(key) !== undefined) continue; // it is being written anew
      session.addRow(key, null);
      isChanged = true;
    }
    if (isChanged) replicator.wake(host);
    return seen < SWEEP_ROWS_MAX ? null : last;
  }
}

const NOBODY: Waiter = { settled: () => undefined };

/** Waits for one more than `left`. */
class RowsWaiter implements Waiter {
  left = 1;
  #isCommitted = true;
  readonly #done: () => void;
  readonly #failed: () => void;

  constructor(done: () => void, failed: () => void) {
    this.#done = done;
    this.#failed = failed;
  }

  settled(isCommitted: boolean): void {
    if (!isCommitted) this.#isCommitted = false;
    this.left--;
    if (this.left > 0) return;
    if (this.#isCommitted) this.#done();
    else this.#failed();
  }
}
