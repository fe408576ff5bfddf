import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { Prng } from "../base/prng.ts";
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

test("reads off the thread survive the file's end, and see what takes its place", async () => {
  const directory = temporary();
  const disk = openDisk(directory);
  const seen: (number | string)[] = [];
  const read = (): void => disk.read("a", 0, 1, (result) => {
    seen.push(result.ok ? result.bytes[0] as number : result.error.code);
  });
  try {
    for (const value of [1, 2]) {
      disk.create("a", new Uint8Array([value]), 512, () => undefined);
      let isThere = false;
      disk.writeAndSync("a", 8, new Uint8Array(1), () => {
        isThere = true;
      });
      await untilDone(() => isThere);
      const before = seen.length;
      read();
      read();
      await untilDone(() => seen.length === before + 2);
      read(); // the file that is kept open
      if (value === 1) disk.delete("a", () => undefined);
      await untilDone(() => seen.length === before + 3);
    }
    assert.deepEqual(seen, [1, 1, 1, 2, 2, 2]);
    disk.delete("a", () => undefined);
    const descriptors = fs.readdirSync("/proc/self/fd").flatMap((fd) => {
      try {
        return [fs.readlinkSync(`/proc/self/fd/${fd}`)];
      } catch {
        return [];
      }
    });
    assert.deepEqual(descriptors.filter((name) => name === path.join(directory, "a (deleted)")), []);
  } finally {
    await new Promise<void>((resolve) => disk.close(resolve));
    fs.rmSync(directory, { recursive: true });
  }
});

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

test("more requests than the ring holds, from more files and buffers than are remembered", async () => {
  const directory = temporary();
  const disk = openDisk(directory);
  const seed = Number(process.env["STATOR_TEST_SEED"] ?? Math.floor(Math.random() * 2 ** 32));
  const random = new Prng(seed);
  const files = Array.from({ length: 12 }, (_, i) => `file-${i}`);
  const expected = new Map(files.map((file) => [file, new Uint8Array(8_192)]));
  const shared = Array.from({ length: 24 }, () => disk.allocate(4_096));
  const ends: number[] = [];
  let asked = 0;
  const note = (id: number) => (error: DiskError | null): void => {
    assert.equal(error, null, `seed ${seed}`);
    ends.push(id);
  };
  for (const file of files) disk.create(file, new Uint8Array(0), 8_192, note(asked++));
  for (let round = 0; round < 4; round++) {
    // A buffer must not be touched before its write is done: each is written to once a round.
    for (const buffer of shared) {
      const start = random.below(2_048);
      const bytes = (random.below(4) === 0 ? new Uint8Array(4_096) : buffer).subarray(start, start + random.below(2_048));
      bytes.fill(random.below(256));
      for (let i = 0; i < 4; i++) {
        const file = files[random.below(files.length)] as string;
        const offset = random.below(4_096);
        disk.writeAndSync(file, offset, bytes, note(asked++));
        expected.get(file)?.set(bytes, offset);
        if (random.below(20) > 0) continue;
        disk.delete(file, note(asked++));
        disk.create(file, new Uint8Array([7]), 8_192, note(asked++));
        expected.set(file, new Uint8Array(8_192).fill(7, 0, 1));
      }
    }
    await untilDone(() => ends.length === asked);
  }
  assert.deepEqual(ends, Array.from({ length: asked }, (_, i) => i), `seed ${seed}`);
  for (const file of files) {
    assert.deepEqual(new Uint8Array(fs.readFileSync(path.join(directory, file))), expected.get(file), `seed ${seed} ${file}`);
  }
  await new Promise<void>((resolve) => disk.close(resolve));
  fs.rmSync(directory, { recursive: true });
});

test("of many requests those before the failure are done, it and the rest fail, and close is answered", async () => {
  const directory = temporary();
  const disk = openDisk(directory);
  const bytes = disk.allocate(512).fill(3);
  const results: (string | null)[] = [];
  const note = (error: DiskError | null): void => {
    results.push(error === null ? null : `${error.code} ${path.basename(error.file)} ${error.offset}`);
  };
  disk.create("a", new Uint8Array(0), 512 * 200, note);
  for (let i = 0; i < 90; i++) disk.writeAndSync("a", 512 * i, bytes, note);
  disk.writeAndSync("missing", 77, bytes, note);
  for (let i = 90; i < 190; i++) disk.writeAndSync("a", 512 * i, bytes, note);
  let isClosed = false;
  disk.close(() => {
    isClosed = true;
  });
  await untilDone(() => isClosed);
  assert.deepEqual(results.slice(0, 91), new Array<null>(91).fill(null));
  assert.deepEqual(results.slice(91), new Array<string>(101).fill("ENOENT missing 77"));
  const content = fs.readFileSync(path.join(directory, "a"));
  assert.ok(content.subarray(0, 512 * 90).every((byte) => byte === 3));
  assert.ok(content.subarray(512 * 90).every((byte) => byte === 0));
  fs.rmSync(directory, { recursive: true });
});

test("a process does not end under a write, and ends after it", async () => {
  const directory = temporary();
  const program = `
    import { openFsDisk } from ${JSON.stringify(new URL("./fs-disk.ts", import.meta.url).href)};
    const { disk } = openFsDisk(process.argv[1]);
    disk.create("a", new Uint8Array([1, 2, 3]), 512, () => console.log("done"));
  `;
  const { stdout } = await promisify(execFile)(
    process.execPath, ["--input-type=module", "-e", program, directory], { timeout: 60_000 },
  );
  assert.equal(stdout, "done\n");
  fs.rmSync(directory, { recursive: true });
});
