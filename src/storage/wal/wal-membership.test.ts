// What the log keeps for membership: where it begins, which configurations are in force, that a replica is gone.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ballotFrom, groupId, lsn, nodeId } from "../../base/ids.ts";
import { Prng } from "../../base/prng.ts";
import { ManualClock } from "../../ports/contract/manual-clock.ts";
import { MemoryDisk } from "../../runtime/memory-disk.ts";
import { encodeConfiguration, initialConfiguration } from "../../wire/group-configuration.ts";
import { BASE, CONFIG, CONFIGURATION, PROMISE, WRITE } from "../../wire/log-record.ts";
import type { LogRecord, RecordKind } from "../../wire/log-record.ts";
import { makeRecord } from "../../wire/record-checksum.ts";
import {
  BATCH_HEADER_BYTES, encodeSegmentHeader, FORMAT_VERSION, putBatchHeader, putRecord, RECORD_HEADER_BYTES, SECTOR_BYTES,
  segmentFileName, viewOf,
} from "./segment-format.ts";
import { openWal } from "./wal.ts";
import type { OpenedWal, Wal } from "./wal.ts";

const telemetry = { event: (): void => undefined };
const NOTHING = new Uint8Array(0);
const BALLOT = 65_537;
const FIRST = initialConfiguration([nodeId(1), nodeId(2), nodeId(3)]);
const MOVED = initialConfiguration([nodeId(1), nodeId(2), nodeId(9)]);

function reopen(disk: MemoryDisk, clock: ManualClock): OpenedWal {
  const prng = new Prng(7);
  return openWal(disk, {
    node: nodeId(3), clock, segmentBytes: 4096, batchBytesMax: 2048, sealDelayMs: 10,
    random: { u32: () => prng.u32(), below: (n) => prng.below(n), bytes: (n) => prng.bytes(n) },
  }, telemetry);
}

function open(disk: MemoryDisk, clock: ManualClock): Wal {
  const opened = reopen(disk, clock);
  assert.ok(opened.ok, opened.ok ? "" : opened.error.message);
  return opened.wal;
}

function record(kind: RecordKind, group: number, at: number, payload: Uint8Array = NOTHING): LogRecord {
  return makeRecord(kind, groupId(group), lsn(at), ballotFrom(BALLOT), payload);
}

class Log {
  readonly clock = new ManualClock();
  readonly disk = new MemoryDisk(this.clock);
  wal: Wal = open(this.disk, this.clock);
  #filled = 0;

  put(...records: LogRecord[]): void {
    for (const each of records) this.wal.append(each);
    this.wal.flush();
    this.clock.runTurn();
  }

