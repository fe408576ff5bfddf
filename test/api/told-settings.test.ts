// Settings that are kept and told: policies and contributor insights; and what is not there: backups, exports,
// imports, replicas in other regions, Kinesis.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  DeleteResourcePolicyCommand, DescribeContinuousBackupsCommand, DescribeContributorInsightsCommand,
  DescribeKinesisStreamingDestinationCommand, GetResourcePolicyCommand, ListBackupsCommand, ListBulkOperationsCommand,
  ListContributorInsightsCommand, ListExportsCommand, ListGlobalTablesCommand, ListImportsCommand,
  PutResourcePolicyCommand, UpdateContinuousBackupsCommand, UpdateContributorInsightsCommand, waitUntilTableExists,
} from "@aws-sdk/client-dynamodb";
import { assertRefused, rejected, REGION, Server, type Refused } from "./kit.ts";

const T = "Told";
const ARN = `arn:aws:dynamodb:${REGION}:000000000000:table/${T}`;
const INVALID = "One or more parameter values were invalid: ";
const NO_POLICY = "Resource-based policy not found for the provided ResourceArn: ";

let server: Server;

before(async () => {
  server = await Server.start();
  await server.table(T, "pk:S", "sk:N", {
    AttributeDefinitions: [
      { AttributeName: "pk", AttributeType: "S" }, { AttributeName: "sk", AttributeType: "N" }, { AttributeName: "g", AttributeType: "S" },
    ],
    GlobalSecondaryIndexes: [{ IndexName: "byG", KeySchema: [{ AttributeName: "g", KeyType: "HASH" }], Projection: { ProjectionType: "ALL" } }],
  });
  await waitUntilTableExists({ client: server.client, maxWaitTime: 20, minDelay: 0.01, maxDelay: 0.05 }, { TableName: T });
});
after(() => server.stop());

const STATEMENT = { Effect: "Allow", Action: ["dynamodb:GetItem"], Principal: { AWS: ["arn:aws:iam::111122223333:role/r"] }, Resource: ARN };

test("a policy is kept in canonical form, with a revision that changes when it does", async () => {
  const { client } = server;
  const get = (): Promise<any> => client.send(new GetResourcePolicyCommand({ ResourceArn: ARN }));
  const put = (Policy: string, ExpectedRevisionId?: string): Promise<any> =>
    client.send(new PutResourcePolicyCommand({ ResourceArn: ARN, Policy, ...(ExpectedRevisionId === undefined ? {} : { ExpectedRevisionId }) }));
  const remove = (ExpectedRevisionId?: string): Promise<any> =>
    client.send(new DeleteResourcePolicyCommand({ ResourceArn: ARN, ...(ExpectedRevisionId === undefined ? {} : { ExpectedRevisionId }) }));

  assert.equal((await rejected(get(), "PolicyNotFoundException")).message, NO_POLICY + ARN);
  assert.equal((await remove()).RevisionId, undefined);
  assert.match((await rejected(put("{}"), "ValidationException")).message, /Syntax error at position \(1,3\)$/);
  assert.equal((await rejected(put(JSON.stringify({ Version: "2012-10-17", Statement: STATEMENT }), "1"), "PolicyNotFoundException")).message,
    `${NO_POLICY}Requested update for policy with revision id 1, but table ${T} has no associated resource-based policy.`);

  const first = (await put(JSON.stringify({ Statement: [STATEMENT], Version: "2012-10-17" }, null, 2), "NO_POLICY")).RevisionId as string;
  assert.match(first, /^\d{13}$/);
  const told = await get();
  assert.deepEqual([told.RevisionId, told.Policy], [first, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow",`
    + `"Principal":{"AWS":"arn:aws:iam::111122223333:role/r"},"Action":"dynamodb:GetItem","Resource":"${ARN}"}]}`]);
  assert.equal((await put(told.Policy)).RevisionId, first, "the same again is no change");
  const other = JSON.stringify({ Version: "2012-10-17", Statement: { ...STATEMENT, Effect: "deny" } });
  assert.equal((await rejected(put(other, "NO_POLICY"), "PolicyNotFoundException")).message,
    `${NO_POLICY}Requested policy update expecting none to be present for table ${T}, but a policy exists with revision id ${first}.`);
  const second = (await put(other, first)).RevisionId as string;
  assert.notEqual(second, first);
  assert.match((await get()).Policy, /"Effect":"Deny"/);
  assert.equal((await rejected(remove(first), "PolicyNotFoundException")).message,
    `${NO_POLICY}Requested update for policy with revision id ${first}, but the policy associated to target table ${T} has revision id ${second}.`);
  assert.equal((await remove(second)).RevisionId, second);
  await rejected(get(), "PolicyNotFoundException");
});

