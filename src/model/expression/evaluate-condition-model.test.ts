// Random conditions, written as text, against a second evaluator over plain JavaScript values that shares
// nothing with the first: numbers are scaled integers, binaries byte arrays, sets Sets, maps Maps.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { AttributeValue, Item } from "../attribute-value.ts";
import { ExpressionContext } from "./context.ts";
import { evaluateCondition } from "./evaluate-condition.ts";
import { parseCondition } from "./parse.ts";

/** Set SEED to repeat a run. */
const SEED = Number(process.env["SEED"] ?? Date.now() % 2 ** 31);
const RUNS = 4000;

type Plain =
  | { t: "S"; v: string } | { t: "N"; v: number } | { t: "B"; v: number[] } | { t: "BOOL"; v: boolean } | { t: "NULL" }
  | { t: "SS"; v: Set<string> } | { t: "NS"; v: Set<number> } | { t: "L"; v: Plain[] }
  | { t: "M"; v: Map<string, Plain> };

const words = ["", "a", "ab", "abc", "b", "\u{1f600}", "\uffff", "é"];
const names = ["p", "q", "r"];
const scaled = fc.integer({ min: -300, max: 300 });

const scalar: fc.Arbitrary<Plain> = fc.oneof(
  fc.constantFrom(...words).map((v): Plain => ({ t: "S", v })),
  scaled.map((v): Plain => ({ t: "N", v })),
  fc.array(fc.constantFrom(0, 1, 128, 255), { maxLength: 5 }).map((v): Plain => ({ t: "B", v })),
  fc.boolean().map((v): Plain => ({ t: "BOOL", v })),
  fc.constant<Plain>({ t: "NULL" }),
  fc.uniqueArray(fc.constantFrom(...words), { minLength: 1, maxLength: 3 })
    .map((v): Plain => ({ t: "SS", v: new Set(v) })),
  fc.uniqueArray(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 3 })
    .map((v): Plain => ({ t: "NS", v: new Set(v) })),
);
const { plain } = fc.letrec<{ plain: Plain }>((tie) => ({
  plain: fc.oneof(
    { maxDepth: 2, withCrossShrink: true },
    scalar,
    fc.array(tie("plain"), { maxLength: 3 }).map((v): Plain => ({ t: "L", v })),
    fc.dictionary(fc.constantFrom(...names), tie("plain"), { maxKeys: 3, noNullPrototype: true })
      .map((v): Plain => ({ t: "M", v: new Map(Object.entries(v)) })),
  ),
}));

function numberText(v: number): string {
  return String(v / 10); // one decimal: exact enough, and already canonical
}

function toAttribute(value: Plain): AttributeValue {
  switch (value.t) {
    case "S": return { S: value.v };
    case "N": return { N: numberText(value.v) };
    case "B": return { B: Buffer.from(value.v).toString("base64") };
    case "BOOL": return { BOOL: value.v };
    case "NULL": return { NULL: true };
    case "SS": return { SS: [...value.v] };
    case "NS": return { NS: [...value.v].map(numberText) };
    case "L": return { L: value.v.map(toAttribute) };
    case "M": return { M: Object.fromEntries([...value.v].map(([k, v]) => [k, toAttribute(v)])) };
  }
}

// ---- Expressions: text, and what it means.

type Look = (item: Map<string, Plain>) => Plain | null;
type Term = { text: string; literals: Plain[]; look: Look; steps: (string | number)[] | null; type: Plain["t"] | null };
type Condition = { text: string; literals: Plain[]; holds: (item: Map<string, Plain>) => boolean };

function walk(item: Map<string, Plain>, steps: (string | number)[]): Plain | null {
  let at: Plain | null = { t: "M", v: item };
  for (const step of steps) {
    if (at === null) return null;
    if (typeof step === "string") at = at.t === "M" ? at.v.get(step) ?? null : null;
    else at = at.t === "L" ? at.v[step] ?? null : null;
  }
  return at;
}

const step = fc.oneof(fc.constantFrom(...names), fc.integer({ min: 0, max: 2 }));
const steps = fc.tuple(fc.constantFrom(...names), fc.array(step, { maxLength: 2 }));
const path: fc.Arbitrary<Term> = steps.map(([first, rest]) => ({
  text: first + rest.map((s) => (typeof s === "string" ? `.${s}` : `[${s}]`)).join(""),
  literals: [], look: (item) => walk(item, [first, ...rest]), steps: [first, ...rest], type: null,
}));
const literal = (of: fc.Arbitrary<Plain>): fc.Arbitrary<Term> =>
  of.map((value) => ({ text: "?", literals: [value], look: () => value, steps: null, type: value.t }));
