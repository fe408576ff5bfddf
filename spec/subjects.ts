// What is specified: each subject has a TLA+ module, the same as a model in TypeScript, bounds and mutants.
import { describePath as describeGroup } from "./model/describe.ts";
import { describePath as describeTransactions } from "./transactions/describe.ts";
import { parseBound as parseGroup } from "./model/bound.ts";
import { parseBound as parseTransactions } from "./transactions/bound.ts";
import { explore } from "./model/explore.ts";
import { INVARIANTS as GROUP_INVARIANTS } from "./model/invariants.ts";
import { INVARIANTS as TRANSACTION_INVARIANTS } from "./transactions/invariants.ts";
import type { Mutant } from "./mutant.ts";
import { MUTANTS as GROUP_MUTANTS } from "./model/mutants.ts";
import { MUTANTS as TRANSACTION_MUTANTS } from "./transactions/mutants.ts";
import { ACTIONS as GROUP_ACTIONS } from "./model/moves.ts";
import { ACTIONS as TRANSACTION_ACTIONS, Transactions } from "./transactions/moves.ts";
import { search, type Search } from "./search.ts";

export type Subject = {
  readonly title: string;
  /** The module, in this folder. */
  readonly module: string;
  /** What the names of its bounds begin with: their folder in bounds/. */
  readonly folder: string;
  readonly actions: readonly string[];
  /** In the order of the configuration files. */
  readonly invariants: readonly string[];
  readonly mutants: readonly Mutant[];
  readonly explore: (name: string, cfg: string, statesMax: number, except: readonly string[]) => Explored;
};

export type Explored = Search & {
  /** The way to the violation, one line per step. */
  readonly describe: () => readonly string[];
};

export const SUBJECTS: readonly Subject[] = [
  {
    title: "replication group", module: "ReplicationGroup.tla", folder: "", actions: GROUP_ACTIONS,
    invariants: GROUP_INVARIANTS.map(([name]) => name), mutants: GROUP_MUTANTS,
    explore: (name, cfg, statesMax, except) => {
      const found = explore(parseGroup(name, cfg), statesMax, except);
      return { ...found, describe: () => describeGroup(found.model, found.violation?.path ?? []) };
    },
  },
  {
    title: "transactions", module: "Transactions.tla", folder: "transactions/", actions: TRANSACTION_ACTIONS,
    invariants: TRANSACTION_INVARIANTS.map(([name]) => name), mutants: TRANSACTION_MUTANTS,
    explore: (name, cfg, statesMax, except) => {
      const system = new Transactions(parseTransactions(name, cfg));
      const found = search(system, statesMax, except);
      return { ...found, describe: () => describeTransactions(system.model, found.violation?.path ?? []) };
    },
  },
];
