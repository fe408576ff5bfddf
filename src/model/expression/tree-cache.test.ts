import assert from "node:assert/strict";
import { test } from "node:test";
import { TreeCache } from "./tree-cache.ts";

test("what is in use stays, the rest goes after two generations", () => {
  const cache = new TreeCache<number>(4);
  cache.add("aa", 1);
  cache.add("bb", 2);
  cache.add("cc", 3); // aa and bb are the old generation from here on
  assert.equal(cache.get("aa"), 1); // and aa is young again
  cache.add("dd", 4);
  assert.deepEqual([cache.get("bb"), cache.get("dd")], [null, 4]);
  assert.deepEqual([cache.get("aa"), cache.get("cc")], [1, 3]);
});

test("a generation holds texts up to its bound", () => {
  const cache = new TreeCache<number>(4);
  for (const [i, text] of ["a", "b", "c", "d"].entries()) cache.add(text, i);
  assert.deepEqual(["a", "b", "c", "d"].map((text) => cache.get(text) !== null), [true, true, true, true]);
  const small = new TreeCache<number>(4);
  small.add("aaa", 1);
  small.add("bb", 2);
  small.add("ccc", 3);
  assert.deepEqual([small.get("aaa"), small.get("bb"), small.get("ccc")], [null, 2, 3]);
});

test("what is longer than a generation is not kept, and nothing is replaced", () => {
  const cache = new TreeCache<number>(3);
  cache.add("long", 1);
  assert.equal(cache.get("long"), null);
  cache.add("abc", 1);
  cache.add("abc", 2);
  assert.equal(cache.get("abc"), 1);
});
