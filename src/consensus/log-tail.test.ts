// LogTail against a plain array, on random operations; and quorum sizes.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ballot, groupId, lsn, nodeId } from "../base/ids.ts";
import { Prng } from "../base/prng.ts";
import { WRITE, type LogEntry } from "../wire/log-record.ts";
import { makeEntry } from "../wire/record-checksum.ts";
import { ENTRY_OVERHEAD_BYTES } from "./limits.ts";
import { LogTail, NO_BALLOT } from "./log-tail.ts";
import { quorumSize, quorumValue } from "./quorum.ts";

function bytesOf(entries: readonly LogEntry[]): number {
  return entries.reduce((sum, e) => sum + e.payload.length + ENTRY_OVERHEAD_BYTES, 0);
}

function runModel(seed: number): void {
  const prng = new Prng(seed);
  const base = prng.below(5);
  const log = new LogTail(lsn(base), NO_BALLOT);
  const model: LogEntry[] = []; // LSN base + 1 …
  let round = 1;
  let keep = base + 1; // entries below may be forgotten
  for (let i = 0; i < 3000; i++) {
    const last = base + model.length;
    const choice = prng.below(20);
    if (choice < 12) {
      if (prng.chance(1, 20)) round++;
      const payload = new Uint8Array(prng.below(50));
      const entry = makeEntry(WRITE, groupId(7), lsn(last + 1), ballot(round, nodeId(1)), payload);
      log.push(entry);
      model.push(entry);
    } else if (choice === 12 && last > keep) {
      const from = prng.between(Math.max(keep, log.first, last - 10), last);
      if (from > last || from < log.first) continue;
      log.cut(lsn(from));
      model.length = from - 1 - base;
      round = Math.max(round, 1) + 1;
    } else if (choice < 15) {
      keep = Math.max(keep, prng.between(Math.max(base + 1, last - 20), last + 1));
      const bytesMax = prng.below(2000);
      log.trim(keep, bytesMax);
      if (log.first < keep) {
        assert.ok(bytesOf(model.slice(log.first - base - 1)) <= bytesMax, "trimmed to the bound");
      }
    } else if (last >= log.first) {
      const from = prng.between(log.first, last);
      const bytesMax = prng.below(1500);
      const slice = log.slice(from, bytesMax);
      const expected = model.slice(from - base - 1, from - base - 1 + slice.length);
      assert.deepEqual(slice, expected);
      assert.ok(slice.length === 1 || bytesOf(slice) <= bytesMax, "slice within the bound");
      const next = model[from - base - 1 + slice.length];
      if (next !== undefined) assert.ok(bytesOf([...slice, next]) > bytesMax, "slice is the longest that fits");
      const upTo = prng.between(from, last);
      assert.equal(log.bytesBetween(from - 1, upTo), bytesOf(model.slice(from - base - 1, upTo - base)));
    }
    const at = prng.between(base, base + model.length);
    assert.equal(log.last, base + model.length);
    assert.equal(log.ballotAt(lsn(at)), model[at - base - 1]?.ballot ?? 0);
    assert.equal(log.lastBallot, model[model.length - 1]?.ballot ?? 0);
    if (at > base) {
      const run = model.findIndex((e) => e.ballot === model[at - base - 1]?.ballot);
      assert.equal(log.runStart(lsn(at)), base + 1 + run);
    }
  }
}

test("the log tail behaves like a plain array", () => {
  for (let seed = 1; seed <= 40; seed++) {
    try {
      runModel(seed);
    } catch (error) {
      console.log(`failing seed ${seed}`);
      throw error;
    }
  }
});

test("quorum sizes are majorities", () => {
  assert.deepEqual([1, 2, 3, 4, 5, 6, 7].map(quorumSize), [1, 2, 2, 3, 3, 4, 4]);
  assert.throws(() => quorumSize(0));
  assert.throws(() => quorumSize(10));
});

test("the quorum's value is the one that enough members reach", () => {
  const prng = new Prng(20);
  for (let i = 0; i < 2000; i++) {
    const count = prng.between(1, 7);
    const values = Array.from({ length: count }, () => prng.below(10));
    const quorum = prng.between(1, count);
    const reached = quorumValue(Float64Array.from(values), count, quorum);
    assert.ok(values.filter((v) => v >= reached).length >= quorum);
    assert.ok(values.filter((v) => v > reached).length < quorum);
  }
});
