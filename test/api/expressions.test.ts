// The expression language from end to end: conditions as filters, updates, projections, and what is refused.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { N, S, Server, assertRefused, type Item, type Refused } from "./kit.ts";

const T = "expressions";
const Key = { pk: S("a") };
let server: Server;
before(async () => {
  server = await Server.start();
  await server.table(T, "pk:S");
});
after(() => server.stop());

const FULL: Item = {
  ...Key, n: N(5), s: S("hello"), blank: S(""), b: { B: "AAEC" as unknown as Uint8Array }, t: { BOOL: true }, z: { NULL: true },
  ss: { SS: ["a", "b"] }, ns: { NS: ["1", "2"] }, l: { L: [N(1), S("two"), { L: [N(3)] }] },
  m: { M: { x: N(1), "dotted.name": S("d"), deep: { M: { lst: { L: [S("zero"), { M: { k: S("v") } }] } } } } },
};

const VALUES: Record<string, unknown> = {
  ":five": N("5.0"), ":six": N(6), ":four": N(4), ":one": N(1), ":two": N(2), ":three": N(3), ":zero": N(0), ":hello": S("hello"),
  ":he": S("he"), ":ell": S("ell"), ":zz": S("zz"), ":yes": { BOOL: true }, ":no": { BOOL: false }, ":null": { NULL: true },
  ":a": S("a"), ":str": S("S"), ":num": S("N"), ":list": S("L"), ":map": S("M"), ":sset": S("SS"), ":bin": S("B"),
  ":bool": S("BOOL"), ":nul": S("NULL"), ":ba": { SS: ["b", "a"] }, ":n21": { NS: ["2.0", "1"] }, ":l": { L: [N(1), S("two"), { L: [N(3)] }] },
  ":b1": { B: "AAE=" }, ":seven": N(7), ":v": S("v"), ":nset": S("NS"), ":bset": S("BS"),
};

/** The values an expression names, no more. */
function valuesOf(expression: string): { ExpressionAttributeValues?: Record<string, unknown> } {
  const names = new Set((expression.match(/:\w+/g) ?? []).filter((name) => name in VALUES));
  if (names.size === 0) return {};
  return { ExpressionAttributeValues: Object.fromEntries([...names].map((name) => [name, VALUES[name]])) };
}

