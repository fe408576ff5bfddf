import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { compatibilityText } from "./compatibility.ts";

test("docs/compatibility.md is what the registry says; else run: node tools/compatibility.ts", () => {
  const file = readFileSync(join(import.meta.dirname, "..", "docs", "compatibility.md"), "utf8").split("\n");
  const wanted = compatibilityText().split("\n");
  assert.deepEqual(wanted.filter((line) => !file.includes(line)), [], "lines that the file lacks");
  assert.equal(file.length, wanted.length, "lines that nothing stands behind");
});
