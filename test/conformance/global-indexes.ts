// Global secondary indexes: the rules of CreateTable, what queries and scans of them give, how they follow.
import { N, S, answers, does, refuses, type Refused, type Suite } from "./suite.ts";
import assert from "node:assert/strict";

const T = { TableName: "$ggsi" };
const INVALID = "One or more parameter values were invalid: ";
const hash = (AttributeName: string): unknown => ({ AttributeName, KeyType: "HASH" });
const range = (AttributeName: string): unknown => ({ AttributeName, KeyType: "RANGE" });
const index = (IndexName: string, KeySchema: unknown, Projection: unknown = { ProjectionType: "ALL" }): unknown => ({ IndexName, KeySchema, Projection });
const defined = (...names: string[]): unknown => names.map((AttributeName) => ({ AttributeName, AttributeType: AttributeName === "n" ? "N" : "S" }));

function create(GlobalSecondaryIndexes: unknown, message: string | RegExp, more: object = {}): Refused {
  return ["CreateTable", {
    TableName: "$gbad", BillingMode: "PAY_PER_REQUEST", AttributeDefinitions: defined("a", "g"), KeySchema: [hash("a")],
    GlobalSecondaryIndexes, ...more,
  }, message];
}
const good = [hash("g")];

const refused = refuses("CreateTable", [
  create([], `${INVALID}List of GlobalSecondaryIndexes is empty`),
  create([index("abc", [hash("x")])], new RegExp("^One or more parameter values were invalid: Some index key attributes are not defined in "
    + "AttributeDefinitions\\. Keys: \\[x\\], AttributeDefinitions: \\[")),
  create([index("abc", good), index("abc", good)], `${INVALID}Duplicate index name: abc`),
  create([index("abc", good, {})], `${INVALID}Unknown ProjectionType: null`),
  create([index("abc", good, { ProjectionType: "INCLUDE" })], `${INVALID}ProjectionType is INCLUDE, but NonKeyAttributes is not specified`),
  create([index("abc", good, { ProjectionType: "ALL", NonKeyAttributes: ["x"] })], `${INVALID}ProjectionType is ALL, but NonKeyAttributes is specified`),
  create([index("ab", good)], /failed to satisfy constraint: Member must have length greater than or equal to 3$/),
]);

const asked = (IndexName: string, more: object = {}): unknown => ({
  ...T, IndexName, KeyConditionExpression: "g = :g", ExpressionAttributeValues: { ":g": S("p") }, ...more,
});

const reading = refuses("reading", [
  ["Query", asked("by-g", { ConsistentRead: true }), "Consistent reads are not supported on global secondary indexes"],
  ["Scan", { ...T, IndexName: "by-g", ConsistentRead: true }, "Consistent reads are not supported on global secondary indexes"],
  ["ExecuteStatement", { Statement: "SELECT * FROM \"$ggsi\".\"by-g\" WHERE g = 'p'", ConsistentRead: true },
    "Strongly consistent read is not supported on Global Secondary Indexes"],
  ["Query", asked("by-keys", { Select: "ALL_ATTRIBUTES" }), `${INVALID}Select type ALL_ATTRIBUTES is not supported for global secondary index by-keys `
    + "because its projection type is not ALL"],
  ["Query", { ...T, IndexName: "by-g", KeyConditionExpression: "a = :g", ExpressionAttributeValues: { ":g": S("p") } },
    "Query condition missed key schema element: g"],
  ["Query", asked("nope"), "The table does not have the specified index: nope"],
  ["Query", asked("by-g", { ExclusiveStartKey: { g: S("p"), n: N(1) } }), "The provided starting key is invalid"],
  ["Query", asked("by-g", { FilterExpression: "n = :g" }), "Filter Expression can only contain non-primary key attributes: Primary key attribute: n"],
  ["PutItem", { ...T, Item: { a: S("bad"), g: N(1) } },
    /^One or more parameter values were invalid: Type mismatch for Index Key g Expected: S Actual: N IndexName: /],
  ["PutItem", { ...T, Item: { a: S("bad"), g: S("") } }, new RegExp("^One or more parameter values are not valid\\. A value specified for a secondary "
    + "index key is not supported\\. The AttributeValue for a key attribute cannot contain an empty string value\\. IndexName: ")],
  ["UpdateItem", { ...T, Key: { a: S("bad") }, UpdateExpression: "SET g = :g", ExpressionAttributeValues: { ":g": S("") } },
    "One or more parameter values are not valid. The update expression attempted to update a secondary index key to a value that is not "
    + "supported. The AttributeValue for a key attribute cannot contain an empty string value."],
  ["UpdateItem", { ...T, Key: { a: S("bad") }, UpdateExpression: "SET n = :n", ExpressionAttributeValues: { ":n": S("x") } },
    "The update expression attempted to update the secondary index key to unsupported type"],
]);

