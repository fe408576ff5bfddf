// The next-state relation: every step that may be taken in a state, with its name.
import type { Numbers, System } from "../search.ts";
import type { Bound } from "./bound.ts";
import { violated } from "./invariants.ts";
import { Model } from "./model.ts";
import { confirm, look } from "./reads.ts";
import {
  acknowledge, cancel, commit, decide, find, oneRound, plain, prepare, refuse, release, split, stop, sweep,
} from "./writes.ts";

/** The rest says which step it was: attempt, reader, token or item, and partition or kind, from 1. */
export type Visit = (next: Numbers, action: string, x: number, y: number) => void;

export const ACTIONS: readonly string[] = [
  "Prepare", "Find", "Decide", "Cancel", "Commit", "Release", "Refuse", "Acknowledge", "Stop", "OneRound", "Sweep",
  "Look", "Confirm", "Plain", "Split",
];

export function forEachMove(m: Model, s: Numbers, visit: Visit): void {
  const give = (next: Numbers | null, action: string, x: number, y: number): void => {
    if (next !== null) visit(next, action, x + 1, y + 1);
  };
  for (let t = 0; t < m.txCount; t++) {
    for (let p = 0; p < 2; p++) {
      give(prepare(m, s, t, p), "Prepare", t, p);
      give(find(m, s, t, p), "Find", t, p);
      give(commit(m, s, t, p), "Commit", t, p);
      give(release(m, s, t, p), "Release", t, p);
    }
    give(decide(m, s, t), "Decide", t, 0);
    give(cancel(m, s, t), "Cancel", t, 0);
    give(refuse(m, s, t), "Refuse", t, 0);
    give(acknowledge(m, s, t), "Acknowledge", t, 0);
    give(stop(m, s, t), "Stop", t, 0);
    give(oneRound(m, s, t), "OneRound", t, 0);
    if (m.token(t) === t) give(sweep(m, s, t), "Sweep", t, 0);
  }
  for (let r = 0; r < m.readerCount; r++) {
    for (let p = 0; p < 2; p++) {
      give(look(m, s, r, p), "Look", r, p);
      give(confirm(m, s, r, p), "Confirm", r, p);
    }
  }
  for (let i = 0; i < m.itemCount; i++) {
    give(plain(m, s, i, true), "Plain", i, 0);
    give(plain(m, s, i, false), "Plain", i, 1);
  }
  give(split(m, s), "Split", 0, 0);
}

export class Transactions implements System {
  readonly model: Model;

  constructor(bound: Bound) {
    this.model = new Model(bound);
  }

  initial(): Numbers {
    return this.model.initial();
  }

  forEachMove(s: Numbers, visit: (next: Numbers, action: string) => void): void {
    forEachMove(this.model, s, visit);
  }

  violated(s: Numbers, except: readonly string[]): string | null {
    return violated(this.model, s, except);
  }
}
