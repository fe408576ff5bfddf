// What is counted of changes of a table's provisioned units.
import type { Billing } from "./table-schema.ts";

export const DAY_MS = 86_400_000;

/** How often provisioned units have shrunk on the UTC day of `nowMs`. */
export function decreasesOn({ decreasedMs, decreases }: Billing, nowMs: number): number {
  if (decreasedMs === undefined || decreases === undefined) return 0;
  return Math.floor(decreasedMs / DAY_MS) === Math.floor(nowMs / DAY_MS) ? decreases : 0;
}
