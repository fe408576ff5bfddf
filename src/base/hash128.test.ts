import assert from "node:assert/strict";
import { test } from "node:test";
import { hash128 } from "./hash128.ts";

function hex(binary: string): string {
  return Buffer.from(binary, "latin1").toString("hex");
}

/** Vectors are written as the four state words in big-endian hex; the hash is in little-endian bytes. */
function words(text: string): string {
  const bytes = hex(hash128(text));
  const out: string[] = [];
  for (let i = 0; i < 32; i += 8) out.push(bytes.slice(i, i + 8).match(/../g)!.reverse().join(""));
  return out.join("");
}

test("known hashes", () => {
  assert.equal(words(""), "0".repeat(32));
  assert.equal(words("The quick brown fox jumps over the lazy dog"), "2f1583c3ecee2c675d7bf66ce5e91d2c");
});

test("the reference implementation's verification value: all lengths 0..255, all seeds", () => {
  let key = "";
  let hashes = "";
  for (let i = 0; i < 256; i++) {
    hashes += hash128(key, 256 - i);
    key += String.fromCharCode(i);
  }
  assert.equal(hex(hash128(hashes)).slice(0, 8), "2ae6ecb3"); // 0xB3ECE62A, little-endian
});

test("sixteen bytes, spread evenly over the first byte", () => {
  const counts = Array.from({ length: 16 }, () => 0);
  for (let i = 0; i < 16_000; i++) {
    const hash = hash128(`user#${i}`);
    assert.equal(hash.length, 16);
    for (let j = 0; j < 16; j++) assert.ok(hash.charCodeAt(j) < 256);
    counts[hash.charCodeAt(0) >> 4]!++;
  }
  for (const count of counts) assert.ok(count > 850 && count < 1150, `uneven: ${counts.join(" ")}`);
});
