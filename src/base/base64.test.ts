import assert from "node:assert/strict";
import { test } from "node:test";
import {
  base64Length, base64Problem, base64ToBinary, base64ToBytes, binaryToBase64, bytesToBase64,
} from "./base64.ts";
import { Prng } from "./prng.ts";

test("agrees with the platform's encoder, all lengths and large inputs", () => {
  const seed = Date.now();
  const prng = new Prng(seed);
  for (const length of [...Array(70).keys(), 4095, 4096, 4097, 12_288, 12_289, 100_001]) {
    const bytes = prng.bytes(length);
    const text = Buffer.from(bytes).toString("base64");
    assert.equal(bytesToBase64(bytes), text, `seed ${seed}`);
    assert.equal(base64Problem(text), null);
    assert.equal(base64Length(text), length);
    assert.deepEqual(base64ToBytes(text), bytes, `seed ${seed}`);
    const binary = base64ToBinary(text);
    assert.equal(binary, Buffer.from(bytes).toString("latin1"));
    assert.equal(binaryToBase64(binary!), text);
  }
});

test("rejects what is not canonical, and says why", () => {
  const cases: [string, object][] = [
    ["YQ", { kind: "length", length: 2 }],
    ["YQ=", { kind: "length", length: 3 }],
    ["YWI=Y", { kind: "length", length: 5 }],
    ["YQ\n=", { kind: "character", character: "\n" }],
    ["Y=Q=", { kind: "character", character: "=" }],
    ["YQ==YQ==", { kind: "character", character: "=" }],
    ["====", { kind: "character", character: "=" }],
    ["Y===", { kind: "character", character: "=" }],
    ["YW-_", { kind: "character", character: "-" }],
    ["YWé=", { kind: "character", character: "é" }],
    ["YR==", { kind: "last-character" }],
    ["YWJ=", { kind: "last-character" }],
  ];
  for (const [text, problem] of cases) {
    assert.deepEqual(base64Problem(text), problem, JSON.stringify(text));
    assert.equal(base64ToBytes(text), null);
    assert.equal(base64ToBinary(text), null);
  }
});

test("random strings pass exactly when the platform's decoder gives them back", () => {
  const seed = Date.now();
  const prng = new Prng(seed);
  let passed = 0;
  for (let round = 0; round < 20_000; round++) {
    let text = "";
    for (let left = prng.below(9); left > 0; left--) text += prng.pick([..."AQgw+/9z=", "=", "é", " ", "-"]);
    const isCanonical = Buffer.from(text, "base64").toString("base64") === text;
    assert.equal(base64Problem(text) === null, isCanonical, `seed ${seed}: ${JSON.stringify(text)}`);
    if (isCanonical && text !== "") passed++;
  }
  assert.ok(passed > 100, "the generator makes canonical texts too");
});

test("a binary string with chars above 255 is a bug", () => {
  assert.throws(() => binaryToBase64("\u0100"), { name: "AssertionError" });
});
