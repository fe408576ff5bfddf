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

export const CREATE_TABLE: StructureShape = structure("CreateTableInput", {
  TableName: TEXT,
  "AttributeDefinitions!": list(ATTRIBUTE_DEFINITION),
  "KeySchema!": list(KEY_SCHEMA_ELEMENT, 1, 2),
  LocalSecondaryIndexes: list(LOCAL_INDEX),
  GlobalSecondaryIndexes: OPAQUE,
  BillingMode: oneOf("PROVISIONED", "PAY_PER_REQUEST"),
  ProvisionedThroughput: PROVISIONED_THROUGHPUT,
  StreamSpecification: structure("StreamSpecification", {
    "StreamEnabled!": BOOLEAN,
    StreamViewType: oneOf("KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES"),
  }),
  SSESpecification: structure("SSESpecification", {
    Enabled: BOOLEAN,
    SSEType: oneOf("AES256", "KMS"),
    KMSMasterKeyId: TEXT,
  }),
  Tags: list(TAG),
  TableClass: oneOf("STANDARD", "STANDARD_INFREQUENT_ACCESS"),
  DeletionProtectionEnabled: BOOLEAN,
  WarmThroughput: OPAQUE,
  ResourcePolicy: OPAQUE,
  OnDemandThroughput: OPAQUE,
  GlobalTableSourceArn: OPAQUE,
  GlobalTableSettingsReplicationMode: OPAQUE,
  VectorIndexes: OPAQUE,
});

export const NAMED_TABLE: StructureShape = structure("DescribeTableInput", { TableName: TEXT });

export const LIST_TABLES: StructureShape = structure("ListTablesInput", {
  ExclusiveStartTableName: PLAIN_TABLE_NAME,
  Limit: integer(1, LIST_TABLES_COUNT_MAX),
});

export const NO_INPUT: StructureShape = structure("NoInput", {});
