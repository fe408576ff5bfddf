// Which calls clients make, how often.
import type { Prng } from "../../base/prng.ts";
import type { ItemCommand } from "../checker/history.ts";
import type { LoadOptions } from "../swarm/options.ts";
import type { HistoryRecorder } from "./history-recorder.ts";
import type { WriteStyle } from "./operations.ts";

export type CallKind = "item" | "once" | "query" | "scan" | "batch-get" | "batch-write" | "eventual";

const KINDS: readonly CallKind[] = [
  "item", "item", "item", "item", "item", "item", "item", "item", "item",
  "once", "once", "once", "once", "query", "query", "scan", "batch-get", "batch-write", "eventual",
];

export function drawCallKind(prng: Prng): CallKind {
  return prng.pick(KINDS);
}

/** `value` is unique among all values of the run. */
export function drawCommand(prng: Prng, item: string, history: HistoryRecorder, value: string): ItemCommand {
  if (history.isCounter(item)) return prng.chance(1, 3) ? { kind: "get" } : { kind: "add", by: prng.between(1, 3) };
  const expected = history.lastSeen(item) ?? "nothing";
  switch (prng.below(12)) {
    case 0:
    case 1:
    case 2:
    case 3:
      return { kind: "get" };
    case 4:
    case 5:
    case 6:
      return { kind: "put", value };
    case 7:
    case 8:
      return { kind: "create", value };
    case 9:
      return { kind: "swap", expected, value };
    case 10:
      return { kind: "delete" };
    default:
      return { kind: "delete-if", expected };
  }
}

export function drawStyle(prng: Prng, load: LoadOptions): WriteStyle {
  const fillBytes = load.valueBytesMax > 0 && prng.chance(1, 2) ? prng.below(load.valueBytesMax) : 0;
  return { wantsOld: prng.chance(1, 2), fillBytes };
}
