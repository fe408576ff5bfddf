import assert from "node:assert/strict";
import { test } from "node:test";
import type { AttributeValue, Item } from "../attribute-value.ts";
import { compareBinary } from "./binary-text.ts";
import { compareText, compareValues, equalValues } from "./compare-values.ts";
import { ExpressionContext } from "./context.ts";
import { evaluateCondition } from "./evaluate-condition.ts";
import { parseCondition } from "./parse.ts";
import { isAttributeType } from "./value-type.ts";

const bin = (...bytes: number[]): string => Buffer.from(bytes).toString("base64");

const item: Item = {
  s: { S: "hello" }, wide: { S: "é\u{1d11e}" }, blank: { S: "" }, n: { N: "10" }, big: { N: "9" },
  b: { B: bin(0x80, 1, 2, 3) }, t: { BOOL: true }, nil: { NULL: true },
  ss: { SS: ["a", "b", "c"] }, ns: { NS: ["1", "2.5"] }, bs: { BS: [bin(1), bin(1, 2)] },
  l: { L: [{ N: "1" }, { M: { x: { S: "deep" } } }, { L: [] }] },
  m: { M: { k: { N: "5" }, "a.b": { S: "dotted" }, seq: { L: [{ S: "e0" }] } } },
};

function evaluate(text: string, values: Record<string, AttributeValue>, of: Item | null = item): boolean {
  const context = new ExpressionContext({ "#d": "a.b" }, values);
  const parsed = parseCondition(text, "FilterExpression", context);
  assert.ok(parsed.ok, `${text}: ${parsed.ok ? "" : parsed.message}`);
  return evaluateCondition(parsed.value, of);
}

