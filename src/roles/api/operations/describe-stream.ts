// ListStreams and DescribeStream.
import { STREAM_LIST_COUNT_MAX } from "../../../model/limits.ts";
import type { TableSchema } from "../../../model/table-schema.ts";
import {
  sequenceOf, shardIdOf, streamLabel, type StreamShard, type TableStream,
} from "../../../model/table-stream.ts";
import type { GroupId } from "../../../base/ids.ts";
import type { Call } from "../call.ts";
import { type Failure, failureOf, validation } from "../errors.ts";
import type { JsonObject } from "../validate/json-object.ts";
import { DESCRIBE_STREAM, LIST_STREAMS } from "../validate/stream-shapes.ts";
import type { OperationHandler } from "./handler.ts";
import { findStream, invalidArn, listedStreams, streamArn, streamNameOf } from "./stream-arn.ts";

export const listStreams: OperationHandler = { shape: LIST_STREAMS, run: runList };
export const describeStream: OperationHandler = { shape: DESCRIBE_STREAM, run: runDescribe };

/** Every table there can be: the router has their names at hand. */
const TABLES_MAX = 1_000_000;

// ---- ListStreams: by table name, a table's streams from the oldest on.

type Listed = { readonly table: string; readonly stream: TableStream };

function runList(input: JsonObject, call: Call): Failure | null {
  const limit = (input["Limit"] as number | undefined) ?? STREAM_LIST_COUNT_MAX;
  const after = input["ExclusiveStartStreamArn"] as string | undefined;
  const name = after === undefined ? null : streamNameOf(after);
  if (after !== undefined && name === null) return invalidArn(after);
  const start: readonly [string, string] | null = name === null ? null : [name.table, name.label];
  const table = input["TableName"] as string | undefined;
  if (table !== undefined) {
    answerList(call, streamsIn(call, [table]), start, limit);
    return null;
  }
  call.plan({ kind: "list-tables", after: null, limit: TABLES_MAX }, (outcome) => {
    if (outcome.kind !== "tables") call.fail(failureOf(outcome));
    else answerList(call, streamsIn(call, outcome.names), start, limit);
  });
  return null;
}

function streamsIn(call: Call, names: readonly string[]): readonly Listed[] {
  const listed: Listed[] = [];
  for (const name of names) {
    const table = call.context.lookupTable(name);
    if (table === null || table.indexOf !== undefined) continue;
    for (const stream of [...listedStreams(table)].reverse()) listed.push({ table: name, stream });
  }
  return listed;
}

function answerList(
  call: Call, all: readonly Listed[], after: readonly [string, string] | null, limit: number,
): void {
  const rest = after === null ? all : all.filter(({ table, stream }) => (
    table > after[0] || (table === after[0] && streamLabel(stream) > after[1])
  ));
  const page = rest.slice(0, limit);
  const last = page[page.length - 1];
  call.succeedText(JSON.stringify({
    Streams: page.map(({ table, stream }) => ({
      StreamArn: streamArn(call, table, stream), TableName: table, StreamLabel: streamLabel(stream),
    })),
    ...(last === undefined || page.length === rest.length ? {}
      : { LastEvaluatedStreamArn: streamArn(call, last.table, last.stream) }),
  }));
}

// ---- DescribeStream.

function runDescribe(input: JsonObject, call: Call): Failure | null {
  const arn = input["StreamArn"] as string;
  const found = findStream(arn, call);
  if (!found.ok) return found.failure;
  const { table, stream } = found.value;
  const filter = input["ShardFilter"] as { Type?: string; ShardId?: string } | undefined;
  const problem = filterProblem(filter);
  if (problem !== null) return problem;
  const shards = filter?.ShardId === undefined ? stream.shards : childrenOf(stream, filter.ShardId);
  const after = input["ExclusiveStartShardId"] as string | undefined;
  const limit = (input["Limit"] as number | undefined) ?? STREAM_LIST_COUNT_MAX;
  const begin = after === undefined ? 0 : startBehind(shards, after);
  const page = shards.slice(begin, begin + limit);
  const last = page[page.length - 1];
  const ids = new Map(stream.shards.map((shard) => [shard.group, shardIdOf(shard)]));
  call.succeedText(JSON.stringify({
    StreamDescription: {
      CreationRequestDateTime: stream.createdMs / 1000,
      KeySchema: keySchema(table),
      ...(last === undefined || begin + limit >= shards.length ? {} : { LastEvaluatedShardId: shardIdOf(last) }),
      Shards: page.map((shard) => shardDescription(shard, ids)),
      StreamArn: streamArn(call, table.name, stream),
      StreamLabel: streamLabel(stream),
      StreamStatus: stream.status,
      StreamViewType: stream.viewType,
      TableName: table.name,
    },
  }));
  return null;
}

function filterProblem(filter: { Type?: string; ShardId?: string } | undefined): Failure | null {
  if (filter === undefined) return null;
  if (filter.Type === undefined) return validation("ShardFilter.Type is required when ShardFilter is specified");
  return filter.ShardId === undefined
    ? validation("ShardFilter.ShardId is required when ShardFilter.Type is CHILD_SHARDS") : null;
}

function childrenOf({ shards }: TableStream, shardId: string): readonly StreamShard[] {
  const parent = shards.find((shard) => shardIdOf(shard) === shardId);
  return parent === undefined ? [] : shards.filter((shard) => shard.parent === parent.group);
}

/** A shard that is gone meanwhile lay before those that began after it. */
function startBehind(shards: readonly StreamShard[], shardId: string): number {
  const at = shards.findIndex((shard) => shardIdOf(shard) === shardId);
  if (at !== -1) return at + 1;
  const later = shards.findIndex((shard) => shardIdOf(shard) > shardId);
  return later === -1 ? shards.length : later;
}

function keySchema({ hashKey, rangeKey }: TableSchema): readonly unknown[] {
  const hash = { AttributeName: hashKey.name, KeyType: "HASH" };
  return rangeKey === null ? [hash] : [hash, { AttributeName: rangeKey.name, KeyType: "RANGE" }];
}

function shardDescription(shard: StreamShard, ids: ReadonlyMap<GroupId, string>): unknown {
  const parent = shard.parent === undefined ? undefined : ids.get(shard.parent);
  return {
    ...(parent === undefined ? {} : { ParentShardId: parent }),
    SequenceNumberRange: {
      // The number after that of the shard's beginning: a closed shard without a record ends there too.
      StartingSequenceNumber: sequenceOf(shard.after + 1),
      ...(shard.closed === undefined ? {}
        : { EndingSequenceNumber: sequenceOf(Math.max(shard.closed.last, shard.after + 1)) }),
    },
    ShardId: shardIdOf(shard),
  };
}