test("CreateTable takes a policy", async () => {
  const Policy = JSON.stringify({ Version: "2012-10-17", Statement: [STATEMENT] });
  const table = {
    BillingMode: "PAY_PER_REQUEST", KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }], AttributeDefinitions: [{ AttributeName: "pk", AttributeType: "S" }],
  };
  await assertRefused(server, [
    ["CreateTable", { ...table, TableName: "WithBad", ResourcePolicy: "{" }, `${INVALID}Invalid policy document: This policy contains invalid Json`],
  ]);
  await server.ok("CreateTable", { ...table, TableName: "WithPolicy", ResourcePolicy: Policy });
  await waitUntilTableExists({ client: server.client, maxWaitTime: 20, minDelay: 0.01, maxDelay: 0.05 }, { TableName: "WithPolicy" });
  const told = await server.ok("GetResourcePolicy", { ResourceArn: ARN.replace(T, "WithPolicy") });
  assert.match(told.Policy, /^\{"Version":"2012-10-17","Statement":\[\{"Effect":"Allow"/);
});

test("a stream has a policy of its own", async () => {
  await server.table("Streamed", "pk:S", undefined, { StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_IMAGE" } });
  await waitUntilTableExists({ client: server.client, maxWaitTime: 20, minDelay: 0.01, maxDelay: 0.05 }, { TableName: "Streamed" });
  const { Table } = await server.ok("DescribeTable", { TableName: "Streamed" });
  const [table, stream] = [Table.TableArn, Table.LatestStreamArn] as [string, string];
  const Policy = JSON.stringify({ Version: "2012-10-17", Statement: { ...STATEMENT, Action: "dynamodb:GetRecords", Resource: stream } });
  const { RevisionId } = await server.ok("PutResourcePolicy", { ResourceArn: stream, Policy });
  const told = await server.ok("GetResourcePolicy", { ResourceArn: stream });
  assert.equal(told.RevisionId, RevisionId);
  assert.match(told.Policy, /GetRecords/);
  await assertRefused(server, [["GetResourcePolicy", { ResourceArn: table }, NO_POLICY + table, "PolicyNotFoundException"]]);
  assert.deepEqual(await server.ok("DeleteResourcePolicy", { ResourceArn: stream }), { RevisionId });
  await assertRefused(server, [["GetResourcePolicy", { ResourceArn: stream }, NO_POLICY + stream, "PolicyNotFoundException"]]);
});

test("policies that are wrong, and ARNs that are not a table's", async () => {
  const put = (Policy: unknown): unknown => ({ ResourceArn: ARN, Policy: typeof Policy === "string" ? Policy : JSON.stringify(Policy) });
  const bad = (Policy: unknown, why: string): Refused => ["PutResourcePolicy", put(Policy), `${INVALID}Invalid policy document: ${why}`];
  const { Resource: _, ...unresourced } = STATEMENT;
  const arn = (ResourceArn: string, message: string, type = "ValidationException"): Refused => ["GetResourcePolicy", { ResourceArn }, message, type];
  const region = ARN.replace(REGION, "us-west-2");
  await assertRefused(server, [
    bad("", "This policy contains invalid Json"),
    bad("[]", "This policy contains invalid Json"),
    bad("null", "This text appears not to be a policy"),
    bad({ Statement: [{}] }, "Missing required field Effect"),
    bad({ Statement: [] }, "Could not parse the policy: Statement is empty!"),
    bad({ Statement: [unresourced] }, "Missing required field Resource"),
    bad({ Statement: [{ ...STATEMENT, Sid: "a" }, { ...STATEMENT, Sid: "a" }] }, "The Statement Ids in the policy are not unique"),
    ["PutResourcePolicy", put({ Statement: [{ ...STATEMENT, Principal: "*" }] }),
      "Resource-based policy grants unbounded access in one or more elements. Please revise the policy to ensure least-privilege form of access"],
    ["PutResourcePolicy", put(" ".repeat(20_481)), `${INVALID}Maximum policy size of 20480 bytes exceeded`],
    ["PutResourcePolicy", { ResourceArn: ARN }, "1 validation error detected: Value null at 'policy' failed to satisfy constraint: Member must not be null"],
    arn(T, `${INVALID}ARNs must start with 'arn:': ${T}`),
    arn(`${ARN}no`, `Requested resource not found: Table: ${T}no not found`, "ResourceNotFoundException"),
    arn(ARN.replace("000000000000", "123456789012"), "This action is only supported by accounts that match the resource owner\u2019s account."),
    arn(region, `${INVALID}Invalid resource Arn: ${region}`),
    arn(`${ARN}/index/byG`, `${INVALID}Invalid resource arn provided, only table or stream is accepted. Provided resource arn: ${ARN}/index/byG`),
    arn(`${ARN}/backup/01`, `${INVALID}Provided Arn is not a DynamoDB resource arn: ${ARN}/backup/01`),
    arn(`${ARN}/stream/2000-01-01T00:00:00.000`, `Requested resource not found: Stream: 2000-01-01T00:00:00.000 not found for Table: ${T}`,
      "ResourceNotFoundException"),
  ]);
});

test("contributor insights of a table and an index are switched, described and listed", async () => {
  const { client } = server;
  const update = async (action: "ENABLE" | "DISABLE", IndexName?: string, mode?: "THROTTLED_KEYS"): Promise<unknown> => {
    const { $metadata: _, ...told } = await client.send(new UpdateContributorInsightsCommand({
      TableName: T, ContributorInsightsAction: action, ...(IndexName === undefined ? {} : { IndexName }),
      ...(mode === undefined ? {} : { ContributorInsightsMode: mode }),
    }));
    return told;
  };
  const describe = async (IndexName?: string): Promise<any> => {
    const { $metadata: _, ...told } = await client.send(new DescribeContributorInsightsCommand({ TableName: T, ...(IndexName ===
      undefined ? {} : { IndexName }) }));
    return told;
  };
  const list = async (input: object = { TableName: T }): Promise<any> => client.send(new ListContributorInsightsCommand(input));
  const mode = "ACCESSED_AND_THROTTLED_KEYS";

  assert.deepEqual(await describe(), { TableName: T, ContributorInsightsStatus: "DISABLED" });
  assert.deepEqual((await list()).ContributorInsightsSummaries, []);
  assert.deepEqual(await update("DISABLE"), { TableName: T, ContributorInsightsStatus: "DISABLED" });
  assert.deepEqual(await update("ENABLE"), { TableName: T, ContributorInsightsStatus: "ENABLING", ContributorInsightsMode: mode });
  assert.deepEqual(await update("ENABLE"), { TableName: T, ContributorInsightsStatus: "ENABLED", ContributorInsightsMode: mode });
  const told = await describe();
  assert.equal(told.ContributorInsightsStatus, "ENABLED");
  assert.ok(told.LastUpdateDateTime instanceof Date);
  const id = told.LastUpdateDateTime.getTime() as number;
  assert.deepEqual(told.ContributorInsightsRuleList, ["PKC", "SKC", "PKT", "SKT"].map((rule) => `DynamoDBContributorInsights-${rule}-${T}-${id}`));
  assert.deepEqual(await update("ENABLE", "byG", "THROTTLED_KEYS"), { TableName: T, IndexName: "byG", ContributorInsightsStatus: "ENABLING",
    ContributorInsightsMode: "THROTTLED_KEYS" });
  assert.match(JSON.stringify((await describe("byG")).ContributorInsightsRuleList), /^\["DynamoDBContributorInsights-PKT-Told-byG-\d{13}"\]$/);

  await server.table("Untold", "pk:S");
  for (const input of [{ TableName: T }, {}]) {
    const pages: unknown[] = [];
    let NextToken: string | undefined;
    do {
      const page: any = await list({ ...input, MaxResults: 1, ...(NextToken === undefined ? {} : { NextToken }) });
      pages.push(page.ContributorInsightsSummaries);
      ({ NextToken } = page);
    } while (NextToken !== undefined);
    assert.deepEqual(pages, [
      [{ TableName: T, ContributorInsightsStatus: "ENABLED", ContributorInsightsMode: mode }],
      [{ TableName: T, IndexName: "byG", ContributorInsightsStatus: "ENABLED", ContributorInsightsMode: "THROTTLED_KEYS" }],
    ]);
  }

  assert.deepEqual(await update("DISABLE"), { TableName: T, ContributorInsightsStatus: "DISABLING", ContributorInsightsMode: mode });
  const off = await describe();
  assert.deepEqual([off.ContributorInsightsStatus, off.ContributorInsightsMode, off.ContributorInsightsRuleList], ["DISABLED", mode, undefined]);
  assert.deepEqual((await list()).ContributorInsightsSummaries.map((one: any) => one.IndexName), ["byG"]);
  await assertRefused(server, [
    ["DescribeContributorInsights", { TableName: T, IndexName: "ghost" }, `Requested resource not found: Index: ghost not found for table: ${T}`,
      "ResourceNotFoundException"],
    ["UpdateContributorInsights", { TableName: T, IndexName: "ghost", ContributorInsightsAction: "ENABLE" },
      `Requested resource not found: Index: ghost not found for table: ${T}`, "ResourceNotFoundException"],
    ["DescribeContributorInsights", { TableName: T, IndexName: "" }, "IndexName must be at least 3 characters long and at most 255 characters long"],
    ["ListContributorInsights", { TableName: "absent" }, "Requested resource not found: Table: absent not found", "ResourceNotFoundException"],
    ["ListContributorInsights", { NextToken: "x" }, "Invalid NextToken"],
    ["ListContributorInsights", { MaxResults: 101 },
      "1 validation error detected: Value '101' at 'maxResults' failed to satisfy constraint: Member must have value less than or equal to 100"],
    ["UpdateContributorInsights", { TableName: T, ContributorInsightsAction: "x" },
      "1 validation error detected: Value 'x' at 'contributorInsightsAction' failed to satisfy constraint: "
        + "Member must satisfy enum value set: [ENABLE, DISABLE]"],
  ]);
});

test("continuous backups are there, point-in-time recovery is not", async () => {
  const { client } = server;
  const off = { ContinuousBackupsStatus: "ENABLED", PointInTimeRecoveryDescription: { PointInTimeRecoveryStatus: "DISABLED" } };
  const described = await client.send(new DescribeContinuousBackupsCommand({ TableName: T }));
  assert.deepEqual(described.ContinuousBackupsDescription, off);
  const turn = (PointInTimeRecoveryEnabled: boolean): Promise<any> => client.send(new UpdateContinuousBackupsCommand({
    TableName: T, PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled },
  }));
  assert.deepEqual((await turn(false)).ContinuousBackupsDescription, off);
  await rejected(turn(true), "ContinuousBackupsUnavailableException");
  const recovery = (RecoveryPeriodInDays: number, isOn = true): unknown =>
    ({ TableName: T, PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: isOn, RecoveryPeriodInDays } });
  await assertRefused(server, [
    ["DescribeContinuousBackups", { TableName: "absent" }, "Table not found: absent", "TableNotFoundException"],
    ["UpdateContinuousBackups", recovery(36), "1 validation error detected: Value '36' at 'pointInTimeRecoverySpecification.recoveryPeriodInDays' "
      + "failed to satisfy constraint: Member must have value less than or equal to 35"],
    ["UpdateContinuousBackups", recovery(7, false), "Invalid Request: Cannot specify RecoveryPeriodInDays when disabling point-in-time recovery."],
    ["CreateBackup", { TableName: "absent", BackupName: "abc" }, "Table not found: absent", "TableNotFoundException"],
    ["CreateBackup", { TableName: T, BackupName: "abc" }, `Backups are not available on this server. Table: ${T}`, "ContinuousBackupsUnavailableException"],
  ]);
});

test("backups, exports, imports and bulk operations are none, in DynamoDB's words", async () => {
  const { client } = server;
  assert.deepEqual((await client.send(new ListBackupsCommand({}))).BackupSummaries, []);
  assert.deepEqual((await client.send(new ListExportsCommand({ TableArn: ARN }))).ExportSummaries, []);
  assert.deepEqual((await client.send(new ListImportsCommand({ PageSize: 5 }))).ImportSummaryList, []);
  assert.deepEqual((await client.send(new ListBulkOperationsCommand({}))).BulkOperationsSummaryList, []);
  const [backup, exported, imported] = ["backup", "export", "import"].map((kind) => `${ARN}/${kind}/01234-abcd`);
  const time = { SourceTableName: T, TargetTableName: "New" };
  const off = `Point in time recovery is not enabled for table '${T}'`;
  const bucket = { TableArn: ARN, S3Bucket: "bucket" };
  await assertRefused(server, [
    ["DescribeBackup", { BackupArn: backup }, `Backup not found: ${backup}`, "BackupNotFoundException"],
    ["DeleteBackup", { BackupArn: backup }, `Backup not found: ${backup}`, "BackupNotFoundException"],
    ["RestoreTableFromBackup", { BackupArn: backup, TargetTableName: "New" }, `Backup not found: ${backup}`, "BackupNotFoundException"],
    ["DescribeBackup", { BackupArn: ARN }, "Invalid Backup ARN"],
    ["DescribeBackup", { BackupArn: "" }, "Invalid Backup ARN"],
    ["RestoreTableFromBackup", { BackupArn: backup, TargetTableName: "" }, "TableName must be at least 3 characters long and at most 255 characters long"],
    ["RestoreTableFromBackup", { BackupArn: backup, TargetTableName: "bad name!" }, "1 validation error detected: Value 'bad name!' at 'targetTableName' "
      + "failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+"],
    ["CreateBackup", { TableName: T, BackupName: "" }, "2 validation errors detected: Value '' at 'backupName' failed to satisfy constraint: "
      + "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+; Value '' at 'backupName' failed to satisfy constraint: "
      + "Member must have length greater than or equal to 3"],
    ["ExportTableToPointInTime", { ...bucket, TableArn: "" }, "Invalid TableArn: Invalid Table ARN"],
    ["ExportTableToPointInTime", { ...bucket, IncrementalExportSpecification: {} },
      "Invalid Request: ExportFromTime must be provided in IncrementalExportSpecification"],
    ["ListBackups", { TimeRangeLowerBound: 2, TimeRangeUpperBound: 1 }, `${INVALID}Time range lower bound must be less than or equal to upper bound`],
    ["ListBackups", { TimeRangeLowerBound: "2026" }, "STRING_VALUE can not be converted to milliseconds since epoch", "SerializationException"],
    ["ListBackups", { Limit: 101, BackupType: "x" },
      "2 validation errors detected: Value '101' at 'limit' failed to satisfy constraint: Member must have value "
      + "less than or equal to 100; Value 'x' at 'backupType' failed to satisfy constraint: "
      + "Member must satisfy enum value set: [ALL, AWS_BACKUP, USER, SYSTEM]"],
    ["DescribeExport", { ExportArn: exported }, `Export not found: Export not found: ${exported}`, "ExportNotFoundException"],
    ["DescribeExport", { ExportArn: imported }, "Invalid Export ARN"],
    ["DescribeImport", { ImportArn: imported }, /^Import not found: /, "ImportNotFoundException"],
    ["DescribeImport", { ImportArn: ARN }, "Invalid Import ARN"],
    ["ListExports", { NextToken: "x" }, "Invalid Request: Provided nextToken is invalid: x"],
    ["ExportTableToPointInTime", bucket, off, "PointInTimeRecoveryUnavailableException"],
    ["ExportTableToPointInTime", { ...bucket, TableArn: `${ARN}no` }, `Table not found: ${ARN}no`, "TableNotFoundException"],
    ["ExportTableToPointInTime", { ...bucket, S3Bucket: "-" }, "1 validation error detected: Value '-' at 's3Bucket' failed to satisfy constraint: "
      + "Member must satisfy regular expression pattern: ^[a-z0-9A-Z]+[\\.\\-\\w]*[a-z0-9A-Z]+$"],
    ["RestoreTableToPointInTime", { ...time, UseLatestRestorableTime: true }, off, "PointInTimeRecoveryUnavailableException"],
    ["RestoreTableToPointInTime", { ...time, SourceTableName: "absent", RestoreDateTime: 1 }, "Table not found: absent", "TableNotFoundException"],
    ["RestoreTableToPointInTime", time, "Invalid Request: Either one of RestoreDateTime or UseLatestRestorableTime must be specified, but not both"],
    ["RestoreTableToPointInTime", { ...time, SourceTableArn: ARN }, "Must provide exactly one of: sourceTableArn, sourceTableName"],
    ["DescribeBulkOperation", { BulkOperationArn: "x" }, /not found$/, "ResourceNotFoundException"],
    ["ImportTable", {}, /^3 validation errors detected: Value null at 's3BucketSource' /],
    ["StartBulkPutItems", { TableName: T, InputS3Configuration: { S3Bucket: "bb", InputFormat: "ION" }, OutputS3Configuration: { OutputType: ["ERROR"] } },
      "The operation StartBulkPutItems is not supported by this server.", "UnknownOperationException"],
    ["SearchVectors", { TableName: T, IndexName: "vectors", SearchVector: [{ N: "1" }], TopK: 1 }, "The table does not have the specified index: vectors"],
  ]);
});

test("there are no replicas in other regions, and no Kinesis", async () => {
  const { client } = server;
  assert.deepEqual((await client.send(new ListGlobalTablesCommand({}))).GlobalTables, []);
  const { $metadata: _, ...kinesis } = await client.send(new DescribeKinesisStreamingDestinationCommand({ TableName: T }));
  assert.deepEqual(kinesis, { TableName: T, KinesisDataStreamDestinations: [] });
  const gone = `Global table with name: '${T}' does not exist.`;
  const old = `${INVALID}DynamoDB global tables version 2017.11.29 is not supported. `
    + "We recommend using DynamoDB global tables version 2019.11.21, instead of version 2017.11.29 (Legacy).";
  const named = { GlobalTableName: T };
  const stream = { TableName: T, StreamArn: `arn:aws:kinesis:${REGION}:000000000000:stream/s` };
  const state = "Table is not in a valid state to enable Kinesis Streaming Destination:";
  await assertRefused(server, [
    ["CreateGlobalTable", { ...named, ReplicationGroup: [{ RegionName: "eu-west-1" }] }, old],
    ["UpdateGlobalTable", { ...named, ReplicaUpdates: [{ Create: { RegionName: "x" } }] }, old],
    ["UpdateGlobalTable", { ...named, ReplicaUpdates: [] }, "One or more parameter values were invalid"],
    ["UpdateGlobalTable", { ...named, ReplicaUpdates: [{ Delete: { RegionName: "x" } }] }, `Global table not found: ${gone}`, "GlobalTableNotFoundException"],
    ["UpdateGlobalTable", { ...named, ReplicaUpdates: [{}] }, "One or more parameter values were invalid"],
    ["DescribeGlobalTable", { GlobalTableName: "" }, "TableName must be at least 3 characters long and at most 255 characters long"],
    ["DescribeGlobalTable", named, `Global table not found: ${gone}`, "GlobalTableNotFoundException"],
    ["DescribeGlobalTableSettings", named, gone, "GlobalTableNotFoundException"],
    ["UpdateGlobalTableSettings", named, gone, "GlobalTableNotFoundException"],
    ["DescribeTableReplicaAutoScaling", { TableName: T }, gone, "ResourceNotFoundException"],
    ["UpdateTableReplicaAutoScaling", { TableName: T }, gone, "ResourceNotFoundException"],
    ["UpdateTableReplicaAutoScaling", { TableName: T,
      ProvisionedWriteCapacityAutoScalingUpdate: { ScalingPolicyUpdate: { TargetTrackingScalingPolicyConfiguration: { TargetValue: "x" } } } },
      "STRING_VALUE cannot be converted to Double", "SerializationException"],
    ["EnableKinesisStreamingDestination", stream, `Requested resource not found: Kinesis stream: ${stream.StreamArn} not found`, "ResourceNotFoundException"],
    ["DisableKinesisStreamingDestination", stream, `${state} KinesisStreamingDestination must be ACTIVE to perform DISABLE operation.`],
    ["UpdateKinesisStreamingDestination", { ...stream, UpdateKinesisStreamingConfiguration: { ApproximateCreationDateTimePrecision: "MICROSECOND" } },
      `${state} Kinesis streaming is not in ACTIVE state. Updates are only allowed in ACTIVE state. TableName: ${T}, kdsArn: ${stream.StreamArn}`],
    ["DescribeKinesisStreamingDestination", { TableName: "absent" }, "Requested resource not found: Table: absent not found", "ResourceNotFoundException"],
  ]);
});
