// Style as a test: the rules that no compiler checks, over the whole repository. The rules themselves are tested
// with small bad samples in tidy-rules.test.ts.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { checkRepository, formatProblems } from "./tidy/check-repository.ts";
import { applyExceptions, EXCEPTIONS } from "./tidy/ratchet.ts";

test("the repository is tidy", () => {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const problems = applyExceptions(checkRepository(root), EXCEPTIONS);
  assert.equal(problems.length, 0, `${problems.length} to mend:\n${formatProblems(problems)}`);
});
