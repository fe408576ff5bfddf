// Local secondary indexes through the SDK: their definition, what is in them, and how they are read.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  BatchWriteItemCommand, CreateTableCommand, DeleteItemCommand, DescribeTableCommand, PutItemCommand, QueryCommand,
  ScanCommand, UpdateItemCommand, paginateQuery, paginateScan, type LocalSecondaryIndex, type QueryCommandInput,
} from "@aws-sdk/client-dynamodb";
import { N, S, Server, assertRefused, rejected, type Item, type Refused } from "./kit.ts";

let server: Server;
before(async () => {
  server = await Server.start();
  await create("music");
});
after(() => server.stop());

function index(IndexName: string, key: string, projection: LocalSecondaryIndex["Projection"]): LocalSecondaryIndex {
  return {
    IndexName, Projection: projection,
    KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }, { AttributeName: key, KeyType: "RANGE" }],
  };
}

const INDEXES: LocalSecondaryIndex[] = [
  index("by-year", "year", { ProjectionType: "ALL" }),
  index("by-title", "title", { ProjectionType: "KEYS_ONLY" }),
  index("by-blob", "blob", { ProjectionType: "INCLUDE", NonKeyAttributes: ["genre"] }),
];
const ATTRIBUTES = [
  ["pk", "S"], ["sk", "S"], ["year", "N"], ["title", "S"], ["blob", "B"],
].map(([AttributeName, AttributeType]) => ({ AttributeName, AttributeType }));

/** The definition of a table with three indexes; `more` replaces parts of it. */
function definition(TableName: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    TableName, BillingMode: "PAY_PER_REQUEST", AttributeDefinitions: ATTRIBUTES, LocalSecondaryIndexes: INDEXES,
    KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }, { AttributeName: "sk", KeyType: "RANGE" }], ...more,
  };
}

async function create(name: string): Promise<void> {
  await server.client.send(new CreateTableCommand(definition(name) as never));
}

async function put(...items: Item[]): Promise<void> {
  for (const item of items) await server.client.send(new PutItemCommand({ TableName: "music", Item: item }));
}

function ask(IndexName: string, pk: string, condition = "", values: Item = {}): QueryCommandInput {
  return {
    TableName: "music", IndexName, ExpressionAttributeValues: { ":pk": S(pk), ...values },
    KeyConditionExpression: condition === "" ? "pk = :pk" : `pk = :pk AND ${condition}`,
    ...(condition.includes("#y") ? { ExpressionAttributeNames: { "#y": "year" } } : {}),
  };
}

async function run(input: QueryCommandInput): Promise<Item[]> {
  return (await server.client.send(new QueryCommand(input))).Items ?? [];
}

async function keys(input: QueryCommandInput): Promise<string[]> {
  return (await run(input)).map((item) => item["sk"]?.S ?? "?");
}

const song = (pk: string, sk: string, more: Item = {}): Item => ({ pk: S(pk), sk: S(sk), ...more });

test("a table is described with its indexes", async () => {
  const { Table } = await server.client.send(new DescribeTableCommand({ TableName: "music" }));
  assert.deepEqual(new Set(Table?.AttributeDefinitions?.map((one) => one.AttributeName)),
    new Set(["pk", "sk", "year", "title", "blob"]));
  assert.deepEqual(
    Table?.LocalSecondaryIndexes,
    INDEXES.map((one) => ({
      ...one, IndexSizeBytes: 0, ItemCount: 0, IndexArn: `${Table?.TableArn}/index/${one.IndexName}`,
    })),
  );
});

