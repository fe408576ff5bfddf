// The write-ahead log of one node, shared by all its groups: one write and one sync for everything that was
// appended since the last one. Invariants:
//   - a batch is written only after the one before it is durable (recovery depends on it, and the disk sees to it:
//     its operations take effect in order)
//   - a segment file is deleted only when all older ones are, nothing in it is needed, and what must survive it
//     (each group's promise, commit mark, configurations and last entry) is durable further on
//   - after a failed write or sync nothing is written any more
import { assert, must } from "../../base/assert.ts";
import { reached } from "../../base/buggify.ts";
import type { GroupId, Lsn, NodeId } from "../../base/ids.ts";
import type { Clock, TimerHandle } from "../../ports/clock.ts";
import type { Disk, DiskError } from "../../ports/disk.ts";
import type { Random } from "../../ports/random.ts";
import type { Telemetry } from "../../ports/telemetry.ts";
import { FORGOTTEN, PROMISE } from "../../wire/log-record.ts";
import type { LogRecord } from "../../wire/log-record.ts";
import { BatchPace } from "./batch-pace.ts";
import type { WalPace } from "./batch-pace.ts";
import { BatchQueue } from "./batch-queue.ts";
import type { Batch } from "./batch-queue.ts";
import { readEntries, readEntriesSync } from "./entry-reader.ts";
import type { EntriesRead, ReaderSource } from "./entry-reader.ts";
import { GroupLog, SEGMENT_BYTES_MAX, segmentOf } from "./log-index.ts";
import type { RecoveredLog } from "./log-index.ts";
import { LogScan } from "./log-scan.ts";
import type { LsnRange } from "./log-scan.ts";
import { detailOf, forgottenRecord } from "./own-records.ts";
import { recoverWal } from "./recovery.ts";
import type { RecoveredWal } from "./recovery.ts";
import {
  batchSpan, encodeSegmentHeader, FORMAT_VERSION, RECORD_BYTES_MAX, RECORD_HEADER_BYTES, SECTOR_BYTES,
  segmentFileName,
} from "./segment-format.ts";
import { walDiskError } from "./wal-error.ts";
import type { WalError } from "./wal-error.ts";

export type WalOptions = {
  readonly node: NodeId;
  readonly clock: Clock;
  readonly random: Random;
  /** A multiple of 512, at least SEGMENT_BYTES_MIN. A log keeps the size it was begun with. */
  readonly segmentBytes: number;
  /** One write carries at most this many bytes of records (one record may be larger). */
  readonly batchBytesMax: number;
  /** An idle log is sealed after this long, so that damage to its last batch cannot pass for a torn tail. */
  readonly sealDelayMs: number;
  /** Absent: a batch leaves as soon as the one before is durable. */
  readonly pace?: WalPace;
};

/** Small enough for tests, large enough that header, batch and a page of records fit. */
export const SEGMENT_BYTES_MIN: number = 4096;
/** 16 MiB: some seconds of heavy writing; a second to replay. */
export const SEGMENT_BYTES_DEFAULT: number = 16 * 1024 * 1024;
/** 1 MiB: a few milliseconds of device time, so no batch delays the next one for long. */
export const BATCH_BYTES_DEFAULT: number = 1024 * 1024;
export const SEAL_DELAY_MS_DEFAULT = 250;
export type OpenedWal =
  | { readonly ok: true; readonly wal: Wal; readonly groups: Map<GroupId, RecoveredLog> }
  | { readonly ok: false; readonly error: WalError };

/** Reads the log of `options.node` on `disk`, or begins one. Blocks while it reads. */
export function openWal(disk: Disk, options: WalOptions, telemetry: Telemetry): OpenedWal {
  const { segmentBytes } = options;
  assert(segmentBytes >= SEGMENT_BYTES_MIN && segmentBytes <= SEGMENT_BYTES_MAX, "segment size range");
  assert(segmentBytes % SECTOR_BYTES === 0, "segment size in whole sectors");
  const recovery = recoverWal(disk, options.node, segmentBytes);
  if (!recovery.ok) return recovery;
  const { state } = recovery;
  const groups = new Map<GroupId, RecoveredLog>();
  for (const [group, log] of state.groups) groups.set(group, log.recovered());
  return { ok: true, wal: new Wal(disk, options, telemetry, state), groups };
}

