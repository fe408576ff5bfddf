// UpdateItem: what its expressions mean, what they are refused for, and what it returns.
import { N, S, answers, refuses, type Answered, type Case, type Refused, type Suite } from "./suite.ts";

const T = { TableName: "$uhash" };
const PATH = "The document path provided in the update expression is invalid for update";
const OPERAND = "An operand in the update expression has an incorrect data type";
const MISSING = "The provided expression refers to an attribute that does not exist in the item";
const TYPE = "Incorrect operand type for operator or function; operator or function:";
const TYPE_SET = "Incorrect operand type for operator or function; operator:";
const PATHS = "with each other; must remove or rewrite one of these paths;";

const ITEM = {
  n: N(5), s: S("str"), l: { L: [S("1"), S("2"), S("3")] }, m: { M: { k: S("v") } }, ss: { SS: ["a", "b"] }, ns: { NS: ["1", "2"] },
};

type Values = Readonly<Record<string, unknown>>;
const update = (key: string, text: string, values: Values | null, more: object = {}): unknown => ({
  ...T, Key: { a: S(key) }, UpdateExpression: text, ...(values === null ? {} : { ExpressionAttributeValues: values }), ...more,
});

function bad(text: string, message: string, values: Values | null = null): Refused {
  return ["UpdateItem", update("item", text, values), message];
}
function invalid(text: string, message: string, values: Values | null = null): Refused {
  return bad(text, `Invalid UpdateExpression: ${message}`, values);
}
const V = { ":v": S("x") };
const ONE = { ":v": N(1) };

const refused = refuses("update", [
  invalid("", "The expression can not be empty;"),
  invalid("SET", 'Syntax error; token: "<EOF>", near: "SET"'),
  invalid("SET n", 'Syntax error; token: "<EOF>", near: "n"'),
  invalid("SET n :v", 'Syntax error; token: ":v", near: "n :v"', V),
  invalid("FOO n", 'Syntax error; token: "FOO", near: "FOO n"'),
  invalid("n = :v", 'Syntax error; token: "n", near: "n ="', V),
  invalid("SET n = :v,", 'Syntax error; token: "<EOF>", near: ","', V),
  invalid("SET n = n + :v + :v", 'Syntax error; token: "+", near: ":v + :v"', ONE),
  invalid("ADD n s", 'Syntax error; token: "s", near: "n s"'),
  invalid("SET n = :v SET s = :v", 'The "SET" section can only be used once in an update expression;', V),
  invalid("REMOVE n REMOVE s", 'The "REMOVE" section can only be used once in an update expression;'),
  invalid("SET n = :v REMOVE n", `Two document paths overlap ${PATHS} path one: [n], path two: [n]`, V),
  invalid("SET m = :v, m.k = :v", `Two document paths overlap ${PATHS} path one: [m], path two: [m, k]`, V),
  invalid("SET m.k = :v, m[0] = :v", `Two document paths conflict ${PATHS} path one: [m, k], path two: [m, [0]]`, V),
  invalid("SET n = :w", "An expression attribute value used in expression is not defined; attribute value: :w", V),
  invalid("SET #n = :v", "An expression attribute name used in the document path is not defined; attribute name: #n", V),
  invalid("SET size = :v", "Attribute name is a reserved keyword; reserved keyword: size", V),
  invalid("SET n = nope(:v)", "Invalid function name; function: nope", V),
  invalid("SET n = size(s)", "The function is not allowed in an update expression; function: size"),
  invalid("SET n = if_not_exists(:v, :v)", "Operator or function requires a document path; operator or function: if_not_exists", V),
  invalid("SET n = if_not_exists(n)", "Incorrect number of operands for operator or function; operator or function: if_not_exists, "
    + "number of operands: 1"),
  invalid("SET n = n + :v", `${TYPE} +, operand type: S`, V),
  invalid("SET n = n - :v", `${TYPE} -, operand type: SS`, { ":v": { SS: ["a"] } }),
  invalid("SET l = list_append(l, :v)", `${TYPE} list_append, operand type: S`, V),
  invalid("ADD n :v", `${TYPE_SET} ADD, operand type: STRING, typeSet: ALLOWED_FOR_ADD_OPERAND`, V),
  invalid("ADD l :v", `${TYPE_SET} ADD, operand type: LIST, typeSet: ALLOWED_FOR_ADD_OPERAND`, { ":v": { L: [] } }),
  invalid("DELETE ss :v", `${TYPE_SET} DELETE, operand type: NUMBER, typeSet: ALLOWED_FOR_DELETE_OPERAND`, ONE),
  bad("SET a = :v", "One or more parameter values were invalid: Cannot update attribute a. This attribute is part of the key", V),
  bad("REMOVE a", "One or more parameter values were invalid: Cannot update attribute a. This attribute is part of the key"),
  bad("ADD a :v", "One or more parameter values were invalid: Cannot update attribute a. This attribute is part of the key", ONE),
  bad("SET s = s + :v", OPERAND, ONE), bad("SET n = list_append(n, :v)", OPERAND, { ":v": { L: [] } }), bad("ADD s :v", OPERAND, ONE),
  bad("ADD ss :v", OPERAND, { ":v": { NS: ["1"] } }), bad("ADD n :v", OPERAND, { ":v": { SS: ["1"] } }),
  bad("DELETE n :v", OPERAND, { ":v": { SS: ["1"] } }), bad("DELETE ss :v", OPERAND, { ":v": { NS: ["1"] } }),
  bad("SET q = q + :v", MISSING, ONE), bad("SET q = z", MISSING), bad("SET q = list_append(q, :v)", MISSING, { ":v": { L: [] } }),
  bad("SET q = m.z", MISSING), bad("SET q = l[7]", MISSING),
  bad("SET z.y = :v", PATH, V), bad("SET z[0] = :v", PATH, V), bad("SET s.y = :v", PATH, V), bad("SET s[0] = :v", PATH, V),
  bad("SET m[0] = :v", PATH, V), bad("SET l.q = :v", PATH, V), bad("SET m.x.y = :v", PATH, V), bad("REMOVE z.y", PATH), bad("REMOVE m.q.r", PATH),
  bad("ADD z.y :v", PATH, ONE), bad("SET l[9][0] = :v", PATH, V),
  ["UpdateItem", { ...T, Key: { a: S("item") }, ExpressionAttributeValues: V },
    "ExpressionAttributeValues can only be specified when using expressions: UpdateExpression and ConditionExpression are null"],
  ["UpdateItem", update("item", "SET n = :v", { ...V, ":unused": N(1) }),
    "Value provided in ExpressionAttributeValues unused in expressions: keys: {:unused}"],
  ["UpdateItem", update("item", "SET n = :v", V, { ExpressionAttributeNames: { "#n": "n" } }),
    "Value provided in ExpressionAttributeNames unused in expressions: keys: {#n}"],
  ["UpdateItem", update("item", "SET n = :v", V, { ConditionExpression: "n = :w" }),
    "Invalid ConditionExpression: An expression attribute value used in expression is not defined; attribute value: :w"],
  ["UpdateItem", { ...T, Key: { b: S("x") }, UpdateExpression: "SET n = :v", ExpressionAttributeValues: V },
    "The provided key element does not match the schema"],
  ["UpdateItem", update("item", "SET big = :v", { ":v": S("x".repeat(409_600)) }), "Item size to update has exceeded the maximum allowed size"],
]);

