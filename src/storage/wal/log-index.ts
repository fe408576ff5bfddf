// Where each group's records are in the write-ahead log: one number per entry, rebuilt when the log is
// opened. Within a group positions increase with the LSN, because an entry voids every older record of the
// group at its LSN or above.
//
// A configuration is known from its CONFIG entry as well as from its CONFIGURATION record: the entry may be durable
// without the record, and it may be appended again, which voids the record.
import { assert, must } from "../../base/assert.ts";
import { ballotFrom, lsn as lsnOf, nextLsn } from "../../base/ids.ts";
import type { Ballot, GroupId, Lsn } from "../../base/ids.ts";
import type { Configuration } from "../../wire/group-configuration.ts";
import { BASE, COMMIT, CONFIG, CONFIGURATION, PROMISE, SPLIT } from "../../wire/log-record.ts";
import type { LogRecord, RecordKind } from "../../wire/log-record.ts";
import { commitRecord, configurationRecord, promiseRecord, restatedBase } from "./own-records.ts";
import type { LogBase, LoggedConfiguration, RecordDetail } from "./own-records.ts";

/** `segment number * 2^30 + offset`: totally ordered as the log is. 0 means "none". */
export type Position = number;

/** A segment is at most this long; 2^23 segments fit beside it in a safe integer. */
export const SEGMENT_BYTES_MAX: number = 2 ** 30;

/** Removed entries at the front of the array before it is copied: keeps trimming linear. */
const TRIM_MIN = 1024;

export function positionOf(segment: number, offset: number): Position {
  return segment * SEGMENT_BYTES_MAX + offset;
}

export function segmentOf(position: Position): number {
  return Math.floor(position / SEGMENT_BYTES_MAX);
}

export function offsetOf(position: Position): number {
  return position % SEGMENT_BYTES_MAX;
}

/** What recovery tells the owner of a group. No entries: first and last are 0. */
export type RecoveredLog = {
  readonly promised: Ballot;
  readonly commit: Lsn;
  readonly first: Lsn;
  readonly last: Lsn;
  /**
   * Where the log of a replica that joined begins. Null when it began with the group, or when what stood behind the
   * base is no longer whole (then `first` says where it begins).
   */
  readonly base: LogBase | null;
  /** LSN of the SPLIT entry in the log; 0 when there is none. */
  readonly split: Lsn;
  /** By LSN, ascending, distinct: those above `commit`, and the one in force there. */
  readonly configurations: readonly LoggedConfiguration[];
};

/** `position`: of the newest record that says it, the CONFIG entry's or a CONFIGURATION's. */
type PlacedConfiguration = LoggedConfiguration & { readonly position: Position };

export class GroupLog {
  readonly group: GroupId;
  /** 0 when there are no entries. */
  first: Lsn = lsnOf(0);
  last: Lsn = lsnOf(0);
  promised: Ballot = ballotFrom(0);
  promiseAt: Position = 0;
  commit: Lsn = lsnOf(0);
  commitAt: Position = 0;
  base: LogBase | null = null;
  #baseAt: Position = 0;
  split: Lsn = lsnOf(0);
  /** Entries up to here are not needed by the owner any more. */
  released: Lsn = lsnOf(0);
  /** By LSN, ascending. */
  #configurations: PlacedConfiguration[] = [];
  /** Position of LSN n at [#head + n - first]. */
  #positions: Position[] = [];
  #head = 0;

  constructor(group: GroupId) {
    this.group = group;
  }

  /** Why such a record cannot stand behind those noted; null when it can. */
  faultOf(kind: RecordKind, lsn: Lsn, detail: RecordDetail): string | null {
    if (kind === BASE) return detail === "restated" && this.last !== 0 ? "a base restated above entries" : null;
    if (kind >= PROMISE) return null;
    if (lsn < 1) return "an entry without an LSN";
    if (this.base !== null && lsn <= this.base.lsn) return "an entry below the beginning of the log";
    const end = this.last !== 0 ? this.last : this.base?.lsn;
    return end !== undefined && lsn > end + 1 ? "entries before this one are missing" : null;
  }

  /** Notes a record without fault that now stands at `position`. */
  note(kind: RecordKind, lsn: Lsn, ballot: Ballot, position: Position, detail: RecordDetail): void {
    if (kind === PROMISE) {
      if (ballot >= this.promised) this.promised = ballot;
      this.promiseAt = position;
    } else if (kind === COMMIT) {
      if (lsn >= this.commit) this.commit = lsn;
      this.commitAt = position;
    } else if (kind === BASE) this.#noteBase(lsn, ballot, position, detail === "restated");
    else if (kind === CONFIGURATION) this.#noteConfiguration(lsn, ballot, position, detail as Configuration);
    else {
      this.#noteEntry(lsn, position);
      if (kind === SPLIT) this.split = lsn;
      else if (kind === CONFIG) this.#noteConfiguration(lsn, ballot, position, detail as Configuration);
    }
  }

