// Runs the random simulation of the core over many seeds, and proves by seeded mistakes that it would notice.
// Replay one seed with its trace: CORE_SIM_SEED=<seed> node --test src/consensus/core-sim.test.ts
import assert from "node:assert/strict";
import { test } from "node:test";
import { CoreSim } from "./core-sim.fuzz.ts";
import type { CoreSimReport } from "./core-sim-types.fuzz.ts";
import { NO_FLAWS, type Flaws } from "./flaws.ts";

const CHAOS_MS = 2500;
const HEAL_MS = 4000;
const SEED_COUNT = 1_200;
/** A mistake must show within this many seeds. */
const MUTANT_SEEDS_MAX = 3000;
/** Where the search for a rare one begins: it shows once in some thousands of histories. */
const FIRST_SEEDS: Readonly<Record<string, number>> = {
  ignoresOwnLeasePromise: 600, countsOldBallots: 1_600, changesBeforeOwnCommit: 2_900, installsAtCommit: 1_150,
};

const replay = process.env["CORE_SIM_SEED"];
const first = Number(process.env["CORE_SIM_FROM"] ?? 1);

function run(seed: number, flaws: Flaws, trace: ((line: string) => void) | null): CoreSimReport {
  return new CoreSim(seed, flaws, trace).run(CHAOS_MS, HEAL_MS);
}

test("replay of one seed", { skip: replay === undefined }, () => {
  run(Number(replay), NO_FLAWS, (line) => console.log(line));
});

test(`${SEED_COUNT} random histories keep every promise of the group`, { skip: replay !== undefined }, (t) => {
  const total: Record<string, number> = {};
  for (let seed = first; seed < first + SEED_COUNT; seed++) {
    try {
      const report = run(seed, NO_FLAWS, null);
      for (const [name, value] of Object.entries(report)) total[name] = (total[name] ?? 0) + value;
    } catch (error) {
      console.log(`failing seed ${seed}: CORE_SIM_SEED=${seed} node --test src/consensus/core-sim.test.ts`);
      throw error;
    }
  }
  t.diagnostic(`seeds ${first}..${first + SEED_COUNT - 1}: ${JSON.stringify(total)}`);
  for (const name of ["committed", "crashes", "partitions", "leaders", "reads", "handOvers", "changes", "joins"]) {
    assert.ok((total[name] ?? 0) >= SEED_COUNT / 10, `the faults and paths are exercised: ${name}`);
  }
});

test("the same seed gives the same history", { skip: replay !== undefined }, () => {
  const histories = [0, 1].map(() => {
    const lines: string[] = [];
    run(4711, NO_FLAWS, (line) => lines.push(line));
    return lines.join("\n");
  });
  assert.ok((histories[0] ?? "").length > 0);
  assert.equal(histories[0], histories[1]);
});

for (const name of Object.keys(NO_FLAWS)) {
  test(`mutant is killed: ${name}`, { skip: replay !== undefined }, (t) => {
    const flaws = { ...NO_FLAWS, [name]: true };
    const from = FIRST_SEEDS[name] ?? 1;
    for (let seed = from; seed < from + MUTANT_SEEDS_MAX; seed++) {
      try {
        run(seed, flaws, null);
      } catch (error) {
        t.diagnostic(`killed at seed ${seed}: ${String(error).split("\n")[0] ?? ""}`);
        return;
      }
    }
    assert.fail(`${name} survived ${MUTANT_SEEDS_MAX} seeds`);
  });
}
