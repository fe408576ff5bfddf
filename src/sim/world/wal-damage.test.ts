// The write-ahead log under damage: every truncation, every flipped bit, every lost sector of a small log is
// harmless, cut as a torn tail, or reported with file and offset. No record that was not written is ever read,
// and only records of the last batch may go missing without a report.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ballotFrom, groupId, lsn, nodeId } from "../../base/ids.ts";
import { Prng } from "../../base/prng.ts";
import { ManualClock } from "../../ports/contract/manual-clock.ts";
import { inspectWal } from "../../storage/inspect.ts";
import { openWal } from "../../storage/wal/wal.ts";
import type { OpenedWal } from "../../storage/wal/wal.ts";
import { encodeConfiguration, initialConfiguration } from "../../wire/group-configuration.ts";
import { BASE, COMMIT, CONFIGURATION, PROMISE, WRITE } from "../../wire/log-record.ts";
import type { LogEntry } from "../../wire/log-record.ts";
import { makeEntry, makeRecord } from "../../wire/record-checksum.ts";
import { SIM_DISK_DEFAULT, SimDisk } from "./sim-disk.ts";

const SEGMENT = 4096;
const SECTOR = 512;
/** A group that this replica joined. */
const JOINED = groupId(3);
const MEMBERS = initialConfiguration([nodeId(1), nodeId(4), nodeId(5)]);
const telemetry = { event: (): void => undefined };

function open(disk: SimDisk, clock: ManualClock): OpenedWal {
  const prng = new Prng(21);
  const random = { u32: () => prng.u32(), below: (n: number) => prng.below(n), bytes: (n: number) => prng.bytes(n) };
  const options = { node: nodeId(1), clock, random, segmentBytes: SEGMENT, batchBytesMax: 2048, sealDelayMs: 100 };
  return openWal(disk, options, telemetry);
}

function entry(at: number): LogEntry {
  const payload = new Uint8Array(30 + (at % 7) * 40);
  for (let i = 0; i < payload.length; i++) payload[i] = (at * 7 + i) & 255;
  return makeEntry(WRITE, groupId(1 + (at % 2)), lsn(Math.floor(at / 2) + 1), ballotFrom(65_537), payload);
}

type Written = {
  readonly files: Map<string, Uint8Array>;
  readonly entries: number;
  /** Entries that were in batches before the last one. */
  readonly safe: number;
  readonly last: { readonly file: string; readonly from: number; readonly to: number };
};

/** A log of a few batches in two segments; with `isSealed`, a seal stands behind the last batch. */
function writeLog(isSealed: boolean): Written {
  const clock = new ManualClock();
  const disk = new SimDisk("d", clock, new Prng(1), SIM_DISK_DEFAULT);
  const opened = open(disk, clock);
  assert.ok(opened.ok);
  const { wal } = opened;
  wal.append(makeRecord(PROMISE, groupId(1), lsn(0), ballotFrom(65_537), new Uint8Array(0)));
  wal.append(makeRecord(COMMIT, groupId(2), lsn(1), ballotFrom(0), new Uint8Array(0)));
  wal.append(makeRecord(BASE, JOINED, lsn(50), ballotFrom(65_537), new Uint8Array(0)));
  wal.append(makeRecord(CONFIGURATION, JOINED, lsn(40), ballotFrom(65_537), encodeConfiguration(MEMBERS)));
  let at = 0;
  let safe = 0;
  for (let batch = 0; batch < 7; batch++) {
    safe = at;
    for (let i = 0; i < 4; i++) wal.append(entry(at++));
    wal.flush();
    clock.advance(50);
  }
  if (isSealed) clock.advance(1000);
  const files = new Map<string, Uint8Array>();
  const listing = disk.list();
  assert.ok(listing.ok);
  for (const { name } of listing.files) files.set(name, disk.content(name) as Uint8Array);
  assert.ok(files.size >= 2);
  const used = [...files.keys()].sort().filter((name) => (files.get(name) as Uint8Array).subarray(SECTOR).some((b) => b !== 0));
  const file = used.at(-1) as string;
  const bytes = files.get(file) as Uint8Array;
  let from = SECTOR;
  let to = SECTOR;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  while (to < bytes.length && view.getUint32(to, true) !== 0) {
    from = to;
    to += Math.ceil((32 + view.getUint32(to + 4, true)) / SECTOR) * SECTOR;
  }
  return { files, entries: at, safe, last: { file, from, to } };
}

function diskOf(files: Map<string, Uint8Array>): { disk: SimDisk; clock: ManualClock } {
  const clock = new ManualClock();
  const disk = new SimDisk("d", clock, new Prng(1), SIM_DISK_DEFAULT);
  for (const [name, bytes] of files) disk.setContent(name, bytes);
  return { disk, clock };
}

type Verdict = "harmless" | "cut" | "reported";

