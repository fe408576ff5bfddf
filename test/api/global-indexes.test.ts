// Global secondary indexes through the SDK: what is in them, how they follow their table, and how they are read.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import {
  CreateTableCommand, DeleteItemCommand, DeleteTableCommand, DescribeTableCommand, ExecuteStatementCommand,
  ListTablesCommand, PutItemCommand, QueryCommand, ScanCommand, UpdateItemCommand, paginateQuery, paginateScan,
  waitUntilTableExists, type GlobalSecondaryIndex, type QueryCommandInput,
} from "@aws-sdk/client-dynamodb";
import { N, S, Server, assertRefused, type Item, type Refused } from "./kit.ts";

let server: Server;
before(async () => {
  server = await Server.start({ zones: 3 });
  await create("music");
});
after(() => server.stop());

function index(
  IndexName: string, hash: readonly string[], range: readonly string[], Projection: GlobalSecondaryIndex["Projection"],
): GlobalSecondaryIndex {
  return {
    IndexName, Projection,
    KeySchema: [
      ...hash.map((AttributeName) => ({ AttributeName, KeyType: "HASH" as const })),
      ...range.map((AttributeName) => ({ AttributeName, KeyType: "RANGE" as const })),
    ],
  };
}

const INDEXES: GlobalSecondaryIndex[] = [
  index("by-artist", ["artist"], ["year"], { ProjectionType: "ALL" }),
  index("by-genre", ["genre"], [], { ProjectionType: "KEYS_ONLY" }),
  index("by-place", ["country", "city"], ["year", "title"], { ProjectionType: "INCLUDE", NonKeyAttributes: ["note"] }),
];
const ATTRIBUTES = [
  ["pk", "S"], ["sk", "S"], ["artist", "S"], ["year", "N"], ["genre", "S"], ["country", "S"], ["city", "S"],
  ["title", "S"],
].map(([AttributeName, AttributeType]) => ({ AttributeName, AttributeType }));

function definition(TableName: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    TableName, BillingMode: "PAY_PER_REQUEST", AttributeDefinitions: ATTRIBUTES, GlobalSecondaryIndexes: INDEXES,
    KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }, { AttributeName: "sk", KeyType: "RANGE" }], ...more,
  };
}

async function create(name: string): Promise<void> {
  await server.client.send(new CreateTableCommand(definition(name) as never));
  await waitUntilTableExists({ client: server.client, maxWaitTime: 20, minDelay: 0.05, maxDelay: 0.1 }, { TableName: name });
}

async function put(...items: Item[]): Promise<void> {
  for (const item of items) await server.client.send(new PutItemCommand({ TableName: "music", Item: item }));
}

async function run(input: QueryCommandInput): Promise<Item[]> {
  return (await server.client.send(new QueryCommand(input))).Items ?? [];
}

function byArtist(artist: string, more: Partial<QueryCommandInput> = {}): QueryCommandInput {
  return {
    TableName: "music", IndexName: "by-artist", KeyConditionExpression: "artist = :a",
    ExpressionAttributeValues: { ":a": S(artist) }, ...more,
  };
}

/** An index follows its table: asks until it answers so, and fails when it never does. */
async function eventually<T>(expected: T, ask: () => Promise<T>): Promise<void> {
  for (let tries = 0; ; tries++) {
    const got = await ask();
    try {
      assert.deepEqual(got, expected);
      return;
    } catch (error) {
      if (tries === 200) throw error;
    }
    await sleep(25);
  }
}

const sks = async (input: QueryCommandInput): Promise<string[]> => (await run(input)).map((item) => item["sk"]?.S ?? "?");

test("rows are found by the index key, in the order of its sort key", async () => {
  await put(
    { pk: S("a"), sk: S("1"), artist: S("Bo"), year: N(10) }, { pk: S("b"), sk: S("2"), artist: S("Bo"), year: N(-3) },
    { pk: S("c"), sk: S("3"), artist: S("Bo"), year: N(2), more: S("x") }, { pk: S("d"), sk: S("4"), artist: S("Bo") },
    { pk: S("e"), sk: S("5"), artist: S("Bob"), year: N(1) },
  );
  await eventually(["2", "3", "1"], () => sks(byArtist("Bo")));
  await eventually(["5"], () => sks(byArtist("Bob")));
  assert.deepEqual(await sks(byArtist("Bo", { ScanIndexForward: false })), ["1", "3", "2"]);
  const some = byArtist("Bo", {
    KeyConditionExpression: "artist = :a AND #y BETWEEN :l AND :h", ExpressionAttributeNames: { "#y": "year" },
    ExpressionAttributeValues: { ":a": S("Bo"), ":l": N(-3), ":h": N(2) },
  });
  assert.deepEqual(await sks(some), ["2", "3"]);
  assert.deepEqual((await run(byArtist("Bo")))[1], { pk: S("c"), sk: S("3"), artist: S("Bo"), year: N(2), more: S("x") });
});

