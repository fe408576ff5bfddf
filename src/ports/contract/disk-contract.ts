// What every Disk must do. Framework-free: a test hands in a way to make a disk and to let time pass.
import { assert } from "../../base/assert.ts";
import type { Disk, DiskDone, DiskError, DiskRead } from "../disk.ts";

export type DiskHarness = {
  readonly disk: Disk;
  /** Lets asynchronous work progress until `isDone` returns true. */
  readonly settle: (isDone: () => boolean) => Promise<void>;
};

export type DiskCase = { readonly name: string; readonly run: (harness: DiskHarness) => Promise<void> };

/** Starts one operation and waits for it. */
async function wait(harness: DiskHarness, start: (done: DiskDone) => void): Promise<DiskError | null> {
  const results: (DiskError | null)[] = [];
  start((error) => results.push(error));
  assert(results.length < 1, "done is never called synchronously");
  await harness.settle(() => results.length > 0);
  assert(results.length === 1, "done is called once");
  return results[0] ?? null;
}

async function succeed(harness: DiskHarness, start: (done: DiskDone) => void): Promise<void> {
  const error = await wait(harness, start);
  assert(error === null, error === null ? "" : `${error.code} ${error.message}`);
}

function content(disk: Disk, file: string, offset: number, length: number): number[] {
  const target = new Uint8Array(length);
  const read = disk.readSync(file, offset, target);
  assert(typeof read === "number", "the file can be read");
  return [...target.subarray(0, read)];
}

function same(actual: readonly number[], expected: readonly number[], message: string): void {
  assert(actual.length === expected.length && actual.every((value, i) => value === expected[i]),
    `${message}: got ${actual.join(",")}`);
}

async function createReads(harness: DiskHarness): Promise<void> {
  const { disk } = harness;
  await succeed(harness, (done) => disk.create("a", new Uint8Array([1, 2]), 2048, done));
  const listing = disk.list();
  assert(listing.ok && listing.files.length === 1, "one file is listed");
  assert(listing.files[0]?.name === "a" && listing.files[0].bytes === 2048, "with its name and length");
  same(content(disk, "a", 0, 4), [1, 2, 0, 0], "head, then zeros");
  same(content(disk, "a", 2046, 8), [0, 0], "a read ends at the end of the file");
}

async function createReplaces(harness: DiskHarness): Promise<void> {
  const { disk } = harness;
  await succeed(harness, (done) => disk.create("a", new Uint8Array([1]), 1024, done));
  await succeed(harness, (done) => disk.writeAndSync("a", 8, new Uint8Array([5, 6]), done));
  await succeed(harness, (done) => disk.create("a", new Uint8Array([2]), 512, done));
  same(content(disk, "a", 0, 11), [2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], "nothing of the older file is left");
}

async function writesReadBack(harness: DiskHarness): Promise<void> {
  const { disk } = harness;
  await succeed(harness, (done) => disk.create("a", new Uint8Array(0), 4096, done));
  const shared = disk.allocate(1024).fill(7);
  await succeed(harness, (done) => disk.writeAndSync("a", 512, shared.subarray(0, 600), done));
  await succeed(harness, (done) => disk.writeAndSync("a", 3, new Uint8Array([9]), done));
  same(content(disk, "a", 510, 4), [0, 0, 7, 7], "where the write begins");
  same(content(disk, "a", 1110, 4), [7, 7, 0, 0], "where it ends");
  same(content(disk, "a", 2, 3), [0, 9, 0], "a second write");
  let result: DiskRead | null = null;
  disk.read("a", 511, 3, (read) => {
    result = read;
  });
  assert(result === null, "an asynchronous read is never synchronous");
  await harness.settle(() => result !== null);
  const read = result as DiskRead | null;
  assert(read !== null && read.ok, "the asynchronous read succeeds");
  same([...read.bytes], [0, 7, 7], "the asynchronous read");
}

async function keepsOrder(harness: DiskHarness): Promise<void> {
  const { disk } = harness;
  const order: number[] = [];
  const note = (id: number): DiskDone => (error) => {
    assert(error === null, "no error");
    order.push(id);
  };
  disk.create("a", new Uint8Array([1]), 512, note(1));
  disk.writeAndSync("a", 0, new Uint8Array([2]), note(2));
  disk.writeAndSync("a", 0, new Uint8Array([3]), note(3));
  disk.create("b", new Uint8Array([4]), 512, note(4));
  disk.delete("b", note(5));
  await harness.settle(() => order.length === 5);
  same(order, [1, 2, 3, 4, 5], "completions keep the order of the calls");
  same(content(disk, "a", 0, 1), [3], "and so do the effects");
  const listing = disk.list();
  assert(listing.ok && listing.files.length === 1, "the deleted file is gone");
}

async function replacesSmall(harness: DiskHarness): Promise<void> {
  const { disk } = harness;
  await succeed(harness, (done) => disk.replace("n", new Uint8Array([1, 2, 3]), done));
  same(content(disk, "n", 0, 9), [1, 2, 3], "the first content");
  await succeed(harness, (done) => disk.replace("n", new Uint8Array([4]), done));
  same(content(disk, "n", 0, 9), [4], "the second content, shorter");
}

async function missingIsAnError(harness: DiskHarness): Promise<void> {
  const { disk } = harness;
  const read = disk.readSync("missing", 16, new Uint8Array(4));
  assert(typeof read !== "number" && read.code === "ENOENT", "reading a missing file is an error value");
  assert(read.file.endsWith("missing") && read.offset === 16, "that names file and offset");
  let result: DiskRead | null = null;
  disk.read("missing", 0, 3, (answer) => {
    result = answer;
  });
  await harness.settle(() => result !== null);
  const answer = result as DiskRead | null;
  assert(answer !== null && !answer.ok && answer.error.code === "ENOENT", "an asynchronous read too");
  const error = await wait(harness, (done) => disk.writeAndSync("missing", 32, new Uint8Array(4), done));
  assert(error !== null && error.code === "ENOENT", "writing to a missing file is an error value");
  assert(error.file.endsWith("missing") && error.offset === 32, "that names file and offset");
  const next = await wait(harness, (done) => disk.replace("n", new Uint8Array(1), done));
  assert(next !== null && next.code === "ENOENT" && next.file.endsWith("missing"), "the first error is final");
}

export const diskContract: readonly DiskCase[] = [
  { name: "a created file has its length, its head, and zeros", run: createReads },
  { name: "create takes the place of a file of that name", run: createReplaces },
  { name: "what is written is read back", run: writesReadBack },
  { name: "operations take effect and complete in order", run: keepsOrder },
  { name: "a small file is replaced as a whole", run: replacesSmall },
  { name: "failures are values that name file and offset, and are final", run: missingIsAnError },
];
