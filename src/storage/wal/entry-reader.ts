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
import { walDiskError, walError } from "./wal-error.ts";
import type { WalError } from "./wal-error.ts";

export type EntriesRead =
  | { readonly ok: true; readonly entries: readonly LogEntry[] }
  | { readonly ok: false; readonly error: WalError };

/** What one read of the disk asks for: neighbours of the wanted entry usually come along. */
const WINDOW_BYTES = 128 * 1024;

/** A stretch of a segment in memory. */
type Window = {
  readonly segment: number;
  readonly offset: number;
  readonly bytes: Uint8Array;
  readonly view: DataView;
};

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
  /** Bytes the next window must have for the next entry to be whole in it. */
  #windowBytes: number = WINDOW_BYTES;

  constructor(source: ReaderSource, group: GroupId, from: Lsn, bytesMax: number) {
    this.#source = source;
    this.#group = group;
    this.#next = from;
    this.#bytesMax = bytesMax;
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
    for (;;) {
      const log = this.#source.find(this.#group);
      if (this.#isFull || log === undefined || !log.has(this.#next)) return;
      const position = log.position(this.#next);
      const at = position - positionOf(window.segment, window.offset);
      if (at < 0 || position + RECORD_HEADER_BYTES > end) return;
      const payloadBytes = window.view.getUint32(at, true);
      if (payloadBytes <= RECORD_BYTES_MAX && position + RECORD_HEADER_BYTES + payloadBytes > end) {
        this.#windowBytes = Math.max(WINDOW_BYTES, RECORD_HEADER_BYTES + payloadBytes);
        return;
      }
      this.#entry(window, at);
      if (this.error !== null) return;
    }
  }

  #entry(window: Window, at: number): void {
    const header = decodeRecordHeader(window.bytes, window.view, at, window.bytes.length);
    if (header === null || header.group !== this.#group || header.lsn !== this.#next || !isEntryKind(header.kind)) {
      this.error = walError("corrupt", segmentFileName(window.segment), window.offset + at,
        `the record of group ${this.#group}, LSN ${this.#next} is damaged`);
      return;
    }
    const from = at + RECORD_HEADER_BYTES;
    if (this.entries.length > 0 && this.#bytes + header.payloadBytes > this.#bytesMax) {
      this.#isFull = true;
      return;
    }
    this.#bytes += header.payloadBytes;
    // A copy: an entry that is kept must not keep a window full of other groups' records alive.
    const payload = window.bytes.slice(from, from + header.payloadBytes);
    this.#positions.push(positionOf(window.segment, window.offset + at));
    this.entries.push(recordOf(header, payload) as LogEntry);
    this.#next = nextLsn(this.#next);
    this.#windowBytes = WINDOW_BYTES;
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
