// The applied state of all groups of a node: a store on disk, written at checkpoints, and the newer changes in
// memory. Nothing here waits for the disk but the checkpoint, which runs beside the traffic in small
// transactions. Invariants:
//   - what a reader sees is the newest applied value of each key, whatever a checkpoint is doing
//   - a group's checkpoint LSN is durable together with every change up to it
//   - at most two generations are in memory: one that takes changes, one that is being written
//
// A checkpoint of several transactions leaves, after a crash in the middle, newer values of some keys beside
// older ones of others. Records are physical, so replaying them from the checkpoint LSN repairs that, once it
// has passed the "dirty" LSN which the first transaction notes: until then the group must not serve
// (`recoveryFloor`).
import { assert } from "../../base/assert.ts";
import { buggify } from "../../base/buggify.ts";
import { binaryInto } from "../../base/binary-string.ts";
import { crc32c } from "../../base/crc32c.ts";
import { lsn as lsnOf } from "../../base/ids.ts";
import type { GroupId, Lsn, StorageKey } from "../../base/ids.ts";
import { isStoredIntact, storedChecksum } from "../../model/item-codec.ts";
import type { Clock, TimerHandle } from "../../ports/clock.ts";
import type { KvError, KvStore } from "../../ports/kv-store.ts";
import { KEY_BYTES_MAX } from "../../ports/kv-store.ts";
import type { Telemetry } from "../../ports/telemetry.ts";
import type { Mutation } from "../../wire/log-record.ts";
import { decodeMark, MARKS_FROM, MARKS_TO, NO_MARK } from "./checkpoint-mark.ts";
import type { CheckpointMark } from "./checkpoint-mark.ts";
import { CheckpointWriter } from "./checkpoint-writer.ts";
import { CollectionCache } from "./collection-cache.ts";
import type { Collection } from "./collection.ts";
import { Overlay } from "./overlay.ts";
import type { GroupProgress } from "./overlay.ts";
import { RowCache } from "./row-cache.ts";
import { scanRange } from "./range-scan.ts";
import type { TreeOptions } from "./tree-options.ts";
import { ABSENT, damagedRow, unreadable } from "./tree-read.ts";
import type { TreeDamage, TreeRead, TreeVisit } from "./tree-read.ts";

export type GroupCounters = { readonly items: number; readonly bytes: number };
export type SplitChild = { readonly group: GroupId; readonly items: number; readonly bytes: number };
/** Digest of a range: equal on replicas that hold the same rows. */
export type RangeDigest = { readonly items: number; readonly bytes: number; readonly crc: number };

export type OpenedTree =
  | { readonly ok: true; readonly tree: ItemTree }
  | { readonly ok: false; readonly error: TreeDamage };

/** Reads how far each group has come in `kv`. */
export function openItemTree(kv: KvStore, clock: Clock, options: TreeOptions, telemetry: Telemetry): OpenedTree {
  const marks = new Map<GroupId, CheckpointMark>();
  let damage: TreeDamage | null = null;
  const error = kv.scan(MARKS_FROM, MARKS_TO, true, (key, value) => {
    const decoded = decodeMark(key, value);
    if (decoded === null) damage = damagedRow(kv.file, key);
    else marks.set(decoded.group, decoded.mark);
    return decoded !== null;
  });
  if (error !== null) return { ok: false, error: unreadable(error, MARKS_FROM) };
  if (damage !== null) return { ok: false, error: damage };
  return { ok: true, tree: new ItemTree(kv, clock, options, telemetry, marks) };
}

export class ItemTree {
  /** Called for each group of a finished checkpoint: its log may be released up to `lsn`. */
  onCheckpoint: (group: GroupId, lsn: Lsn) => void = () => undefined;
  /** Called once; the node must stop. */
  onFailure: (error: KvError) => void = () => undefined;
  readonly #kv: KvStore;
  readonly #clock: Clock;
  readonly #options: TreeOptions;
  readonly #telemetry: Telemetry;
  /** As on disk. */
  readonly #marks: Map<GroupId, CheckpointMark>;
  /** As applied. */
  readonly #progress = new Map<GroupId, GroupProgress>();
  /** Of groups whose rows were installed: they must not serve below this. Until a mark says so. */
  readonly #installedDirty = new Map<GroupId, Lsn>();
  readonly #writer: CheckpointWriter;
  readonly #rows: RowCache;
  readonly #collections: CollectionCache;
  #active: Overlay = new Overlay(1);
  #frozen: Overlay | null = null;
  #timer: TimerHandle | null = null;
  #firstApplyMs = 0;
  #lastApplyMs = 0;
  #waiters: { readonly generation: number; readonly done: () => void }[] = [];
  #roomWaiters: (() => void)[] = [];
  #isCheckpointPlanned = false;
  #failure: KvError | null = null;
  #isClosing = false;

