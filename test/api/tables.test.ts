import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  CreateTableCommand, DeleteTableCommand, DescribeTableCommand, ListTablesCommand, PutItemCommand,
  paginateListTables, waitUntilTableExists, waitUntilTableNotExists,
} from "@aws-sdk/client-dynamodb";
import { N, S, Server, assertRefused, rejected, type Refused } from "./kit.ts";

let server: Server;
before(async () => {
  server = await Server.start();
});
after(() => server.stop());

const WAIT = { maxWaitTime: 20, minDelay: 0.02, maxDelay: 0.1 } as const;
const ON_DEMAND_HASH = {
  BillingMode: "PAY_PER_REQUEST", AttributeDefinitions: [{ AttributeName: "pk", AttributeType: "S" }],
  KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }],
} as const;

test("a table from CREATING to gone, with the SDK's waiters", async () => {
  const { client } = server;
  const TableName = "Life-1.x_y";
  const { TableDescription: created } = await client.send(new CreateTableCommand({
    TableName, BillingMode: "PROVISIONED", ProvisionedThroughput: { ReadCapacityUnits: 5, WriteCapacityUnits: 7 },
    AttributeDefinitions: [
      { AttributeName: "sk", AttributeType: "N" }, { AttributeName: "pk", AttributeType: "S" },
    ],
    KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }, { AttributeName: "sk", KeyType: "RANGE" }],
    TableClass: "STANDARD_INFREQUENT_ACCESS",
  }));
  assert.ok(created);
  assert.equal(created.TableStatus, "CREATING");
  assert.equal(created.TableName, TableName);
  assert.equal(created.ItemCount, 0);
  assert.equal(created.TableSizeBytes, 0);
  assert.equal(created.DeletionProtectionEnabled, false);
  assert.equal(created.TableArn, `arn:aws:dynamodb:eu-west-1:000000000000:table/${TableName}`);
  assert.match(created.TableId ?? "", /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.ok(Math.abs((created.CreationDateTime?.getTime() ?? 0) - Date.now()) < 60_000);
  assert.deepEqual(created.KeySchema, [
    { AttributeName: "pk", KeyType: "HASH" }, { AttributeName: "sk", KeyType: "RANGE" },
  ]);
  assert.equal(created.BillingModeSummary, undefined);
  // The table already takes requests.
  await client.send(new PutItemCommand({ TableName, Item: { pk: S("a"), sk: N(1) } }));
  await waitUntilTableExists({ client, ...WAIT }, { TableName });
  const { Table: described } = await client.send(new DescribeTableCommand({ TableName }));
  assert.equal(described?.TableStatus, "ACTIVE");
  assert.equal(described?.TableId, created.TableId);
  assert.equal(described?.ProvisionedThroughput?.ReadCapacityUnits, 5);
  assert.equal(described?.ProvisionedThroughput?.WriteCapacityUnits, 7);
  assert.equal(described?.TableClassSummary?.TableClass, "STANDARD_INFREQUENT_ACCESS");
  assert.deepEqual(new Set(described?.AttributeDefinitions?.map((d) => `${d.AttributeName}:${d.AttributeType}`)),
    new Set(["pk:S", "sk:N"]));
  const { TableDescription: deleted } = await client.send(new DeleteTableCommand({ TableName }));
  assert.equal(deleted?.TableStatus, "DELETING");
  await waitUntilTableNotExists({ client, ...WAIT }, { TableName });
  const error = await rejected(client.send(new DescribeTableCommand({ TableName })), "ResourceNotFoundException");
  assert.equal(error.message, `Requested resource not found: Table: ${TableName} not found`);
});

test("a table made again under its name is empty and has another id", async () => {
  const { client } = server;
  const TableName = "again";
  await server.table(TableName, "pk:S");
  await client.send(new PutItemCommand({ TableName, Item: { pk: S("a") } }));
  await waitUntilTableExists({ client, ...WAIT }, { TableName });
  const first = await client.send(new DescribeTableCommand({ TableName }));
  await client.send(new DeleteTableCommand({ TableName }));
  await waitUntilTableNotExists({ client, ...WAIT }, { TableName });
  await server.table(TableName, "pk:S");
  await waitUntilTableExists({ client, ...WAIT }, { TableName });
  const second = await client.send(new DescribeTableCommand({ TableName }));
  assert.notEqual(second.Table?.TableId, first.Table?.TableId);
  assert.equal(second.Table?.ItemCount, 0);
  assert.deepEqual((await server.ok("Scan", { TableName })).Items, []);
});

