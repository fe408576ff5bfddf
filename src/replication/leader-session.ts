// What a leader keeps between evaluating a write and its commit: the newest *proposed* value of each key in
// flight, and who waits for which log entry. A session belongs to one ballot and dies with it.
//
// Invariant: nothing derived from in-flight state leaves the leader before that state commits. A write that
// changes nothing, or whose condition failed, waits for the flight whose value it looked at.
import { assert } from "../base/assert.ts";
import type { Lsn, StorageKey } from "../base/ids.ts";
import type { LogEntry, Mutation } from "../wire/log-record.ts";
import type { WritePayload } from "../wire/codec/write-payload.ts";

/** Told once whether the state it depends on committed. False: not known; never guess towards the client. */
export interface Waiter {
  settled(isCommitted: boolean): void;
}

/** A batch of writes that becomes one log entry. `lsn` is 0 until proposed. */
type Flight = {
  lsn: number;
  readonly mutations: Mutation[];
  /** The last value of each key of the batch. */
  readonly values: Map<StorageKey, Uint8Array | null>;
  readonly waiters: Waiter[];
  items: number;
  bytes: number;
  payloadBytes: number;
  hasState: boolean;
};

/** A batch is proposed as it is once its keys and values pass this; less where the log takes only small records. */
export const FLIGHT_BYTES_MAX: number = 1024 * 1024;
/** What else an entry may have beyond a full batch: one write, or one transaction, with all that follows it. */
const FLIGHTS_PER_RECORD = 4;
/** Batches that may wait for their commit; beyond, writes are shed. */
const FLIGHTS_MAX = 1024;
const NONE: readonly Mutation[] = [];

/** Makes the row that tells the next leader what this one knows of the partition; null: nothing to tell. */
export type StateRow = () => Mutation | null;

export class LeaderSession {
  /** Set by whoever serves the group: the row that batches end with for which `noteState` was called. */
  stateRow: StateRow = (): null => null;
  /** Greatest write timestamp given out, see model/item-codec.ts. */
  #timestamp = 0;
  #open: Flight = newFlight();
  /** Proposed, ascending by LSN; `#head` is the first not yet settled. */
  #flights: Flight[] = [];
  #head = 0;
  #isOver = false;
  readonly flightBytesMax: number;

  /** `recordBytesMax`: what a record of the log may have. */
  constructor(recordBytesMax: number) {
    this.flightBytesMax = Math.min(FLIGHT_BYTES_MAX, Math.floor(recordBytesMax / FLIGHTS_PER_RECORD));
  }

  /** The newest proposed value of `key`: undefined when nothing is in flight for it. */
  newest(key: StorageKey): Uint8Array | null | undefined {
    return this.#newestFlight(key)?.values.get(key);
  }

  /** True when the session cannot take another write now. */
  isFull(): boolean {
    return this.#flights.length - this.#head >= FLIGHTS_MAX || this.#open.payloadBytes >= this.flightBytesMax;
  }

  hasOpenBatch(): boolean {
    return this.#open.mutations.length > 0;
  }

