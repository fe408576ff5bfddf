// Reads log entries back: from the disk, or from the batches that are not written yet. Every entry is
// checked against its checksum and against the index before anybody sees it.
import { nextLsn } from "../../base/ids.ts";
import type { GroupId, Lsn } from "../../base/ids.ts";
import type { Disk } from "../../ports/disk.ts";
import type { LogEntry } from "../../wire/log-record.ts";
import type { BatchQueue } from "./batch-queue.ts";
import { offsetOf, positionOf, segmentOf } from "./log-index.ts";
import type { GroupLog } from "./log-index.ts";
import {
  decodeRecordHeader, isEntryKind, RECORD_BYTES_MAX, RECORD_HEADER_BYTES, recordOf, segmentFileName, viewOf,
} from "./segment-format.ts";
import type { RecordHeader } from "./segment-format.ts";
import { walDiskError, walError } from "./wal-error.ts";
import type { WalError } from "./wal-error.ts";

export type EntriesRead =
  | { readonly ok: true; readonly entries: readonly LogEntry[] }
  | { readonly ok: false; readonly error: WalError };

/** What one read of the disk asks for at least: neighbours of the wanted entry usually come along. */
const WINDOW_BYTES = 128 * 1024;
/** What it asks for at most: one read costs the same few trips whatever it brings. */
const WINDOW_BYTES_MAX = 2 * 1024 * 1024 + WINDOW_BYTES;

/** A stretch of a segment in memory. */
type Window = {
  readonly segment: number;
  readonly offset: number;
  readonly bytes: Uint8Array;
  readonly view: DataView;
};

/** An entry in a window, and where its payload begins. */
type Found = { readonly header: RecordHeader; readonly from: number };

export type ReaderSource = {
  readonly disk: Disk;
  readonly queue: BatchQueue;
  readonly segmentBytes: number;
  readonly find: (group: GroupId) => GroupLog | undefined;
};

/** Collects one answer, window by window. */
class Collector {
  readonly entries: LogEntry[] = [];
  /** Where the entries stood when they were read. */
  readonly #positions: number[] = [];
  error: WalError | null = null;
  readonly #source: ReaderSource;
  readonly #group: GroupId;
  readonly #bytesMax: number;
  #next: Lsn;
  #bytes = 0;
  #isFull = false;
  /** Bytes the next window should have. */
  #windowBytes: number;

  constructor(source: ReaderSource, group: GroupId, from: Lsn, bytesMax: number) {
    this.#source = source;
    this.#group = group;
    this.#next = from;
    this.#bytesMax = bytesMax;
    this.#windowBytes = this.#usualBytes();
  }