test("an on-demand table says so; counts follow the items", async () => {
  await server.table("counted", "pk:S");
  await waitUntilTableExists({ client: server.client, ...WAIT }, { TableName: "counted" });
  for (let i = 0; i < 5; i++) await server.ok("PutItem", { TableName: "counted", Item: { pk: S(`k${i}`) } });
  await server.ok("DeleteItem", { TableName: "counted", Key: { pk: S("k0") } });
  const { Table } = await server.ok("DescribeTable", { TableName: "counted" });
  assert.equal(Table.BillingModeSummary.BillingMode, "PAY_PER_REQUEST");
  assert.deepEqual([Table.ProvisionedThroughput.ReadCapacityUnits, Table.ProvisionedThroughput.WriteCapacityUnits],
    [0, 0]);
  assert.deepEqual([Table.ItemCount, Table.TableSizeBytes], [4, 16]);
});

test("region of the request in ARNs; one namespace for all regions and credentials", async () => {
  await server.table("regional", "pk:S");
  for (const region of ["us-east-1", "ap-southeast-2"]) {
    const client = server.connect({ accessKeyId: `other${region}`, secretAccessKey: "x" }, region);
    const { Table } = await client.send(new DescribeTableCommand({ TableName: "regional" }));
    assert.equal(Table?.TableArn, `arn:aws:dynamodb:${region}:000000000000:table/regional`);
  }
});

test("an ARN stands for a table's name everywhere", async () => {
  await server.table("by-arn", "pk:S");
  const arn = "arn:aws:dynamodb:eu-west-1:000000000000:table/by-arn";
  const Key = { pk: S("a") };
  await server.ok("PutItem", { TableName: arn, Item: { ...Key, v: N(1) } });
  await server.ok("UpdateItem", { TableName: arn, Key, UpdateExpression: "REMOVE v" });
  assert.deepEqual((await server.ok("GetItem", { TableName: arn, Key })).Item, Key);
  assert.equal((await server.ok("Scan", { TableName: arn })).Count, 1);
  const query = {
    TableName: arn, KeyConditionExpression: "pk = :a", ExpressionAttributeValues: { ":a": S("a") },
  };
  assert.equal((await server.ok("Query", query)).Count, 1);
  const batch = await server.ok("BatchGetItem", { RequestItems: { [arn]: { Keys: [Key] } } });
  assert.deepEqual(batch.Responses, { [arn]: [Key] });
  await server.ok("BatchWriteItem", { RequestItems: { [arn]: [{ DeleteRequest: { Key } }] } });
  await waitUntilTableExists({ client: server.client, ...WAIT }, { TableName: arn });
  assert.equal((await server.ok("DescribeTable", { TableName: arn })).Table.TableName, "by-arn");
  assert.equal((await server.ok("DeleteTable", { TableName: arn })).TableDescription.TableName, "by-arn");
});

test("ListTables: order, pages, exact ends", async () => {
  const own = await Server.start();
  try {
    assert.deepEqual(await own.ok("ListTables", {}), { TableNames: [] });
    const names = ["Zeta", "alpha", "a.b", "a-b", "a_b", "beta", "B10", "B-9"];
    for (const name of names) await own.table(name, "pk:S", undefined, { Tags: [{ Key: "stator:partitions", Value: "1" }] });
    const sorted = [...names].sort();
    const all = await own.client.send(new ListTablesCommand({}));
    assert.deepEqual(all.TableNames, sorted);
    assert.equal(all.LastEvaluatedTableName, undefined);
    const pages: string[][] = [];
    for await (const page of paginateListTables({ client: own.client, pageSize: 3 }, {})) pages.push(page.TableNames ?? []);
    assert.deepEqual(pages, [sorted.slice(0, 3), sorted.slice(3, 6), sorted.slice(6)]);
    const exact = await own.ok("ListTables", { Limit: 8 });
    assert.equal(exact.LastEvaluatedTableName, undefined);
    const between = await own.ok("ListTables", { ExclusiveStartTableName: "a.c", Limit: 1 });
    assert.deepEqual(between, { TableNames: ["a_b"], LastEvaluatedTableName: "a_b" });
    assert.deepEqual(await own.ok("ListTables", { ExclusiveStartTableName: "zzz" }), { TableNames: [] });
  } finally {
    await own.stop();
  }
});

test("deletion protection keeps a table", async () => {
  await server.table("protected", "pk:S", undefined, { DeletionProtectionEnabled: true });
  await waitUntilTableExists({ client: server.client, ...WAIT }, { TableName: "protected" });
  const error = await rejected(
    server.client.send(new DeleteTableCommand({ TableName: "protected" })), "ValidationException",
  );
  assert.match(error.message, /^Resource cannot be deleted as it is currently protected against deletion/);
  const { Table } = await server.ok("DescribeTable", { TableName: "protected" });
  assert.deepEqual([Table.TableStatus, Table.DeletionProtectionEnabled], ["ACTIVE", true]);
});

