// Random inputs of an operation, made along its shape: right in form mostly, so that they come far.
import type { Prng } from "../../../base/prng.ts";
import type { MapShape, Shape, StringShape, StructureShape } from "./shape.ts";

/** What strings are drawn from: names and ARNs of things that are there, and of some that are not. */
export type Words = { readonly names: readonly string[]; readonly arns: readonly string[] };

const TEXTS = [
  "", "a", "abc", "a = :v", "#n", "SET a = :v", "SELECT * FROM \"ranged\"", "arn:aws:dynamodb:x:1:table/abc", "x".repeat(300), "\u0000", "{}",
  "NO_POLICY", "1", "__proto__", "{\"Statement\":[{}]}",
];
const NUMBERS = [0, 1, 2, 5, -1, 1.5, 25, 100, 101, 40_000, 1e12, 1e15, 2 ** 31, 2 ** 53, 1e300];
const VALUES: readonly unknown[] = [{ S: "a" }, { N: "1" }, { S: "" }, { BOOL: true }, { N: "x" }, { L: [{ M: {} }] }, { B: "YQ==" }, {}, { NULL: true }];
const ODD: readonly unknown[] = [null, 5, "text", true, [], {}, [null], { a: null }, -0];

/** Of every hundred places, how many hold what does not belong there. */
const ODD_PERCENT = 2;

export function randomInput(prng: Prng, shape: Shape, words: Words): unknown {
  if (prng.chance(ODD_PERCENT, 100)) return prng.pick(ODD);
  switch (shape.kind) {
    case "string": return randomText(prng, shape, words);
    case "integer": case "double": case "timestamp": return prng.chance(2, 3) ? prng.between(1, 25) : prng.pick(NUMBERS);
    case "boolean": return prng.chance(1, 2);
    case "list": {
      const length = Math.min(shape.min + prng.below(3), 4);
      return Array.from({ length }, () => randomInput(prng, shape.of, words));
    }
    case "map": return randomMap(prng, shape, words);
    case "structure": return randomStructure(prng, shape, words);
    case "item": return { pk: prng.pick(VALUES), ...(prng.chance(1, 2) ? { sk: prng.pick(VALUES) } : {}) };
    case "values": return { ":v": prng.pick(VALUES), ...(prng.chance(1, 3) ? { ":w": prng.pick(VALUES) } : {}) };
    case "value": return prng.pick(VALUES);
  }
}

function randomText(prng: Prng, shape: StringShape, { names, arns }: Words): string {
  if (shape.oneOf !== null && prng.chance(19, 20)) return prng.pick(shape.oneOf);
  if (prng.chance(1, 4)) return prng.pick(TEXTS);
  return prng.pick(prng.chance(2, 3) ? names : arns);
}

function randomMap(prng: Prng, shape: MapShape, words: Words): unknown {
  const count = shape.min + prng.below(2);
  const entries = Array.from({ length: count }, () => [randomText(prng, shape.key, words), randomInput(prng, shape.of, words)] as const);
  return Object.fromEntries(entries);
}

/** A structure with more members than it needs is refused for most of them: a few at a time. */
function randomStructure(prng: Prng, shape: StructureShape, words: Words): unknown {
  const optional = shape.members.filter(({ isRequired }) => !isRequired).length;
  const members = shape.members.filter(({ isRequired }) => (isRequired ? prng.chance(49, 50) : prng.chance(2, optional + 1)));
  return Object.fromEntries(members.map((member) => [member.name, randomInput(prng, member.shape, words)]));
}
