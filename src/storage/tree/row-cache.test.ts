import assert from "node:assert/strict";
import { test } from "node:test";
import { storageKey } from "../../base/ids.ts";
import { RowCache } from "./row-cache.ts";

const KEY = storageKey("key");

function bytes(length: number, fill: number): Uint8Array {
  return new Uint8Array(length).fill(fill);
}

test("a row is kept when it is read for the second time, as a copy", () => {
  const cache = new RowCache(100_000);
  const row = bytes(100, 7);
  assert.equal(cache.get(KEY), undefined);
  cache.offer(KEY, row, 1234);
  assert.equal(cache.get(KEY), undefined);
  cache.offer(KEY, row, 1234);
  row.fill(0); // what the store lends is written over
  assert.deepEqual(cache.get(KEY), bytes(100, 7));
});

test("another state of the row, and another row at the same place, are first reads", () => {
  const cache = new RowCache(100_000);
  cache.offer(KEY, bytes(10, 1), 5);
  cache.offer(KEY, bytes(10, 2), 6);
  cache.offer(storageKey("other"), bytes(10, 3), 6 + (1 << 16));
  cache.offer(KEY, bytes(10, 2), 6);
  assert.equal(cache.rowCount, 0);
});

test("what changed is not given out, nor anything after clear", () => {
  const cache = new RowCache(100_000);
  for (const name of ["a", "b"]) for (let i = 0; i < 2; i++) cache.offer(storageKey(name), bytes(10, 1), name.charCodeAt(0));
  cache.delete(storageKey("a"));
  assert.equal(cache.get(storageKey("a")), undefined);
  assert.deepEqual(cache.get(storageKey("b")), bytes(10, 1));
  cache.clear();
  assert.equal(cache.get(storageKey("b")), undefined);
  assert.equal(cache.rowCount, 0);
});

test("a row that is used stays while others come and go, within the bound", () => {
  const cache = new RowCache(64 * 1024);
  for (let i = 0; i < 2; i++) cache.offer(KEY, bytes(500, 9), 1);
  let most = 0;
  for (let n = 0; n < 10_000; n++) {
    const passing = storageKey(`passing ${n}`);
    for (let i = 0; i < 2; i++) cache.offer(passing, bytes(500, n & 255), 0x1000 + n);
    assert.deepEqual(cache.get(passing), bytes(500, n & 255));
    assert.deepEqual(cache.get(KEY), bytes(500, 9));
    most = Math.max(most, cache.rowCount);
  }
  assert.ok(most > 20 && most <= 64 * 1024 / 500, `${most} rows`);
  assert.equal(cache.get(storageKey("passing 0")), undefined);
});

test("a walk through rows that are read once keeps none and drives none out", () => {
  const cache = new RowCache(64 * 1024);
  for (let i = 0; i < 2; i++) cache.offer(KEY, bytes(500, 9), 1);
  for (let n = 0; n < 10_000; n++) cache.offer(storageKey(`once ${n}`), bytes(500, 0), 0x1000 + n);
  assert.equal(cache.rowCount, 1);
  assert.deepEqual(cache.get(KEY), bytes(500, 9));
});

test("rows that are long for the cache are not kept, and a cache of no bytes keeps nothing", () => {
  const large = new RowCache(1024 * 1024);
  const none = new RowCache(0);
  for (let i = 0; i < 2; i++) {
    large.offer(KEY, bytes(20_000, 1), 77);
    none.offer(KEY, bytes(1, 1), 78);
  }
  assert.equal(large.rowCount, 0);
  assert.equal(none.rowCount, 0);
});
