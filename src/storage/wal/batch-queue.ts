// Records on their way to the disk, already laid out: each batch knows the segment and offset it will be
// written to, so a record has its final position as soon as it is appended.
import { assert } from "../../base/assert.ts";
import { buggify } from "../../base/buggify.ts";
import type { LogRecord } from "../../wire/log-record.ts";
import { positionOf } from "./log-index.ts";
import type { Position } from "./log-index.ts";
import {
  BATCH_HEADER_BYTES, batchSpan, putBatchHeader, putRecord, RECORD_HEADER_BYTES, SECTOR_BYTES, viewOf,
} from "./segment-format.ts";

/** First size of a batch's buffer; it doubles as needed. */
const BUFFER_BYTES_MIN = 64 * 1024;
/** Buffers up to this size are kept for the next batch, larger ones are given back. */
const BUFFER_BYTES_KEPT = 2 * 1024 * 1024;
/** Two in flight, one collecting. */
const BUFFERS_KEPT = 3;

export class Batch {
  readonly segment: number;
  readonly offset: number;
  readonly sequence: number;
  bytes: Uint8Array;
  view: DataView;
  /** Bytes used, the header's included. */
  length: number = BATCH_HEADER_BYTES;
  recordCount = 0;
  /** Append sequence of the last record in it. */
  lastAppend = 0;

  constructor(segment: number, offset: number, sequence: number, bytes: Uint8Array) {
    this.segment = segment;
    this.offset = offset;
    this.sequence = sequence;
    this.bytes = bytes;
    this.view = viewOf(bytes);
  }

  get span(): number {
    return batchSpan(this.length - BATCH_HEADER_BYTES);
  }

  /** Completes header and padding. Returns what is to be written. */
  seal(salt: number): Uint8Array {
    const { span } = this;
    putBatchHeader(this.bytes, this.view, this.segment, salt, {
      bytes: this.length - BATCH_HEADER_BYTES, sequence: this.sequence, recordCount: this.recordCount,
    });
    this.bytes.fill(0, this.length, span);
    return this.bytes.subarray(0, span);
  }
}

export type BatchPlace = { readonly segment: number; readonly offset: number; readonly sequence: number };

export class BatchQueue {
  readonly #segmentBytes: number;
  readonly #batchBytesMax: number;
  readonly #allocate: (bytes: number) => Uint8Array;
  /** Oldest first. The newest one still collects unless `#isLastClosed`. */
  readonly #batches: Batch[] = [];
  #isLastClosed = true;
  readonly #pool: Uint8Array[] = [];
  /** Where the next batch goes. */
  #segment: number;
  #offset: number;
  #sequence: number;
  #pendingBytes = 0;

  constructor(
    place: BatchPlace, segmentBytes: number, batchBytesMax: number, allocate: (bytes: number) => Uint8Array,
  ) {
    this.#segment = place.segment;
    this.#offset = place.offset;
    this.#sequence = place.sequence;
    this.#segmentBytes = segmentBytes;
    this.#batchBytesMax = batchBytesMax;
    this.#allocate = allocate;
  }

