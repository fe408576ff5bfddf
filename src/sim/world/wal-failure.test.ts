// What the log does when the disk fails: it says so once, by file and offset, reports nothing durable after it,
// writes nothing after it, and still closes.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ballotFrom, groupId, lsn, nodeId } from "../../base/ids.ts";
import { Prng } from "../../base/prng.ts";
import { ManualClock } from "../../ports/contract/manual-clock.ts";
import { openWal } from "../../storage/wal/wal.ts";
import type { Wal } from "../../storage/wal/wal.ts";
import type { WalError } from "../../storage/wal/wal-error.ts";
import { WRITE } from "../../wire/log-record.ts";
import { makeEntry } from "../../wire/record-checksum.ts";
import { SIM_DISK_DEFAULT, SimDisk } from "./sim-disk.ts";

type Bench = { readonly clock: ManualClock; readonly disk: SimDisk; readonly wal: Wal; readonly errors: WalError[] };

function bench(capacityBytes = Infinity): Bench {
  const clock = new ManualClock();
  const prng = new Prng(8);
  const disk = new SimDisk("node-1", clock, prng, { ...SIM_DISK_DEFAULT, capacityBytes });
  const random = { u32: () => prng.u32(), below: (n: number) => prng.below(n), bytes: (n: number) => prng.bytes(n) };
  const options = { node: nodeId(1), clock, random, segmentBytes: 8192, batchBytesMax: 4096, sealDelayMs: 10 };
  const opened = openWal(disk, options, { event: () => undefined });
  assert.ok(opened.ok);
  const errors: WalError[] = [];
  opened.wal.onFailure = (error): void => {
    errors.push(error);
  };
  return { clock, disk, wal: opened.wal, errors };
}

function write(wal: Wal, at: number): void {
  wal.append(makeEntry(WRITE, groupId(1), lsn(at), ballotFrom(65_537), new Uint8Array(800)));
  wal.flush();
}

test("a failed sync is fatal and named", () => {
  const { clock, disk, wal, errors } = bench();
  write(wal, 1);
  clock.advance(5);
  assert.equal(wal.durableSeq, 1);
  disk.failNext("EIO");
  write(wal, 2);
  write(wal, 3);
  clock.advance(1000);
  write(wal, 4);
  clock.advance(1000);
  assert.equal(errors.length, 1);
  const [error] = errors;
  assert.ok(error?.reason === "disk" && error.cause?.code === "EIO");
  assert.equal(error.file, "node-1/wal-0000000000000001.log");
  assert.equal(error.offset, 512 + 1024);
  assert.equal(wal.durableSeq, 1);
  let isClosed = false;
  wal.close(() => {
    isClosed = true;
  });
  clock.advance(10);
  assert.ok(isClosed);
});

test("a full disk is fatal and named", () => {
  const { clock, wal, errors } = bench(2 * 8192 + 100);
  for (let i = 1; i <= 30; i++) {
    write(wal, i);
    clock.advance(20);
  }
  assert.equal(errors.length, 1);
  assert.ok(errors[0]?.cause?.code === "ENOSPC");
  assert.equal(errors[0].file, "node-1/wal-0000000000000003.log");
  assert.ok(wal.durableSeq < 30);
});

test("what was durable before a failure is there after a restart", () => {
  for (let seed = 1; seed <= 50; seed++) {
    const { clock, disk, wal } = bench();
    const prng = new Prng(seed);
    const failAt = prng.between(1, 20);
    for (let i = 1; i <= 25; i++) {
      if (i === failAt) disk.failNext("EIO");
      write(wal, i);
      clock.advance(prng.below(30) / 10);
    }
    const durable = wal.durableSeq;
    disk.powerOff();
    const later = new ManualClock();
    disk.powerOn(later);
    const random = { u32: () => prng.u32(), below: (n: number) => prng.below(n), bytes: (n: number) => prng.bytes(n) };
    const options = { node: nodeId(1), clock: later, random, segmentBytes: 8192, batchBytesMax: 4096, sealDelayMs: 10 };
    const opened = openWal(disk, options, { event: () => undefined });
    assert.ok(opened.ok, `seed ${seed}: ${opened.ok ? "" : opened.error.message}`);
    assert.ok((opened.groups.get(groupId(1))?.last ?? 0) >= durable, `seed ${seed}`);
  }
});
