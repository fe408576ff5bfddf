import assert from "node:assert/strict";
import { test } from "node:test";
import { batchReadUnits, batchWriteUnits, pageReadUnits, readUnits, writeUnits } from "./capacity-units.ts";

test("units on both sides of each step", () => {
  for (const [bytes, strong] of [[0, 1], [1, 1], [4096, 1], [4097, 2], [8192, 2], [8193, 3], [409_600, 100]] as const) {
    assert.equal(readUnits(bytes, true), strong);
    assert.equal(readUnits(bytes, false), strong / 2);
    assert.equal(pageReadUnits(bytes, true), strong);
  }
  for (const [bytes, units] of [[0, 1], [1024, 1], [1025, 2], [409_600, 400]] as const) {
    assert.equal(writeUnits(bytes), units);
  }
});

test("a page rounds its sum, a batch each item", () => {
  assert.equal(pageReadUnits(10 * 500, false), 1);
  assert.equal(batchReadUnits(Array.from({ length: 10 }, () => 500), false), 5);
  assert.equal(batchReadUnits([0, 5000], true), 3);
  assert.equal(batchReadUnits([], true), 0);
  assert.equal(batchWriteUnits([100, 1025]), 3);
});
