// What the model says about leases: who is bound, which rounds are over, who believes in its lease, who serves.
import { isQuorum, votersOf } from "./configuration.ts";
import { CONFIG } from "./log-table.ts";
import {
  BOUND, COMMIT, FOLLOWER, HANDED, LEADER, LOG_ID, OWNER, PROMISED, ROLE, SINCE, UNKNOWN, type Model, type State,
} from "./model.ts";

/** p's lease promise forbids it to help c (both from 0), which shows the release of ballot r. */
export function isBound(m: Model, s: State, p: number, c: number, r: number): boolean {
  const at = m.node(p);
  const holder = s[at + BOUND] as number;
  if (holder === 0) return false;
  if (holder === UNKNOWN) return true;
  const owner = (s[m.ballot(holder) + OWNER] as number) - 1;
  if (holder === r || owner === c) return false;
  return owner !== p || (s[at + ROLE] !== FOLLOWER && s[at + PROMISED] === holder);
}

/** The rounds that are over once p's promise is: those it answered, and all from before it was made or renewed. */
export function endRounds(m: Model, s: State, p: number): void {
  const since = s[m.node(p) + SINCE] as number;
  for (let n = 0; n < m.nodeCount; n++) {
    const rounds = m.node(n) + m.rounds;
    for (let era = 0; era < m.eraCount; era++) {
      s[rounds + era] = era < since ? 0 : (s[rounds + era] as number) & ~(1 << p);
    }
  }
}

export function hasLease(m: Model, s: State, n: number): boolean {
  const at = m.node(n);
  if (s[at + ROLE] !== LEADER) return false;
  const ballot = s[at + PROMISED] as number;
  if (s[m.ballot(ballot) + HANDED] !== 0 && !m.isMutant("KeepsLeaseAfterHandOver")) return false;
  const log = m.logs.get(s[at + LOG_ID] as number);
  const first = m.logs.first(log.id, ballot);
  let config = m.logs.get(m.logs.prefix(log.id, first - 1)).config;
  for (let lsn = first; lsn <= log.length; lsn++) {
    const entry = m.logs.entry(log.id, lsn);
    if (entry.kind !== CONFIG) continue;
    if (isBacked(m, s, n, config, entry.era - 1)) return true;
    config = entry.config;
  }
  return isBacked(m, s, n, config, m.eraCount - 1);
}

/** A quorum of `config` answered n's rounds in eras up to `end`. */
function isBacked(m: Model, s: State, n: number, config: number, end: number): boolean {
  let mask = 1 << n;
  const rounds = m.node(n) + m.rounds;
  for (let era = 0; era <= end; era++) mask |= s[rounds + era] as number;
  return isQuorum(mask, votersOf(config, m.nodeCount));
}

export function serves(m: Model, s: State, n: number): boolean {
  if (!hasLease(m, s, n)) return false;
  const at = m.node(n);
  const log = s[at + LOG_ID] as number;
  if ((s[at + COMMIT] as number) < m.logs.first(log, s[at + PROMISED] as number)) return false;
  return !m.logs.get(log).hasSplit || m.isMutant("ServesAfterSplit");
}
