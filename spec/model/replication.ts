// Phase 2 in the model, and what leaders do: propose, reconfigure, replicate, install, commit, hand over; stepping
// down and crashing. Each action is the one of the same name in ReplicationGroup.tla: null when it is not enabled.
import { ABSENT, STORAGE, kindOf, membersOf, sizeOf, votersOf } from "./configuration.ts";
import { CONFIG, NOOP, type Entry } from "./log-table.ts";
import {
  BASE, BOUND, COMMIT, CRASHES, D_LOG, D_PROMISED, DONE, DONE_IN, ERA, FLOOR, FOLLOWER, HANDED, LEADER, LOG_ID, MATCH,
  OWNER, PROMISED, ROLE, SINCE, STREAM, UNKNOWN, type Model, type State,
} from "./model.ts";

/** Leads, committed an entry of its own ballot, and has not handed over. */
export function mayServe(m: Model, s: State, n: number): boolean {
  const at = m.node(n);
  if (s[at + ROLE] !== LEADER) return false;
  const ballot = s[at + PROMISED] as number;
  if (s[m.ballot(ballot) + HANDED] !== 0) return false;
  return (s[at + COMMIT] as number) >= m.logs.first(s[at + LOG_ID] as number, ballot);
}

/** The leader n appends an entry and sends it. */
function put(m: Model, s: State, n: number, kind: number, config: number, era: number): State {
  const at = m.node(n);
  const ballot = s[at + PROMISED] as number;
  const next = s.slice();
  const log = m.logs.append(s[at + LOG_ID] as number, { ballot, kind, config, era });
  next[at + LOG_ID] = log;
  next[m.ballot(ballot) + STREAM] = log;
  return next;
}

export function propose(m: Model, s: State, n: number, kind: number): State | null {
  if (!mayServe(m, s, n)) return null;
  const log = m.logs.get(s[m.node(n) + LOG_ID] as number);
  if (log.length >= m.bound.maxLog || (log.hasSplit && !m.isMutant("ServesAfterSplit"))) return null;
  return put(m, s, n, kind, 0, 0);
}

/** True when leader n may propose a change of membership now. */
export function mayReconfigure(m: Model, s: State, n: number): boolean {
  const at = m.node(n);
  if (s[at + ROLE] !== LEADER) return false;
  const ballot = s[at + PROMISED] as number;
  const commit = s[at + COMMIT] as number;
  const log = m.logs.get(s[at + LOG_ID] as number);
  if (s[m.ballot(ballot) + HANDED] !== 0 || (s[m.hist + ERA] as number) >= m.bound.maxChanges) return false;
  if (log.length >= m.bound.maxLog || log.hasSplit) return false;
  if (commit < m.logs.first(log.id, ballot) && !m.isMutant("ChangesBeforeOwnCommit")) return false;
  return log.configAt <= commit || m.isMutant("ChangesTooEarly");
}

/** Leader n, which may, proposes the neighbouring configuration. */
export function reconfigure(m: Model, s: State, n: number, config: number): State | null {
  if (kindOf(config, n) !== STORAGE) return null;
  const era = (s[m.hist + ERA] as number) + 1;
  const next = put(m, s, n, CONFIG, config, era);
  next[m.hist + ERA] = era;
  return next;
}

/** The leader of ballot b sent to p when its log ended at `lsn` or beyond. */
export function isSentTo(m: Model, s: State, p: number, b: number, lsn: number): boolean {
  const ballot = m.ballot(b);
  const stream = s[ballot + STREAM] as number;
  if (stream === 0 || s[ballot + OWNER] === p + 1) return false;
  const first = m.logs.first(stream, b);
  let log = m.logs.get(stream);
  while (log.length >= first && log.length >= lsn) {
    if (kindOf(log.config, p) !== ABSENT) return true;
    log = m.logs.get(log.parent);
  }
  return false;
}

/** p heard the leader of ballot b, promises ballot and lease, and agrees with it up to `lsn`. Changes `next`. */
function hear(m: Model, next: State, p: number, b: number, lsn: number): State {
  const at = m.node(p);
  const era = next[m.hist + ERA] as number;
  m.follow(next, p);
  next[at + PROMISED] = b;
  next[at + D_PROMISED] = b;
  next[at + BOUND] = b;
  next[at + SINCE] = era;
  const counts = next[m.ballot(b) + HANDED] === 0 || m.isMutant("KeepsLeaseAfterHandOver");
  for (let n = 0; n < m.nodeCount; n++) {
    const leader = m.node(n);
    if (n === p || next[leader + ROLE] !== LEADER || next[leader + PROMISED] !== b) continue;
    if ((next[leader + MATCH + p] as number) < lsn) next[leader + MATCH + p] = lsn;
    if (counts) next[leader + m.rounds + era] = (next[leader + m.rounds + era] as number) | (1 << p);
  }
  m.dropUnwanted(next, p);
  return next;
}

export function heartbeat(m: Model, s: State, p: number, b: number): State | null {
  const at = m.node(p);
  if (b < (s[at + PROMISED] as number) || !isSentTo(m, s, p, b, 0)) return null;
  const next = s.slice();
  next[at + D_LOG] = s[at + LOG_ID] as number;
  return hear(m, next, p, b, 0);
}

