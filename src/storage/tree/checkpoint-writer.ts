// Writes generations to the store, and drops ranges from it: one small transaction after the other, with
// pauses, so that neither the event loop nor the disk is held for long.
import { assert, must } from "../../base/assert.ts";
import { buggify } from "../../base/buggify.ts";
import { storageKey } from "../../base/ids.ts";
import type { GroupId, Lsn, StorageKey } from "../../base/ids.ts";
import { keyAfter } from "../../model/key-encoding.ts";
import type { Clock } from "../../ports/clock.ts";
import type { KvError, KvMutation, KvStore } from "../../ports/kv-store.ts";
import { encodeMark, markKey, NO_MARK } from "./checkpoint-mark.ts";
import type { CheckpointMark } from "./checkpoint-mark.ts";
import type { Overlay } from "./overlay.ts";

export type WriterOptions = {
  readonly sliceBytes: number;
  readonly sliceRows: number;
  readonly slicePauseMs: number;
};

/** Deletions in a row that are worth a look into the store. */
const RUN_MIN = 4;

type Drop = { from: StorageKey; readonly to: StorageKey; readonly done: () => void };

export class CheckpointWriter {
  /** The generation is durable. */
  onCheckpointed: (generation: Overlay) => void = () => undefined;
  /** Nothing is left to write. */
  onIdle: () => void = () => undefined;
  onFailure: (error: KvError) => void = () => undefined;
  readonly #kv: KvStore;
  readonly #clock: Clock;
  readonly #options: WriterOptions;
  /** As on disk: changed when a transaction is durable. */
  readonly #marks: Map<GroupId, CheckpointMark>;
  /** Of groups that were installed: "dirty" of the next mark, whatever an older one says. */
  readonly #installedDirty: ReadonlyMap<GroupId, Lsn>;
  #generation: Overlay | null = null;
  /** Last key of the generation that is written; null before the first slice. */
  #written: StorageKey | null = null;
  readonly #drops: Drop[] = [];
  /** A transaction is under way. */
  #isWriting = false;
  /** Between two transactions. */
  #isPausing = false;
  #stopped: (() => void) | null = null;
  #isFailed = false;

  constructor(
    kv: KvStore, clock: Clock, options: WriterOptions, marks: Map<GroupId, CheckpointMark>,
    installedDirty: ReadonlyMap<GroupId, Lsn>,
  ) {
    assert(options.sliceRows >= 1 && options.sliceBytes >= 1, "a slice holds something");
    this.#kv = kv;
    this.#clock = clock;
    this.#options = options;
    this.#marks = marks;
    this.#installedDirty = installedDirty;
  }

  /** Takes a generation that does not change any more, except that groups in it may be forgotten. */
  write(generation: Overlay): void {
    assert(this.#generation === null, "one generation is written at a time");
    this.#generation = generation;
    this.#written = null;
    this.#next();
  }

  dropRange(from: StorageKey, to: StorageKey, done: () => void): void {
    this.#drops.push({ from, to, done });
    this.#next();
  }

  /** Calls `done` when no transaction is under way; none follows. */
  stop(done: () => void): void {
    this.#stopped = done;
    if (!this.#isWriting) this.#clock.endOfTurn(done);
  }

  /** Starts the next transaction unless one is under way. A generation goes before a drop. */
  #next(): void {
    if (this.#isWriting || this.#isPausing || this.#isFailed || this.#stopped !== null) return;
    if (this.#generation !== null) this.#writeSlice(this.#generation);
    else if (this.#drops.length > 0) this.#dropSlice(this.#drops[0] as Drop);
  }

  #writeSlice(generation: Overlay): void {
    const { sliceBytes } = this.#options;
    const sliceRows = buggify("tree: a checkpoint slice has one row") ? 1 : this.#options.sliceRows;
    const mutations: KvMutation[] = [];
    let visited = 0;
    let bytes = 0;
    let last = this.#written;
    let run: StorageKey[] = [];
    const rows = generation.walk(last === null ? storageKey("") : keyAfter(last), null, true);
    let row = rows === null ? null : rows.row;
    while (rows !== null && row !== null && bytes < sliceBytes && visited < sliceRows) {
      const { key, value } = row;
      if (value === null) run.push(key);
      else {
        if (!this.#deleteRun(run, mutations)) return;
        if (run.length > 0) run = [];
        mutations.push({ key, value });
        bytes += key.length + value.length;
      }
      visited++;
      last = key;
      rows.advance();
      row = rows.row;
    }
    if (!this.#deleteRun(run, mutations)) return;
    const isFirst = this.#written === null;
    const isLast = row === null;
    const marks = isLast ? this.#finalMarks(generation) : isFirst ? this.#dirtyMarks(generation) : null;
    if (marks !== null) for (const [group, mark] of marks) mutations.push(markMutation(group, mark));
    this.#transact(mutations, () => {
      this.#written = last;
      for (const [group, mark] of marks ?? []) {
        if (mark === null) this.#marks.delete(group);
        else this.#marks.set(group, mark);
      }
      if (!isLast) return;
      this.#generation = null;
      this.onCheckpointed(generation);
    });
  }

  /**
   * Adds the deletions of keys that follow each other in the generation; not those of rows that the store never got,
   * such as locks that were released before a checkpoint. False: the store could not be read.
   */
  #deleteRun(run: readonly StorageKey[], mutations: KvMutation[]): boolean {
    const [first] = run;
    if (first === undefined) return true;
    if (run.length >= RUN_MIN) {
      let isEmpty = true;
      const error = this.#kv.scan(first, keyAfter(must(run.at(-1))), true, () => {
        isEmpty = false;
        return false;
      });
      if (error !== null) {
        this.#fail(error);
        return false;
      }
      if (isEmpty) return true;
    }
    for (const key of run) mutations.push({ key, value: null });
    return true;
  }

