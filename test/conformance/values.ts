// Attribute values: what is refused, what comes back, numbers in their canonical text.
import { N, S, answers, does, inOrder, refuses, type Suite } from "./suite.ts";
import assert from "node:assert/strict";

const T = { TableName: "$vhash" };
const INVALID = "One or more parameter values were invalid: ";
const EMPTY = "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes";
const MANY = "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes";
const OVERFLOW = "Number overflow. Attempting to store a number with magnitude larger than supported range";
const UNDERFLOW = "Number underflow. Attempting to store a number with magnitude smaller than supported range";
const DIGITS = "Attempting to store more than 38 significant digits in a Number";
const NOT_NUMBER = "The parameter cannot be converted to a numeric value";

const put = (value: unknown): unknown => ({ ...T, Item: { a: S("bad"), v: value } });

const refused = refuses("values", [
  ["PutItem", put({}), EMPTY],
  ["PutItem", put({ X: "y" }), EMPTY],
  ["PutItem", put({ S: "a", N: "1" }), MANY],
  ["PutItem", put({ L: [{}] }), EMPTY],
  ["PutItem", put({ M: { k: { S: "a", N: "1" } } }), MANY],
  ["PutItem", put({ NULL: false }), `${INVALID}Null attribute value types must have the value of true`],
  ["PutItem", put({ SS: [] }), `${INVALID}An string set  may not be empty`],
  ["PutItem", put({ NS: [] }), `${INVALID}An number set  may not be empty`],
  ["PutItem", put({ BS: [] }), `${INVALID}Binary sets should not be empty`],
  ["PutItem", put({ SS: ["a", "b", "a"] }), `${INVALID}Input collection [a, b, a] contains duplicates.`],
  ["PutItem", put({ NS: ["1", "1.0"] }), "Input collection contains duplicates"],
  ["PutItem", put({ BS: ["AQ==", "AQ=="] }), `${INVALID}Input collection [AQ==, AQ==]of type BS contains duplicates.`],
  ["PutItem", put({ M: { k: { SS: [] } } }), `${INVALID}An string set  may not be empty`],
  ["PutItem", put({ N: "" }), NOT_NUMBER],
  ["PutItem", put({ N: "abc" }), `${NOT_NUMBER}: abc`],
  ["PutItem", put({ N: "1 " }), `${NOT_NUMBER}: 1 `],
  ["PutItem", put({ N: "0x10" }), `${NOT_NUMBER}: 0x10`],
  ["PutItem", put({ N: "NaN" }), `${NOT_NUMBER}: NaN`],
  ["PutItem", put({ N: "Infinity" }), `${NOT_NUMBER}: Infinity`],
  ["PutItem", put({ N: "1e126" }), OVERFLOW],
  ["PutItem", put({ N: "-1e126" }), OVERFLOW],
  ["PutItem", put({ N: "1e-131" }), UNDERFLOW],
  ["PutItem", put({ N: "-1e-131" }), UNDERFLOW],
  ["PutItem", put({ N: "1".repeat(39) }), DIGITS],
  ["PutItem", put({ N: `0.${"1".repeat(39)}` }), DIGITS],
  ["PutItem", put({ NS: ["1", "x"] }), `${NOT_NUMBER}: x`],
  ["PutItem", { ...T, Item: { a: N("x") } }, `${NOT_NUMBER}: x`],
]);

/** Sent, and how it comes back. */
const NUMBERS: readonly (readonly [string, string])[] = [
  ["1", "1"], ["001", "1"], ["+1", "1"], ["-1", "-1"], ["1.0", "1"], ["1.10", "1.1"], ["0", "0"], ["-0", "0"], ["0.0", "0"],
  [".5", "0.5"], ["5.", "5"], ["1e3", "1000"], ["1E+3", "1000"], ["12e-1", "1.2"], ["1e-7", "0.0000001"],
  ["123456789012345678901234567890", "123456789012345678901234567890"],
  ["9".repeat(38), "9".repeat(38)], [`${"1".repeat(38)}000`, `${"1".repeat(38)}000`],
  ["1e125", `1${"0".repeat(125)}`], ["-1e125", `-1${"0".repeat(125)}`],
  [`9.${"9".repeat(37)}e125`, `${"9".repeat(38)}${"0".repeat(88)}`], ["1e-130", `0.${"0".repeat(129)}1`],
  ["00012.3400", "12.34"], ["0.1", "0.1"], ["-0.001", "-0.001"],
];