test("items lie in the order of the index key, then of the table's; those without it are not there", async () => {
  await put(
    song("order", "c", { year: N(10) }), song("order", "a", { year: N(9) }), song("order", "b", { year: N(10) }),
    song("order", "d", { year: N(-1) }), song("order", "none"), song("other", "x", { year: N(1) }),
  );
  assert.deepEqual(await keys(ask("by-year", "order")), ["d", "a", "b", "c"]);
  assert.deepEqual(await keys({ ...ask("by-year", "order"), ScanIndexForward: false }), ["c", "b", "a", "d"]);
  assert.deepEqual(await keys({ ...ask("by-year", "order"), ConsistentRead: true }), ["d", "a", "b", "c"]);
  const cases: readonly (readonly [string, Item, string[]])[] = [
    ["#y = :a", { ":a": N(10) }, ["b", "c"]], ["#y < :a", { ":a": N(10) }, ["d", "a"]],
    ["#y <= :a", { ":a": N(9) }, ["d", "a"]], ["#y > :a", { ":a": N(9) }, ["b", "c"]],
    ["#y >= :a", { ":a": N(9) }, ["a", "b", "c"]], ["#y BETWEEN :a AND :b", { ":a": N(-1), ":b": N(9) }, ["d", "a"]],
  ];
  for (const [condition, values, expected] of cases) {
    assert.deepEqual(await keys(ask("by-year", "order", condition, values)), expected, condition);
  }
});

test("strings and binaries of the index key sort by their bytes, zeros and prefixes included", async () => {
  const texts = ["\0", "\0\0", "\0\x01", "a", "a\0", "a\0b", "a\x01", "aa", "ab", "\u{10ffff}", "\uffff"];
  await put(...texts.map((title, i) => song("bytes", `z${i}`, { title: S(title), blob: { B: Buffer.from(title) } })));
  const sorted = [...texts].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  assert.deepEqual((await run(ask("by-title", "bytes"))).map((item) => item["title"]?.S), sorted);
  assert.deepEqual(
    (await run(ask("by-blob", "bytes"))).map((item) => Buffer.from(item["blob"]?.B as Uint8Array).toString()), sorted,
  );
  for (const prefix of texts) {
    const found = await run(ask("by-title", "bytes", "begins_with(title, :p)", { ":p": S(prefix) }));
    assert.deepEqual(found.map((item) => item["title"]?.S), sorted.filter((text) => text.startsWith(prefix)), prefix);
    const below = await run(ask("by-title", "bytes", "title < :p", { ":p": S(prefix) }));
    assert.deepEqual(below.map((item) => item["title"]?.S), sorted.slice(0, sorted.indexOf(prefix)), prefix);
  }
});

test("each index has what it projects, and more is fetched from the item", async () => {
  const item = song("parts", "1", {
    year: N(1), title: S("t"), blob: { B: Uint8Array.of(1) }, genre: S("g"), text: S("x"),
  });
  await put(item);
  assert.deepEqual(await run(ask("by-year", "parts")), [item]);
  assert.deepEqual(await run(ask("by-title", "parts")), [song("parts", "1", { title: S("t") })]);
  assert.deepEqual(
    await run(ask("by-blob", "parts")), [song("parts", "1", { blob: { B: Uint8Array.of(1) }, genre: S("g") })],
  );
  const projected = { ...ask("by-title", "parts"), Select: "ALL_PROJECTED_ATTRIBUTES" as const };
  assert.deepEqual(await run(projected), [song("parts", "1", { title: S("t") })]);
  assert.deepEqual(await run({ ...ask("by-title", "parts"), Select: "ALL_ATTRIBUTES" }), [item]);
  assert.deepEqual(await run({ ...ask("by-title", "parts"), ProjectionExpression: "sk, genre" }),
    [{ sk: S("1"), genre: S("g") }]);
  assert.deepEqual(
    await run({ ...ask("by-title", "parts", "", { ":g": S("g") }), FilterExpression: "genre = :g" }), [item],
  );
  const counted = await server.client.send(new QueryCommand({ ...ask("by-title", "parts"), Select: "COUNT" }));
  assert.deepEqual([counted.Count, counted.Items], [1, undefined]);
});

