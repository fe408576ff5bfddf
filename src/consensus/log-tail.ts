// The log as the core sees it: the newest entries in memory, and the ballot of every entry since recovery
// as runs (ballots never decrease along a log, so a handful of numbers covers it).
//
//   1 ........ first-1 | first ......... last
//   on disk only       | in memory (all that is not yet delivered, and a bounded stretch before)
import { assert, must } from "../base/assert.ts";
import { ballotFrom, groupId, lsn, type Ballot, type Lsn } from "../base/ids.ts";
import { NOOP, type LogEntry } from "../wire/log-record.ts";
import { makeEntry } from "../wire/record-checksum.ts";
import { ENTRY_OVERHEAD_BYTES } from "./limits.ts";

/** Dropped slots are given back when they are this many and half of the array. */
const COMPACT_SLOTS = 1024;
export const NO_BALLOT: Ballot = ballotFrom(0);
export const NO_LSN: Lsn = lsn(0);
const DROPPED: LogEntry = makeEntry(NOOP, groupId(0), lsn(0), NO_BALLOT, new Uint8Array(0));
const NO_ENTRIES: readonly LogEntry[] = [];

export class LogTail {
  #entries: LogEntry[];
  /** Bytes of all entries ever pushed, up to and including the entry in the same slot. */
  #ends: number[];
  /** Slot of the entry `#first`. */
  #head: number;
  #first: number;
  #last: Lsn;
  #lastBallot: Ballot;
  #runFirst: number[];
  #runBallot: Ballot[];
  /** Peers in step get the same array. */
  #sharedFrom: number;
  #sharedSlice: readonly LogEntry[];

  /** A log that ends at `base`, whose entry has `ballot`; 0: that is not known, nor are those before. */
  constructor(base: Lsn, ballot: Ballot) {
    this.#entries = [];
    this.#ends = [];
    this.#head = 0;
    this.#first = base + 1;
    this.#last = base;
    this.#lastBallot = ballot;
    this.#runFirst = ballot === 0 ? [] : [base];
    this.#runBallot = ballot === 0 ? [] : [ballot];
    this.#sharedFrom = 0;
    this.#sharedSlice = NO_ENTRIES;
  }

  /** First LSN in memory; last + 1 when there is none. */
  get first(): number {
    return this.#first;
  }

  get last(): Lsn {
    return this.#last;
  }

  /**
   * Ballot of the last entry; 0 when the log is empty or its last entry was released at recovery. Such an entry
   * is durable on all members, so its owner's log is a prefix of every other: the lowest ballot ranks it right.
   */
  get lastBallot(): Ballot {
    return this.#lastBallot;
  }

