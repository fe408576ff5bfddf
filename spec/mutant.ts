// A seeded mistake: a name that the TLA+ and the model know, and where it must be found.

export type Mutant = {
  readonly name: string;
  readonly bound: string;
  /** Invariants that say the broken rule itself: left out, so that the harm must show. */
  readonly except: readonly string[];
  /** tla-checker must find it too: where that takes few states. */
  readonly inTla: boolean;
  readonly means: string;
};

export function mutant(name: string, bound: string, means: string, more?: Partial<Mutant>): Mutant {
  return { name, bound, means, except: [], inTla: false, ...more };
}
