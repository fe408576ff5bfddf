// CreateTable, DescribeTable, ListTables, DeleteTable.
import { N, S, does, refuses, type Refused, type Suite } from "./suite.ts";
import assert from "node:assert/strict";

const INVALID = "One or more parameter values were invalid: ";
const hash = (AttributeName: string): unknown => ({ AttributeName, KeyType: "HASH" });
const range = (AttributeName: string): unknown => ({ AttributeName, KeyType: "RANGE" });
const defined = (...names: string[]): unknown => names.map((AttributeName) => ({ AttributeName, AttributeType: "S" }));
const PLAIN = { TableName: "$tbad", KeySchema: [hash("a")], AttributeDefinitions: defined("a"), BillingMode: "PAY_PER_REQUEST" };
const bad = (more: object, message: string): Refused => ["CreateTable", { ...PLAIN, ...more }, message];
const index = (key: string, Projection: object = { ProjectionType: "ALL" }): object => ({ IndexName: `by-${key}`, KeySchema: [hash(key)], Projection });
const PROVISIONED = { BillingMode: "PROVISIONED", ProvisionedThroughput: { ReadCapacityUnits: 10, WriteCapacityUnits: 10 } };
const INITIAL_PAGE = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html"
  + "#on-demand-capacity-mode-initial";
const FIVE = defined("a", "b", "c", "d", "e");
const NAME = "1 validation error detected: Value 'ab' at 'tableName' failed to satisfy constraint: "
  + "Member must have length greater than or equal to 3";
const PATTERN = "failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+";

