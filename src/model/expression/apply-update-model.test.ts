// Random updates, written as text, against a second implementation that works on a mutable copy: lists are
// maps from old index to element, closed up at the end; numbers are whole and small.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { AttributeValue, Item } from "../attribute-value.ts";
import { applyUpdate } from "./apply-update.ts";
import { ExpressionContext } from "./context.ts";
import { parseUpdate } from "./parse.ts";
import { updatedAttributes } from "./project.ts";

/** Set SEED to repeat a run. */
const SEED = Number(process.env["SEED"] ?? Date.now() % 2 ** 31);
const RUNS = 4000;

type Step = string | number;
type Node = number | string | Set<string> | Map<Step, Node>; // a map with a `list` mark holds a list
const isList = new WeakSet<Map<Step, Node>>();

function toNode(value: AttributeValue): Node {
  if ("N" in value) return Number(value.N);
  if ("S" in value) return value.S;
  if ("SS" in value) return new Set(value.SS);
  if ("M" in value) return new Map(Object.entries(value.M).map(([k, v]) => [k, toNode(v)]));
  assert.ok("L" in value);
  const list = new Map<Step, Node>(value.L.map((v, i) => [i, toNode(v)]));
  isList.add(list);
  return list;
}

function fromNode(node: Node): AttributeValue {
  if (typeof node === "number") return { N: String(node) };
  if (typeof node === "string") return { S: node };
  if (node instanceof Set) return { SS: [...node] };
  if (!isList.has(node)) return { M: Object.fromEntries([...node].map(([k, v]) => [k, fromNode(v)])) };
  return { L: [...node].sort(([a], [b]) => Number(a) - Number(b)).map(([, v]) => fromNode(v)) };
}

class Impossible extends Error {}

function child(node: Node | undefined, step: Step): Node | undefined {
  return node instanceof Map && isList.has(node) === (typeof step === "number") ? node.get(step) : undefined;
}

function find(root: Node, steps: readonly Step[]): Node | undefined {
  let at: Node | undefined = root;
  for (const step of steps) at = child(at, step);
  return at;
}

// ---- Expressions: text, and what it means for the old document and the copy.

type Source = { text: string; literals: AttributeValue[]; read: (old: Node) => Node };
type Action = {
  steps: Step[];
  section: string;
  text: string;
  literals: AttributeValue[];
  /** The value at `steps` afterwards, or null when there is none. */
  run: (old: Node) => Node | null;
};

const names = ["p", "q", "r"];
const number: fc.Arbitrary<AttributeValue> = fc.integer({ min: -9, max: 9 }).map((v) => ({ N: String(v) }));
const strings: fc.Arbitrary<AttributeValue> =
  fc.uniqueArray(fc.constantFrom("a", "b", "c"), { minLength: 1, maxLength: 3 }).map((SS) => ({ SS }));
const { value } = fc.letrec<{ value: AttributeValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 2, withCrossShrink: true },
    fc.oneof(number, fc.constantFrom("x", "y").map((S): AttributeValue => ({ S })), strings),
    fc.array(tie("value"), { maxLength: 4 }).map((L): AttributeValue => ({ L })),
    fc.dictionary(fc.constantFrom(...names), tie("value"), { maxKeys: 3, noNullPrototype: true })
      .map((M): AttributeValue => ({ M })),
  ),
}));
const list = fc.array(value, { maxLength: 2 }).map((L): AttributeValue => ({ L }));

const steps: fc.Arbitrary<Step[]> = fc.tuple(
  fc.constantFrom(...names),
  fc.array(fc.oneof(fc.constantFrom(...names), fc.integer({ min: 0, max: 5 })), { maxLength: 2 }),
).map(([first, rest]) => [first, ...rest]);

function pathText(of: readonly Step[]): string {
  return of.map((s, i) => (typeof s === "number" ? `[${s}]` : i === 0 ? s : `.${s}`)).join("");
}

const fromPath: fc.Arbitrary<Source> = steps.map((s) => ({
  text: pathText(s), literals: [],
  read: (old) => {
    const found = find(old, s);
    if (found === undefined) throw new Impossible("does not exist");
    return found;
  },
}));
const literal = (of: fc.Arbitrary<AttributeValue>): fc.Arbitrary<Source> =>
  of.map((v) => ({ text: "?", literals: [v], read: () => toNode(v) }));
const fallback = (of: fc.Arbitrary<AttributeValue>): fc.Arbitrary<Source> =>
  fc.tuple(steps, literal(of)).map(([s, other]) => ({
    text: `if_not_exists(${pathText(s)}, ${other.text})`, literals: other.literals,
    read: (old) => find(old, s) ?? other.read(old),
  }));
const numeric = fc.oneof(fromPath, literal(number), fallback(number));
const listed = fc.oneof(fromPath, literal(list), fallback(list));

const sum: fc.Arbitrary<Source> = fc.tuple(numeric, fc.constantFrom("+", "-"), numeric).map(([a, op, b]) => ({
  text: `${a.text} ${op} ${b.text}`, literals: [...a.literals, ...b.literals],
  read: (old) => {
    const [x, y] = [a.read(old), b.read(old)];
    if (typeof x !== "number" || typeof y !== "number") throw new Impossible("incorrect data type");
    return op === "+" ? x + y : x - y;
  },
}));
const append: fc.Arbitrary<Source> = fc.tuple(listed, listed).map(([a, b]) => ({
  text: `list_append(${a.text}, ${b.text})`, literals: [...a.literals, ...b.literals],
  read: (old) => {
    const joined = [a.read(old), b.read(old)].flatMap((part) => {
      if (!(part instanceof Map) || !isList.has(part)) throw new Impossible("incorrect data type");
      return [...part].sort(([x], [y]) => Number(x) - Number(y)).map(([, v]) => v);
    });
    const result = new Map<Step, Node>(joined.map((v, i) => [i, v]));
    isList.add(result);
    return result;
  },
}));
const source = fc.oneof(fromPath, literal(value), fallback(value), sum, append);