export function accept(m: Model, s: State, p: number, b: number, lsn: number): State | null {
  const at = m.node(p);
  if (b < (s[at + PROMISED] as number) || s[at + BASE] === 0 || !isSentTo(m, s, p, b, lsn)) return null;
  const stream = s[m.ballot(b) + STREAM] as number;
  const log = m.logs.get(s[at + LOG_ID] as number);
  if (lsn - 1 > log.length) return null;
  const agrees = lsn === 1 || m.logs.ballotAt(log.id, lsn - 1) === m.logs.ballotAt(stream, lsn - 1);
  if (!agrees && !m.isMutant("SkipsAgreementCheck")) return null;
  const entry: Entry = m.logs.entry(stream, lsn);
  const isSame = lsn <= log.length && m.logs.ballotAt(log.id, lsn) === entry.ballot;
  const extended = isSame ? log.id : m.logs.append(m.logs.prefix(log.id, lsn - 1), entry);
  const next = s.slice();
  next[at + LOG_ID] = extended;
  if (!m.isMutant("AcceptsBeforeDurable")) next[at + D_LOG] = extended;
  return hear(m, next, p, b, lsn);
}

/** The leader n tells p, which has no configuration, where its log begins. */
export function install(m: Model, s: State, p: number, n: number): State | null {
  const to = m.node(p);
  const from = m.node(n);
  if (s[to + BASE] !== 0 || s[from + ROLE] !== LEADER) return null;
  const log = m.logs.get(s[from + LOG_ID] as number);
  const ballot = s[from + PROMISED] as number;
  if (kindOf(log.config, p) === ABSENT || ballot < (s[to + PROMISED] as number)) return null;
  const base = s[from + (m.isMutant("InstallsAboveFloor") ? COMMIT : FLOOR)] as number;
  const next = s.slice();
  const prefix = m.logs.prefix(log.id, base);
  next[to + BASE] = base + 1;
  next[to + LOG_ID] = prefix;
  next[to + D_LOG] = prefix;
  next[to + PROMISED] = ballot;
  next[to + D_PROMISED] = ballot;
  return next;
}

/** The leader n learns that all members have more of its log. */
export function raiseFloor(m: Model, s: State, n: number): State | null {
  const at = m.node(n);
  if (!m.bound.floors || s[at + ROLE] !== LEADER) return null;
  const members = membersOf(m.logs.get(s[at + LOG_ID] as number).config, m.nodeCount);
  let least = s[at + COMMIT] as number;
  for (let p = 0; p < m.nodeCount; p++) {
    if ((members & (1 << p)) === 0) continue;
    const has = m.has(s, n, p);
    if (has < least) least = has;
  }
  if (least <= (s[at + FLOOR] as number)) return null;
  const next = s.slice();
  next[at + FLOOR] = least;
  return next;
}

export function commit(m: Model, s: State, n: number, upTo: number): State | null {
  const at = m.node(n);
  const log = m.logs.get(s[at + LOG_ID] as number);
  const ballot = s[at + PROMISED] as number;
  if (s[at + ROLE] !== LEADER || upTo <= (s[at + COMMIT] as number) || upTo > log.length) return null;
  if (m.logs.ballotAt(log.id, upTo) !== ballot && !m.isMutant("CountsOldBallots")) return null;
  const voters = votersOf(log.config, m.nodeCount);
  const counted = m.isMutant("CountsLearners") ? membersOf(log.config, m.nodeCount) : voters;
  let count = 0;
  for (let p = 0; p < m.nodeCount; p++) if ((counted & (1 << p)) !== 0 && m.has(s, n, p) >= upTo) count++;
  if (count * 2 <= sizeOf(voters)) return null;
  const next = s.slice();
  next[at + COMMIT] = upTo;
  let done = s[m.hist + DONE] as number;
  let doneIn = s[m.hist + DONE_IN] as number;
  for (let lsn = m.logs.get(done).length + 1; lsn <= upTo; lsn++) {
    done = m.logs.append(done, m.logs.entry(log.id, lsn));
    doneIn = m.logs.append(doneIn, { ballot, kind: NOOP, config: 0, era: 0 });
  }
  next[m.hist + DONE] = done;
  next[m.hist + DONE_IN] = doneIn;
  return next;
}

/** The lease is given up for good in this ballot, and the target p told. */
export function handOver(m: Model, s: State, n: number, p: number): State | null {
  if (!m.bound.handOvers || p === n || !mayServe(m, s, n)) return null;
  const at = m.node(n);
  const log = m.logs.get(s[at + LOG_ID] as number);
  if (kindOf(log.config, p) !== STORAGE) return null;
  if (s[at + COMMIT] !== log.length || s[at + MATCH + p] !== log.length) return null;
  const next = s.slice();
  next[m.ballot(s[at + PROMISED] as number) + HANDED] = p + 1;
  if (!m.isMutant("KeepsLeaseAfterHandOver")) next.fill(0, at + m.rounds, at + m.rounds + m.eraCount);
  return next;
}

/** Told of a higher ballot, given up for lack of answers, or handed over. */
export function stepDown(m: Model, s: State, n: number): State | null {
  const at = m.node(n);
  if (s[at + ROLE] === FOLLOWER) return null;
  const next = s.slice();
  m.follow(next, n);
  m.dropUnwanted(next, n);
  return next;
}

/** What is on the disk is what is left. */
export function crash(m: Model, s: State, n: number): State | null {
  const at = m.node(n);
  if ((s[m.hist + CRASHES] as number) >= m.bound.maxCrashes || s[at + BASE] === 0) return null;
  const kept = m.isMutant("ForgetsPromise") ? 0 : s[at + D_PROMISED] as number;
  const next = s.slice();
  m.follow(next, n);
  next[at + PROMISED] = kept;
  next[at + D_PROMISED] = kept;
  next[at + LOG_ID] = s[at + D_LOG] as number;
  next[at + BOUND] = m.isMutant("SkipsRestartWait") ? 0 : UNKNOWN;
  next[at + SINCE] = s[m.hist + ERA] as number;
  next[m.hist + CRASHES] = (s[m.hist + CRASHES] as number) + 1;
  m.dropUnwanted(next, n);
  return next;
}
