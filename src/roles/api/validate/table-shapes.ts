// Inputs of the table operations.
import { BOOLEAN, OPAQUE, TEXT, integer, list, long, oneOf, string, structure } from "./shape.ts";
import type { StructureShape } from "./shape.ts";
import {
  INDEX_KEY_ATTRIBUTES_MAX, KEY_ATTRIBUTE_NAME_LENGTH_MAX, LIST_TABLES_COUNT_MAX, NON_KEY_ATTRIBUTES_COUNT_MAX,
  RESOURCE_ARN_LENGTH_MAX,
} from "../../../model/limits.ts";
import { INDEX_NAME, PLAIN_TABLE_NAME, TABLE_NAME_OR_ARN } from "./names.ts";

const KEY_ATTRIBUTE_NAME = string({ min: 1, max: KEY_ATTRIBUTE_NAME_LENGTH_MAX });

const ATTRIBUTE_DEFINITION = structure("AttributeDefinition", {
  "AttributeName!": KEY_ATTRIBUTE_NAME,
  "AttributeType!": oneOf("B", "N", "S"),
});
const KEY_SCHEMA_ELEMENT = structure("KeySchemaElement", {
  "AttributeName!": KEY_ATTRIBUTE_NAME,
  "KeyType!": oneOf("HASH", "RANGE"),
});
const PROJECTION = structure("Projection", {
  ProjectionType: oneOf("ALL", "KEYS_ONLY", "INCLUDE"),
  NonKeyAttributes: list(KEY_ATTRIBUTE_NAME, 1, NON_KEY_ATTRIBUTES_COUNT_MAX),
});
const LOCAL_INDEX = structure("LocalSecondaryIndex", {
  "IndexName!": INDEX_NAME,
  "KeySchema!": list(KEY_SCHEMA_ELEMENT, 1, 2),
  "Projection!": PROJECTION,
});
const PROVISIONED_THROUGHPUT = structure("ProvisionedThroughput", {
  "ReadCapacityUnits!": long(1),
  "WriteCapacityUnits!": long(1),
});
/** Keys and values have rules and texts of their own (operations/tag-rules.ts). */
const TAG = structure("Tag", { Key: TEXT, Value: TEXT });
const RESOURCE_ARN = string({ min: 1, max: RESOURCE_ARN_LENGTH_MAX });

const SSE_SPECIFICATION = structure("SSESpecification", {
  Enabled: BOOLEAN,
  SSEType: oneOf("AES256", "KMS"),
  KMSMasterKeyId: TEXT,
});
const STREAM_SPECIFICATION = structure("StreamSpecification", {
  "StreamEnabled!": BOOLEAN,
  StreamViewType: oneOf("KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES"),
});
const ON_DEMAND_THROUGHPUT = structure("OnDemandThroughput", {
  MaxReadRequestUnits: long(),
  MaxWriteRequestUnits: long(),
});
const WARM_THROUGHPUT = structure("WarmThroughput", {
  ReadUnitsPerSecond: long(1),
  WriteUnitsPerSecond: long(1),
});
/** What CreateTable says of a global index, and UpdateTable of one to create. */
const GLOBAL_INDEX = {
  "IndexName!": INDEX_NAME,
  "KeySchema!": list(KEY_SCHEMA_ELEMENT, 1, 2 * INDEX_KEY_ATTRIBUTES_MAX),
  "Projection!": PROJECTION,
  ProvisionedThroughput: PROVISIONED_THROUGHPUT,
  OnDemandThroughput: ON_DEMAND_THROUGHPUT,
  WarmThroughput: WARM_THROUGHPUT,
} as const;
const GLOBAL_INDEX_UPDATE = structure("GlobalSecondaryIndexUpdate", {
  Update: structure("UpdateGlobalSecondaryIndexAction", {
    "IndexName!": INDEX_NAME,
    ProvisionedThroughput: PROVISIONED_THROUGHPUT,
    OnDemandThroughput: ON_DEMAND_THROUGHPUT,
    WarmThroughput: WARM_THROUGHPUT,
  }),
  Create: structure("CreateGlobalSecondaryIndexAction", GLOBAL_INDEX),
  Delete: structure("DeleteGlobalSecondaryIndexAction", { "IndexName!": INDEX_NAME }),
});
const BILLING_MODE = oneOf("PROVISIONED", "PAY_PER_REQUEST");

