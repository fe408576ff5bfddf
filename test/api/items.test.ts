import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  DeleteItemCommand, GetItemCommand, PutItemCommand, UpdateItemCommand, type AttributeValue,
} from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient, GetCommand, NumberValue, PutCommand, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import { N, S, Server, assertRefused, rejected, type Item, type Refused } from "./kit.ts";

const T = "items";
let server: Server;
before(async () => {
  server = await Server.start();
  await server.table(T, "pk:S");
});
after(() => server.stop());

async function put(item: Item): Promise<void> {
  await server.client.send(new PutItemCommand({ TableName: T, Item: item }));
}
async function get(pk: string): Promise<Item | undefined> {
  return (await server.client.send(new GetItemCommand({ TableName: T, Key: { pk: S(pk) } }))).Item;
}
/** What a number comes back as. */
async function stored(text: string): Promise<string | undefined> {
  await put({ pk: S("number"), n: N(text) });
  return (await get("number"))?.["n"]?.N;
}

test("every type, nested, comes back as it went in", async () => {
  const item: Item = {
    pk: S("types"), s: S("ä€😀\u0000\n\"\\"), emptyS: S(""), n: N("-1.5"), b: { B: new Uint8Array([0, 255, 128]) },
    emptyB: { B: new Uint8Array() }, t: { BOOL: true }, f: { BOOL: false }, z: { NULL: true },
    ss: { SS: ["b", "a", ""] }, ns: { NS: ["3", "-1", "2.5"] }, bs: { BS: [new Uint8Array([1]), new Uint8Array([2, 3])] },
    l: { L: [S("x"), N(1), { L: [] }, { M: {} }, { NULL: true }] },
    m: { M: { a: { M: { b: { L: [{ M: { c: { SS: ["x"] } } }] } } }, "": S("never") } },
    "with space.and-dots[0]": S("odd"), "ключ": S("unicode"), constructor: S("c"), toString: N(1), hasOwnProperty: N(2),
  };
  delete item["m"]?.M?.[""];
  await put(item);
  const got = await get("types");
  for (const [type, name] of [["SS", "ss"], ["NS", "ns"]] as const) {
    assert.deepEqual(new Set(got?.[name]?.[type]), new Set(item[name]?.[type]));
    if (got !== undefined) delete got[name];
    delete item[name];
  }
  assert.deepEqual(got?.["bs"]?.BS?.map((bytes) => [...bytes]).sort(), [[1], [2, 3]]);
  for (const one of [got, item]) delete one?.["bs"];
  assert.deepEqual(got, item);
});

test("__proto__ as a name, in raw JSON, at every level", async () => {
  const Item = '{"pk":{"S":"proto"},"__proto__":{"S":"x"},"m":{"M":{"__proto__":{"M":{"__proto__":{"N":"1"}}}}}}';
  await server.ok("PutItem", `{"TableName":"${T}","Item":${Item}}`);
  const { Item: got } = await server.ok("GetItem", { TableName: T, Key: { pk: S("proto") } });
  assert.deepEqual(got, JSON.parse(Item));
  const updated = await server.ok("UpdateItem", {
    TableName: T, Key: { pk: S("proto") }, UpdateExpression: "SET #p = :v, m.#p.#p = m.#p.#p + :one",
    ExpressionAttributeNames: { "#p": "__proto__" }, ExpressionAttributeValues: { ":v": S("y"), ":one": N(1) },
    ReturnValues: "UPDATED_NEW",
  });
  assert.deepEqual(updated.Attributes,
    JSON.parse('{"__proto__":{"S":"y"},"m":{"M":{"__proto__":{"M":{"__proto__":{"N":"2"}}}}}}'));
  const projected = await server.ok("GetItem", {
    TableName: T, Key: { pk: S("proto") }, ProjectionExpression: "#p", ExpressionAttributeNames: { "#p": "__proto__" },
  });
  assert.deepEqual(projected.Item, JSON.parse('{"__proto__":{"S":"y"}}'));
});

