// Inputs of the table operations.
import { BOOLEAN, TEXT, integer, list, oneOf, structure } from "./shape.ts";
import type { StructureShape } from "./shape.ts";
import { LIST_TABLES_COUNT_MAX } from "../../../model/limits.ts";
import { REPLICA_UPDATE, SETTINGS_REPLICATION, WITNESS_UPDATE } from "./global-table-shapes.ts";
import { PLAIN_TABLE_NAME, TABLE_REF } from "./names.ts";
import { RESOURCE_ARN, TABLE_ARN } from "./shared-shapes.ts";
import {
  ATTRIBUTE_DEFINITION, BILLING_MODE, GLOBAL_INDEX, GLOBAL_INDEX_UPDATE, KEY_ATTRIBUTE_NAME, KEY_SCHEMA_ELEMENT,
  LOCAL_INDEX, ON_DEMAND_THROUGHPUT, PROVISIONED_THROUGHPUT, SSE_SPECIFICATION, STREAM_SPECIFICATION, TABLE_CLASS,
  TAG, WARM_THROUGHPUT,
} from "./table-parts.ts";
import { VECTOR_INDEX, VECTOR_INDEX_UPDATE } from "./vector-shapes.ts";

export const CREATE_TABLE: StructureShape = structure("CreateTableInput", {
  "TableName!": TABLE_REF,
  "AttributeDefinitions!": list(ATTRIBUTE_DEFINITION),
  "KeySchema!": list(KEY_SCHEMA_ELEMENT, 1, 2),
  LocalSecondaryIndexes: list(LOCAL_INDEX),
  GlobalSecondaryIndexes: list(GLOBAL_INDEX),
  BillingMode: BILLING_MODE,
  ProvisionedThroughput: PROVISIONED_THROUGHPUT,
  StreamSpecification: STREAM_SPECIFICATION,
  SSESpecification: SSE_SPECIFICATION,
  Tags: list(TAG),
  TableClass: TABLE_CLASS,
  DeletionProtectionEnabled: BOOLEAN,
  WarmThroughput: WARM_THROUGHPUT,
  ResourcePolicy: TEXT,
  OnDemandThroughput: ON_DEMAND_THROUGHPUT,
  GlobalTableSourceArn: TABLE_ARN,
  GlobalTableSettingsReplicationMode: SETTINGS_REPLICATION,
  VectorIndexes: list(VECTOR_INDEX),
});

export const UPDATE_TABLE: StructureShape = structure("UpdateTableInput", {
  "TableName!": TABLE_REF,
  AttributeDefinitions: list(ATTRIBUTE_DEFINITION),
  BillingMode: BILLING_MODE,
  ProvisionedThroughput: PROVISIONED_THROUGHPUT,
  GlobalSecondaryIndexUpdates: list(GLOBAL_INDEX_UPDATE),
  StreamSpecification: STREAM_SPECIFICATION,
  SSESpecification: SSE_SPECIFICATION,
  ReplicaUpdates: list(REPLICA_UPDATE, 1),
  TableClass: TABLE_CLASS,
  DeletionProtectionEnabled: BOOLEAN,
  MultiRegionConsistency: oneOf("EVENTUAL", "STRONG"),
  GlobalTableWitnessUpdates: list(WITNESS_UPDATE, 1, 1),
  OnDemandThroughput: ON_DEMAND_THROUGHPUT,
  WarmThroughput: WARM_THROUGHPUT,
  GlobalTableSettingsReplicationMode: SETTINGS_REPLICATION,
  DisassociationProtectionEnabled: BOOLEAN,
  VectorIndexUpdates: list(VECTOR_INDEX_UPDATE),
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
  "TableName!": TABLE_REF,
  "TimeToLiveSpecification!": structure("TimeToLiveSpecification", {
    "AttributeName!": KEY_ATTRIBUTE_NAME,
    "Enabled!": BOOLEAN,
  }),
});

export const LIST_TABLES: StructureShape = structure("ListTablesInput", {
  ExclusiveStartTableName: PLAIN_TABLE_NAME,
  Limit: integer(1, LIST_TABLES_COUNT_MAX),
});
