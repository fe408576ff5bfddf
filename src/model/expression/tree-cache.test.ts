import assert from "node:assert/strict";
import { test } from "node:test";
import { TreeCache } from "./tree-cache.ts";

test("the least recently used texts go first, by total length", () => {
  const cache = new TreeCache<number>(6);
  cache.add("aa", 1);
  cache.add("bb", 2);
  cache.add("cc", 3);
  assert.equal(cache.get("aa"), 1);
  cache.add("d", 4);
  assert.equal(cache.get("bb"), null);
  assert.deepEqual([cache.get("aa"), cache.get("cc"), cache.get("d")], [1, 3, 4]);
  cache.add("eeeee", 5);
  assert.deepEqual([cache.get("aa"), cache.get("cc"), cache.get("d"), cache.get("eeeee")], [null, null, 4, 5]);
});

test("a text asked for twice running keeps its place", () => {
  const cache = new TreeCache<number>(2);
  cache.add("a", 1);
  cache.add("b", 2);
  assert.equal(cache.get("b"), 2);
  assert.equal(cache.get("b"), 2);
  assert.equal(cache.get("a"), 1);
  cache.add("c", 3);
  assert.deepEqual([cache.get("a"), cache.get("b"), cache.get("c")], [1, null, 3]);
});

test("what is longer than the cache is not kept, and nothing is kept twice", () => {
  const cache = new TreeCache<number>(3);
  cache.add("long", 1);
  assert.equal(cache.get("long"), null);
  cache.add("abc", 1);
  cache.add("abc", 2);
  assert.equal(cache.get("abc"), 1);
  cache.add("x", 3);
  assert.deepEqual([cache.get("abc"), cache.get("x")], [null, 3]);
});
