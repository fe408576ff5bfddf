// One pass over the log for the replay of many groups: each segment is read once, however many groups have entries in
// it, and entries come in the order of the log, which within a group is that of their LSNs.
import { assert } from "../../base/assert.ts";
import type { GroupId, Lsn } from "../../base/ids.ts";
import type { LogEntry } from "../../wire/log-record.ts";
import type { ReaderSource } from "./entry-reader.ts";
import { positionOf, segmentOf } from "./log-index.ts";
import type { Position } from "./log-index.ts";
import {
  BATCH_HEADER_BYTES, batchSpan, decodeBatchHeader, decodeRecordHeader, glimpseRecord, isEntryKind,
  RECORD_HEADER_BYTES, recordOf, SECTOR_BYTES, segmentFileName, viewOf,
} from "./segment-format.ts";
import { walDiskError, walError } from "./wal-error.ts";
import type { WalError } from "./wal-error.ts";

/** Entries from `from` to `to`, both included; none when `to` is less. */
export type LsnRange = { readonly from: Lsn; readonly to: Lsn };

type SegmentSalt = { readonly number: number; readonly salt: number };

/** A payload is valid only during the visit: the buffer is used again. */
type Visit = (entry: LogEntry) => void;

export class LogScan {
  readonly #source: ReaderSource;
  readonly #ranges: ReadonlyMap<GroupId, LsnRange>;
  /** Those still to be read, in order. */
  readonly #segments: SegmentSalt[] = [];
  /** Behind it there may be the remains of a torn batch, whose zeroing is only queued, and what is appended later. */
  readonly #end: Position;
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  #next = 0;

  constructor(source: ReaderSource, segments: Iterable<SegmentSalt>, ranges: ReadonlyMap<GroupId, LsnRange>) {
    assert(source.queue.isEmpty, "the scan sees only what is written");
    this.#source = source;
    this.#ranges = ranges;
    this.#end = source.queue.end;
    let begin = Infinity;
    for (const [group, { from, to }] of ranges) {
      const position = from > to ? Infinity : source.find(group)?.positionFrom(from) ?? Infinity;
      if (position < begin) begin = position;
    }
    if (begin === Infinity) return;
    const first = segmentOf(begin);
    for (const segment of segments) {
      if (segment.number >= first && positionOf(segment.number, 0) < this.#end) this.#segments.push(segment);
    }
  }

  /** Visits the wanted entries of one more segment. Blocks. */
  step(visit: Visit): "more" | "end" | WalError {
    const segment = this.#segments[this.#next++];
    if (segment === undefined) {
      if (this.#bytes.length > 0) this.#bytes.buffer.transfer(0); // frees it now: as large as a segment
      this.#bytes = new Uint8Array(0);
      return "end";
    }
    const file = segmentFileName(segment.number);
    if (this.#bytes.length === 0) this.#bytes = new Uint8Array(this.#source.segmentBytes);
    const read = this.#source.disk.readSync(file, 0, this.#bytes);
    if (typeof read !== "number") return walDiskError(read);
    return this.#segment(segment, file, this.#bytes.subarray(0, read), visit) ?? "more";
  }

  #segment({ number, salt }: SegmentSalt, file: string, bytes: Uint8Array, visit: Visit): WalError | null {
    const view = viewOf(bytes);
    let at = SECTOR_BYTES;
    while (positionOf(number, at) < this.#end) {
      const batch = decodeBatchHeader(bytes, view, at, number, salt);
      if (batch === null) return null; // recovery has judged what stands here
      const end = at + BATCH_HEADER_BYTES + batch.bytes;
      let offset = at + BATCH_HEADER_BYTES;
      while (offset < end) {
        const glimpse = glimpseRecord(view, offset, Math.min(end, bytes.length));
        if (glimpse === null) return walError("corrupt", file, offset, "the record is damaged");
        const next = offset + RECORD_HEADER_BYTES + glimpse.payloadBytes;
        if (this.#isWanted(glimpse.group, glimpse.lsn, positionOf(number, offset))) {
          const header = decodeRecordHeader(bytes, view, offset, end);
          if (header === null || !isEntryKind(header.kind)) {
            return walError("corrupt", file, offset, "the record is damaged");
          }
          visit(recordOf(header, bytes.subarray(offset + RECORD_HEADER_BYTES, next)) as LogEntry);
        }
        offset = next;
      }
      at += batchSpan(batch.bytes);
    }
    return null;
  }

  /** The index says that this very place holds the entry: own records and voided entries are none. */
  #isWanted(group: GroupId, lsn: Lsn, position: Position): boolean {
    const range = this.#ranges.get(group);
    if (range === undefined || lsn < range.from || lsn > range.to) return false;
    const log = this.#source.find(group);
    return log !== undefined && log.has(lsn) && log.position(lsn) === position;
  }
}
