// Opening a write-ahead log: reads every segment once, rebuilds the index, and tells a torn tail (the batch
// that was being written when the power went: cut as a whole) from damage (refused).
//
// Why the two can be told apart: segments begin as zeros and are never used again; batch n+1 is written only
// after batch n is durable. So a batch that is not intact, while anything later is there, was durable once.
import { assert } from "../../base/assert.ts";
import type { GroupId, NodeId } from "../../base/ids.ts";
import type { Disk } from "../../ports/disk.ts";
import { FORGOTTEN } from "../../wire/log-record.ts";
import { GroupLog, positionOf } from "./log-index.ts";
import { detailOf } from "./own-records.ts";
import {
  BATCH_HEADER_BYTES, batchSpan, decodeBatchHeader, decodeRecordHeader, decodeSegmentHeader, FORMAT_VERSION,
  RECORD_HEADER_BYTES, roundUpToSector, SECTOR_BYTES, segmentFileName, segmentNumberOf, viewOf,
} from "./segment-format.ts";
import type { BatchHeader, RecordHeader, SegmentHeader } from "./segment-format.ts";
import { walDiskError, walError } from "./wal-error.ts";
import type { WalError } from "./wal-error.ts";

/** Zeros that must be written before anything else: remains of a torn batch must never reappear. */
export type Repair = { readonly file: string; readonly offset: number; readonly bytes: number };

export type RecoveredWal = {
  readonly groups: Map<GroupId, GroupLog>;
  /**
   * Groups that were forgotten, as far as the log still tells, with the segment that says so; they may have begun anew.
   */
  readonly forgotten: Map<GroupId, number>;
  /** Segments in use or prepared, ascending and contiguous, with their salts. Empty: a new log. */
  readonly segments: readonly { readonly number: number; readonly salt: number }[];
  /** Where the next batch goes. */
  readonly tail: { readonly segment: number; readonly offset: number };
  readonly nextSequence: number;
  readonly lastIsSeal: boolean;
  readonly repairs: readonly Repair[];
  /** Files whose creation was never finished. */
  readonly leftovers: readonly string[];
  /** Size of every segment of this log; null for a new log. */
  readonly segmentBytes: number | null;
};

export type Recovery =
  | { readonly ok: true; readonly state: RecoveredWal }
  | { readonly ok: false; readonly error: WalError };

type Segment = { readonly file: string; readonly number: number; readonly bytes: number };
type Place = { readonly segment: number; readonly file: string; readonly offset: number };

/** Repairs are written in pieces of at most this, so that no huge buffer is needed. */
const REPAIR_BYTES_MAX = 1024 * 1024;

export function recoverWal(disk: Disk, node: NodeId, segmentBytes: number): Recovery {
  const listing = disk.list();
  if (!listing.ok) return { ok: false, error: walDiskError(listing.error) };
  const segments: Segment[] = [];
  for (const { name, bytes } of listing.files) {
    const number = segmentNumberOf(name);
    if (number !== null) segments.push({ file: name, number, bytes });
  }
  segments.sort((a, b) => a.number - b.number);
  const error = findHole(segments) ?? findOversized(segments);
  if (error !== null) return { ok: false, error };
  return new Scan(disk, node, segmentBytes).run(segments);
}

function findHole(segments: readonly Segment[]): WalError | null {
  for (let i = 1; i < segments.length; i++) {
    const expected = (segments[i - 1] as Segment).number + 1;
    if ((segments[i] as Segment).number !== expected) {
      return walError("corrupt", segmentFileName(expected), 0, "the segment is missing");
    }
  }
  return null;
}

/** A segment is read as a whole, so its length must be bounded before it is believed. */
function findOversized(segments: readonly Segment[]): WalError | null {
  for (const { file, bytes } of segments) {
    if (bytes > 2 ** 30) return walError("corrupt", file, 0, "longer than any segment");
  }
  return null;
}

class Scan {
  readonly #disk: Disk;
  readonly #node: NodeId;
  readonly #groups = new Map<GroupId, GroupLog>();
  readonly #forgotten = new Map<GroupId, number>();
  readonly #known: { number: number; salt: number }[] = [];
  readonly #repairs: Repair[] = [];
  readonly #leftovers: string[] = [];
  #buffer: Uint8Array<ArrayBuffer>;
  /** Sequence of the next batch; null until the first batch of the log is seen. */
  #next: number | null = null;
  /** Where the next batch should stand. */
  #end: Place | null = null;
  /** Offset of the newest intact batch in its segment. */
  #lastBatchAt = 0;
  #lastIsSeal = true;
  #segmentBytes: number | null = null;

  constructor(disk: Disk, node: NodeId, segmentBytes: number) {
    this.#disk = disk;
    this.#node = node;
    this.#buffer = new Uint8Array(segmentBytes);
  }

