// Steps of transactions that write, and of plain writes. Each gives the next state, or null where it may not be taken.
import type { Numbers } from "../search.ts";
import {
  ACKS, AGAIN, AT, BY, CANCELLED, COMMITTED, DONE, FAILED, LIVE, LOCK, MARK, NONE, OK, OPEN, PHASE, PLAIN, SAW, SPLIT,
  STALE, STATE, STOPPED, TOKENS, TS, VER, type Model,
} from "./model.ts";

/** Item i gets a new version in the entry of the log that leads from `before` to `s`: at least its timestamp grows. */
function write(m: Model, before: Numbers, s: Numbers, i: number, isLive: boolean): void {
  const at = m.item(i);
  const mark = m.common + MARK + m.home(s, i);
  const ts = Math.max(before[at + TS] as number, before[mark] as number) + 1;
  s[at + VER] = (s[at + VER] as number) + 1;
  s[at + LIVE] = isLive ? 1 : 0;
  s[at + TS] = isLive ? ts : 0;
  if (!isLive && !m.isMutant("DeletesLeaveNoMark")) s[mark] = Math.max(s[mark] as number, ts);
}

/** What attempt t wants of item i, evaluated on version `saw`, is done. */
function apply(m: Model, before: Numbers, s: Numbers, t: number, i: number, saw: number): void {
  const place = m.tx(t) + AT + i;
  const isDeleted = (((m.bound.dels[t] as number) >> i) & 1) === 1;
  const isPut = (((m.bound.puts[t] as number) >> i) & 1) === 1;
  const isWritten = isPut || (isDeleted && s[m.item(i) + LIVE] === 1);
  if (s[place] !== 0 && isWritten) s[m.common + AGAIN] = 1;
  if (saw !== s[m.item(i) + VER]) s[m.common + STALE] = 1;
  if (isWritten) write(m, before, s, i, isPut);
  const ver = s[m.item(i) + VER] as number;
  s[place] = isWritten ? 2 * ver : 2 * ver + 1;
}

/** The leader of partition p locks the attempt's items there; a request is received once. */
export function prepare(m: Model, s: Numbers, t: number, p: number): Numbers | null {
  const { itemCount } = m;
  const wanted = m.at(s, m.items(t), p);
  const acks = m.tx(t) + ACKS;
  if (wanted === 0 || (m.isWhole(s, m.items(t)) && !m.bound.large)) return null;
  if (((s[acks] as number) & wanted) !== 0 && !m.isMutant("RepeatsPrepare")) return null;
  for (let i = 0; i < itemCount; i++) {
    const lock = s[m.item(i) + LOCK] as number;
    if (((wanted >> i) & 1) === 1 && lock !== 0 && (lock === t + 1 || !m.isMutant("PrepareIgnoresLock"))) return null;
  }
  const next = s.slice();
  for (let i = 0; i < itemCount; i++) {
    if (((wanted >> i) & 1) === 0) continue;
    const at = m.item(i);
    const isCheck = (((m.bound.checks[t] as number) >> i) & 1) === 1;
    if (isCheck && m.isMutant("ChecksTakeNoLock")) {
      next[m.tx(t) + AT + i] = 2 * (s[at + VER] as number) + 1;
      continue;
    }
    next[at + LOCK] = t + 1;
    next[at + SAW] = s[at + VER] as number;
  }
  next[acks] = (s[acks] as number) | wanted;
  return next;
}

/** The token's work is done, by one of its attempts. */
function isSomeApplied(m: Model, s: Numbers, token: number): boolean {
  for (let t = 0; t < m.txCount; t++) if (m.token(t) === token && m.isApplied(s, t)) return true;
  return false;
}

function firstOf(m: Model, t: number): number {
  return 31 - Math.clz32(m.items(t) & -m.items(t));
}

function isFirstHere(m: Model, s: Numbers, t: number, p: number): boolean {
  return m.home(s, firstOf(m, t)) === p;
}

