import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { BatchWriteItemCommand, QueryCommand, paginateQuery, type QueryCommandInput } from "@aws-sdk/client-dynamodb";
import { N, S, Server, assertRefused, type Item, type Refused } from "./kit.ts";

let server: Server;
before(async () => {
  server = await Server.start();
  await server.table("by-s", "pk:S", "sk:S");
  await server.table("by-n", "pk:S", "sk:N");
  await server.table("by-b", "pk:N", "sk:B");
});
after(() => server.stop());

async function fill(TableName: string, items: readonly Item[]): Promise<void> {
  for (let i = 0; i < items.length; i += 25) {
    const writes = items.slice(i, i + 25).map((Item) => ({ PutRequest: { Item } }));
    await server.client.send(new BatchWriteItemCommand({ RequestItems: { [TableName]: writes } }));
  }
}

function shuffled<T>(list: readonly T[]): T[] {
  return list.map((value, i) => ({ value, order: (i * 7919 + 31) % 104_729 % (list.length + 3) }))
    .sort((a, b) => a.order - b.order).map(({ value }) => value);
}

/** A query of one partition; `condition` is about the sort key. */
function ask(TableName: string, pk: Item[string], condition = "", values: Item = {}): QueryCommandInput {
  return {
    TableName, KeyConditionExpression: condition === "" ? "pk = :pk" : `pk = :pk AND ${condition}`,
    ExpressionAttributeValues: { ":pk": pk, ...values },
  };
}

async function run(input: QueryCommandInput): Promise<Item[]> {
  return (await server.client.send(new QueryCommand(input))).Items ?? [];
}

const ASTRAL = ["a", "aa", "ab", "b", "z", "\u00e9", "\ud7ff", "\ue000", "\ufffd", "\u{10000}", "\u{10ffff}"];

test("strings sort by their UTF-8 bytes, not by UTF-16 units", async () => {
  const texts = ["\u0000", "\u0000\u0000", " ", "A", ...ASTRAL, "a\u0000", "a\u0000b", "a\u0001", "Z", "0", "10", "9"];
  await fill("by-s", shuffled(texts).map((sk) => ({ pk: S("order"), sk: S(sk) })));
  const sorted = [...texts].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  const got = (await run(ask("by-s", S("order")))).map((item) => item["sk"]?.S);
  assert.deepEqual(got, sorted);
  const back = (await run({ ...ask("by-s", S("order")), ScanIndexForward: false })).map((item) => item["sk"]?.S);
  assert.deepEqual(back, [...sorted].reverse());
});

test("numbers sort by value, over the whole range", async () => {
  const numbers = [
    "-9.9999999999999999999999999999999999999E+125", "-1E+125", "-1000", "-999.9", "-10", "-9", "-1.1", "-1", "-0.1",
    "-0.01", "-1E-130", "0", "1E-130", "0.001", "0.01", `0.01${"0".repeat(36)}1`, "0.1", "0.5", "1",
    "1.0000000000000000000000000000000000001", "2", "9", "9.99", "10", "11", "99", "100", "9007199254740992",
    "9007199254740993", "1E+40", "1E+125", "9.9999999999999999999999999999999999999E+125",
  ];
  await fill("by-n", shuffled(numbers).map((text, i) => ({ pk: S("order"), sk: N(text), given: S(text), i: N(i) })));
  const got = (await run(ask("by-n", S("order")))).map((item) => item["given"]?.S);
  assert.deepEqual(got, numbers);
  const positive = await run(ask("by-n", S("order"), "sk > :z", { ":z": N("-0.0") }));
  assert.equal(positive.length, numbers.length - numbers.indexOf("0") - 1);
  const between = await run(ask("by-n", S("order"), "sk BETWEEN :a AND :b", { ":a": N("-1.10"), ":b": N("1e-2") }));
  assert.deepEqual(between.map((item) => item["given"]?.S), numbers.slice(numbers.indexOf("-1.1"), numbers.indexOf("0.01") + 1));
});

test("one number is one key, however it is written", async () => {
  for (const text of ["100", "1E2", "100.00", "0100"]) {
    await server.ok("PutItem", { TableName: "by-n", Item: { pk: S("same"), sk: N(text), last: S(text) } });
  }
  assert.deepEqual(await run(ask("by-n", S("same"))), [{ pk: S("same"), sk: N("100"), last: S("0100") }]);
});