const size: fc.Arbitrary<Term> = path.map((p) => ({
  text: `size(${p.text})`, literals: [], steps: null, type: "N",
  look: (item) => {
    const v = p.look(item);
    if (v === null || v.t === "N" || v.t === "BOOL" || v.t === "NULL") return null;
    return { t: "N", v: 10 * (v.t === "SS" || v.t === "NS" || v.t === "M" ? v.v.size : v.v.length) };
  },
}));
const ordered = scalar.filter((v) => v.t === "S" || v.t === "N" || v.t === "B");
const any = fc.oneof(path, literal(plain), size);
const orderable = fc.oneof(path, literal(ordered), size);

function same(a: Plain, b: Plain): boolean {
  if (a.t !== b.t) return false;
  const norm = (v: Plain): unknown => {
    switch (v.t) {
      case "SS": case "NS": return { t: v.t, v: [...v.v].sort() };
      case "L": return { t: "L", v: v.v.map(norm) };
      case "M": return { t: "M", v: [...v.v].sort(([x], [y]) => (x < y ? -1 : 1)).map(([k, e]) => [k, norm(e)]) };
      default: return v;
    }
  };
  return JSON.stringify(norm(a)) === JSON.stringify(norm(b));
}

function order(a: Plain, b: Plain): number | null {
  if (a.t === "N" && b.t === "N") return a.v - b.v;
  if (a.t === "S" && b.t === "S") return Buffer.compare(Buffer.from(a.v), Buffer.from(b.v));
  if (a.t === "B" && b.t === "B") return Buffer.compare(Buffer.from(a.v), Buffer.from(b.v));
  return null;
}

function holds(op: string, a: Plain | null, b: Plain | null): boolean {
  const isEqual = a !== null && b !== null && same(a, b);
  if (op === "=") return isEqual;
  if (op === "<>") return !isEqual;
  const o = a === null || b === null ? null : order(a, b);
  if (o === null) return false;
  return { "<": o < 0, "<=": o <= 0, ">": o > 0, ">=": o >= 0 }[op] as boolean;
}

function isInside(a: Plain | null, b: Plain | null): boolean {
  if (a === null || b === null) return false;
  if (a.t === "S" && b.t === "S") return a.v.split(b.v).length > 1 || b.v === "";
  if (a.t === "B" && b.t === "B") return `,${a.v.join(",")},`.includes(b.v.length === 0 ? "," : `,${b.v.join(",")},`);
  if (a.t === "SS" && b.t === "S") return a.v.has(b.v);
  if (a.t === "NS" && b.t === "N") return a.v.has(b.v);
  return a.t === "L" && a.v.some((e) => same(e, b));
}

function isPrefix(a: Plain | null, b: Plain | null): boolean {
  if (a === null || b === null) return false;
  if (a.t === "S" && b.t === "S") return a.v.slice(0, b.v.length) === b.v;
  return a.t === "B" && b.t === "B" && b.v.length <= a.v.length && b.v.every((byte, i) => byte === a.v[i]);
}

function isSame(a: Term, b: Term): boolean {
  return a.steps !== null && b.steps !== null && a.text === b.text;
}

function binary(op: string, terms: fc.Arbitrary<Term>): fc.Arbitrary<Condition> {
  return fc.tuple(terms, terms).filter(([a, b]) => !isSame(a, b)).map(([a, b]) => ({
    text: `${a.text} ${op} ${b.text}`, literals: [...a.literals, ...b.literals],
    holds: (item) => holds(op, a.look(item), b.look(item)),
  }));
}

const between = fc.tuple(orderable, orderable, orderable)
  .filter(([a, l, h]) => {
    if (isSame(a, l) || isSame(a, h)) return false;
    const [low, high] = [l.literals[0], h.literals[0]];
    return low === undefined || high === undefined || (order(low, high) ?? 1) <= 0;
  })
  .map(([a, l, h]): Condition => ({
    text: `${a.text} BETWEEN ${l.text} AND ${h.text}`, literals: [...a.literals, ...l.literals, ...h.literals],
    holds: (item) => holds(">=", a.look(item), l.look(item)) && holds("<=", a.look(item), h.look(item)),
  }));