/** One being written, one for the disk to go on with. */
const IN_FLIGHT_MAX = 2;

type SegmentState = { readonly number: number; readonly salt: number };

export class Wal {
  /** Called after `durableSeq` grew. */
  onDurable: (sequence: number) => void = () => undefined;
  /** Called once; the node must stop. */
  onFailure: (error: WalError) => void = () => undefined;
  readonly #disk: Disk;
  readonly #options: WalOptions;
  readonly #telemetry: Telemetry;
  readonly #groups: Map<GroupId, GroupLog>;
  /** With the segment of the record that says so. */
  readonly #forgotten: Map<GroupId, number>;
  /** Forgotten groups of which the tree may still have a mark: the log must go on to tell. */
  readonly #unsettled: Set<GroupId>;
  /** Files that exist or are being created, by number, oldest first. */
  readonly #segments = new Map<number, SegmentState>();
  readonly #segmentBytes: number;
  readonly #queue: BatchQueue;
  readonly #pace: BatchPace | null;
  readonly #source: ReaderSource;
  #appended = 0;
  #durable = 0;
  /** Batches given to the disk and not durable yet. */
  #inFlight = 0;
  /** The last batch written carries no records. */
  #lastIsSeal: boolean;
  /** Segment of the newest durable batch: older ones may be deleted. */
  #durableSegment: number;
  /** A batch is durable. */
  #isBegun: boolean;
  #sealTimer: TimerHandle | null = null;
  #failure: WalError | null = null;
  #isReleasePlanned = false;
  /** Deletion of segments below `limit` once append sequence `after` is durable. */
  #deletion: { readonly limit: number; readonly after: number } | null = null;
  #closing: (() => void) | null = null;
  #whenBegun: (() => void) | null = null;
  #isClosed = false;

