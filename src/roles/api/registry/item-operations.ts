// The operations on items, alone, together and by statement, and those on streams.
import { batchExecuteStatement } from "../operations/batch-execute-statement.ts";
import { batchGetItem } from "../operations/batch-get-item.ts";
import { batchWriteItem } from "../operations/batch-write-item.ts";
import { deleteItem } from "../operations/delete-item.ts";
import { describeStream, listStreams } from "../operations/describe-stream.ts";
import { executeStatement } from "../operations/execute-statement.ts";
import { executeTransaction } from "../operations/execute-transaction.ts";
import { getItem } from "../operations/get-item.ts";
import { putItem } from "../operations/put-item.ts";
import { query } from "../operations/query.ts";
import { scan } from "../operations/scan.ts";
import { searchVectors } from "../operations/search-vectors.ts";
import { getRecords, getShardIterator } from "../operations/stream-records.ts";
import { transactGetItems } from "../operations/transact-get-items.ts";
import { transactWriteItems } from "../operations/transact-write-items.ts";
import { updateItem } from "../operations/update-item.ts";
import { type Entry, complete, partial, unavailable } from "./entry.ts";

export const ITEM_OPERATIONS: Readonly<Record<string, Entry>> = {
  BatchExecuteStatement: complete(batchExecuteStatement),
  BatchGetItem: complete(batchGetItem),
  BatchWriteItem: complete(batchWriteItem),
  DeleteItem: complete(deleteItem),
  ExecuteStatement: partial(executeStatement, "no ORDER BY the sort key over several partition keys"),
  ExecuteTransaction: complete(executeTransaction),
  GetItem: complete(getItem),
  PutItem: complete(putItem),
  Query: complete(query),
  Scan: complete(scan),
  SearchVectors: unavailable(searchVectors, "tables have no vector indexes; the index that is named is not found"),
  TransactGetItems: complete(transactGetItems),
  TransactWriteItems: complete(transactWriteItems),
  UpdateItem: complete(updateItem),
};

export const STREAM_OPERATIONS: Readonly<Record<string, Entry>> = {
  DescribeStream: complete(describeStream),
  GetRecords: complete(getRecords),
  GetShardIterator: complete(getShardIterator),
  ListStreams: complete(listStreams),
};