const membership = fc.tuple(any, fc.array(any, { minLength: 1, maxLength: 3 }))
  .filter(([a, list]) => !list.some((e) => isSame(a, e)))
  .map(([a, list]): Condition => ({
    text: `${a.text} in (${list.map((e) => e.text).join(" , ")})`,
    literals: [...a.literals, ...list.flatMap((e) => e.literals)],
    holds: (item) => list.some((e) => holds("=", a.look(item), e.look(item))),
  }));
const container = literal(plain.filter((v) => ["S", "B", "SS", "NS", "L"].includes(v.t)));
const containers = fc.tuple(fc.oneof(path, container), any).filter(([a, b]) => !isSame(a, b));
const containment = containers.map(([a, b]): Condition => ({
  text: `contains(${a.text},${b.text})`, literals: [...a.literals, ...b.literals],
  holds: (item) => isInside(a.look(item), b.look(item)),
}));
const textual = fc.oneof(path, literal(scalar.filter((v) => v.t === "S" || v.t === "B")));
const prefix = fc.tuple(textual, textual).filter(([a, b]) => !isSame(a, b)).map(([a, b]): Condition => ({
  text: `begins_with (${a.text}, ${b.text})`, literals: [...a.literals, ...b.literals],
  holds: (item) => isPrefix(a.look(item), b.look(item)),
}));
const presence = fc.tuple(path, fc.boolean()).map(([a, isNot]): Condition => ({
  text: `attribute_${isNot ? "not_" : ""}exists(${a.text})`, literals: [],
  holds: (item) => (a.look(item) === null) === isNot,
}));
const type = fc.constantFrom("S", "N", "B", "BOOL", "NULL", "SS", "NS", "L", "M");
const typed = fc.tuple(path, type).map(([a, type]): Condition => ({
  text: `attribute_type(${a.text}, ?)`, literals: [{ t: "S", v: type }], holds: (item) => a.look(item)?.t === type,
}));

const { condition } = fc.letrec<{ condition: Condition }>((tie) => {
  const both = fc.tuple(tie("condition"), tie("condition"));
  return {
    condition: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      fc.oneof(
        binary("=", any), binary("<>", any), binary("<", orderable), binary("<=", orderable), binary(">", orderable),
        binary(">=", orderable), between, membership, containment, prefix, presence, typed,
      ),
      both.map(([a, b]): Condition => ({
        text: `(${a.text}) AND (${b.text})`, literals: [...a.literals, ...b.literals],
        holds: (i) => a.holds(i) && b.holds(i),
      })),
      both.map(([a, b]): Condition => ({
        text: `(${a.text}) OR (${b.text})`, literals: [...a.literals, ...b.literals],
        holds: (i) => a.holds(i) || b.holds(i),
      })),
      tie("condition").map((a): Condition => ({
        text: `NOT (${a.text})`, literals: a.literals, holds: (i) => !a.holds(i),
      })),
    ),
  };
});

const item = fc.dictionary(fc.constantFrom(...names), plain, { maxKeys: 3, noNullPrototype: true })
  .map((v) => new Map(Object.entries(v)));

test(`conditions evaluate as the second evaluator says (SEED=${SEED})`, () => {
  let truths = 0;
  fc.assert(
    fc.property(condition, item, (wanted, plainItem) => {
      let count = 0;
      const text = wanted.text.replaceAll("?", () => `:v${count++}`);
      const values = Object.fromEntries(wanted.literals.map((v, i) => [`:v${i}`, toAttribute(v)]));
      const context = new ExpressionContext(null, values);
      const parsed = parseCondition(text, "ConditionExpression", context);
      if (text.length > 4096) return;
      assert.ok(parsed.ok, `${text}: ${parsed.ok ? "" : parsed.message}`);
      assert.equal(context.unusedProblem(), null);
      const attributes = toAttribute({ t: "M", v: plainItem }) as { M: Item };
      const expected = wanted.holds(plainItem);
      if (expected) truths++;
      assert.equal(evaluateCondition(parsed.value, attributes.M), expected, text);
    }),
    { seed: SEED, numRuns: RUNS },
  );
  assert.ok(truths > RUNS / 20 && truths < RUNS - RUNS / 20, `both outcomes occur: ${truths} of ${RUNS} are true`);
});