test("an index follows updates, replacements and deletions", async () => {
  const key = { pk: S("life"), sk: S("1") };
  await put({ ...key, year: N(1), title: S("a") });
  const update = async (UpdateExpression: string, values?: Item): Promise<void> => {
    await server.client.send(new UpdateItemCommand({
      TableName: "music", Key: key, UpdateExpression, ExpressionAttributeNames: { "#y": "year" },
      ...(values === undefined ? {} : { ExpressionAttributeValues: values }),
    }));
  };
  await update("SET #y = :y, extra = :y", { ":y": N(2) });
  assert.deepEqual(await run(ask("by-year", "life")), [{ ...key, year: N(2), title: S("a"), extra: N(2) }]);
  await update("REMOVE #y");
  assert.deepEqual(await run(ask("by-year", "life")), []);
  assert.equal((await run(ask("by-title", "life"))).length, 1);
  await put({ ...key, year: N(7) });
  assert.deepEqual(await run(ask("by-title", "life")), []);
  assert.deepEqual(await run(ask("by-year", "life")), [{ ...key, year: N(7) }]);
  await server.client.send(new DeleteItemCommand({ TableName: "music", Key: key }));
  assert.deepEqual(await run(ask("by-year", "life")), []);
});

test("pages of Query and Scan go on where the last one ended, among equal index keys too", async () => {
  const items = Array.from({ length: 23 }, (_, i) => song(`page${i % 2}`, `s${i}`, { title: S(`t${i % 3}`) }));
  const requests = items.map((Item) => ({ PutRequest: { Item } }));
  await server.client.send(new BatchWriteItemCommand({ RequestItems: { music: requests } }));
  const whole = await keys(ask("by-title", "page0"));
  assert.equal(whole.length, 12);
  for (const ScanIndexForward of [true, false]) {
    const got: string[] = [];
    for await (const page of paginateQuery({ client: server.client, pageSize: 5 },
      { ...ask("by-title", "page0"), ScanIndexForward })) {
      for (const item of page.Items ?? []) got.push(item["sk"]?.S ?? "?");
      if (page.LastEvaluatedKey !== undefined) {
        assert.deepEqual(Object.keys(page.LastEvaluatedKey).sort(), ["pk", "sk", "title"]);
      }
    }
    assert.deepEqual(got, ScanIndexForward ? whole : [...whole].reverse());
  }
  const found: string[] = [];
  for await (const page of paginateScan({ client: server.client, pageSize: 4 },
    { TableName: "music", IndexName: "by-title", ConsistentRead: true })) {
    for (const item of page.Items ?? []) if (item["pk"]?.S?.startsWith("page") === true) found.push(item["sk"]?.S ?? "?");
  }
  assert.deepEqual(found.sort(), items.map((item) => item["sk"]?.S).sort());
  const all = await server.client.send(new ScanCommand({
    TableName: "music", IndexName: "by-title", Select: "ALL_ATTRIBUTES",
  }));
  const plain = await server.client.send(new ScanCommand({ TableName: "music" }));
  const withTitle = (plain.Items ?? []).filter((item) => item["title"] !== undefined);
  const sorted = (list: Item[]): string[] => list.map((item) => JSON.stringify(Object.entries(item).sort())).sort();
  assert.deepEqual(sorted(all.Items ?? []), sorted(withTitle));
});

