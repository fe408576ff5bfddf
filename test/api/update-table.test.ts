// UpdateTable through the SDK: the table while it changes, what a change leaves alone, and what a restart keeps.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import {
  DeleteTableCommand, DescribeTableCommand, ListTagsOfResourceCommand, TagResourceCommand, UntagResourceCommand,
  UpdateTableCommand, waitUntilTableExists, waitUntilTableNotExists, type TableDescription, type Tag,
  type UpdateTableCommandInput,
} from "@aws-sdk/client-dynamodb";
import { assertRefused, rejected, Server } from "./kit.ts";

const WAIT = { maxWaitTime: 20, minDelay: 0.01, maxDelay: 0.05 } as const;
const S = (text: string): { S: string } => ({ S: text });

let server: Server;

before(async () => {
  server = await Server.start();
});
after(() => server.stop());

async function active(on: Server, TableName: string): Promise<TableDescription> {
  await waitUntilTableExists({ client: on.client, ...WAIT }, { TableName });
  const { Table } = await on.client.send(new DescribeTableCommand({ TableName }));
  assert.ok(Table);
  return Table;
}

async function update(TableName: string, change: Omit<UpdateTableCommandInput, "TableName">): Promise<TableDescription> {
  const { TableDescription } = await server.client.send(new UpdateTableCommand({ TableName, ...change }));
  assert.ok(TableDescription);
  return TableDescription;
}

async function tagsOf(on: Server, ResourceArn: string): Promise<readonly Tag[]> {
  return (await on.client.send(new ListTagsOfResourceCommand({ ResourceArn }))).Tags ?? [];
}

test("a table serves while it is UPDATING, and is told with its counts; other changes wait", async () => {
  const TableName = "changing";
  await server.table(TableName, "pk:S");
  await active(server, TableName);
  await server.ok("PutItem", { TableName, Item: { pk: S("a") } });
  const begun = await update(TableName, {
    BillingMode: "PROVISIONED", ProvisionedThroughput: { ReadCapacityUnits: 1, WriteCapacityUnits: 1 },
  });
  assert.deepEqual([begun.TableStatus, begun.ItemCount, begun.TableSizeBytes], ["UPDATING", 1, 3]);
  const busy = "Attempt to change a resource which is still in use: ";
  const create = {
    TableName, BillingMode: "PAY_PER_REQUEST", AttributeDefinitions: [{ AttributeName: "pk", AttributeType: "S" }],
    KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }],
  };
  // All at once: the state does not last.
  await Promise.all(([
    ["UpdateTable", { TableName, BillingMode: "PAY_PER_REQUEST" },
      `${busy}Table IOPS are currently being updated. Table: changing`],
    ["DeleteTable", { TableName }, `${busy}Table: changing is in the process of being updated.`],
    ["CreateTable", create, "Table already exists: changing"],
  ] as const).map(([operation, input, message]) => (
    assertRefused(server, [[operation, input, message, "ResourceInUseException"]])
  )));
  await server.ok("PutItem", { TableName, Item: { pk: S("b") } });
  assert.equal((await server.ok("Scan", { TableName, ConsistentRead: true })).Count, 2);
  const arn = begun.TableArn ?? "";
  await server.client.send(new TagResourceCommand({ ResourceArn: arn, Tags: [{ Key: "while", Value: "updating" }] }));
  await server.ok("UpdateTimeToLive", { TableName, TimeToLiveSpecification: { Enabled: true, AttributeName: "t" } });
  await update(TableName, { DeletionProtectionEnabled: true });
  const done = await active(server, arn);
  assert.deepEqual([done.TableStatus, done.ItemCount, done.DeletionProtectionEnabled], ["ACTIVE", 2, true]);
  assert.equal(done.BillingModeSummary?.BillingMode, "PROVISIONED");
  assert.deepEqual(await tagsOf(server, arn), [{ Key: "while", Value: "updating" }]);
  await rejected(server.client.send(new DeleteTableCommand({ TableName: arn })), "ValidationException");
  await update(arn, { DeletionProtectionEnabled: false });
  await server.client.send(new DeleteTableCommand({ TableName }));
  await waitUntilTableNotExists({ client: server.client, ...WAIT }, { TableName });
  const gone = await rejected(tagsOf(server, arn), "ResourceNotFoundException");
  assert.equal(gone.message, `Requested resource not found: ResourceArn: ${arn} not found`);
});

