import assert from "node:assert/strict";
import { test } from "node:test";
import { ballotFrom, groupId, lsn, nodeId } from "../../base/ids.ts";
import { Prng } from "../../base/prng.ts";
import { ManualClock } from "../../ports/contract/manual-clock.ts";
import { MemoryDisk } from "../../runtime/memory-disk.ts";
import { COMMIT, PROMISE, WRITE } from "../../wire/log-record.ts";
import type { LogEntry, LogRecord } from "../../wire/log-record.ts";
import { makeEntry, makeRecord } from "../../wire/record-checksum.ts";
import { openWal } from "./wal.ts";
import type { Wal, WalOptions } from "./wal.ts";

const telemetry = { event: (): void => undefined };
const BEGAN_HERE = { base: null, split: 0, configurations: [] };

function options(clock: ManualClock, segmentBytes = 16 * 1024): WalOptions {
  const prng = new Prng(7);
  return {
    node: nodeId(3), clock, segmentBytes, batchBytesMax: 8 * 1024, sealDelayMs: 250,
    random: { u32: () => prng.u32(), below: (n) => prng.below(n), bytes: (n) => prng.bytes(n) },
  };
}

function entry(group: number, at: number, length = 40, ballot = 65_537): LogEntry {
  const payload = new Uint8Array(length).fill((group * 31 + at) & 255);
  return makeEntry(WRITE, groupId(group), lsn(at), ballotFrom(ballot), payload);
}

function mark(kind: typeof PROMISE | typeof COMMIT, group: number, at: number, ballot: number): LogRecord {
  return makeRecord(kind, groupId(group), lsn(at), ballotFrom(ballot), new Uint8Array(0));
}

function open(disk: MemoryDisk, clock: ManualClock, segmentBytes?: number): { wal: Wal; groups: Map<number, unknown> } {
  const opened = openWal(disk, options(clock, segmentBytes), telemetry);
  assert.ok(opened.ok, opened.ok ? "" : `${opened.error.file}@${opened.error.offset}: ${opened.error.message}`);
  return opened;
}

function read(wal: Wal, group: number, from: number, bytesMax = 1 << 20): readonly LogEntry[] {
  const result = wal.readEntriesSync(groupId(group), lsn(from), bytesMax);
  assert.ok(result.ok);
  return result.entries;
}

function fresh(): { clock: ManualClock; disk: MemoryDisk } {
  const clock = new ManualClock();
  return { clock, disk: new MemoryDisk(clock) };
}

test("records come back after reopening, over many segments", () => {
  const { clock, disk } = fresh();
  const { wal } = open(disk, clock);
  wal.append(mark(PROMISE, 1, 0, 65_537));
  for (let i = 1; i <= 300; i++) {
    wal.append(entry(1, i, 100 + (i % 50)));
    if (i % 2 === 0) wal.append(entry(2, i / 2, 10));
    if (i % 7 === 0) {
      wal.flush();
      clock.runTurn();
    }
  }
  wal.append(mark(COMMIT, 1, 250, 0));
  wal.flush();
  clock.runTurn();
  assert.equal(wal.durableSeq, wal.appendedSeq);
  assert.equal(wal.pendingBytes, 0);
  assert.ok(wal.inspect().segments.length > 2);
  const again = open(disk, clock);
  assert.deepEqual(again.groups.get(1), { promised: 65_537, commit: 250, first: 1, last: 300, ...BEGAN_HERE });
  assert.deepEqual(again.groups.get(2), { promised: 0, commit: 0, first: 1, last: 150, ...BEGAN_HERE });
  const seen: string[] = [];
  const ranges = new Map([
    [groupId(1), { from: lsn(299), to: lsn(300) }], [groupId(2), { from: lsn(149), to: lsn(149) }],
  ]);
  const scan = again.wal.scan(ranges);
  let step = scan.step((e) => seen.push(`${e.group}:${e.lsn}`));
  while (step === "more") step = scan.step((e) => seen.push(`${e.group}:${e.lsn}`));
  assert.equal(step, "end");
  assert.deepEqual(seen, ["2:149", "1:299", "1:300"]);
  const entries = read(again.wal, 1, 1, 1 << 24);
  assert.equal(entries.length, 300);
  for (const e of entries) assert.deepEqual(e.payload, entry(1, e.lsn, 100 + (e.lsn % 50)).payload);
  again.wal.append(entry(1, 301));
  again.wal.flush();
  clock.runTurn();
  assert.equal(read(open(disk, clock).wal, 1, 301).length, 1);
});