const refused = refuses("table", [
  ["DescribeTable", {}, "1 validation error detected: Value null at 'tableName' failed to satisfy constraint: Member must not be null"],
  ["DescribeTable", { TableName: "ab" }, NAME],
  ["DescribeTable", { TableName: "a;bc" }, `1 validation error detected: Value 'a;bc' at 'tableName' ${PATTERN}`],
  ["DescribeTable", { TableName: "$nope" }, "Requested resource not found: Table: $nope not found", "ResourceNotFoundException"],
  ["DeleteTable", { TableName: "$nope" }, "Requested resource not found: Table: $nope not found", "ResourceNotFoundException"],
  ["ListTables", { Limit: 0 }, "1 validation error detected: Value '0' at 'limit' failed to satisfy constraint: "
    + "Member must have value greater than or equal to 1"],
  ["ListTables", { Limit: 101 }, "1 validation error detected: Value '101' at 'limit' failed to satisfy constraint: "
    + "Member must have value less than or equal to 100"],
  ["CreateTable", { ...PLAIN, TableName: "$tplain" }, "Table already exists: $tplain", "ResourceInUseException"],
  bad({ TableName: "ab" }, NAME),
  bad({ KeySchema: [range("a")] }, "Invalid KeySchema: The first KeySchemaElement is not a HASH key type"),
  bad({ KeySchema: [hash("a"), hash("b")], AttributeDefinitions: defined("a", "b") },
    "Invalid KeySchema: The second KeySchemaElement is not a RANGE key type"),
  bad({ KeySchema: [hash("a"), range("a")] }, "Both the Hash Key and the Range Key element in the KeySchema have the same name"),
  bad({ KeySchema: [] }, "1 validation error detected: Value '[]' at 'keySchema' failed to satisfy constraint: "
    + "Member must have length greater than or equal to 1"),
  bad({ AttributeDefinitions: defined("b") },
    `${INVALID}Some index key attributes are not defined in AttributeDefinitions. Keys: [a], AttributeDefinitions: [b]`),
  bad({ AttributeDefinitions: defined("a", "b") }, `${INVALID}Number of attributes in KeySchema does not exactly match number of attributes defined `
    + "in AttributeDefinitions"),
  bad({ KeySchema: [hash("pk"), range("sk"), range("sk2")] }, "1 validation error detected: Value '["
    + "com.amazonaws.dynamodb.v20120810.KeySchemaElement@ad28eb1d, com.amazonaws.dynamodb.v20120810.KeySchemaElement@38b9654b, "
    + "com.amazonaws.dynamodb.v20120810.KeySchemaElement@38bb13cd]' at 'keySchema' failed to satisfy constraint: "
    + "Member must have length less than or equal to 2"),
  // The order of names is that of the hash maps they come from.
  bad({ KeySchema: [hash("pk"), range("sk")], AttributeDefinitions: defined("pk", "sk", "a", "b", "c"), GlobalSecondaryIndexes: [index("a", {})] },
    `${INVALID}Some AttributeDefinitions are not used. AttributeDefinitions: [sk, a, b, pk, c], keys used: [a, sk, pk]`),
  bad({ KeySchema: [hash("pk"), range("sk")], AttributeDefinitions: defined("pk", "sk"), GlobalSecondaryIndexes: [index("q", {})] },
    `${INVALID}Some index key attributes are not defined in AttributeDefinitions. Keys: [q], AttributeDefinitions: [sk, pk]`),
  bad({ GlobalSecondaryIndexes: [index("a", { ProjectionType: "INCLUDE", NonKeyAttributes: ["x", "y", "x"] })] },
    `${INVALID}Duplicate element in NonKeyAttributes: x`),
  bad({ GlobalSecondaryIndexes: [{ ...index("a"), KeySchema: [hash("a"), hash("a")] }] },
    "The KeySchema contains multiple key attributes with the same name"),
  bad({ AttributeDefinitions: FIVE, GlobalSecondaryIndexes: [{ ...index("a"), KeySchema: ["a", "b", "c", "d", "e"].map(hash) }] },
    `${INVALID}The KeySchema exceeds the maximum allowed number of HASH key attributes`),
  bad({ AttributeDefinitions: FIVE, GlobalSecondaryIndexes: [{ ...index("a"), KeySchema: [hash("b"), range("c"), range("d"), hash("e")] }] },
    `${INVALID}All HASH key attributes must precede RANGE key attributes in the KeySchema`),
  bad({ GlobalSecondaryIndexes: [{ ...index("a"), OnDemandThroughput: { MaxReadRequestUnits: 0 } }] },
    `${INVALID}Requested MaxReadRequestUnits for OnDemandThroughput for index : by-a is outside of valid range`),
  bad({ GlobalSecondaryIndexes: [{ ...index("a"), WarmThroughput: { ReadUnitsPerSecond: 11_999 } }] }, `${INVALID}Requested ReadUnitsPerSecond for `
    + `WarmThroughput for index by-a is lower than initial throughput for OnDemand. See: ${INITIAL_PAGE}`),
  bad({ WarmThroughput: { ReadUnitsPerSecond: 1, WriteUnitsPerSecond: 1 } }, `${INVALID}Requested ReadUnitsPerSecond for WarmThroughput for table is `
    + `lower than initial throughput for OnDemand. See: ${INITIAL_PAGE}`),
  bad({ ...PROVISIONED, OnDemandThroughput: { MaxReadRequestUnits: 9, MaxWriteRequestUnits: 9 } },
    `${INVALID}MaxReadRequestUnits for OnDemandThroughput cannot be specified when table BillingMode is PROVISIONED.`),
  bad({ ...PROVISIONED, WarmThroughput: { ReadUnitsPerSecond: 5, WriteUnitsPerSecond: 5 } },
    `${INVALID}Requested ReadUnitsPerSecond for WarmThroughput for table is lower than ReadCapacityUnits of ProvisionedThroughput`),
  bad({ AttributeDefinitions: [] }, "Invalid KeySchema: Some index key attribute have no definition"),
  bad({ AttributeDefinitions: [{ AttributeName: "a", AttributeType: "M" }] }, "1 validation error detected: Value 'M' at "
    + "'attributeDefinitions.1.member.attributeType' failed to satisfy constraint: Member must satisfy enum value set: [B, N, S]"),
  bad({ KeySchema: [{ AttributeName: "a", KeyType: "SORT" }] }, "1 validation error detected: Value 'SORT' at 'keySchema.1.member.keyType' failed to "
    + "satisfy constraint: Member must satisfy enum value set: [HASH, RANGE]"),
  bad({ BillingMode: "X" }, "1 validation error detected: Value 'X' at 'billingMode' failed to satisfy constraint: "
    + "Member must satisfy enum value set: [PROVISIONED, PAY_PER_REQUEST]"),
  bad({ BillingMode: "PROVISIONED" },
    `${INVALID}ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED`),
  bad({ ProvisionedThroughput: { ReadCapacityUnits: 1, WriteCapacityUnits: 1 } },
    `${INVALID}Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST`),
  bad({ BillingMode: "PROVISIONED", ProvisionedThroughput: { ReadCapacityUnits: 0, WriteCapacityUnits: 1 } }, "1 validation error detected: Value '0' at "
    + "'provisionedThroughput.readCapacityUnits' failed to satisfy constraint: Member must have value greater than or equal to 1"),
  bad({ BillingMode: "PROVISIONED", ProvisionedThroughput: { ReadCapacityUnits: 1 } }, "1 validation error detected: Value null at "
    + "'provisionedThroughput.writeCapacityUnits' failed to satisfy constraint: Member must not be null"),
]);

