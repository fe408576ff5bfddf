// Ids of requests. A reply finds its request by id alone, so the ids of one life of a sender must not come up
// again in its next life: a late reply would answer another question.

/** Requests of one life before its ids could meet those of another: 2^31, months of them. */
const LIFE_SHIFT = 0x8000_0000;
/** Lives told apart: ids stay below 2^53. */
const LIVES = 0x20_0000;

/** Where a new life begins to count. `draw` is a random u32. */
export function firstRequestId(draw: number): number {
  return (draw % LIVES) * LIFE_SHIFT + 1;
}