const action: fc.Arbitrary<Action> = fc.oneof(
  fc.tuple(steps, source).map(([s, from]): Action => ({
    steps: s, section: "SET", text: `${pathText(s)} = ${from.text}`, literals: from.literals,
    run: (old) => from.read(old),
  })),
  steps.map((s): Action => ({ steps: s, section: "REMOVE", text: pathText(s), literals: [], run: () => null })),
  fc.tuple(steps, fc.oneof(number, strings)).map(([s, v]): Action => ({
    steps: s, section: "ADD", text: `${pathText(s)} ?`, literals: [v],
    run: (old) => {
      const [before, more] = [find(old, s), toNode(v)];
      if (before === undefined) return more;
      if (typeof before === "number" && typeof more === "number") return before + more;
      if (before instanceof Set && more instanceof Set) return new Set([...before, ...more]);
      throw new Impossible("incorrect data type");
    },
  })),
  fc.tuple(steps, strings).map(([s, v]): Action => ({
    steps: s, section: "DELETE", text: `${pathText(s)} ?`, literals: [v],
    run: (old) => {
      const [before, less] = [find(old, s), toNode(v) as Set<string>];
      if (before === undefined) return null;
      if (!(before instanceof Set)) throw new Impossible("incorrect data type");
      const left = new Set([...before].filter((e) => !less.has(e)));
      return left.size === 0 ? null : left;
    },
  })),
);

function clashes(a: readonly Step[], b: readonly Step[]): boolean {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    if (typeof a[i] !== typeof b[i]) return true;
    if (a[i] !== b[i]) return false;
  }
  return true;
}

const actions = fc.array(action, { minLength: 1, maxLength: 5 }).map((all) => {
  const kept: Action[] = [];
  for (const one of all) if (!kept.some((other) => clashes(one.steps, other.steps))) kept.push(one);
  return kept;
});

/** The old document is read, the copy is written. */
function applyDumbly(all: readonly Action[], item: AttributeValue): AttributeValue {
  const old = toNode(item);
  const copy = toNode(item);
  const results = all.map((one) => one.run(old));
  for (const [i, one] of all.entries()) {
    const parent = find(copy, one.steps.slice(0, -1));
    const last = one.steps.at(-1) as Step;
    const isRight = parent instanceof Map && isList.has(parent) === (typeof last === "number");
    if (!isRight) throw new Impossible("invalid for update");
    const result = results[i] as Node | null;
    if (result === null) parent.delete(last);
    else parent.set(last, toNode(fromNode(result)));
  }
  return fromNode(copy);
}

function toText(all: readonly Action[]): { text: string; values: Record<string, AttributeValue> } {
  const values: Record<string, AttributeValue> = {};
  let count = 0;
  const sections = Map.groupBy(all, (one) => one.section);
  const text = [...sections].map(([section, members]) => {
    for (const one of members) for (const v of one.literals) values[`:v${count++}`] = v;
    return `${section} ${members.map((one) => one.text).join(", ")}`;
  }).join(" ");
  let next = 0;
  return { text: text.replaceAll("?", () => `:v${next++}`), values };
}

const item = fc.dictionary(fc.constantFrom(...names), value, { maxKeys: 3, noNullPrototype: true });

test(`updates apply as the second implementation does (SEED=${SEED})`, () => {
  let successes = 0;
  fc.assert(
    fc.property(actions, item, (all, attributes) => {
      const { text, values } = toText(all);
      const before = JSON.stringify(attributes);
      const parsed = parseUpdate(text, new ExpressionContext(null, values));
      // An operand whose type is wrong whatever the item is refused by the parser: not of interest here.
      if (!parsed.ok) return assert.match(parsed.message, /Incorrect operand type/, text);
      const result = applyUpdate(parsed.value, attributes);
      assert.equal(JSON.stringify(attributes), before, "the old item stays as it is");
      let expected: AttributeValue;
      try {
        expected = applyDumbly(all, { M: attributes });
      } catch (error) {
        if (!(error instanceof Impossible)) throw error;
        assert.ok(!result.ok, `${text}: ${error.message}`);
        return assert.match(result.message, /does not exist|incorrect data type|invalid for update/, text);
      }
      assert.ok(result.ok, `${text}: ${result.ok ? "" : result.message}`);
      successes++;
      assert.deepEqual({ M: result.item }, expected, text);
      checkReported(all, attributes, result.item, result.touched);
    }),
    { seed: SEED, numRuns: RUNS },
  );
  assert.ok(successes > RUNS / 20 && successes < RUNS - RUNS / 20,
    `both outcomes occur: ${successes} of ${RUNS} succeed`);
});

/** UPDATED_OLD and UPDATED_NEW hold an attribute exactly when a touched path leads somewhere below it. */
function checkReported(
  all: readonly Action[],
  oldItem: Item,
  newItem: Item,
  touched: Parameters<typeof updatedAttributes>[0],
): void {
  assert.equal(touched.length, all.length);
  for (const [which, of] of [["UPDATED_OLD", oldItem], ["UPDATED_NEW", newItem]] as const) {
    const reported = updatedAttributes(touched, oldItem, newItem, which);
    const document = toNode({ M: of });
    const expected = new Set(all.filter((one) => find(document, one.steps) !== undefined).map((one) => one.steps[0]));
    assert.deepEqual(new Set(Object.keys(reported ?? {})), expected);
    assert.equal(reported === null, expected.size === 0);
  }
}