test("an update moves its row, a removal of the key attribute and a deletion take it away", async () => {
  await put({ pk: S("m"), sk: S("1"), artist: S("Mo"), year: N(1) }, { pk: S("m"), sk: S("2"), artist: S("Mo"), year: N(2) });
  await eventually(["1", "2"], () => sks(byArtist("Mo")));
  const update = (sk: string, UpdateExpression: string, values?: Item): Promise<unknown> => (
    server.client.send(new UpdateItemCommand({
      TableName: "music", Key: { pk: S("m"), sk: S(sk) }, UpdateExpression, ExpressionAttributeValues: values,
      ...(UpdateExpression.includes("#y") ? { ExpressionAttributeNames: { "#y": "year" } } : {}),
    }))
  );
  await update("1", "SET #y = :y", { ":y": N(3) });
  await eventually(["2", "1"], () => sks(byArtist("Mo")));
  await update("2", "SET artist = :a", { ":a": S("Moe") });
  await eventually(["1"], () => sks(byArtist("Mo")));
  await eventually(["2"], () => sks(byArtist("Moe")));
  await update("1", "SET note = :n", { ":n": S("later") });
  await eventually([{ pk: S("m"), sk: S("1"), artist: S("Mo"), year: N(3), note: S("later") }], () => run(byArtist("Mo")));
  await update("1", "REMOVE artist");
  await eventually([], () => run(byArtist("Mo")));
  await server.client.send(new DeleteItemCommand({ TableName: "music", Key: { pk: S("m"), sk: S("2") } }));
  await eventually([], () => run(byArtist("Moe")));
});

test("an index of several attributes is asked from left to right", async () => {
  const place = (sk: string, city: string, year: number, title: string): Item => ({
    pk: S("p"), sk: S(sk), country: S("PT"), city: S(city), year: N(year), title: S(title), note: S("n"), other: S("o"),
  });
  await put(place("1", "Porto", 1, "a"), place("2", "Porto", 1, "b"), place("3", "Porto", 2, "a"), place("4", "Faro", 1, "a"));
  const ask = (condition: string, values: Item): QueryCommandInput => ({
    TableName: "music", IndexName: "by-place", KeyConditionExpression: `country = :c AND city = :t${condition}`,
    ExpressionAttributeValues: { ":c": S("PT"), ":t": S("Porto"), ...values },
    ...(condition.includes("#y") ? { ExpressionAttributeNames: { "#y": "year" } } : {}),
  });
  await eventually(["1", "2", "3"], () => sks(ask("", {})));
  assert.deepEqual(await sks(ask(" AND #y = :y", { ":y": N(1) })), ["1", "2"]);
  assert.deepEqual(await sks(ask(" AND #y = :y AND title > :x", { ":y": N(1), ":x": S("a") })), ["2"]);
  assert.deepEqual(await sks(ask(" AND #y > :y", { ":y": N(1) })), ["3"]);
  const { other: _, ...shown } = place("3", "Porto", 2, "a");
  assert.deepEqual(await run(ask(" AND #y > :y", { ":y": N(1) })), [shown]);
  await assertRefused(server, [
    ["Query", { ...ask("", {}), KeyConditionExpression: "country = :c", ExpressionAttributeValues: { ":c": S("PT") } },
      "Query condition missed key schema element: city"],
    ["Query", ask(" AND title = :x", { ":x": S("a") }), "Query condition missed key schema element: year"],
    ["Query", ask(" AND #y > :y AND title = :x", { ":x": S("a"), ":y": N(1) }), "Query key condition not supported"],
  ]);
});

test("pages of queries and scans go on behind the keys of index and table", async () => {
  for (let i = 0; i < 12; i++) await put({ pk: S(`g${i % 5}`), sk: S(`s${i}`), genre: S("jazz"), artist: S("P"), year: N(i % 3) });
  await eventually(12, async () => (await sks(byArtist("P"))).length);
  const pages = paginateQuery({ client: server.client, pageSize: 5 }, byArtist("P"));
  const found: string[] = [];
  for await (const page of pages) {
    for (const item of page.Items ?? []) found.push(item["sk"]?.S ?? "?");
    if (page.LastEvaluatedKey !== undefined) {
      assert.deepEqual(new Set(Object.keys(page.LastEvaluatedKey)), new Set(["artist", "year", "pk", "sk"]));
    }
  }
  assert.deepEqual(found, await sks(byArtist("P")));
  assert.equal(new Set(found).size, 12);
  const scanned: Item[] = [];
  for await (const page of paginateScan({ client: server.client, pageSize: 4 }, { TableName: "music", IndexName: "by-genre" })) {
    scanned.push(...(page.Items ?? []));
  }
  assert.equal(scanned.length, 12);
  for (const item of scanned) assert.deepEqual(Object.keys(item).sort(), ["genre", "pk", "sk"]);
  const segments = await Promise.all([0, 1, 2].map((Segment) => (
    server.client.send(new ScanCommand({ TableName: "music", IndexName: "by-genre", Segment, TotalSegments: 3 }))
  )));
  assert.equal(segments.reduce((sum, { Count }) => sum + (Count ?? 0), 0), 12);
});