function namesOf(expression: string): { ExpressionAttributeNames?: Record<string, string> } {
  const all: Record<string, string> = { "#s": "s", "#size": "size", "#d": "dotted.name", "#m": "m", "#l": "l" };
  const names = new Set(expression.match(/#\w+/g) ?? []);
  return names.size === 0 ? {} : {
    ExpressionAttributeNames: Object.fromEntries([...names].map((name) => [name, all[name] as string])),
  };
}

test("conditions that hold, and those that do not", async () => {
  await server.ok("PutItem", { TableName: T, Item: FULL });
  const holds = [
    "n = :five", "n <> :six", "n <> :hello", "n < :six", "n <= :five", "n > :four", "n >= :five", "n BETWEEN :four AND :six",
    "n between :five and :five", "n IN (:one, :five)", "s in (:hello)", ":five = n", ":one < :two", "pk = :a",
    "attribute_exists(s)", "attribute_not_exists(absent)", "attribute_exists(m.deep.lst[1].k)",
    "attribute_not_exists(m.deep.lst[2])", "attribute_not_exists(n.x)", "attribute_not_exists(l[9])", "attribute_exists(l[2][0])",
    "attribute_type(s, :str)", "attribute_type(n, :num)", "attribute_type(l, :list)", "attribute_type(m, :map)",
    "attribute_type(ss, :sset)", "attribute_type(ns, :nset)", "attribute_type(b, :bin)", "attribute_type(t, :bool)",
    "attribute_type(z, :nul)", "begins_with(s, :he)", "begins_with(b, :b1)", "contains(s, :ell)", "contains(ss, :a)",
    "contains(ns, :two)", "contains(l, :one)", "size(s) = :five", "size(ss) = :two", "size(l) = :three", "size(m) = :three",
    "size(b) = :three", "size(blank) = :zero", "size(s) BETWEEN :four AND n", "size (s) IN (n)", "m.x = :one", "m.#d <> :a",
    "#l[0] = :one", "l[2][0] = :three", "m.deep.lst[1].k = :v", "ss = :ba", "ns = :n21", "l = :l",
    "t = :yes", "z = :null", "NOT n = :six", "not (n = :six)", "n = :five AND s = :hello", "n = :six OR s = :hello",
    "n = :five or n = :six and n = :six", "(n = :five or n = :six) and s = :hello", "NOT n = :six AND s = :hello",
    "NOT (n = :six OR s = :zz)", "NOT NOT n = :five", "absent <> :five",
    "contains(m.deep.lst[0], :zz) OR n = :five", "attribute_exists(m.#d)", "n=:five", "n\n=\t:five",
  ];
  const fails = [
    "n = :six", "n = :hello", "absent = :five", "n < :five", "n > :hello", "s > :five", "absent < :five", "n <> :five",
    "n BETWEEN :six AND :seven", "n IN (:one, :two)", "attribute_exists(absent)", "attribute_not_exists(s)",
    "attribute_type(s, :num)", "begins_with(s, :ell)", "begins_with(n, :he)", "contains(s, :zz)", "contains(n, :five)",
    "contains(ss, :one)", "contains(l, :two)", "size(n) = :one", "size(absent) = :zero", "size(t) = :one", "l[9] = :one", "l.x = :one",
    "m.x.y = :one", "ss = :a", "t = :no", "NOT n = :five", "n = :five AND n = :six", "n = :six OR s = :zz",
    "NOT (n = :five)", "n = :five and (n = :six or n = :seven)",
  ];
  const wrong: string[] = [];
  for (const [list, expected] of [[holds, 1], [fails, 0]] as const) {
    for (const FilterExpression of list) {
      // A condition means the same to a write and to a filter.
      const answer = await server.ask("Scan", {
        TableName: T, FilterExpression, ...valuesOf(FilterExpression), ...namesOf(FilterExpression),
      });
      if (answer.json?.Count !== expected) wrong.push(`filter ${FilterExpression}: ${answer.text.slice(0, 200)}`);
      const write = await server.ask("UpdateItem", {
        TableName: T, Key, ConditionExpression: FilterExpression, ...valuesOf(FilterExpression), ...namesOf(FilterExpression),
      });
      const isRight = expected === 1 ? write.status === 200 : write.type === "ConditionalCheckFailedException";
      if (!isRight) wrong.push(`condition ${FilterExpression}: ${write.text.slice(0, 200)}`);
    }
  }
  assert.deepEqual(wrong, []);
  assert.deepEqual((await server.ok("GetItem", { TableName: T, Key })).Item, FULL);
});

test("conditions on an item that is not there", async () => {
  const absent = { TableName: T, Key: { pk: S("absent") } };
  for (const [condition, holds] of [
    ["attribute_not_exists(pk)", true], ["attribute_exists(pk)", false], ["n <> :five", true], ["n = :five", false],
    ["NOT n = :five", true], ["NOT attribute_exists(n) AND n <> :one", true], ["size(n) > :zero", false],
  ] as const) {
    const { status } = await server.ask("DeleteItem", { ...absent, ConditionExpression: condition, ...valuesOf(condition) });
    assert.equal(status, holds ? 200 : 400, condition);
  }
});

/** Updates of FULL: expression, and the attributes that differ afterwards (null: gone). */
const UPDATES: readonly (readonly [string, Record<string, unknown>])[] = [
  ["SET n = :one", { n: N(1) }],
  ["set n = n + :one", { n: N(6) }],
  ["SET n = :six - n", { n: N(1) }],
  ["SET n = n - :six", { n: N(-1) }],
  ["SET n = :one, q = n", { n: N(1), q: N(5) }],
  ["SET n = l[0], q = n", { n: N(1), q: N(5) }],
  ["SET q = if_not_exists(q, :zero) + :one", { q: N(1) }],
  ["SET q = if_not_exists(n, :zero) + :one", { q: N(6) }],
  ["SET q = if_not_exists(absent, if_not_exists(absent2, n))", { q: N(5) }],
  ["SET l = list_append(l, :l)", { l: { L: [N(1), S("two"), { L: [N(3)] }, N(1), S("two"), { L: [N(3)] }] } }],
  ["SET q = list_append(:l, if_not_exists(q, :l))", { q: { L: [N(1), S("two"), { L: [N(3)] }, N(1), S("two"), { L: [N(3)] }] } }],
  ["SET l[1] = :five", { l: { L: [N(1), N("5"), { L: [N(3)] }] } }],
  ["SET l[9] = :five", { l: { L: [N(1), S("two"), { L: [N(3)] }, N("5")] } }],
  ["SET l[7] = :one, l[5] = :two", { l: { L: [N(1), S("two"), { L: [N(3)] }, N(2), N(1)] } }],
  ["SET m.x = m.x + :one, m.y = :a", { m: { M: { ...FULL["m"]?.M, x: N(2), y: S("a") } } }],
  ["SET m.#d = :zz", { m: { M: { ...FULL["m"]?.M, "dotted.name": S("zz") } } }],
  ["SET m.deep.lst[1].k = l[1]", { m: { M: { ...FULL["m"]?.M, deep: { M: { lst: { L: [S("zero"), { M: { k: S("two") } }] } } } } } }],
  ["REMOVE n, s", { n: null, s: null }],
  ["REMOVE l[0]", { l: { L: [S("two"), { L: [N(3)] }] } }],
  ["REMOVE l[0], l[2]", { l: { L: [S("two")] } }],
  ["REMOVE l[8]", {}],
  ["REMOVE absent", {}],
  ["REMOVE m.deep.lst[1].k, m.x", { m: { M: { "dotted.name": S("d"), deep: { M: { lst: { L: [S("zero"), { M: {} }] } } } } } }],
  ["ADD n :one", { n: N(6) }],
  ["ADD q :one", { q: N(1) }],
  ["ADD ns :n21", {}],
  ["ADD m.x :five", { m: { M: { ...FULL["m"]?.M, x: N(6) } } }],
  ["DELETE ss :ba", { ss: null }],
  ["DELETE ns :n21", { ns: null }],
  ["DELETE absent :ba", {}],
  ["SET n = :one REMOVE s ADD q :two DELETE ss :ba", { n: N(1), s: null, q: N(2), ss: null }],
  ["DELETE ss :ba ADD q :two REMOVE s SET n = :one", { n: N(1), s: null, q: N(2), ss: null }],
  ["SET z = s REMOVE s", { z: S("hello"), s: null }],
];

test("updates", async () => {
  const wrong: unknown[] = [];
  for (const [UpdateExpression, changes] of UPDATES) {
    await server.ok("PutItem", { TableName: T, Item: FULL });
    const answer = await server.ask("UpdateItem", {
      TableName: T, Key, UpdateExpression, ...valuesOf(UpdateExpression), ...namesOf(UpdateExpression), ReturnValues: "ALL_NEW",
    });
    const expected: Record<string, unknown> = { ...FULL, ...changes };
    for (const [name, value] of Object.entries(changes)) if (value === null) delete expected[name];
    const sets = (item: any): unknown => {
      for (const value of Object.values(item ?? {}) as any[]) { value.SS?.sort(); value.NS?.sort(); }
      return item;
    };
    try {
      assert.deepEqual(sets(answer.json?.Attributes), sets(structuredClone(expected)));
      assert.deepEqual(sets((await server.ok("GetItem", { TableName: T, Key })).Item), sets(structuredClone(expected)));
    } catch (error) {
      wrong.push({ UpdateExpression, text: answer.text, error: (error as Error).message });
    }
  }
  assert.deepEqual(wrong, []);
});

test("projections", async () => {
  await server.ok("PutItem", { TableName: T, Item: FULL });
  const cases: readonly (readonly [string, Record<string, unknown>])[] = [
    ["n", { n: N(5) }],
    ["n, s", { n: N(5), s: S("hello") }],
    ["absent", {}],
    ["pk, absent, n.x", { pk: S("a") }],
    ["l[1]", { l: { L: [S("two")] } }],
    ["l[2], l[0]", { l: { L: [N(1), { L: [N(3)] }] } }],
    ["l[2][0]", { l: { L: [{ L: [N(3)] }] } }],
    ["m.x", { m: { M: { x: N(1) } } }],
    ["#m.#d, #m.x", { m: { M: { x: N(1), "dotted.name": S("d") } } }],
    ["m.deep.lst[1].k", { m: { M: { deep: { M: { lst: { L: [{ M: { k: S("v") } }] } } } } } }],
    ["m.deep.lst[5]", {}],
  ];
  for (const [ProjectionExpression, expected] of cases) {
    const input = { TableName: T, ProjectionExpression, ...namesOf(ProjectionExpression) };
    assert.deepEqual((await server.ok("GetItem", { ...input, Key })).Item, expected, ProjectionExpression);
    assert.deepEqual((await server.ok("Scan", input)).Items, [expected], ProjectionExpression);
  }
});

test("refused expressions", async () => {
  const update = (UpdateExpression: string): object =>
    ({ TableName: T, Key, UpdateExpression, ...valuesOf(UpdateExpression), ...namesOf(UpdateExpression) });
  const condition = (ConditionExpression: string, more: object = {}): object =>
    ({ TableName: T, Key, ConditionExpression, ...valuesOf(ConditionExpression), ...more });
  const invalid = "An operand in the update expression has an incorrect data type";
  const path = "The document path provided in the update expression is invalid for update";
  await server.ok("PutItem", { TableName: T, Item: FULL });
  const cases: Refused[] = [
    ["UpdateItem", update(""), "Invalid UpdateExpression: The expression can not be empty;"],
    ["UpdateItem", update("SET"), /^Invalid UpdateExpression: Syntax error; token: "<EOF>", near: "SET"$/],
    ["UpdateItem", update("SET n"), /^Invalid UpdateExpression: Syntax error; token: "<EOF>", near: "n"$/],
    ["UpdateItem", update("SET n = :one SET s = :one"),
      'Invalid UpdateExpression: The "SET" section can only be used once in an update expression;'],
    ["UpdateItem", update("SET n = :one, n = :two"),
      "Invalid UpdateExpression: Two document paths overlap with each other; "
      + "must remove or rewrite one of these paths; path one: [n], path two: [n]"],
    ["UpdateItem", update("SET m.x = :one REMOVE m"),
      "Invalid UpdateExpression: Two document paths overlap with each other; "
      + "must remove or rewrite one of these paths; path one: [m, x], path two: [m]"],
    ["UpdateItem", update("SET m.x = :one, m[0] = :one"),
      "Invalid UpdateExpression: Two document paths conflict with each other; "
      + "must remove or rewrite one of these paths; path one: [m, x], path two: [m, [0]]"],
    ["UpdateItem", update("SET n = s + :one"), invalid],
    ["UpdateItem", update("SET n = :hello + :one"),
      "Invalid UpdateExpression: Incorrect operand type for operator or function; operator or function: +, operand type: S"],
    ["UpdateItem", update("SET n = absent + :one"),
      "The provided expression refers to an attribute that does not exist in the item"],
    ["UpdateItem", update("SET q = list_append(n, :l)"), invalid],
    ["UpdateItem", update("SET absent.x = :one"), path],
    ["UpdateItem", update("SET n.x = :one"), path],
    ["UpdateItem", update("SET s[0] = :one"), path],
    ["UpdateItem", update("REMOVE absent.x"), path],
    ["UpdateItem", update("ADD s :one"), invalid],
    ["UpdateItem", update("ADD ss :n21"), invalid],
    ["UpdateItem", update("ADD n :hello"),
      /^Invalid UpdateExpression: Incorrect operand type for operator or function; operator: ADD, operand type: STRING/],
    ["UpdateItem", update("DELETE ss :one"),
      /^Invalid UpdateExpression: Incorrect operand type for operator or function; operator: DELETE, operand type: NUMBER/],
    ["UpdateItem", update("SET pk = :one"),
      "One or more parameter values were invalid: Cannot update attribute pk. This attribute is part of the key"],
    ["UpdateItem", update("SET #size = if_not_exists(n)"),
      "Invalid UpdateExpression: Incorrect number of operands for operator or function; "
      + "operator or function: if_not_exists, number of operands: 1"],
    ["UpdateItem", update("SET n = nonsense(n)"),
      "Invalid UpdateExpression: Invalid function name; function: nonsense"],
    ["UpdateItem", update("SET name = :one"),
      "Invalid UpdateExpression: Attribute name is a reserved keyword; reserved keyword: name"],
    ["UpdateItem", update("SET n = :undefined1"),
      "Invalid UpdateExpression: An expression attribute value used in expression is not defined; attribute value: :undefined1"],
    ["UpdateItem", { TableName: T, Key, UpdateExpression: "SET #nope = :one", ...valuesOf(":one") },
      "Invalid UpdateExpression: An expression attribute name used in the document path is not defined; attribute name: #nope"],
    ["DeleteItem", condition("n ="), /^Invalid ConditionExpression: Syntax error; token: "<EOF>", near: "="$/],
    ["DeleteItem", condition("n = :one and"), /^Invalid ConditionExpression: Syntax error; token: "<EOF>", near: "and"$/],
    ["DeleteItem", condition("n == :one"), /^Invalid ConditionExpression: Syntax error; token: "=", near: "= = :one"|"== :one"/],
    ["DeleteItem", condition("(n = :one"), /^Invalid ConditionExpression: Syntax error; token: "<EOF>"/],
    ["DeleteItem", condition("((n = :one))  "), "Invalid ConditionExpression: The expression has redundant parentheses;"],
    ["DeleteItem", condition("size(n)"), /^Invalid ConditionExpression: /],
    ["DeleteItem", condition("begins_with(n, :one)"),
      "Invalid ConditionExpression: Incorrect operand type for operator or function; "
      + "operator or function: begins_with, operand type: N"],
    ["DeleteItem", condition("attribute_type(n, :hello)"), /^Invalid ConditionExpression: Invalid attribute type name found; type: hello/],
    ["DeleteItem", condition("n BETWEEN :six AND :one"),
      /^Invalid ConditionExpression: The BETWEEN operator requires upper bound to be greater than or equal to lower bound; /],
    ["DeleteItem", condition("n = :one", { ExpressionAttributeNames: { "#u": "u" } }),
      "Value provided in ExpressionAttributeNames unused in expressions: keys: {#u}"],
    ["DeleteItem", { TableName: T, Key, ExpressionAttributeNames: { "#u": "u" } },
      "ExpressionAttributeNames can only be specified when using expressions"],
    ["DeleteItem", { TableName: T, Key, ...valuesOf(":one") },
      "ExpressionAttributeValues can only be specified when using expressions: ConditionExpression is null"],
    ["DeleteItem", condition(`n = :one ${"OR n = :one ".repeat(400)}`),
      /^Invalid ConditionExpression: (Expression size|The expression contains too many|.*maximum)/],
    ["GetItem", { TableName: T, Key, ProjectionExpression: "a, a" }, /^Invalid ProjectionExpression: Two document paths overlap/],
    ["GetItem", { TableName: T, Key, ProjectionExpression: "a,, b" }, /^Invalid ProjectionExpression: Syntax error; token: ","/],
    ["GetItem", { TableName: T, Key, ProjectionExpression: "l[-1]" }, /^Invalid ProjectionExpression: Syntax error; token: "-"/],
    ["UpdateItem", { ...update("SET n = :one"), AttributeUpdates: {} },
      "Can not use both expression and non-expression parameters in the same request: "
      + "Non-expression parameters: {AttributeUpdates} Expression parameters: {UpdateExpression}"],
    ["PutItem", { TableName: T, Item: Key, ReturnValues: "ALL_NEW" }, "ReturnValues can only be ALL_OLD or NONE"],
  ];
  await assertRefused(server, cases);
  assert.deepEqual((await server.ok("GetItem", { TableName: T, Key })).Item, FULL, "nothing was changed");
});