test("binaries sort as unsigned bytes; numbers are partition keys too", async () => {
  const bytes = [[0], [0, 0], [0, 1], [1], [127], [127, 255], [128], [254, 255], [255], [255, 0], [255, 255]];
  await fill("by-b", shuffled(bytes).map((b) => ({ pk: N("1.0"), sk: { B: Uint8Array.from(b) } })));
  const got = (await run(ask("by-b", N("1")))).map((item) => [...(item["sk"]?.B ?? [])]);
  assert.deepEqual(got, bytes);
  const prefix = await run(ask("by-b", N("1e0"), "begins_with(sk, :p)", { ":p": { B: Uint8Array.of(255) } }));
  assert.deepEqual(prefix.map((item) => [...(item["sk"]?.B ?? [])]), [[255], [255, 0], [255, 255]]);
});

test("every condition on the sort key, in both directions", async () => {
  const keys = ["a", "ab", "abc", "b", "ba", "c"];
  await fill("by-s", keys.map((sk) => ({ pk: S("conditions"), sk: S(sk) })));
  // A neighbour in the same table must never show.
  await fill("by-s", [{ pk: S("condition"), sk: S("b") }, { pk: S("conditions2"), sk: S("b") }]);
  const cases: readonly (readonly [string, (sk: string) => boolean, Item])[] = [
    ["sk = :a", (sk) => sk === "ab", { ":a": S("ab") }],
    ["sk < :a", (sk) => sk < "b", { ":a": S("b") }],
    ["sk <= :a", (sk) => sk <= "b", { ":a": S("b") }],
    ["sk > :a", (sk) => sk > "ab", { ":a": S("ab") }],
    ["sk >= :a", (sk) => sk >= "ab", { ":a": S("ab") }],
    ["sk BETWEEN :a AND :b", (sk) => sk >= "ab" && sk <= "ba", { ":a": S("ab"), ":b": S("ba") }],
    ["sk between :a and :b", (sk) => sk === "b", { ":a": S("b"), ":b": S("b") }],
    ["begins_with(sk, :a)", (sk) => sk.startsWith("ab"), { ":a": S("ab") }],
    ["begins_with ( sk , :a )", () => false, { ":a": S("zz") }],
    ["(sk > :a)", (sk) => sk > "b", { ":a": S("b") }],
  ];
  for (const [condition, holds, values] of cases) {
    const expected = keys.filter(holds);
    const input = ask("by-s", S("conditions"), condition, values);
    assert.deepEqual((await run(input)).map((item) => item["sk"]?.S), expected, condition);
    const back = (await run({ ...input, ScanIndexForward: false })).map((item) => item["sk"]?.S);
    assert.deepEqual(back, [...expected].reverse(), condition);
  }
  const swapped = await run({
    TableName: "by-s", KeyConditionExpression: "#s >= :a and #p = :p",
    ExpressionAttributeNames: { "#s": "sk", "#p": "pk" }, ExpressionAttributeValues: { ":a": S("b"), ":p": S("conditions") },
  });
  assert.equal(swapped.length, 3);
});

test("Limit: pages cover everything once, and a page that ends exactly at the end has a last key", async () => {
  const keys = Array.from({ length: 10 }, (_, i) => String(i));
  await fill("by-s", keys.map((sk, i) => ({ pk: S("limit"), sk: S(sk), even: { BOOL: i % 2 === 0 } })));
  for (const ScanIndexForward of [true, false]) {
    for (const pageSize of [1, 3, 5, 10, 11]) {
      const pages: string[][] = [];
      const config = { client: server.client, pageSize };
      for await (const page of paginateQuery(config, { ...ask("by-s", S("limit")), ScanIndexForward })) {
        assert.equal(page.Count, page.ScannedCount);
        pages.push((page.Items ?? []).map((item) => item["sk"]?.S ?? ""));
      }
      const expected = ScanIndexForward ? keys : [...keys].reverse();
      assert.deepEqual(pages.flat(), expected);
      // The limit was hit at the very end: one more, empty, page.
      assert.equal(pages.length, pageSize > 10 ? 1 : Math.floor(10 / pageSize) + 1, `pages of ${pageSize}`);
    }
  }
  const filtered = await server.client.send(new QueryCommand({
    ...ask("by-s", S("limit"), "", { ":t": { BOOL: true } }), Limit: 5, FilterExpression: "even = :t",
  }));
  assert.deepEqual([filtered.Count, filtered.ScannedCount], [3, 5]);
  assert.deepEqual(filtered.LastEvaluatedKey, { pk: S("limit"), sk: S("4") });
  const none = await server.client.send(new QueryCommand({
    ...ask("by-s", S("limit"), "", { ":t": S("no") }), Limit: 4, FilterExpression: "even = :t",
  }));
  assert.deepEqual([none.Count, none.Items, none.LastEvaluatedKey], [0, [], { pk: S("limit"), sk: S("3") }]);
});