test("PartiQL reads an index", async () => {
  await put({ pk: S("q"), sk: S("1"), artist: S("Q"), year: N(1) }, { pk: S("q"), sk: S("2"), artist: S("Q"), year: N(2) });
  const ask = async (Statement: string): Promise<unknown> => (
    (await server.client.send(new ExecuteStatementCommand({ Statement }))).Items?.map((item) => item["sk"]?.S)
  );
  await eventually(["1", "2"], () => ask(`SELECT sk FROM "music"."by-artist" WHERE artist = 'Q'`));
  assert.deepEqual(await ask(`SELECT * FROM "music"."by-artist" WHERE artist = 'Q' AND year > 1`), ["2"]);
  assert.deepEqual(await ask(`SELECT sk FROM "music"."by-artist" WHERE artist = 'Q' ORDER BY year DESC`), ["2", "1"]);
});

test("capacity is told by index", async () => {
  const item: Item = { pk: S("cap"), sk: S("1"), artist: S("Cap"), year: N(1), genre: S("cap") };
  const written = await server.client.send(new PutItemCommand({
    TableName: "music", Item: item, ReturnConsumedCapacity: "INDEXES",
  }));
  assert.deepEqual(written.ConsumedCapacity, {
    TableName: "music", CapacityUnits: 3, Table: { CapacityUnits: 1 },
    GlobalSecondaryIndexes: { "by-artist": { CapacityUnits: 1 }, "by-genre": { CapacityUnits: 1 } },
  });
  await eventually(1, async () => (await run(byArtist("Cap"))).length);
  const read = await server.client.send(new QueryCommand(byArtist("Cap", { ReturnConsumedCapacity: "INDEXES" })));
  assert.deepEqual(read.ConsumedCapacity, {
    TableName: "music", CapacityUnits: 0.5, Table: { CapacityUnits: 0 },
    GlobalSecondaryIndexes: { "by-artist": { CapacityUnits: 0.5 } },
  });
});

test("a table is described with its indexes, and nothing else is listed", async () => {
  await create("counted");
  for (let i = 0; i < 3; i++) {
    await server.client.send(new PutItemCommand({
      TableName: "counted", Item: { pk: S("p"), sk: S(`${i}`), genre: S("x"), ...(i === 0 ? { artist: S("a"), year: N(1) } : {}) },
    }));
  }
  const counts = async (): Promise<unknown> => {
    const { Table } = await server.client.send(new DescribeTableCommand({ TableName: "counted" }));
    return Table?.GlobalSecondaryIndexes?.map(({ IndexName, IndexStatus, ItemCount }) => [IndexName, IndexStatus, ItemCount]);
  };
  await eventually([["by-artist", "ACTIVE", 1], ["by-genre", "ACTIVE", 3], ["by-place", "ACTIVE", 0]], counts);
  const { Table } = await server.client.send(new DescribeTableCommand({ TableName: "counted" }));
  assert.deepEqual(Table?.GlobalSecondaryIndexes?.[2], {
    ...INDEXES[2], IndexStatus: "ACTIVE", IndexSizeBytes: 0, ItemCount: 0,
    ProvisionedThroughput: { NumberOfDecreasesToday: 0, ReadCapacityUnits: 0, WriteCapacityUnits: 0 },
    IndexArn: `${Table?.TableArn}/index/by-place`,
    WarmThroughput: { ReadUnitsPerSecond: 12_000, WriteUnitsPerSecond: 4_000, Status: "ACTIVE" },
  });
  const listed = await server.client.send(new ListTablesCommand({}));
  assert.deepEqual(listed.TableNames, ["counted", "music"]);
  await server.client.send(new DeleteTableCommand({ TableName: "counted" }));
  await eventually(["music"], async () => (await server.client.send(new ListTablesCommand({}))).TableNames ?? []);
});