  /** "From now on the store may hold changes up to this": before the first of several transactions. */
  #dirtyMarks(generation: Overlay): Map<GroupId, CheckpointMark | null> {
    const marks = new Map<GroupId, CheckpointMark | null>();
    for (const [group, progress] of generation.progress) {
      const { isWhole, checkpoint, items, bytes } = this.#markBefore(generation, group);
      marks.set(group, { isWhole, checkpoint, dirty: this.#dirtyUpTo(generation, group, progress.lsn), items, bytes });
    }
    return marks;
  }

  /** What was forgotten in this generation says nothing of a tree that the group began in it. */
  #markBefore(generation: Overlay, group: GroupId): CheckpointMark {
    return generation.forgotten.has(group) ? NO_MARK : this.#marks.get(group) ?? NO_MARK;
  }

  /** A checkpoint taken during replay may end below what an interrupted one before it has left in the store. */
  #dirtyUpTo(generation: Overlay, group: GroupId, upTo: Lsn): Lsn {
    const before = this.#installedDirty.get(group) ?? this.#markBefore(generation, group).dirty;
    return before > upTo ? before : upTo;
  }

  #finalMarks(generation: Overlay): Map<GroupId, CheckpointMark | null> {
    const marks = new Map<GroupId, CheckpointMark | null>();
    for (const group of generation.forgotten) marks.set(group, null);
    for (const [group, { lsn, items, bytes }] of generation.progress) {
      const dirty = this.#dirtyUpTo(generation, group, lsn);
      marks.set(group, { isWhole: true, checkpoint: lsn, dirty, items, bytes });
    }
    return marks;
  }

  #dropSlice(drop: Drop): void {
    const keys: StorageKey[] = [];
    const error = this.#kv.scan(drop.from, drop.to, true, (key) => {
      keys.push(key);
      return keys.length < this.#options.sliceRows;
    });
    if (error !== null) return this.#fail(error);
    this.#transact(keys.map((key) => ({ key, value: null })), () => {
      if (keys.length === this.#options.sliceRows) {
        drop.from = must(keys.at(-1)); // deleted now, so the scan begins behind it
        return;
      }
      this.#drops.shift();
      drop.done();
    });
  }

  #transact(mutations: readonly KvMutation[], then: () => void): void {
    this.#isWriting = true;
    this.#kv.write(mutations, (error) => {
      this.#isWriting = false;
      if (error !== null) this.#fail(error);
      else {
        this.#isPausing = true;
        then();
      }
      if (this.#stopped !== null) this.#stopped();
      else if (error === null) this.#clock.setTimer(this.#options.slicePauseMs, () => this.#afterPause());
    });
  }

  #afterPause(): void {
    this.#isPausing = false;
    this.#next();
    if (!this.#isWriting && this.#stopped === null) this.onIdle();
  }

  #fail(error: KvError): void {
    this.#isFailed = true;
    this.onFailure(error);
  }
}

function markMutation(group: GroupId, mark: CheckpointMark | null): KvMutation {
  return { key: markKey(group), value: mark === null ? null : encodeMark(group, mark) };
}
