// The check of a tree file: it agrees with every file LMDB writes, and whatever bit is flipped, either the check
// finds it or every row reads as it was.
import assert from "node:assert/strict";
import {
  closeSync, copyFileSync, mkdtempSync, openSync, readFileSync, readSync, rmSync, statSync, truncateSync, writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { crc32c } from "../base/crc32c.ts";
import { storageKey } from "../base/ids.ts";
import { Prng } from "../base/prng.ts";
import type { KvMutation } from "../ports/kv-store.ts";
import { checkLmdbFile } from "./lmdb-check.ts";
import { openLmdbKv, type LmdbKv } from "./lmdb-kv.ts";

const PAGE = 8192;
const folder = mkdtempSync(join(tmpdir(), "stator-lmdb-check-"));
after(() => rmSync(folder, { recursive: true, force: true }));

function open(file: string): LmdbKv {
  const opened = openLmdbKv(file, isIntact);
  assert.ok(opened.ok, opened.ok ? "" : opened.error.message);
  return opened.kv;
}

/** Four bytes of checksum over the key and the rest. */
function valueOf(key: string, bytes: Uint8Array): Uint8Array {
  const value = new Uint8Array(4 + bytes.length);
  value.set(bytes, 4);
  new DataView(value.buffer).setUint32(0, crc32c(value, crc32c(Buffer.from(key, "latin1")), 4), true);
  return value;
}

function isIntact(key: string, value: Uint8Array): boolean {
  if (value.length < 4) return false;
  return new DataView(value.buffer, value.byteOffset).getUint32(0, true) === crc32c(value, crc32c(Buffer.from(key, "latin1")), 4);
}

function write(kv: LmdbKv, mutations: readonly KvMutation[]): Promise<void> {
  return new Promise((resolve, reject) => {
    kv.write(mutations, (error) => {
      if (error === null) resolve();
      else reject(new Error(error.message));
    });
  });
}

function close(kv: LmdbKv): Promise<void> {
  return new Promise((resolve) => kv.close(resolve));
}

type Rows = Map<string, Uint8Array>;

/** Puts, overwrites and deletions of all sizes; tells `rows`. */
function randomChanges(prng: Prng, rows: Rows): KvMutation[] {
  const mutations = new Map<string, Uint8Array | null>();
  const known = [...rows.keys()];
  const isPurge = prng.chance(1, 4);
  for (let i = prng.between(1, 300); i > 0; i--) {
    const isKnown = known.length > 0 && (isPurge || prng.chance(1, 2));
    const long = prng.chance(1, 20) ? prng.below(3_500) : prng.below(40);
    const key = isKnown ? prng.pick(known) : `\0\xff${String.fromCharCode(prng.below(256))}${"k".repeat(long)}${i}`;
    const size = prng.chance(1, 10) ? prng.below(60_000) : prng.below(2_500);
    mutations.set(key, isPurge || prng.chance(1, 4) ? null : valueOf(key, prng.bytes(size)));
  }
  for (const [key, value] of mutations) {
    if (value === null) rows.delete(key);
    else rows.set(key, value);
  }
  return [...mutations].map(([key, value]) => ({ key: storageKey(key), value }));
}

async function randomTree(file: string, prng: Prng, transactions: number, each: (rows: Rows) => void): Promise<Rows> {
  const rows: Rows = new Map();
  let kv = open(file);
  for (let i = 0; i < transactions; i++) {
    await write(kv, randomChanges(prng, rows));
    each(rows);
    if (!prng.chance(1, 20)) continue;
    await close(kv);
    kv = open(file);
  }
  await close(kv);
  return rows;
}

test("the check agrees with whatever LMDB writes", async () => {
  const seed = Date.now() % 1_000_000;
  const file = join(folder, "agree");
  let most = 0;
  await randomTree(file, new Prng(seed), 80, (rows) => {
    const checked = checkLmdbFile(file, PAGE, isIntact);
    assert.ok(checked.ok, `seed ${seed}: ${checked.ok ? "" : checked.error.message}`);
    assert.equal(checked.rows, rows.size, `seed ${seed}`);
    most = Math.max(most, rows.size);
  });
  assert.ok(most > 100, `seed ${seed}`);
  assert.deepEqual(checkLmdbFile(join(folder, "none"), PAGE, isIntact), { ok: true, pages: 0, rows: 0 });
});

test("a flipped bit is found, or every row reads as it was", async () => {
  const seed = Date.now() % 1_000_000;
  const prng = new Prng(seed);
  const file = join(folder, "whole");
  const rows = await randomTree(file, prng, 12, () => undefined);
  const { size } = statSync(file);
  const counts = { found: 0, harmless: 0 };
  for (let i = 0; i < 150; i++) {
    const damaged = join(folder, `damaged-${i}`);
    copyFileSync(file, damaged);
    const page = i % 5 === 0 ? prng.below(2) : prng.below(size / PAGE);
    const at = page * PAGE + prng.below(i % 2 === 0 ? 200 : PAGE);
    flip(damaged, at, 1 << prng.below(8));
    const opened = openLmdbKv(damaged, isIntact);
    const what = `seed ${seed}, flip ${i} at ${at}`;
    if (opened.ok) {
      counts.harmless++;
      for (const [key, value] of rows) {
        const read = opened.kv.get(storageKey(key));
        assert.ok(read instanceof Uint8Array && Buffer.from(read).equals(value), what);
      }
      await close(opened.kv);
    } else {
      counts.found++;
      assert.equal(opened.error.file, damaged, what);
    }
    rmSync(damaged);
  }
  assert.ok(counts.found > 0 && counts.harmless > 0, `seed ${seed}: ${JSON.stringify(counts)}`);
});

test("a range of free pages outside of the file is found", async () => {
  let found = 0;
  for (let seed = 1; seed <= 20 && found === 0; seed++) { // not every file has a range in its newest list
    const file = join(folder, `ranges-${seed}`);
    await randomTree(file, new Prng(seed), 30, () => undefined);
    const bytes = readFileSync(file);
    for (let at = 2 * PAGE; at + 16 <= bytes.length; at += 2) {
      const value = bytes.readBigInt64LE(at);
      if (value > -2n || value < -2_000n) continue;
      flip(file, at + 8 + 2, 14); // of the first page's number: page 917,504 of some hundred ended a process
      const checked = checkLmdbFile(file, PAGE, isIntact);
      if (!checked.ok && /a free page is outside of the file/.test(checked.error.message)) found++;
      flip(file, at + 8 + 2, 14);
    }
    assert.ok(checkLmdbFile(file, PAGE, isIntact).ok, `seed ${seed}`);
  }
  assert.ok(found > 0);
});

test("a file cut short is found", async () => {
  const seed = Date.now() % 1_000_000;
  const file = join(folder, "short");
  await randomTree(file, new Prng(seed), 6, () => undefined);
  const { size } = statSync(file);
  for (let pages = size / PAGE - 1; pages >= 1; pages = Math.floor(pages / 2)) {
    truncateSync(file, pages * PAGE + 100);
    const opened = openLmdbKv(file, isIntact);
    if (opened.ok) await close(opened.kv); // only free pages were cut
    else assert.match(opened.error.message, /offset \d+|shorter|meta/, `seed ${seed}, ${pages} pages`);
    if (pages <= 4) assert.ok(!opened.ok, `seed ${seed}, ${pages} pages`);
  }
});

function flip(file: string, at: number, bits: number): void {
  const fd = openSync(file, "r+");
  const byte = new Uint8Array(1);
  readSync(fd, byte, 0, 1, at);
  byte[0] = (byte[0] as number) ^ bits;
  writeSync(fd, byte, 0, 1, at);
  closeSync(fd);
}
