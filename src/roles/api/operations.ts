// The registry of all operations of today's SDK, and what becomes of each.
import { unknownOperation } from "./errors.ts";
import { describeEndpoints, describeLimits } from "./operations/account.ts";
import { batchExecuteStatement } from "./operations/batch-execute-statement.ts";
import { batchGetItem } from "./operations/batch-get-item.ts";
import { batchWriteItem } from "./operations/batch-write-item.ts";
import { createTable } from "./operations/create-table.ts";
import { deleteItem } from "./operations/delete-item.ts";
import { describeStream, listStreams } from "./operations/describe-stream.ts";
import { executeStatement } from "./operations/execute-statement.ts";
import { getItem } from "./operations/get-item.ts";
import { putItem } from "./operations/put-item.ts";
import { query } from "./operations/query.ts";
import { scan } from "./operations/scan.ts";
import { deleteTable, describeTable, listTables } from "./operations/tables.ts";
import { listTagsOfResource, tagResource, untagResource } from "./operations/tags.ts";
import { describeTimeToLive, updateTimeToLive } from "./operations/time-to-live.ts";
import { updateTable } from "./operations/update-table.ts";
import { getRecords, getShardIterator } from "./operations/stream-records.ts";
import { updateItem } from "./operations/update-item.ts";
import { executeTransaction } from "./operations/execute-transaction.ts";
import { transactGetItems } from "./operations/transact-get-items.ts";
import { transactWriteItems } from "./operations/transact-write-items.ts";
import type { OperationHandler } from "./operations/handler.ts";
import {
  CREATE_BACKUP, DESCRIBE_EXPORT, DESCRIBE_IMPORT, EXPORT_TABLE, IMPORT_TABLE, LIST_BACKUPS, LIST_BULK_OPERATIONS,
  LIST_EXPORTS, LIST_IMPORTS, NAMED_BACKUP, NAMED_BULK_OPERATION, RESTORE_BACKUP, RESTORE_TO_TIME, START_BULK_PUT,
} from "./validate/backup-shapes.ts";
import {
  CREATE_GLOBAL_TABLE, LIST_GLOBAL_TABLES, NAMED_GLOBAL_TABLE, UPDATE_GLOBAL_TABLE, UPDATE_GLOBAL_TABLE_SETTINGS,
  UPDATE_REPLICA_AUTO_SCALING,
} from "./validate/global-table-shapes.ts";
import {
  DELETE_POLICY, DESCRIBE_INSIGHTS, GET_POLICY, LIST_INSIGHTS, PUT_POLICY, SWITCH_KINESIS,
  UPDATE_CONTINUOUS_BACKUPS, UPDATE_INSIGHTS, UPDATE_KINESIS,
} from "./validate/settings-shapes.ts";
import { NAMED_TABLE } from "./validate/shared-shapes.ts";
import { SEARCH_VECTORS } from "./validate/vector-shapes.ts";
import type { StructureShape } from "./validate/shape.ts";

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
  ExecuteTransaction: executeTransaction,
  GetItem: getItem,
  ListTables: listTables,
  ListTagsOfResource: listTagsOfResource,
  PutItem: putItem,
  Query: query,
  Scan: scan,
  TagResource: tagResource,
  TransactGetItems: transactGetItems,
  TransactWriteItems: transactWriteItems,
  UntagResource: untagResource,
  UpdateItem: updateItem,
  UpdateTable: updateTable,
  UpdateTimeToLive: updateTimeToLive,
};

const NOT_OFFERED: Readonly<Record<string, StructureShape>> = {
  CancelBulkOperation: NAMED_BULK_OPERATION,
  CreateBackup: CREATE_BACKUP,
  CreateGlobalTable: CREATE_GLOBAL_TABLE,
  DeleteBackup: NAMED_BACKUP,
  DeleteResourcePolicy: DELETE_POLICY,
  DescribeBackup: NAMED_BACKUP,
  DescribeBulkOperation: NAMED_BULK_OPERATION,
  DescribeContinuousBackups: NAMED_TABLE,
  DescribeContributorInsights: DESCRIBE_INSIGHTS,
  DescribeExport: DESCRIBE_EXPORT,
  DescribeGlobalTable: NAMED_GLOBAL_TABLE,
  DescribeGlobalTableSettings: NAMED_GLOBAL_TABLE,
  DescribeImport: DESCRIBE_IMPORT,
  DescribeKinesisStreamingDestination: NAMED_TABLE,
  DescribeTableReplicaAutoScaling: NAMED_TABLE,
  DisableKinesisStreamingDestination: SWITCH_KINESIS,
  EnableKinesisStreamingDestination: SWITCH_KINESIS,
  ExportTableToPointInTime: EXPORT_TABLE,
  GetResourcePolicy: GET_POLICY,
  ImportTable: IMPORT_TABLE,
  ListBackups: LIST_BACKUPS,
  ListBulkOperations: LIST_BULK_OPERATIONS,
  ListContributorInsights: LIST_INSIGHTS,
  ListExports: LIST_EXPORTS,
  ListGlobalTables: LIST_GLOBAL_TABLES,
  ListImports: LIST_IMPORTS,
  PutResourcePolicy: PUT_POLICY,
  RestoreTableFromBackup: RESTORE_BACKUP,
  RestoreTableToPointInTime: RESTORE_TO_TIME,
  SearchVectors: SEARCH_VECTORS,
  StartBulkPutItems: START_BULK_PUT,
  UpdateContinuousBackups: UPDATE_CONTINUOUS_BACKUPS,
  UpdateContributorInsights: UPDATE_INSIGHTS,
  UpdateGlobalTable: UPDATE_GLOBAL_TABLE,
  UpdateGlobalTableSettings: UPDATE_GLOBAL_TABLE_SETTINGS,
  UpdateKinesisStreamingDestination: UPDATE_KINESIS,
  UpdateTableReplicaAutoScaling: UPDATE_REPLICA_AUTO_SCALING,
};
const STREAMS_OFFERED: Readonly<Record<string, OperationHandler>> = {
  DescribeStream: describeStream,
  GetRecords: getRecords,
  GetShardIterator: getShardIterator,
  ListStreams: listStreams,
};

/** By the whole X-Amz-Target. */
export const OPERATIONS: ReadonlyMap<string, OperationHandler> = registry();

function registry(): Map<string, OperationHandler> {
  const map = new Map<string, OperationHandler>();
  for (const [name, handler] of Object.entries(OFFERED)) map.set(DYNAMODB + name, handler);
  for (const [name, shape] of Object.entries(NOT_OFFERED)) map.set(DYNAMODB + name, notOffered(name, shape));
  for (const [name, handler] of Object.entries(STREAMS_OFFERED)) map.set(STREAMS + name, handler);
  return map;
}

/** Its input is checked like any other's. */
function notOffered(name: string, shape: StructureShape): OperationHandler {
  const failure = unknownOperation(`The operation ${name} is not supported by this server.`);
  return { shape, run: () => failure };
}
