import assert from "node:assert/strict";
import { test } from "node:test";
import { Prng } from "../../base/prng.ts";
import { storageKey, type StorageKey } from "../../base/ids.ts";
import { Overlay } from "./overlay.ts";

const STEPS = 6_000;
const NOTHING = storageKey("");

/** Keys as the tree has them, most of them in few places, some short or out of the ordinary. */
function someKey(random: Prng): StorageKey {
  const below = (limit: number): number => random.u32() % limit;
  const bytes = (count: number): string => String.fromCharCode(...Array.from({ length: count }, () => below(256)));
  if (below(20) === 0) return storageKey(bytes(1 + below(9)));
  const table = String.fromCharCode(below(10) === 0 ? 255 : 0, 0, below(2), below(3));
  const space = String.fromCharCode(below(4) === 0 ? 17 : 0);
  // Half of all under one partition key, the rest spread.
  const hash = below(2) === 0 ? "\x55".repeat(16) : bytes(2) + "\0".repeat(14);
  return storageKey(table + space + hash + bytes(below(4)));
}

/** The rows of [from, to) as plainly as can be. */
function expected(
  rows: ReadonlyMap<StorageKey, Uint8Array | null>, from: StorageKey, to: StorageKey | null,
): StorageKey[] {
  return [...rows.keys()].filter((key) => key >= from && (to === null || key < to)).sort();
}

function walked(overlay: Overlay, from: StorageKey, to: StorageKey | null, isForward: boolean): StorageKey[] {
  const keys: StorageKey[] = [];
  const rows = overlay.walk(from, to, isForward);
  if (rows === null) return keys;
  for (; rows.row !== null; rows.advance()) keys.push(rows.row.key);
  return keys;
}

for (const seed of [1, 2, 3, 4]) {
  test(`an overlay is what a plain map is, in both directions (seed ${seed})`, () => {
    const random = new Prng(seed);
    const overlay = new Overlay(1);
    const plain: Map<StorageKey, Uint8Array | null> = new Map();
    for (let step = 0; step < STEPS; step++) {
      const key = someKey(random);
      const choice = random.u32() % 400;
      if (choice === 0) {
        const other = someKey(random);
        overlay.dropRange(key, other);
        for (const gone of expected(plain, key, other)) plain.delete(gone);
      } else if (choice < 30) {
        const other = someKey(random);
        const [from, to] = key < other ? [key, other] : [other, key];
        assert.deepEqual(walked(overlay, from, to, true), expected(plain, from, to));
        assert.deepEqual(walked(overlay, from, to, false), expected(plain, from, to).reverse());
        assert.equal(overlay.walk(to, from, true), null);
      } else if (choice < 40) {
        const [known] = plain.keys();
        if (known !== undefined) assert.deepEqual(overlay.get(known), plain.get(known));
        assert.deepEqual(overlay.get(key), plain.get(key));
      } else {
        const value = choice % 5 === 0 ? null : new Uint8Array([random.u32()]);
        overlay.put({ key, value });
        plain.set(key, value);
      }
    }
    assert.ok(plain.size > 1_000, "the run says something");
    assert.deepEqual(walked(overlay, NOTHING, null, true), expected(plain, NOTHING, null));
    assert.equal(overlay.rowCount, plain.size);
    for (const [key, value] of plain) assert.deepEqual(overlay.get(key), value);
    overlay.dropRange(NOTHING, storageKey("\xff".repeat(30)));
    assert.ok(overlay.isWithoutRows);
    assert.equal(overlay.walk(NOTHING, null, true), null);
  });
}