test("decreases of a day end with the fourth", async () => {
  const TableName = "shrinking";
  await server.table(TableName, "pk:S", undefined, {
    BillingMode: "PROVISIONED", ProvisionedThroughput: { ReadCapacityUnits: 9, WriteCapacityUnits: 9 },
  });
  for (let i = 1; i <= 4; i++) {
    await active(server, TableName);
    const begun = await update(TableName, { ProvisionedThroughput: { ReadCapacityUnits: 9 - i, WriteCapacityUnits: 9 } });
    assert.equal(begun.ProvisionedThroughput?.NumberOfDecreasesToday, i - 1);
    assert.ok(begun.ProvisionedThroughput?.LastDecreaseDateTime instanceof Date);
  }
  const now = new Date();
  const { ProvisionedThroughput: last } = await active(server, TableName);
  if (last?.LastDecreaseDateTime?.getUTCDate() !== now.getUTCDate()) return; // midnight was in between
  assert.equal(last.NumberOfDecreasesToday, 4);
  const fewer = { ProvisionedThroughput: { ReadCapacityUnits: 1, WriteCapacityUnits: 1 } };
  const error = await rejected(update(TableName, fewer), "LimitExceededException");
  assert.match(error.message, /^Subscriber limit exceeded: Provisioned throughput decreases are limited within a given UTC day\./);
  await update(TableName, { ProvisionedThroughput: { ReadCapacityUnits: 10, WriteCapacityUnits: 10 } });
});

test("encryption and warm throughput", async () => {
  const TableName = "settled";
  await server.table(TableName, "pk:S");
  assert.equal((await active(server, TableName)).SSEDescription, undefined);
  const begun = await update(TableName, { SSESpecification: { Enabled: true, SSEType: "KMS", KMSMasterKeyId: "alias/mine" } });
  assert.deepEqual([begun.TableStatus, begun.SSEDescription?.Status], ["ACTIVE", "UPDATING"]);
  assert.deepEqual((await active(server, TableName)).SSEDescription, {
    Status: "ENABLED", SSEType: "KMS", KMSMasterKeyArn: "arn:aws:kms:eu-west-1:000000000000:alias/mine",
  });
  await update(TableName, { SSESpecification: { Enabled: false } });
  assert.equal((await active(server, TableName)).SSEDescription, undefined);
  const warming = await update(TableName, { WarmThroughput: { WriteUnitsPerSecond: 5_000 } });
  assert.deepEqual(warming.WarmThroughput, { ReadUnitsPerSecond: 12_000, WriteUnitsPerSecond: 4_000, Status: "UPDATING" });
  assert.deepEqual((await active(server, TableName)).WarmThroughput,
    { ReadUnitsPerSecond: 12_000, WriteUnitsPerSecond: 5_000, Status: "ACTIVE" });
});

