// Majorities. Everything that asks "how many are enough" asks here, so that configurations with log replicas
// or in transition have one place to change.
import { assert } from "../base/assert.ts";
import { MEMBERS_MAX } from "./limits.ts";

/** Votes needed out of `memberCount`. Any two quorums share a member. */
export function quorumSize(memberCount: number): number {
  assert(Number.isInteger(memberCount) && memberCount >= 1, "a group has members");
  assert(memberCount <= MEMBERS_MAX, "member count bound");
  return Math.floor(memberCount / 2) + 1;
}

/**
 * The largest value that at least `quorum` of the first `count` values reach. Sorts those in place, descending
 * (insertion: there are at most MEMBERS_MAX).
 */
export function quorumValue(values: Float64Array, count: number, quorum: number): number {
  assert(quorum >= 1 && quorum <= count && count <= values.length, "quorum within the members");
  for (let i = 1; i < count; i++) {
    const value = values[i] as number;
    let j = i - 1;
    while (j >= 0 && (values[j] as number) < value) {
      values[j + 1] = values[j] as number;
      j--;
    }
    values[j + 1] = value;
  }
  return values[quorum - 1] as number;
}
