// The formal specification of transactions, its model in TypeScript: known counts, shortest ways to known harms, and
// configuration files that are refused. What it is for, npm run spec does.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { withMutant } from "../../spec/constants.ts";
import { search, type Search } from "../../spec/search.ts";
import { parseBound } from "../../spec/transactions/bound.ts";
import { describePath } from "../../spec/transactions/describe.ts";
import { MUTANTS } from "../../spec/transactions/mutants.ts";
import { Transactions } from "../../spec/transactions/moves.ts";

const STATES_MAX = 100_000;

function cfgOf(bound: string): string {
  return readFileSync(new URL(`../../spec/bounds/${bound}.cfg`, import.meta.url), "utf8");
}

function explored(bound: string, mutant: string): Search & { readonly steps: readonly string[] } {
  const system = new Transactions(parseBound(bound, withMutant(cfgOf(bound), mutant)));
  const found = search(system, STATES_MAX, []);
  return { ...found, steps: describePath(system.model, found.violation?.path ?? []) };
}

test("a small bound has the number of states that TLA+ has", () => {
  const found = explored("transactions/small-conflict", "none");
  assert.equal(found.states, 845);
  assert.equal(found.violation, null);
  assert.ok(found.isComplete);
});

for (const { name, bound, means } of MUTANTS) {
  test(`found: ${means}`, () => {
    const found = explored(bound, name);
    assert.ok(found.violation !== null, `the mutant ${name} lives in ${bound}`);
    assert.equal(found.steps.length, found.violation.path.length - 1);
    assert.ok(found.steps.every((step) => !step.includes("no step leads here")));
  });
}

test("a repetition in two phases of what was done in one round before a split would do it twice", () => {
  const { steps, violation } = explored("transactions/small-split", "PartsIgnoreTokenRow");
  assert.equal(violation?.invariant, "OnceOnly");
  const names = steps.map((step) => /^ *\d+\. (\w+)/.exec(step)?.[1]);
  assert.ok(names.indexOf("OneRound") < names.indexOf("Split") && names.at(-1) === "Commit", names.join());
});

test("a configuration file that is not understood is refused", () => {
  const cfg = cfgOf("transactions/small-conflict");
  assert.throws(() => parseBound("x", cfg.replace("MaxPlain", "MaxPlains")), /no constant MaxPlain/);
  assert.throws(() => parseBound("x", cfg.replace("Items = {1, 2}", "Items = {1, 3}")), /Items are not 1, 2/);
  assert.throws(() => parseBound("x", cfg.replace("Puts = {11", "Puts = {one")), /Puts has one, which is no number/);
});
