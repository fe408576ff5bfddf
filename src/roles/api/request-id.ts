// Request ids in the form DynamoDB gives them: 52 characters of 0-9 and A-V, the first 26 random, the
// last 26 the same for all answers of one front end.
import { utf8Encode } from "../../base/utf8.ts";
import type { Random } from "../../ports/random.ts";

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUV";
/** Their codes: one flat string is made at once. */
const CODES: Uint8Array = utf8Encode(ALPHABET);

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

/** 26 characters from the 160 bits of five draws. */
function randomHalf(random: Random): string {
  const a = random.u32();
  const b = random.u32();
  const c = random.u32();
  const d = random.u32();
  const e = random.u32();
  return String.fromCharCode(
    code(a), code(a >>> 5), code(a >>> 10), code(a >>> 15), code(a >>> 20), code(a >>> 25),
    code(b), code(b >>> 5), code(b >>> 10), code(b >>> 15), code(b >>> 20), code(b >>> 25),
    code(c), code(c >>> 5), code(c >>> 10), code(c >>> 15), code(c >>> 20), code(c >>> 25),
    code(d), code(d >>> 5), code(d >>> 10), code(d >>> 15), code(d >>> 20), code(d >>> 25),
    code(e), code(e >>> 5),
  );
}

function code(bits: number): number {
  return CODES[bits & 31] as number;
}
