import assert from "node:assert/strict";
import { test } from "node:test";
import { binaryInto, binaryToBytes, binaryToUtf8, bytesToBinary, isAscii, utf8ToBinary } from "./binary-string.ts";
import { Prng } from "./prng.ts";

test("UTF-8 to binary and back", () => {
  for (const text of ["", "abc", "\x7f", "\x80", "é€😀", "a\0b", "x".repeat(10_000) + "é"]) {
    const binary = utf8ToBinary(text);
    assert.equal(binary, Buffer.from(text, "utf8").toString("latin1"));
    assert.equal(binaryToUtf8(binary), text);
    assert.equal(isAscii(text), binary === text);
  }
  assert.equal(binaryToUtf8("\xff"), null);
  assert.equal(binaryToUtf8("\xc3"), null);
});

test("bytes to binary and back, all lengths around the chunk size", () => {
  const seed = Date.now();
  const prng = new Prng(seed);
  for (const length of [0, 1, 2, 100, 4095, 4096, 4097, 8192, 8193, 20_000]) {
    const bytes = prng.bytes(length);
    const binary = bytesToBinary(bytes);
    assert.equal(binary, Buffer.from(bytes).toString("latin1"), `seed ${seed}`);
    assert.deepEqual(binaryToBytes(binary), bytes);
    const from = prng.below(length + 1);
    assert.equal(bytesToBinary(bytes, from), binary.slice(from));
  }
});

test("writing at an offset; no room is a bug", () => {
  const target = new Uint8Array(5);
  assert.equal(binaryInto("\xffa", target, 2), 2);
  assert.deepEqual([...target], [0, 0, 255, 97, 0]);
  assert.throws(() => binaryInto("abc", target, 3), { name: "AssertionError" });
  assert.throws(() => bytesToBinary(target, 3, 6), { name: "AssertionError" });
});
