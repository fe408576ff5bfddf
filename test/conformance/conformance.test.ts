// The conformance cases, against a server in memory.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { runSuites } from "./run.ts";
import type { Suite } from "./suite.ts";
import { SUITES } from "./suites.ts";
import { Target } from "./target.ts";

let target: Target;
before(async () => {
  target = await Target.inMemory();
});
after(async () => {
  await target.stop();
});

for (const suite of SUITES) {
  test(suite.name, async () => {
    const { failed } = await runSuites(target, [suite], null, () => {});
    assert.deepEqual(failed, []);
  });
}

test("a wrong answer is found, and the rest goes on", async () => {
  const suite: Suite = {
    name: "made up", setup: async () => {},
    cases: [
      { operation: "A", name: "bad", run: () => Promise.reject(new Error("no")) },
      { operation: "B", name: "good", run: () => Promise.resolve() },
    ],
  };
  const { passed, failed } = await runSuites(target, [suite], null, () => {});
  assert.deepEqual([...passed], [["B", 1]]);
  assert.deepEqual(failed, [{ suite: "made up", operation: "A", name: "bad", error: "no" }]);
});
