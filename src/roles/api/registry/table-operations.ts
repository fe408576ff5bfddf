// The operations on tables and their settings, and on the account.
import { describeEndpoints, describeLimits } from "../operations/account.ts";
import {
  describeContributorInsights, listContributorInsights, updateContributorInsights,
} from "../operations/contributor-insights.ts";
import { createTable } from "../operations/create-table.ts";
import { deleteResourcePolicy, getResourcePolicy, putResourcePolicy } from "../operations/resource-policies.ts";
import { deleteTable, describeTable, listTables } from "../operations/tables.ts";
import { listTagsOfResource, tagResource, untagResource } from "../operations/tags.ts";
import { describeTimeToLive, updateTimeToLive } from "../operations/time-to-live.ts";
import { updateTable } from "../operations/update-table.ts";
import { type Entry, complete, notYet, partial, partly } from "./entry.ts";

const REFUSED = notYet("refused by name");
const NO_KEY_SERVICE = partly("kept and told; keys are not looked at and nothing is encrypted with them");
const NOT_RATIONED = partly("kept and told; nothing is rationed by it");
const NOT_ENFORCED = "policies are kept and told, not enforced";
const NOT_COLLECTED = "what is switched on is kept and told; nothing is collected";

export const TABLE_OPERATIONS: Readonly<Record<string, Entry>> = {
  CreateTable: partial(createTable, "see its parameters", {
    ProvisionedThroughput: NOT_RATIONED,
    OnDemandThroughput: NOT_RATIONED,
    WarmThroughput: NOT_RATIONED,
    SSESpecification: NO_KEY_SERVICE,
    ResourcePolicy: partly(NOT_ENFORCED),
    GlobalTableSourceArn: REFUSED,
    GlobalTableSettingsReplicationMode: REFUSED,
    VectorIndexes: REFUSED,
  }),
  DeleteResourcePolicy: complete(deleteResourcePolicy),
  DeleteTable: complete(deleteTable),
  DescribeContributorInsights: partial(describeContributorInsights, NOT_COLLECTED),
  DescribeEndpoints: complete(describeEndpoints),
  DescribeLimits: complete(describeLimits),
  DescribeTable: complete(describeTable),
  DescribeTimeToLive: complete(describeTimeToLive),
  GetResourcePolicy: complete(getResourcePolicy),
  ListContributorInsights: complete(listContributorInsights),
  ListTables: complete(listTables),
  ListTagsOfResource: complete(listTagsOfResource),
  PutResourcePolicy: partial(putResourcePolicy, NOT_ENFORCED, {
    ConfirmRemoveSelfResourceAccess: partly("nobody can be locked out, so there is nothing to confirm"),
  }),
  TagResource: complete(tagResource),
  UntagResource: complete(untagResource),
  UpdateContributorInsights: partial(updateContributorInsights, NOT_COLLECTED),
  UpdateTable: partial(updateTable, "see its parameters", {
    ProvisionedThroughput: NOT_RATIONED,
    OnDemandThroughput: NOT_RATIONED,
    WarmThroughput: NOT_RATIONED,
    SSESpecification: NO_KEY_SERVICE,
    ReplicaUpdates: REFUSED,
    MultiRegionConsistency: REFUSED,
    GlobalTableWitnessUpdates: REFUSED,
    GlobalTableSettingsReplicationMode: REFUSED,
    DisassociationProtectionEnabled: REFUSED,
    VectorIndexUpdates: REFUSED,
  }),
  UpdateTimeToLive: complete(updateTimeToLive),
};
