import assert from "node:assert/strict";
import { test } from "node:test";
import { Prng } from "./prng.ts";
import { utf8Decode, utf8Encode, utf8EncodeInto, utf8Length } from "./utf8.ts";

const PIECES = ["a", "\0", "\x7f", "\x80", "\u07ff", "\u0800", "\uffff", "😀", "\ud800", "\udc00"];

test("utf8Length agrees with the encoder, lone surrogates included, for short and long texts", () => {
  const seed = Date.now();
  const prng = new Prng(seed);
  for (let round = 0; round < 2000; round++) {
    let text = "";
    for (let left = prng.pick([3, 30, 49, 200, 9000].slice(0, round % 50 === 0 ? 5 : 4)); left > 0; left--) {
      text += prng.pick(PIECES);
    }
    assert.equal(utf8Length(text), Buffer.byteLength(text), `seed ${seed}`);
  }
  assert.equal(utf8Length(""), 0);
  assert.equal(utf8Length("x".repeat(1_000_000)), 1_000_000);
  for (const shift of [0, 1, 2, 3]) {
    const text = "x".repeat(shift) + "😀".repeat(20_000);
    assert.equal(utf8Length(text), shift + 80_000, "pairs are not cut");
  }
});

test("encode, encode into, decode", () => {
  const target = new Uint8Array(20);
  assert.equal(utf8EncodeInto("é😀", target, 3), 6);
  assert.deepEqual(target.slice(3, 9), utf8Encode("é😀"));
  assert.equal(utf8Decode(utf8Encode("é😀\ufeff")), "é😀\ufeff");
  assert.equal(utf8Decode(new Uint8Array([0xff])), null);
  assert.equal(utf8Decode(new Uint8Array([0xed, 0xa0, 0x80])), null); // an encoded surrogate
});
