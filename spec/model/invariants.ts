// What must always hold, by the names of ReplicationGroup.tla. Each function is true when it does.
import { STORAGE, kindOf, membersOf } from "./configuration.ts";
import { hasLease, serves } from "./lease.ts";
import { CONFIG, NOOP, SPLIT } from "./log-table.ts";
import {
  BASE, COMMIT, D_LOG, DONE, DONE_IN, LEADER, LOG_ID, PROMISED, ROLE, type Model, type State,
} from "./model.ts";

type Invariant = readonly [name: string, holds: (m: Model, s: State) => boolean];

export const INVARIANTS: readonly Invariant[] = [
  ["OneValue", isOneValue], ["LeaderHasCommitted", leadersHaveCommitted], ["OneLease", isOneLease],
  ["FreshReads", areReadsFresh], ["OnlyStorageLeads", onlyStorageLeads], ["LogsMatch", doLogsMatch],
  ["BallotsGrow", doBallotsGrow], ["OneOpenChange", isOneChangeOpen], ["SplitCloses", splitCloses],
  ["FloorHolds", floorHolds],
];

/** The name of an invariant, other than those in `except`, that does not hold, or null. */
export function violated(m: Model, s: State, except: readonly string[]): string | null {
  for (const [name, holds] of INVARIANTS) if (!except.includes(name) && !holds(m, s)) return name;
  return null;
}

function isOneValue(m: Model, s: State): boolean {
  const done = s[m.hist + DONE] as number;
  for (let n = 0; n < m.nodeCount; n++) {
    const commit = s[m.node(n) + COMMIT] as number;
    if (commit > 0 && m.logs.common(done, s[m.node(n) + LOG_ID] as number) < commit) return false;
  }
  return true;
}

function leadersHaveCommitted(m: Model, s: State): boolean {
  const done = m.logs.get(s[m.hist + DONE] as number);
  for (let n = 0; n < m.nodeCount; n++) {
    const at = m.node(n);
    if (s[at + ROLE] !== LEADER) continue;
    const common = m.logs.common(done.id, s[at + LOG_ID] as number);
    for (let lsn = common + 1; lsn <= done.length; lsn++) {
      if (m.logs.ballotAt(s[m.hist + DONE_IN] as number, lsn) < (s[at + PROMISED] as number)) return false;
    }
  }
  return true;
}

function isOneLease(m: Model, s: State): boolean {
  let holders = 0;
  for (let n = 0; n < m.nodeCount; n++) if (hasLease(m, s, n)) holders++;
  return holders <= 1;
}

function areReadsFresh(m: Model, s: State): boolean {
  const { length } = m.logs.get(s[m.hist + DONE] as number);
  for (let n = 0; n < m.nodeCount; n++) {
    if ((s[m.node(n) + COMMIT] as number) < length && serves(m, s, n)) return false;
  }
  return true;
}

function onlyStorageLeads(m: Model, s: State): boolean {
  for (let n = 0; n < m.nodeCount; n++) {
    const at = m.node(n);
    if (s[at + ROLE] !== LEADER) continue;
    const log = s[at + LOG_ID] as number;
    const first = m.logs.prefix(log, m.logs.first(log, s[at + PROMISED] as number));
    if (kindOf(m.logs.get(first).config, n) !== STORAGE) return false;
  }
  return true;
}

function doLogsMatch(m: Model, s: State): boolean {
  for (let a = 0; a < m.nodeCount; a++) {
    for (let b = a + 1; b < m.nodeCount; b++) {
      const x = m.logs.get(s[m.node(a) + LOG_ID] as number);
      const y = m.logs.get(s[m.node(b) + LOG_ID] as number);
      const shorter = x.length < y.length ? x.length : y.length;
      for (let lsn = m.logs.common(x.id, y.id) + 1; lsn <= shorter; lsn++) {
        if (m.logs.ballotAt(x.id, lsn) === m.logs.ballotAt(y.id, lsn)) return false;
      }
    }
  }
  return true;
}

function doBallotsGrow(m: Model, s: State): boolean {
  for (let n = 0; n < m.nodeCount; n++) {
    const log = m.logs.get(s[m.node(n) + LOG_ID] as number);
    for (let lsn = 2; lsn <= log.length; lsn++) {
      if (m.logs.ballotAt(log.id, lsn - 1) > m.logs.ballotAt(log.id, lsn)) return false;
    }
  }
  return true;
}

function isOneChangeOpen(m: Model, s: State): boolean {
  for (let n = 0; n < m.nodeCount; n++) {
    const log = m.logs.get(s[m.node(n) + LOG_ID] as number);
    let open = 0;
    for (let lsn = m.logs.common(log.id, s[m.hist + DONE] as number) + 1; lsn <= log.length; lsn++) {
      if (m.logs.entry(log.id, lsn).kind === CONFIG) open++;
    }
    if (open > 1) return false;
  }
  return true;
}

function splitCloses(m: Model, s: State): boolean {
  const done = m.logs.get(s[m.hist + DONE] as number);
  if (!done.hasSplit) return true;
  let isClosed = false;
  for (const { kind } of done.entries) {
    if (isClosed && kind !== NOOP) return false;
    if (kind === SPLIT) isClosed = true;
  }
  for (let n = 0; n < m.nodeCount; n++) if (serves(m, s, n)) return false;
  return true;
}

function floorHolds(m: Model, s: State): boolean {
  const done = m.logs.get(s[m.hist + DONE] as number);
  const members = membersOf(done.config, m.nodeCount);
  for (let p = 0; p < m.nodeCount; p++) {
    const base = (s[m.node(p) + BASE] as number) - 1;
    if (base <= 0) continue;
    if (base > done.length) return false;
    for (let q = 0; q < m.nodeCount; q++) {
      if ((members & (1 << q)) === 0 || s[m.node(q) + BASE] === 0) continue;
      if (m.logs.common(done.id, s[m.node(q) + D_LOG] as number) < base) return false;
    }
  }
  return true;
}
