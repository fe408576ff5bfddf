// Randomness as a node sees it: a stream of its own for each of its lives, all from the run's seed.
import { Prng } from "../../base/prng.ts";
import type { Random } from "../../ports/random.ts";

/** `life` counts the starts of the node: a restarted node does not repeat its draws. */
export function nodeRandom(seed: number, node: number, life: number): Random {
  return new Prng(seed).split(`node ${node} life ${life}`);
}
