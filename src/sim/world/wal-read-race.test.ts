// A read of the log for a follower, while the log goes on being written.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ballotFrom, groupId, lsn, nodeId } from "../../base/ids.ts";
import { Prng } from "../../base/prng.ts";
import type { EntriesRead } from "../../storage/wal/entry-reader.ts";
import { openWal, type Wal } from "../../storage/wal/wal.ts";
import { WRITE } from "../../wire/log-record.ts";
import { makeEntry } from "../../wire/record-checksum.ts";
import { EventLoop } from "./event-loop.ts";
import { SimClock } from "./sim-clock.ts";
import { SIM_DISK_DEFAULT, SimDisk } from "./sim-disk.ts";
import { TelemetryRecorder } from "./sim-telemetry.ts";

const GROUP = groupId(16);

function open(loop: EventLoop): { readonly wal: Wal; readonly disk: SimDisk } {
  const clock = new SimClock(loop, 1, { startMs: 0, rate: 1, wallOffsetMs: 0 });
  const disk = new SimDisk("disk", clock, new Prng(1), SIM_DISK_DEFAULT);
  const opened = openWal(disk, {
    node: nodeId(1), clock, random: new Prng(2), segmentBytes: 65_536, batchBytesMax: 65_536, sealDelayMs: 100_000,
  }, new TelemetryRecorder(loop, () => false).port(1));
  assert.ok(opened.ok);
  return { wal: opened.wal, disk };
}

function append(wal: Wal, at: number): void {
  wal.append(makeEntry(WRITE, GROUP, lsn(at), ballotFrom(65_537), new Uint8Array(40).fill(at)));
  wal.flush();
}

test("a read that began when nothing was queued does not see entries appended while it ran", () => {
  const loop = new EventLoop();
  const { wal, disk } = open(loop);
  for (let at = 1; at <= 3; at++) append(wal, at);
  loop.runUntil(1_000_000);
  assert.equal(wal.durableSeq, 3);
  const results: EntriesRead[] = [];
  disk.setOptions({ ...SIM_DISK_DEFAULT, tenthMsMin: 10, tenthMsMax: 10 });
  wal.readEntries(GROUP, lsn(2), 1_000_000, (result) => results.push(result));
  // Slower than the read: still under way when the read ends.
  disk.setOptions({ ...SIM_DISK_DEFAULT, tenthMsMin: 100, tenthMsMax: 100 });
  append(wal, 4);
  loop.runUntil(2_000_000);
  const [result] = results;
  assert.ok(result?.ok === true, JSON.stringify(result));
  assert.deepEqual(result.entries.map((entry) => entry.lsn), [2, 3, 4]);
  assert.deepEqual([...(result.entries[2]?.payload ?? [])], new Array<number>(40).fill(4));
});
