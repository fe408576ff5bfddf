// The formal specification's model in TypeScript: a known count, a known history, and configuration files that are
// refused. What it is for, npm run spec does.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { NO_MUTANT, withMutant } from "../../spec/constants.ts";
import { parseBound, type Bound } from "../../spec/model/bound.ts";
import { ABSENT, LEARNER, LOG, STORAGE, withKind } from "../../spec/model/configuration.ts";
import { adoptable, campaign, lead, promise, sync, syncable } from "../../spec/model/elections.ts";
import { explore } from "../../spec/model/explore.ts";
import { violated } from "../../spec/model/invariants.ts";
import { VALUE } from "../../spec/model/log-table.ts";
import { FOLLOWER, LEADER, Model, ROLE, type State } from "../../spec/model/model.ts";
import { accept, commit, mayReconfigure, propose, reconfigure, stepDown } from "../../spec/model/replication.ts";

const cfg = readFileSync(new URL("../../spec/bounds/small-remove.cfg", import.meta.url), "utf8");

test("a small bound has the number of states that TLA+ has", () => {
  const found = explore(parseBound("small-remove", cfg), 10_000, []);
  assert.equal(found.states, 3564);
  assert.equal(found.violation, null);
  assert.ok(found.isComplete);
});

test("a configuration file that is not understood is refused", () => {
  assert.throws(() => parseBound("x", cfg.replace("MaxLog", "MaxLogs")), /no constant MaxLog/);
  assert.throws(() => parseBound("x", cfg.replace(/MaxBallot = \d+/, "MaxBallot = many")), /MaxBallot is no number/);
  assert.throws(() => parseBound("x", cfg.replace("Floors = FALSE", "Floors = maybe")), /neither TRUE nor FALSE/);
  assert.equal(parseBound("x", withMutant(cfg, "KeepsOwnLog")).mutant, "KeepsOwnLog");
});

const ALL_STORAGE = [0, 1, 2, 3].reduce((config, n) => withKind(config, n, STORAGE), 0);

/** A group of four storage replicas or more (from 0), moved step by step; every step must be allowed and keep all promises. */
class History {
  readonly m: Model;
  s: State;

  constructor(mutant: string, firstConfig: number) {
    const bound: Bound = {
      name: "history", nodeCount: 5, firstConfig, maxBallot: 3, maxLog: 5, maxCrashes: 0, maxChanges: 2,
      changes: new Set(["remove", "vote"]), handOvers: false, splits: false, floors: false, mutant,
    };
    this.m = new Model(bound);
    this.s = this.m.initial();
  }

  take(next: State | null): void {
    assert.ok(next !== null, "the step is allowed");
    this.s = next;
    assert.equal(violated(this.m, next, []), null);
  }

  sync(n: number): void {
    const disk = syncable(this.m, this.s, n).at(-1);
    if (disk !== undefined) this.take(sync(this.m, this.s, n, disk));
  }

  remove(leader: number, removed: number): void {
    assert.ok(mayReconfigure(this.m, this.s, leader));
    this.take(reconfigure(this.m, this.s, leader, withKind(this.m.bound.firstConfig, removed, ABSENT)));
  }

  ask(candidate: number, ballot: number, voters: readonly number[]): void {
    this.take(campaign(this.m, this.s, candidate, ballot, 0));
    this.sync(candidate);
    for (const p of voters) this.take(promise(this.m, this.s, p, ballot));
  }

  /** What comes of the candidate's quorum; not judged. */
  lead(candidate: number): State {
    const next = lead(this.m, this.s, candidate, adoptable(this.m, this.s, candidate)[0] ?? -1);
    assert.ok(next !== null);
    return next;
  }

  replicate(leader: number, ballot: number, lsn: number, followers: readonly number[]): void {
    this.sync(leader);
    for (const p of followers) this.take(accept(this.m, this.s, p, ballot, lsn));
  }
}

/**
 * Four voters and a learner. Replica 0 leads ballot 1 and proposes to remove replica 3, which nobody else hears.
 * Replica 3 leads ballot 2 and gives the learner a vote; that, and a value behind it, is committed without replica 0.
 * Both configurations have the same epoch. Replica 0, for whom two promises of {0, 1, 2} are a quorum, campaigns again
 * and gets that of replica 1, which has the other configuration and not the value.
 */
function siblings(mutant: string): { readonly m: Model; readonly s: State } {
  const h = new History(mutant, withKind(ALL_STORAGE, 4, LEARNER));
  h.ask(0, 1, [1, 2]);
  h.take(h.lead(0));
  h.replicate(0, 1, 1, [1, 2]);
  h.take(commit(h.m, h.s, 0, 1));
  h.remove(0, 3);
  h.ask(3, 2, [1, 2]);
  h.take(h.lead(3));
  h.replicate(3, 2, 2, [1, 2]);
  h.take(commit(h.m, h.s, 3, 2));
  assert.ok(mayReconfigure(h.m, h.s, 3));
  h.take(reconfigure(h.m, h.s, 3, withKind(ALL_STORAGE, 4, LOG)));
  for (const lsn of [1, 2, 3]) h.replicate(3, 2, lsn, [4]);
  h.replicate(3, 2, 3, [1]);
  h.take(commit(h.m, h.s, 3, 3));
  h.take(propose(h.m, h.s, 3, VALUE));
  h.replicate(3, 2, 3, [2]);
  h.replicate(3, 2, 4, [2, 4]);
  h.take(commit(h.m, h.s, 3, 4));
  h.take(stepDown(h.m, h.s, 0));
  h.ask(0, 3, [1]);
  return { m: h.m, s: h.lead(0) };
}

test("a candidate gives up when it adopts another configuration, though its epoch is the same", () => {
  const { m, s } = siblings(NO_MUTANT);
  assert.equal(s[m.node(0) + ROLE], FOLLOWER);
  assert.equal(violated(m, s, []), null);
});

test("comparing epochs instead would lose what was committed", () => {
  const { m, s } = siblings("ComparesEpochs");
  assert.equal(s[m.node(0) + ROLE], LEADER);
  assert.equal(violated(m, s, []), "LeaderHasCommitted");
});

test("a change proposed before an entry of the own ballot is committed would lose what was committed", () => {
  const h = new History("ChangesBeforeOwnCommit", ALL_STORAGE);
  h.ask(0, 1, [1, 2]);
  h.take(h.lead(0));
  h.remove(0, 3);
  h.ask(3, 2, [1, 2]);
  h.take(h.lead(3));
  h.remove(3, 0);
  h.replicate(3, 2, 1, [2]);
  h.replicate(3, 2, 2, [2]);
  h.take(commit(h.m, h.s, 3, 2));
  h.take(stepDown(h.m, h.s, 0));
  h.ask(0, 3, [1]);
  assert.equal(violated(h.m, h.lead(0), []), "LeaderHasCommitted");

  const right = new History(NO_MUTANT, ALL_STORAGE);
  right.ask(0, 1, [1, 2]);
  right.take(right.lead(0));
  assert.equal(mayReconfigure(right.m, right.s, 0), false);
});