test("1 MB: the item that crosses it is still in the page, and nothing is lost or repeated", async () => {
  // 100 KB each with name and key: pages end with the 11th, whose bytes cross 1 MiB.
  const count = 25;
  const size = 100 * 1024;
  const items = Array.from({ length: count }, (_, i): Item => {
    const sk = String(i).padStart(3, "0");
    return { pk: S("mega"), sk: S(sk), v: S("x".repeat(size - 2 - 4 - 2 - 3 - 1)) };
  });
  for (const Item of items) await server.ok("PutItem", { TableName: "by-s", Item });
  const sizes: number[] = [];
  const seen: (string | undefined)[] = [];
  for await (const page of paginateQuery({ client: server.client }, {
    ...ask("by-s", S("mega")), ReturnConsumedCapacity: "TOTAL", ConsistentRead: true,
  })) {
    sizes.push(page.Count ?? 0);
    seen.push(...(page.Items ?? []).map((item) => item["sk"]?.S));
    const units = Math.ceil(((page.Count ?? 0) * size) / 4096);
    assert.equal(page.ConsumedCapacity?.CapacityUnits, Math.max(1, units));
  }
  assert.deepEqual(sizes, [11, 11, 3]);
  assert.deepEqual(seen, items.map((item) => item["sk"]?.S));
  const counted = await server.client.send(new QueryCommand({ ...ask("by-s", S("mega")), Select: "COUNT" }));
  assert.deepEqual([counted.Count, counted.Items, counted.LastEvaluatedKey?.["sk"]], [11, undefined, S("010")]);
  const small = await server.client.send(new QueryCommand({ ...ask("by-s", S("mega")), ProjectionExpression: "sk" }));
  assert.equal(small.Count, 11, "the bytes that count are those read, not those returned");
  const back = await server.client.send(new QueryCommand({ ...ask("by-s", S("mega")), ScanIndexForward: false }));
  assert.deepEqual(back.LastEvaluatedKey?.["sk"], S("014"));
});

test("1 MB exactly: the page goes on to the item behind it", async () => {
  const item = (sk: string, bytes: number): Item => ({ pk: S("exact"), sk: S(sk), v: S("x".repeat(bytes - 2 - 5 - 2 - 1 - 1)) });
  for (const [sk, bytes] of [["0", 262_144], ["1", 262_144], ["2", 262_144], ["3", 262_144], ["4", 100], ["5", 100]] as const) {
    await server.ok("PutItem", { TableName: "by-s", Item: item(sk, bytes) });
  }
  const page = await server.client.send(new QueryCommand(ask("by-s", S("exact"))));
  assert.ok((page.Count ?? 0) === 4 || (page.Count ?? 0) === 5);
  const rest = await server.client.send(new QueryCommand({
    ...ask("by-s", S("exact")), ExclusiveStartKey: page.LastEvaluatedKey as Item,
  }));
  assert.equal((page.Count ?? 0) + (rest.Count ?? 0), 6);
  assert.equal(rest.LastEvaluatedKey, undefined);
});

test("a start key need not exist", async () => {
  await fill("by-s", ["a", "c", "e"].map((sk) => ({ pk: S("gaps"), sk: S(sk) })));
  const from = async (sk: string, ScanIndexForward: boolean): Promise<(string | undefined)[]> => (await run({
    ...ask("by-s", S("gaps")), ExclusiveStartKey: { pk: S("gaps"), sk: S(sk) }, ScanIndexForward,
  })).map((item) => item["sk"]?.S);
  assert.deepEqual(await from("b", true), ["c", "e"]);
  assert.deepEqual(await from("c", true), ["e"]);
  assert.deepEqual(await from("d", false), ["c", "a"]);
  assert.deepEqual(await from("c", false), ["a"]);
  assert.deepEqual(await from("z", true), []);
});