test("capacity is told for the table and for each index", async () => {
  const big = S("x".repeat(5_000));
  const written = await server.client.send(new PutItemCommand({
    TableName: "music", ReturnConsumedCapacity: "INDEXES", Item: song("cost", "1", { year: N(1), title: S("a"), text: big }),
  }));
  assert.deepEqual(written.ConsumedCapacity, {
    TableName: "music", CapacityUnits: 11, Table: { CapacityUnits: 5 },
    LocalSecondaryIndexes: { "by-year": { CapacityUnits: 5 }, "by-title": { CapacityUnits: 1 } },
  });
  const moved = await server.client.send(new UpdateItemCommand({
    TableName: "music", ReturnConsumedCapacity: "INDEXES", Key: { pk: S("cost"), sk: S("1") },
    UpdateExpression: "SET title = :t", ExpressionAttributeValues: { ":t": S("b") },
  }));
  assert.deepEqual(moved.ConsumedCapacity?.LocalSecondaryIndexes, {
    "by-year": { CapacityUnits: 5 }, "by-title": { CapacityUnits: 2 }, // one row goes, another comes
  });
  const read = async (more: Partial<QueryCommandInput>): Promise<unknown> => (await server.client.send(new QueryCommand({
    ...ask("by-title", "cost"), ConsistentRead: true, ReturnConsumedCapacity: "INDEXES", ...more,
  }))).ConsumedCapacity;
  assert.deepEqual(await read({}), {
    TableName: "music", CapacityUnits: 1, Table: { CapacityUnits: 0 },
    LocalSecondaryIndexes: { "by-title": { CapacityUnits: 1 } },
  });
  assert.deepEqual(await read({ Select: "ALL_ATTRIBUTES" }), {
    TableName: "music", CapacityUnits: 3, Table: { CapacityUnits: 2 },
    LocalSecondaryIndexes: { "by-title": { CapacityUnits: 1 } },
  });
  assert.deepEqual(await read({ Select: "ALL_ATTRIBUTES", ConsistentRead: false, ReturnConsumedCapacity: "TOTAL" }),
    { TableName: "music", CapacityUnits: 1.5 });
});

test("metrics of an item collection name it and a range that holds its size", async () => {
  const Item = song("collection", "1", { year: N(1) });
  const metrics = { ItemCollectionKey: { pk: S("collection") }, SizeEstimateRangeGB: [0, 1] };
  const asked = { TableName: "music", ReturnItemCollectionMetrics: "SIZE" as const };
  const written = await server.client.send(new PutItemCommand({ ...asked, Item }));
  assert.deepEqual(written.ItemCollectionMetrics, metrics);
  const quiet = await server.client.send(new PutItemCommand({ TableName: "music", Item }));
  assert.equal(quiet.ItemCollectionMetrics, undefined);
  const requests = [{ PutRequest: { Item } }, { PutRequest: { Item: { ...Item, sk: S("2") } } }];
  const batch = await server.client.send(new BatchWriteItemCommand({
    RequestItems: { music: requests }, ReturnItemCollectionMetrics: "SIZE",
  }));
  assert.deepEqual(new Set((batch.ItemCollectionMetrics?.["music"] ?? []).map((one) => JSON.stringify(one))),
    new Set([JSON.stringify(metrics)]));
  const gone = await server.client.send(new DeleteItemCommand({
    ...asked, Key: { pk: Item["pk"], sk: Item["sk"] } as never, ReturnConsumedCapacity: "TOTAL", ReturnValues: "ALL_OLD",
  }));
  assert.deepEqual([gone.ItemCollectionMetrics, gone.Attributes, gone.ConsumedCapacity?.CapacityUnits], [metrics, Item, 2]);
  await server.table("plain", "pk:S", "sk:S");
  const plain = await server.client.send(new PutItemCommand({ ...asked, TableName: "plain", Item }));
  assert.equal(plain.ItemCollectionMetrics, undefined);
});

