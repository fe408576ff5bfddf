import assert from "node:assert/strict";
import { test } from "node:test";
import type { AttributeValue, Item } from "../attribute-value.ts";
import { applyUpdate } from "./apply-update.ts";
import type { UpdateResult } from "./apply-update.ts";
import { ExpressionContext } from "./context.ts";
import { parseUpdate } from "./parse.ts";

const values: Record<string, AttributeValue> = {
  ":one": { N: "1" }, ":half": { N: "0.5" }, ":s": { S: "new" }, ":l": { L: [{ S: "x" }] },
  ":m": { M: { q: { N: "7" } } },
  ":ss": { SS: ["b", "z"] }, ":ns": { NS: ["2"] }, ":all": { SS: ["a", "b"] }, ":huge": { N: `9${"0".repeat(125)}` },
  ":tiny": { N: "0.1" }, ":long": { N: "1".repeat(38) },
};
const item: Item = {
  pk: { S: "k" }, a: { N: "10" }, b: { N: "20" }, s: { S: "text" }, huge: { N: `9${"0".repeat(125)}` },
  l: { L: [{ S: "l0" }, { S: "l1" }, { S: "l2" }, { M: { x: { N: "1" } } }] },
  m: { M: { k: { N: "5" }, nest: { M: { deep: { S: "d" } } }, seq: { L: [{ N: "1" }] } } },
  ss: { SS: ["a", "b"] }, ns: { NS: ["1"] },
};

function freeze<T>(value: T): T {
  if (typeof value === "object" && value !== null) for (const part of Object.values(value)) freeze(part);
  return Object.freeze(value);
}
freeze(item);
freeze(values);

function apply(text: string, of: Item = item): UpdateResult {
  const parsed = parseUpdate(text, new ExpressionContext({ "#p": "__proto__" }, values));
  assert.ok(parsed.ok, `${text}: ${parsed.ok ? "" : parsed.message}`);
  return applyUpdate(parsed.value, of);
}

function listOf(...elements: AttributeValue[]): AttributeValue {
  return { L: elements };
}
type Four = [AttributeValue, AttributeValue, AttributeValue, AttributeValue];
const [l0, l1, l2, l3] = (item["l"] as unknown as { L: Four }).L;
const fresh = { S: "new" };
const m = (item["m"] as { M: Record<string, AttributeValue> }).M;

/** What differs from `item` afterwards; null: the attribute is gone. */
const cases: readonly [text: string, differences: Record<string, AttributeValue | null>][] = [
  ["SET c = :s", { c: fresh }],
  ["SET a = :s", { a: fresh }],
  ["SET a = a + :one", { a: { N: "11" } }],
  ["SET a = a - :half", { a: { N: "9.5" } }],
  ["SET a = :one - a", { a: { N: "-9" } }],
  ["SET a = b, b = a", { a: { N: "20" }, b: { N: "10" } }],
  ["SET a = a + b, c = a", { a: { N: "30" }, c: { N: "10" } }],
  ["SET c = a REMOVE a", { c: { N: "10" }, a: null }],
  ["SET a = if_not_exists(a, :s)", {}],
  ["SET c = if_not_exists(c, :one) + :one", { c: { N: "2" } }],
  ["SET c = if_not_exists(c, if_not_exists(d, a))", { c: { N: "10" } }],
  ["SET c = if_not_exists(m.k, :s)", { c: { N: "5" } }],
  ["SET l = list_append(l, :l)", { l: listOf(l0, l1, l2, l3, { S: "x" }) }],
  ["SET l = list_append(:l, l)", { l: listOf({ S: "x" }, l0, l1, l2, l3) }],
  ["SET c = list_append(if_not_exists(c, :l), :l)", { c: listOf({ S: "x" }, { S: "x" }) }],
  // Nested paths.
  ["SET m.k = :s", { m: { M: { ...m, k: fresh } } }],
  ["SET m.nest.more = :s", { m: { M: { ...m, nest: { M: { deep: { S: "d" }, more: fresh } } } } }],
  ["SET m.seq[0] = m.seq[0] + m.k", { m: { M: { ...m, seq: listOf({ N: "6" }) } } }],
  ["SET m.k = :one, m.nest = :m REMOVE m.seq[0]",
    { m: { M: { k: { N: "1" }, nest: { M: { q: { N: "7" } } }, seq: listOf() } } }],
  ["SET l[3].x = l[3].x + :one", { l: listOf(l0, l1, l2, { M: { x: { N: "2" } } }) }],
  // Lists: indexes of the old list, appending beyond the end, removal in any order.
  ["SET l[1] = :s", { l: listOf(l0, fresh, l2, l3) }],
  ["SET l[4] = :s", { l: listOf(l0, l1, l2, l3, fresh) }],
  ["SET l[99] = :s, l[10] = :one", { l: listOf(l0, l1, l2, l3, { N: "1" }, fresh) }],
  ["REMOVE l[0], l[2]", { l: listOf(l1, l3) }],
  ["REMOVE l[2], l[0], l[17]", { l: listOf(l1, l3) }],
  ["SET l[2147483646] = :s REMOVE l[2147483647]", { l: listOf(l0, l1, l2, l3, fresh) }],
  ["SET l[1] = l[0] REMOVE l[0]", { l: listOf(l0, l2, l3) }],
  ["SET l[7] = :s REMOVE l[1]", { l: listOf(l0, l2, l3, fresh) }],
  ["REMOVE l[3].x, l[0]", { l: listOf(l1, l2, { M: {} }) }],
  // REMOVE of what is not there.
  ["REMOVE c", {}],
  ["REMOVE a, c, s", { a: null, s: null }],
  ["REMOVE m.zz", {}],
  ["REMOVE m.k", { m: { M: { nest: m["nest"] as AttributeValue, seq: m["seq"] as AttributeValue } } }],
  // ADD and DELETE.
  ["ADD a :one", { a: { N: "11" } }],
  ["ADD c :one", { c: { N: "1" } }],
  ["ADD m.k :half, m.fresh :ns", { m: { M: { ...m, k: { N: "5.5" }, fresh: { NS: ["2"] } } } }],
  ["ADD m.seq[0] :one", { m: { M: { ...m, seq: listOf({ N: "2" }) } } }],
  ["ADD m.seq[5] :one", { m: { M: { ...m, seq: listOf({ N: "1" }, { N: "1" }) } } }],
  ["ADD ss :ss", { ss: { SS: ["a", "b", "z"] } }],
  ["ADD ns :ns", { ns: { NS: ["1", "2"] } }],
  ["ADD c :ss", { c: { SS: ["b", "z"] } }],
  ["DELETE ss :ss", { ss: { SS: ["a"] } }],
  ["DELETE ss :all", { ss: null }],
  ["DELETE c :ss", {}],
  ["DELETE m.zz :ss", {}],
];

