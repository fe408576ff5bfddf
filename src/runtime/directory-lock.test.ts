import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { lockDirectory } from "./directory-lock.ts";

test("a directory is one process's, until it lets go", async () => {
  const directory = mkdtempSync(join(tmpdir(), "stator-lock-"));
  try {
    const first = await lockDirectory(directory);
    assert.ok(first.ok);
    assert.equal((await lockDirectory(directory)).ok, false);
    mkdirSync(join(directory, "other"));
    const other = await lockDirectory(join(directory, "other"));
    assert.ok(other.ok);
    await first.lock.release();
    const again = await lockDirectory(directory);
    assert.ok(again.ok);
    await again.lock.release();
    await other.lock.release();
    writeFileSync(join(directory, "x"), "");
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
