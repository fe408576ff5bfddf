// Brings the changes of one led partition into its table's global indexes. Each change of an item that an index shows
// has a row in the outbox, in the log entry of the change; once that is committed its rows are sent, and once all are
// acknowledged the outbox row goes. What a leader finds in the outbox when it begins, and what did not fit its memory,
// it reads from there.
import { buggify, reached } from "../../base/buggify.ts";
import type { StorageKey, TableId } from "../../base/ids.ts";
import { globalChange, globalRows } from "../../model/global-index.ts";
import { decodeStored, stampStored, storedTimestamp } from "../../model/item-codec.ts";
import { keyAfter, scanBounds, SPACES } from "../../model/key-encoding.ts";
import type { TableSchema } from "../../model/table-schema.ts";
import type { Clock } from "../../ports/clock.ts";
import type { GroupHost } from "../../replication/group-host.ts";
import type { Waiter } from "../../replication/leader-session.ts";
import type { NodeReplicator } from "../../replication/node-replicator.ts";
import type { ItemTree } from "../../storage/tree/item-tree.ts";
import type { TreeDamage } from "../../storage/tree/tree-read.ts";
import type { IndexRow } from "../../wire/data-messages.ts";
import { changeOfOutboxKey, decodeOutboxRow, encodeOutboxRow, outboxKey } from "./index-outbox.ts";
import type { IndexSender, RowSource } from "./index-sender.ts";
import type { LedPartition } from "./led-partition.ts";
import type { PlacedGroups } from "./moved.ts";
import type { Change } from "./writes.ts";

export type PropagatorEnv = {
  readonly clock: Clock;
  readonly tree: ItemTree;
  readonly replicator: NodeReplicator;
  readonly placed: PlacedGroups;
  readonly sender: IndexSender;
  /** How long a committed change waits before it is sent: for tests. */
  readonly lagMs: () => number;
  /** Keys of one batch of removals, about. */
  readonly batchBytes: number;
  readonly onDamage: (damage: TreeDamage) => void;
};

/** Changes that indexes do not have yet: with more the partition takes no writes until some are there. */
const OUTBOX_ROWS_MAX = 50_000;
/** Changes at the sender at once: several requests' worth for each of a few destinations. */
const UNDER_WAY_MAX = 2_048;
/** Committed changes that wait in memory; what is beyond is read from the outbox later. */
const QUEUE_MAX = 4_096;
const QUEUE_BYTES_MAX = 8 * 1024 * 1024;
/** Read from the outbox in one turn. */
const SCAN_ROWS_MAX = 256;
/** Removals wait so long for a write whose log entry they can share. */
const REMOVE_MS = 25;
const REMOVALS_MAX = 1_024;
/** Before something that did not go is tried again. */
const RETRY_MS = 50;

export class IndexPropagator {
  readonly #env: PropagatorEnv;
  readonly #host: GroupHost;
  readonly #partition: LedPartition;
  /** Keys of outbox rows that are queued, under way, or being removed. */
  readonly #known: Set<StorageKey> = new Set();
  #queue: Entry[] = [];
  #queueBytes = 0;
  #underWay = 0;
  /** The outbox has rows that are not in memory. */
  #mustScan = true;
  /** Where the pass through the outbox is: what lies before has been looked at, but for what was dropped since. */
  #after: StorageKey | null = null;
  #wasDropped = false;
  /** Rows of the outbox that were written or met, and not removed yet. */
  #rows = 0;
  /** Of these, how many did not fit the memory. */
  #dropped = 0;
  #removals: StorageKey[] = [];
  #removalBytes = 0;
  #isPumping = false;
  #isTimed = false;

  constructor(env: PropagatorEnv, host: GroupHost, partition: LedPartition) {
    this.#env = env;
    this.#host = host;
    this.#partition = partition;
    this.#pumpSoon();
  }

  get table(): TableId {
    return this.#partition.table;
  }

  /** False: another leader goes on where this one stopped. */
  get isOn(): boolean {
    return this.#host.session === this.#partition.session && !this.#host.isClosed && !this.#host.isRemoved;
  }

