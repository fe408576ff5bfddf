// A few SIGKILLs in every test run; `npm run crash -- --kills 200` does the long one.
import { test } from "node:test";
import assert from "node:assert/strict";
import { killLoop } from "./kill-loop.ts";

test("acknowledged writes survive SIGKILL", { timeout: 120_000 }, async () => {
  const seed = Date.now() % 1_000_000;
  const report = await killLoop(4, seed, () => undefined);
  assert.equal(report.kills, 4, `seed ${seed}`);
  assert.ok(report.acknowledged > 0, `seed ${seed}: the load wrote nothing`);
});
