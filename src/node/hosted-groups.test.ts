import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { storageKey } from "../base/ids.ts";
import { rangesWithout, type RowRange } from "./hosted-groups.ts";

const LETTERS = "abcdefghij";

function letters(range: RowRange): string {
  return [...LETTERS].filter((letter) => range.from <= letter && letter < range.to).join("");
}

test("what is left of a range is each key of it that no other range has", () => {
  const border = fc.integer({ min: 0, max: LETTERS.length }).map((at) => storageKey(LETTERS[at] ?? "z"));
  const range = fc.tuple(border, border).map(([a, b]) => (a < b ? { from: a, to: b } : { from: b, to: a }));
  fc.assert(fc.property(range, fc.array(range, { maxLength: 5 }), (whole, taken) => {
    const left = rangesWithout(whole, taken);
    for (const piece of left) assert.ok(piece.from < piece.to);
    const all = taken.map(letters).join("");
    const expected = [...letters(whole)].filter((letter) => !all.includes(letter)).join("");
    assert.equal(left.map(letters).join(""), expected);
  }));
});