  /** See RowSource. */
  state(): "on" | "waits" | "over" {
    if (!this.isOn) return "over";
    return this.#host.core.isLeaseLive(this.#env.clock.monotonicMs()) ? "on" : "waits";
  }

  get isFull(): boolean {
    return this.#rows >= OUTBOX_ROWS_MAX;
  }

  /** Everything that was committed is in the indexes. */
  get isIdle(): boolean {
    return !this.#mustScan && this.#rows === 0;
  }

  /** Adds the outbox row to the batch of the change. */
  onChange({ table, key, before, after, timestamp, global }: Change): void {
    const next = after === null || global !== null ? null : decodeStored(after);
    const { gone, rows } = global ?? globalChange(table, key, before, after, next);
    if (gone.length === 0 && rows.length === 0) return;
    const { session } = this.#partition;
    this.#removeNow();
    const place = outboxKey(key, timestamp);
    session.addRow(place, encodeOutboxRow(place, gone));
    const sent: IndexRow[] = gone.map((row) => ({ key: row, timestamp, value: null }));
    for (const { key: row, value } of rows) {
      stampStored(value, timestamp);
      sent.push({ key: row, timestamp, value });
    }
    this.#rows++;
    session.addWaiter(new Entry(this, this.#partition, place, sent));
  }

  // ---- From the commit to the sender.

  onCommitted(entry: Entry): void {
    const { clock } = this.#env;
    const lagMs = this.#env.lagMs();
    const isRoom = this.#queue.length < QUEUE_MAX && this.#queueBytes < QUEUE_BYTES_MAX
      && !buggify("indexes: a change is not kept in memory");
    if (isRoom && lagMs === 0) this.#enqueue(entry);
    else if (isRoom) {
      this.#known.add(entry.place);
      clock.setTimer(lagMs, () => this.#enqueue(entry));
    } else {
      this.#mustScan = true;
      this.#wasDropped = true;
      this.#dropped++;
      this.#pumpSoon();
    }
  }

  #enqueue(entry: Entry): void {
    this.#known.add(entry.place);
    this.#queue.push(entry);
    this.#queueBytes += entry.bytes;
    this.#pumpSoon();
  }

  #pumpSoon(): void {
    if (this.#isPumping) return;
    this.#isPumping = true;
    this.#env.clock.endOfTurn(() => {
      this.#isPumping = false;
      if (this.isOn) this.#pump();
    });
  }

  #pump(): void {
    const queue = this.#queue;
    let taken = 0;
    while (taken < queue.length && this.#underWay < UNDER_WAY_MAX) {
      const entry = queue[taken++] as Entry;
      this.#queueBytes -= entry.bytes;
      this.#underWay++;
      if (entry.rows.length === 0) this.onSent(entry);
      for (const row of entry.rows) this.#env.sender.send(row, entry);
    }
    this.#queue = taken === queue.length ? [] : queue.slice(taken);
    if (this.#mustScan && this.#queue.length === 0 && this.#underWay < UNDER_WAY_MAX) this.#scan();
  }

  /** All rows of the change are in the indexes. */
  onSent(entry: Entry): void {
    this.#underWay--;
    this.#removals.push(entry.place);
    this.#removalBytes += entry.place.length;
    if (this.#removals.length >= REMOVALS_MAX || this.#removalBytes >= this.#env.batchBytes) this.#removeNow();
    else this.#later(REMOVE_MS);
    if (this.#queue.length > 0 || this.#mustScan) this.#pumpSoon();
  }

  #later(delayMs: number): void {
    if (this.#isTimed) return;
    this.#isTimed = true;
    this.#env.clock.setTimer(delayMs, () => {
      this.#isTimed = false;
      if (!this.isOn) return;
      this.#removeNow();
      if (this.#mustScan) this.#pumpSoon();
    });
  }

  /** In the open batch, if it takes more. */
  #removeNow(): void {
    const removed = this.#removals;
    if (removed.length === 0 || !this.isOn) return;
    const { session } = this.#partition;
    if (session.isFull()) {
      this.#later(RETRY_MS);
      return;
    }
    this.#removals = [];
    this.#removalBytes = 0;
    for (const place of removed) session.addRow(place, null);
    session.addWaiter({
      settled: (isCommitted) => {
        if (!isCommitted) return;
        this.#rows -= removed.length;
        for (const place of removed) this.#known.delete(place);
      },
    });
    this.#env.replicator.wake(this.#host);
  }

