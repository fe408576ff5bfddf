// Shrinking keeps what a failure needs and drops the rest.
import assert from "node:assert/strict";
import { test } from "node:test";
import { NO_FLAWS, type Flaws } from "../../consensus/flaws.ts";
import { violation } from "../checker/violation.ts";
import { runSeed, type SeedReport } from "./run.ts";
import { formatCut, NO_CUT, parseCut, type RunCut } from "./run-cut.ts";
import { shrink } from "./shrink.ts";

const STEPS = 17;
const CLIENTS = 6;
const POINTS = 8;

function runner(fails: (cut: RunCut) => string | null) {
  return (cut: RunCut): SeedReport => {
    const checker = fails(cut);
    return {
      seed: 0, options: null, result: { steps: STEPS, clients: CLIENTS, points: POINTS, chaosMs: 1000, virtualMs: 1 },
      violations: checker === null ? [] : [violation(checker, "")],
    } as unknown as SeedReport;
  };
}

const quiet = (): void => {};
const left = (count: number, out: ReadonlySet<number> | undefined): number[] =>
  Array.from({ length: count }, (_, i) => i).filter((i) => out?.has(i) !== true);

test("two steps that are needed together stay, all others go", () => {
  for (const [a, b] of [[0, 1], [3, 12], [0, 16], [7, 8]] as const) {
    const run = runner(({ steps }) => (!steps.has(a) && !steps.has(b) ? "linearizable" : null));
    assert.deepEqual(left(STEPS, shrink(1, quiet, run)?.cut.steps), [a, b]);
  }
});

test("clients, points and time go as well, down to what is needed", () => {
  const run = runner(({ clients, points, chaosMs }) =>
    (!clients.has(4) && !points.has(2) && !points.has(7) && (chaosMs ?? 1000) >= 333 ? "lease-exclusive" : null));
  const cut = shrink(1, quiet, run)?.cut;
  assert.deepEqual(left(CLIENTS, cut?.clients), [4]);
  assert.deepEqual(left(POINTS, cut?.points), [2, 7]);
  assert.deepEqual(left(STEPS, cut?.steps), []);
  assert.ok(cut?.chaosMs !== null && cut!.chaosMs >= 333 && cut!.chaosMs < 353, String(cut?.chaosMs));
});

test("a step that is needed only as long as a client is there goes in a later round", () => {
  const run = runner(({ clients, steps }) => (steps.has(5) && !clients.has(0) ? null : "linearizable"));
  const cut = shrink(1, quiet, run)?.cut;
  assert.deepEqual([left(CLIENTS, cut?.clients), left(STEPS, cut?.steps)], [[], []]);
});

test("a failure of another kind does not count, and a run that passes has nothing to shrink", () => {
  const run = runner(({ steps }) => (!steps.has(2) ? "liveness" : !steps.has(5) ? "linearizable" : null));
  assert.deepEqual(left(STEPS, shrink(1, quiet, run)?.cut.steps), [2]);
  assert.equal(shrink(1, quiet, runner(() => null)), null);
});

test("a cut survives being written down, and nonsense is refused", () => {
  const cut: RunCut = { steps: new Set([3, 1]), clients: new Set([0]), points: new Set(), chaosMs: 40 };
  assert.equal(formatCut(cut), "steps=1,3 clients=0 ms=40");
  assert.deepEqual(parseCut(formatCut(cut)), { ...cut, steps: new Set([1, 3]) });
  assert.deepEqual(parseCut(""), NO_CUT);
  for (const text of ["steps", "steps=", "steps=a", "ms=1,2", "steps=1 steps=2", "what=1"]) {
    assert.equal(parseCut(text), null, text);
  }
});

test("a real failing run becomes a shorter one that fails the same way, and stays so when replayed", (t) => {
  const flaws = NO_FLAWS as { -readonly [K in keyof Flaws]: boolean };
  flaws.acceptsBeforeDurable = true;
  try {
    let seed = Number(process.env["SEED"] ?? 1);
    let whole = runSeed(seed, null);
    while (whole.violations.length === 0) whole = runSeed(++seed, null);
    const shrunk = shrink(seed, quiet, (cut) => runSeed(seed, null, cut), 40);
    assert.ok(shrunk !== null);
    const again = runSeed(seed, null, shrunk.cut);
    t.diagnostic(`seed ${seed}, ${shrunk.tries} tries: ${formatCut(shrunk.cut)}; `
      + `${whole.result.events} events became ${again.result.events}`);
    assert.equal(again.violations[0]?.checker, whole.violations[0]?.checker);
    assert.equal(runSeed(seed, null, shrunk.cut).result.hash, again.result.hash);
    const countFaults = ({ result }: SeedReport): number => [...result.faults.values()].reduce((a, b) => a + b, 0);
    assert.ok(countFaults(again) < countFaults(whole));
  } finally {
    flaws.acceptsBeforeDurable = false;
  }
});
