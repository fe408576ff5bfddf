import assert from "node:assert/strict";
import { test } from "node:test";
import { type Refused, NOT_FOUND, TestApi, apiWithTables, wrongAnswers } from "../testkit.test.ts";

const definition = {
  TableName: "films",
  AttributeDefinitions: [
    { AttributeName: "year", AttributeType: "N" }, { AttributeName: "title", AttributeType: "S" },
  ],
  KeySchema: [{ AttributeName: "year", KeyType: "HASH" }, { AttributeName: "title", KeyType: "RANGE" }],
  BillingMode: "PAY_PER_REQUEST",
};
const IN_USE = "com.amazonaws.dynamodb.v20120810#ResourceInUseException";
const INVALID = "One or more parameter values were invalid: ";

test("a table is created, described, listed and deleted", () => {
  const api = new TestApi();
  const created = api.ask("CreateTable", definition);
  assert.equal(created.status, 200);
  const description = {
    AttributeDefinitions: [...definition.AttributeDefinitions].reverse(),
    TableName: "films",
    KeySchema: definition.KeySchema,
    TableStatus: "CREATING",
    CreationDateTime: 1_700_000_000.5,
    ProvisionedThroughput: { NumberOfDecreasesToday: 0, ReadCapacityUnits: 0, WriteCapacityUnits: 0 },
    TableSizeBytes: 0,
    ItemCount: 0,
    TableArn: "arn:aws:dynamodb:eu-west-1:000000000000:table/films",
    TableId: "11111111-2222-4333-8444-555555555555",
    BillingModeSummary: { BillingMode: "PAY_PER_REQUEST" },
    DeletionProtectionEnabled: false,
  };
  assert.deepEqual(created.json, { TableDescription: description });
  const active = {
    ...description, TableStatus: "ACTIVE", TableSizeBytes: 17, ItemCount: 0,
    BillingModeSummary: { BillingMode: "PAY_PER_REQUEST", LastUpdateToPayPerRequestDateTime: 1_700_000_000.5 },
    WarmThroughput: { ReadUnitsPerSecond: 12_000, WriteUnitsPerSecond: 4_000, Status: "ACTIVE" },
  };
  assert.deepEqual(api.ask("DescribeTable", { TableName: "films" }).json, { Table: active });
  assert.deepEqual(api.ask("DescribeTable", { TableName: description.TableArn }).json, { Table: active });
  assert.deepEqual(api.ask("CreateTable", definition).json, { __type: IN_USE, message: "Table already exists: films" });
  assert.deepEqual(api.ask("ListTables", {}).json, { TableNames: ["films"] });
  const { AttributeDefinitions: _, KeySchema: _keys, CreationDateTime: _created, WarmThroughput: _warm, ...told } = active;
  assert.deepEqual(api.ask("DeleteTable", { TableName: "films" }).json, {
    TableDescription: { ...told, TableStatus: "DELETING" },
  });
  assert.deepEqual(api.ask("ListTables", {}).json, { TableNames: [] });
});

test("CreateTable hands on all it accepts", () => {
  const api = new TestApi();
  const answer = api.ask("CreateTable", {
    ...definition, BillingMode: "PROVISIONED", ProvisionedThroughput: { ReadCapacityUnits: 5, WriteCapacityUnits: 6 },
    DeletionProtectionEnabled: true, TableClass: "STANDARD_INFREQUENT_ACCESS",
    Tags: [{ Key: "stator:partitions", Value: "64" }],
    StreamSpecification: { StreamEnabled: false }, SSESpecification: { Enabled: false },
  });
  assert.equal(answer.status, 200);
  assert.deepEqual(api.store.last, {
    kind: "create-table",
    definition: {
      name: "films", hashKey: { name: "year", type: "N" }, rangeKey: { name: "title", type: "S" },
      billing: { mode: "PROVISIONED", readUnits: 5, writeUnits: 6 }, deletionProtection: true,
      tableClass: "STANDARD_INFREQUENT_ACCESS", tags: [{ key: "stator:partitions", value: "64" }], partitionCount: 64,
    },
  });
  const { TableDescription: described } = answer.json;
  assert.equal(described.BillingModeSummary, undefined);
  assert.deepEqual(described.TableClassSummary, { TableClass: "STANDARD_INFREQUENT_ACCESS" });
  assert.equal(described.ProvisionedThroughput.WriteCapacityUnits, 6);
});