/** Opens the damaged log and judges what it serves. */
function judge(written: Written, damaged: Map<string, Uint8Array>, what: string): Verdict {
  const { disk, clock } = diskOf(damaged);
  const opened = open(disk, clock);
  if (!opened.ok) {
    assert.match(opened.error.file, /^wal-\d+\.log$/, what);
    assert.ok(opened.error.offset >= 0 && opened.error.offset < SEGMENT, what);
    return "reported";
  }
  const { wal } = opened;
  let count = 0;
  for (const group of [1, 2]) {
    const read = wal.readEntriesSync(groupId(group), lsn(1), 1 << 20);
    assert.ok(read.ok, what);
    for (const [i, got] of read.entries.entries()) {
      const expected = entry(i * 2 + (group === 2 ? 1 : 0));
      assert.equal(got.lsn, i + 1, what);
      assert.equal(got.group, group, what);
      assert.deepEqual(got.payload, expected.payload, what);
    }
    count += read.entries.length;
  }
  assert.ok(count === written.entries || count === written.safe, `${what}: ${count} entries`);
  const state = wal.groupState(groupId(1));
  assert.equal(state?.promised, 65_537, what);
  const joined = wal.groupState(JOINED);
  assert.deepEqual(joined?.base, { lsn: 50, ballot: 65_537 }, what);
  assert.deepEqual(joined.configurations, [{ lsn: 40, ballot: 65_537, configuration: MEMBERS }], what);
  // A log that opens takes new records, and they are there at the next opening.
  const next = count === written.entries ? written.entries : written.safe;
  wal.append(entry(next));
  wal.flush();
  clock.advance(50);
  assert.equal(wal.durableSeq, 1, what);
  if (count !== written.entries) {
    // What is cut is zeroed: no part of a torn batch may stay to be misread later.
    assert.deepEqual([...inspectWal(disk)].filter((line) => line.kind === "damage"), [], what);
  }
  clock.advance(1000);
  const again = open(disk, clock);
  assert.ok(again.ok, again.ok ? what : `${what}: reopened: ${again.error.message}`);
  assert.equal([1, 2].reduce((sum, g) => sum + (again.wal.groupState(groupId(g))?.last ?? 0), 0), next + 1, what);
  return count === written.entries ? "harmless" : "cut";
}

function damage(written: Written, file: string, change: (bytes: Uint8Array) => void): Map<string, Uint8Array> {
  const files = new Map(written.files);
  const bytes = (files.get(file) as Uint8Array).slice();
  change(bytes);
  files.set(file, bytes);
  return files;
}

test("the last batch cut at every byte is cut as a whole", () => {
  const written = writeLog(false);
  const { file, from, to } = written.last;
  const verdicts = { harmless: 0, cut: 0, reported: 0 };
  for (let at = from; at < to; at++) {
    verdicts[judge(written, damage(written, file, (bytes) => bytes.fill(0, at, to)), `cut at ${at}`)]++;
  }
  assert.equal(verdicts.reported, 0);
  assert.ok(verdicts.cut > 300, JSON.stringify(verdicts));
});

test("every subset of sectors of the last batch gives the batch or nothing of it", () => {
  const written = writeLog(false);
  const { file, from, to } = written.last;
  const sectors = (to - from) / SECTOR;
  assert.ok(sectors >= 2);
  for (let subset = 0; subset < 2 ** sectors; subset++) {
    const damaged = damage(written, file, (bytes) => {
      for (let i = 0; i < sectors; i++) if ((subset & (1 << i)) === 0) bytes.fill(0, from + i * SECTOR, from + (i + 1) * SECTOR);
    });
    const verdict = judge(written, damaged, `subset ${subset}`);
    assert.equal(verdict, subset === 2 ** sectors - 1 ? "harmless" : "cut", `subset ${subset}`);
  }
});

for (const isSealed of [false, true]) {
  test(`a flipped bit anywhere in ${isSealed ? "a sealed" : "an unsealed"} log is never believed`, () => {
    const written = writeLog(isSealed);
    const verdicts = { harmless: 0, cut: 0, reported: 0 };
    for (const [file, bytes] of written.files) {
      for (let at = 0; at < bytes.length; at++) {
        const bit = 1 << (at % 8);
        const damaged = damage(written, file, (copy) => {
          copy[at] = (copy[at] as number) ^ bit;
        });
        const verdict = judge(written, damaged, `${file} bit at ${at}`);
        verdicts[verdict]++;
        const isLast = file === written.last.file && at >= written.last.from;
        if (verdict === "cut") assert.ok(isLast && !isSealed, `${file} at ${at}: acknowledged records were cut`);
      }
    }
    assert.ok(verdicts.reported > 2000, JSON.stringify(verdicts));
    assert.equal(verdicts.cut > 0, !isSealed, JSON.stringify(verdicts));
  });
}

test("a lost or misdirected sector in the middle is reported", () => {
  const written = writeLog(true);
  for (const [file, bytes] of written.files) {
    if (file > written.last.file) continue;
    for (let at = 0; at < (file === written.last.file ? written.last.from : SEGMENT); at += SECTOR) {
      if (bytes.subarray(at, at + SECTOR).every((byte) => byte === 0)) continue;
      const lost = damage(written, file, (copy) => copy.fill(0, at, at + SECTOR));
      assert.notEqual(judge(written, lost, `${file} lost ${at}`), "cut");
      for (let other = 0; other < at; other += SECTOR) {
        const moved = damage(written, file, (copy) => copy.copyWithin(at, other, other + SECTOR));
        assert.notEqual(judge(written, moved, `${file} ${other} over ${at}`), "cut");
      }
    }
  }
});

test("a missing segment is reported by name", () => {
  const written = writeLog(true);
  const names = [...written.files.keys()].sort();
  const files = new Map(written.files);
  files.delete(names[1] as string);
  if (names.length < 3) files.set("wal-0000000000000003.log", written.files.get(names[0] as string) as Uint8Array);
  const { disk, clock } = diskOf(files);
  const opened = open(disk, clock);
  assert.ok(!opened.ok && opened.error.file === names[1]);
});