  // ---- From the outbox.

  /** Reads rows that are not in memory; waits when this node does not know the table well enough to make rows of it. */
  #scan(): void {
    const { tree, placed, clock, onDamage } = this.#env;
    const table = placed.schemaOf(this.#partition.table);
    const placement = placed.placementOf(this.#host.group);
    if (table === null || placement === null || table.version < this.#partition.version) {
      this.#later(RETRY_MS);
      return;
    }
    const { from, to } = placement.partition;
    const range = scanBounds(this.#partition.table, from, to, SPACES.outbox);
    const found: { readonly place: StorageKey; readonly gone: readonly StorageKey[] }[] = [];
    if (this.#after === null) this.#wasDropped = false;
    const next = this.#after === null ? range.from : keyAfter(this.#after);
    const damage = tree.scan(next, range.to, true, (place, stored) => {
      this.#after = place;
      if (!this.#known.has(place)) found.push({ place, gone: decodeOutboxRow(stored) });
      return found.length < SCAN_ROWS_MAX;
    });
    if (damage !== null) {
      onDamage(damage);
      return;
    }
    const isEnd = found.length < SCAN_ROWS_MAX;
    for (const { place, gone } of found) {
      const rows = this.#rowsOf(table, place, gone);
      if (rows === null) return;
      reached("indexes: a leader sent what its memory did not have");
      if (this.#dropped > 0) this.#dropped--;
      else this.#rows++;
      this.#enqueue(new Entry(this, this.#partition, place, rows));
    }
    if (isEnd) {
      this.#after = null;
      this.#mustScan = this.#wasDropped;
    }
    if (this.#mustScan) clock.endOfTurn(() => this.#pumpSoon());
  }

  /** Null: the tree is damaged. */
  #rowsOf(table: TableSchema, place: StorageKey, gone: readonly StorageKey[]): IndexRow[] | null {
    const { item, timestamp } = changeOfOutboxKey(place);
    const rows: IndexRow[] = gone.map((key) => ({ key, timestamp, value: null }));
    const read = this.#env.tree.get(item);
    if (read.kind === "corrupt") {
      this.#env.onDamage(read);
      return null;
    }
    if (read.kind === "absent") return rows;
    const current = storedTimestamp(read.value);
    for (const { key, value } of globalRows(table, item, read.value, () => true)) {
      stampStored(value, current);
      rows.push({ key, timestamp: current, value });
    }
    return rows;
  }
}

/** One change: waits for its commit, then for its rows. */
class Entry implements Waiter, RowSource {
  readonly place: StorageKey;
  readonly rows: readonly IndexRow[];
  readonly bytes: number;
  readonly table: TableId;
  readonly version: number;
  readonly #propagator: IndexPropagator;
  #left: number;

  constructor(propagator: IndexPropagator, partition: LedPartition, place: StorageKey, rows: readonly IndexRow[]) {
    this.#propagator = propagator;
    this.table = partition.table;
    this.version = partition.version;
    this.place = place;
    this.rows = rows;
    this.#left = rows.length;
    let bytes = 0;
    for (const { key, value } of rows) bytes += key.length + (value === null ? 0 : value.length);
    this.bytes = bytes;
  }

  settled(isCommitted: boolean): void {
    if (isCommitted && this.#propagator.isOn) this.#propagator.onCommitted(this);
  }

  state(): "on" | "waits" | "over" {
    return this.#propagator.state();
  }

  rowDone(): void {
    this.#left--;
    if (this.#left === 0) this.#propagator.onSent(this);
  }
}
