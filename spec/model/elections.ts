// Phase 1 in the model: campaign, sync, promise, adoption of the best log. Each action is the one of the same name in
// ReplicationGroup.tla: null when it is not enabled, else the next state. Nodes are counted from 0, ballots from 1.
import { LOG, STORAGE, kindOf, sizeOf, votersOf } from "./configuration.ts";
import { endRounds, isBound } from "./lease.ts";
import { NOOP } from "./log-table.ts";
import {
  BASE, BOUND, CANDIDATE, D_LOG, D_PROMISED, ERA, FLOOR, FOLLOWER, HANDED, LEADER, LOG_ID, OWNER, PROMISED, PROMISES,
  REL, ROLE, SINCE, STREAM, TO, type Model, type State,
} from "./model.ts";

/** n takes ballot b above its promise; r: the ballot whose leader handed over to n, or 0. */
export function campaign(m: Model, s: State, n: number, b: number, r: number): State | null {
  const at = m.node(n);
  const ballot = m.ballot(b);
  if (s[at + ROLE] === LEADER || s[at + BASE] === 0 || b <= (s[at + PROMISED] as number)) return null;
  if ((s[ballot + OWNER] !== 0 && s[ballot + OWNER] !== n + 1) || s[ballot + STREAM] !== 0) return null;
  if (r !== 0) {
    if (s[m.ballot(r) + HANDED] !== n + 1 || s[at + PROMISED] !== r || s[at + ROLE] !== FOLLOWER) return null;
    if (s[at + BOUND] !== 0 && s[at + BOUND] !== r) return null;
  }
  const { config } = m.logs.get(s[at + LOG_ID] as number);
  const kind = kindOf(config, n);
  if (kind !== STORAGE && !(kind === LOG && m.isMutant("LogReplicaLeads"))) return null;
  const next = s.slice();
  if (isBound(m, s, n, n, r) && !m.isMutant("IgnoresOwnLeasePromise")) endRounds(m, next, n);
  next[at + PROMISED] = b;
  next[at + ROLE] = CANDIDATE;
  next[at + BOUND] = b;
  next[at + SINCE] = s[m.hist + ERA] as number;
  next[ballot + OWNER] = n + 1;
  if (next[ballot + REL] === 0) next[ballot + REL] = r;
  next[ballot + TO] = votersOf(config, m.nodeCount) & ~(1 << n);
  m.dropUnwanted(next, n);
  return next;
}

/** The logs that the disk of n may hold next: some prefix of what it appended. */
export function syncable(m: Model, s: State, n: number): readonly number[] {
  const at = m.node(n);
  const onDisk = s[at + D_LOG] as number;
  const log = m.logs.get(s[at + LOG_ID] as number);
  const found: number[] = s[at + D_PROMISED] === s[at + PROMISED] ? [] : [onDisk];
  if (onDisk === log.id) return found;
  for (let length = m.durable(s, n) + 1; length <= log.length; length++) found.push(m.logs.prefix(log.id, length));
  return found;
}

/** `log` (one of `syncable`) reaches the disk of n; the promise stands there before the entries. */
export function sync(m: Model, s: State, n: number, log: number): State {
  const at = m.node(n);
  const next = s.slice();
  next[at + D_PROMISED] = s[at + PROMISED] as number;
  next[at + D_LOG] = log;
  m.dropUnwanted(next, n);
  return next;
}

/** p receives PREPARE of ballot b, waits until it is free, makes its promise durable and answers. */
export function promise(m: Model, s: State, p: number, b: number): State | null {
  const at = m.node(p);
  const ballot = m.ballot(b);
  if (((s[ballot + TO] as number) & (1 << p)) === 0 || b <= (s[at + PROMISED] as number)) return null;
  if (s[ballot + STREAM] !== 0) return null;
  const candidate = (s[ballot + OWNER] as number) - 1;
  const next = s.slice();
  if (isBound(m, s, p, candidate, s[ballot + REL] as number)) endRounds(m, next, p);
  m.follow(next, p);
  next[at + PROMISED] = b;
  next[at + BOUND] = b;
  next[at + SINCE] = s[m.hist + ERA] as number;
  if (!m.isMutant("PromisesBeforeDurable")) {
    next[at + D_PROMISED] = b;
    next[at + D_LOG] = s[at + LOG_ID] as number;
  }
  next[ballot + PROMISES + p] = (s[at + LOG_ID] as number) + 1;
  m.dropUnwanted(next, p);
  m.dropUnwanted(next, candidate);
  return next;
}

/** The logs that candidate n may adopt: for each quorum of its promises the best one. Empty when it has no quorum. */
export function adoptable(m: Model, s: State, n: number): readonly number[] {
  const at = m.node(n);
  if (s[at + ROLE] !== CANDIDATE || s[at + D_PROMISED] !== s[at + PROMISED]) return [];
  const promises = m.ballot(s[at + PROMISED] as number) + PROMISES;
  const own = s[at + LOG_ID] as number;
  const voters = votersOf(m.logs.get(own).config, m.nodeCount);
  let answered = 1 << n;
  for (let p = 0; p < m.nodeCount; p++) if (s[promises + p] !== 0) answered |= 1 << p;
  const size = Math.floor(sizeOf(voters) / 2) + 1;
  const found: number[] = [];
  for (let quorum = 1; quorum < 1 << m.nodeCount; quorum++) {
    if ((quorum & (1 << n)) === 0 || (quorum & voters & answered) !== quorum || sizeOf(quorum) !== size) continue;
    const logs = [own];
    for (let p = 0; p < m.nodeCount; p++) {
      if (p !== n && (quorum & (1 << p)) !== 0) logs.push((s[promises + p] as number) - 1);
    }
    if (m.isMutant("KeepsOwnLog")) logs.length = 1;
    for (const log of logs) {
      if (!found.includes(log) && !logs.some((other) => m.logs.isBetter(other, log))) found.push(log);
    }
  }
  return found;
}

/** A piece comes in: n has the first `length` entries of `log` (one of `adoptable`), not yet all of it. */
export function adopt(m: Model, s: State, n: number, log: number, length: number): State {
  const next = s.slice();
  next[m.node(n) + LOG_ID] = m.logs.prefix(log, length);
  return next;
}

/** Candidate n has all of `log` (one of `adoptable`), and leads unless that changes its configuration. */
export function lead(m: Model, s: State, n: number, log: number): State | null {
  const at = m.node(n);
  const b = s[at + PROMISED] as number;
  const ballot = m.ballot(b);
  const adopted = m.logs.get(log);
  const next = s.slice();
  if (isOther(m, s[at + LOG_ID] as number, log)) {
    m.follow(next, n);
    next[at + LOG_ID] = log;
  } else {
    if (adopted.length >= m.bound.maxLog) return null;
    const extended = m.logs.append(log, { ballot: b, kind: NOOP, config: 0, era: 0 });
    next[at + LOG_ID] = extended;
    next[at + ROLE] = LEADER;
    next[at + FLOOR] = (s[at + BASE] as number) - 1;
    next[ballot + STREAM] = extended;
  }
  for (let p = 0; p < m.nodeCount; p++) next[ballot + PROMISES + p] = 0;
  return next;
}

/** Who adopts `its` in place of `own` is under another configuration: its promises may be no quorum of it. */
function isOther(m: Model, own: number, its: number): boolean {
  if (m.isMutant("KeepsOldPromises")) return false;
  const a = m.logs.get(own);
  const b = m.logs.get(its);
  return m.isMutant("ComparesEpochs") ? b.epoch !== a.epoch : b.config !== a.config;
}