test("ListTables in pages", () => {
  const api = new TestApi();
  for (const name of ["ccc", "aaa", "bbb"]) api.ask("CreateTable", { ...definition, TableName: name });
  const first = api.ask("ListTables", { Limit: 2 }).json;
  assert.deepEqual(first, { TableNames: ["aaa", "bbb"], LastEvaluatedTableName: "bbb" });
  assert.deepEqual(api.ask("ListTables", { ExclusiveStartTableName: "bbb" }).json, { TableNames: ["ccc"] });
});

test("refused tables", () => {
  const key = (name: string, type: string): object => ({ AttributeName: name, KeyType: type });
  const attribute = (name: string): object => ({ AttributeName: name, AttributeType: "S" });
  const broken = (value: string, constraint: string): string => (
    `1 validation error detected: Value ${value} at 'tableName' failed to satisfy constraint: ${constraint}`
  );
  const create = (change: object, message: string): Refused => ["CreateTable", { ...definition, ...change }, message];
  const cases: Refused[] = [
    ["DescribeTable", { TableName: "nothing" }, "Requested resource not found: Table: nothing not found", NOT_FOUND],
    ["DeleteTable", { TableName: "nothing" }, "Requested resource not found: Table: nothing not found", NOT_FOUND],
    ["DescribeTable", {}, broken("null", "Member must not be null")],
    ["DescribeTable", { TableName: "a;" }, "2 validation errors detected: Value 'a;' at 'tableName' failed to satisfy "
      + "constraint: Member must have length greater than or equal to 3; Value 'a;' at 'tableName' failed to satisfy "
      + "constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+"],
    ["UpdateTable", { TableName: "ab" }, broken("'ab'", "Member must have length greater than or equal to 3")],
    ["DeleteTable", { TableName: "a".repeat(256) },
      broken(`'${"a".repeat(256)}'`, "Member must have length less than or equal to 255")],
    ["DescribeTable", { TableName: "a b c" },
      broken("'a b c'", "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+")],
    ["DescribeTimeToLive", { TableName: "nothing" }, "Requested resource not found: Table: nothing not found", NOT_FOUND],
    ["ListTables", { Limit: 101 }, "1 validation error detected: Value '101' at 'limit' failed to satisfy "
      + "constraint: Member must have value less than or equal to 100"],
    ["CreateTable", { TableName: "films" }, "2 validation errors detected: Value null at 'attributeDefinitions' failed "
      + "to satisfy constraint: Member must not be null; Value null at 'keySchema' failed to satisfy constraint: "
      + "Member must not be null"],
    create({ KeySchema: [key("pk", "HASH"), key("sk", "RANGE"), key("sk2", "RANGE")] },
      "1 validation error detected: Value '[com.amazonaws.dynamodb.v20120810.KeySchemaElement@ad28eb1d, "
      + "com.amazonaws.dynamodb.v20120810.KeySchemaElement@38b9654b, "
      + "com.amazonaws.dynamodb.v20120810.KeySchemaElement@38bb13cd]' at "
      + "'keySchema' failed to satisfy constraint: Member must have length less than or equal to 2"),
    create({ KeySchema: [key("year", "BOTH")] }, "1 validation error detected: Value 'BOTH' at "
      + "'keySchema.1.member.keyType' failed to satisfy constraint: Member must satisfy enum value set: [HASH, RANGE]"),
    create({ KeySchema: [key("year", "RANGE")] },
      "Invalid KeySchema: The first KeySchemaElement is not a HASH key type"),
    create({ KeySchema: [key("year", "HASH"), key("title", "HASH")] },
      "Invalid KeySchema: The second KeySchemaElement is not a RANGE key type"),
    create({ KeySchema: [key("year", "HASH"), key("year", "RANGE")] },
      "Both the Hash Key and the Range Key element in the KeySchema have the same name"),
    create({ AttributeDefinitions: [attribute("year"), attribute("year")] }, "Attribute Name is duplicated: year"),
    create({ AttributeDefinitions: [attribute("year")] },
      "Invalid KeySchema: Some index key attribute have no definition"),
    create({ AttributeDefinitions: [attribute("year"), attribute("name")] }, `${INVALID}Some index key attributes are `
      + "not defined in AttributeDefinitions. Keys: [year, title], AttributeDefinitions: [name, year]"),
    create({ KeySchema: [key("year", "HASH")] }, `${INVALID}Number of attributes in KeySchema does not exactly match `
      + "number of attributes defined in AttributeDefinitions"),
    create({ ProvisionedThroughput: { ReadCapacityUnits: 1, WriteCapacityUnits: 1 } }, `${INVALID}Neither `
      + "ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST"),
    create({ BillingMode: "PROVISIONED" }, `${INVALID}ReadCapacityUnits and WriteCapacityUnits must both be specified `
      + "when BillingMode is PROVISIONED"),
    create({
      BillingMode: "PROVISIONED", ProvisionedThroughput: { ReadCapacityUnits: 1e12 + 1, WriteCapacityUnits: 1 },
    },
      "Given value 1000000000001 for ReadCapacityUnits is out of bounds"),
    create({ GlobalSecondaryIndexes: [] }, "One or more parameter values were invalid: List of GlobalSecondaryIndexes is empty"),
    create({ LocalSecondaryIndexes: [] }, `${INVALID}List of LocalSecondaryIndexes is empty`),
    create({ StreamSpecification: { StreamEnabled: false, StreamViewType: "NEW_IMAGE" } },
      `${INVALID}Table is being created with a stream disabled, UpdateViewType should not be specified`),
    create({ ResourcePolicy: "{}" }, `${INVALID}Invalid policy document: Syntax error at position (1,3)`),
    create({ VectorIndexes: [] }, "Unsupported parameter: VectorIndexes"),
    create({ Tags: [{ Key: "team" }] }, "The Tag Value provided is invalid, Value: null"),
    create({ Tags: [{ Key: "aws:team", Value: "" }] }, "Tag Key cannot be prefixed with aws:, Key: aws:team"),
    create({ TableClass: "GLACIER" }, "Invalid table-class parameter provided. Please try again with a valid "
      + "table-class value: [STANDARD, STANDARD_INFREQUENT_ACCESS]."),
    create({ OnDemandThroughput: { MaxReadRequestUnits: -1 } },
      `${INVALID}Requested MaxReadRequestUnits for OnDemandThroughput for table is outside of valid range`),
    create({ SSESpecification: { Enabled: false, SSEType: "KMS" } },
      `${INVALID}SSEType can not be specified if Enabled is false`),
    create({ WarmThroughput: { WriteUnitsPerSecond: 3_999 } }, `${INVALID}Requested WriteUnitsPerSecond for `
      + "WarmThroughput for table is lower than initial throughput for OnDemand. See: https://docs.aws.amazon.com/"
      + "amazondynamodb/latest/developerguide/on-demand-capacity-mode.html#on-demand-capacity-mode-initial"),
    ...["0", "65", "1.5", "x", "", " 1"].map((Value) => create({ Tags: [{ Key: "stator:partitions", Value }] },
      `${INVALID}Tag stator:partitions must be a whole number from 1 to 64`)),
  ];
  const api = apiWithTables();
  assert.deepEqual(wrongAnswers(api, cases), []);
  assert.equal(api.store.tables.size, 2);
});
