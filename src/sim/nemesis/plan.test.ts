// Plans repeat for a seed, differ between seeds, and reach every kind of fault and every subset of zones.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Prng } from "../../base/prng.ts";
import { drawOptions, FAULTS } from "../swarm/options.ts";
import { planNemesis } from "./plan.ts";

test("a plan is decided by its seed", () => {
  const plan = (seed: number): string => JSON.stringify(planNemesis(new Prng(seed), drawOptions(seed)));
  assert.equal(plan(7), plan(7));
  assert.notEqual(plan(7), plan(8));
});

test("over many seeds every kind of fault and every subset of zones comes up, within the time of chaos", () => {
  const kinds = new Set<string>();
  const subsets = new Set<string>();
  for (let seed = 0; seed < 400; seed++) {
    const options = drawOptions(seed);
    for (const { atMs, step } of planNemesis(new Prng(seed), options)) {
      assert.ok(atMs >= 0 && atMs < options.chaosMs);
      kinds.add(step.kind);
      if (step.kind === "power-off" && options.machinesPerZone === 1) subsets.add(step.machines.join());
      if (step.kind === "power-off" || step.kind === "lose-disk") {
        const count = options.zones * options.machinesPerZone;
        for (const machine of step.machines) assert.ok(machine >= 1 && machine <= count);
        assert.equal(new Set(step.machines).size, step.machines.length);
      }
      if (step.kind === "one-way" || step.kind === "clog") assert.notEqual(step.from, step.to);
    }
  }
  assert.deepEqual([...kinds].sort(), [...FAULTS].sort());
  assert.deepEqual([...subsets].sort(), ["1", "1,2", "1,2,3", "1,3", "2", "2,3", "3"]);
});

test("no run lets two clocks drift apart by more than the lease allows for", () => {
  for (let seed = 0; seed < 200; seed++) {
    const { clockRateSpread, timing } = drawOptions(seed);
    const slow = timing.leaseMs / (1 + clockRateSpread);
    const fast = timing.leaseMs / (1 - clockRateSpread);
    assert.ok(fast - slow <= timing.leaseDriftMs, `seed ${seed}`);
    assert.ok(timing.leaseDriftMs < timing.leaseMs);
  }
});