  /** Bytes of records that are not durable yet. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  get isEmpty(): boolean {
    return this.#batches.length === 0;
  }

  /** Where the next new batch begins, unless it is too large for the rest of that segment. */
  get end(): Position {
    return positionOf(this.#segment, this.#offset);
  }

  /** Lays `record` out. Returns where it will stand. */
  add(record: LogRecord, appendSequence: number): Position {
    const bytes = RECORD_HEADER_BYTES + record.payload.length;
    let batch = this.#isLastClosed ? null : this.#batches.at(-1) as Batch;
    if (batch !== null && !this.#fits(batch, bytes)) {
      this.#closeLast();
      batch = null;
    }
    batch ??= this.#open(bytes);
    this.#reserve(batch, bytes);
    const at = batch.length;
    batch.length = putRecord(batch.bytes, batch.view, at, record);
    batch.recordCount++;
    batch.lastAppend = appendSequence;
    this.#pendingBytes += bytes;
    assert(batch.length === at + bytes, "record layout");
    return positionOf(batch.segment, batch.offset + at);
  }

  /** Adds a batch without records. */
  addSeal(appendSequence: number): void {
    assert(this.isEmpty, "a seal follows everything else");
    this.#open(0).lastAppend = appendSequence;
    this.#closeLast();
  }

  /** The oldest batch, closed; it stays in the queue until `done`. Null when there is none. */
  first(): Batch | null {
    const batch = this.#batches[0];
    if (batch === undefined) return null;
    if (this.#batches.length === 1 && !this.#isLastClosed) this.#closeLast();
    return batch;
  }

  /** The batch behind `index` others when nothing can be added to it any more, else null. */
  closedAt(index: number): Batch | null {
    const isOpen = index === this.#batches.length - 1 && !this.#isLastClosed;
    return isOpen ? null : this.#batches[index] ?? null;
  }

  /** The oldest batch is durable. */
  done(): void {
    const batch = this.#batches.shift();
    assert(batch !== undefined, "no batch to complete");
    this.#pendingBytes -= batch.length - BATCH_HEADER_BYTES;
    if (this.#pool.length < BUFFERS_KEPT && batch.bytes.length <= BUFFER_BYTES_KEPT) this.#pool.push(batch.bytes);
  }

  /** The batch that holds `offset` of `segment`, if it is still queued. */
  find(segment: number, offset: number): Batch | null {
    for (const batch of this.#batches) {
      if (batch.segment === segment && offset >= batch.offset && offset < batch.offset + batch.length) return batch;
    }
    return null;
  }

  /** Offset in `segment` before which everything is durable, and from which on nothing is, or nothing is yet. */
  firstOffset(segment: number): number {
    const first = this.#batches.find((batch) => batch.segment === segment);
    if (first !== undefined) return first.offset;
    // Nothing is queued there; but what is appended while somebody reads will be written from here on.
    return segment === this.#segment ? this.#offset : Infinity;
  }

  #fits(batch: Batch, bytes: number): boolean {
    const recordBytes = batch.length - BATCH_HEADER_BYTES + bytes;
    return recordBytes <= this.#batchBytesMax && batch.offset + batchSpan(recordBytes) <= this.#segmentBytes
      && !buggify("wal: a batch closes early");
  }

  #open(recordBytes: number): Batch {
    if (this.#offset + batchSpan(recordBytes) > this.#segmentBytes) {
      this.#segment++;
      this.#offset = SECTOR_BYTES;
      assert(SECTOR_BYTES + batchSpan(recordBytes) <= this.#segmentBytes, "record larger than a segment");
    }
    const bytes = this.#pool.pop() ?? this.#allocate(BUFFER_BYTES_MIN);
    const batch = new Batch(this.#segment, this.#offset, this.#sequence++, bytes);
    this.#batches.push(batch);
    this.#isLastClosed = false;
    return batch;
  }

  #closeLast(): void {
    const batch = this.#batches.at(-1);
    assert(batch !== undefined && !this.#isLastClosed, "no open batch");
    this.#isLastClosed = true;
    this.#offset += batch.span;
    assert(this.#offset <= this.#segmentBytes, "batch past the end of its segment");
  }

  /** Makes room for `bytes` more and the padding behind them. */
  #reserve(batch: Batch, bytes: number): void {
    const needed = batchSpan(batch.length - BATCH_HEADER_BYTES + bytes);
    if (needed <= batch.bytes.length) return;
    let size = batch.bytes.length * 2;
    while (size < needed) size *= 2;
    const larger = this.#allocate(size);
    larger.set(batch.bytes.subarray(0, batch.length));
    batch.bytes = larger;
    batch.view = viewOf(larger);
  }
}
