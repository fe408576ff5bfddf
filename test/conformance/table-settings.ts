// UpdateTable, tags and time to live: what is refused in which words, and what answers tell of a change under way.
import { does, refuses, type Refused, type Suite } from "./suite.ts";
import type { Target } from "./target.ts";
import assert from "node:assert/strict";

const INVALID = "One or more parameter values were invalid: ";
const null_ = (path: string): string => (
  `1 validation error detected: Value null at '${path}' failed to satisfy constraint: Member must not be null`
);
const units = (ReadCapacityUnits: number, WriteCapacityUnits: number): object => ({ ReadCapacityUnits, WriteCapacityUnits });
const update = (more: object, message: RegExp | string, type?: string): Refused => (
  type === undefined ? ["UpdateTable", { TableName: "$uprov", ...more }, message]
    : ["UpdateTable", { TableName: "$uprov", ...more }, message, type]
);
const onDemand = (more: object, message: string): Refused => ["UpdateTable", { TableName: "$udemand", ...more }, message];
const alone = (what: string): string => `${INVALID}${what} must be the only operation in the request`;
const ABOVE = / is above the per table maximum for the account in [a-z0-9-]+\. Per table maximum: 40000\. Refer to the Amazon DynamoDB Developer Guide for /;
const NOTHING = "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates, "
  + "SSESpecification, ReplicaUpdates, MultiAccountReplicaReady, ReplicaTransitRoleArn, MultiRegionConsistency, "
  + "DeletionProtectionEnabled, OnDemandThroughput, WarmThroughput or TableClass is required";
const NEITHER = `${INVALID}Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST`;