test("a table and keys of names that JavaScript gives a meaning", async () => {
  const TableName = "__proto__";
  await server.table(TableName, "__proto__:S", "constructor:N");
  const Key = '{"__proto__":{"S":"a"},"constructor":{"N":"1"}}';
  const parsed = JSON.parse(Key);
  await server.ok("BatchWriteItem", `{"RequestItems":{"__proto__":[{"PutRequest":{"Item":${Key}}}]}}`);
  assert.deepEqual((await server.ok("GetItem", `{"TableName":"__proto__","Key":${Key}}`)).Item, parsed);
  const batch = await server.ask("BatchGetItem", `{"RequestItems":{"__proto__":{"Keys":[${Key}]}}}`);
  assert.equal(batch.text, `{"Responses":{"__proto__":[${Key}]},"UnprocessedKeys":{}}`);
  const page = await server.ok("Query", {
    TableName, KeyConditionExpression: "#p = :constructor", ExpressionAttributeNames: { "#p": "__proto__" },
    ExpressionAttributeValues: { ":constructor": S("a") }, Limit: 1,
  });
  assert.deepEqual([page.Items, page.LastEvaluatedKey], [[parsed], parsed]);
  const rest = await server.ok("Scan", `{"TableName":"__proto__","ExclusiveStartKey":${Key}}`);
  assert.deepEqual(rest, { Items: [], Count: 0, ScannedCount: 0 });
  const missing = await server.ask("PutItem", { TableName, Item: { v: N(1) } });
  assert.equal(missing.message, "One or more parameter values were invalid: Missing the key __proto__ in the item");
});

test("numbers: canonical text", async () => {
  const digits38 = "12345678901234567890123456789012345678";
  const cases: readonly (readonly [string, string])[] = [
    ["0", "0"], ["-0", "0"], ["0.000", "0"], ["007", "7"], ["1.50", "1.5"], ["+5", "5"], ["1e3", "1000"], ["1E-3", "0.001"],
    ["123.4560E2", "12345.6"], [".5", "0.5"], ["5.", "5"], ["-.5e1", "-5"], [digits38, digits38], [`-${digits38}`, `-${digits38}`],
    [`0.${digits38}`, `0.${digits38}`], ["1e37", `1${"0".repeat(37)}`],
    ["000000000000000000000000000000000000000000000000001", "1"],
  ];
  for (const [given, expected] of cases) assert.equal(await stored(given), expected, given);
  // Whatever the text of very large and very small ones, the value is exact.
  for (const text of [
    "9.9999999999999999999999999999999999999E+125", "-9.9999999999999999999999999999999999999E+125", "1E-130", "-1E-130",
    "1e125", "1.5E-100",
  ]) {
    const back = await stored(text) ?? "";
    assert.equal(await stored(back), back, "canonical text is stable");
    const found = await server.ok("GetItem", { TableName: T, Key: { pk: S("number") } });
    assert.equal(Number(found.Item.n.N), Number(text));
  }
});

test("numbers out of range or of too many digits", async () => {
  const over = "Number overflow. Attempting to store a number with magnitude larger than supported range";
  const under = "Number underflow. Attempting to store a number with magnitude smaller than supported range";
  const at = (n: string): object => ({ TableName: T, Item: { pk: S("bad"), n: { N: n } } });
  const cases: Refused[] = [
    ["PutItem", at("1E126"), over], ["PutItem", at("-1e999999999"), over], ["PutItem", at("1E-131"), under],
    ["PutItem", at("1e-99999999999999999999"), under],
    ["PutItem", at("123456789012345678901234567890123456789"), "Attempting to store more than 38 significant digits in a Number"],
    ["PutItem", at("abc"), "The parameter cannot be converted to a numeric value: abc"],
    ["PutItem", at(""), "The parameter cannot be converted to a numeric value"],
    ["PutItem", at("0x10"), "The parameter cannot be converted to a numeric value: 0x10"],
    ["PutItem", at("NaN"), "The parameter cannot be converted to a numeric value: NaN"],
    ["PutItem", at("Infinity"), "The parameter cannot be converted to a numeric value: Infinity"],
    ["PutItem", at("1_000"), "The parameter cannot be converted to a numeric value: 1_000"],
  ];
  await assertRefused(server, cases);
  assert.equal(await get("bad"), undefined);
});

test("arithmetic is decimal and exact to 38 digits", async () => {
  await put({ pk: S("sum"), v: N("0.1") });
  const add = async (by: string, op = "+"): Promise<string | undefined> => {
    const { Attributes } = await server.client.send(new UpdateItemCommand({
      TableName: T, Key: { pk: S("sum") }, UpdateExpression: `SET v = v ${op} :by`,
      ExpressionAttributeValues: { ":by": N(by) }, ReturnValues: "UPDATED_NEW",
    }));
    return Attributes?.["v"]?.N;
  };
  assert.equal(await add("0.2"), "0.3");
  const beyond = await rejected(add("99999999999999999999999999999999999999"), "ValidationException");
  assert.equal(beyond.message, "Attempting to store more than 38 significant digits in a Number");
  await put({ pk: S("sum"), v: N("1") });
  assert.equal(await add("99999999999999999999999999999999999998"), "99999999999999999999999999999999999999");
  await put({ pk: S("sum"), v: N("9007199254740993") });
  assert.equal(await add("2"), "9007199254740995");
  assert.equal(await add("9007199254740996", "-"), "-1");
  await put({ pk: S("sum"), v: N("9.9999999999999999999999999999999999999E+125") });
  await rejected(add("9E+125"), "ValidationException");
});

