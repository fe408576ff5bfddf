import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { diskContract } from "../ports/contract/disk-contract.ts";
import { ManualClock } from "../ports/contract/manual-clock.ts";
import type { DiskError } from "../ports/disk.ts";
import { openFsDisk } from "./fs-disk.ts";
import type { FsDisk } from "./fs-disk.ts";
import { MemoryDisk } from "./memory-disk.ts";

async function untilDone(isDone: () => boolean): Promise<void> {
  while (!isDone()) await new Promise((resolve) => setImmediate(resolve));
}

function temporary(): string {
  return fs.mkdtempSync(path.join(os.tmpdir(), "stator-disk-"));
}

function openDisk(directory: string): FsDisk {
  const opened = openFsDisk(directory);
  assert.ok(opened.ok);
  return opened.disk;
}

for (const { name, run } of diskContract) {
  test(`memory disk: ${name}`, async () => {
    const clock = new ManualClock();
    const settle = async (isDone: () => boolean): Promise<void> => {
      clock.advance(10);
      assert.ok(isDone());
    };
    await run({ disk: new MemoryDisk(clock), settle });
  });

  test(`file system disk: ${name}`, async () => {
    const directory = temporary();
    const disk = openDisk(directory);
    try {
      await run({ disk, settle: untilDone });
    } finally {
      await new Promise<void>((resolve) => disk.close(resolve));
      fs.rmSync(directory, { recursive: true });
    }
  });
}

test("prepared files are filled with zeros behind the data, which stays", async () => {
  const directory = temporary();
  const disk = openDisk(directory);
  const bytes = 1024 * 1024;
  let isWritten = false;
  disk.create("a", new Uint8Array([1]), bytes, () => undefined);
  disk.writeAndSync("a", 512, new Uint8Array(512).fill(2), () => {
    isWritten = true;
  });
  await untilDone(() => isWritten);
  await untilDone(() => fs.statSync(path.join(directory, "a")).blocks * 512 >= bytes);
  const content = fs.readFileSync(path.join(directory, "a"));
  assert.equal(content.length, bytes);
  assert.equal(content[0], 1);
  assert.ok(content.subarray(512, 1024).every((byte) => byte === 2));
  assert.ok(content.subarray(1024).every((byte) => byte === 0));
  await new Promise<void>((resolve) => disk.close(resolve));
  fs.rmSync(directory, { recursive: true });
});

test("a failed write is reported with file and offset, and nothing is written after it", async () => {
  const directory = temporary();
  const disk = openDisk(directory);
  let isReady = false;
  disk.create("a", new Uint8Array([1]), 4096, () => {
    isReady = true;
  });
  await untilDone(() => isReady);
  fs.mkdirSync(path.join(directory, "b")); // a directory cannot be opened for writing
  const errors: (DiskError | null)[] = [];
  disk.writeAndSync("b", 64, new Uint8Array(8), (error) => errors.push(error));
  disk.writeAndSync("a", 0, new Uint8Array([9]), (error) => errors.push(error));
  await untilDone(() => errors.length === 2);
  disk.writeAndSync("a", 0, new Uint8Array([9]), (error) => errors.push(error));
  await untilDone(() => errors.length === 3);
  assert.deepEqual(errors.map((error) => error?.code), ["EISDIR", "EISDIR", "EISDIR"]);
  assert.ok(errors[2]?.file.endsWith("/b") && errors[2].offset === 64);
  await new Promise<void>((resolve) => disk.close(resolve));
  assert.equal(fs.readFileSync(path.join(directory, "a"))[0], 1);
  fs.rmSync(directory, { recursive: true });
});
