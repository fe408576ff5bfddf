// A state of the model of transactions is a list of small numbers, in this order; the names are those of
// Transactions.tla.
//
//   per item     ts ver live lock saw
//   common       mark[left, right] split plain tokens again stale
//   per attempt  phase acks done · at[items]
//   per token    state by
//   per reader   confirmed · got[items] · seen[items]
//
// Sets of items and of tokens are masks. Attempts in fields are counted from 1 (0: none). at and got are places in the
// order of an item's versions: 2v for who wrote version v, 2v + 1 for who read it, 0 for nobody.
import type { Numbers } from "../search.ts";
import type { Bound } from "./bound.ts";

export const TS = 0;
export const VER = 1;
export const LIVE = 2;
export const LOCK = 3;
export const SAW = 4;
const ITEM_SIZE = 5;

export const MARK = 0;
export const SPLIT = 2;
export const PLAIN = 3;
export const TOKENS = 4;
export const AGAIN = 5;
export const STALE = 6;
const COMMON_SIZE = 7;

export const PHASE = 0;
export const ACKS = 1;
export const DONE = 2;
export const AT = 3;

export const OPEN = 0;
export const FAILED = 1;
export const OK = 2;
export const STOPPED = 3;

export const STATE = 0;
export const BY = 1;
const ENTRY_SIZE = 2;

export const NONE = 0;
export const COMMITTED = 1;
export const CANCELLED = 2;

export const CONFIRMED = 0;
export const GOT = 1;

export class Model {
  readonly bound: Bound;
  readonly itemCount: number;
  readonly txCount: number;
  readonly readerCount: number;
  readonly common: number;
  readonly #txsAt: number;
  readonly #entriesAt: number;
  readonly #readersAt: number;
  readonly #size: number;

  constructor(bound: Bound) {
    const { itemCount, txCount, readerCount } = bound;
    this.bound = bound;
    this.itemCount = itemCount;
    this.txCount = txCount;
    this.readerCount = readerCount;
    this.common = itemCount * ITEM_SIZE;
    this.#txsAt = this.common + COMMON_SIZE;
    this.#entriesAt = this.#txsAt + txCount * (AT + itemCount);
    this.#readersAt = this.#entriesAt + txCount * ENTRY_SIZE;
    this.#size = this.#readersAt + readerCount * (GOT + 2 * itemCount);
  }

  isMutant(name: string): boolean {
    return this.bound.mutant === name;
  }

  initial(): Numbers {
    const s = new Array<number>(this.#size).fill(0);
    for (let i = 0; i < this.itemCount; i++) {
      const isLive = (this.bound.live >> i) & 1;
      s[this.item(i) + LIVE] = isLive;
      s[this.item(i) + TS] = isLive;
    }
    s[this.common + SPLIT] = this.bound.splits ? 0 : 1;
    return s;
  }

  // ---- Where the fields of each begin. All are counted from 0.

  item(i: number): number {
    return i * ITEM_SIZE;
  }

  tx(t: number): number {
    return this.#txsAt + t * (AT + this.itemCount);
  }

  /** The ledger's entry of the token of attempt t. */
  entry(t: number): number {
    return this.#entriesAt + this.token(t) * ENTRY_SIZE;
  }

  reader(r: number): number {
    return this.#readersAt + r * (GOT + 2 * this.itemCount);
  }

  seen(r: number): number {
    return this.reader(r) + GOT + this.itemCount;
  }

  // ---- What the bound says.

  token(t: number): number {
    return this.bound.tokens[t] as number;
  }

  writes(t: number): number {
    return (this.bound.puts[t] as number) | (this.bound.dels[t] as number);
  }

  items(t: number): number {
    return this.writes(t) | (this.bound.checks[t] as number);
  }

  // ---- What a state says.

  /** 0: left, 1: right. */
  home(s: Numbers, i: number): number {
    return s[this.common + SPLIT] === 1 ? (this.bound.right >> i) & 1 : 0;
  }

  /** Those of `items` that lie in partition p. */
  at(s: Numbers, items: number, p: number): number {
    if (s[this.common + SPLIT] === 0) return p === 0 ? items : 0;
    return items & (p === 0 ? ~this.bound.right : this.bound.right);
  }

  isWhole(s: Numbers, items: number): boolean {
    return this.at(s, items, 0) === 0 || this.at(s, items, 1) === 0;
  }

  /** What tells two versions of an item apart: its timestamp, or the last deletion of the partition. */
  seenTs(s: Numbers, i: number): number {
    const at = this.item(i);
    if (this.isMutant("GetComparesValues")) return (s[at + VER] as number) % 2;
    if (s[at + LIVE] === 1) return 2 * (s[at + TS] as number) + 1;
    return this.isMutant("GetIgnoresDeletions") ? 0 : 2 * (s[this.common + MARK + this.home(s, i)] as number);
  }

  isTokenKnown(s: Numbers, t: number): boolean {
    return (((s[this.common + TOKENS] as number) >> this.token(t)) & 1) === 1;
  }

  /** The ledger's condition lets attempt t, whose timestamp is its number, be decided. */
  isDecidable(s: Numbers, t: number): boolean {
    const at = this.entry(t);
    if (s[at + STATE] === NONE) return true;
    return s[at + STATE] === CANCELLED && (s[at + BY] as number) < t + 1;
  }

  isCommitted(s: Numbers, t: number): boolean {
    const at = this.entry(t);
    return s[at + STATE] === COMMITTED && s[at + BY] === t + 1;
  }

  /** Another decision stands in the ledger: t never will be committed. */
  isAgainst(s: Numbers, t: number): boolean {
    if (this.isDecidable(s, t) || this.isCommitted(s, t)) return false;
    return !this.isMutant("IgnoresOtherAttempts") || s[this.entry(t) + BY] === t + 1;
  }

  /** All items of attempt t are as it wanted them. */
  isApplied(s: Numbers, t: number): boolean {
    for (let i = 0; i < this.itemCount; i++) {
      if (((this.items(t) >> i) & 1) === 1 && s[this.tx(t) + AT + i] === 0) return false;
    }
    return true;
  }
}
