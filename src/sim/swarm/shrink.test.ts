// Shrinking keeps what a failure needs and drops the rest.
import assert from "node:assert/strict";
import { test } from "node:test";
import { violation } from "../checker/violation.ts";
import type { SeedReport } from "./run.ts";
import { shrink } from "./shrink.ts";

function runner(steps: number, fails: (has: (step: number) => boolean) => string | null) {
  return (skip: ReadonlySet<number>): SeedReport => {
    const checker = fails((step) => step < steps && !skip.has(step));
    return {
      seed: 0, options: null, result: { steps }, violations: checker === null ? [] : [violation(checker, "")],
    } as unknown as SeedReport;
  };
}

const left = (steps: number, skip: ReadonlySet<number> | null): number[] =>
  Array.from({ length: steps }, (_, i) => i).filter((i) => skip?.has(i) !== true);

test("two steps that are needed together stay, all others go", () => {
  for (const [a, b] of [[0, 1], [3, 12], [0, 16], [7, 8]] as const) {
    const run = runner(17, (has) => (has(a) && has(b) ? "linearizable" : null));
    assert.deepEqual(left(17, shrink(1, () => {}, run)), [a, b]);
  }
});

test("a failure of another kind does not count, and a run that passes has nothing to shrink", () => {
  const run = runner(8, (has) => (has(2) ? "liveness" : has(5) ? "linearizable" : null));
  assert.deepEqual(left(8, shrink(1, () => {}, run)), [2]);
  assert.equal(shrink(1, () => {}, runner(8, () => null)), null);
});

test("a failure that needs no fault loses them all", () => {
  assert.deepEqual(left(9, shrink(1, () => {}, runner(9, () => "exception"))), []);
});