  /**
   * `items` and `bytes` are what the mutation adds to the partition's counters. `derived` are rows that change with
   * it, in the same entry; nobody asks for the newest of them.
   */
  add(
    key: StorageKey, value: Uint8Array | null, items: number, bytes: number, waiter: Waiter,
    derived: readonly Mutation[] = NONE,
  ): void {
    assert(!this.#isOver, "a session that is over takes no writes");
    const flight = this.#open;
    flight.mutations.push({ key, value });
    flight.waiters.push(waiter);
    flight.items += items;
    flight.bytes += bytes;
    flight.payloadBytes += key.length + (value === null ? 0 : value.length);
    flight.values.set(key, value);
    for (let i = 0; i < derived.length; i++) {
      const row = derived[i] as Mutation;
      flight.mutations.push(row);
      flight.payloadBytes += row.key.length + (row.value === null ? 0 : row.value.length);
    }
  }

  /**
   * A row that changes in the open batch, and that `newest` tells of: before the batch is proposed, so in the same turn
   * as the write it belongs to.
   */
  addRow(key: StorageKey, value: Uint8Array | null): void {
    assert(!this.#isOver, "a session that is over takes no writes");
    const flight = this.#open;
    flight.mutations.push({ key, value });
    flight.values.set(key, value);
    flight.payloadBytes += key.length + (value === null ? 0 : value.length);
  }

  /** Tells `waiter` of the open batch, which has rows. */
  addWaiter(waiter: Waiter): void {
    assert(this.#open.mutations.length > 0, "a batch that is proposed");
    this.#open.waiters.push(waiter);
  }

  /** The open batch is to have the state row. */
  noteState(): void {
    this.#open.hasState = true;
  }

  /** Timestamps given out from now on are greater. */
  raiseTimestamp(timestamp: number): void {
    if (timestamp > this.#timestamp) this.#timestamp = timestamp;
  }

  get timestamp(): number {
    return this.#timestamp;
  }

  /** The next write timestamp: greater than any before, of the session or of the value that is replaced. */
  nextTimestamp(wallMs: number, replaced: number): number {
    const now = Math.floor(wallMs * 1000);
    this.#timestamp = Math.max(now, this.#timestamp + 1, replaced + 1);
    return this.#timestamp;
  }

  /** Makes `waiter` wait for the write in flight on `key`; false when there is none. */
  waitFor(key: StorageKey, waiter: Waiter): boolean {
    const flight = this.#newestFlight(key);
    if (flight === undefined) return false;
    flight.waiters.push(waiter);
    return true;
  }

  /** Proposes the open batch. `propose` returns null when the core takes nothing now: the batch stays open. */
  propose(propose: (payload: WritePayload) => LogEntry | null): void {
    const flight = this.#open;
    if (flight.mutations.length === 0) return;
    const state = flight.hasState ? this.stateRow() : null;
    if (state !== null) flight.mutations.push(state);
    flight.hasState = false;
    const entry = propose(flight);
    if (entry === null) return;
    const last = this.#flights[this.#flights.length - 1];
    assert(last === undefined || last.lsn < entry.lsn, "flights are proposed in LSN order");
    flight.lsn = entry.lsn;
    this.#flights.push(flight);
    this.#open = newFlight();
  }

  /** What proposed batches that are not applied yet add to the partition's counters. */
  inFlight(): { readonly items: number; readonly bytes: number } {
    let items = 0;
    let bytes = 0;
    for (let i = this.#head; i < this.#flights.length; i++) {
      const flight = this.#flights[i] as Flight;
      items += flight.items;
      bytes += flight.bytes;
    }
    return { items, bytes };
  }

  /** The entry at `lsn` is committed and applied: readable. */
  settle(lsn: Lsn): void {
    const flight = this.#flights[this.#head];
    if (flight === undefined || flight.lsn > lsn) return; // an entry of nobody's: a no-op, a former leader's
    assert(flight.lsn === lsn, "entries commit in order");
    this.#head++;
    if (this.#head > 64 && this.#head * 2 > this.#flights.length) {
      this.#flights = this.#flights.slice(this.#head);
      this.#head = 0;
    }
    for (const waiter of flight.waiters) waiter.settled(true);
  }

  /** Leadership is lost: what was in flight may or may not commit under the next leader. */
  abandon(): void {
    this.#isOver = true;
    const flights = this.#flights.slice(this.#head);
    if (this.#open.waiters.length > 0) flights.push(this.#open);
    this.#flights = [];
    this.#head = 0;
    this.#open = newFlight();
    for (const flight of flights) {
      for (const waiter of flight.waiters) waiter.settled(false);
    }
  }

  /**
   * The youngest batch with a write of `key`. A map per batch, dropped whole, and not one map of all keys in flight:
   * there are few batches at a time, and a map under such churn leaves garbage that only a full collection finds.
   */
  #newestFlight(key: StorageKey): Flight | undefined {
    if (this.#open.values.has(key)) return this.#open;
    for (let i = this.#flights.length - 1; i >= this.#head; i--) {
      const flight = this.#flights[i] as Flight;
      if (flight.values.has(key)) return flight;
    }
    return undefined;
  }
}

function newFlight(): Flight {
  return {
    lsn: 0, mutations: [], values: new Map(), waiters: [], items: 0, bytes: 0, payloadBytes: 0, hasState: false,
  };
}