  constructor(
    kv: KvStore, clock: Clock, options: TreeOptions, telemetry: Telemetry, marks: Map<GroupId, CheckpointMark>,
  ) {
    assert(options.checkpointBytes < options.overloadBytes, "checkpoints begin before overload");
    this.#kv = kv;
    this.#clock = clock;
    this.#options = options;
    this.#telemetry = telemetry;
    this.#rows = new RowCache(options.cacheBytes / 2);
    this.#collections = new CollectionCache(kv, options.cacheBytes / 2);
    this.#marks = marks;
    for (const [group, { isWhole, checkpoint, items, bytes }] of marks) {
      if (isWhole) this.#progress.set(group, { lsn: checkpoint, items, bytes });
    }
    this.#writer = new CheckpointWriter(kv, clock, options, marks, this.#installedDirty);
    this.#writer.onCheckpointed = (generation): void => this.#checkpointed(generation);
    this.#writer.onIdle = (): void => this.#maybeCheckpoint();
    this.#writer.onFailure = (error): void => this.#fail(error);
  }

  /** The newest applied value, checked when it comes from the store. */
  get(key: StorageKey): TreeRead {
    let newer = this.#active.get(key);
    if (newer === undefined && this.#frozen !== null) newer = this.#frozen.get(key);
    if (newer === null) return ABSENT;
    if (newer !== undefined) return { kind: "value", value: newer };
    const cached = this.#rows.get(key);
    if (cached !== undefined) return { kind: "value", value: cached };
    const stored = this.#kv.get(key);
    if (stored === null) return ABSENT;
    if (!(stored instanceof Uint8Array)) return this.#unreadable(stored, key);
    if (!isStoredIntact(stored, key)) return damagedRow(this.#kv.file, key);
    this.#rows.offer(key, stored, storedChecksum(stored));
    return { kind: "value", value: stored };
  }

  /** All rows of the partition key that [from, to) lies within, as `scan` would visit them; null: use `scan`. */
  collection(from: StorageKey, to: StorageKey): Collection | null {
    return this.#collections.of(from, to, this.#active, this.#frozen);
  }

  /** Visits [from, to) in either direction. Returns the damage that ended the scan, if any. */
  scan(from: StorageKey, to: StorageKey, isForward: boolean, visit: TreeVisit): TreeDamage | null {
    const end = scanRange(this.#kv, this.#active, this.#frozen, from, to, isForward, visit);
    if (end === null || end.kind === "corrupt") return end;
    return this.#unreadable(end, from);
  }

  /**
   * Applies the changes of log entry `lsn` of `group`; empty for an entry that changes nothing. `delta` is what
   * they do to the group's counters. Entries of a group come in order.
   */
  apply(group: GroupId, lsn: Lsn, mutations: readonly Mutation[], delta: GroupCounters): void {
    const before = this.#progress.get(group);
    assert(lsn > (before?.lsn ?? 0), "entries are applied in order");
    const isFirst = this.#active.isEmpty;
    this.#put(mutations);
    const after = { lsn, items: (before?.items ?? 0) + delta.items, bytes: (before?.bytes ?? 0) + delta.bytes };
    this.#progress.set(group, after);
    this.#active.progress.set(group, after);
    this.#noteChange(isFirst);
  }

  /**
   * Takes rows of a snapshot of `group`, which has no tree here: `forgetGroup` and `dropRange` came first if it ever
   * had, or if an install was broken off. They may be newer than the snapshot's LSN.
   */
  installRows(group: GroupId, rows: readonly Mutation[]): void {
    assert(!this.hasMark(group) && !this.#progress.has(group), "rows are installed where there is no tree");
    const isFirst = this.#active.isEmpty;
    this.#put(rows);
    this.#noteChange(isFirst);
  }

  /**
   * All rows are installed: from now on the group has a tree, as of `lsn`, with some rows as of up to `dirty`; durable
   * with the next checkpoint. The group's own log must be durable up to `dirty`: a restart replays up to there.
   */
  finishInstall(group: GroupId, lsn: Lsn, dirty: Lsn, counters: GroupCounters): void {
    assert(!this.hasMark(group) && !this.#progress.has(group), "an install is finished once");
    assert(lsn <= dirty, "rows are at least as new as the snapshot");
    const isFirst = this.#active.isEmpty;
    this.#installedDirty.set(group, dirty);
    this.#begin(group, lsn, counters);
    this.#noteChange(isFirst);
  }

  /**
   * The rows of `parent` are from now on those of its children, whose own logs are empty. In the same turn as the
   * entry of the split was applied: the children's marks are durable in the transaction of the parent's.
   */
  splitGroup(parent: GroupId, children: readonly SplitChild[]): void {
    assert(this.#active.progress.has(parent), "a split follows the apply of its entry");
    for (const { group, items, bytes } of children) {
      assert(!this.#progress.has(group), "a child is made once");
      this.#begin(group, lsnOf(0), { items, bytes });
    }
  }

  /** The group has a tree here, in memory at least. */
  holds(group: GroupId): boolean {
    return this.#progress.has(group);
  }

  /** The store has a whole tree of the group, or had when it was last checkpointed. */
  hasMark(group: GroupId): boolean {
    if (this.#active.forgotten.has(group) || this.#frozen?.forgotten.has(group) === true) return false;
    return this.#marks.get(group)?.isWhole === true;
  }

  appliedLsn(group: GroupId): Lsn {
    return this.#progress.get(group)?.lsn ?? lsnOf(0);
  }

  /** Replay begins behind this. */
  checkpointLsn(group: GroupId): Lsn {
    return (this.#marks.get(group) ?? NO_MARK).checkpoint;
  }

  /** The group must have replayed at least up to this before it serves. */
  recoveryFloor(group: GroupId): Lsn {
    return this.#installedDirty.get(group) ?? (this.#marks.get(group) ?? NO_MARK).dirty;
  }

  counters(group: GroupId): GroupCounters {
    const { items, bytes } = this.#progress.get(group) ?? NO_MARK;
    return { items, bytes };
  }

  /** Groups the store on disk knows. */
  groups(): GroupId[] {
    return [...this.#marks.keys()];
  }

  /** True: take no more writes until it is false again. */
  get isOverloaded(): boolean {
    return this.#active.bytes + (this.#frozen?.bytes ?? 0) >= this.#options.overloadBytes;
  }

  /**
   * Removes the rows of [from, to), step by step, which nobody uses or writes before `done`. Not durable until then:
   * after a crash it must be asked for again. Marks that were forgotten go first: a mark speaks of rows that are there.
   */
  dropRange(from: StorageKey, to: StorageKey, done: () => void): void {
    assert(!this.#isClosing, "drop on a closing tree");
    this.#active.dropRange(from, to);
    const dropRows = (): void => this.#writer.dropRange(from, to, () => {
      this.#rows.clear(); // they may have what was dropped
      this.#collections.clear();
      done();
    });
    if (this.#active.forgotten.size === 0) dropRows();
    else this.requestCheckpoint(dropRows);
  }

  /** Forgets the group's progress and counters; its rows are `dropRange`'s. Durable with the next checkpoint. */
  forgetGroup(group: GroupId): void {
    const isFirst = this.#active.isEmpty;
    this.#progress.delete(group);
    this.#installedDirty.delete(group);
    this.#active.progress.delete(group);
    this.#frozen?.progress.delete(group);
    this.#active.forgotten.add(group);
    this.#noteChange(isFirst);
  }

  /** Calls `done` when everything applied so far is durable in the store; never, when the tree has failed. */
  requestCheckpoint(done: () => void): void {
    if (this.#failure !== null) return;
    const newest = this.#active.isEmpty ? this.#frozen : this.#active;
    if (newest === null) {
      this.#clock.endOfTurn(done);
      return;
    }
    this.#waiters.push({ generation: newest.generation, done });
    this.#maybeCheckpoint();
  }

  /** Calls `done` when the tree is not overloaded; never, when it has failed. */
  whenRoom(done: () => void): void {
    if (this.isOverloaded) this.#roomWaiters.push(done);
    else this.#clock.endOfTurn(done);
  }

  /** Stops writing after the transaction under way, closes the store, calls `done`. Does not checkpoint. */
  close(done: () => void): void {
    assert(!this.#isClosing, "tree closed twice");
    this.#isClosing = true;
    if (this.#timer !== null) this.#clock.clearTimer(this.#timer);
    this.#writer.stop(() => this.#kv.close(done));
  }

  /** Reads the whole range, so only for small ones and for checkers. */
  digest(from: StorageKey, to: StorageKey): RangeDigest | TreeDamage {
    let items = 0;
    let bytes = 0;
    let crc = 0;
    const keyBytes = new Uint8Array(KEY_BYTES_MAX);
    const damage = this.scan(from, to, true, (key, value) => {
      items++;
      bytes += key.length + value.length;
      crc = crc32c(value, crc32c(keyBytes, crc, 0, binaryInto(key, keyBytes, 0)));
      return true;
    });
    return damage ?? { items, bytes, crc };
  }

  inspect(): TreeSnapshot {
    return {
      activeBytes: this.#active.bytes, frozenBytes: this.#frozen?.bytes ?? 0, storeBytes: this.#kv.size(),
      generation: this.#active.generation, groups: [...this.#progress].map(([group, at]) => ({ group, ...at })),
    };
  }

  #put(mutations: readonly Mutation[]): void {
    for (const mutation of mutations) {
      assert(mutation.key.length > 0 && mutation.key.length <= KEY_BYTES_MAX, "key length");
      this.#active.put(mutation);
      this.#rows.delete(mutation.key); // when the change is in the store, the overlay does not hide an older row
      this.#collections.delete(mutation.key);
    }
  }

  /** The group has a tree from now on. */
  #begin(group: GroupId, lsn: Lsn, { items, bytes }: GroupCounters): void {
    const progress = { lsn, items, bytes };
    this.#progress.set(group, progress);
    this.#active.progress.set(group, progress);
  }

  /** A checkpoint begins in a later turn: what belongs to one change is in one generation. */
  #noteChange(isFirst: boolean): void {
    this.#lastApplyMs = this.#clock.monotonicMs();
    if (isFirst) this.#firstApplyMs = this.#lastApplyMs;
    if (this.#active.bytes >= this.#options.checkpointBytes) this.#planCheckpoint();
    else if (this.#timer === null) this.#armTimer(this.#options.idleMs);
  }

  #armTimer(delayMs: number): void {
    if (this.#isClosing || this.#failure !== null) return;
    this.#timer = this.#clock.setTimer(delayMs, () => {
      this.#timer = null;
      if (!this.#active.isEmpty) this.#maybeCheckpoint();
    });
  }

  #planCheckpoint(): void {
    if (this.#isCheckpointPlanned || this.#frozen !== null) return; // the next one follows the one under way
    this.#isCheckpointPlanned = true;
    this.#clock.endOfTurn(() => {
      this.#isCheckpointPlanned = false;
      this.#maybeCheckpoint();
    });
  }

  /** Begins a checkpoint when one is due and none is under way. */
  #maybeCheckpoint(): void {
    if (this.#active.isEmpty || this.#frozen !== null || this.#isClosing || this.#failure !== null) return;
    const { checkpointBytes, idleMs, ageMsMax } = this.#options;
    const now = this.#clock.monotonicMs();
    const dueMs = Math.min(this.#lastApplyMs + idleMs, this.#firstApplyMs + ageMsMax) - now;
    const isAsked = this.#waiters.some((waiter) => waiter.generation === this.#active.generation);
    if (this.#active.bytes < checkpointBytes && dueMs > 0 && !isAsked && !buggify("tree: a checkpoint begins early")) {
      if (this.#timer === null) this.#armTimer(dueMs);
      return;
    }
    this.#frozen = this.#active;
    this.#active = new Overlay(this.#frozen.generation + 1);
    this.#writer.write(this.#frozen);
  }

  #checkpointed(generation: Overlay): void {
    assert(generation === this.#frozen, "one generation is written at a time");
    this.#frozen = null;
    for (const [group, { lsn }] of generation.progress) {
      this.#installedDirty.delete(group); // the mark says it now
      this.onCheckpoint(group, lsn);
    }
    const due = this.#waiters.filter((waiter) => waiter.generation <= generation.generation);
    this.#waiters = this.#waiters.filter((waiter) => waiter.generation > generation.generation);
    for (const waiter of due) waiter.done();
    this.#telemetry.event("debug", "tree", "checkpoint", { rows: generation.rowCount, bytes: generation.bytes });
    this.#maybeCheckpoint();
    if (this.isOverloaded) return;
    const waiting = this.#roomWaiters;
    this.#roomWaiters = [];
    for (const done of waiting) done();
  }

  #unreadable(error: KvError, key: StorageKey): TreeDamage {
    this.#fail(error);
    return unreadable(error, key);
  }

  #fail(error: KvError): void {
    if (this.#failure !== null) return;
    this.#failure = error;
    if (this.#timer !== null) this.#clock.clearTimer(this.#timer);
    this.onFailure(error);
  }
}

export type TreeSnapshot = {
  readonly activeBytes: number;
  readonly frozenBytes: number;
  readonly storeBytes: number;
  readonly generation: number;
  readonly groups: readonly ({ readonly group: GroupId } & GroupProgress)[];
};
