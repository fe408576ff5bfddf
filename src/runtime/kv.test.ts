import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { storageKey } from "../base/ids.ts";
import { Prng } from "../base/prng.ts";
import { kvContract } from "../ports/contract/kv-contract.ts";
import { ManualClock } from "../ports/contract/manual-clock.ts";
import { SIM_KV_DEFAULT, SimKv } from "../sim/world/sim-kv.ts";
import { openLmdbKv } from "./lmdb-kv.ts";
import type { LmdbKv } from "./lmdb-kv.ts";
import { MemoryKv } from "./memory-kv.ts";

async function untilDone(isDone: () => boolean): Promise<void> {
  while (!isDone()) await new Promise((resolve) => setImmediate(resolve));
}

async function inTemporary(body: (file: string) => Promise<void>): Promise<void> {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), "stator-kv-"));
  try {
    await body(path.join(directory, "tree.mdb"));
  } finally {
    fs.rmSync(directory, { recursive: true });
  }
}

function openKv(file: string): LmdbKv {
  const opened = openLmdbKv(file);
  assert.ok(opened.ok, opened.ok ? "" : opened.error.message);
  return opened.kv;
}

async function fill(kv: LmdbKv, count: number): Promise<void> {
  const value = new Uint8Array(500).fill(7);
  const mutations = Array.from({ length: count }, (_, i) => ({ key: storageKey(`k${i}`), value }));
  let isDone = false;
  kv.write(mutations, (error) => {
    assert.equal(error, null);
    isDone = true;
  });
  await untilDone(() => isDone);
}

function closed(kv: LmdbKv): Promise<void> {
  return new Promise((resolve) => kv.close(resolve));
}

for (const { name, run } of kvContract) {
  test(`lmdb: ${name}`, () => inTemporary(async (file) => {
    const kv = openKv(file);
    await run({ kv, settle: untilDone });
    await closed(kv);
  }));

  for (const kind of ["memory", "sim"]) {
    test(`${kind}: ${name}`, async () => {
      const clock = new ManualClock();
      const kv = kind === "memory" ? new MemoryKv(clock) : new SimKv("tree", clock, new Prng(1), SIM_KV_DEFAULT);
      const settle = async (isDone: () => boolean): Promise<void> => {
        clock.advance(100);
        assert.ok(isDone());
      };
      await run({ kv, settle });
    });
  }
}

test("lmdb: a transaction of thousands of changes is there after reopening", () => inTemporary(async (file) => {
  const kv = openKv(file);
  await fill(kv, 5000);
  await closed(kv);
  const again = openKv(file);
  let count = 0;
  assert.equal(again.scan(storageKey("k"), storageKey("l"), true, () => ++count > 0), null);
  assert.equal(count, 5000);
  assert.ok(again.size() > 5000 * 500);
  await closed(again);
}));

test("lmdb: a file that is not LMDB's, or is cut short, is refused by name", () => inTemporary(async (file) => {
  fs.writeFileSync(file, "not a database".repeat(5000));
  const foreign = openLmdbKv(file);
  assert.ok(!foreign.ok && foreign.error.file === file && foreign.error.code === "MDB_INVALID");
  fs.writeFileSync(file, "short");
  const short = openLmdbKv(file);
  assert.ok(!short.ok && short.error.file === file);
}));

test("lmdb: another format version is refused by name", () => inTemporary(async (file) => {
  const kv = openKv(file);
  await fill(kv, 10);
  await closed(kv);
  const bytes = fs.readFileSync(file);
  bytes[28] = 77; // the version, behind the magic number, in both meta pages
  bytes[8192 + 28] = 77;
  fs.writeFileSync(file, bytes);
  const opened = openLmdbKv(file);
  assert.ok(!opened.ok && opened.error.file === file, opened.ok ? "opened" : opened.error.message);
}));
