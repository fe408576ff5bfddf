// Random valid attribute values from a seeded generator: for randomised tests and simulated workloads. Sizes
// are small and collisions likely on purpose; awkward names, texts and numbers are over-represented.
import { bytesToBase64 } from "../base/base64.ts";
import type { Prng } from "../base/prng.ts";
import { newAttributeMap, setAttribute } from "./attribute-map.ts";
import type { AttributeMap, AttributeValue, KeyType } from "./attribute-value.ts";
import { NUMBER_DIGITS_MAX, NUMBER_EXPONENT_MAX, NUMBER_EXPONENT_MIN } from "./limits.ts";
import { numberText } from "./number38.ts";

const PIECES: readonly string[] = [
  "a", "b", "Z", "0", "7", " ", "\"", "\\", "\0", "\n", "\x7f",
  "\x80", "é", "ÿ", "\u07ff", "\u0800", "€", "\ufffd", "\u{10000}", "😀",
];
const NAMES: readonly string[] = [
  "a", "b", "pk", "0", "10", "__proto__", "constructor", "toString", "S", "N", "L", "M", "ключ", "a.b", "😀",
];

export function randomText(prng: Prng, piecesMax: number): string {
  let text = "";
  for (let left = prng.below(piecesMax + 1); left > 0; left--) text += prng.pick(PIECES);
  return text;
}

/** A canonical number: mostly small integers, else of any precision and magnitude. */
export function randomNumber(prng: Prng): string {
  if (prng.chance(1, 3)) return String(prng.between(0, 2000) - 1000);
  const count = prng.chance(1, 4) ? NUMBER_DIGITS_MAX : prng.between(1, 6);
  let digits = "";
  for (let i = 0; i < count; i++) digits += prng.chance(1, 4) ? "0" : String(prng.below(10));
  digits = digits.replace(/^0+|0+$/g, "");
  if (digits === "") return "0";
  const exponent = prng.chance(1, 2)
    ? prng.between(0, 12) - 6 : prng.below(NUMBER_EXPONENT_MAX - NUMBER_EXPONENT_MIN + 1) + NUMBER_EXPONENT_MIN;
  return numberText({ isNegative: prng.chance(1, 2), digits, point: exponent + 1 });
}

export function randomBinary(prng: Prng, lengthMax: number): string {
  return bytesToBase64(prng.bytes(prng.below(lengthMax + 1)));
}

/** A value fit for a key: not empty. */
export function randomKeyValue(prng: Prng, type: KeyType): AttributeValue {
  switch (type) {
    case "S": return { S: randomText(prng, 6) + prng.pick(PIECES) };
    case "N": return { N: randomNumber(prng) };
    case "B": return { B: bytesToBase64(prng.bytes(prng.between(1, 8))) };
  }
}

/** `levels` bounds the lists and maps around the innermost value. */
export function randomValue(prng: Prng, levels: number): AttributeValue {
  switch (prng.below(levels > 0 ? 10 : 8)) {
    case 0: return { S: randomText(prng, 8) };
    case 1: return { N: randomNumber(prng) };
    case 2: return { B: randomBinary(prng, 12) };
    case 3: return { BOOL: prng.chance(1, 2) };
    case 4: return { NULL: true };
    case 5: return { SS: randomSet(prng, () => randomText(prng, 4)) };
    case 6: return { NS: randomSet(prng, () => randomNumber(prng)) };
    case 7: return { BS: randomSet(prng, () => randomBinary(prng, 4)) };
    case 8: return { L: Array.from({ length: prng.below(4) }, () => randomValue(prng, levels - 1)) };
    default: return { M: randomMap(prng, levels - 1) };
  }
}

export function randomMap(prng: Prng, levels: number): AttributeMap {
  const map = newAttributeMap();
  for (let left = prng.below(5); left > 0; left--) {
    setAttribute(map, prng.pick(NAMES), randomValue(prng, levels));
  }
  return map;
}

function randomSet(prng: Prng, member: () => string): string[] {
  const members = new Set<string>();
  for (let left = prng.between(1, 10); left > 0; left--) members.add(member());
  return [...members];
}
