// The registry of all operations of today's SDK, and what becomes of each.
import { type Failure, unknownOperation } from "./errors.ts";
import { describeEndpoints, describeLimits } from "./operations/account.ts";
import { batchExecuteStatement } from "./operations/batch-execute-statement.ts";
import { batchGetItem } from "./operations/batch-get-item.ts";
import { batchWriteItem } from "./operations/batch-write-item.ts";
import { createTable } from "./operations/create-table.ts";
import { deleteItem } from "./operations/delete-item.ts";
import { executeStatement } from "./operations/execute-statement.ts";
import { getItem } from "./operations/get-item.ts";
import { putItem } from "./operations/put-item.ts";
import { query } from "./operations/query.ts";
import { scan } from "./operations/scan.ts";
import { deleteTable, describeTable, listTables } from "./operations/tables.ts";
import { listTagsOfResource, tagResource, untagResource } from "./operations/tags.ts";
import { describeTimeToLive, updateTimeToLive } from "./operations/time-to-live.ts";
import { updateTable } from "./operations/update-table.ts";
import { updateItem } from "./operations/update-item.ts";
import type { OperationHandler } from "./operations/handler.ts";

const DYNAMODB = "DynamoDB_20120810.";
const STREAMS = "DynamoDBStreams_20120810.";

const OFFERED: Readonly<Record<string, OperationHandler>> = {
  BatchExecuteStatement: batchExecuteStatement,
  BatchGetItem: batchGetItem,
  BatchWriteItem: batchWriteItem,
  CreateTable: createTable,
  DeleteItem: deleteItem,
  DeleteTable: deleteTable,
  DescribeEndpoints: describeEndpoints,
  DescribeLimits: describeLimits,
  DescribeTable: describeTable,
  DescribeTimeToLive: describeTimeToLive,
  ExecuteStatement: executeStatement,
  GetItem: getItem,
  ListTables: listTables,
  ListTagsOfResource: listTagsOfResource,
  PutItem: putItem,
  Query: query,
  Scan: scan,
  TagResource: tagResource,
  UntagResource: untagResource,
  UpdateItem: updateItem,
  UpdateTable: updateTable,
  UpdateTimeToLive: updateTimeToLive,
};

const NOT_OFFERED: readonly string[] = [
  "CancelBulkOperation", "CreateBackup", "CreateGlobalTable", "DeleteBackup",
  "DeleteResourcePolicy", "DescribeBackup", "DescribeBulkOperation", "DescribeContinuousBackups",
  "DescribeContributorInsights", "DescribeExport", "DescribeGlobalTable", "DescribeGlobalTableSettings",
  "DescribeImport", "DescribeKinesisStreamingDestination", "DescribeTableReplicaAutoScaling",
  "DisableKinesisStreamingDestination", "EnableKinesisStreamingDestination",
  "ExecuteTransaction", "ExportTableToPointInTime", "GetResourcePolicy", "ImportTable",
  "ListBackups", "ListBulkOperations", "ListContributorInsights", "ListExports", "ListGlobalTables",
  "ListImports", "PutResourcePolicy", "RestoreTableFromBackup",
  "RestoreTableToPointInTime", "SearchVectors", "StartBulkPutItems", "TransactGetItems",
  "TransactWriteItems", "UpdateContinuousBackups", "UpdateContributorInsights",
  "UpdateGlobalTable", "UpdateGlobalTableSettings", "UpdateKinesisStreamingDestination",
  "UpdateTableReplicaAutoScaling",
];
const STREAMS_NOT_OFFERED: readonly string[] = ["DescribeStream", "GetRecords", "GetShardIterator", "ListStreams"];

/** By the whole X-Amz-Target. A null handler is an operation of DynamoDB's that is not offered here. */
export const OPERATIONS: ReadonlyMap<string, OperationHandler | null> = registry();

function registry(): Map<string, OperationHandler | null> {
  const map = new Map<string, OperationHandler | null>();
  for (const [name, handler] of Object.entries(OFFERED)) map.set(DYNAMODB + name, handler);
  for (const name of NOT_OFFERED) map.set(DYNAMODB + name, null);
  for (const name of STREAMS_NOT_OFFERED) map.set(STREAMS + name, null);
  return map;
}

export function notOffered(target: string): Failure {
  const name = target.slice(target.indexOf(".") + 1);
  return unknownOperation(`The operation ${name} is not supported by this server.`);
}