const cases: readonly [expected: boolean, text: string, v?: AttributeValue, w?: AttributeValue][] = [
  // Comparison: by type, numbers by value, strings and binaries by their bytes.
  [true, "s = :v", { S: "hello" }],
  [false, "s = :v", { S: "Hello" }],
  [false, "n = :v", { S: "10" }],
  [true, "n <> :v", { S: "10" }],
  [true, "n > :v", { N: "9" }],
  [false, "n < :v", { N: "9" }],
  [true, "n > big"],
  [false, "n > :v", { S: "0" }],
  [false, "n <= :v", { S: "z" }],
  [true, "n >= :v", { N: "10" }],
  [true, "s < :v", { S: "hellp" }],
  [true, "s > :v", { S: "hell" }],
  [true, "wide < :v", { S: "\uffff" }],
  [true, "b > :v", { B: bin(0x7f, 0xff) }],
  [true, "b > :v", { B: bin(0x80, 1, 2) }],
  [false, "b < :v", { B: bin(0x80, 1, 2) }],
  [true, "t = :v", { BOOL: true }],
  [false, "t = :v", { BOOL: false }],
  [true, "nil = :v", { NULL: true }],
  // Sets whatever their order, documents as a whole.
  [true, "ss = :v", { SS: ["c", "a", "b"] }],
  [false, "ss = :v", { SS: ["c", "a"] }],
  [false, "ss = :v", { SS: ["c", "a", "d"] }],
  [false, "ss = :v", { SS: ["c", "a", "b", "d"] }],
  [true, "ss <> :v", { L: [{ S: "a" }, { S: "b" }, { S: "c" }] }],
  [true, "ns = :v", { NS: ["2.5", "1"] }],
  [true, "bs = :v", { BS: [bin(1, 2), bin(1)] }],
  [true, "l = :v", { L: [{ N: "1" }, { M: { x: { S: "deep" } } }, { L: [] }] }],
  [false, "l = :v", { L: [{ M: { x: { S: "deep" } } }, { N: "1" }, { L: [] }] }],
  [true, "m = :v", { M: { seq: { L: [{ S: "e0" }] }, "a.b": { S: "dotted" }, k: { N: "5" } } }],
  [false, "m = :v", { M: { "a.b": { S: "dotted" }, k: { N: "5" } } }],
  // Paths.
  [true, "m.k = :v", { N: "5" }],
  [true, "m.#d = :v", { S: "dotted" }],
  [true, "l[1].x = :v", { S: "deep" }],
  [true, "m.seq[0] = :v", { S: "e0" }],
  [false, "attribute_exists(l[3])"],
  [false, "attribute_exists(s.x)"],
  [false, "attribute_exists(m[0])"],
  [false, "attribute_exists(l.x)"],
  [true, "attribute_exists(l[2])"],
  [true, "attribute_not_exists(toString)"],
  [true, "attribute_not_exists(m.toString)"],
  // Attributes that are not there.
  [false, "zz = :v", { S: "" }],
  [true, "zz <> :v", { S: "" }],
  [true, "zz <> yy"],
  [false, "zz = yy"],
  [false, "zz < :v", { N: "1" }],
  [false, "zz >= :v", { N: "1" }],
  [true, "NOT zz >= :v", { N: "1" }],
  [false, "zz BETWEEN :v AND :w", { N: "1" }, { N: "2" }],
  [false, "zz IN (:v, yy)", { N: "1" }],
  [false, "begins_with(zz, :v)", { S: "" }],
  [false, "contains(zz, :v)", { S: "" }],
  [false, "size(zz) = :v", { N: "0" }],
  [true, "size(zz) <> :v", { N: "0" }],
  // BETWEEN, IN, connectives.
  [true, "n BETWEEN :v AND :w", { N: "10" }, { N: "10" }],
  [false, "n BETWEEN :v AND :w", { N: "1" }, { N: "9.99" }],
  [false, "n BETWEEN :v AND :w", { S: "1" }, { S: "99" }],
  [true, "n IN (s, :v)", { N: "10" }],
  [true, "ss IN (:v, :w)", { S: "a" }, { SS: ["b", "c", "a"] }],
  [true, "s = :v AND n = :w", { S: "hello" }, { N: "10" }],
  [false, "s = :v AND NOT n = :w", { S: "hello" }, { N: "10" }],
  [true, "s = :v OR n = :w AND n <> :w", { S: "hello" }, { N: "10" }],
  // attribute_type
  [true, "attribute_type(nil, :v)", { S: "NULL" }],
  [false, "attribute_type(nil, :v)", { S: "BOOL" }],
  [true, "attribute_type(m.seq, :v)", { S: "L" }],
  [false, "attribute_type(zz, :v)", { S: "S" }],
  // begins_with
  [true, "begins_with(s, :v)", { S: "hel" }],
  [true, "begins_with(s, :v)", { S: "" }],
  [false, "begins_with(s, :v)", { S: "el" }],
  [true, "begins_with(b, :v)", { B: bin(0x80) }],
  [true, "begins_with(b, :v)", { B: bin(0x80, 1) }],
  [true, "begins_with(b, :v)", { B: bin(0x80, 1, 2) }],
  [false, "begins_with(b, :v)", { B: bin(0x80, 1, 3) }],
  [false, "begins_with(b, :v)", { B: bin(0x80, 1, 2, 3, 4) }],
  [false, "begins_with(s, :v)", { B: bin(104) }],
  [false, "begins_with(n, :v)", { S: "1" }],
  // contains
  [true, "contains(s, :v)", { S: "ell" }],
  [false, "contains(s, :v)", { N: "1" }],
  [true, "contains(b, :v)", { B: bin(1, 2) }],
  [false, "contains(b, :v)", { B: bin(2, 1) }],
  [true, "contains(ss, :v)", { S: "b" }],
  [false, "contains(ss, :v)", { S: "bb" }],
  [false, "contains(ss, :v)", { SS: ["a"] }],
  [true, "contains(ns, :v)", { N: "2.5" }],
  [true, "contains(bs, :v)", { B: bin(1, 2) }],
  [true, "contains(l, :v)", { N: "1" }],
  [true, "contains(l, :v)", { M: { x: { S: "deep" } } }],
  [true, "contains(l, :v)", { L: [] }],
  [false, "contains(m, :v)", { S: "k" }],
  [false, "contains(n, :v)", { S: "1" }],
  [true, "contains(:v, m.seq[0])", { L: [{ S: "e0" }] }],
  // size: UTF-16 units, bytes, elements.
  [true, "size(s) = :v", { N: "5" }],
  [true, "size(wide) = :v", { N: "3" }],
  [true, "size(blank) = :v", { N: "0" }],
  [true, "size(b) = :v", { N: "4" }],
  [true, "size(ss) = :v", { N: "3" }],
  [true, "size(bs) = size(ns)"],
  [true, "size(l) = :v", { N: "3" }],
  [true, "size(m) BETWEEN :v AND :w", { N: "2" }, { N: "3" }],
  [true, "size(l) IN (big, size(m))"],
  [false, "size(n) >= :v", { N: "0" }],
  [false, "size(t) >= :v", { N: "0" }],
  [false, "size(s) = :v", { S: "5" }],
  [true, "size(:v) = size(l)", { M: { a: { N: "1" }, b: { N: "1" }, c: { N: "1" } } }],
];

