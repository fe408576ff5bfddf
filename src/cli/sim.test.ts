// The simulator's command line, as a process.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { test } from "node:test";

const ENTRY = fileURLToPath(new URL("./sim.ts", import.meta.url));

function sim(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [ENTRY, ...args], { encoding: "utf8" });
}

test("a few seeds pass, run twice, and are summed up", () => {
  const { status, stdout } = sim("--seeds", "5", "--from", "1");
  assert.equal(status, 0, stdout);
  assert.match(stdout, /^seeds +5, each run twice$/m);
  assert.match(stdout, /^histories +repeat exactly$/m);
  assert.match(stdout, /^violations +none$/m);
  assert.match(stdout, /^power-offs +[1-9]/m);
});

test("one seed is replayed with a trace, and gives the same history each time", () => {
  const first = sim("--seed", "3");
  assert.equal(first.status, 0, first.stdout);
  assert.match(first.stdout, /nemesis 0: \{"kind":/);
  assert.equal(sim("--seed", "3").stdout, first.stdout);
});

test("a wrong command line says what is wrong", () => {
  for (const args of [["--seeds", "x"], ["--seed", "-1"], ["--bogus"]]) {
    const { status, stderr } = sim(...args);
    assert.equal(status, 2);
    assert.match(stderr, /Usage: npm run sim/);
  }
  assert.equal(sim("--help").status, 0);
});
