// A path of states as steps that can be read.
import { forEachMove } from "./moves.ts";
import { KIND_NAMES } from "./log-table.ts";
import { REPLICA_NAMES, kindOf } from "./configuration.ts";
import { hasLease } from "./lease.ts";
import {
  COMMIT, D_LOG, D_PROMISED, LOG_ID, PROMISED, ROLE, type Model, type State,
} from "./model.ts";

const ROLES: readonly string[] = ["follower", "candidate", "leader"];

/** One line per step: what happened, and the replica afterwards. */
export function describePath(m: Model, path: readonly State[]): readonly string[] {
  const lines: string[] = [];
  for (let i = 1; i < path.length; i++) {
    const wanted = (path[i] as State).join();
    let line = "";
    forEachMove(m, path[i - 1] as State, (next, action, node, x, y) => {
      if (line !== "" || next.join() !== wanted) return;
      const step = describeMove(m, action, node, x, y);
      line = `${String(i).padStart(3)}. ${step.padEnd(44)} ${replicaText(m, next, node)}`;
    });
    lines.push(line === "" ? `${i}. (no step leads here)` : line);
  }
  return lines;
}

function describeMove(m: Model, action: string, node: number, x: number, y: number): string {
  const who = `replica ${node + 1}`;
  switch (action) {
    case "Campaign": return `${who} campaigns, ballot ${x}${y > 0 ? `, released ${y}` : ""}`;
    case "Promise": return `${who} promises ballot ${x}`;
    case "Heartbeat": return `${who} answers a round of ballot ${x}`;
    case "Accept": return `${who} accepts LSN ${y} of ballot ${x}`;
    case "Sync": return `${who} syncs`;
    case "Adopt": return `${who} has a quorum and takes ${y} of [${logText(m, x)}]`;
    case "Lead": return `${who} has a quorum and adopts [${logText(m, x)}]`;
    case "Propose": return `${who} proposes a ${KIND_NAMES[x] ?? ""}`;
    case "Reconfigure": return `${who} proposes ${configText(m, x)}`;
    case "RaiseFloor": return `${who} raises the floor`;
    case "Commit": return `${who} commits up to LSN ${x}`;
    case "Install": return `${who} is installed by replica ${x + 1}`;
    case "HandOver": return `${who} hands over to replica ${x + 1}`;
    case "StepDown": return `${who} steps down`;
    case "Crash": return `${who} restarts`;
    default: return `${who} ${action}`;
  }
}

function replicaText(m: Model, s: State, n: number): string {
  const at = m.node(n);
  const promised = s[at + PROMISED] as number;
  const log = s[at + LOG_ID] as number;
  const disk = s[at + D_PROMISED] === promised && s[at + D_LOG] === log ? "" : " (not all on disk)";
  const lease = hasLease(m, s, n) ? ", lease" : "";
  const commit = (s[at + COMMIT] as number) > 0 ? `, commit ${String(s[at + COMMIT])}` : "";
  const role = ROLES[s[at + ROLE] as number] ?? "";
  return `${role}, promised ${promised}, log [${logText(m, log)}]${disk}${commit}${lease}`;
}

function logText(m: Model, log: number): string {
  return m.logs.get(log).entries.map(({ ballot, kind, config }) => (
    `${ballot}:${KIND_NAMES[kind] ?? ""}${config === 0 ? "" : ` ${configText(m, config)}`}`
  )).join(" ");
}

function configText(m: Model, config: number): string {
  const replicas: string[] = [];
  for (let n = 0; n < m.nodeCount; n++) {
    const kind = kindOf(config, n);
    if (kind !== 0) replicas.push(`${n + 1}=${REPLICA_NAMES[kind] ?? ""}`);
  }
  return `{${replicas.join(" ")}}`;
}