/** The coordinator hears of a row of its token, from the partition of its first item: done before, in one round. */
export function find(m: Model, s: Numbers, t: number, p: number): Numbers | null {
  if (s[m.tx(t) + PHASE] !== OPEN || (m.isWhole(s, m.items(t)) && !m.bound.large)) return null;
  if (!m.isTokenKnown(s, t) || !isFirstHere(m, s, t, p) || !isSomeApplied(m, s, m.token(t))) return null;
  const next = s.slice();
  next[m.tx(t) + PHASE] = OK;
  return next;
}

/** The ledger takes the coordinator's decision. */
export function decide(m: Model, s: Numbers, t: number): Numbers | null {
  const at = m.tx(t);
  const entry = m.entry(t);
  const mayDecide = s[at + PHASE] === OPEN || (s[at + PHASE] === OK && m.isMutant("AcknowledgesPrepared"));
  if (!mayDecide || s[at + ACKS] !== m.items(t)) return null;
  if (!m.isDecidable(s, t) && !(m.isMutant("DecidesOverCancelled") && s[entry + STATE] === CANCELLED)) return null;
  if (m.isTokenKnown(s, t) && !m.isMutant("PartsIgnoreTokenRow")) return null;
  const next = s.slice();
  next[entry + STATE] = COMMITTED;
  next[entry + BY] = t + 1;
  next[at + DONE] = 1;
  return next;
}

/** Whoever leads a partition with a lock of the attempt has the ledger cancel it. */
export function cancel(m: Model, s: Numbers, t: number): Numbers | null {
  const entry = m.entry(t);
  if (!m.isDecidable(s, t) && !(m.isMutant("RecoveryPutsBlindly") && m.isCommitted(s, t))) return null;
  if (s[entry + STATE] === CANCELLED && s[entry + BY] === t + 1) return null;
  for (let i = 0; i < m.itemCount; i++) {
    if (s[m.item(i) + LOCK] !== t + 1) continue;
    const next = s.slice();
    next[entry + STATE] = CANCELLED;
    next[entry + BY] = t + 1;
    return next;
  }
  return null;
}

/** The leader of partition p hears that the attempt is committed. */
export function commit(m: Model, s: Numbers, t: number, p: number): Numbers | null {
  const isTrusted = m.isMutant("RecoveryTrustsToken") && s[m.entry(t) + STATE] === COMMITTED;
  if (s[m.tx(t) + DONE] === 0 && !isTrusted) return null;
  const wanted = m.at(s, m.items(t), p);
  let next: Numbers | null = null;
  for (let i = 0; i < m.itemCount; i++) {
    const lock = s[m.item(i) + LOCK] as number;
    if (((wanted >> i) & 1) === 0 || lock === 0 || (lock !== t + 1 && !m.isMutant("FinishIgnoresId"))) continue;
    next ??= s.slice();
    apply(m, s, next, lock - 1, i, s[m.item(i) + SAW] as number);
    next[m.item(i) + LOCK] = 0;
    next[m.item(i) + SAW] = 0;
    if (m.bound.large && i === firstOf(m, lock - 1) && !m.isMutant("PartsLeaveNoRow")) {
      next[m.common + TOKENS] = (next[m.common + TOKENS] as number) | (1 << m.token(lock - 1));
    }
  }
  return next;
}

/** The leader of partition p hears that the attempt never will be committed. */
export function release(m: Model, s: Numbers, t: number, p: number): Numbers | null {
  const phase = s[m.tx(t) + PHASE];
  const hasGivenUp = (phase === FAILED || (phase === OK && !m.isMutant("AcknowledgesPrepared")))
    && s[m.tx(t) + DONE] === 0;
  const isGuessed = m.isMutant("RecoveryGuesses") && m.isDecidable(s, t);
  if (!hasGivenUp && !isGuessed && !m.isAgainst(s, t)) return null;
  const wanted = m.at(s, m.items(t), p);
  let next: Numbers | null = null;
  for (let i = 0; i < m.itemCount; i++) {
    if (((wanted >> i) & 1) === 0 || s[m.item(i) + LOCK] !== t + 1) continue;
    next ??= s.slice();
    next[m.item(i) + LOCK] = 0;
    next[m.item(i) + SAW] = 0;
  }
  return next;
}