const describing = [
  does("CreateTable", "on demand, described from CREATING to gone", async (target) => {
    const { TableDescription: made } = await target.ok("CreateTable", {
      TableName: "$tlife", KeySchema: [hash("a"), range("b")], BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: [{ AttributeName: "a", AttributeType: "S" }, { AttributeName: "b", AttributeType: "N" }],
    });
    assert.equal(made.TableStatus, "CREATING");
    assert.equal(made.TableName, target.name("tlife"));
    assert.equal(made.ItemCount, 0);
    assert.equal(made.TableSizeBytes, 0);
    assert.match(made.TableArn, /^arn:aws:dynamodb:[a-z0-9-]+:\d{12}:table\//);
    assert.match(made.TableId, /^[0-9a-f-]{36}$/);
    assert.deepEqual(made.KeySchema, [hash("a"), range("b")]);
    const { ReadCapacityUnits, WriteCapacityUnits, NumberOfDecreasesToday } = made.ProvisionedThroughput;
    assert.deepEqual([ReadCapacityUnits, WriteCapacityUnits, NumberOfDecreasesToday], [0, 0, 0]);
    const table = await target.waitFor("$tlife", "ACTIVE");
    assert.equal(table.BillingModeSummary.BillingMode, "PAY_PER_REQUEST");
    assert.equal(table.DeletionProtectionEnabled, false);
    assert.equal(table.TableArn, made.TableArn);
    assert.ok(Math.abs(table.CreationDateTime - Date.now() / 1000) < 600);
    const byArn = await target.ok("DescribeTable", { TableName: table.TableArn });
    assert.equal(byArn.Table.TableName, target.name("tlife"));
    const { TableDescription: gone } = await target.ok("DeleteTable", { TableName: "$tlife" });
    assert.deepEqual(gone, {
      TableName: table.TableName, TableStatus: "DELETING", ProvisionedThroughput: table.ProvisionedThroughput, TableSizeBytes: 0, ItemCount: 0,
      TableArn: made.TableArn, TableId: made.TableId, BillingModeSummary: table.BillingModeSummary, DeletionProtectionEnabled: false,
    });
    await target.waitFor("$tlife", "GONE");
  }),
  does("DescribeTable", "names of attributes in order, indexes as they were given", async (target) => {
    const { TableDescription: made } = await target.ok("CreateTable", {
      TableName: "$torder", KeySchema: [hash("pk"), range("sk")], AttributeDefinitions: defined("z", "a", "m", "sk", "pk"),
      BillingMode: "PAY_PER_REQUEST", LocalSecondaryIndexes: [{ ...index("m"), KeySchema: [hash("pk"), range("m")] }],
      GlobalSecondaryIndexes: [index("z", { ProjectionType: "INCLUDE", NonKeyAttributes: ["zz", "aa", "mm", "sk"] }), index("a")],
    });
    for (const told of [made, await target.waitFor("$torder", "ACTIVE")]) {
      assert.deepEqual(told.AttributeDefinitions, defined("a", "m", "pk", "sk", "z"));
      assert.deepEqual(told.GlobalSecondaryIndexes.map((one: any) => one.IndexName), ["by-z", "by-a"]);
      assert.deepEqual(told.GlobalSecondaryIndexes[0].Projection.NonKeyAttributes, ["aa", "mm", "sk", "zz"]);
    }
  }),
  does("CreateTable", "provisioned", async (target) => {
    const { TableDescription: made } = await target.ok("CreateTable", {
      TableName: "$tprov", KeySchema: [hash("a")], AttributeDefinitions: defined("a"),
      ProvisionedThroughput: { ReadCapacityUnits: 3, WriteCapacityUnits: 5 },
    });
    assert.deepEqual([made.ProvisionedThroughput.ReadCapacityUnits, made.ProvisionedThroughput.WriteCapacityUnits], [3, 5]);
    const table = await target.waitFor("$tprov", "ACTIVE");
    assert.equal("BillingModeSummary" in table, false, "a table that was never on demand has no summary");
  }),
  does("CreateTable", "an ARN works as the name in item operations", async (target) => {
    const { TableArn } = await target.waitFor("$tplain", "ACTIVE");
    await target.ok("PutItem", { TableName: TableArn, Item: { a: S("arn"), v: N(1) } });
    const { Item } = await target.ok("GetItem", { TableName: "$tplain", Key: { a: S("arn") } });
    assert.deepEqual(Item, { a: S("arn"), v: N(1) });
    const page = await target.ok("Query", { TableName: TableArn, KeyConditionExpression: "a = :a", ExpressionAttributeValues: { ":a": S("arn") } });
    assert.equal(page.Count, 1);
  }),
  does("ListTables", "in order, in pages", async (target) => {
    for (const name of ["tlist-a", "tlist-b", "tlist-c"]) await target.table(name, "a:S");
    const wanted = ["tlist-a", "tlist-b", "tlist-c"].map((name) => target.name(name));
    const seen: string[] = [];
    let from: string | undefined = target.name("tlist");
    while (from !== undefined && seen.length < 3) {
      const page: any = await target.ok("ListTables", { ExclusiveStartTableName: from, Limit: 2 });
      assert.ok(page.TableNames.length <= 2);
      if (page.TableNames.length === 2) assert.equal(page.LastEvaluatedTableName, page.TableNames[1]);
      seen.push(...page.TableNames);
      from = page.LastEvaluatedTableName;
    }
    assert.deepEqual(seen.slice(0, 3), wanted);
    const all = await target.ok("ListTables", {});
    assert.deepEqual(all.TableNames, all.TableNames.toSorted());
  }),
  does("CreateTable", "a table that is deleted can be made again, empty", async (target) => {
    await target.table("tagain", "a:S");
    await target.ok("PutItem", { TableName: "$tagain", Item: { a: S("x") } });
    await target.ok("DeleteTable", { TableName: "$tagain" });
    await target.waitFor("$tagain", "GONE");
    await target.table("tagain", "a:S");
    assert.equal((await target.ok("Scan", { TableName: "$tagain" })).Count, 0);
  }),
];

export const tables: Suite = {
  name: "tables", setup: (target) => target.table("tplain", "a:S"), cases: [...refused, ...describing],
};