export const CREATE_TABLE: StructureShape = structure("CreateTableInput", {
  "TableName!": TABLE_NAME_OR_ARN,
  "AttributeDefinitions!": list(ATTRIBUTE_DEFINITION),
  "KeySchema!": list(KEY_SCHEMA_ELEMENT, 1, 2),
  LocalSecondaryIndexes: list(LOCAL_INDEX),
  GlobalSecondaryIndexes: list(structure("GlobalSecondaryIndex", GLOBAL_INDEX)),
  BillingMode: BILLING_MODE,
  ProvisionedThroughput: PROVISIONED_THROUGHPUT,
  StreamSpecification: STREAM_SPECIFICATION,
  SSESpecification: SSE_SPECIFICATION,
  Tags: list(TAG),
  TableClass: TEXT,
  DeletionProtectionEnabled: BOOLEAN,
  WarmThroughput: WARM_THROUGHPUT,
  ResourcePolicy: OPAQUE,
  OnDemandThroughput: ON_DEMAND_THROUGHPUT,
  GlobalTableSourceArn: OPAQUE,
  GlobalTableSettingsReplicationMode: OPAQUE,
  VectorIndexes: OPAQUE,
});

export const UPDATE_TABLE: StructureShape = structure("UpdateTableInput", {
  "TableName!": TABLE_NAME_OR_ARN,
  AttributeDefinitions: list(ATTRIBUTE_DEFINITION),
  BillingMode: BILLING_MODE,
  ProvisionedThroughput: PROVISIONED_THROUGHPUT,
  GlobalSecondaryIndexUpdates: list(GLOBAL_INDEX_UPDATE),
  StreamSpecification: STREAM_SPECIFICATION,
  SSESpecification: SSE_SPECIFICATION,
  ReplicaUpdates: OPAQUE,
  TableClass: TEXT,
  DeletionProtectionEnabled: BOOLEAN,
  MultiRegionConsistency: OPAQUE,
  GlobalTableWitnessUpdates: OPAQUE,
  OnDemandThroughput: ON_DEMAND_THROUGHPUT,
  WarmThroughput: WARM_THROUGHPUT,
  GlobalTableSettingsReplicationMode: OPAQUE,
  DisassociationProtectionEnabled: OPAQUE,
});

export const TAG_RESOURCE: StructureShape = structure("TagResourceInput", {
  "ResourceArn!": RESOURCE_ARN,
  "Tags!": list(TAG),
});
export const UNTAG_RESOURCE: StructureShape = structure("UntagResourceInput", {
  "ResourceArn!": RESOURCE_ARN,
  "TagKeys!": list(TEXT),
});
export const LIST_TAGS: StructureShape = structure("ListTagsOfResourceInput", {
  "ResourceArn!": RESOURCE_ARN,
  NextToken: TEXT,
});

export const UPDATE_TIME_TO_LIVE: StructureShape = structure("UpdateTimeToLiveInput", {
  "TableName!": TABLE_NAME_OR_ARN,
  "TimeToLiveSpecification!": structure("TimeToLiveSpecification", {
    "Enabled!": BOOLEAN,
    "AttributeName!": KEY_ATTRIBUTE_NAME,
  }),
});

export const NAMED_TABLE: StructureShape = structure("DescribeTableInput", { "TableName!": TABLE_NAME_OR_ARN });

export const LIST_TABLES: StructureShape = structure("ListTablesInput", {
  ExclusiveStartTableName: PLAIN_TABLE_NAME,
  Limit: integer(1, LIST_TABLES_COUNT_MAX),
});

export const NO_INPUT: StructureShape = structure("NoInput", {});
