// A bound is a TLC configuration file in spec/bounds: its constants say how far the model is explored. The same file
// is read by the model checkers of TLA+ and by this model, so there is one place for each number.
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

export const NO_MUTANT = "none";

/** Throws on anything that is not understood: a bound that is read wrongly would check something else. */
export function parseBound(name: string, cfg: string): Bound {
  const constants = new Map<string, string>();
  for (const line of cfg.split("\n")) {
    const match = /^\s*(\w+)\s*=\s*(.+?)\s*$/.exec(line.replace(/\\\*.*$/, ""));
    if (match !== null) constants.set(match[1] ?? "", match[2] ?? "");
  }
  const read = (key: string): string => {
    const value = constants.get(key);
    if (value === undefined) throw new Error(`${name}: no constant ${key}`);
    return value;
  };
  const integer = (key: string): number => {
    if (!/^\d+$/.test(read(key))) throw new Error(`${name}: ${key} is no number`);
    return Number(read(key));
  };
  const flag = (key: string): boolean => {
    if (!/^(TRUE|FALSE)$/.test(read(key))) throw new Error(`${name}: ${key} is neither TRUE nor FALSE`);
    return read(key) === "TRUE";
  };
  const set = (key: string): readonly string[] => {
    const inner = /^\{(.*)\}$/.exec(read(key))?.[1];
    if (inner === undefined) throw new Error(`${name}: ${key} is no set`);
    return inner.split(",").map((item) => item.trim().replace(/^"(.*)"$/, "$1")).filter((item) => item !== "");
  };
  const nodeCount = set("Nodes").length;
  let firstConfig = 0;
  for (const node of set("Storage")) firstConfig = withKind(firstConfig, Number(node) - 1, STORAGE);
  for (const node of set("Logs")) firstConfig = withKind(firstConfig, Number(node) - 1, LOG);
  return {
    name, nodeCount, firstConfig, maxBallot: integer("MaxBallot"), maxLog: integer("MaxLog"),
    maxCrashes: integer("MaxCrashes"), maxChanges: integer("MaxChanges"), changes: new Set(set("Changes")),
    handOvers: flag("HandOvers"), splits: flag("Splits"), floors: flag("Floors"),
    mutant: read("Mutant").replace(/^"(.*)"$/, "$1"),
  };
}

/** The text of the same bound with another mutant. */
export function withMutant(cfg: string, mutant: string): string {
  return cfg.replace(/^(\s*Mutant\s*=\s*)"[^"]*"/m, `$1"${mutant}"`);
}
