import assert from "node:assert/strict";
import { test } from "node:test";
import { ByteSlab } from "./byte-slab.ts";
import { Prng } from "./prng.ts";

test("views never overlap, whatever sizes are reserved and taken", () => {
  const seed = Date.now();
  const prng = new Prng(seed);
  const slab = new ByteSlab(256);
  const made: [Uint8Array, number][] = [];
  for (let i = 0; i < 2000; i++) {
    const most = prng.below(257);
    const bytes = prng.below(most + 1);
    const block = slab.room(most);
    const used = slab.used;
    const view = slab.take(bytes);
    assert.ok(view.length === bytes && view.buffer === block.buffer && view.byteOffset === used, `seed ${seed}`);
    view.fill(i & 255);
    made.push([view, i & 255]);
  }
  for (const [view, value] of made) assert.ok(view.every((byte) => byte === value), `seed ${seed}`);
  assert.ok(new Set(made.map(([view]) => view.buffer)).size > 100, "many blocks were used");
});

test("more than a block, or more than there is room for, is a bug", () => {
  const slab = new ByteSlab(8);
  assert.throws(() => slab.room(9), { name: "AssertionError" });
  slab.room(8);
  slab.take(5);
  assert.throws(() => slab.take(4), { name: "AssertionError" });
});
