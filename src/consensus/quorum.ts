// Majorities of a configuration's voters. Everything that asks "how many are enough" asks here.
import { assert } from "../base/assert.ts";
import { REPLICAS_MAX } from "../wire/group-configuration.ts";

/** Votes needed out of `voters`. Any two quorums share a voter, also those of neighbouring configurations. */
export function quorumSize(voters: number): number {
  assert(Number.isInteger(voters) && voters >= 1, "a group has voters");
  assert(voters <= REPLICAS_MAX, "voter count bound");
  return Math.floor(voters / 2) + 1;
}

/**
 * The largest value that at least `quorum` of the first `count` values reach. Sorts those in place, descending
 * (insertion: there are at most REPLICAS_MAX).
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