  constructor(disk: Disk, options: WalOptions, telemetry: Telemetry, state: RecoveredWal) {
    this.#disk = disk;
    this.#options = options;
    this.#telemetry = telemetry;
    this.#groups = state.groups;
    this.#forgotten = state.forgotten;
    this.#unsettled = new Set(state.forgotten.keys());
    for (const segment of state.segments) this.#segments.set(segment.number, segment);
    const place = { segment: state.tail.segment, offset: state.tail.offset, sequence: state.nextSequence };
    this.#segmentBytes = state.segmentBytes ?? options.segmentBytes;
    this.#queue = new BatchQueue(place, this.#segmentBytes, options.batchBytesMax, (n) => disk.allocate(n));
    const { clock, pace } = options;
    this.#pace = pace === undefined ? null : new BatchPace(clock, pace, () => this.flush());
    this.#source = {
      disk, queue: this.#queue, segmentBytes: this.#segmentBytes, find: (group) => this.#groups.get(group),
    };
    this.#lastIsSeal = state.lastIsSeal;
    this.#durableSegment = state.tail.segment;
    this.#isBegun = state.nextSequence > 1;
    this.#repair(state);
  }

  /** Sequence of the newest append; appends are numbered from 1 in each life of the log. */
  get appendedSeq(): number {
    return this.#appended;
  }

  /** Every append up to here is durable. */
  get durableSeq(): number {
    return this.#durable;
  }

  /** Bytes appended but not durable: the measure for back-pressure. */
  get pendingBytes(): number {
    return this.#queue.pendingBytes;
  }

  /** Largest payload a record may have in this log. */
  get payloadBytesMax(): number {
    const room = this.#segmentBytes - SECTOR_BYTES - batchSpan(RECORD_HEADER_BYTES); // one sector holds the rest
    return Math.min(RECORD_BYTES_MAX, room);
  }

  /**
   * Calls `done` when the log stands on disk, or has failed; a new log is begun with a seal. From then on a
   * directory without segments is that of a log that was lost.
   */
  begin(done: () => void): void {
    assert(this.#whenBegun === null, "log begun twice");
    if (this.#isBegun || this.#failure !== null) {
      this.#options.clock.endOfTurn(done);
      return;
    }
    this.#whenBegun = done;
    if (this.#queue.isEmpty) this.#queue.addSeal(this.#appended);
    this.flush();
  }

  /**
   * Takes the record; it leaves with the next `flush`. Copies the payload. Returns its append sequence. The
   * record's checksum must be true (a log with a false one is refused as damaged when it is opened). Entries come
   * without holes, from the one behind the group's base on.
   */
  append(record: LogRecord): number {
    assert(this.#closing === null, "append to a closing log");
    assert(record.payload.length <= this.payloadBytesMax, "record payload larger than the log takes");
    const sequence = ++this.#appended;
    if (this.#failure !== null) return sequence; // never durable; the owner knows from onFailure
    assert(record.kind !== FORGOTTEN, "a group is forgotten by its method");
    const log = this.#log(record.group);
    const isKept = record.kind >= PROMISE || log.last === 0 || record.lsn > log.released;
    assert(isKept, "a released entry is never replaced");
    this.#put(log, record, sequence);
    return sequence;
  }

  /**
   * Starts writing what was appended. With a batch in flight, the rest follows by itself; a batch that can grow no more
   * goes to the disk at once, so that it need not wait for this thread's turn.
   */
  flush(): void {
    if (this.#failure !== null || this.#isClosed) return;
    if (this.#inFlight === 0) {
      if (this.#queue.isEmpty || this.#mustWait()) return;
      this.#write(must(this.#queue.first()));
    }
    if (this.#inFlight >= IN_FLIGHT_MAX) return;
    const next = this.#queue.closedAt(this.#inFlight);
    if (next !== null) this.#write(next);
  }

  /** The next batch then leaves by itself. */
  #mustWait(): boolean {
    return this.#pace !== null && this.#closing === null && this.#pace.mustWait(this.#queue.pendingBytes);
  }

  #write(batch: Batch): void {
    if (this.#sealTimer !== null) this.#options.clock.clearTimer(this.#sealTimer);
    this.#sealTimer = null;
    this.#inFlight++;
    const segment = this.#segment(batch.segment);
    if (batch.offset * 2 >= this.#segmentBytes) this.#segment(batch.segment + 1); // ahead of need
    const isSeal = batch.recordCount === 0;
    const bytes = batch.seal(segment.salt);
    this.#disk.writeAndSync(segmentFileName(batch.segment), batch.offset, bytes, (error) => {
      if (error !== null) return this.#fail(error);
      this.#inFlight--;
      this.#pace?.batchEnded(bytes.length);
      this.#lastIsSeal = isSeal;
      this.#durableSegment = batch.segment;
      this.#durable = batch.lastAppend;
      this.#queue.done();
      this.#afterBatch(isSeal);
    });
  }

  /** Entries from `from` on, contiguous; at least one if there is one, then up to `bytesMax` of payload. Blocks. */
  readEntriesSync(group: GroupId, from: Lsn, bytesMax: number): EntriesRead {
    return readEntriesSync(this.#source, group, from, bytesMax);
  }

  /** The same, off the event loop's thread. */
  readEntries(group: GroupId, from: Lsn, bytesMax: number, done: (result: EntriesRead) => void): void {
    readEntries(this.#source, group, from, bytesMax, done);
  }

  /** Reads the entries of several groups in one pass, in the order of the log. Before any append. */
  scan(ranges: ReadonlyMap<GroupId, LsnRange>): LogScan {
    assert(this.#appended === 0, "a scan comes before the first append");
    return new LogScan(this.#source, this.#segments.values(), ranges);
  }

  /** First and last LSN, promise and commit mark as appended (not necessarily durable). */
  groupState(group: GroupId): RecoveredLog | null {
    return this.#groups.get(group)?.recovered() ?? null;
  }

  /** The group's entries up to `upTo` are not needed any more. They stay readable while their file stays. */
  release(group: GroupId, upTo: Lsn): void {
    const log = this.#groups.get(group);
    if (log === undefined || upTo <= log.released) return;
    log.release(upTo);
    this.#planRelease();
  }

  /**
   * Nothing of the group is needed any more: promise, entries and configurations. Returns the append sequence with
   * which that is durable; before, the group shows up again at recovery. It may begin anew at any time.
   */
  forgetGroup(group: GroupId): number {
    if (!this.#groups.delete(group)) return this.#appended;
    reached("wal: a group's log was forgotten");
    if (this.#failure !== null || this.#closing !== null) {
      this.#forgotten.set(group, this.#durableSegment);
      return ++this.#appended; // never durable
    }
    this.#forgotten.set(group, segmentOf(this.#queue.add(forgottenRecord(group), ++this.#appended)));
    this.#unsettled.add(group);
    this.flush();
    this.#planRelease();
    return this.#appended;
  }

  /** Forgotten groups that were not settled. */
  get unsettled(): readonly GroupId[] {
    return [...this.#unsettled];
  }

  /**
   * The tree, durably, has nothing of the forgotten group any more. Until then the log keeps saying that it was
   * forgotten: a tree with a mark of a group that no log knows is taken for one whose log was lost.
   */
  settleForgotten(group: GroupId): void {
    if (this.#unsettled.delete(group)) this.#planRelease();
  }

  /** True when the group was forgotten in this life or, as far as the log still tells, in one before. */
  isForgotten(group: GroupId): boolean {
    return this.#forgotten.has(group);
  }

  /** Writes what was appended and a seal, then calls `done`. The disk stays open. */
  close(done: () => void): void {
    assert(this.#closing === null, "log closed twice");
    this.#closing = done;
    this.#continueClose();
  }

  inspect(): WalSnapshot {
    return {
      appended: this.#appended, durable: this.#durable, pendingBytes: this.pendingBytes,
      segments: [...this.#segments.keys()], groups: this.#groups.size, failure: this.#failure,
    };
  }

  #log(group: GroupId): GroupLog {
    let log = this.#groups.get(group);
    if (log === undefined) this.#groups.set(group, log = new GroupLog(group));
    return log;
  }

  #put(log: GroupLog, record: LogRecord, sequence: number): void {
    const { kind, lsn, ballot } = record;
    const detail = detailOf(kind, record.payload);
    assert(detail !== undefined, "the payload of an own record or a CONFIG entry decodes");
    const fault = log.faultOf(kind, lsn, detail);
    assert(fault === null, fault ?? "");
    log.note(kind, lsn, ballot, this.#queue.add(record, sequence), detail);
  }

  /** The state of segment `number`, whose file is created when it does not exist. */
  #segment(number: number): SegmentState {
    const known = this.#segments.get(number);
    if (known !== undefined) return known;
    const { node, random } = this.#options;
    const segment = { number, salt: random.u32() };
    const bytes = this.#segmentBytes;
    const head = encodeSegmentHeader({ version: FORMAT_VERSION, node, number, bytes, salt: segment.salt });
    this.#segments.set(number, segment);
    this.#disk.create(segmentFileName(number), head, bytes, (error) => this.#fail(error));
    return segment;
  }

  /** Removes what a power cut left behind. The disk works in order, so nothing new is written before. */
  #repair(state: RecoveredWal): void {
    for (const file of state.leftovers) this.#disk.delete(file, (error) => this.#fail(error));
    for (const { file, offset, bytes } of state.repairs) {
      this.#telemetry.event("warn", "wal", "torn tail cut", { file, offset, bytes });
      this.#disk.writeAndSync(file, offset, new Uint8Array(bytes), (error) => this.#fail(error));
    }
  }

  #afterBatch(wasSeal: boolean): void {
    this.#isBegun = true;
    this.#tellBegun();
    this.#deleteSegments();
    if (!wasSeal) this.onDurable(this.#durable);
    if (this.#closing !== null) this.#continueClose();
    else if (!this.#queue.isEmpty) this.flush();
    else if (!this.#lastIsSeal && this.#inFlight === 0) this.#planSeal();
  }

  #tellBegun(): void {
    const begun = this.#whenBegun;
    this.#whenBegun = null;
    begun?.();
  }

  #planSeal(): void {
    if (this.#sealTimer !== null) return;
    this.#sealTimer = this.#options.clock.setTimer(this.#options.sealDelayMs, () => {
      this.#sealTimer = null;
      if (!this.#queue.isEmpty || this.#inFlight > 0 || this.#closing !== null) return;
      this.#queue.addSeal(this.#appended);
      this.flush();
    });
  }

  #continueClose(): void {
    if (this.#isClosed) return;
    if (this.#failure === null && this.#queue.isEmpty && !this.#lastIsSeal) this.#queue.addSeal(this.#appended);
    if (this.#failure === null && !this.#queue.isEmpty) {
      this.#pace?.cancel();
      return this.flush();
    }
    this.#isClosed = true;
    if (this.#sealTimer !== null) this.#options.clock.clearTimer(this.#sealTimer);
    const done = must(this.#closing);
    this.#options.clock.endOfTurn(done);
  }

  #planRelease(): void {
    if (this.#isReleasePlanned || this.#isClosed) return;
    this.#isReleasePlanned = true; // once per turn: a checkpoint releases many groups at once
    this.#options.clock.endOfTurn(() => {
      this.#isReleasePlanned = false;
      this.#releaseSegments();
    });
  }

  /** Carries forward what must survive and plans the deletion of all segments that nobody needs. */
  #releaseSegments(): void {
    if (this.#deletion !== null || this.#failure !== null || this.#closing !== null) return;
    let oldest = Infinity;
    for (const log of this.#groups.values()) oldest = Math.min(oldest, log.oldestNeeded());
    let limit = Math.min(this.#durableSegment, oldest === Infinity ? Infinity : segmentOf(oldest));
    for (const group of this.#unsettled) limit = Math.min(limit, must(this.#forgotten.get(group), "was forgotten"));
    const first = this.#segments.keys().next().value;
    if (first === undefined || first >= limit) return;
    for (const log of this.#groups.values()) if (!this.#carry(log, limit)) return;
    this.#deletion = { limit, after: this.#appended };
    if (this.#durable >= this.#appended) this.#deleteSegments();
    else this.flush();
  }

  /** The last entry first: it voids what the configuration at its LSN says. */
  #carry(log: GroupLog, limit: number): boolean {
    if (log.last !== 0 && segmentOf(log.position(log.last)) < limit) {
      const read = this.readEntriesSync(log.group, log.last, 0);
      if (!read.ok) {
        this.#stop(read.error);
        return false;
      }
      this.#put(log, must(read.entries[0], "the last entry of a group"), ++this.#appended);
    }
    for (const record of log.restatements(limit)) this.#put(log, record, ++this.#appended);
    return true;
  }

  #deleteSegments(): void {
    const deletion = this.#deletion;
    if (deletion === null || this.#durable < deletion.after) return;
    this.#deletion = null;
    for (const log of this.#groups.values()) log.trim(deletion.limit);
    for (const number of [...this.#segments.keys()]) {
      if (number >= deletion.limit) break;
      this.#segments.delete(number);
      this.#disk.delete(segmentFileName(number), (error) => this.#fail(error));
    }
  }

  #fail(error: DiskError | null): void {
    if (error !== null) this.#stop(walDiskError(error));
  }

  #stop(error: WalError): void {
    if (this.#failure !== null) return;
    this.#failure = error;
    if (this.#sealTimer !== null) this.#options.clock.clearTimer(this.#sealTimer);
    this.onFailure(error);
    this.#tellBegun();
    if (this.#closing !== null) this.#continueClose();
  }
}

export type WalSnapshot = {
  readonly appended: number;
  readonly durable: number;
  readonly pendingBytes: number;
  readonly segments: readonly number[];
  readonly groups: number;
  readonly failure: WalError | null;
};
