// Inputs of the table operations. CreateTable, DescribeTable and DeleteTable check their table name by
// hand (operations/table-name.ts): DynamoDB has its own words there.
import { BOOLEAN, OPAQUE, TEXT, integer, list, long, oneOf, string, structure } from "./shape.ts";
import type { StructureShape } from "./shape.ts";
import {
  KEY_ATTRIBUTE_NAME_LENGTH_MAX, LIST_TABLES_COUNT_MAX, NON_KEY_ATTRIBUTES_COUNT_MAX,
} from "../../../model/limits.ts";
import { INDEX_NAME, PLAIN_TABLE_NAME } from "./names.ts";

const KEY_ATTRIBUTE_NAME = string({ min: 1, max: KEY_ATTRIBUTE_NAME_LENGTH_MAX });

const ATTRIBUTE_DEFINITION = structure("AttributeDefinition", {
  "AttributeName!": KEY_ATTRIBUTE_NAME,
  "AttributeType!": oneOf("B", "N", "S"),
});
const KEY_SCHEMA_ELEMENT = structure("KeySchemaElement", {
  "AttributeName!": KEY_ATTRIBUTE_NAME,
  "KeyType!": oneOf("HASH", "RANGE"),
});
const LOCAL_INDEX = structure("LocalSecondaryIndex", {
  "IndexName!": INDEX_NAME,
  "KeySchema!": list(KEY_SCHEMA_ELEMENT, 1, 2),
  "Projection!": structure("Projection", {
    ProjectionType: oneOf("ALL", "KEYS_ONLY", "INCLUDE"),
    NonKeyAttributes: list(KEY_ATTRIBUTE_NAME, 1, NON_KEY_ATTRIBUTES_COUNT_MAX),
  }),
});
const PROVISIONED_THROUGHPUT = structure("ProvisionedThroughput", {
  "ReadCapacityUnits!": long(1),
  "WriteCapacityUnits!": long(1),
});
const TAG = structure("Tag", {
  "Key!": string({ min: 1, max: 128 }),
  "Value!": string({ max: 256 }),
});

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
const BILLING_MODE = oneOf("PROVISIONED", "PAY_PER_REQUEST");
const TABLE_CLASS = oneOf("STANDARD", "STANDARD_INFREQUENT_ACCESS");

export const CREATE_TABLE: StructureShape = structure("CreateTableInput", {
  TableName: TEXT,
  "AttributeDefinitions!": list(ATTRIBUTE_DEFINITION),
  "KeySchema!": list(KEY_SCHEMA_ELEMENT, 1, 2),
  LocalSecondaryIndexes: list(LOCAL_INDEX),
  GlobalSecondaryIndexes: OPAQUE,
  BillingMode: BILLING_MODE,
  ProvisionedThroughput: PROVISIONED_THROUGHPUT,
  StreamSpecification: STREAM_SPECIFICATION,
  SSESpecification: SSE_SPECIFICATION,
  Tags: list(TAG),
  TableClass: TABLE_CLASS,
  DeletionProtectionEnabled: BOOLEAN,
  WarmThroughput: WARM_THROUGHPUT,
  ResourcePolicy: OPAQUE,
  OnDemandThroughput: ON_DEMAND_THROUGHPUT,
  GlobalTableSourceArn: OPAQUE,
  GlobalTableSettingsReplicationMode: OPAQUE,
  VectorIndexes: OPAQUE,
});

export const UPDATE_TABLE: StructureShape = structure("UpdateTableInput", {
  TableName: TEXT,
  AttributeDefinitions: list(ATTRIBUTE_DEFINITION),
  BillingMode: BILLING_MODE,
  ProvisionedThroughput: PROVISIONED_THROUGHPUT,
  GlobalSecondaryIndexUpdates: OPAQUE,
  StreamSpecification: STREAM_SPECIFICATION,
  SSESpecification: SSE_SPECIFICATION,
  ReplicaUpdates: OPAQUE,
  TableClass: TABLE_CLASS,
  DeletionProtectionEnabled: BOOLEAN,
  MultiRegionConsistency: OPAQUE,
  GlobalTableWitnessUpdates: OPAQUE,
  OnDemandThroughput: ON_DEMAND_THROUGHPUT,
  WarmThroughput: WARM_THROUGHPUT,
  GlobalTableSettingsReplicationMode: OPAQUE,
  DisassociationProtectionEnabled: OPAQUE,
});

export const NAMED_TABLE: StructureShape = structure("DescribeTableInput", { TableName: TEXT });

export const LIST_TABLES: StructureShape = structure("ListTablesInput", {
  ExclusiveStartTableName: PLAIN_TABLE_NAME,
  Limit: integer(1, LIST_TABLES_COUNT_MAX),
});

export const NO_INPUT: StructureShape = structure("NoInput", {});
