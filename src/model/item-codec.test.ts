import assert from "node:assert/strict";
import { test } from "node:test";
import type { StorageKey } from "../base/ids.ts";
import { Prng } from "../base/prng.ts";
import {
  decodeStored, encodeItem, encodeJson, isStoredIntact, stampStored, storedJson, storedSize, storedTimestamp,
} from "./item-codec.ts";
import { itemSize } from "./item-size.ts";
import { randomMap } from "./random-value.ts";

const KEY = "\0\0\0\x07\0key" as StorageKey;

/** Bit by bit, over all bytes at once. */
function dumbCrc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return ~crc >>> 0;
}

test("golden bytes", () => {
  const stored = encodeItem({ pk: { S: "é" } }, 4, KEY);
  const covered = Buffer.concat([Buffer.from(KEY, "latin1"), stored.subarray(16)]);
  assert.equal(new DataView(stored.buffer, stored.byteOffset).getUint32(4, true), dumbCrc32c(covered));
  const hex = (crc: string, timestamp: string): string => (
    `02000000${crc}${timestamp}04000000${Buffer.from('{"pk":{"S":"é"}}').toString("hex")}`
  );
  assert.equal(Buffer.from(stored).toString("hex"), hex("a1a2a982", "0000000000000000"));
  assert.equal(storedTimestamp(stored), 0);
  for (const timestamp of [1, 1_795_000_000_123_457, 1_795_000_000_123_458]) {
    stampStored(stored, timestamp);
    assert.equal(storedTimestamp(stored), timestamp);
    assert.ok(isStoredIntact(stored, KEY));
    assert.equal(storedSize(stored), 4);
  }
});

test("round trip of random items; sizes; the JSON is a view", () => {
  const seed = Date.now();
  const prng = new Prng(seed);
  for (let round = 0; round < 3000; round++) {
    const item = randomMap(prng, 3);
    const stored = encodeItem(item, itemSize(item), KEY);
    assert.ok(isStoredIntact(stored, KEY), `seed ${seed}`);
    assert.deepEqual(decodeStored(stored), item);
    assert.equal(storedSize(stored), itemSize(item));
    assert.equal(Buffer.from(storedJson(stored)).toString(), JSON.stringify(item));
    assert.equal(storedJson(stored).buffer, stored.buffer);
    assert.deepEqual(encodeJson(item), new Uint8Array(storedJson(stored)));
  }
});

test("results do not change when further items are encoded, over many blocks", () => {
  const seed = Date.now();
  const prng = new Prng(seed);
  const made: [Uint8Array, string][] = [];
  for (let round = 0; round < 300; round++) {
    const item = { pk: { S: prng.pick(["x", "é", "😀"]).repeat(prng.below(4000)) }, n: { N: String(round) } };
    made.push([encodeItem(item, itemSize(item), KEY), JSON.stringify(item)]);
    made.push([encodeJson(item), JSON.stringify(item)]);
  }
  made.forEach(([bytes, json], i) => {
    const part = i % 2 === 0 ? storedJson(bytes) : bytes;
    assert.equal(Buffer.from(part).toString(), json, `seed ${seed}`);
    if (i % 2 === 0) assert.ok(isStoredIntact(bytes, KEY));
  });
});

test("items too large for a block", () => {
  const large = encodeItem({ a: { S: "é\0".repeat(100_000) } }, 300_001, KEY);
  assert.deepEqual(decodeStored(large), { a: { S: "é\0".repeat(100_000) } });
  assert.ok(isStoredIntact(large, KEY));
  assert.equal(encodeJson({ a: { S: "x".repeat(70_000) } }).length, 70_000 + 14);
});

test("any changed byte, another key, or a cut is noticed", () => {
  const stored = encodeItem({ pk: { S: "a" }, n: { N: "12" } }, 5, KEY);
  stampStored(stored, 1_795_000_000_123_457);
  for (let at = 0; at < stored.length; at++) {
    for (const bit of [1, 0x80]) {
      const damaged = stored.slice();
      damaged[at]! ^= bit;
      assert.ok(!isStoredIntact(damaged, KEY), `byte ${at}`);
    }
  }
  assert.ok(!isStoredIntact(stored, `${KEY}x` as StorageKey));
  for (let length = 0; length < stored.length; length++) assert.ok(!isStoredIntact(stored.subarray(0, length), KEY));
  const otherVersion = stored.slice();
  otherVersion[0] = 1;
  assert.ok(!isStoredIntact(otherVersion, KEY));
  assert.throws(() => storedJson(otherVersion), { name: "AssertionError" });
});