  push(entry: LogEntry): void {
    assert(entry.lsn === this.#last + 1, "the log has no holes");
    assert(entry.ballot >= this.#lastBallot && entry.ballot > 0, "ballots never decrease along a log");
    const before = this.#ends.length === 0 ? 0 : (this.#ends[this.#ends.length - 1] as number);
    this.#entries.push(entry);
    this.#ends.push(before + entry.payload.length + ENTRY_OVERHEAD_BYTES);
    if (entry.ballot !== this.#lastBallot || this.#runFirst.length === 0) {
      this.#runFirst.push(entry.lsn);
      this.#runBallot.push(entry.ballot);
      this.#lastBallot = entry.ballot;
    }
    this.#last = entry.lsn;
  }

  /** Drops all entries from `from` on. */
  cut(from: Lsn): void {
    assert(from >= this.#first && from <= this.#last, "only entries in memory are ever cut");
    const kept = this.#head + (from - this.#first);
    this.#entries.length = kept;
    this.#ends.length = kept;
    this.#last = lsn(from - 1);
    while (this.#runFirst.length > 0 && must(this.#runFirst[this.#runFirst.length - 1]) >= from) {
      this.#runFirst.pop();
      this.#runBallot.pop();
    }
    this.#lastBallot = this.#runBallot[this.#runBallot.length - 1] ?? NO_BALLOT;
    this.#sharedFrom = 0;
    this.#sharedSlice = NO_ENTRIES;
  }

  /** The ballot of the entry at `at`, 0 when not known (before recovery's tail, or `at` is 0). */
  ballotAt(at: Lsn): Ballot {
    assert(at <= this.#last, "no ballot past the end of the log");
    for (let run = this.#runFirst.length - 1; run >= 0; run--) {
      if ((this.#runFirst[run] as number) <= at) return this.#runBallot[run] as Ballot;
    }
    return NO_BALLOT;
  }

  /** First LSN of the run of equal ballots that holds `at`, which must be known. */
  runStart(at: Lsn): number {
    assert(at <= this.#last, "no run past the end of the log");
    for (let run = this.#runFirst.length - 1; run >= 0; run--) {
      const first = this.#runFirst[run] as number;
      if (first <= at) return first;
    }
    return at;
  }

  entry(at: number): LogEntry {
    assert(at >= this.#first && at <= this.#last, "entry in memory");
    return this.#entries[this.#head + (at - this.#first)] as LogEntry;
  }

  /** Bytes of the entries in memory with after < lsn <= upTo. */
  bytesBetween(after: number, upTo: number): number {
    assert(upTo <= this.#last, "bytes of existing entries");
    if (upTo < this.#first || upTo <= after) return 0;
    return this.#endOf(upTo) - this.#endOf(after < this.#first ? this.#first - 1 : after);
  }

  /** Entries from `from` on (in memory): as many as fit `bytesMax`, but at least one if there is one. */
  slice(from: number, bytesMax: number): readonly LogEntry[] {
    assert(from >= this.#first, "slice of entries in memory");
    if (from > this.#last) return NO_ENTRIES;
    const shared = this.#sharedSlice;
    const isAll = this.#sharedFrom === from && from + shared.length - 1 === this.#last;
    if (isAll && this.bytesBetween(from - 1, this.#last) <= bytesMax) return shared;
    const begin = this.#endOf(from - 1);
    let upTo = from;
    let over = this.#last + 1;
    while (over - upTo > 1) {
      const half = upTo + ((over - upTo) >> 1);
      if (this.#endOf(half) - begin > bytesMax) over = half;
      else upTo = half;
    }
    this.#sharedFrom = from;
    this.#sharedSlice = this.#entries.slice(this.#head + (from - this.#first), this.#head + (upTo - this.#first) + 1);
    return this.#sharedSlice;
  }

  /** Forgets entries below `keepFrom` while those in memory have more than `bytesMax`. */
  trim(keepFrom: number, bytesMax: number): void {
    assert(keepFrom <= this.#last + 1, "trim within the log");
    if (this.#ends.length === this.#head) return;
    const end = this.#ends[this.#ends.length - 1] as number;
    while (this.#first < keepFrom && end - this.#endOf(this.#first - 1) > bytesMax) {
      this.#entries[this.#head] = DROPPED; // the bytes can be collected before the next compaction
      this.#head++;
      this.#first++;
    }
    if (this.#head > COMPACT_SLOTS && this.#head * 2 > this.#entries.length) this.#compact();
  }

  /** Forgets ballots that nobody can ask for any more: those of whole runs that end at or below `floor`. */
  forgetRuns(floor: Lsn): void {
    while (this.#runFirst.length > 1 && (this.#runFirst[1] as number) <= floor) {
      this.#runFirst.shift();
      this.#runBallot.shift();
    }
  }

  /** Bytes ever pushed up to the entry `at` >= first - 1; the slot before the head serves first - 1. */
  #endOf(at: number): number {
    const slot = this.#head + (at - this.#first);
    return slot < 0 ? 0 : (this.#ends[slot] as number);
  }

  #compact(): void {
    // The slot before the head is kept: its end is where the first entry's bytes begin.
    const from = this.#head - 1;
    this.#entries = this.#entries.slice(from);
    this.#ends = this.#ends.slice(from);
    this.#head = 1;
  }
}
