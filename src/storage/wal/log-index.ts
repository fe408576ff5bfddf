// Where each group's records are in the write-ahead log: one number per entry, rebuilt when the log is
// opened. Within a group positions increase with the LSN, because an entry voids every older record of the
// group at its LSN or above.
import { assert } from "../../base/assert.ts";
import { ballotFrom, lsn as lsnOf, nextLsn } from "../../base/ids.ts";
import type { Ballot, GroupId, Lsn } from "../../base/ids.ts";
import { COMMIT, PROMISE } from "../../wire/log-record.ts";
import type { RecordKind } from "../../wire/log-record.ts";

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
};

export class GroupLog {
  readonly group: GroupId;
  /** 0 when there are no entries. */
  first: Lsn = lsnOf(0);
  last: Lsn = lsnOf(0);
  promised: Ballot = ballotFrom(0);
  promiseAt: Position = 0;
  commit: Lsn = lsnOf(0);
  commitAt: Position = 0;
  /** Entries up to here are not needed by the owner any more. */
  released: Lsn = lsnOf(0);
  /** Position of LSN n at [#head + n - first]. */
  #positions: Position[] = [];
  #head = 0;

  constructor(group: GroupId) {
    this.group = group;
  }

  /** Notes a record that now stands at `position`. An entry beyond `last + 1` begins the log anew. */
  note(kind: RecordKind, lsn: Lsn, ballot: Ballot, position: Position): void {
    if (kind === PROMISE) {
      if (ballot >= this.promised) this.promised = ballot;
      this.promiseAt = position;
    } else if (kind === COMMIT) {
      if (lsn >= this.commit) this.commit = lsn;
      this.commitAt = position;
    } else this.#noteEntry(lsn, position);
  }

  #noteEntry(lsn: Lsn, position: Position): void {
    assert(lsn >= 1, "an entry has an LSN");
    const isNew = this.last === 0 || lsn > this.last + 1 || lsn <= this.first;
    if (isNew) {
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
  }

  has(lsn: Lsn): boolean {
    return this.last !== 0 && lsn >= this.first && lsn <= this.last;
  }

  /** `lsn` must be in first..last. */
  position(lsn: Lsn): Position {
    assert(this.has(lsn), "no such entry in the index");
    return this.#positions[this.#head + lsn - this.first] as number;
  }

  /** Position of the oldest entry the owner still needs; Infinity when it needs none. */
  oldestNeeded(): Position {
    if (this.last === 0 || this.released >= this.last) return Infinity;
    const next = nextLsn(this.released);
    return this.position(next < this.first ? this.first : next);
  }

  /** Forgets the entries that stand before segment `limit`, whose files are about to go. */
  trim(limit: number): void {
    if (this.last === 0) return;
    const end = positionOf(limit, 0);
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
    return { promised: this.promised, commit: this.commit, first: this.first, last: this.last };
  }
}