test("ReturnValues of every kind and operation", async () => {
  const Key = { pk: S("returns") };
  const full: Item = { ...Key, a: N(1), b: { M: { x: N(1), y: S("z") } }, l: { L: [S("0"), S("1"), S("2")] } };
  const update = async (expression: string, kind: string): Promise<Item | undefined> => {
    await put(full);
    return (await server.client.send(new UpdateItemCommand({
      TableName: T, Key, UpdateExpression: expression, ReturnValues: kind as "NONE",
      ...(expression.includes(":v") ? { ExpressionAttributeValues: { ":v": N(9) } } : {}),
    }))).Attributes;
  };
  assert.equal(await update("SET a = :v", "NONE"), undefined);
  assert.deepEqual(await update("SET a = :v", "ALL_OLD"), full);
  assert.deepEqual(await update("SET a = :v", "ALL_NEW"), { ...full, a: N(9) });
  assert.deepEqual(await update("SET a = :v", "UPDATED_OLD"), { a: N(1) });
  assert.deepEqual(await update("SET a = :v", "UPDATED_NEW"), { a: N(9) });
  assert.deepEqual(await update("SET b.x = :v", "UPDATED_NEW"), { b: { M: { x: N(9) } } });
  assert.deepEqual(await update("SET b.x = :v", "UPDATED_OLD"), { b: { M: { x: N(1) } } });
  assert.deepEqual(await update("SET n = :v", "UPDATED_NEW"), { n: N(9) });
  assert.equal(await update("SET n = :v", "UPDATED_OLD"), undefined);
  assert.equal(await update("REMOVE a", "UPDATED_NEW"), undefined);
  assert.deepEqual(await update("REMOVE a", "UPDATED_OLD"), { a: N(1) });
  assert.deepEqual(await update("REMOVE a SET n = :v", "UPDATED_NEW"), { n: N(9) });
  assert.deepEqual(await update("SET l[1] = :v", "UPDATED_NEW"), { l: { L: [N(9)] } });
  assert.deepEqual(await update("ADD a :v", "UPDATED_NEW"), { a: N(10) });
  const { client } = server;
  await put(full);
  const old = await client.send(new PutItemCommand({ TableName: T, Item: { ...Key, c: N(2) }, ReturnValues: "ALL_OLD" }));
  assert.deepEqual(old.Attributes, full);
  const gone = await client.send(new DeleteItemCommand({ TableName: T, Key, ReturnValues: "ALL_OLD" }));
  assert.deepEqual(gone.Attributes, { ...Key, c: N(2) });
  const none = await client.send(new DeleteItemCommand({ TableName: T, Key, ReturnValues: "ALL_OLD" }));
  assert.equal(none.Attributes, undefined);
  const fresh = await client.send(new PutItemCommand({ TableName: T, Item: Key, ReturnValues: "ALL_OLD" }));
  assert.equal(fresh.Attributes, undefined);
});

test("an update of what is not there creates it with its key", async () => {
  const Key = { pk: S("created") };
  const first = await server.ok("UpdateItem", {
    TableName: T, Key, UpdateExpression: "SET a = if_not_exists(a, :z) + :one ADD s :s",
    ExpressionAttributeValues: { ":z": N(0), ":one": N(1), ":s": { SS: ["x"] } }, ReturnValues: "ALL_NEW",
  });
  assert.deepEqual(first.Attributes, { ...Key, a: N(1), s: { SS: ["x"] } });
  assert.deepEqual(await get("created"), { ...Key, a: N(1), s: { SS: ["x"] } });
  const removed = await server.ok("UpdateItem", {
    TableName: T, Key: { pk: S("created-2") }, UpdateExpression: "REMOVE x", ReturnValues: "ALL_OLD",
  });
  assert.deepEqual(removed, {});
  assert.deepEqual(await get("created-2"), { pk: S("created-2") });
});

