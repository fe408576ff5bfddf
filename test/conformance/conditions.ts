// ConditionExpression and FilterExpression: syntax errors, operands, and what conditions mean.
import { N, S, answers, does, refuses, type Refused, type Suite } from "./suite.ts";
import assert from "node:assert/strict";

const T = { TableName: "$chash" };
const FAILED = "The conditional request failed";
const TYPE = "Incorrect operand type for operator or function; operator or function:";
const COUNT = "Incorrect number of operands for operator or function; operator or function:";
const THIS_WAY = "The function is not allowed to be used this way in an expression; function:";

/** A condition that is refused, with the values it is given. */
function bad(text: string, message: string, values?: Readonly<Record<string, unknown>>, names?: Readonly<Record<string, string>>): Refused {
  return ["PutItem", {
    ...T, Item: { a: S("bad") }, ConditionExpression: text,
    ...(values === undefined ? {} : { ExpressionAttributeValues: values }),
    ...(names === undefined ? {} : { ExpressionAttributeNames: names }),
  }, `Invalid ConditionExpression: ${message}`];
}

const V = { ":v": S("x") };

const refused = refuses("condition", [
  bad("", "The expression can not be empty;"),
  bad("b", 'Syntax error; token: "<EOF>", near: "b"'),
  bad("b = ", 'Syntax error; token: "<EOF>", near: "="'),
  bad("b = :v AND", 'Syntax error; token: "<EOF>", near: "AND"', V),
  bad("b == :v", 'Syntax error; token: "=", near: "== :v"', V),
  bad("b = :v b = :v", 'Syntax error; token: "b", near: ":v b ="', V),
  bad("b & :v", 'Syntax error; token: "&", near: "b & :v"', V),
  bad("attribute_exists(b", 'Syntax error; token: "<EOF>", near: "b"'),
  bad("b IN ()", 'Syntax error; token: ")", near: "()"'),
  bad("b = :w", "An expression attribute value used in expression is not defined; attribute value: :w", V),
  bad("#b = :v", "An expression attribute name used in the document path is not defined; attribute name: #b", V),
  bad("name = :v", "Attribute name is a reserved keyword; reserved keyword: name", V),
  bad("b.Status = :v", "Attribute name is a reserved keyword; reserved keyword: Status", V),
  bad("((b = :v))", "The expression has redundant parentheses;", V),
  bad("nope(b)", "Invalid function name; function: nope"),
  bad("ATTRIBUTE_EXISTS(b)", "Invalid function name; function: ATTRIBUTE_EXISTS"),
  bad("size(b)", `${THIS_WAY} size`),
  bad("attribute_exists(b) = :v", `${THIS_WAY} attribute_exists`, V),
  bad("if_not_exists(b, :v)", "The function is not allowed in a condition expression; function: if_not_exists", V),
  bad("attribute_exists(b, c)", `${COUNT} attribute_exists, number of operands: 2`),
  bad("begins_with(b)", `${COUNT} begins_with, number of operands: 1`),
  bad("contains(b, :v, :v)", `${COUNT} contains, number of operands: 3`, V),
  bad("attribute_exists(:v)", "Operator or function requires a document path; operator or function: attribute_exists", V),
  bad("attribute_not_exists(:v)", "Operator or function requires a document path; operator or function: attribute_not_exists", V),
  bad("begins_with(b, :v)", `${TYPE} begins_with, operand type: N`, { ":v": N(1) }),
  bad("begins_with(:v, b)", `${TYPE} begins_with, operand type: SS`, { ":v": { SS: ["a"] } }),
  bad("contains(:v, b)", `${TYPE} contains, operand type: N`, { ":v": N(1) }),
  bad("b < :v", `${TYPE} <, operand type: BOOL`, { ":v": { BOOL: true } }),
  bad("b >= :v", `${TYPE} >=, operand type: L`, { ":v": { L: [] } }),
  bad("b > :v", `${TYPE} >, operand type: M`, { ":v": { M: {} } }),
  bad("b BETWEEN :v AND :v", `${TYPE} BETWEEN, operand type: NULL`, { ":v": { NULL: true } }),
  bad("size(:v) > :n", `${TYPE} size, operand type: N`, { ":v": N(1), ":n": N(1) }),
  bad("b BETWEEN :x AND :y", "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; "
    + "lower bound operand: AttributeValue: {N:2}, upper bound operand: AttributeValue: {N:1}", { ":x": N(2), ":y": N(1) }),
  bad("b BETWEEN :x AND :y", "The BETWEEN operator requires same data type for lower and upper bounds; "
    + "lower bound operand: AttributeValue: {N:1}, upper bound operand: AttributeValue: {S:b}", { ":x": N(1), ":y": S("b") }),
  bad("b = b", "The first operand must be distinct from the remaining operands for this operator or function; operator: =, "
    + "first operand: [b]"),
  bad("b.c[0] <> b.c[0]", "The first operand must be distinct from the remaining operands for this operator or function; operator: <>, "
    + "first operand: [b, c, [0]]"),
  bad("contains(b, b)", "The first operand must be distinct from the remaining operands for this operator or function; "
    + "operator: contains, first operand: [b]"),
  bad("attribute_type(b, :v)", "Invalid attribute type name found; type: x, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}", V),
  bad("attribute_type(b, :v)", `${TYPE} attribute_type, operand type: N`, { ":v": N(1) }),
]);

