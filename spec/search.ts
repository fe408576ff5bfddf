// Breadth-first search of all states of a system. Symmetry is not used, so that the count is the one of any other model
// checker; a state without successors is no error.

/** A state is a list of small numbers; what they mean, the system knows. */
export type Numbers = number[];

export interface System {
  initial(): Numbers;
  /** Every step that may be taken in `s`, with its name. */
  forEachMove(s: Numbers, visit: (next: Numbers, action: string) => void): void;
  /** The name of an invariant, other than those in `except`, that does not hold, or null. */
  violated(s: Numbers, except: readonly string[]): string | null;
}

export type Search = {
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
  readonly path: readonly Numbers[];
};

/** The values of a state as the characters of a string. */
function keyOf(s: Numbers): string {
  return String.fromCharCode.apply(null, s);
}

function stateOf(key: string): Numbers {
  const s = new Array<number>(key.length);
  for (let i = 0; i < key.length; i++) s[i] = key.charCodeAt(i);
  return s;
}

/** `except`: invariants that are not looked at. */
export function search(system: System, statesMax: number, except: readonly string[]): Search {
  const first = system.initial();
  const keys: string[] = [keyOf(first)];
  const parents: number[] = [-1];
  const seen = new Set<string>(keys);
  const coverage = new Map<string, number>();
  let transitions = 0;
  let depth = 0;
  let levelEnd = 1;
  let bad = system.violated(first, except);
  for (let at = 0; at < keys.length && bad === null && keys.length < statesMax; at++) {
    if (at === levelEnd) {
      depth++;
      levelEnd = keys.length;
    }
    system.forEachMove(stateOf(keys[at] as string), (next, action) => {
      if (bad !== null) return;
      transitions++;
      coverage.set(action, (coverage.get(action) ?? 0) + 1);
      const key = keyOf(next);
      if (seen.has(key)) return;
      seen.add(key);
      keys.push(key);
      parents.push(at);
      bad = system.violated(next, except);
    });
  }
  const path: Numbers[] = [];
  if (bad !== null) {
    for (let at = keys.length - 1; at >= 0; at = parents[at] as number) path.unshift(stateOf(keys[at] as string));
  }
  return {
    states: keys.length, depth, transitions, coverage, isComplete: bad === null && keys.length < statesMax,
    violation: bad === null ? null : { invariant: bad, path },
  };
}