test("tables that cannot be made, described or deleted", async () => {
  await server.table("taken", "pk:S");
  await waitUntilTableExists({ client: server.client, ...WAIT }, { TableName: "taken" });
  const create = { TableName: "new-table", ...ON_DEMAND_HASH };
  const invalid = "One or more parameter values were invalid: ";
  const definition = (name: string, type = "S"): object => ({ AttributeName: name, AttributeType: type });
  const key = (name: string, type = "HASH"): object => ({ AttributeName: name, KeyType: type });
  const throughput = { ReadCapacityUnits: 1, WriteCapacityUnits: 1 };
  const cases: Refused[] = [
    ["CreateTable", { ...create, TableName: "taken" }, "Table already exists: taken", "ResourceInUseException"],
    ["CreateTable", { ...create, TableName: "ab" }, "1 validation error detected: Value 'ab' at 'tableName' failed to "
      + "satisfy constraint: Member must have length greater than or equal to 3"],
    ["CreateTable", { ...create, TableName: "a".repeat(256) }, /Member must have length less than or equal to 255$/],
    ["CreateTable", { ...create, TableName: "no spaces" }, /regular expression pattern: \[a-zA-Z0-9_.-\]\+$/],
    ["CreateTable", { ...create, BillingMode: "PROVISIONED" },
      `${invalid}ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED`],
    ["CreateTable", { ...create, ProvisionedThroughput: throughput },
      `${invalid}Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST`],
    ["CreateTable", { ...create, BillingMode: "FREE" },
      "1 validation error detected: Value 'FREE' at 'billingMode' failed to satisfy constraint: "
      + "Member must satisfy enum value set: [PROVISIONED, PAY_PER_REQUEST]"],
    ["CreateTable", { ...create, KeySchema: [key("pk"), key("pk", "RANGE")] },
      "Both the Hash Key and the Range Key element in the KeySchema have the same name"],
    ["CreateTable", { ...create, KeySchema: [key("other")] }, /Some index key attributes are not defined/],
    ["CreateTable", { ...create, KeySchema: [key("pk", "RANGE")] },
      "Invalid KeySchema: The first KeySchemaElement is not a HASH key type"],
    ["CreateTable", { ...create, AttributeDefinitions: [definition("pk"), definition("x")] },
      `${invalid}Number of attributes in KeySchema does not exactly match `
      + "number of attributes defined in AttributeDefinitions"],
    ["CreateTable", { ...create, AttributeDefinitions: [definition("pk", "M")] },
      /at 'attributeDefinitions\.1\.member\.attributeType' failed to satisfy constraint: Member must satisfy enum/],
    ["CreateTable", { ...create, GlobalSecondaryIndexes: [] }, "One or more parameter values were invalid: List of GlobalSecondaryIndexes is empty"],
    ["CreateTable", { ...create, StreamSpecification: { StreamEnabled: true } }, /a stream enabled, UpdateViewType is required$/],
    ["DescribeTable", { TableName: "missing" },
      "Requested resource not found: Table: missing not found", "ResourceNotFoundException"],
    ["DeleteTable", { TableName: "missing" },
      "Requested resource not found: Table: missing not found", "ResourceNotFoundException"],
    ["DescribeTable", {}, "1 validation error detected: Value null at 'tableName' failed to satisfy constraint: "
      + "Member must not be null"],
    ["ListTables", { Limit: 0 }, /Value '0' at 'limit' failed .* greater than or equal to 1$/],
    ["ListTables", { Limit: 101 }, /Value '101' at 'limit' failed .* less than or equal to 100$/],
    ["Scan", { TableName: "missing" }, "Requested resource not found", "ResourceNotFoundException"],
  ];
  await assertRefused(server, cases);
  assert.ok(!(await server.ok("ListTables", {})).TableNames.includes("new-table"));
});

test("DescribeLimits and DescribeEndpoints", async () => {
  const limits = await server.ok("DescribeLimits", {});
  assert.deepEqual(Object.keys(limits).sort(), [
    "AccountMaxReadCapacityUnits", "AccountMaxWriteCapacityUnits", "TableMaxReadCapacityUnits", "TableMaxWriteCapacityUnits",
  ]);
  const { Endpoints } = await server.ok("DescribeEndpoints", {});
  assert.equal(`http://${Endpoints[0].Address}`, server.cluster.endpoint);
});
