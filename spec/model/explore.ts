// The replication group's model as a system that can be searched.
import { search, type Search } from "../search.ts";
import { violated } from "./invariants.ts";
import { Model } from "./model.ts";
import { forEachMove } from "./moves.ts";
import type { Bound } from "./bound.ts";

export type Exploration = Search & { readonly model: Model };

/** `except`: invariants that are not looked at. */
export function explore(bound: Bound, statesMax: number, except: readonly string[]): Exploration {
  const model = new Model(bound);
  const found = search({
    initial: () => model.initial(),
    forEachMove: (s, visit) => forEachMove(model, s, visit),
    violated: (s, names) => violated(model, s, names),
  }, statesMax, except);
  return { model, ...found };
}
