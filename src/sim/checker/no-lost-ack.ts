// Every acknowledged item is there at the end. Works on items that are written once and never again, so that
// there is nothing to interpret: what was acknowledged must be found, unchanged.
import { violation, type Violation } from "./violation.ts";

/** One place to look: a strong read by a client, or one replica's tree. */
export type Observation = {
  readonly place: string;
  /** Null: the item is not there. Undefined: this place does not hold the item's partition. */
  readonly find: (item: string) => string | null | undefined;
};

/** Items named in one message; more are counted. */
const NAMED_MAX = 5;

export function checkNoLostAck(acknowledged: ReadonlyMap<string, string>, places: readonly Observation[]): Violation[] {
  const found: Violation[] = [];
  for (const { place, find } of places) {
    const wrong: string[] = [];
    for (const [item, value] of acknowledged) {
      const seen = find(item);
      if (seen !== undefined && seen !== value) wrong.push(`${item} (${seen === null ? "absent" : `holds ${seen}`})`);
    }
    if (wrong.length === 0) continue;
    const named = wrong.slice(0, NAMED_MAX).join(", ");
    const count = `${wrong.length} of ${acknowledged.size} acknowledged items`;
    found.push(violation("no-lost-ack", `${count} at ${place}: ${named}`));
  }
  return found;
}