const items = [3, 1, 2].map((n) => ({ a: S(`k${n}`), g: S("p"), n: N(n), inc: S(`i${n}`), z: S("z") }));
const inOrder = items.toSorted((x, y) => Number(x.n.N) - Number(y.n.N));
const only = (item: Readonly<Record<string, unknown>>, ...names: string[]): unknown => Object.fromEntries(names.map((name) => [name, item[name]]));
const first = inOrder[0] as (typeof items)[number];

const meaning = [
  does("Query", "follows its table, in the order of its sort key, without items that lack a key", async (target) => {
    await target.eventually(async () => {
      const page = await target.ok("Query", asked("by-g"));
      assert.deepEqual(page.Items, inOrder);
      assert.deepEqual([page.Count, page.ScannedCount, page.LastEvaluatedKey], [3, 3, undefined]);
      assert.equal((await target.ok("Scan", { ...T, IndexName: "by-g" })).Count, 3);
    });
  }),
  answers("Query", "projections and pages", [
    ["Query", asked("by-keys"), { Items: inOrder.map((item) => only(item, "a", "g", "n")) }],
    ["Query", asked("by-inc", { Limit: 1 }), { Items: [only(first, "a", "g", "n", "inc")], LastEvaluatedKey: only(first, "a", "g", "n") }],
    ["Query", asked("by-inc", { Limit: 1, ExclusiveStartKey: only(first, "a", "g", "n"), ProjectionExpression: "inc" }), { Items: [{ inc: S("i2") }] }],
    ["Query", asked("by-g", { ScanIndexForward: false, Limit: 1 }), { Items: [inOrder[2]] }],
    ["Query", asked("by-g", { Select: "COUNT" }), { Count: 3, Items: undefined }],
    ["Query", asked("by-inc", { Select: "ALL_PROJECTED_ATTRIBUTES", Limit: 1 }), { Items: [only(first, "a", "g", "n", "inc")] }],
    ["Query", {
      ...T, IndexName: "by-g", KeyConditionExpression: "g = :g AND n BETWEEN :x AND :y",
      ExpressionAttributeValues: { ":g": S("p"), ":x": N(2), ":y": N(9) },
    }, { Count: 2 }],
    ["Query", asked("by-g", { FilterExpression: "inc = :i", ExpressionAttributeValues: { ":g": S("p"), ":i": S("i2") } }),
      { Items: [inOrder[1]], ScannedCount: 3 }],
  ]),
  does("UpdateItem", "moves, removes and makes index rows", async (target) => {
    const query = async (g: string): Promise<any[]> => (await target.ok("Query", asked("by-g", { ExpressionAttributeValues: { ":g": S(g) } }))).Items;
    await target.ok("PutItem", { ...T, Item: { a: S("mv"), g: S("x"), n: N(1) } });
    await target.eventually(async () => assert.equal((await query("x")).length, 1));
    await target.ok("UpdateItem", { ...T, Key: { a: S("mv") }, UpdateExpression: "SET g = :g", ExpressionAttributeValues: { ":g": S("y") } });
    await target.eventually(async () => assert.deepEqual([(await query("x")).length, (await query("y")).length], [0, 1]));
    await target.ok("UpdateItem", { ...T, Key: { a: S("mv") }, UpdateExpression: "REMOVE n" });
    await target.eventually(async () => assert.equal((await query("y")).length, 0));
    await target.ok("UpdateItem", { ...T, Key: { a: S("mv") }, UpdateExpression: "SET n = :n", ExpressionAttributeValues: { ":n": N(5) } });
    await target.eventually(async () => assert.deepEqual(await query("y"), [{ a: S("mv"), g: S("y"), n: N(5) }]));
    await target.ok("DeleteItem", { ...T, Key: { a: S("mv") } });
    await target.eventually(async () => assert.equal((await query("y")).length, 0));
  }),
  does("Query", "items that share an index key page without loss", async (target) => {
    for (let i = 0; i < 12; i++) await target.ok("PutItem", { ...T, Item: { a: S(`same${i}`), g: S("same"), n: N(1) } });
    await target.eventually(async () => {
      const seen: string[] = [];
      let from: unknown;
      do {
        const page = await target.ok("Query", asked("by-g", {
          ExpressionAttributeValues: { ":g": S("same") }, Limit: 5, ...(from === undefined ? {} : { ExclusiveStartKey: from }),
        }));
        seen.push(...page.Items.map((item: any) => item.a.S));
        from = page.LastEvaluatedKey;
      } while (from !== undefined);
      assert.deepEqual(seen.toSorted(), Array.from({ length: 12 }, (_, i) => `same${i}`).toSorted());
    });
  }),
  does("DescribeTable", "of a table with global indexes", async (target) => {
    const { Table } = await target.ok("DescribeTable", T);
    const byName = Object.fromEntries(Table.GlobalSecondaryIndexes.map((one: any) => [one.IndexName, one]));
    assert.deepEqual(Object.keys(byName).toSorted(), ["by-g", "by-inc", "by-keys"]);
    const one = byName["by-inc"];
    assert.deepEqual(one.KeySchema, [hash("g"), range("n")]);
    assert.deepEqual(one.Projection, { ProjectionType: "INCLUDE", NonKeyAttributes: ["inc"] });
    assert.deepEqual([one.IndexStatus, one.IndexArn], ["ACTIVE", `${Table.TableArn}/index/by-inc`]);
    assert.deepEqual([typeof one.IndexSizeBytes, typeof one.ItemCount, typeof one.ProvisionedThroughput], ["number", "number", "object"]);
  }),
  does("PutItem", "capacity of writes with indexes", async (target) => {
    const put = async (item: object): Promise<any> => (await target.ok("PutItem", { ...T, Item: item, ReturnConsumedCapacity: "INDEXES" })).ConsumedCapacity;
    const unit = { CapacityUnits: 1 };
    assert.deepEqual(await put({ a: S("cap") }), { TableName: target.name("ggsi"), CapacityUnits: 1, Table: unit });
    const full = { a: S("cap"), g: S("c"), n: N(1) };
    assert.deepEqual(await put(full), {
      TableName: target.name("ggsi"), CapacityUnits: 4, Table: unit, GlobalSecondaryIndexes: { "by-g": unit, "by-keys": unit, "by-inc": unit },
    });
    assert.deepEqual(await put(full), { TableName: target.name("ggsi"), CapacityUnits: 1, Table: unit }, "nothing has changed in the indexes");
    assert.deepEqual(await put({ ...full, z: S("z") }), {
      TableName: target.name("ggsi"), CapacityUnits: 2, Table: unit, GlobalSecondaryIndexes: { "by-g": unit },
    }, "only one index has the attribute");
    const two = { CapacityUnits: 2 };
    assert.deepEqual(await put({ ...full, z: S("z"), n: N(2) }), {
      TableName: target.name("ggsi"), CapacityUnits: 7, Table: unit, GlobalSecondaryIndexes: { "by-g": two, "by-keys": two, "by-inc": two },
    }, "a row that moves is deleted and made");
  }),
  does("Query", "capacity of reading an index", async (target) => {
    const { ConsumedCapacity } = await target.ok("Query", asked("by-g", { ReturnConsumedCapacity: "INDEXES" }));
    assert.deepEqual(ConsumedCapacity, {
      TableName: target.name("ggsi"), CapacityUnits: 0.5, Table: { CapacityUnits: 0 }, GlobalSecondaryIndexes: { "by-g": { CapacityUnits: 0.5 } },
    });
  }),
  does("UpdateTable", "units of an index change beside a table that stays ACTIVE", async (target) => {
    const units = (ReadCapacityUnits: number, WriteCapacityUnits: number): object => ({ ReadCapacityUnits, WriteCapacityUnits });
    const change = (ProvisionedThroughput: object): object => (
      { TableName: "$gunits", GlobalSecondaryIndexUpdates: [{ Update: { IndexName: "by-g", ProvisionedThroughput } }] }
    );
    const told = ({ TableStatus, GlobalSecondaryIndexes: [one] }: any): unknown[] => [
      TableStatus, one.IndexStatus, one.ProvisionedThroughput.ReadCapacityUnits, one.ProvisionedThroughput.WriteCapacityUnits,
      one.ProvisionedThroughput.NumberOfDecreasesToday, one.WarmThroughput.ReadUnitsPerSecond, one.WarmThroughput.WriteUnitsPerSecond,
    ];
    const settled = async (wanted: unknown[]): Promise<void> => target.eventually(async () => (
      assert.deepEqual(told((await target.ok("DescribeTable", { TableName: "$gunits" })).Table), wanted)
    ), 60_000);
    await target.ok("CreateTable", {
      TableName: "$gunits", AttributeDefinitions: defined("a", "g"), KeySchema: [hash("a")], ProvisionedThroughput: units(1, 1),
      GlobalSecondaryIndexes: [{ ...(index("by-g", good) as object), ProvisionedThroughput: units(5, 5) }],
    });
    await target.waitFor("$gunits", "ACTIVE");
    const same = await target.ask("UpdateTable", change(units(5, 5)));
    assert.match(same.message ?? "", /^The provisioned throughput for the index by-g will not change\. /);
    const { TableDescription } = await target.ok("UpdateTable", change(units(4, 6)));
    assert.deepEqual(told(TableDescription), ["ACTIVE", "UPDATING", 5, 5, 0, 5, 5], "what it was");
    const refused_ = await target.ask("DeleteTable", { TableName: "$gunits" });
    assert.equal(refused_.type, "ResourceInUseException");
    assert.equal(refused_.message, "Attempt to change a resource which is still in use: "
      + "Cannot delete table while indexes are being created, updated, or deleted.");
    await settled(["ACTIVE", "ACTIVE", 4, 6, 1, 5, 6]);
    await target.ok("UpdateTable", change(units(4, 5)));
    await settled(["ACTIVE", "ACTIVE", 4, 5, 2, 5, 6]);
  }),
  does("UpdateTable", "one index at a time is made or dropped", async (target) => {
    await target.table("gone-by-one", "a:S");
    const create = (IndexName: string): unknown => ({
      TableName: "$gone-by-one", AttributeDefinitions: defined("g"),
      GlobalSecondaryIndexUpdates: [{ Create: { IndexName, KeySchema: good, Projection: { ProjectionType: "ALL" } } }],
    });
    await target.ok("UpdateTable", create("first"));
    const second = await target.ask("UpdateTable", create("second"));
    assert.deepEqual([second.type, second.message], ["LimitExceededException",
      "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table"]);
    await target.eventually(async () => {
      const { Table } = await target.ok("DescribeTable", { TableName: "$gone-by-one" });
      assert.equal(Table.GlobalSecondaryIndexes[0].IndexStatus, "ACTIVE");
    }, 1_200_000);
  }),
  does("UpdateTable", "adds an index to a table with items, and drops it", async (target) => {
    await target.table("glive", "a:S");
    for (let i = 0; i < 30; i++) await target.ok("PutItem", { TableName: "$glive", Item: { a: S(`k${i}`), g: S(`g${i % 3}`) } });
    const { TableDescription } = await target.ok("UpdateTable", {
      TableName: "$glive", AttributeDefinitions: defined("a", "g"),
      GlobalSecondaryIndexUpdates: [{ Create: { IndexName: "late", KeySchema: good, Projection: { ProjectionType: "ALL" } } }],
    });
    assert.equal(TableDescription.GlobalSecondaryIndexes[0].IndexStatus, "CREATING");
    await target.waitFor("$glive", "ACTIVE");
    const query = { TableName: "$glive", IndexName: "late", KeyConditionExpression: "g = :g", ExpressionAttributeValues: { ":g": S("g1") } };
    await target.eventually(async () => assert.equal((await target.ok("Query", query)).Count, 10));
    await target.ok("UpdateTable", { TableName: "$glive", GlobalSecondaryIndexUpdates: [{ Delete: { IndexName: "late" } }] });
    await target.eventually(async () => {
      const { Table } = await target.ok("DescribeTable", { TableName: "$glive" });
      assert.equal("GlobalSecondaryIndexes" in Table, false);
    }, 60_000);
    const gone = await target.ask("Query", query);
    assert.deepEqual([gone.status, gone.message], [400, "The table does not have the specified index: late"]);
  }),
];

export const globalIndexes: Suite = {
  name: "global indexes",
  setup: async (target) => {
    await target.ok("CreateTable", {
      ...T, BillingMode: "PAY_PER_REQUEST", AttributeDefinitions: defined("a", "g", "n"), KeySchema: [hash("a")],
      GlobalSecondaryIndexes: [
        index("by-g", [hash("g"), range("n")]), index("by-keys", [hash("g"), range("n")], { ProjectionType: "KEYS_ONLY" }),
        index("by-inc", [hash("g"), range("n")], { ProjectionType: "INCLUDE", NonKeyAttributes: ["inc"] }),
      ],
    });
    await target.waitFor("$ggsi", "ACTIVE");
    for (const item of items) await target.ok("PutItem", { ...T, Item: item });
    await target.ok("PutItem", { ...T, Item: { a: S("half"), g: S("p") } });
    await target.ok("PutItem", { ...T, Item: { a: S("bare"), n: N(1) } });
  },
  cases: [...refused, ...reading, ...meaning],
};
