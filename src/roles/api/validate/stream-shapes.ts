// Inputs of the operations of DynamoDB Streams. Bounds are those of the service model, and of its documentation.
import { STREAM_LIST_COUNT_MAX, STREAM_RECORD_COUNT_MAX } from "../../../model/limits.ts";
import { integer, oneOf, string, structure } from "./shape.ts";
import type { StringShape, StructureShape } from "./shape.ts";
import { PLAIN_TABLE_NAME } from "./names.ts";
import { LONG_ARN } from "./shared-shapes.ts";

const SHARD_ID: StringShape = string({ min: 28, max: 65 });

export const DESCRIBE_STREAM: StructureShape = structure("DescribeStreamInput", {
  "StreamArn!": LONG_ARN,
  Limit: integer(1, STREAM_LIST_COUNT_MAX),
  ExclusiveStartShardId: SHARD_ID,
  ShardFilter: structure("ShardFilter", { Type: oneOf("CHILD_SHARDS"), ShardId: SHARD_ID }),
});

export const GET_SHARD_ITERATOR: StructureShape = structure("GetShardIteratorInput", {
  "StreamArn!": LONG_ARN,
  "ShardId!": SHARD_ID,
  "ShardIteratorType!": oneOf("TRIM_HORIZON", "LATEST", "AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER"),
  SequenceNumber: string({ min: 21, max: 40 }),
});

export const GET_RECORDS: StructureShape = structure("GetRecordsInput", {
  "ShardIterator!": string({ min: 1, max: 2_048 }),
  Limit: integer(1, STREAM_RECORD_COUNT_MAX),
});

export const LIST_STREAMS: StructureShape = structure("ListStreamsInput", {
  TableName: PLAIN_TABLE_NAME,
  Limit: integer(1, STREAM_LIST_COUNT_MAX),
  ExclusiveStartStreamArn: LONG_ARN,
});
