import assert from "node:assert/strict";
import { test } from "node:test";
import { firstRequestId } from "./request-ids.ts";

test("lives begin far apart, and ids stay exact numbers", () => {
  const starts = [0, 1, 2, 0x1f_ffff].map(firstRequestId);
  for (let i = 1; i < starts.length; i++) assert.ok((starts[i] ?? 0) - (starts[i - 1] ?? 0) >= 2 ** 31);
  assert.ok(Number.isSafeInteger(firstRequestId(0xffff_ffff) + 2 ** 31 - 2));
  assert.equal(firstRequestId(0x20_0000), firstRequestId(0));
});
