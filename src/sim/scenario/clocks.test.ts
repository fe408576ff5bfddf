// Clocks that run at rates beyond what a lease allows for: once the guard has had its time, a node whose clock is
// wrong leads nothing, so that whatever happens then no two replicas believe in a lease, and no read is stale.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ClockGuard } from "../../replication/clock-guard.ts";
import { runSeed } from "../swarm/run.ts";
import { NO_CUT } from "../swarm/run-cut.ts";
import type { FaultKind, RunOptions } from "../swarm/options.ts";

const SEEDS = 40;
const FROM = Number(process.env["SEED"] ?? 1);

/** Faults that take leaders away and let every node live on: one that restarts has to find out anew. */
const FAULTS: readonly FaultKind[] = ["partition", "one-way", "pause", "clog"];

function wrongClock(rate: number): (options: RunOptions) => RunOptions {
  return (options) => {
    const faults = Object.fromEntries(Object.keys(options.faults).map((kind) => (
      [kind, FAULTS.includes(kind as FaultKind) ? 1 : 0]
    ))) as RunOptions["faults"];
    return {
      ...options, faults, clockWindowMs: options.timing.leaseMs * 4, isOneProcess: false, isZoneLeftOut: false, clockRateSpread: 0, machinesPerZone: 1,
      wrongClock: { machine: options.damagedMachine > 3 ? 1 : options.damagedMachine, rate },
    };
  };
}

test("without the guard of the clocks two replicas believe in a lease", () => {
  const guarded = Object.getOwnPropertyDescriptor(ClockGuard.prototype, "isTrusted");
  assert.ok(guarded !== undefined);
  Object.defineProperty(ClockGuard.prototype, "isTrusted", { configurable: true, get: () => true });
  try {
    for (let seed = FROM; seed < FROM + SEEDS * 5; seed++) {
      const { violations } = runSeed(seed, null, NO_CUT, wrongClock(0.6));
      if (violations[0]?.checker === "lease-exclusive") return;
    }
    assert.fail("nobody noticed");
  } finally {
    Object.defineProperty(ClockGuard.prototype, "isTrusted", guarded);
  }
});

for (const rate of [0.6, 0.8, 1.3, 1.8]) {
  test(`a clock at ${rate} times the rate of the others`, () => {
    for (let seed = FROM; seed < FROM + SEEDS; seed++) {
      const { violations } = runSeed(seed, null, NO_CUT, wrongClock(rate));
      assert.deepEqual(violations, [], `seed ${seed}`);
    }
  });
}

/** A clock that seems right for a while, a voter that does, and healthy nodes that hear nobody but the wrong one. */
const FOUND: readonly (readonly [rate: number, seed: number])[] = [
  [0.6, 1_036], [1.8, 1_603], [1.8, 3_414], [1.8, 1_080], [1.8, 1_237], [0.6, 1_684], [1.3, 1_581],
];

test("what was found beyond the bound", () => {
  for (const [rate, seed] of FOUND) {
    const { violations } = runSeed(seed, null, NO_CUT, wrongClock(rate));
    assert.deepEqual(violations, [], `seed ${seed} at ${rate}`);
  }
});