const ITEM = {
  a: S("item"), s: S("hello"), n: N(5), t: { BOOL: true }, z: { NULL: true }, b: { B: "AAEC" }, ss: { SS: ["a", "b"] }, ns: { NS: ["1", "2"] },
  l: { L: [S("x"), N(7), { L: [N(1)] }] }, m: { M: { k: S("v"), n: N(1), e: { M: {} } } }, e: S(""),
};
const VALUES: Readonly<Record<string, unknown>> = {
  ":hello": S("hello"), ":he": S("he"), ":llo": S("llo"), ":five": N("5.0"), ":four": N(4), ":six": N(6), ":true": { BOOL: true },
  ":null": { NULL: true }, ":bin": { B: "AAEC" }, ":binpre": { B: "AAE=" }, ":ss": { SS: ["b", "a"] }, ":ns": { NS: ["2", "1"] }, ":a": S("a"),
  ":one": N(1), ":x": S("x"), ":seven": N(7), ":m": { M: { n: N(1), k: S("v"), e: { M: {} } } }, ":l": { L: [S("x"), N(7), { L: [N(1)] }] },
  ":three": N(3), ":two": N(2), ":S": S("S"), ":N": S("N"), ":L": S("L"), ":NULL": S("NULL"), ":zz": S("zz"), ":zero": N(0), ":empty": S(""),
};
/** Conditions on the item, and whether they hold. */
const MEANING: readonly (readonly [string, boolean])[] = [
  ["s = :hello", true], ["s <> :hello", false], ["s = :five", false], ["s <> :five", true], ["nope = :hello", false], ["nope <> :hello", true],
  ["n = :five", true], ["n > :four", true], ["n < :four", false], ["n >= :five", true], ["n <= :four", false], ["s > :four", false],
  [":six > n", true], ["nope < :six", false], ["n BETWEEN :four AND :six", true], ["NOT n BETWEEN :four AND :six", false],
  ["n IN (:four, :five)", true], ["n IN (:four, :six)", false], ["s IN (:five, :hello)", true], ["nope IN (:four)", false],
  ["t = :true", true], ["z = :null", true], ["b = :bin", true], ["ss = :ss", true], ["ns = :ns", true], ["m = :m", true], ["l = :l", true],
  ["begins_with(s, :he)", true], ["begins_with(s, :llo)", false], ["begins_with(b, :binpre)", true], ["begins_with(nope, :he)", false],
  ["begins_with(n, :he)", false], ["contains(s, :llo)", true], ["contains(s, :zz)", false], ["contains(ss, :a)", true], ["contains(ss, :zz)", false],
  ["contains(ns, :one)", true], ["contains(l, :x)", true], ["contains(l, :seven)", true], ["contains(l, :zz)", false], ["contains(m, :x)", false],
  ["attribute_exists(s)", true], ["attribute_exists(m.k)", true], ["attribute_exists(m.q)", false], ["attribute_exists(l[1])", true],
  ["attribute_exists(l[9])", false], ["attribute_exists(l[2][0])", true], ["attribute_not_exists(nope)", true], ["attribute_not_exists(s)", false],
  ["attribute_exists(s.k)", false], ["attribute_not_exists(s[0])", true], ["attribute_exists(z)", true],
  ["attribute_type(s, :S)", true], ["attribute_type(n, :S)", false], ["attribute_type(l, :L)", true], ["attribute_type(z, :NULL)", true],
  ["attribute_type(nope, :S)", false], ["size(s) = :five", true], ["size(b) = :three", true], ["size(ss) = :two", true], ["size(l) = :three", true],
  ["size(m) = :three", true], ["size(e) = :zero", true], ["size(n) = :one", false], ["size(nope) = :one", false], ["size(s) > size(ss)", true],
  ["e = :empty", true], ["s = :hello AND n = :four", false], ["s = :hello OR n = :four", true], ["NOT s = :hello", false],
  ["NOT (s = :hello AND n = :four)", true], ["s = :zz AND n = :five OR t = :true", true], ["s = :zz AND (n = :five OR t = :true)", false],
  ["NOT s = :zz AND n = :five", true], ["m.k = m.n", false], ["m.n = ns", false], ["m.n < n", true], ["not attribute_exists(nope)", true],
  ["s = :hello and n In (:five) Or t Between :four aNd :six", true],
];

