// What inputs of the table operations are made of.
import { BOOLEAN, TEXT, list, long, oneOf, string, structure } from "./shape.ts";
import type { StringShape, StructureShape } from "./shape.ts";
import {
  INDEX_KEY_ATTRIBUTES_MAX, KEY_ATTRIBUTE_NAME_LENGTH_MAX, KMS_KEY_LENGTH_MAX, NON_KEY_ATTRIBUTES_COUNT_MAX,
} from "../../../model/limits.ts";
import { NEW_INDEX_NAME } from "./names.ts";

export const KEY_ATTRIBUTE_NAME: StringShape = string({ min: 1, max: KEY_ATTRIBUTE_NAME_LENGTH_MAX });

// Members stand in the order in which DynamoDB complains of them.
export const ATTRIBUTE_DEFINITION: StructureShape = structure("AttributeDefinition", {
  "AttributeType!": oneOf("S", "N", "B"),
  "AttributeName!": KEY_ATTRIBUTE_NAME,
});
export const KEY_SCHEMA_ELEMENT: StructureShape = structure("KeySchemaElement", {
  "AttributeName!": KEY_ATTRIBUTE_NAME,
  "KeyType!": oneOf("HASH", "RANGE"),
});
export const PROJECTION: StructureShape = structure("Projection", {
  ProjectionType: oneOf("ALL", "KEYS_ONLY", "INCLUDE"),
  NonKeyAttributes: list(KEY_ATTRIBUTE_NAME, 1, NON_KEY_ATTRIBUTES_COUNT_MAX),
});
export const LOCAL_INDEX: StructureShape = structure("LocalSecondaryIndex", {
  "IndexName!": NEW_INDEX_NAME,
  "KeySchema!": list(KEY_SCHEMA_ELEMENT, 1, 2),
  "Projection!": PROJECTION,
});
export const PROVISIONED_THROUGHPUT: StructureShape = structure("ProvisionedThroughput", {
  "WriteCapacityUnits!": long(1),
  "ReadCapacityUnits!": long(1),
});
/** Keys and values have rules and texts of their own (operations/tag-rules.ts). */
export const TAG: StructureShape = structure("Tag", { Key: TEXT, Value: TEXT });

export const SSE_SPECIFICATION: StructureShape = structure("SSESpecification", {
  Enabled: BOOLEAN,
  SSEType: oneOf("AES256", "KMS"),
  KMSMasterKeyId: string({ min: 1, max: KMS_KEY_LENGTH_MAX }),
});
export const STREAM_SPECIFICATION: StructureShape = structure("StreamSpecification", {
  "StreamEnabled!": BOOLEAN,
  StreamViewType: oneOf("NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES", "KEYS_ONLY"),
});
export const ON_DEMAND_THROUGHPUT: StructureShape = structure("OnDemandThroughput", {
  MaxReadRequestUnits: long(),
  MaxWriteRequestUnits: long(),
});
/** What is too low is told by what the table has (operations/table-settings.ts, and the planner of changes). */
export const WARM_THROUGHPUT: StructureShape = structure("WarmThroughput", {
  ReadUnitsPerSecond: long(),
  WriteUnitsPerSecond: long(),
});
/** What CreateTable says of a global index, and UpdateTable of one to create. */
const GLOBAL_INDEX_MEMBERS = {
  "IndexName!": NEW_INDEX_NAME,
  "KeySchema!": list(KEY_SCHEMA_ELEMENT, 1, 2 * INDEX_KEY_ATTRIBUTES_MAX),
  "Projection!": PROJECTION,
  ProvisionedThroughput: PROVISIONED_THROUGHPUT,
  OnDemandThroughput: ON_DEMAND_THROUGHPUT,
  WarmThroughput: WARM_THROUGHPUT,
} as const;
export const GLOBAL_INDEX: StructureShape = structure("GlobalSecondaryIndex", GLOBAL_INDEX_MEMBERS);
export const GLOBAL_INDEX_UPDATE: StructureShape = structure("GlobalSecondaryIndexUpdate", {
  Update: structure("UpdateGlobalSecondaryIndexAction", {
    "IndexName!": NEW_INDEX_NAME,
    ProvisionedThroughput: PROVISIONED_THROUGHPUT,
    OnDemandThroughput: ON_DEMAND_THROUGHPUT,
    WarmThroughput: WARM_THROUGHPUT,
  }),
  Create: structure("CreateGlobalSecondaryIndexAction", GLOBAL_INDEX_MEMBERS),
  Delete: structure("DeleteGlobalSecondaryIndexAction", { "IndexName!": NEW_INDEX_NAME }),
});
export const BILLING_MODE: StringShape = oneOf("PROVISIONED", "PAY_PER_REQUEST");
/** An unknown class has a text of its own (operations/table-settings.ts). */
export const TABLE_CLASS: StringShape = TEXT;