test("one batch in flight, the next collects and follows by itself", () => {
  const { clock, disk } = fresh();
  const { wal } = open(disk, clock);
  const durable: number[] = [];
  wal.onDurable = (sequence): void => {
    durable.push(sequence);
  };
  assert.equal(wal.append(entry(1, 1)), 1);
  wal.flush();
  assert.equal(wal.append(entry(1, 2)), 2);
  assert.equal(wal.append(entry(1, 3)), 3);
  wal.flush();
  assert.equal(wal.durableSeq, 0);
  assert.equal(read(wal, 1, 1).length, 3, "entries are readable before they are durable");
  clock.runTurn();
  assert.deepEqual(durable, [1, 3]);
});

test("a batch that can grow no more is given to the disk beside the one in flight, and no third", () => {
  const { clock, disk } = fresh();
  const { wal } = open(disk, clock);
  const given: number[] = [];
  const write = disk.writeAndSync.bind(disk);
  disk.writeAndSync = (file, offset, bytes, done): void => {
    given.push(bytes.length);
    write(file, offset, bytes, done);
  };
  for (let i = 1; i <= 4; i++) wal.append(entry(1, i, 5_000)); // one fills a batch of 8 KB
  wal.flush();
  assert.equal(given.length, 2, "the first and the second; the third waits, the fourth could still grow");
  assert.equal(wal.durableSeq, 0);
  clock.runTurn();
  assert.equal(wal.durableSeq, 4);
  assert.equal(given.length, 4);
  assert.equal(read(open(disk, clock).wal, 1, 1).length, 4);
});

test("an entry voids older ones at its LSN and above", () => {
  const { clock, disk } = fresh();
  const { wal } = open(disk, clock);
  for (let i = 1; i <= 10; i++) wal.append(entry(1, i));
  wal.flush();
  clock.runTurn();
  wal.append(entry(1, 6, 77, 131_074));
  wal.flush();
  clock.runTurn();
  for (const w of [wal, open(disk, clock).wal]) {
    const entries = read(w, 1, 1);
    assert.equal(entries.length, 6);
    assert.equal(entries[5]?.payload.length, 77);
    assert.equal(entries[5]?.ballot, 131_074);
  }
});

test("reads are bounded by bytes but give at least one entry, and by what is there", () => {
  const { clock, disk } = fresh();
  const { wal } = open(disk, clock);
  for (let i = 1; i <= 20; i++) wal.append(entry(1, i, 1000));
  wal.flush();
  clock.runTurn();
  assert.equal(read(wal, 1, 3, 1).length, 1);
  assert.equal(read(wal, 1, 3, 3500).length, 3);
  assert.equal(read(wal, 1, 21).length, 0);
  assert.equal(read(wal, 9, 1).length, 0);
  let asked = 0;
  wal.readEntries(groupId(1), lsn(15), 1 << 20, (result) => {
    assert.ok(result.ok);
    asked = result.entries.length;
  });
  clock.runTurn();
  assert.equal(asked, 6);
});

test("released segments go, and promise, commit mark and last entry survive them", () => {
  const { clock, disk } = fresh();
  const { wal } = open(disk, clock);
  wal.append(mark(PROMISE, 2, 0, 65_600));
  wal.append(entry(2, 1, 33));
  wal.append(mark(COMMIT, 2, 1, 0));
  for (let i = 1; i <= 200; i++) {
    wal.append(entry(1, i, 900));
    wal.flush();
    clock.runTurn();
  }
  const before = wal.inspect().segments.length;
  wal.release(groupId(1), lsn(190));
  clock.runTurn();
  assert.equal(wal.inspect().segments[0], 1, "group 2 still needs the oldest segment");
  wal.release(groupId(2), lsn(1));
  clock.advance(1000);
  assert.ok(wal.inspect().segments.length < before / 2);
  assert.ok((wal.inspect().segments[0] as number) > 1);
  const again = open(disk, clock);
  assert.deepEqual(again.groups.get(2), { promised: 65_600, commit: 1, first: 1, last: 1, ...BEGAN_HERE });
  assert.equal(read(again.wal, 2, 1)[0]?.payload.length, 33);
  assert.equal(read(again.wal, 1, 191, 1 << 20).length, 10);
});

