// A bound of the replication group's model: how far it is explored.
import { Constants } from "../constants.ts";
import { LOG, STORAGE, withKind } from "./configuration.ts";

export type Bound = {
  readonly name: string;
  readonly nodeCount: number;
  readonly firstConfig: number;
  readonly maxBallot: number;
  readonly maxLog: number;
  readonly maxCrashes: number;
  readonly maxChanges: number;
  readonly changes: ReadonlySet<string>;
  readonly handOvers: boolean;
  readonly splits: boolean;
  readonly floors: boolean;
  readonly mutant: string;
};

export function parseBound(name: string, cfg: string): Bound {
  const constants = new Constants(name, cfg);
  let firstConfig = 0;
  for (const node of constants.integers("Storage")) firstConfig = withKind(firstConfig, node - 1, STORAGE);
  for (const node of constants.integers("Logs")) firstConfig = withKind(firstConfig, node - 1, LOG);
  return {
    name, nodeCount: constants.set("Nodes").length, firstConfig, maxBallot: constants.integer("MaxBallot"),
    maxLog: constants.integer("MaxLog"), maxCrashes: constants.integer("MaxCrashes"),
    maxChanges: constants.integer("MaxChanges"), changes: new Set(constants.set("Changes")),
    handOvers: constants.flag("HandOvers"), splits: constants.flag("Splits"), floors: constants.flag("Floors"),
    mutant: constants.text("Mutant"),
  };
}
