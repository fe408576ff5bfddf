// The next-state relation: every step that some replica may take in a state, with its name.
import { neighboursOf } from "./configuration.ts";
import { adopt, adoptable, campaign, lead, promise, sync, syncable } from "./elections.ts";
import { SPLIT, VALUE } from "./log-table.ts";
import { LOG_ID, ROLE, LEADER, STREAM, type Model, type State } from "./model.ts";
import {
  accept, commit, crash, handOver, heartbeat, install, mayReconfigure, propose, raiseFloor,
  reconfigure, stepDown,
} from "./replication.ts";

/** `node` (from 0) took the step; the rest says which one, in the order of the action's parameters. */
export type Visit = (next: State, action: string, node: number, x: number, y: number) => void;

export const ACTIONS: readonly string[] = [
  "Campaign", "Promise", "Heartbeat", "Accept", "Sync", "Adopt", "Lead", "Propose", "Reconfigure", "RaiseFloor",
  "Commit", "Install", "HandOver", "StepDown", "Crash",
];

export function forEachMove(m: Model, s: State, visit: Visit): void {
  for (let n = 0; n < m.nodeCount; n++) {
    for (let b = 1; b <= m.bound.maxBallot; b++) ballotMoves(m, s, n, b, visit);
    for (const log of syncable(m, s, n)) visit(sync(m, s, n, log), "Sync", n, log, 0);
    for (const log of adoptable(m, s, n)) adoptions(m, s, n, log, visit);
    if (s[m.node(n) + ROLE] === LEADER) leaderMoves(m, s, n, visit);
    give(visit, stepDown(m, s, n), "StepDown", n, 0, 0);
    give(visit, crash(m, s, n), "Crash", n, 0, 0);
  }
}

function adoptions(m: Model, s: State, n: number, log: number, visit: Visit): void {
  const common = m.logs.common(s[m.node(n) + LOG_ID] as number, log);
  for (let length = common + 1; length < m.logs.get(log).length; length++) {
    visit(adopt(m, s, n, log, length), "Adopt", n, log, length);
  }
  give(visit, lead(m, s, n, log), "Lead", n, log, 0);
}

function give(visit: Visit, next: State | null, action: string, node: number, x: number, y: number): void {
  if (next !== null) visit(next, action, node, x, y);
}

function ballotMoves(m: Model, s: State, n: number, b: number, visit: Visit): void {
  for (let r = 0; r < b; r++) give(visit, campaign(m, s, n, b, r), "Campaign", n, b, r);
  give(visit, promise(m, s, n, b), "Promise", n, b, 0);
  const stream = s[m.ballot(b) + STREAM] as number;
  if (stream === 0) return;
  give(visit, heartbeat(m, s, n, b), "Heartbeat", n, b, 0);
  for (let lsn = 1; lsn <= m.logs.get(stream).length; lsn++) {
    give(visit, accept(m, s, n, b, lsn), "Accept", n, b, lsn);
  }
}

function leaderMoves(m: Model, s: State, n: number, visit: Visit): void {
  give(visit, propose(m, s, n, VALUE), "Propose", n, VALUE, 0);
  if (m.bound.splits) give(visit, propose(m, s, n, SPLIT), "Propose", n, SPLIT, 0);
  const log = m.logs.get(s[m.node(n) + LOG_ID] as number);
  if (mayReconfigure(m, s, n)) {
    for (const config of neighboursOf(log.config, m.nodeCount, m.bound.changes, m.isMutant("SwapsInEmptyReplica"))) {
      give(visit, reconfigure(m, s, n, config), "Reconfigure", n, config, 0);
    }
  }
  give(visit, raiseFloor(m, s, n), "RaiseFloor", n, 0, 0);
  for (let lsn = 1; lsn <= log.length; lsn++) give(visit, commit(m, s, n, lsn), "Commit", n, lsn, 0);
  for (let p = 0; p < m.nodeCount; p++) {
    give(visit, install(m, s, p, n), "Install", p, n, 0);
    give(visit, handOver(m, s, n, p), "HandOver", n, p, 0);
  }
}