test("a forgotten group holds nothing back", () => {
  const { clock, disk } = fresh();
  const { wal } = open(disk, clock);
  for (let i = 1; i <= 60; i++) wal.append(entry(1, i, 900));
  for (let i = 1; i <= 30; i++) wal.append(entry(2, i, 900));
  wal.flush();
  clock.runTurn();
  const before = wal.inspect().segments.length;
  wal.forgetGroup(groupId(1));
  clock.runTurn();
  assert.ok(wal.inspect().segments.length < before);
  assert.equal(open(disk, clock).wal.groupState(groupId(2))?.last, 30);
});

test("an idle log is sealed, and a closed one too", () => {
  const { clock, disk } = fresh();
  const { wal } = open(disk, clock);
  wal.append(entry(1, 1));
  wal.flush();
  clock.runTurn();
  clock.advance(1000);
  wal.append(entry(1, 2));
  let isClosed = false;
  wal.close(() => {
    isClosed = true;
  });
  clock.runTurn();
  assert.ok(isClosed);
  // Damage to the last batch with records is told from a torn tail because a seal follows it.
  const file = "wal-0000000000000001.log";
  const bytes = new Uint8Array(16 * 1024);
  disk.readSync(file, 0, bytes);
  disk.writeAndSync(file, 3 * 512 + 80, new Uint8Array([bytes[3 * 512 + 80] as number ^ 1]), () => undefined);
  const opened = openWal(disk, options(clock), telemetry);
  assert.ok(!opened.ok);
  assert.equal(opened.error.reason, "corrupt");
  assert.equal(opened.error.file, file);
  assert.equal(opened.error.offset, 3 * 512);
});

test("a record larger than the rest of a segment begins the next one", () => {
  const { clock, disk } = fresh();
  const { wal } = open(disk, clock);
  wal.append(entry(1, 1, 9_000));
  wal.append(entry(1, 2, wal.payloadBytesMax));
  wal.append(entry(1, 3, 10));
  wal.flush();
  clock.runTurn();
  assert.deepEqual(read(open(disk, clock).wal, 1, 1).map((e) => e.payload.length), [9_000, wal.payloadBytesMax, 10]);
  assert.throws(() => wal.append(entry(1, 4, wal.payloadBytesMax + 1)), /larger/);
});

test("after a batch that was not small the next one waits until it is full or a pause is over", () => {
  const { clock, disk } = fresh();
  const pace = { pauseMs: 1, busyBytes: 1_024, fullBytes: 4_096 };
  const opened = openWal(disk, { ...options(clock), pace }, telemetry);
  assert.ok(opened.ok);
  const { wal } = opened;
  let last = 0;
  const put = (bytes: number): void => {
    wal.append(entry(1, ++last, bytes));
    wal.flush();
    clock.runTurn();
  };
  put(40);
  put(2_000); // after a small one
  assert.equal(wal.durableSeq, 2);
  put(40);
  assert.equal(wal.durableSeq, 2, "waits");
  clock.advance(0.9);
  assert.equal(wal.durableSeq, 2);
  clock.advance(0.1);
  assert.equal(wal.durableSeq, 3, "the pause is over");
  put(2_000); // after a small one
  put(2_000);
  assert.equal(wal.durableSeq, 4, "waits");
  put(2_100);
  assert.equal(wal.durableSeq, 6, "full");
  put(40);
  assert.equal(wal.durableSeq, 6, "waits, from the end of the full one");
  wal.close(() => undefined);
  clock.runTurn();
  assert.equal(wal.durableSeq, 7, "an end waits for nothing");
  clock.advance(10);
  assert.equal(read(open(disk, clock).wal, 1, 1).length, 7);
});

test("the log of another node is refused", () => {
  const { clock, disk } = fresh();
  const { wal } = open(disk, clock);
  wal.append(entry(1, 1));
  wal.flush();
  clock.runTurn();
  const opened = openWal(disk, { ...options(clock), node: nodeId(4) }, telemetry);
  assert.ok(!opened.ok && opened.error.reason === "foreign");
});
