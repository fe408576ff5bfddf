// A path of states as steps that can be read.
import type { Numbers } from "../search.ts";
import { ACKS, BY, CONFIRMED, LIVE, LOCK, PHASE, STATE, TS, VER, type Model } from "./model.ts";
import { forEachMove } from "./moves.ts";

const PHASES: readonly string[] = ["open", "failed", "ok", "stopped"];
const STATES: readonly string[] = ["none", "committed", "cancelled"];
const OF_PARTITIONS: ReadonlySet<string> = new Set(["Prepare", "Find", "Commit", "Release", "Look", "Confirm"]);

/** One line per step: what happened, and the state afterwards. */
export function describePath(m: Model, path: readonly Numbers[]): readonly string[] {
  const lines: string[] = [];
  for (let i = 1; i < path.length; i++) {
    const wanted = (path[i] as Numbers).join();
    let line = "";
    forEachMove(m, path[i - 1] as Numbers, (next, action, x, y) => {
      if (line !== "" || next.join() !== wanted) return;
      line = `${String(i).padStart(3)}. ${describeMove(action, x, y).padEnd(28)} ${stateText(m, next)}`;
    });
    lines.push(line === "" ? `${i}. (no step leads here)` : line);
  }
  return lines;
}

function describeMove(action: string, x: number, y: number): string {
  if (OF_PARTITIONS.has(action)) return `${action} of ${x} in partition ${y}`;
  if (action === "Split") return action;
  return action === "Plain" ? `${y === 1 ? "Put" : "Delete"} of item ${x}` : `${action} of ${x}`;
}

function stateText(m: Model, s: Numbers): string {
  const parts: string[] = [];
  for (let i = 0; i < m.itemCount; i++) {
    const at = m.item(i);
    const lock = s[at + LOCK] === 0 ? "" : ` locked by ${String(s[at + LOCK])}`;
    const what = s[at + LIVE] === 1 ? `@${String(s[at + TS])}` : "absent";
    parts.push(`item ${i + 1} v${String(s[at + VER])} ${what}${lock}`);
  }
  for (let t = 0; t < m.txCount; t++) {
    parts.push(`tx ${t + 1} ${PHASES[s[m.tx(t) + PHASE] as number] ?? ""} acks ${String(s[m.tx(t) + ACKS])}`);
    if (m.token(t) !== t) continue;
    const state = s[m.entry(t) + STATE] as number;
    if (state !== 0) parts.push(`entry ${STATES[state] ?? ""} ${String(s[m.entry(t) + BY])}`);
  }
  for (let r = 0; r < m.readerCount; r++) parts.push(`reader ${r + 1} confirmed ${String(s[m.reader(r) + CONFIRMED])}`);
  return parts.join(", ");
}