test("CreateTable answers with indexes that are being made", async () => {
  const { TableDescription } = await server.ok("CreateTable", definition("answered"));
  assert.deepEqual(TableDescription.GlobalSecondaryIndexes[1], {
    ...INDEXES[1], IndexStatus: "CREATING", IndexSizeBytes: 0, ItemCount: 0,
    ProvisionedThroughput: { NumberOfDecreasesToday: 0, ReadCapacityUnits: 0, WriteCapacityUnits: 0 },
    IndexArn: `${TableDescription.TableArn}/index/by-genre`,
  });
  await eventually("ACTIVE", async () => (await server.ok("DescribeTable", { TableName: "answered" })).Table.TableStatus);
  await server.ok("DeleteTable", { TableName: "answered" });
});

test("reads that an index cannot serve are refused", async () => {
  const artist = { TableName: "music", KeyConditionExpression: "artist = :a", ExpressionAttributeValues: { ":a": S("x") } };
  const genre = {
    TableName: "music", IndexName: "by-genre", KeyConditionExpression: "genre = :a", ExpressionAttributeValues: { ":a": S("x") },
  };
  const cases: Refused[] = [
    ["Query", { ...artist, IndexName: "nothing" }, "The table does not have the specified index: nothing"],
    ["Query", { ...artist, IndexName: "by-artist", ConsistentRead: true },
      "Consistent reads are not supported on global secondary indexes"],
    ["Scan", { TableName: "music", IndexName: "by-artist", ConsistentRead: true },
      "Consistent reads are not supported on global secondary indexes"],
    ["Query", { ...genre, Select: "ALL_ATTRIBUTES" }, "One or more parameter values were invalid: "
      + "Select type ALL_ATTRIBUTES is not supported for global secondary index by-genre because its projection type is not ALL"],
    ["Query", { ...genre, ProjectionExpression: "note, pk" },
      "One or more parameter values were invalid: Global secondary index by-genre does not project [note]"],
    ["Query", { ...genre, KeyConditionExpression: "pk = :a" }, "Query condition missed key schema element: genre"],
    ["Query", { ...genre, ExclusiveStartKey: { pk: S("a"), sk: S("b") } }, "The provided starting key is invalid"],
    ["Query", { ...genre, ExclusiveStartKey: { pk: S("a"), sk: S("b"), genre: S("y") } },
      "The provided starting key is outside query boundaries based on provided conditions"],
    ["Query", { ...artist, IndexName: "by-artist", FilterExpression: "artist = :a" },
      "Filter Expression can only contain non-primary key attributes: Primary key attribute: artist"],
    ["Query", { ...artist, TableName: "music/index/by-artist" }, /Member must satisfy regular expression pattern/],
    ["ExecuteStatement", { Statement: `SELECT * FROM "music/index/by-artist"` }, "Requested resource not found", "ResourceNotFoundException"],
  ];
  await assertRefused(server, cases);
});

test("writes whose index keys are of another type, empty or too large are refused", async () => {
  const item = (more: Item): unknown => ({ TableName: "music", Item: { pk: S("w"), sk: S("w"), ...more } });
  await assertRefused(server, [
    ["PutItem", item({ artist: N(1) }), "One or more parameter values were invalid: "
      + "Type mismatch for Index Key artist Expected: S Actual: N IndexName: by-artist"],
    ["PutItem", item({ genre: { NULL: true } }), "One or more parameter values were invalid: "
      + "Type mismatch for Index Key genre Expected: S Actual: NULL IndexName: by-genre"],
    ["PutItem", item({ genre: S("") }), "One or more parameter values are not valid. A value specified for a secondary index "
      + "key is not supported. The AttributeValue for a key attribute cannot contain an empty string value. "
      + "IndexName: by-genre, IndexKey: genre"],
    ["PutItem", item({ genre: S("x".repeat(2049)) }),
      "One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of2048 bytes"],
    ["UpdateItem", {
      TableName: "music", Key: { pk: S("w"), sk: S("w") }, UpdateExpression: "SET artist = :a",
      ExpressionAttributeValues: { ":a": N(1) },
    }, "The update expression attempted to update the secondary index key to unsupported type"],
    ["UpdateItem", {
      TableName: "music", Key: { pk: S("w"), sk: S("w") }, UpdateExpression: "SET genre = :g",
      ExpressionAttributeValues: { ":g": S("x".repeat(2049)) },
    }, "The update expression attempted to update the secondary index key beyond allowed size limits"],
  ]);
});

test("the longest keys there are fit an index", async () => {
  const long = { pk: S("p".repeat(2048)), sk: S("s".repeat(1024)), artist: S("a".repeat(2048)), year: N("-1.5E-100") };
  await put(long);
  const { sk: _, ...other } = long;
  await put({ ...other, sk: S(`${"s".repeat(1023)}t`) });
  await eventually(2, async () => (await run(byArtist("a".repeat(2048)))).length);
});
