// A fixed number of seeds of the differential fuzzer, run in their order.

import assert from "node:assert/strict";
import { it } from "node:test";
import { run } from "./http.fuzz.ts";

const SEEDS = 12;
const CASES = 250;

it("accepts nothing that node:http refuses, and the same of what it accepts", async () => {
  let requests = 0;
  let refused = 0;
  for (let seed = 1; seed <= SEEDS; seed++) {
    const report = await run(seed, { cases: CASES });
    requests += report.requests;
    refused += report.streamsRefusedByBoth;
  }
  // The generator must produce both kinds, or the comparison says nothing.
  assert.ok(requests > (SEEDS * CASES) / 2, `only ${requests} requests accepted`);
  assert.ok(refused > (SEEDS * CASES) / 10, `only ${refused} streams refused`);
});