test("CreateTable takes the same settings", async () => {
  const TableName = "all-at-once";
  const { TableDescription } = await server.ok("CreateTable", {
    TableName, BillingMode: "PAY_PER_REQUEST", TableClass: "STANDARD_INFREQUENT_ACCESS", DeletionProtectionEnabled: true,
    AttributeDefinitions: [{ AttributeName: "pk", AttributeType: "S" }], KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }],
    OnDemandThroughput: { MaxWriteRequestUnits: 5 }, WarmThroughput: { ReadUnitsPerSecond: 20_000 },
    SSESpecification: { Enabled: true }, Tags: [{ Key: "stator:partitions", Value: "2" }, { Key: "a", Value: "b" }],
  });
  assert.deepEqual(TableDescription.BillingModeSummary, { BillingMode: "PAY_PER_REQUEST" });
  assert.equal(TableDescription.Tags, undefined);
  const table = await active(server, TableName);
  assert.equal(table.TableClassSummary?.TableClass, "STANDARD_INFREQUENT_ACCESS");
  assert.deepEqual(table.OnDemandThroughput, { MaxWriteRequestUnits: 5 });
  assert.deepEqual(table.WarmThroughput, { ReadUnitsPerSecond: 20_000, WriteUnitsPerSecond: 4_000, Status: "ACTIVE" });
  assert.equal(table.SSEDescription?.Status, "ENABLED");
  assert.ok(table.BillingModeSummary?.LastUpdateToPayPerRequestDateTime instanceof Date);
  assert.deepEqual(await tagsOf(server, table.TableArn ?? ""), [{ Key: "stator:partitions", Value: "2" }, { Key: "a", Value: "b" }]);
});

test("changes of one table at once: each is done whole or refused", async () => {
  const TableName = "crowded";
  await server.table(TableName, "pk:S");
  const { TableArn: ResourceArn } = await active(server, TableName);
  await Promise.all(Array.from({ length: 20 }, (_, i) => (
    server.client.send(new TagResourceCommand({ ResourceArn, Tags: [{ Key: `k${i}`, Value: `${i}` }] }))
  )));
  await Promise.all(Array.from({ length: 10 }, (_, i) => (
    server.client.send(new UntagResourceCommand({ ResourceArn, TagKeys: [`k${i}`] }))
  )));
  const keys = (await tagsOf(server, ResourceArn ?? "")).map(({ Key }) => Key).sort();
  assert.deepEqual(keys, Array.from({ length: 10 }, (_, i) => `k${i + 10}`));
  const billed = await Promise.allSettled(Array.from({ length: 5 }, (_, i) => update(TableName, {
    BillingMode: "PROVISIONED", ProvisionedThroughput: { ReadCapacityUnits: i + 1, WriteCapacityUnits: i + 1 },
  })));
  const done = billed.filter(({ status }) => status === "fulfilled");
  assert.equal(done.length, 1, "a table that is UPDATING takes no second change");
  const { ProvisionedThroughput } = await active(server, TableName);
  assert.equal(ProvisionedThroughput?.ReadCapacityUnits, billed.findIndex(({ status }) => status === "fulfilled") + 1);
});

test("a restart keeps all settings", async () => {
  const dataDir = mkdtempSync(join(tmpdir(), "stator-settings-"));
  try {
    let own = await Server.start({ dataDir });
    await own.table("kept", "pk:S");
    const before = await active(own, "kept");
    const ResourceArn = before.TableArn ?? "";
    await own.client.send(new TagResourceCommand({ ResourceArn, Tags: [{ Key: "a", Value: "b" }] }));
    await own.ok("UpdateTimeToLive", { TableName: "kept", TimeToLiveSpecification: { Enabled: true, AttributeName: "ttl" } });
    await own.ok("UpdateTable", { TableName: "kept", OnDemandThroughput: { MaxReadRequestUnits: 3 } });
    await own.ok("UpdateTable", { TableName: "kept", TableClass: "STANDARD_INFREQUENT_ACCESS" });
    const described = await active(own, "kept");
    await own.stop();
    own = await Server.start({ dataDir });
    try {
      assert.deepEqual(await active(own, "kept"), described);
      assert.deepEqual(await tagsOf(own, ResourceArn), [{ Key: "a", Value: "b" }]);
      assert.deepEqual((await own.ok("DescribeTimeToLive", { TableName: "kept" })).TimeToLiveDescription,
        { TimeToLiveStatus: "ENABLED", AttributeName: "ttl" });
    } finally {
      await own.stop();
    }
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
});
