// Breadth-first search of all states of a bound. Symmetry is not used, so that the count is the one of any other model
// checker; a state without successors is no error.
import { violated } from "./invariants.ts";
import { Model, type State } from "./model.ts";
import { forEachMove } from "./moves.ts";
import type { Bound } from "./bound.ts";

export type Exploration = {
  readonly model: Model;
  readonly states: number;
  /** Steps to the farthest state. */
  readonly depth: number;
  readonly transitions: number;
  /** Steps taken, by action. */
  readonly coverage: ReadonlyMap<string, number>;
  /** All states were seen; false when the search ended at a violation or at `statesMax`. */
  readonly isComplete: boolean;
  readonly violation: Violation | null;
};

export type Violation = {
  readonly invariant: string;
  /** From the first state to the violating one: a shortest way there. */
  readonly path: readonly State[];
};

/** The values of a state as the characters of a string. */
function keyOf(s: State): string {
  return String.fromCharCode.apply(null, s);
}

function stateOf(key: string): State {
  const s = new Array<number>(key.length);
  for (let i = 0; i < key.length; i++) s[i] = key.charCodeAt(i);
  return s;
}

/** `except`: invariants that are not looked at. */
export function explore(bound: Bound, statesMax: number, except: readonly string[]): Exploration {
  const model = new Model(bound);
  const first = model.initial();
  const keys: string[] = [keyOf(first)];
  const parents: number[] = [-1];
  const seen = new Set<string>(keys);
  const coverage = new Map<string, number>();
  let transitions = 0;
  let depth = 0;
  let levelEnd = 1;
  let bad = violated(model, first, except);
  for (let at = 0; at < keys.length && bad === null && keys.length < statesMax; at++) {
    if (at === levelEnd) {
      depth++;
      levelEnd = keys.length;
    }
    forEachMove(model, stateOf(keys[at] as string), (next, action) => {
      if (bad !== null) return;
      transitions++;
      coverage.set(action, (coverage.get(action) ?? 0) + 1);
      const key = keyOf(next);
      if (seen.has(key)) return;
      seen.add(key);
      keys.push(key);
      parents.push(at);
      bad = violated(model, next, except);
    });
  }
  const path: State[] = [];
  if (bad !== null) {
    for (let at = keys.length - 1; at >= 0; at = parents[at] as number) path.unshift(stateOf(keys[at] as string));
  }
  return {
    model, states: keys.length, depth, transitions, coverage,
    isComplete: bad === null && keys.length < statesMax, violation: bad === null ? null : { invariant: bad, path },
  };
}