test("updates of an item", () => {
  for (const [text, differences] of cases) {
    const result = apply(text);
    assert.ok(result.ok, `${text}: ${result.ok ? "" : result.message}`);
    const expected: Record<string, AttributeValue> = { ...item };
    for (const [name, value] of Object.entries(differences)) {
      if (value === null) delete expected[name];
      else expected[name] = value;
    }
    assert.deepEqual(result.item, expected, text);
  }
});

const missing = "The provided expression refers to an attribute that does not exist in the item";
const wrongType = "An operand in the update expression has an incorrect data type";
const invalidPath = "The document path provided in the update expression is invalid for update";

test("updates that an item does not allow", () => {
  const failures: readonly [string, string][] = [
    ["SET a = c", missing],
    ["SET a = m.zz", missing],
    ["SET a = c + :one", missing],
    ["SET c = list_append(c, :l)", missing],
    ["SET c = if_not_exists(c, d)", missing],
    ["SET a = s + :one", wrongType],
    ["SET a = list_append(l, a)", wrongType],
    ["SET a = if_not_exists(s, :one) + :one", wrongType],
    ["ADD s :one", wrongType],
    ["ADD a :ss", wrongType],
    ["ADD ss :ns", wrongType],
    ["ADD ss :one", wrongType],
    ["ADD l :ss", wrongType],
    ["DELETE ns :ss", wrongType],
    ["DELETE a :ss", wrongType],
    ["DELETE l :ss", wrongType],
    ["SET c.d = :s", invalidPath],
    ["SET s.d = :s", invalidPath],
    ["SET l.d = :s", invalidPath],
    ["SET m[0] = :s", invalidPath],
    ["SET c[0] = :s", invalidPath],
    ["SET m.zz.d = :s", invalidPath],
    ["SET l[9].d = :s", invalidPath],
    ["SET l[0].d = :s", invalidPath],
    ["REMOVE c.d", invalidPath],
    ["REMOVE c[0]", invalidPath],
    ["REMOVE m[0]", invalidPath],
    ["ADD c.d :one", invalidPath],
    ["DELETE c.d :ss", invalidPath],
    ["SET huge = huge + :huge",
      "Number overflow. Attempting to store a number with magnitude larger than supported range"],
    ["ADD huge :huge", "Number overflow. Attempting to store a number with magnitude larger than supported range"],
    ["SET c = :long + :tiny", "Attempting to store more than 38 significant digits in a Number"],
  ];
  for (const [text, message] of failures) assert.deepEqual(apply(text), { ok: false, message }, text);
});

test("touched paths are those of the update, changed or not", () => {
  const result = apply("SET a = :one, l[1] = :s REMOVE c, m.k ADD ns :ns DELETE zz :ss");
  assert.ok(result.ok);
  assert.deepEqual(result.touched, [["a"], ["l", 1], ["c"], ["m", "k"], ["ns"], ["zz"]]);
});

test("what is not changed is shared with the old item", () => {
  const result = apply("SET m.k = :s");
  assert.ok(result.ok);
  assert.equal(result.item["l"], item["l"]);
  assert.equal((result.item["m"] as { M: Item }).M["nest"], m["nest"]);
});

test("__proto__ is an attribute like any other", () => {
  const result = apply("SET #p = :s", { pk: { S: "k" } });
  assert.ok(result.ok);
  assert.equal(JSON.stringify(result.item), '{"pk":{"S":"k"},"__proto__":{"S":"new"}}');
  const next = apply("REMOVE #p", result.item);
  assert.ok(next.ok);
  assert.deepEqual(Object.keys(next.item), ["pk"]);
});

test("an update cannot nest deeper than values may", () => {
  const nested = (levels: number): AttributeValue => (levels === 0 ? { N: "1" } : { M: { x: nested(levels - 1) } });
  const deep: Item = { a: nested(16), c: nested(16), d: nested(17) };
  const place = `a${".x".repeat(16)}`; // a value with sixteen maps around it
  const within = apply(`SET ${place} = c`, deep);
  assert.ok(within.ok);
  const beyond = apply(`SET ${place} = d`, deep);
  assert.ok(!beyond.ok);
  assert.match(beyond.message, /^Nesting Levels have exceeded supported limits/);
});