test("conditions: passed, failed, and the item that failed them", async () => {
  const { client } = server;
  const Item = { pk: S("conditional"), v: N(1) };
  const once = new PutItemCommand({ TableName: T, Item, ConditionExpression: "attribute_not_exists(pk)" });
  await client.send(once);
  const plain = await rejected(client.send(once), "ConditionalCheckFailedException");
  assert.equal(plain.message, "The conditional request failed");
  assert.equal(plain.Item, undefined);
  const condition = {
    TableName: T, ConditionExpression: "v > :v", ExpressionAttributeValues: { ":v": N(1) },
    ReturnValuesOnConditionCheckFailure: "ALL_OLD",
  } as const;
  const Key = { pk: Item.pk };
  for (const command of [
    new PutItemCommand({ ...condition, Item: { ...Item, v: N(7) } }),
    new DeleteItemCommand({ ...condition, Key }),
    new UpdateItemCommand({ ...condition, Key, UpdateExpression: "SET v = v" }),
  ]) {
    const error = await rejected(client.send(command as PutItemCommand), "ConditionalCheckFailedException");
    assert.deepEqual(error.Item, Item);
  }
  const absent = await rejected(client.send(new UpdateItemCommand({ ...condition, Key: { pk: S("nobody") } })),
    "ConditionalCheckFailedException");
  assert.equal(absent.Item, undefined);
  assert.equal(await get("nobody"), undefined, "a failed update creates nothing");
  assert.deepEqual(await get("conditional"), Item);
});

test("sizes: 400 KB to the byte, keys to the byte", async () => {
  const filled = (bytes: number): Item => ({ pk: S("size"), v: S("x".repeat(bytes - 2 - 4 - 1)) });
  await put(filled(409_600));
  assert.equal((await get("size"))?.["v"]?.S?.length, 409_593);
  const key = (bytes: number): Item => ({ pk: S("é".repeat(bytes / 2)) });
  await put(key(2048));
  const cases: Refused[] = [
    ["PutItem", { TableName: T, Item: filled(409_601) }, "Item size has exceeded the maximum allowed size"],
    ["UpdateItem", {
      TableName: T, Key: { pk: S("size") }, UpdateExpression: "SET w = :w", ExpressionAttributeValues: { ":w": S("") },
    }, "Item size to update has exceeded the maximum allowed size"],
    ["PutItem", { TableName: T, Item: key(2050) },
      "One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of2048 bytes"],
  ];
  await assertRefused(server, cases);
});

test("nesting: 32 levels and no more", async () => {
  const nest = (levels: number): AttributeValue => {
    let value: AttributeValue = S("deep");
    for (let i = 0; i < levels; i++) value = i % 2 === 0 ? { L: [value] } : { M: { m: value } };
    return value;
  };
  await put({ pk: S("deep"), v: nest(32) });
  assert.deepEqual(await get("deep"), { pk: S("deep"), v: nest(32) });
  await assertRefused(server, [["PutItem", { TableName: T, Item: { pk: S("deep"), v: nest(33) } },
    "Nesting Levels have exceeded supported limits"]]);
});

test("the document client: plain objects, sets, big numbers", async () => {
  const documents = DynamoDBDocumentClient.from(server.client, {
    marshallOptions: { removeUndefinedValues: true }, unmarshallOptions: { wrapNumbers: true },
  });
  const Item = {
    pk: "doc", text: "x", flag: false, nothing: null, list: [1, "two", { three: [3] }], tags: new Set(["a", "b"]),
    bytes: new Uint8Array([1, 2, 3]), big: NumberValue.from("12345678901234567890123456789012345678"), skipped: undefined,
  };
  await documents.send(new PutCommand({ TableName: T, Item }));
  const { Item: got } = await documents.send(new GetCommand({ TableName: T, Key: { pk: "doc" } }));
  assert.equal(String(got?.["big"]), "12345678901234567890123456789012345678");
  assert.deepEqual(got?.["tags"], Item.tags);
  assert.deepEqual([...(got?.["bytes"] as Uint8Array)], [1, 2, 3]);
  assert.equal(got?.["nothing"], null);
  assert.ok(!("skipped" in (got ?? {})));
  const { Attributes } = await documents.send(new UpdateCommand({
    TableName: T, Key: { pk: "doc" }, UpdateExpression: "SET #l[2].three[0] = :n, #t = list_append(:l, #l)",
    ExpressionAttributeNames: { "#l": "list", "#t": "text" },
    ExpressionAttributeValues: { ":n": 33, ":l": [0] }, ReturnValues: "ALL_NEW",
  }));
  assert.deepEqual(JSON.parse(JSON.stringify(Attributes?.["list"])), [{ value: "1" }, "two", { three: [{ value: "33" }] }]);
  assert.equal((Attributes?.["text"] as unknown[]).length, 4);
});
