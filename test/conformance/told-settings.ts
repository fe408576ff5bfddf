// Policies, contributor insights, continuous backups, and what is said of backups, exports and global tables that are
// not there.
import assert from "node:assert/strict";
import { answers, does, refuses, type Refused, type Suite } from "./suite.ts";
import type { Target } from "./target.ts";

const INVALID = "One or more parameter values were invalid: ";
const SHORT = "must be at least 3 characters long and at most 255 characters long";
const at = (value: string, path: string, constraint: string): string =>
  `Value ${value} at '${path}' failed to satisfy constraint: ${constraint}`;
const one = (problem: string): string => `1 validation error detected: ${problem}`;
const GHOST = "Requested resource not found: Index: ghost not found for table: $told";
const RECOVERY = "PointInTimeRecoverySpecification";
const gone = (name: string): string => `Global table with name: '${name}' does not exist.`;
const OLD = `${INVALID}DynamoDB global tables version 2017.11.29 is not supported. We recommend using DynamoDB global tables `
  + "version 2019.11.21, instead of version 2017.11.29 (Legacy).";
const restore = (more: object, message: string, type?: string): Refused => {
  const input = { SourceTableName: "$told", TargetTableName: "$tnew", ...more };
  return type === undefined ? ["RestoreTableToPointInTime", input, message] : ["RestoreTableToPointInTime", input, message, type];
};

const refused = refuses("what is not there", [
  ["DescribeContributorInsights", { TableName: "$told", IndexName: "ghost" }, GHOST, "ResourceNotFoundException"],
  ["DescribeContributorInsights", { TableName: "$told", IndexName: "" }, `IndexName ${SHORT}`],
  ["UpdateContributorInsights", { TableName: "$told", ContributorInsightsAction: "" }, one(at("''", "contributorInsightsAction",
    "Member must satisfy enum value set: [ENABLE, DISABLE]"))],
  ["UpdateContributorInsights", { TableName: "$told", ContributorInsightsAction: "ENABLE", ContributorInsightsMode: "" }, one(at("''",
    "contributorInsightsMode", "Member must satisfy enum value set: [THROTTLED_KEYS, ACCESSED_AND_THROTTLED_KEYS]"))],
  ["DescribeContinuousBackups", { TableName: "$nope" }, "Table not found: $nope", "TableNotFoundException"],
  ["UpdateContinuousBackups", { TableName: "$told", [RECOVERY]: {} }, one(at("null",
    "pointInTimeRecoverySpecification.pointInTimeRecoveryEnabled", "Member must not be null"))],
  ["UpdateContinuousBackups", { TableName: "$told", [RECOVERY]: { PointInTimeRecoveryEnabled: false, RecoveryPeriodInDays: 7 } },
    "Invalid Request: Cannot specify RecoveryPeriodInDays when disabling point-in-time recovery."],
  ["CreateBackup", { TableName: "$nope", BackupName: "abc" }, "Table not found: $nope", "TableNotFoundException"],
  ["CreateBackup", { TableName: "$told", BackupName: "" }, `2 validation errors detected: ${at("''", "backupName",
    "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+")}; ${at("''", "backupName",
    "Member must have length greater than or equal to 3")}`],
  ["DescribeBackup", { BackupArn: "" }, "Invalid Backup ARN"],
  ["ListBackups", { Limit: 0 }, one(at("'0'", "limit", "Member must have value greater than or equal to 1"))],
  restore({ UseLatestRestorableTime: true }, "Point in time recovery is not enabled for table '$told'", "PointInTimeRecoveryUnavailableException"),
  restore({ UseLatestRestorableTime: true, SourceTableName: "$nope" }, "Table not found: $nope", "TableNotFoundException"),
  restore({}, "Invalid Request: Either one of RestoreDateTime or UseLatestRestorableTime must be specified, but not both"),
  ["EnableKinesisStreamingDestination", { TableName: "$told", StreamArn: "" }, one(at("''", "streamArn",
    "Member must have length greater than or equal to 37"))],
  ["CreateGlobalTable", { GlobalTableName: "$told", ReplicationGroup: [{ RegionName: "eu-west-1" }] }, OLD],
  ["DescribeGlobalTable", { GlobalTableName: "$told" }, `Global table not found: ${gone("$told")}`, "GlobalTableNotFoundException"],
  ["DescribeGlobalTable", { GlobalTableName: "" }, `TableName ${SHORT}`],
  ["DescribeGlobalTableSettings", { GlobalTableName: "$told" }, gone("$told"), "GlobalTableNotFoundException"],
  ["UpdateGlobalTable", { GlobalTableName: "$told", ReplicaUpdates: [] }, "One or more parameter values were invalid"],
  ["DescribeTableReplicaAutoScaling", { TableName: "$told" }, gone("$told"), "ResourceNotFoundException"],
  ["GetResourcePolicy", { ResourceArn: "$told" }, `${INVALID}ARNs must start with 'arn:': $told`],
]);

const policies = [
  does("PutResourcePolicy", "what a policy may not be", async (target) => {
    const ResourceArn = (await target.ok("DescribeTable", { TableName: "$told" })).Table.TableArn as string;
    const missing = await target.ask("GetResourcePolicy", { ResourceArn });
    assert.deepEqual([missing.type, missing.message],
      ["PolicyNotFoundException", `Resource-based policy not found for the provided ResourceArn: ${ResourceArn}`]);
    for (const [Policy, why] of [
      ["", "This policy contains invalid Json"], ["[]", "This policy contains invalid Json"], ["null", "This text appears not to be a policy"],
      ["{}", "Syntax error at position (1,3)"], ['{"Statement":[]}', "Could not parse the policy: Statement is empty!"],
      ['{"Statement":[{}]}', "Missing required field Effect"],
    ] as const) {
      const answer = await target.ask("PutResourcePolicy", { ResourceArn, Policy });
      assert.deepEqual([answer.type, answer.message], ["ValidationException", `${INVALID}Invalid policy document: ${why}`]);
    }
    assert.deepEqual(await target.ok("DeleteResourcePolicy", { ResourceArn }), {});
  }),
];

const told = [
  answers("DescribeContributorInsights", "of a table that never had them", [
    ["DescribeContributorInsights", { TableName: "$told" }, { TableName: "$told", ContributorInsightsStatus: "DISABLED", LastUpdateDateTime: undefined }],
    ["UpdateContributorInsights", { TableName: "$told", ContributorInsightsAction: "DISABLE" }, { ContributorInsightsStatus: "DISABLED" }],
    ["ListContributorInsights", { TableName: "$told" }, { ContributorInsightsSummaries: [] }],
  ]),
  answers("ListGlobalTables", "none", [["ListGlobalTables", {}, { GlobalTables: [], LastEvaluatedGlobalTableName: undefined }]]),
  answers("DescribeKinesisStreamingDestination", "none", [
    ["DescribeKinesisStreamingDestination", { TableName: "$told" }, { TableName: "$told", KinesisDataStreamDestinations: [] }],
  ]),
];

async function setUp(target: Target): Promise<void> {
  await target.table("told", "a:S");
}

export const toldSettings: Suite = { name: "told settings", setup: setUp, cases: [...refused, ...policies, ...told] };