const VALUES: readonly (readonly [string, unknown])[] = [
  ["a string", S("x")], ["an empty string", S("")], ["Unicode", S("ü€😀\u0000\n\"\\")], ["a number", N(5)], ["a boolean", { BOOL: false }],
  ["null", { NULL: true }], ["binary", { B: "AAECAw==" }], ["empty binary", { B: "" }], ["a string set", { SS: ["a", "b", ""] }],
  ["a number set", { NS: ["1", "-2", "3.5"] }], ["a binary set", { BS: ["AA==", "AQ=="] }], ["an empty list", { L: [] }],
  ["an empty map", { M: {} }], ["a list", { L: [S("a"), N(1), { L: [{ NULL: true }] }, { M: { k: { BOOL: true } } }] }],
  ["a map", { M: { "": S("x") } }], ["odd names", { M: { "a.b": N(1), "a b": N(2), "#x": N(3), "__proto__": N(4), "constructor": N(5) } }],
];

const kept = VALUES.filter(([name]) => name !== "a map").map(([name, value]) => answers("PutItem", `keeps ${name}`, [
  ["PutItem", { ...T, Item: { a: S(name), v: value } }, {}],
  ["GetItem", { ...T, Key: { a: S(name) } }, { Item: { a: S(name), v: value } }],
]));

const numbers = does("PutItem", "gives numbers in canonical text", async (target) => {
  const wrong: unknown[] = [];
  for (const [sent, wanted] of NUMBERS) {
    await target.ok("PutItem", { ...T, Item: { a: S("number"), v: { N: sent }, s: { NS: [sent] } } });
    const { Item } = await target.ok("GetItem", { ...T, Key: { a: S("number") } });
    if (Item.v.N !== wanted || Item.s.NS[0] !== wanted) wrong.push({ sent, wanted, got: Item });
  }
  assert.deepEqual(wrong, []);
});

const comparing = does("Query", "sort keys are in the order of numbers, bytes and code points", async (target) => {
  const sorted = {
    N: ["-1e125", "-20", "-3", "-0.5", "0", "1e-130", "0.5", "3", "20", "1e125"],
    S: ["A", "Z", "a", "aa", "b", "ü", "€", "\uffee", "😀"],
    B: ["AA==", "AAA=", "AQ==", "fw==", "gA==", "/w=="],
  } as const;
  for (const type of ["N", "S", "B"] as const) {
    const table = `$vsort-${type.toLowerCase()}`;
    for (const value of sorted[type].toReversed()) await target.ok("PutItem", { TableName: table, Item: { a: S("p"), b: { [type]: value } } });
    const page = await target.ok("Query", {
      TableName: table, KeyConditionExpression: "a = :a", ExpressionAttributeValues: { ":a": S("p") }, ProjectionExpression: "b",
    });
    const texts = page.Items.map((item: any) => item.b[type]);
    if (type === "N") assert.deepEqual(texts.map(Number), sorted.N.map(Number));
    else assert.deepEqual(texts, sorted[type]);
  }
});

const sets = does("PutItem", "sets come back whole", async (target) => {
  const members = Array.from({ length: 200 }, (_, i) => `m${i}`);
  await target.ok("PutItem", { ...T, Item: { a: S("set"), v: { SS: members } } });
  const { Item } = await target.ok("GetItem", { ...T, Key: { a: S("set") } });
  assert.deepEqual(inOrder(Item.v), inOrder({ SS: members }));
});

export const values: Suite = {
  name: "values",
  setup: async (target) => {
    await target.table("vhash", "a:S");
    for (const type of ["N", "S", "B"]) await target.table(`vsort-${type.toLowerCase()}`, "a:S", `b:${type}`);
  },
  cases: [...refused, ...kept, numbers, comparing, sets],
};