  run(segments: readonly Segment[]): Recovery {
    const recovery = this.#run(segments);
    this.#buffer.buffer.transfer(0); // frees it now: as large as a segment, and never needed again
    return recovery;
  }

  #run(segments: readonly Segment[]): Recovery {
    for (const segment of segments) {
      const error = this.#segment(segment, segment === segments.at(-1));
      if (error !== null) return { ok: false, error };
    }
    const lost = this.#findLostEnd(segments);
    if (lost !== null) return { ok: false, error: lost };
    const tail = this.#end ?? { segment: 1, offset: SECTOR_BYTES };
    return {
      ok: true,
      state: {
        groups: this.#groups, forgotten: this.#forgotten, segments: this.#known,
        tail: { segment: tail.segment, offset: tail.offset },
        nextSequence: this.#next ?? 1, lastIsSeal: this.#lastIsSeal, repairs: this.#repairs,
        leftovers: this.#leftovers, segmentBytes: this.#segmentBytes,
      },
    };
  }

  /** A batch in the second half of a segment is written after the next segment was made: without that, it is lost. */
  #findLostEnd(segments: readonly Segment[]): WalError | null {
    const newest = segments.at(-1);
    if (newest === undefined || this.#lastBatchAt * 2 < newest.bytes || this.#end?.file !== newest.file) return null;
    return walError("corrupt", segmentFileName(newest.number + 1), 0, "the segment is missing, the newest of the log");
  }

  #segment(segment: Segment, isNewest: boolean): WalError | null {
    const { file, number } = segment;
    if (segment.bytes > this.#buffer.length) this.#buffer = new Uint8Array(segment.bytes);
    const bytes = this.#buffer.subarray(0, segment.bytes);
    const read = this.#disk.readSync(file, 0, bytes);
    if (typeof read !== "number") return walDiskError(read);
    if (read !== bytes.length) return walError("corrupt", file, read, "the file is shorter than it was");
    const header = decodeSegmentHeader(bytes);
    const isWhole = header !== null && header.bytes === bytes.length;
    const mayBeEmpty = isNewest && (number === 1 || this.#known.length > 0);
    if (!isWhole && mayBeEmpty && isZero(bytes, Math.min(SECTOR_BYTES, bytes.length), bytes.length)) {
      this.#leftovers.push(file); // its creation did not finish; no batch was ever in it
      return null;
    }
    const wrong = checkSegmentHeader(header, segment, this.#node);
    if (wrong !== null) return wrong;
    this.#segmentBytes ??= segment.bytes;
    if (segment.bytes !== this.#segmentBytes) return walError("corrupt", file, 16, "not as long as older segments");
    this.#known.push({ number, salt: (header as SegmentHeader).salt });
    return this.#batches(segment, (header as SegmentHeader).salt, bytes);
  }

  #batches(segment: Segment, salt: number, bytes: Uint8Array): WalError | null {
    const { file, number } = segment;
    const view = viewOf(bytes);
    const isOldest = this.#known.length === 1;
    let at = SECTOR_BYTES;
    while (at < bytes.length) {
      const header = decodeBatchHeader(bytes, view, at, number, salt);
      if (header === null || (this.#next === null ? !isOldest : header.sequence !== this.#next)) break;
      const records = readRecords(bytes, view, at, header);
      if (records === null) break;
      const wrong = this.#note(segment, bytes, at, header, records);
      if (wrong !== null) return wrong;
      this.#lastBatchAt = at;
      at += batchSpan(header.bytes);
    }
    const place: Place = { segment: number, file, offset: at };
    const hasBatches = at > SECTOR_BYTES;
    const bad = hasBatches || this.#end === null ? place : this.#blame(place, bytes);
    const later = findLaterBatch(bytes, view, at, number, salt, this.#next);
    if (later !== null) {
      return walError("corrupt", bad.file, bad.offset,
        `the batch here is damaged or missing, but a later one stands in ${file} at ${later}`);
    }
    if (isOldest && number !== 1 && !hasBatches) {
      // Older segments are deleted only when a batch in this one, or behind it, is durable.
      return walError("corrupt", file, SECTOR_BYTES, "the first batch of the oldest segment is damaged or missing");
    }
    if (hasBatches) this.#repairs.length = 0; // what looked torn before is unused space: a later batch is intact
    if (hasBatches || this.#end === null) this.#end = place;
    this.#repair(file, bytes, at);
    return null;
  }

  /** Where the batch that should come next is damaged: at the end of the older segment, or at `place`. */
  #blame(place: Place, bytes: Uint8Array): Place {
    const end = this.#end as Place;
    if (end.offset >= bytes.length) return place; // the older segment is full
    const isOlderTouched = this.#repairs.some((repair) => repair.file === end.file);
    const isHere = !isOlderTouched && !isZero(bytes, place.offset, Math.min(bytes.length, place.offset + SECTOR_BYTES));
    return isHere ? place : end;
  }

  #note(
    segment: Segment, bytes: Uint8Array, at: number, header: BatchHeader, records: readonly RecordHeader[],
  ): WalError | null {
    let offset = at + BATCH_HEADER_BYTES;
    for (const record of records) {
      const end = offset + RECORD_HEADER_BYTES + record.payloadBytes;
      const fault = this.#noteRecord(record, bytes.subarray(offset + RECORD_HEADER_BYTES, end), segment.number, offset);
      if (fault !== null) {
        return walError("corrupt", segment.file, offset, `group ${record.group}, LSN ${record.lsn}: ${fault}`);
      }
      offset = end;
    }
    assert(offset === at + BATCH_HEADER_BYTES + header.bytes, "records fill their batch");
    this.#next = header.sequence + 1;
    this.#lastIsSeal = header.recordCount === 0;
    return null;
  }

  /** Returns what is wrong with the record, whose bytes are intact. */
  #noteRecord(record: RecordHeader, payload: Uint8Array, segment: number, offset: number): string | null {
    const { kind, group, lsn, ballot } = record;
    if (kind === FORGOTTEN) {
      this.#groups.delete(group);
      this.#forgotten.set(group, segment);
      return null;
    }
    const detail = detailOf(kind, payload);
    if (detail === undefined) return "the payload does not decode";
    let log = this.#groups.get(group);
    if (log === undefined) this.#groups.set(group, log = new GroupLog(group));
    const fault = log.faultOf(kind, lsn, detail);
    if (fault === null) log.note(kind, lsn, ballot, positionOf(segment, offset), detail);
    return fault;
  }

  /** Notes the sectors from `from` on that are not zero, to be zeroed. */
  #repair(file: string, bytes: Uint8Array, from: number): void {
    let begin = from;
    while (begin < bytes.length && isZero(bytes, begin, Math.min(bytes.length, begin + SECTOR_BYTES))) {
      begin += SECTOR_BYTES;
    }
    if (begin >= bytes.length) return;
    let end = bytes.length;
    while (bytes[end - 1] === 0) end--;
    end = Math.min(roundUpToSector(end), bytes.length);
    for (let offset = begin; offset < end; offset += REPAIR_BYTES_MAX) {
      this.#repairs.push({ file, offset, bytes: Math.min(REPAIR_BYTES_MAX, end - offset) });
    }
  }
}

function checkSegmentHeader(header: SegmentHeader | null, segment: Segment, node: NodeId): WalError | null {
  const { file } = segment;
  if (header === null) return walError("corrupt", file, 0, "the segment header is damaged");
  if (header.version !== FORMAT_VERSION) {
    return walError("version", file, 4, `format version ${header.version}; this release reads ${FORMAT_VERSION}`);
  }
  if (header.node !== node) return walError("foreign", file, 6, `the log of node ${header.node}, not of ${node}`);
  if (header.number !== segment.number) return walError("foreign", file, 8, `this is segment ${header.number}`);
  if (header.bytes !== segment.bytes) {
    return walError("corrupt", file, 16, `${segment.bytes} bytes long, the header says ${header.bytes}`);
  }
  return null;
}

/** All records of the batch at `at`, or null when it is not intact. */
function readRecords(bytes: Uint8Array, view: DataView, at: number, header: BatchHeader): RecordHeader[] | null {
  const end = at + BATCH_HEADER_BYTES + header.bytes;
  if (end > bytes.length) return null;
  const records: RecordHeader[] = [];
  let offset = at + BATCH_HEADER_BYTES;
  while (offset < end) {
    const record = decodeRecordHeader(bytes, view, offset, end);
    if (record === null) return null;
    records.push(record);
    offset += RECORD_HEADER_BYTES + record.payloadBytes;
  }
  return offset === end && records.length === header.recordCount ? records : null;
}

/**
 * Offset of an intact batch header at or behind `from` that is not that of batch `expected` itself, or null.
 * With `expected` unknown (the log's first batch is not intact), a header at its place in segment 1 is its own.
 */
function findLaterBatch(
  bytes: Uint8Array, view: DataView, from: number, segment: number, salt: number, expected: number | null,
): number | null {
  for (let at = from; at < bytes.length; at += SECTOR_BYTES) {
    const header = decodeBatchHeader(bytes, view, at, segment, salt);
    if (header === null) continue;
    if (expected === null ? at > from || segment !== 1 : header.sequence > expected) return at;
  }
  return null;
}

function isZero(bytes: Uint8Array, from: number, to: number): boolean {
  let at = from;
  if ((bytes.byteOffset + from) % 4 === 0) {
    const words = new Int32Array(bytes.buffer, bytes.byteOffset + from, (to - from) >> 2);
    for (let i = 0; i < words.length; i++) if (words[i] !== 0) return false;
    at += words.length * 4;
  }
  for (; at < to; at++) if (bytes[at] !== 0) return false;
  return true;
}
