// Decides whether a group's leadership goes back to its preferred leader, so that a node that returned leads again
// what it led, and no node leads more than its share for long.
import type { TransferWork } from "../../wire/data-messages.ts";
import type { Partition } from "../../model/table-schema.ts";
import type { ClusterView } from "./cluster-view.ts";
import { isCaughtUp } from "./group-members.ts";
import type { Sight } from "./group-sights.ts";

/** A leader elsewhere stays at least so long: what just changed may change back. */
const PREFER_AFTER_MS = 3_000;

/** Null: all is well, or not the time. `isHurried`: an operator asked for it. */
export function planLeadership(
  { replicas }: Partition, sight: Sight, view: ClusterView, nowMs: number, isHurried: boolean,
): TransferWork | null {
  const [first] = replicas;
  const { leader, leaderSinceMs, status } = sight;
  if (first === undefined || leader === first || !view.isGood(first)) return null;
  if (!isHurried && nowMs - leaderSinceMs < PREFER_AFTER_MS) return null;
  return isCaughtUp(status, first) && status.splitLsn === 0 ? { kind: "transfer", to: first } : null;
}