const means = does("PutItem", "conditions hold as documented", async (target) => {
  await target.ok("PutItem", { ...T, Item: ITEM });
  const wrong: unknown[] = [];
  for (const [text, holds] of MEANING) {
    const used = Object.fromEntries(Object.entries(VALUES).filter(([name]) => new RegExp(`${name}(?![A-Za-z])`).test(text)));
    const answer = await target.ask("UpdateItem", {
      ...T, Key: { a: S("item") }, ConditionExpression: text, ...(Object.keys(used).length === 0 ? {} : { ExpressionAttributeValues: used }),
    });
    const got = answer.status === 200 ? true : answer.type === "ConditionalCheckFailedException" ? false : answer.text;
    const scanned = await target.ask("Scan", {
      ...T, FilterExpression: text, ConsistentRead: true, ...(Object.keys(used).length === 0 ? {} : { ExpressionAttributeValues: used }),
    });
    const found = scanned.json?.Items?.some((item: any) => item.a.S === "item");
    if (got !== holds || found !== holds) wrong.push({ text, holds, got, found });
  }
  assert.deepEqual(wrong, []);
});

const failing = [
  ...refuses("a condition that does not hold", [
    ["PutItem", { ...T, Item: { a: S("none") }, ConditionExpression: "attribute_exists(a)" }, FAILED, "ConditionalCheckFailedException"],
    ["UpdateItem", { ...T, Key: { a: S("none") }, ConditionExpression: "attribute_exists(a)" }, FAILED, "ConditionalCheckFailedException"],
    ["DeleteItem", { ...T, Key: { a: S("none") }, ConditionExpression: "attribute_exists(a)" }, FAILED, "ConditionalCheckFailedException"],
  ]),
  does("PutItem", "a failed condition gives the item when asked", async (target) => {
    await target.ok("PutItem", { ...T, Item: { a: S("held"), v: N(1) } });
    const asked = { ConditionExpression: "attribute_not_exists(a)", ReturnValuesOnConditionCheckFailure: "ALL_OLD" };
    for (const [operation, input] of [
      ["PutItem", { ...T, Item: { a: S("held") }, ...asked }], ["UpdateItem", { ...T, Key: { a: S("held") }, ...asked }],
      ["DeleteItem", { ...T, Key: { a: S("held") }, ...asked }],
    ] as const) {
      const answer = await target.ask(operation, input);
      assert.equal(answer.type, "ConditionalCheckFailedException");
      assert.deepEqual(answer.json.Item, { a: S("held"), v: N(1) }, operation);
    }
    const none = await target.ask("DeleteItem", { ...T, Key: { a: S("no") }, ...asked, ConditionExpression: "attribute_exists(a)" });
    assert.equal(none.type, "ConditionalCheckFailedException");
    assert.equal("Item" in none.json, false);
    const plain = await target.ask("PutItem", { ...T, Item: { a: S("held") }, ConditionExpression: "attribute_not_exists(a)" });
    assert.equal("Item" in plain.json, false);
  }),
  answers("PutItem", "a condition that holds", [
    ["PutItem", { ...T, Item: { a: S("cond"), v: N(1) }, ConditionExpression: "attribute_not_exists(a)" }, {}],
    ["PutItem", { ...T, Item: { a: S("cond"), v: N(2) }, ConditionExpression: "v = :v", ExpressionAttributeValues: { ":v": N(1) } }, {}],
    ["DeleteItem", { ...T, Key: { a: S("cond") }, ConditionExpression: "#v = :v", ExpressionAttributeNames: { "#v": "v" },
      ExpressionAttributeValues: { ":v": N(2) }, ReturnValues: "ALL_OLD" }, { Attributes: { a: S("cond"), v: N(2) } }],
  ]),
];

export const conditions: Suite = {
  name: "conditions", setup: (target) => target.table("chash", "a:S"), cases: [...refused, means, ...failing],
};