test("a table of partition keys alone can be queried", async () => {
  await server.table("hash", "pk:S");
  await server.ok("PutItem", { TableName: "hash", Item: { pk: S("one"), v: N(1) } });
  assert.deepEqual(await run(ask("hash", S("one"))), [{ pk: S("one"), v: N(1) }]);
  assert.deepEqual(await run(ask("hash", S("on"))), []);
  const page = await server.ok("Query", { ...ask("hash", S("one")), Limit: 1 });
  assert.deepEqual(page.LastEvaluatedKey, { pk: S("one") });
  const end = await server.ok("Query", { ...ask("hash", S("one")), ExclusiveStartKey: { pk: S("one") } });
  assert.deepEqual([end.Count, end.LastEvaluatedKey], [0, undefined]);
});

test("refused queries", async () => {
  const values = { ":pk": S("x") };
  const base = { TableName: "by-s", KeyConditionExpression: "pk = :pk", ExpressionAttributeValues: values };
  const key = (text: string, more: Item = {}): object => ({
    ...base, KeyConditionExpression: text, ExpressionAttributeValues: { ...values, ...more },
  });
  const cases: Refused[] = [
    ["Query", { TableName: "by-s" }, "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request."],
    ["Query", key("sk = :pk"), "Query condition missed key schema element: pk"],
    ["Query", key("pk > :pk"), "Query key condition not supported"],
    ["Query", key("pk = :pk AND v = :v", { ":v": S("y") }), "Query condition missed key schema element: sk"],
    ["Query", key("pk = :pk OR sk = :v", { ":v": S("y") }), "Invalid operator used in KeyConditionExpression: OR"],
    ["Query", key("pk = :pk AND sk <> :v", { ":v": S("y") }), "Invalid operator used in KeyConditionExpression: <>"],
    ["Query", key("pk = :pk AND contains(sk, :v)", { ":v": S("y") }), "Invalid operator used in KeyConditionExpression: contains"],
    ["Query", key("pk = :pk AND sk = :v", { ":v": N(1) }),
      "One or more parameter values were invalid: Condition parameter type does not match schema type"],
    ["Query", key("pk = :pk AND sk BETWEEN :v AND :w", { ":v": S("b"), ":w": S("a") }),
      /^Invalid KeyConditionExpression: The BETWEEN operator requires upper bound to be greater than or equal to lower bound/],
    ["Query", key("pk = :pk AND sk > :pk AND sk < :v", { ":v": S("y") }),
      "KeyConditionExpressions must only contain one condition per key"],
    ["Query", { ...base, Limit: 0 }, /Value '0' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1/],
    ["Query", { ...base, IndexName: "nope" }, "The table does not have the specified index: nope"],
    ["Query", { ...base, FilterExpression: "pk = :pk" },
      "Filter Expression can only contain non-primary key attributes: Primary key attribute: pk"],
    ["Query", { ...base, ExclusiveStartKey: { pk: S("y"), sk: S("a") } }, /^The provided starting key is outside query boundaries/],
    ["Query", { ...base, ExclusiveStartKey: { pk: S("x") } }, /[Ss]tart/],
    ["Query", { ...base, Select: "SPECIFIC_ATTRIBUTES" }, /^Must specify the AttributesToGet or ProjectionExpression/],
    ["Query", { ...base, Select: "COUNT", ProjectionExpression: "v" }, /^Cannot specify the ProjectionExpression when choosing to get/],
    ["Query", key("pk = :pk", { ":unused": S("x") }),
      "Value provided in ExpressionAttributeValues unused in expressions: keys: {:unused}"],
    ["Query", key("pk = :missing"),
      "Invalid KeyConditionExpression: An expression attribute value used in expression is not defined; attribute value: :missing"],
    ["Query", { ...key("pk = :e"), ExpressionAttributeValues: { ":e": S("") } }, /empty/],
    // What can be told without the table is told before it is looked for.
    ["Query", { ...key("pk = :pk OR sk = :pk"), TableName: "nowhere" },
      "Invalid operator used in KeyConditionExpression: OR"],
    ["Query", { ...key("pk = :pk and"), TableName: "nowhere" }, /^Invalid KeyConditionExpression: Syntax error/],
    ["Query", { ...key("pk = :pk", { ":unused": S("x") }), TableName: "nowhere" },
      "Value provided in ExpressionAttributeValues unused in expressions: keys: {:unused}"],
    ["Query", key(""), "Invalid KeyConditionExpression: The expression can not be empty;"],
    ["Query", key("pk = :pk and"), /^Invalid KeyConditionExpression: Syntax error; token: "<EOF>", near: "and"/],
  ];
  await assertRefused(server, cases);
});
