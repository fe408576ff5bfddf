// Runs the control plane in the fake world over many seeds.
// Replay one seed with its trace: CONTROL_SEED=<seed> node --test src/roles/metadata/control-world.test.ts
import assert from "node:assert/strict";
import { test } from "node:test";
import { ControlWorld } from "./control-world.fuzz.ts";

const CHAOS_MS = 40_000;
const HEAL_MS = 120_000;
const SEED_COUNT = 60;

const replay = process.env["CONTROL_SEED"];
const first = Number(process.env["CONTROL_FROM"] ?? 1);

test("replay of one seed", { skip: replay === undefined }, () => {
  const world = new ControlWorld(Number(replay), (line) => console.log(line));
  try {
    world.run(CHAOS_MS, HEAL_MS);
  } finally {
    console.log(world.describe());
  }
});

test(`${SEED_COUNT} random histories of a cluster end as they should`, { skip: replay !== undefined }, (t) => {
  const total: Record<string, number> = {};
  for (let seed = first; seed < first + SEED_COUNT; seed++) {
    const world = new ControlWorld(seed, null);
    try {
      for (const [name, value] of Object.entries(world.run(CHAOS_MS, HEAL_MS))) total[name] = (total[name] ?? 0) + value;
    } catch (error) {
      console.log(`failing seed ${seed}: CONTROL_SEED=${seed} node --test src/roles/metadata/control-world.test.ts`);
      console.log(world.describe());
      throw error;
    }
  }
  t.diagnostic(`seeds ${first}..${first + SEED_COUNT - 1}: ${JSON.stringify(total)}`);
  for (const [name, value] of Object.entries(total)) {
    assert.ok(value >= SEED_COUNT / 10, `the faults and paths are exercised: ${name}`);
  }
});
