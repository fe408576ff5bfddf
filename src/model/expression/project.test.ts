import assert from "node:assert/strict";
import { test } from "node:test";
import type { Item } from "../attribute-value.ts";
import { ExpressionContext } from "./context.ts";
import type { PathNode } from "./ast.ts";
import { parseProjection } from "./parse.ts";
import { projectItem, updatedAttributes } from "./project.ts";

const item: Item = {
  a: { S: "x" },
  l: { L: [{ N: "0" }, { N: "1" }, { M: { p: { S: "p2" }, q: { S: "q2" } } }, { L: [{ S: "in" }] }] },
  m: { M: { k: { N: "5" }, nest: { M: { one: { N: "1" }, two: { N: "2" } } } } },
};

function project(text: string): Item {
  const parsed = parseProjection(text, new ExpressionContext({ "#k": "k" }, null));
  assert.ok(parsed.ok);
  return projectItem(parsed.value, item);
}

test("projections of an item", () => {
  const cases: readonly [string, Item][] = [
    ["a", { a: { S: "x" } }],
    ["a, m", { a: { S: "x" }, m: item["m"] as Item[string] }],
    ["zz", {}],
    ["zz, a", { a: { S: "x" } }],
    ["m.#k", { m: { M: { k: { N: "5" } } } }],
    ["m.nest.two, m.nest.one, a", { m: { M: { nest: { M: { one: { N: "1" }, two: { N: "2" } } } } }, a: { S: "x" } }],
    ["m.zz", {}],
    ["m.nest.zz", {}],
    ["m.nest.zz, m.#k", { m: { M: { k: { N: "5" } } } }],
    ["m[0], a.b, l.x", {}],
    ["l[1]", { l: { L: [{ N: "1" }] } }],
    // Elements keep the order of the list whatever the order of the paths, and close up.
    ["l[3][0], l[0], l[2].q", { l: { L: [{ N: "0" }, { M: { q: { S: "q2" } } }, { L: [{ S: "in" }] }] } }],
    ["l[9], l[2].zz", {}],
    ["l[9], l[2].zz, l[1]", { l: { L: [{ N: "1" }] } }],
  ];
  for (const [text, expected] of cases) assert.deepEqual(project(text), expected, text);
});

test("a projected __proto__ is an own attribute", () => {
  const tricky = JSON.parse('{"__proto__":{"M":{"__proto__":{"N":"1"},"x":{"N":"2"}}}}') as Item;
  assert.equal(JSON.stringify(projectItem([["__proto__", "__proto__"]], tricky)),
    '{"__proto__":{"M":{"__proto__":{"N":"1"}}}}');
  assert.equal(JSON.stringify(projectItem([["__proto__"]], tricky)), JSON.stringify(tricky));
});

test("updated attributes are the touched parts, as they were and as they are", () => {
  const touched: readonly PathNode[] = [["a"], ["l", 1], ["l", 9], ["m", "nest", "one"], ["gone"], ["made"]];
  const oldItem: Item = { ...item, gone: { S: "g" } };
  const newItem: Item = { ...item, a: { S: "y" }, made: { N: "1" } };
  const unchanged = { l: { L: [{ N: "1" }] }, m: { M: { nest: { M: { one: { N: "1" } } } } } };
  assert.deepEqual(updatedAttributes(touched, oldItem, newItem, "UPDATED_OLD"),
    { ...unchanged, a: { S: "x" }, gone: { S: "g" } });
  assert.deepEqual(updatedAttributes(touched, oldItem, newItem, "UPDATED_NEW"),
    { ...unchanged, a: { S: "y" }, made: { N: "1" } });
});

test("nothing to report is null", () => {
  assert.equal(updatedAttributes([["a"]], null, item, "UPDATED_OLD"), null);
  assert.equal(updatedAttributes([["zz"]], item, item, "UPDATED_NEW"), null);
  assert.equal(updatedAttributes([["l", 4]], item, item, "UPDATED_NEW"), null);
  assert.equal(updatedAttributes([], item, item, "UPDATED_NEW"), null);
});
