// Inputs of the operations on a table's policies, insights, Kinesis destinations and continuous backups.
import { POLICY_REVISION_CHARS_MAX } from "../../../model/limits.ts";
import { BOOLEAN, TEXT, integer, oneOf, string, structure } from "./shape.ts";
import type { StringShape, StructureShape } from "./shape.ts";
import { LOOSE_NAME, TABLE_REF } from "./names.ts";
import { LONG_ARN, RESOURCE_ARN } from "./shared-shapes.ts";

const REVISION: StringShape = string({ min: 1, max: POLICY_REVISION_CHARS_MAX });

export const GET_POLICY: StructureShape = structure("GetResourcePolicyInput", { "ResourceArn!": RESOURCE_ARN });
export const PUT_POLICY: StructureShape = structure("PutResourcePolicyInput", {
  "ResourceArn!": RESOURCE_ARN,
  "Policy!": TEXT,
  ExpectedRevisionId: REVISION,
  ConfirmRemoveSelfResourceAccess: BOOLEAN,
});
export const DELETE_POLICY: StructureShape = structure("DeleteResourcePolicyInput", {
  "ResourceArn!": RESOURCE_ARN,
  ExpectedRevisionId: REVISION,
});

/** Entries of one ListContributorInsights answer. */
export const INSIGHTS_COUNT_MAX = 100;

export const DESCRIBE_INSIGHTS: StructureShape = structure("DescribeContributorInsightsInput", {
  "TableName!": TABLE_REF,
  IndexName: LOOSE_NAME,
});
export const UPDATE_INSIGHTS: StructureShape = structure("UpdateContributorInsightsInput", {
  "TableName!": TABLE_REF,
  IndexName: LOOSE_NAME,
  "ContributorInsightsAction!": oneOf("ENABLE", "DISABLE"),
  ContributorInsightsMode: oneOf("ACCESSED_AND_THROTTLED_KEYS", "THROTTLED_KEYS"),
});
export const LIST_INSIGHTS: StructureShape = structure("ListContributorInsightsInput", {
  TableName: TABLE_REF,
  NextToken: TEXT,
  MaxResults: integer(undefined, INSIGHTS_COUNT_MAX),
});

const PRECISION = { ApproximateCreationDateTimePrecision: oneOf("MILLISECOND", "MICROSECOND") } as const;

/** EnableKinesisStreamingDestination and DisableKinesisStreamingDestination. */
export const SWITCH_KINESIS: StructureShape = structure("KinesisStreamingDestinationInput", {
  "TableName!": TABLE_REF,
  "StreamArn!": LONG_ARN,
  EnableKinesisStreamingConfiguration: structure("EnableKinesisStreamingConfiguration", PRECISION),
});
export const UPDATE_KINESIS: StructureShape = structure("UpdateKinesisStreamingDestinationInput", {
  "TableName!": TABLE_REF,
  "StreamArn!": LONG_ARN,
  UpdateKinesisStreamingConfiguration: structure("UpdateKinesisStreamingConfiguration", PRECISION),
});

/** Days that a table can be taken back by: the service's documented limit. */
const RECOVERY_DAYS_MAX = 35;

export const UPDATE_CONTINUOUS_BACKUPS: StructureShape = structure("UpdateContinuousBackupsInput", {
  "TableName!": TABLE_REF,
  "PointInTimeRecoverySpecification!": structure("PointInTimeRecoverySpecification", {
    "PointInTimeRecoveryEnabled!": BOOLEAN,
    RecoveryPeriodInDays: integer(1, RECOVERY_DAYS_MAX),
  }),
});