  /** Takes what is in memory. Returns the place to read from the disk next, or null when the answer is whole. */
  advance(): { readonly segment: number; readonly offset: number; readonly bytes: number } | null {
    for (;;) {
      const log = this.#source.find(this.#group);
      if (this.#isFull || this.error !== null || log === undefined || !log.has(this.#next)) return null;
      const position = log.position(this.#next);
      const segment = segmentOf(position);
      const offset = offsetOf(position);
      const batch = this.#source.queue.find(segment, offset);
      if (batch === null) {
        // Not into what is being written: those bytes may change under the read.
        const end = Math.min(this.#source.segmentBytes, this.#source.queue.firstOffset(segment));
        const bytes = Math.min(this.#windowBytes, end - offset);
        return { segment, offset, bytes };
      }
      const bytes = batch.bytes.slice(0, batch.length); // a copy: the buffer is used again
      this.take({ segment, offset: batch.offset, bytes, view: viewOf(bytes) });
    }
  }

  /** Takes from `window` all entries that are next in line. */
  take(window: Window): void {
    const end = positionOf(window.segment, window.offset) + window.bytes.length;
    const found: Found[] = [];
    for (;;) {
      const log = this.#source.find(this.#group);
      if (this.#isFull || log === undefined || !log.has(this.#next)) break;
      const position = log.position(this.#next);
      const at = position - positionOf(window.segment, window.offset);
      if (at < 0 || position + RECORD_HEADER_BYTES > end) break;
      const payloadBytes = window.view.getUint32(at, true);
      if (payloadBytes <= RECORD_BYTES_MAX && position + RECORD_HEADER_BYTES + payloadBytes > end) {
        this.#windowBytes = Math.max(this.#usualBytes(), RECORD_HEADER_BYTES + payloadBytes);
        break;
      }
      const entry = this.#entry(window, at);
      if (entry === null) break;
      found.push(entry);
    }
    this.#keep(window, found);
  }

  /** Null: damaged, or more than was asked for. */
  #entry(window: Window, at: number): Found | null {
    const header = decodeRecordHeader(window.bytes, window.view, at, window.bytes.length);
    if (header === null || header.group !== this.#group || header.lsn !== this.#next || !isEntryKind(header.kind)) {
      this.error = walError("corrupt", segmentFileName(window.segment), window.offset + at,
        `the record of group ${this.#group}, LSN ${this.#next} is damaged`);
      return null;
    }
    if (this.#positions.length > 0 && this.#bytes + header.payloadBytes > this.#bytesMax) {
      this.#isFull = true;
      return null;
    }
    this.#bytes += header.payloadBytes;
    this.#positions.push(positionOf(window.segment, window.offset + at));
    this.#next = nextLsn(this.#next);
    this.#windowBytes = this.#usualBytes();
    return { header, from: at + RECORD_HEADER_BYTES };
  }

  /**
   * Entries that are kept must not keep a window full of other groups' records alive: only where they are most of the
   * window, their payloads are views into it.
   */
  #keep(window: Window, found: readonly Found[]): void {
    let bytes = 0;
    for (const { header } of found) bytes += header.payloadBytes;
    const isView = bytes * 2 >= window.bytes.length;
    const copies = new Uint8Array(isView ? 0 : bytes);
    let at = 0;
    for (const { header, from } of found) {
      let payload = window.bytes.subarray(from, from + header.payloadBytes);
      if (!isView) {
        copies.set(payload, at);
        payload = copies.subarray(at, at + header.payloadBytes);
        at += header.payloadBytes;
      }
      this.entries.push(recordOf(header, payload) as LogEntry);
    }
  }

  #usualBytes(): number {
    return Math.min(WINDOW_BYTES + this.#bytesMax - this.#bytes, WINDOW_BYTES_MAX);
  }

  /** Entries that were voided while others were read end the answer early. */
  result(): EntriesRead {
    const log = this.#source.find(this.#group);
    const moved = this.entries.findIndex((entry, i) =>
      log === undefined || !log.has(entry.lsn) || log.position(entry.lsn) !== this.#positions[i]);
    if (moved !== -1) this.entries.length = moved;
    return this.error === null ? { ok: true, entries: this.entries } : { ok: false, error: this.error };
  }
}

export function readEntriesSync(source: ReaderSource, group: GroupId, from: Lsn, bytesMax: number): EntriesRead {
  const collector = new Collector(source, group, from, bytesMax);
  for (let place = collector.advance(); place !== null; place = collector.advance()) {
    const file = segmentFileName(place.segment);
    const bytes = new Uint8Array(place.bytes);
    const read = source.disk.readSync(file, place.offset, bytes);
    if (typeof read !== "number") return { ok: false, error: walDiskError(read) };
    if (read !== bytes.length) return { ok: false, error: walError("corrupt", file, place.offset + read, "cut short") };
    collector.take({ segment: place.segment, offset: place.offset, bytes, view: viewOf(bytes) });
  }
  return collector.result();
}

/**
 * Like readEntriesSync, off the event loop's thread. Entries that are voided or deleted meanwhile end the
 * answer early.
 */
export function readEntries(
  source: ReaderSource, group: GroupId, from: Lsn, bytesMax: number, done: (result: EntriesRead) => void,
): void {
  const collector = new Collector(source, group, from, bytesMax);
  const step = (): void => {
    const place = collector.advance();
    if (place === null) return done(collector.result());
    const file = segmentFileName(place.segment);
    source.disk.read(file, place.offset, place.bytes, (result) => {
      const log = source.find(group);
      const isGone = log === undefined || positionOf(place.segment, 0) < oldestPosition(log);
      if (isGone) return done(collector.result()); // deleted while it was read
      if (!result.ok) return done({ ok: false, error: walDiskError(result.error) });
      if (result.bytes.length !== place.bytes) {
        return done({ ok: false, error: walError("corrupt", file, place.offset + result.bytes.length, "cut short") });
      }
      const { bytes } = result;
      collector.take({ segment: place.segment, offset: place.offset, bytes, view: viewOf(bytes) });
      step();
    });
  };
  step();
}

function oldestPosition(log: GroupLog): number {
  return log.last === 0 ? Infinity : positionOf(segmentOf(log.position(log.first)), 0);
}
