// At most one replica of a group believes that it holds the lease at any instant.
import type { GroupId } from "../../base/ids.ts";
import { violation, type Violation } from "./violation.ts";

export type LeaseHolder = { readonly group: GroupId; readonly node: number; readonly ballot: number };

/** `holders`: every replica whose lease is live at this instant, each by its own clock. */
export function checkLeaseExclusive(holders: readonly LeaseHolder[]): Violation | null {
  const byGroup = new Map<number, LeaseHolder>();
  for (const holder of holders) {
    const other = byGroup.get(holder.group);
    if (other === undefined) byGroup.set(holder.group, holder);
    else if (other.node !== holder.node) {
      return violation("lease-exclusive", `group ${holder.group}: nodes ${other.node} (ballot ${other.ballot}) and `
        + `${holder.node} (ballot ${holder.ballot}) both hold the lease`);
    }
  }
  return null;
}