let count = 0;
/** The item, an update, and what is in it afterwards beside the key; attributes not named stay as they were. */
function changes(text: string, values: Values | null, after: Readonly<Record<string, unknown>>, more: object = {}): Case {
  const key = `change${++count}`;
  const left: Record<string, unknown> = { a: S(key), ...ITEM, ...after };
  for (const [name, value] of Object.entries(left)) if (value === null) delete left[name];
  return answers("UpdateItem", text, [
    ["PutItem", { ...T, Item: { a: S(key), ...ITEM } }, {}],
    ["UpdateItem", update(key, text, values, more), {}],
    ["GetItem", { ...T, Key: { a: S(key) }, ConsistentRead: true }, { Item: left }],
  ]);
}

const meaning = [
  changes("SET n = n + :v", ONE, { n: N(6) }), changes("SET n = n - :v", { ":v": N("7.5") }, { n: N("-2.5") }),
  changes("SET n = :v - n", { ":v": N(1) }, { n: N(-4) }), changes("SET q = n, n = :v", V, { q: N(5), n: S("x") }),
  changes("SET n = s, s = n", null, { n: S("str"), s: N(5) }), changes("SET q = if_not_exists(q, :v)", V, { q: S("x") }),
  changes("SET n = if_not_exists(n, :v)", V, {}), changes("SET q = if_not_exists(q, :v) + :v", ONE, { q: N(2) }),
  changes("SET q = if_not_exists(q, n)", null, { q: N(5) }), changes("SET l = list_append(l, :v)", { ":v": { L: [N(4)] } }, { l: { L: [...ITEM.l.L, N(4)] } }),
  changes("SET l = list_append(:v, l)", { ":v": { L: [N(0)] } }, { l: { L: [N(0), ...ITEM.l.L] } }),
  changes("SET q = list_append(if_not_exists(q, :e), :v)", { ":e": { L: [] }, ":v": { L: [N(1)] } }, { q: { L: [N(1)] } }),
  changes("SET l[1] = :v", V, { l: { L: [S("1"), S("x"), S("3")] } }), changes("SET l[10] = :v", V, { l: { L: [...ITEM.l.L, S("x")] } }),
  changes("SET l[9] = :v, l[5] = :w", { ":v": S("x"), ":w": S("w") }, { l: { L: [...ITEM.l.L, S("w"), S("x")] } }),
  changes("REMOVE l[0], l[2]", null, { l: { L: [S("2")] } }), changes("REMOVE l[7]", null, {}), changes("REMOVE nope, m.nope", null, {}),
  changes("SET l[0] = :v REMOVE l[1]", V, { l: { L: [S("x"), S("3")] } }), changes("REMOVE n, m.k", null, { n: null, m: { M: {} } }),
  changes("SET m.z = :v", V, { m: { M: { k: S("v"), z: S("x") } } }), changes("SET m.k = m", null, { m: { M: { k: { M: { k: S("v") } } } } }),
  changes("SET #m.#k = :v", V, { m: { M: { k: S("x") } } }, { ExpressionAttributeNames: { "#m": "m", "#k": "k" } }),
  changes("SET #x = :v", V, { "a.b": S("x") }, { ExpressionAttributeNames: { "#x": "a.b" } }),
  changes("ADD n :v", ONE, { n: N(6) }), changes("ADD q :v", ONE, { q: N(1) }), changes("ADD m.c :v", ONE, { m: { M: { k: S("v"), c: N(1) } } }),
  changes("ADD ss :v", { ":v": { SS: ["b", "c"] } }, { ss: { SS: ["a", "b", "c"] } }), changes("ADD q :v", { ":v": { NS: ["7"] } }, { q: { NS: ["7"] } }),
  changes("DELETE ss :v", { ":v": { SS: ["b", "c"] } }, { ss: { SS: ["a"] } }), changes("DELETE ss :v", { ":v": { SS: ["a", "b"] } }, { ss: null }),
  changes("DELETE q :v", { ":v": { SS: ["a"] } }, {}),
  changes("SET q = :v REMOVE s ADD n :v DELETE ns :d", { ":v": N(1), ":d": { NS: ["2.0"] } }, { q: N(1), s: null, n: N(6), ns: { NS: ["1"] } }),
  changes("set q = :v remove s", V, { q: S("x"), s: null }),
];