/** Some item was refused, or the ledger decided otherwise: the client is told that nothing was done. */
export function refuse(m: Model, s: Numbers, t: number): Numbers | null {
  if (s[m.tx(t) + PHASE] !== OPEN || s[m.entry(t) + STATE] === COMMITTED || m.isTokenKnown(s, t)) return null;
  const next = s.slice();
  next[m.tx(t) + PHASE] = FAILED;
  return next;
}

/** The client is told that all is done, by this attempt or by another one with its token. */
export function acknowledge(m: Model, s: Numbers, t: number): Numbers | null {
  const at = m.tx(t);
  const entry = m.entry(t);
  if (s[at + PHASE] !== OPEN) return null;
  const isKnown = m.isTokenKnown(s, t) && m.isWhole(s, m.items(t)) && isSomeApplied(m, s, m.token(t));
  const isDone = s[entry + STATE] === COMMITTED
    && (m.isApplied(s, (s[entry + BY] as number) - 1) || m.isMutant("AcknowledgesBeforeCommits"));
  const isEarly = m.isMutant("AcknowledgesPrepared") && s[at + ACKS] === m.items(t);
  if (!isKnown && !isDone && !isEarly) return null;
  const next = s.slice();
  next[at + PHASE] = OK;
  return next;
}

/** The coordinator stops for good, and nothing of it is on its way: it is long ago. */
export function stop(m: Model, s: Numbers, t: number): Numbers | null {
  if (!m.bound.sweeps || s[m.tx(t) + PHASE] !== OPEN) return null;
  const next = s.slice();
  next[m.tx(t) + PHASE] = STOPPED;
  return next;
}

/** All items lie in one partition: its leader does everything in one entry of its log, and remembers the token. */
export function oneRound(m: Model, s: Numbers, t: number): Numbers | null {
  if (s[m.tx(t) + PHASE] !== OPEN || !m.isWhole(s, m.items(t))) return null;
  if (m.isTokenKnown(s, t) && !m.isMutant("RoundForgetsToken")) return null;
  for (let i = 0; i < m.itemCount; i++) {
    if (((m.items(t) >> i) & 1) === 1 && s[m.item(i) + LOCK] !== 0) return null;
  }
  const next = s.slice();
  for (let i = 0; i < m.itemCount; i++) {
    if (((m.items(t) >> i) & 1) === 1) apply(m, s, next, t, i, s[m.item(i) + VER] as number);
  }
  next[m.common + TOKENS] = (s[m.common + TOKENS] as number) | (1 << m.token(t));
  return next;
}

/** The token's entry in the ledger goes: all attempts have ended, and what was committed is done everywhere. */
export function sweep(m: Model, s: Numbers, token: number): Numbers | null {
  const entry = m.entry(token);
  if (!m.bound.sweeps || s[entry + STATE] === NONE) return null;
  for (let t = 0; t < m.txCount; t++) {
    if (m.token(t) !== token) continue;
    if (s[m.tx(t) + PHASE] === OPEN && !m.isMutant("SweepsWhileOpen")) return null;
    if (m.isCommitted(s, t) && !m.isApplied(s, t) && !m.isMutant("SweepsByTime")) return null;
  }
  const next = s.slice();
  next[entry + STATE] = NONE;
  next[entry + BY] = 0;
  return next;
}

/** Somebody puts or deletes item i, alone. */
export function plain(m: Model, s: Numbers, i: number, isLive: boolean): Numbers | null {
  const at = m.item(i);
  if (((m.bound.plainItems >> i) & 1) === 0 || (s[m.common + PLAIN] as number) >= m.bound.maxPlain) return null;
  if (s[at + LOCK] !== 0 && !m.isMutant("PlainIgnoresLock")) return null;
  if (!isLive && s[at + LIVE] === 0) return null;
  const next = s.slice();
  write(m, s, next, i, isLive);
  next[m.common + PLAIN] = (s[m.common + PLAIN] as number) + 1;
  return next;
}

/** The partition is split; both children go on from its mark. */
export function split(m: Model, s: Numbers): Numbers | null {
  if (s[m.common + SPLIT] === 1) return null;
  const next = s.slice();
  next[m.common + SPLIT] = 1;
  next[m.common + MARK + 1] = s[m.common + MARK] as number;
  return next;
}
