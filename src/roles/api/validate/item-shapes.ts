// Inputs of the item operations, as DynamoDB's service model describes them.
import { BOOLEAN, ITEM, TEXT, VALUES, integer, list, map, oneOf, structure } from "./shape.ts";
import type { StringShape, StructureShape } from "./shape.ts";
import { BATCH_GET_COUNT_MAX, BATCH_WRITE_COUNT_MAX, SCAN_SEGMENTS_MAX } from "../../../model/limits.ts";
import { ATTRIBUTE_UPDATES, CONDITIONS, EXPECTED } from "../legacy/shapes.ts";
import { INDEX_NAME, TABLE_NAME_OR_ARN } from "./names.ts";
import { NAMES, RETURN_CAPACITY, RETURN_METRICS, RETURN_ON_FAILURE } from "./shared-shapes.ts";

const RETURN_VALUES: StringShape = oneOf("NONE", "ALL_OLD", "UPDATED_OLD", "ALL_NEW", "UPDATED_NEW");
const CONDITIONAL_OPERATOR: StringShape = oneOf("AND", "OR");
const SELECT: StringShape = oneOf("ALL_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES", "SPECIFIC_ATTRIBUTES", "COUNT");
const ATTRIBUTES_TO_GET = list(TEXT, 1);

/** What a conditional write has beside its item or key. */
const WRITE_MEMBERS = {
  Expected: EXPECTED,
  ConditionalOperator: CONDITIONAL_OPERATOR,
  ReturnValues: RETURN_VALUES,
  ReturnConsumedCapacity: RETURN_CAPACITY,
  ReturnItemCollectionMetrics: RETURN_METRICS,
  ConditionExpression: TEXT,
  ExpressionAttributeNames: NAMES,
  ExpressionAttributeValues: VALUES,
  ReturnValuesOnConditionCheckFailure: RETURN_ON_FAILURE,
} as const;

export const PUT_ITEM: StructureShape = structure("PutItemInput", {
  "TableName!": TABLE_NAME_OR_ARN,
  "Item!": ITEM,
  ...WRITE_MEMBERS,
});

export const DELETE_ITEM: StructureShape = structure("DeleteItemInput", {
  "TableName!": TABLE_NAME_OR_ARN,
  "Key!": ITEM,
  ...WRITE_MEMBERS,
});

export const UPDATE_ITEM: StructureShape = structure("UpdateItemInput", {
  "TableName!": TABLE_NAME_OR_ARN,
  "Key!": ITEM,
  AttributeUpdates: ATTRIBUTE_UPDATES,
  UpdateExpression: TEXT,
  ...WRITE_MEMBERS,
});

export const GET_ITEM: StructureShape = structure("GetItemInput", {
  "TableName!": TABLE_NAME_OR_ARN,
  "Key!": ITEM,
  AttributesToGet: ATTRIBUTES_TO_GET,
  ConsistentRead: BOOLEAN,
  ReturnConsumedCapacity: RETURN_CAPACITY,
  ProjectionExpression: TEXT,
  ExpressionAttributeNames: NAMES,
});

/** What Query and Scan share. */
const PAGE_MEMBERS = {
  IndexName: INDEX_NAME,
  Select: SELECT,
  AttributesToGet: ATTRIBUTES_TO_GET,
  Limit: integer(1),
  ConsistentRead: BOOLEAN,
  ConditionalOperator: CONDITIONAL_OPERATOR,
  ExclusiveStartKey: ITEM,
  ReturnConsumedCapacity: RETURN_CAPACITY,
  ProjectionExpression: TEXT,
  FilterExpression: TEXT,
  ExpressionAttributeNames: NAMES,
  ExpressionAttributeValues: VALUES,
} as const;

export const QUERY: StructureShape = structure("QueryInput", {
  "TableName!": TABLE_NAME_OR_ARN,
  ...PAGE_MEMBERS,
  KeyConditions: CONDITIONS,
  QueryFilter: CONDITIONS,
  ScanIndexForward: BOOLEAN,
  KeyConditionExpression: TEXT,
});

export const SCAN: StructureShape = structure("ScanInput", {
  "TableName!": TABLE_NAME_OR_ARN,
  ...PAGE_MEMBERS,
  ScanFilter: CONDITIONS,
  TotalSegments: integer(1, SCAN_SEGMENTS_MAX),
  Segment: integer(0, SCAN_SEGMENTS_MAX - 1),
});

const KEYS_AND_ATTRIBUTES = structure("KeysAndAttributes", {
  "Keys!": list(ITEM, 1, BATCH_GET_COUNT_MAX),
  AttributesToGet: ATTRIBUTES_TO_GET,
  ConsistentRead: BOOLEAN,
  ProjectionExpression: TEXT,
  ExpressionAttributeNames: NAMES,
});

export const BATCH_GET_ITEM: StructureShape = structure("BatchGetItemInput", {
  "RequestItems!": map(TABLE_NAME_OR_ARN, KEYS_AND_ATTRIBUTES, 1, BATCH_GET_COUNT_MAX),
  ReturnConsumedCapacity: RETURN_CAPACITY,
});

const WRITE_REQUEST = structure("WriteRequest", {
  PutRequest: structure("PutRequest", { "Item!": ITEM }),
  DeleteRequest: structure("DeleteRequest", { "Key!": ITEM }),
});

export const BATCH_WRITE_ITEM: StructureShape = structure("BatchWriteItemInput", {
  "RequestItems!": map(TABLE_NAME_OR_ARN, list(WRITE_REQUEST, 1, BATCH_WRITE_COUNT_MAX), 1, BATCH_WRITE_COUNT_MAX),
  ReturnConsumedCapacity: RETURN_CAPACITY,
  ReturnItemCollectionMetrics: RETURN_METRICS,
});
