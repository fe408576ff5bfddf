// What must always hold, by the names of Transactions.tla. Each function is true when it does.
import type { Numbers } from "../search.ts";
import {
  AGAIN, AT, BY, COMMITTED, CONFIRMED, DONE, FAILED, GOT, LOCK, OK, PHASE, SAW, STALE, STATE, VER, type Model,
} from "./model.ts";

type Invariant = readonly [name: string, holds: (m: Model, s: Numbers) => boolean];

export const INVARIANTS: readonly Invariant[] = [
  ["Serializable", isSerializable], ["OnNewest", (m, s) => s[m.common + STALE] === 0],
  ["OnceOnly", isOnceOnly], ["AllOrNothing", isAllOrNothing], ["OnlyCommitted", isOnlyCommitted],
  ["AcknowledgedIsDone", isAcknowledgedDone], ["FailedIsNothing", isFailedNothing], ["NoLockStays", noLockStays],
];

/** The name of an invariant, other than those in `except`, that does not hold, or null. */
export function violated(m: Model, s: Numbers, except: readonly string[]): string | null {
  for (const [name, holds] of INVARIANTS) if (!except.includes(name) && !holds(m, s)) return name;
  return null;
}

function has(items: number, i: number): boolean {
  return ((items >> i) & 1) === 1;
}

/** Attempt t is committed in the ledger, or was done in one round. */
function isCounted(m: Model, s: Numbers, t: number): boolean {
  return s[m.tx(t) + DONE] === 1 || isRound(m, s, t);
}

function isRound(m: Model, s: Numbers, t: number): boolean {
  return m.isTokenKnown(s, t) && m.isApplied(s, t);
}

/**
 * An order of everything exists that explains what was seen: no circle among transactions that are done and readers
 * that are answered, each before those that come later in the versions of an item.
 */
function isSerializable(m: Model, s: Numbers): boolean {
  const count = m.txCount + m.readerCount;
  const place = (node: number, i: number): number => s[placesOf(m, node) + i] as number;
  let left = 0;
  for (let node = 0; node < count; node++) if (isNode(m, s, node)) left |= 1 << node;
  const comesBefore = (a: number, b: number): boolean => {
    for (let i = 0; i < m.itemCount; i++) {
      if (place(a, i) !== 0 && place(b, i) !== 0 && place(a, i) < place(b, i)) return true;
    }
    return false;
  };
  for (let isSmaller = true; isSmaller;) {
    isSmaller = false;
    for (let node = 0; node < count; node++) {
      if (!has(left, node)) continue;
      let isFirst = true;
      for (let other = 0; other < count && isFirst; other++) isFirst = !(has(left, other) && comesBefore(other, node));
      if (!isFirst) continue;
      left &= ~(1 << node);
      isSmaller = true;
    }
  }
  return left === 0;
}

/** Nodes are attempts, and behind them readers. */
function placesOf(m: Model, node: number): number {
  return node < m.txCount ? m.tx(node) + AT : m.reader(node - m.txCount) + GOT;
}

function isNode(m: Model, s: Numbers, node: number): boolean {
  if (node < m.txCount) return isCounted(m, s, node);
  const r = node - m.txCount;
  return s[m.reader(r) + CONFIRMED] === m.bound.reads[r];
}

/** No attempt is applied twice, and no two attempts of a token are done. */
function isOnceOnly(m: Model, s: Numbers): boolean {
  if (s[m.common + AGAIN] === 1) return false;
  for (let t = 0; t < m.txCount; t++) {
    for (let u = 0; u < t; u++) {
      if (m.token(t) === m.token(u) && hasWritten(m, s, t) && hasWritten(m, s, u)) return false;
    }
  }
  return true;
}

/** Places of writers are even. */
function hasWritten(m: Model, s: Numbers, t: number): boolean {
  for (let i = 0; i < m.itemCount; i++) {
    const place = s[m.tx(t) + AT + i] as number;
    if (place !== 0 && place % 2 === 0) return true;
  }
  return false;
}

/** Each item of a committed attempt is as it wants it, or is held for it, unchanged. */
function isAllOrNothing(m: Model, s: Numbers): boolean {
  for (let t = 0; t < m.txCount; t++) {
    if (s[m.tx(t) + DONE] === 0) continue;
    for (let i = 0; i < m.itemCount; i++) {
      if (!has(m.items(t), i) || s[m.tx(t) + AT + i] !== 0) continue;
      const at = m.item(i);
      if (s[at + LOCK] !== t + 1 || s[at + SAW] !== s[at + VER]) return false;
    }
  }
  return true;
}

/** What was not decided, or was cancelled, leaves nothing. */
function isOnlyCommitted(m: Model, s: Numbers): boolean {
  for (let t = 0; t < m.txCount; t++) if (hasWritten(m, s, t) && !isCounted(m, s, t)) return false;
  return true;
}

/** Who was told of success reads it: an attempt with that token is applied everywhere. */
function isAcknowledgedDone(m: Model, s: Numbers): boolean {
  for (let t = 0; t < m.txCount; t++) {
    if (s[m.tx(t) + PHASE] !== OK) continue;
    let isDone = false;
    for (let u = 0; u < m.txCount; u++) {
      if (m.token(u) === m.token(t) && isCounted(m, s, u) && m.isApplied(s, u)) isDone = true;
    }
    if (!isDone) return false;
  }
  return true;
}

function isFailedNothing(m: Model, s: Numbers): boolean {
  for (let t = 0; t < m.txCount; t++) {
    if (s[m.tx(t) + PHASE] === FAILED && (s[m.tx(t) + DONE] === 1 || hasWritten(m, s, t))) return false;
  }
  return true;
}

/** Whoever leads a partition with a lock can end it without the coordinator. */
function noLockStays(m: Model, s: Numbers): boolean {
  for (let i = 0; i < m.itemCount; i++) {
    const lock = s[m.item(i) + LOCK] as number;
    if (lock === 0) continue;
    const t = lock - 1;
    const isOver = s[m.entry(t) + STATE] === COMMITTED && s[m.entry(t) + BY] === lock;
    if (!isOver && !m.isDecidable(s, t) && !m.isAgainst(s, t)) return false;
  }
  return true;
}