test("conditions on an item", () => {
  for (const [expected, text, v, w] of cases) {
    const values = { ...(v === undefined ? {} : { ":v": v }), ...(w === undefined ? {} : { ":w": w }) };
    assert.equal(evaluate(text, values), expected, `${text} ${JSON.stringify(values)}`);
  }
});

test("no item is an item without attributes", () => {
  assert.equal(evaluate("attribute_not_exists(s)", {}, null), true);
  assert.equal(evaluate("s = :v", { ":v": { S: "hello" } }, null), false);
  assert.equal(evaluate("s <> :v", { ":v": { S: "hello" } }, null), true);
});

test("names of Object.prototype are attributes like any other", () => {
  const tricky = JSON.parse('{"__proto__":{"M":{"constructor":{"N":"1"}}}}') as Item;
  const context = new ExpressionContext({ "#p": "__proto__" }, { ":v": { N: "1" } });
  const absent = parseCondition("#p.#p = :v OR attribute_exists(hasOwnProperty)", "ConditionExpression", context);
  assert.ok(absent.ok && !evaluateCondition(absent.value, tricky));
  const names = new ExpressionContext({ "#p": "__proto__", "#c": "constructor" }, { ":v": { N: "1" } });
  const present = parseCondition("#p.#c = :v", "ConditionExpression", names);
  assert.ok(present.ok && evaluateCondition(present.value, tricky));
});

test("binaries are ordered as unsigned bytes, strings as UTF-8", () => {
  const binaries = [[], [0], [0, 0], [0, 0, 0], [0, 1], [1], [1, 0xff], [62], [63, 0xfb], [0xfb], [0xff], [0xff, 0]];
  for (const a of binaries) {
    for (const b of binaries) {
      const expected = Buffer.compare(Buffer.from(a), Buffer.from(b));
      assert.equal(Math.sign(compareBinary(bin(...a), bin(...b))), expected, `${a} ${b}`);
    }
  }
  const texts = ["", "a", "ab", "\u007f", "\u0080", "é", "\u07ff", "\u0800", "\ud7ff", "\ue000", "\uffff",
    "\u{10000}", "\u{10ffff}"];
  for (const a of texts) {
    for (const b of texts) {
      const expected = Buffer.compare(Buffer.from(a), Buffer.from(b));
      assert.equal(Math.sign(compareText(a, b)), expected, `${a} ${b}`);
    }
  }
});

test("only strings, numbers and binaries are ordered; a value equals itself alone", () => {
  const all = Object.values(item);
  for (const [i, a] of all.entries()) {
    for (const [j, b] of all.entries()) {
      assert.equal(equalValues(a, b), i === j);
      const type = Object.keys(a)[0] as string;
      const isOrdered = type === Object.keys(b)[0] && ["S", "N", "B"].includes(type);
      assert.equal(compareValues(a, b) !== null, isOrdered);
    }
  }
  const large = Array.from({ length: 50 }, (_, i) => `e${i}`);
  assert.ok(equalValues({ SS: large }, { SS: large.toReversed() }));
  assert.ok(!equalValues({ SS: large }, { SS: [...large.slice(1), "other"] }));
  assert.ok(isAttributeType("BOOL") && !isAttributeType("bool") && !isAttributeType("constructor"));
});