test("index keys of another type, empty or too large are refused, whatever writes them", async () => {
  const mismatch = "One or more parameter values were invalid: Type mismatch for Index Key year Expected: N Actual: S "
    + "IndexName: by-year";
  const empty = "One or more parameter values are not valid. A value specified for a secondary index key is not supported. "
    + "The AttributeValue for a key attribute cannot contain an empty string value. IndexName: by-title, IndexKey: title";
  const Key = { pk: S("bad"), sk: S("1") };
  const request = { PutRequest: { Item: { ...Key, year: S("1") } } };
  const fine = { PutRequest: { Item: song("bad", "2", { year: N(1) }) } };
  const set = (name: string, value: unknown): unknown => ({
    TableName: "music", Key, UpdateExpression: "SET #a = :v", ExpressionAttributeNames: { "#a": name },
    ExpressionAttributeValues: { ":v": value },
  });
  await assertRefused(server, [
    ["PutItem", { TableName: "music", Item: { ...Key, year: S("1") } }, mismatch],
    ["PutItem", { TableName: "music", Item: { ...Key, title: S("") } }, empty],
    ["PutItem", { TableName: "music", Item: { ...Key, title: S("x".repeat(1_025)) } }, /exceeded the size limit of 1024/],
    ["BatchWriteItem", { RequestItems: { music: [fine, request] } }, mismatch],
    ["UpdateItem", set("year", S("1")), "The update expression attempted to update the secondary index key to unsupported type"],
    ["UpdateItem", set("title", S("")), "One or more parameter values are not valid. The update expression attempted to update a secondary "
      + "index key to a value that is not supported. The AttributeValue for a key attribute cannot contain an empty string value."],
    ["PutItem", { TableName: "music", Item: { pk: S("p".repeat(2_000)), sk: S("s".repeat(1_000)), title: S("t".repeat(1_000)) } },
      /keys of table and index together/],
  ]);
  assert.deepEqual(await run({ ...ask("by-year", "bad"), ConsistentRead: true }), []);
});

test("what cannot be read from an index is refused", async () => {
  const from = (ExclusiveStartKey: Item): unknown => ({ ...ask("by-title", "a"), ExclusiveStartKey });
  await assertRefused(server, [
    ["Query", ask("nothing", "a"), "The table does not have the specified index: nothing"],
    ["Scan", { TableName: "music", IndexName: "nothing" }, "The table does not have the specified index: nothing"],
    ["Query", ask("by-title", "a", "sk = :s", { ":s": S("x") }), "Query condition missed key schema element: title"],
    ["Query", ask("by-title", "a", "title = :s", { ":s": N(1) }),
      "One or more parameter values were invalid: Condition parameter type does not match schema type"],
    ["Query", { ...ask("by-title", "a", "", { ":t": S("x") }), FilterExpression: "title = :t" },
      "Filter Expression can only contain non-primary key attributes: Primary key attribute: title"],
    ["Query", from(song("a", "b")), "The provided starting key is invalid"],
    ["Query", from(song("a", "b", { year: N(1) })), "The provided starting key is invalid"],
    ["Query", from(song("z", "b", { title: S("t") })),
      "The provided starting key is outside query boundaries based on provided conditions"],
  ]);
});

