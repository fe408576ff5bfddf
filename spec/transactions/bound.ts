// A bound of the model of transactions: which items lie where, what the attempts and the readers want, and how much
// else may happen.
import { Constants } from "../constants.ts";

export type Bound = {
  readonly name: string;
  readonly itemCount: number;
  readonly txCount: number;
  readonly readerCount: number;
  /** Masks of items. */
  readonly right: number;
  readonly live: number;
  readonly plainItems: number;
  /** By attempt: what it does to which items. Masks of items. */
  readonly puts: readonly number[];
  readonly dels: readonly number[];
  readonly checks: readonly number[];
  /** By reader. */
  readonly reads: readonly number[];
  /** By attempt: the attempt that brought its token first. */
  readonly tokens: readonly number[];
  readonly maxPlain: number;
  readonly splits: boolean;
  readonly sweeps: boolean;
  readonly large: boolean;
  readonly mutant: string;
};

export function parseBound(name: string, cfg: string): Bound {
  const constants = new Constants(name, cfg);
  const itemCount = count(constants, "Items");
  const txCount = count(constants, "Txns");
  const readerCount = count(constants, "Readers");
  const repeats = constants.integers("Repeats");
  const tokens = Array.from({ length: txCount }, (_, t) => (repeats.includes(t + 1) ? t - 1 : t));
  const byTx = (key: string): readonly number[] => {
    const own = masks(constants.integers(key), txCount);
    return tokens.map((token) => own[token] ?? 0);
  };
  return {
    name, itemCount, txCount, readerCount, right: mask(constants.integers("Right")),
    live: mask(constants.integers("Live")), plainItems: mask(constants.integers("PlainItems")),
    puts: byTx("Puts"), dels: byTx("Dels"), checks: byTx("Checks"),
    reads: masks(constants.integers("Reads"), readerCount), tokens,
    maxPlain: constants.integer("MaxPlain"), splits: constants.flag("Splits"), sweeps: constants.flag("Sweeps"),
    large: constants.flag("Large"), mutant: constants.text("Mutant"),
  };
}

/** The constant is the set of the numbers from 1 on. */
function count(constants: Constants, key: string): number {
  const numbers = constants.integers(key);
  if (numbers.some((number, i) => number !== i + 1)) throw new Error(`${constants.name}: ${key} are not 1, 2, …`);
  return numbers.length;
}

function mask(items: readonly number[]): number {
  return items.reduce((sum, item) => sum | (1 << (item - 1)), 0);
}

/** Pairs are written as two digits: 23 is the second one's item 3. */
function masks(pairs: readonly number[], length: number): readonly number[] {
  const all = new Array<number>(length).fill(0);
  for (const pair of pairs) {
    const at = Math.floor(pair / 10) - 1;
    all[at] = (all[at] ?? 0) | (1 << (pair % 10 - 1));
  }
  return all;
}