const returned = (text: string, values: Values | null, returns: string, attributes: unknown): Case => {
  const key = `returned${++count}`;
  return answers("UpdateItem", `${returns} of ${text}`, [
    ["PutItem", { ...T, Item: { a: S(key), ...ITEM } }, {}],
    ["UpdateItem", update(key, text, values, { ReturnValues: returns }), {
      Attributes: attributes === "old" ? { a: S(key), ...ITEM } : attributes === "new" ? { a: S(key), ...ITEM, n: N(1) } : attributes,
    }],
  ]);
};

const returning: Case[] = [
  returned("SET n = :v", ONE, "NONE", undefined), returned("SET n = :v", ONE, "ALL_OLD", "old"), returned("SET n = :v", ONE, "ALL_NEW", "new"),
  returned("SET n = :v", ONE, "UPDATED_OLD", { n: N(5) }), returned("SET n = :v", ONE, "UPDATED_NEW", { n: N(1) }),
  returned("SET q = :v", ONE, "UPDATED_OLD", undefined), returned("REMOVE n", null, "UPDATED_OLD", { n: N(5) }),
  returned("REMOVE n", null, "UPDATED_NEW", undefined),
  returned("SET m.k = :v", ONE, "UPDATED_OLD", { m: { M: { k: S("v") } } }), returned("SET m.k = :v", ONE, "UPDATED_NEW", { m: { M: { k: N(1) } } }),
  returned("SET l[1] = :v", ONE, "UPDATED_OLD", { l: { L: [S("2")] } }), returned("SET l[1] = :v", ONE, "UPDATED_NEW", { l: { L: [N(1)] } }),
  returned("ADD ss :v", { ":v": { SS: ["c"] } }, "UPDATED_NEW", { ss: { SS: ["a", "b", "c"] } }),
];

const absent: readonly Answered[] = [
  ["UpdateItem", { ...T, Key: { a: S("fresh1") }, ReturnValues: "ALL_NEW" }, { Attributes: { a: S("fresh1") } }],
  ["GetItem", { ...T, Key: { a: S("fresh1") } }, { Item: { a: S("fresh1") } }],
  ["UpdateItem", update("fresh2", "ADD n :v", ONE, { ReturnValues: "ALL_OLD" }), { Attributes: undefined }],
  ["UpdateItem", update("fresh3", "SET n = :v", ONE, { ReturnValues: "UPDATED_NEW" }), { Attributes: { n: N(1) } }],
  ["UpdateItem", update("fresh4", "REMOVE n", null, { ReturnValues: "ALL_NEW" }), { Attributes: { a: S("fresh4") } }],
  ["UpdateItem", update("fresh5", "DELETE n :v", { ":v": { SS: ["a"] } }, { ReturnValues: "ALL_NEW" }), { Attributes: { a: S("fresh5") } }],
];

export const updates: Suite = {
  name: "updates",
  setup: async (target) => {
    await target.table("uhash", "a:S");
    await target.ok("PutItem", { ...T, Item: { a: S("item"), ...ITEM } });
  },
  cases: [...refused, ...meaning, ...returning, answers("UpdateItem", "makes an item that is not there", absent)],
};