test("definitions that DynamoDB refuses are refused", async () => {
  const invalid = "One or more parameter values were invalid: ";
  const one = (more: Partial<LocalSecondaryIndex>): Record<string, unknown> => ({
    LocalSecondaryIndexes: [{ ...index("by-year", "year", { ProjectionType: "ALL" }), ...more }],
    AttributeDefinitions: ATTRIBUTES.slice(0, 3),
  });
  const hash = { AttributeName: "pk", KeyType: "HASH" as const };
  const six = ["a", "b", "c", "d", "e", "f"].map((name) => index(`by-${name}`, "year", { ProjectionType: "ALL" }));
  const wide = six.slice(0, 5).map((entry, i) => ({
    ...entry,
    Projection: { ProjectionType: "INCLUDE" as const, NonKeyAttributes: Array.from({ length: 20 }, (_, n) => `a${i}-${n}`) },
  }));
  const cases: readonly (readonly [Record<string, unknown>, string | RegExp])[] = [
    [{ LocalSecondaryIndexes: [] }, `${invalid}List of LocalSecondaryIndexes is empty`],
    [{ ...one({}), KeySchema: [hash], AttributeDefinitions: [ATTRIBUTES[0], ATTRIBUTES[2]] }, /Table KeySchema does not have a range key/],
    [{ ...one({}), LocalSecondaryIndexes: six }, /Number of LocalSecondaryIndexes exceeds per-table limit of 5$/],
    [{ ...one({}), LocalSecondaryIndexes: [six[0], six[0]] }, `${invalid}Duplicate index name: by-a`],
    [{ ...one({ KeySchema: [hash] }), AttributeDefinitions: ATTRIBUTES.slice(0, 2) }, `${invalid}Index KeySchema does not have a range key for index: by-year`],
    [one({ KeySchema: [{ AttributeName: "sk", KeyType: "HASH" }, { AttributeName: "year", KeyType: "RANGE" }] }),
      /^One or more .* same leading hash key as table KeySchema for index: by-year\. index hash key: sk, table hash key: pk$/],
    [one({ KeySchema: [hash, { AttributeName: "else", KeyType: "RANGE" }] }),
      /Some index key attributes are not defined in AttributeDefinitions. Keys: \[pk, else\]/],
    [{ ...one({}), AttributeDefinitions: ATTRIBUTES },
      /Some AttributeDefinitions are not used\. AttributeDefinitions: \[sk, pk, blob, title, year\], keys used: \[year, sk, pk\]$/],
    [one({ Projection: {} }), `${invalid}Unknown ProjectionType: null`],
    [one({ Projection: { ProjectionType: "ALL", NonKeyAttributes: ["a"] } }),
      `${invalid}ProjectionType is ALL, but NonKeyAttributes is specified`],
    [one({ Projection: { ProjectionType: "INCLUDE" } }), /INCLUDE, but NonKeyAttributes is not specified$/],
    [one({ Projection: { ProjectionType: "INCLUDE", NonKeyAttributes: ["a", "a"] } }), /Duplicate element in NonKeyAttributes: a$/],
    [one({ IndexName: "x" }), /Value 'x' at 'localSecondaryIndexes.1.member.indexName' failed to satisfy constraint/],
  ];
  await assertRefused(server, cases.map(([more, message]): Refused => ["CreateTable", definition("refused", more), message]));
  await rejected(server.client.send(new DescribeTableCommand({ TableName: "refused" })), "ResourceNotFoundException");
  await server.client.send(new CreateTableCommand(
    definition("wide", { ...one({}), LocalSecondaryIndexes: wide }) as never,
  ));
});

test("the largest items fit into five whole indexes; what the log cannot take in one piece is refused", async () => {
  const five = ["a", "b", "c", "d", "e"].map((name) => index(`by-${name}`, "year", { ProjectionType: "ALL" }));
  await server.client.send(new CreateTableCommand(
    definition("large", { LocalSecondaryIndexes: five, AttributeDefinitions: ATTRIBUTES.slice(0, 3) }) as never,
  ));
  const item = (sk: string, text: string): Item => song("p", sk, { year: N(1), text: S(text) });
  const put = (Item: Item): Promise<unknown> => server.client.send(new PutItemCommand({ TableName: "large", Item }));
  const largest = "x".repeat(409_600 - 30);
  // One after the other: on a busy machine four at once are shed, as they may be.
  for (const sk of ["1", "2", "3", "4"]) await put(item(sk, largest));
  await assertRefused(server, [
    ["PutItem", { TableName: "large", Item: item("5", "\u0001".repeat(400_000)) }, /exceeded the maximum size of a write$/],
  ]);
  const read = async (IndexName: string): Promise<string[]> => {
    const found: string[] = [];
    for await (const page of paginateQuery({ client: server.client }, {
      TableName: "large", IndexName, KeyConditionExpression: "pk = :p", ExpressionAttributeValues: { ":p": S("p") },
    })) {
      assert.ok((page.Items ?? []).every((one) => one["text"]?.S === largest));
      found.push(...(page.Items ?? []).map((one) => one["sk"]?.S ?? "?"));
    }
    return found;
  };
  for (const { IndexName } of five) assert.deepEqual(await read(IndexName as string), ["1", "2", "3", "4"]);
});