  /** Entries of group 8, of one sector each: seven fill a segment. */
  fill(count: number): void {
    for (let i = 0; i < count; i++) this.put(record(WRITE, 8, ++this.#filled, new Uint8Array(400)));
  }

  restart(): void {
    this.clock.advance(100);
    this.wal = open(this.disk, this.clock);
  }
}

test("a base that is said again voids nothing that came after it", () => {
  const log = new Log();
  log.put(record(PROMISE, 1, 0), record(BASE, 1, 40));
  log.fill(6);
  log.put(record(CONFIGURATION, 1, 30, encodeConfiguration(MOVED)));
  log.fill(12);
  log.wal.release(groupId(8), lsn(6));
  log.clock.advance(5);
  const before = log.wal.groupState(groupId(1));
  assert.equal(log.wal.inspect().segments[0], 2, "the segment of the first base is gone, that of the rest is not");
  assert.deepEqual(before?.base, { lsn: 40, ballot: BALLOT });
  assert.deepEqual(before.configurations.map((known) => known.configuration), [MOVED]);
  log.restart();
  assert.deepEqual(log.wal.groupState(groupId(1)), before);
});

test("a base voids entries and configurations of a former life", () => {
  const log = new Log();
  log.put(
    record(CONFIGURATION, 1, 0, encodeConfiguration(FIRST)), record(WRITE, 1, 1),
    record(CONFIG, 1, 2, encodeConfiguration(MOVED)),
    record(WRITE, 1, 3), record(BASE, 1, 2), record(CONFIGURATION, 1, 0, encodeConfiguration(FIRST)), record(WRITE, 1, 3),
  );
  const expected = {
    promised: 0, commit: 2, first: 3, last: 3, base: { lsn: 2, ballot: BALLOT }, split: 0,
    configurations: [{ lsn: 0, ballot: BALLOT, configuration: FIRST }],
  };
  assert.deepEqual(log.wal.groupState(groupId(1)), expected);
  log.restart();
  assert.deepEqual(log.wal.groupState(groupId(1)), expected);
});

test("a CONFIG entry speaks for itself, and a cut takes its configuration back", () => {
  const log = new Log();
  log.put(
    record(CONFIGURATION, 1, 0, encodeConfiguration(FIRST)), record(WRITE, 1, 1),
    record(CONFIG, 1, 2, encodeConfiguration(MOVED)),
  );
  log.restart();
  assert.deepEqual(log.wal.groupState(groupId(1))?.configurations.map((known) => known.lsn), [0, 2]);
  log.put(record(WRITE, 1, 2));
  log.restart();
  assert.deepEqual(log.wal.groupState(groupId(1))?.configurations.map((known) => known.lsn), [0]);
});

test("a group that was forgotten is not there after a restart, and may begin anew", () => {
  const log = new Log();
  log.put(record(PROMISE, 1, 0), record(WRITE, 1, 1), record(WRITE, 1, 2));
  const sequence = log.wal.forgetGroup(groupId(1));
  log.clock.runTurn();
  assert.ok(log.wal.durableSeq >= sequence);
  log.restart();
  assert.equal(log.wal.groupState(groupId(1)), null);
  assert.ok(log.wal.isForgotten(groupId(1)));
  log.put(record(BASE, 1, 70), record(WRITE, 1, 71));
  log.restart();
  const state = log.wal.groupState(groupId(1));
  assert.deepEqual([state?.promised, state?.first, state?.last], [0, 71, 71]);
});

/** Writes `records` past the log's own checks, as a log of one batch, and opens it. */
function openForged(records: readonly LogRecord[]): OpenedWal {
  const clock = new ManualClock();
  const disk = new MemoryDisk(clock);
  const salt = 5;
  const sector = encodeSegmentHeader({ version: FORMAT_VERSION, node: nodeId(3), number: 1, bytes: 4096, salt });
  const bytes = new Uint8Array(4096);
  const view = viewOf(bytes);
  bytes.set(sector);
  let at = SECTOR_BYTES + BATCH_HEADER_BYTES;
  for (const each of records) at = putRecord(bytes, view, at, each);
  const batch = new Uint8Array(bytes.buffer, SECTOR_BYTES, 4096 - SECTOR_BYTES);
  const length = at - SECTOR_BYTES - BATCH_HEADER_BYTES;
  putBatchHeader(batch, viewOf(batch), 1, salt, { bytes: length, sequence: 1, recordCount: records.length });
  disk.create(segmentFileName(1), sector, 4096, () => undefined);
  disk.writeAndSync(segmentFileName(1), SECTOR_BYTES, batch, () => undefined);
  clock.runTurn();
  return reopen(disk, clock);
}

test("records that cannot be where they are are damage, named by file and offset", () => {
  const good = record(WRITE, 1, 1);
  const forged: readonly (readonly [string, readonly LogRecord[]])[] = [
    ["a configuration that does not decode", [good, record(CONFIGURATION, 1, 0, Uint8Array.of(1, 2, 3))]],
    ["a CONFIG entry that does not decode", [good, record(CONFIG, 1, 2)]],
    ["a base with a payload of its own", [good, record(BASE, 1, 7, Uint8Array.of(9))]],
    ["a base said again above entries", [good, record(BASE, 1, 0, Uint8Array.of(1))]],
    ["an entry at LSN 0", [good, record(WRITE, 2, 0)]],
    ["a hole", [good, record(WRITE, 1, 3)]],
    ["a hole behind a base", [record(BASE, 1, 7), record(WRITE, 1, 9)]],
    ["an entry below the base", [record(BASE, 1, 7), record(WRITE, 1, 7)]],
  ];
  assert.ok(openForged([good, record(WRITE, 1, 2)]).ok, "what is forged well is believed");
  for (const [what, records] of forged) {
    const opened = openForged(records);
    assert.ok(!opened.ok, what);
    const before = records.slice(0, -1).reduce((sum, each) => sum + RECORD_HEADER_BYTES + each.payload.length, 0);
    assert.deepEqual([opened.error.reason, opened.error.file, opened.error.offset],
      ["corrupt", segmentFileName(1), SECTOR_BYTES + BATCH_HEADER_BYTES + before], what);
  }
});