  #noteEntry(lsn: Lsn, position: Position): void {
    assert(lsn >= 1, "an entry has an LSN");
    assert(this.last === 0 || lsn <= this.last + 1, "entries have no holes");
    if (this.last === 0 || lsn <= this.first) {
      this.#positions = [position];
      this.#head = 0;
      this.first = lsn;
    } else {
      const at = this.#head + lsn - this.first;
      this.#positions.length = at;
      assert((this.#positions[at - 1] as number) < position, "positions increase with the LSN");
      this.#positions.push(position);
    }
    this.last = lsn;
    if (this.split >= lsn) this.split = lsnOf(0);
    while (this.#configurations.length > 0 && must(this.#configurations.at(-1)).lsn >= lsn) this.#configurations.pop();
  }

  #noteBase(lsn: Lsn, ballot: Ballot, position: Position, isRestated: boolean): void {
    assert(!isRestated || this.last === 0, "a base is restated for a log without entries");
    this.base = { lsn, ballot };
    this.#baseAt = position;
    this.released = lsn;
    if (isRestated) {
      if (lsn > this.commit) this.commit = lsn;
      return;
    }
    this.first = lsnOf(0);
    this.last = lsnOf(0);
    this.split = lsnOf(0);
    this.commit = lsn; // of an older one the entries are gone
    this.#configurations = [];
    this.#positions = [];
    this.#head = 0;
  }

  #noteConfiguration(lsn: Lsn, ballot: Ballot, position: Position, configuration: Configuration): void {
    const all = this.#configurations;
    let at = all.length;
    while (at > 0 && must(all[at - 1]).lsn >= lsn) at--;
    const isKnown = at < all.length && must(all[at]).lsn === lsn;
    all.splice(at, isKnown ? 1 : 0, { lsn, ballot, configuration, position });
  }

  has(lsn: Lsn): boolean {
    return this.last !== 0 && lsn >= this.first && lsn <= this.last;
  }

  /** `lsn` must be in first..last. */
  position(lsn: Lsn): Position {
    assert(this.has(lsn), "no such entry in the index");
    return this.#positions[this.#head + lsn - this.first] as number;
  }

  /**
   * Entries up to `upTo` are not needed any more; but a SPLIT and what follows it stay as long as the group, or a
   * restart would open it again.
   */
  release(upTo: Lsn): void {
    assert(upTo <= Math.max(this.last, this.base?.lsn ?? 0), "release of what was never appended");
    const end = this.split !== 0 && upTo >= this.split ? lsnOf(this.split - 1) : upTo;
    if (end > this.released) this.released = end;
  }

  /** Position of the oldest entry the owner still needs; Infinity when it needs none. */
  oldestNeeded(): Position {
    return this.positionFrom(nextLsn(this.released));
  }

  /** Position of the first entry at or above `from`; Infinity when there is none. */
  positionFrom(from: Lsn): Position {
    if (this.last === 0 || from > this.last) return Infinity;
    return this.position(from < this.first ? this.first : from);
  }

  /** Own records that must be appended again before the segments below `limit` go. The last entry is another matter. */
  restatements(limit: number): LogRecord[] {
    const { group, base } = this;
    const end = positionOf(limit, 0);
    const records: LogRecord[] = [];
    // With entries behind it, `first` says where the log begins.
    if (base !== null && this.last === 0 && this.#baseAt < end) records.push(restatedBase(group, base));
    const all = this.#configurations;
    const old = all.findLastIndex((known) => known.lsn <= this.released);
    if (old > 0) all.splice(0, old);
    for (const known of all) if (known.position < end) records.push(configurationRecord(group, known));
    if (this.promiseAt !== 0 && this.promiseAt < end) records.push(promiseRecord(group, this.promised));
    if (this.commitAt !== 0 && this.commitAt < end) records.push(commitRecord(group, this.commit));
    return records;
  }

  /** Forgets what stands before segment `limit`, whose files are about to go. */
  trim(limit: number): void {
    const end = positionOf(limit, 0);
    if (this.base !== null && this.#baseAt < end) {
      assert(this.last !== 0, "the base of a log without entries is restated, never deleted");
      this.base = null;
    }
    for (const { position } of this.#configurations) assert(position >= end, "configurations are restated first");
    if (this.last === 0) return;
    while (this.first <= this.last && (this.#positions[this.#head] as number) < end) {
      this.#head++;
      this.first = nextLsn(this.first);
    }
    assert(this.first <= this.last, "the last entry is carried forward, never deleted");
    if (this.#head >= TRIM_MIN && this.#head * 2 >= this.#positions.length) {
      this.#positions = this.#positions.slice(this.#head);
      this.#head = 0;
    }
  }

  recovered(): RecoveredLog {
    const { promised, first, last, base, split } = this;
    const commit = first > this.commit ? lsnOf(first - 1) : this.commit; // what is not there any more was committed
    const settled = Math.max(0, this.#configurations.findLastIndex((known) => known.lsn <= commit));
    const configurations = this.#configurations.slice(settled)
      .map(({ lsn, ballot, configuration }) => ({ lsn, ballot, configuration }));
    return { promised, commit, first, last, base, split, configurations };
  }
}
