// Brings the items of one led partition into an index that its table has got since. First the state row is committed,
// so that every write from then on, by whatever leader, is made with the index; then all items are read, a slice at a
// time, and sent with their own timestamps: what changes meanwhile is sent by the propagator with later ones.
import { reached } from "../../base/buggify.ts";
import type { StorageKey, TableId } from "../../base/ids.ts";
import { globalRows } from "../../model/global-index.ts";
import { stampStored, storedTimestamp } from "../../model/item-codec.ts";
import { ITEMS_INDEX, keyAfter, scanBounds } from "../../model/key-encoding.ts";
import type { GroupHost } from "../../replication/group-host.ts";
import type { IndexRow } from "../../wire/data-messages.ts";
import type { PropagatorEnv } from "./index-propagator.ts";
import type { RowSource } from "./index-sender.ts";
import type { LedPartition } from "./led-partition.ts";
import { encodeState, stateKey } from "./partition-state.ts";

/** One slice: a few milliseconds of reading, and about one request to each of a few destinations. */
const SLICE_ROWS_MAX = 256;
const SLICE_BYTES_MAX = 512 * 1024;
/** Between slices: leaves most of the time to the traffic. */
const PAUSE_MS = 2;
/** Before something that did not go is tried again. */
const RETRY_MS = 50;

export class IndexFill implements RowSource {
  /** Every item is in the index. */
  isDone = false;
  readonly #env: PropagatorEnv;
  readonly #host: GroupHost;
  readonly #partition: LedPartition;
  readonly #index: TableId;
  #after: StorageKey | null = null;
  #isEnd = false;
  /** Rows of the slice that are under way. */
  #left = 0;

  constructor(env: PropagatorEnv, host: GroupHost, partition: LedPartition, index: TableId) {
    this.#env = env;
    this.#host = host;
    this.#partition = partition;
    this.#index = index;
    this.#begin();
  }

  get table(): TableId {
    return this.#partition.table;
  }

  get version(): number {
    return this.#partition.version;
  }

  get isOn(): boolean {
    return this.#host.session === this.#partition.session && !this.#host.isClosed && !this.#host.isRemoved;
  }

  state(): "on" | "waits" | "over" {
    if (!this.isOn) return "over";
    return this.#host.core.isLeaseLive(this.#env.clock.monotonicMs()) ? "on" : "waits";
  }

  /** The partition's version is that of a record with the index already. */
  #begin(): void {
    const { session, table, from } = this.#partition;
    if (session.isFull()) {
      this.#later(RETRY_MS, () => this.#begin());
      return;
    }
    const key = stateKey(table, from);
    session.addRow(key, encodeState(key, this.#partition.state()));
    session.addWaiter({
      settled: (isCommitted) => {
        if (isCommitted) this.#later(0, () => this.#slice());
      },
    });
    this.#env.replicator.wake(this.#host);
  }

  #later(delayMs: number, act: () => void): void {
    this.#env.clock.setTimer(delayMs, () => {
      if (this.isOn) act();
    });
  }

  #slice(): void {
    const { tree, placed, sender, onDamage } = this.#env;
    const table = placed.schemaOf(this.#partition.table);
    const placement = placed.placementOf(this.#host.group);
    if (table === null || placement === null || table.version < this.#partition.version) {
      this.#later(RETRY_MS, () => this.#slice());
      return;
    }
    const { from, to } = placement.partition;
    const range = scanBounds(this.#partition.table, from, to, ITEMS_INDEX);
    const rows: IndexRow[] = [];
    let seen = 0;
    let bytes = 0;
    const next = this.#after === null ? range.from : keyAfter(this.#after);
    const damage = tree.scan(next, range.to, true, (key, stored) => {
      for (const row of globalRows(table, key, stored, (index) => index.table === this.#index)) {
        const timestamp = Math.max(1, storedTimestamp(stored));
        stampStored(row.value, timestamp);
        rows.push({ key: row.key, timestamp, value: row.value });
      }
      this.#after = key;
      bytes += stored.length;
      return ++seen < SLICE_ROWS_MAX && bytes < SLICE_BYTES_MAX;
    });
    if (damage !== null) {
      onDamage(damage);
      return;
    }
    this.#isEnd = seen < SLICE_ROWS_MAX && bytes < SLICE_BYTES_MAX;
    this.#left = rows.length;
    if (rows.length === 0) this.#next();
    else reached("indexes: items from before the index were brought in");
    for (const row of rows) sender.send(row, this);
  }

  rowDone(): void {
    this.#left--;
    if (this.#left === 0) this.#next();
  }

  #next(): void {
    if (this.#isEnd) this.isDone = true;
    else this.#later(PAUSE_MS, () => this.#slice());
  }
}