const refusedUpdates = refuses("UpdateTable", [
  ["UpdateTable", { DeletionProtectionEnabled: true }, null_("tableName")],
  ["UpdateTable", { TableName: "ab", DeletionProtectionEnabled: true }, "1 validation error detected: Value 'ab' at "
    + "'tableName' failed to satisfy constraint: Member must have length greater than or equal to 3"],
  ["DescribeTable", { TableName: "" }, "2 validation errors detected: Value '' at 'tableName' failed to satisfy constraint: "
    + "Member must have length greater than or equal to 3; Value '' at 'tableName' failed to satisfy constraint: "
    + "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+"],
  update({ AttributeDefinitions: [{}], DeletionProtectionEnabled: true }, "2 validation errors detected: Value null at "
    + "'attributeDefinitions.1.member.attributeType' failed to satisfy constraint: Member must not be null; Value null at "
    + "'attributeDefinitions.1.member.attributeName' failed to satisfy constraint: Member must not be null"),
  update({ ProvisionedThroughput: units(0, 0) }, "2 validation errors detected: Value '0' at "
    + "'provisionedThroughput.writeCapacityUnits' failed to satisfy constraint: Member must have value greater than or equal to 1; "
    + "Value '0' at 'provisionedThroughput.readCapacityUnits' failed to satisfy constraint: Member must have value greater than or "
    + "equal to 1"),
  update({ SSESpecification: { Enabled: true, SSEType: "KMS", KMSMasterKeyId: "" } }, "1 validation error detected: Value '' at "
    + "'sSESpecification.kMSMasterKeyId' failed to satisfy constraint: Member must have length greater than or equal to 1"),
  update({ WarmThroughput: { ReadUnitsPerSecond: -1, WriteUnitsPerSecond: 0 } }, `${INVALID}Requested ReadUnitsPerSecond for `
    + "WarmThroughput for table is lower than current WarmThroughput, decreasing WarmThroughput is not supported"),
  ["UpdateTable", { TableName: "$nope", DeletionProtectionEnabled: true },
    "Requested resource not found: Table: $nope not found", "ResourceNotFoundException"],
  update({}, NOTHING),
  update({ AttributeDefinitions: [{ AttributeName: "a", AttributeType: "S" }] }, NOTHING),
  update({ ProvisionedThroughput: units(5, 6) }, "The provisioned throughput for the table will not change. The requested "
    + "value equals the current value. Current ReadCapacityUnits provisioned for the table: 5. Requested ReadCapacityUnits: 5. "
    + "Current WriteCapacityUnits provisioned for the table: 6. Requested WriteCapacityUnits: 6. Refer to the Amazon DynamoDB "
    + "Developer Guide for current limits and how to request higher limits."),
  update({ ProvisionedThroughput: units(40_001, 6) }, ABOVE, "LimitExceededException"),
  ["CreateTable", {
    TableName: "$ubad", KeySchema: [{ AttributeName: "a", KeyType: "HASH" }], AttributeDefinitions: [{ AttributeName: "a", AttributeType: "S" }],
    ProvisionedThroughput: units(1, 40_001),
  }, ABOVE, "LimitExceededException"],
  ["UpdateTable", { TableName: "$udemand", OnDemandThroughput: { MaxReadRequestUnits: 40_001 } }, new RegExp("^Subscriber limit exceeded: Requested "
    + "MaxReadRequestUnits for OnDemandThroughput for table exceeds TableMaxReadCapacityUnits of the account in region [a-z0-9-]+$"),
  "LimitExceededException"],
  update({ ProvisionedThroughput: { ReadCapacityUnits: 4 } }, null_("provisionedThroughput.writeCapacityUnits")),
  update({ BillingMode: "PROVISIONED" }, `${INVALID}ProvisionedThroughput must be specified when BillingMode is PROVISIONED`),
  update({ BillingMode: "PAY_PER_REQUEST", ProvisionedThroughput: units(1, 1) },
    `${INVALID}ProvisionedThroughput cannot be specified when BillingMode is PAY_PER_REQUEST`),
  onDemand({ ProvisionedThroughput: units(1, 1) }, NEITHER),
  update({ GlobalSecondaryIndexUpdates: [] }, NOTHING),
  update({ GlobalSecondaryIndexUpdates: [], AttributeDefinitions: [{ AttributeName: "a", AttributeType: "S" }] }, NOTHING),
  update({ GlobalSecondaryIndexUpdates: [], DeletionProtectionEnabled: true }, `${INVALID}List of GlobalSecondaryIndexUpdates is empty`),
  update({ MultiRegionConsistency: "EVENTUAL" }, NOTHING.replace("MultiRegionConsistency, ", "")),
  update({ BillingMode: "FREE" }, "1 validation error detected: Value 'FREE' at 'billingMode' failed to satisfy constraint: "
    + "Member must satisfy enum value set: [PROVISIONED, PAY_PER_REQUEST]"),
  update({ TableClass: "GLACIER" }, "Invalid table-class parameter provided. Please try again with a valid table-class value: "
    + "[STANDARD, STANDARD_INFREQUENT_ACCESS]."),
  update({ OnDemandThroughput: { MaxReadRequestUnits: 5 } },
    `${INVALID}MaxReadRequestUnits for OnDemandThroughput cannot be specified when the table BillingMode is PROVISIONED`),
  update({ WarmThroughput: { ReadUnitsPerSecond: 4 } }, `${INVALID}Requested ReadUnitsPerSecond for WarmThroughput for table is `
    + "lower than current WarmThroughput, decreasing WarmThroughput is not supported"),
  update({ SSESpecification: { Enabled: false } }, `${INVALID}Table is already encrypted by default`),
  update({ SSESpecification: {} }, `${INVALID}Table is already encrypted by default`),
  update({ SSESpecification: { Enabled: true, SSEType: "AES256" } }, `${INVALID}SSEType AES256 is not supported`),
  update({ SSESpecification: { Enabled: false, SSEType: "KMS" } }, `${INVALID}SSEType can not be specified if Enabled is false`),
  update({ SSESpecification: { Enabled: false, KMSMasterKeyId: "alias/x" } },
    `${INVALID}KMSMasterKeyId can not be specified if Enabled is false`),
  update({ SSESpecification: { Enabled: true, KMSMasterKeyId: "alias/x" } },
    `${INVALID}SSEType KMS is required if KMSMasterKeyId is specified`),
  update({ DeletionProtectionEnabled: true, ProvisionedThroughput: units(1, 1) }, alone("DeletionProtection modification")),
  update({ DeletionProtectionEnabled: true, TableClass: "STANDARD" }, alone("TableClass modification")),
  update({ SSESpecification: { Enabled: true }, TableClass: "STANDARD" }, alone("Server-Side Encryption modification")),
  update({ WarmThroughput: { ReadUnitsPerSecond: 9 }, ProvisionedThroughput: units(1, 1) }, alone("WarmThroughput")),
  update({ ProvisionedThroughput: units(1, 1), GlobalSecondaryIndexUpdates: [{ Delete: { IndexName: "gone" } }] },
    `${INVALID}You cannot create or delete index while updating table IOPS`),
  onDemand({
    WarmThroughput: { ReadUnitsPerSecond: 20_000 }, AttributeDefinitions: [{ AttributeName: "g", AttributeType: "S" }],
    GlobalSecondaryIndexUpdates: [{ Create: {
      IndexName: "new", KeySchema: [{ AttributeName: "g", KeyType: "HASH" }], Projection: { ProjectionType: "ALL" },
    } }],
  }, `${INVALID}Create global secondary index cannot be specified when updating WarmThroughput`),
  update({ StreamSpecification: { StreamEnabled: false } }, "Table has no stream to disable: TableName: $uprov"),
  update({ StreamSpecification: { StreamEnabled: true } },
    `${INVALID}If stream is being enabled then UpdateViewType is required`),
  update({ StreamSpecification: { StreamEnabled: false, StreamViewType: "NEW_IMAGE" } },
    `${INVALID}If stream is being disabled, then UpdateViewType must not be specified`),
  update({ StreamSpecification: { StreamEnabled: true, StreamViewType: "" } }, "1 validation error detected: Value '' at "
    + "'streamSpecification.streamViewType' failed to satisfy constraint: Member must satisfy enum value set: "
    + "[OLD_IMAGE, KEYS_ONLY, NEW_AND_OLD_IMAGES, NEW_IMAGE]"),
  update({ StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_IMAGE" }, ProvisionedThroughput: units(7, 7) },
    `${INVALID}You cannot modify stream status while updating table IOPS`),
  update({
    StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_IMAGE" },
    GlobalSecondaryIndexUpdates: [{ Delete: { IndexName: "gone" } }],
  }, `${INVALID}You cannot create or delete index while changing stream status`),
  onDemand({ StreamSpecification: { StreamEnabled: false }, OnDemandThroughput: { MaxReadRequestUnits: 5 } },
    `${INVALID}OnDemandThroughput can only be combined with BillingMode in an UpdateTable request`),
  onDemand({ ProvisionedThroughput: units(1, 1) }, NEITHER),
  onDemand({ OnDemandThroughput: { MaxWriteRequestUnits: 0 } },
    `${INVALID}Requested MaxWriteRequestUnits for OnDemandThroughput for table is outside of valid range`),
  onDemand({ OnDemandThroughput: { MaxReadRequestUnits: -2 } },
    `${INVALID}Requested MaxReadRequestUnits for OnDemandThroughput for table is outside of valid range`),
]);

const arnOf = async (target: Target, table: string): Promise<string> => (
  (await target.ok("DescribeTable", { TableName: table })).Table.TableArn as string
);

const refusedTags = refuses("tags", [
  ["ListTagsOfResource", {}, null_("resourceArn")],
  ["ListTagsOfResource", { ResourceArn: "name" }, `${INVALID}ARNs must start with 'arn:': name`],
  ["TagResource", { ResourceArn: "name", Tags: [{ Key: "a", Value: "b" }] }, `${INVALID}ARNs must start with 'arn:': name`],
  ["TagResource", { ResourceArn: "name" }, null_("tags")],
  ["UntagResource", { ResourceArn: "name" }, null_("tagKeys")],
]);

const tagging = [
  does("TagResource", "what tags may not be; all of a request or none", async (target) => {
    const ResourceArn = await arnOf(target, "$utags");
    const cases: readonly (readonly [unknown, string])[] = [
      [[], "Atleast one Tag needs to be provided as Input."],
      [[{ Key: "", Value: "b" }], "The Tag Key provided is invalid, Key: "],
      [[{ Value: "b" }], "The Tag Key provided is invalid, Key: null"],
      [[{ Key: "k".repeat(129), Value: "b" }], `The Tag Key provided is invalid, Key: ${"k".repeat(129)}`],
      [[{ Key: "a" }], "The Tag Value provided is invalid, Value: null"],
      [[{ Key: "a", Value: "v".repeat(257) }], `The Tag Value provided is invalid, Value: ${"v".repeat(257)}`],
      [[{ Key: "good", Value: "" }, { Key: "a#b", Value: "" }], "The Tag Key provided is invalid, Key: a#b"],
      [[{ Key: "a", Value: "1,2" }], "The Tag Value provided is invalid, Value: 1,2"],
      [[{ Key: "aws:a", Value: "" }], "Tag Key cannot be prefixed with aws:, Key: aws:a"],
      [[{ Key: "AWS:a", Value: "" }], "Tag Key cannot be prefixed with aws:, Key: AWS:a"],
      [[{ Key: "a", Value: "" }, { Key: "a", Value: "" }], "Duplicate Tag Keys provided as input: Duplicate Tag Key found a"],
      [Array.from({ length: 51 }, (_, i) => ({ Key: `k${i}`, Value: "" })),
        "Number of Tags exceed the current limit for the provided ResourceArn"],
      [Array.from({ length: 50 }, (_, i) => ({ Key: `k${i + 10}`, Value: "v".repeat(202) })),
        "Tag set size 10250 bytes is above max size limit of 10240 bytes"],
    ];
    for (const [Tags, message] of cases) {
      const answer = await target.ask("TagResource", { ResourceArn, Tags });
      assert.deepEqual([answer.status, answer.type, answer.message], [400, "ValidationException", message]);
    }
    assert.equal((await target.ask("UntagResource", { ResourceArn, TagKeys: [] })).message,
      "Atleast one Tag Key needs to be provided as Input.");
    assert.equal((await target.ask("UntagResource", { ResourceArn, TagKeys: ["aws:a"] })).message,
      "Tag Key cannot be prefixed with aws:, Key: aws:a");
    const none = await target.ask("ListTagsOfResource", { ResourceArn: `${ResourceArn}-nope` });
    assert.deepEqual([none.type, none.message],
      ["ResourceNotFoundException", `Requested resource not found: ResourceArn: ${ResourceArn}-nope not found`]);
  }),
  does("TagResource", "set, set again, taken away", async (target) => {
    const ResourceArn = await arnOf(target, "$utags");
    const are = (...tags: readonly (readonly [string, string])[]): Promise<void> => target.eventually(async () => {
      const { Tags } = await target.ok("ListTagsOfResource", { ResourceArn, NextToken: "nothing" });
      const sorted = Tags.map(({ Key, Value }: { Key: string; Value: string }) => [Key, Value]).sort();
      assert.deepEqual(sorted, tags.map((tag) => [...tag]).sort());
    });
    await are(["made", "with it"]);
    const changed = await target.ask("TagResource", {
      ResourceArn, Tags: [{ Key: "Env", Value: "" }, { Key: "env", Value: "a+b-c=d.e_f:g/h@i ключ" }],
    });
    assert.deepEqual([changed.status, changed.text], [200, ""]);
    await are(["made", "with it"], ["Env", ""], ["env", "a+b-c=d.e_f:g/h@i ключ"]);
    await target.eventually(() => target.ok("TagResource", { ResourceArn, Tags: [{ Key: "Env", Value: "x" }] }));
    await are(["made", "with it"], ["Env", "x"], ["env", "a+b-c=d.e_f:g/h@i ключ"]);
    await target.eventually(() => target.ok("UntagResource", { ResourceArn, TagKeys: ["env", "never"] }));
    await are(["made", "with it"], ["Env", "x"]);
  }),
];

const updating = [
  does("UpdateTable", "provisioned units", async (target) => {
    const { TableDescription: begun } = await target.ok("UpdateTable", {
      TableName: "$uunits", ProvisionedThroughput: units(8, 2),
    });
    assert.equal(begun.TableStatus, "UPDATING");
    assert.deepEqual([begun.ProvisionedThroughput.ReadCapacityUnits, begun.ProvisionedThroughput.WriteCapacityUnits], [5, 6]);
    const { ProvisionedThroughput: done } = await target.waitFor("$uunits", "ACTIVE");
    assert.deepEqual([done.ReadCapacityUnits, done.WriteCapacityUnits, done.NumberOfDecreasesToday], [8, 2, 1]);
    assert.ok(done.LastIncreaseDateTime > 0 && done.LastDecreaseDateTime > 0);
  }),
  does("UpdateTable", "billing modes", async (target) => {
    const { TableDescription: same } = await target.ok("UpdateTable", { TableName: "$umode", BillingMode: "PAY_PER_REQUEST" });
    assert.equal(same.TableStatus, "UPDATING", "also where nothing changes");
    await target.waitFor("$umode", "ACTIVE");
    await target.ok("UpdateTable", { TableName: "$umode", BillingMode: "PROVISIONED", ProvisionedThroughput: units(1, 2) });
    const provisioned = await target.waitFor("$umode", "ACTIVE");
    assert.equal(provisioned.BillingModeSummary.BillingMode, "PROVISIONED");
    assert.deepEqual([provisioned.WarmThroughput.ReadUnitsPerSecond, provisioned.WarmThroughput.WriteUnitsPerSecond], [12_000, 4_000]);
    await target.ok("UpdateTable", {
      TableName: "$umode", BillingMode: "PAY_PER_REQUEST", OnDemandThroughput: { MaxReadRequestUnits: 7 },
    });
    const back = await target.waitFor("$umode", "ACTIVE");
    assert.deepEqual([back.ProvisionedThroughput.ReadCapacityUnits, back.ProvisionedThroughput.WriteCapacityUnits], [0, 0]);
    assert.deepEqual(back.OnDemandThroughput, { MaxReadRequestUnits: 7 });
  }),
  does("UpdateTable", "on-demand maximum", async (target) => {
    const steps: readonly (readonly [object, unknown, unknown])[] = [
      [{ MaxReadRequestUnits: 10, MaxWriteRequestUnits: 5 }, { MaxReadRequestUnits: 10, MaxWriteRequestUnits: 5 },
        { MaxReadRequestUnits: 10, MaxWriteRequestUnits: 5 }],
      [{ MaxReadRequestUnits: -1 }, { MaxReadRequestUnits: -1, MaxWriteRequestUnits: 5 }, { MaxWriteRequestUnits: 5 }],
      [{ MaxWriteRequestUnits: -1 }, { MaxWriteRequestUnits: -1 }, undefined],
    ];
    for (const [OnDemandThroughput, answered, described] of steps) {
      const { TableDescription } = await target.ok("UpdateTable", { TableName: "$udemand", OnDemandThroughput });
      assert.equal(TableDescription.TableStatus, "ACTIVE");
      assert.deepEqual(TableDescription.OnDemandThroughput, answered);
      await target.eventually(async () => {
        assert.deepEqual((await target.waitFor("$udemand", "ACTIVE")).OnDemandThroughput, described);
      });
    }
  }),
  does("UpdateTable", "table class", async (target) => {
    await target.ok("UpdateTable", { TableName: "$uclass", TableClass: "STANDARD" });
    assert.equal((await target.waitFor("$uclass", "ACTIVE")).TableClassSummary, undefined, "it is standard without a word");
    const { TableDescription } = await target.ok("UpdateTable", { TableName: "$uclass", TableClass: "STANDARD_INFREQUENT_ACCESS" });
    assert.deepEqual([TableDescription.TableStatus, TableDescription.TableClassSummary], ["UPDATING", undefined]);
    const { TableClassSummary } = await target.waitFor("$uclass", "ACTIVE");
    assert.equal(TableClassSummary.TableClass, "STANDARD_INFREQUENT_ACCESS");
    assert.ok(TableClassSummary.LastUpdateDateTime > 0);
  }),
  does("UpdateTable", "deletion protection", async (target) => {
    const { TableDescription } = await target.ok("UpdateTable", { TableName: "$uguard", DeletionProtectionEnabled: true });
    assert.deepEqual([TableDescription.TableStatus, TableDescription.DeletionProtectionEnabled], ["ACTIVE", true]);
    const refused = await target.ask("DeleteTable", { TableName: "$uguard" });
    assert.deepEqual([refused.type, refused.message], ["ValidationException", "Resource cannot be deleted as it is currently "
      + "protected against deletion. Disable deletion protection first."]);
    await target.eventually(() => target.ok("UpdateTable", { TableName: "$uguard", DeletionProtectionEnabled: false }));
    await target.ok("DeleteTable", { TableName: "$uguard" });
  }),
];

const live = (Enabled: boolean, AttributeName: string): object => ({ TimeToLiveSpecification: { Enabled, AttributeName } });
const ttl = (specification: object, message: string): Refused => ["UpdateTimeToLive", { TableName: "$uttl", ...specification }, message];
const ELSE = "TimeToLive is active on a different AttributeName: current AttributeName is ttl";

const refusedTimeToLive = refuses("time to live", [
  ["DescribeTimeToLive", { TableName: "$nope" }, "Requested resource not found: Table: $nope not found", "ResourceNotFoundException"],
  ["UpdateTimeToLive", { TableName: "$nope", ...live(true, "ttl") },
    "Requested resource not found: Table: $nope not found", "ResourceNotFoundException"],
  ["UpdateTimeToLive", { TableName: "$udemand", ...live(false, "ttl") }, "TimeToLive is already disabled"],
  ttl({}, null_("timeToLiveSpecification")),
  ttl({ TimeToLiveSpecification: {} }, "2 validation errors detected: Value null at 'timeToLiveSpecification.attributeName' "
    + "failed to satisfy constraint: Member must not be null; Value null at 'timeToLiveSpecification.enabled' failed to satisfy "
    + "constraint: Member must not be null"),
  ttl({ TimeToLiveSpecification: { Enabled: true } }, null_("timeToLiveSpecification.attributeName")),
  ttl({ TimeToLiveSpecification: { AttributeName: "ttl" } }, null_("timeToLiveSpecification.enabled")),
  ttl(live(true, ""), "1 validation error detected: Value '' at 'timeToLiveSpecification.attributeName' failed to satisfy "
    + "constraint: Member must have length greater than or equal to 1"),
  ttl(live(true, "ttl"), "TimeToLive is already enabled"),
  ttl(live(true, "else"), ELSE),
  ttl(live(false, "else"), ELSE),
]);

const timeToLive = [
  does("UpdateTimeToLive", "told as it is set", async (target) => {
    assert.deepEqual((await target.ok("DescribeTimeToLive", { TableName: "$udemand" })).TimeToLiveDescription,
      { TimeToLiveStatus: "DISABLED" });
    await target.eventually(async () => {
      assert.deepEqual((await target.ok("DescribeTimeToLive", { TableName: "$uttl" })).TimeToLiveDescription,
        { TimeToLiveStatus: "ENABLED", AttributeName: "ttl" });
    });
  }),
];

async function setUp(target: Target): Promise<void> {
  const provisioned = { BillingMode: "PROVISIONED", ProvisionedThroughput: units(5, 6) };
  await target.table("uprov", "a:S", undefined, provisioned);
  await target.table("uunits", "a:S", undefined, provisioned);
  for (const name of ["udemand", "umode", "uclass", "uguard", "uttl"]) await target.table(name, "a:S");
  await target.table("utags", "a:S", undefined, { Tags: [{ Key: "made", Value: "with it" }] });
  const set = await target.ok("UpdateTimeToLive", { TableName: "$uttl", ...live(true, "ttl") });
  assert.deepEqual(set, live(true, "ttl"));
}

export const tableSettings: Suite = {
  name: "table settings", setup: setUp,
  cases: [...refusedUpdates, ...updating, ...refusedTags, ...tagging, ...refusedTimeToLive, ...timeToLive],
};
