// Request ids in the form DynamoDB gives them: 52 characters of 0-9 and A-V, the first 26 random, the
// last 26 the same for all answers of one front end.
import type { Random } from "../../ports/random.ts";

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUV";
/** All pairs of characters, so that ten random bits give two characters in one look-up. */
const PAIRS: readonly string[] = makePairs();

function makePairs(): string[] {
  const pairs: string[] = [];
  for (const a of ALPHABET) for (const b of ALPHABET) pairs.push(a + b);
  return pairs;
}

export class RequestIds {
  readonly #random: Random;
  readonly #suffix: string;

  constructor(random: Random) {
    this.#random = random;
    this.#suffix = randomHalf(random);
  }

  next(): string {
    return randomHalf(this.#random) + this.#suffix;
  }
}

/** 13 pairs from five draws: three pairs from each of the first four, one from the last. */
function randomHalf(random: Random): string {
  return sixCharacters(random.u32()) + sixCharacters(random.u32()) + sixCharacters(random.u32())
    + sixCharacters(random.u32()) + pair(random.u32());
}

function sixCharacters(bits: number): string {
  return pair(bits) + pair(bits >>> 10) + pair(bits >>> 20);
}

function pair(bits: number): string {
  return PAIRS[bits & 1023] as string;
}
