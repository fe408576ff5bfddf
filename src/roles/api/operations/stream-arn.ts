// Names of streams and shards in requests: ARNs of streams, and what they lead to.
import type { TableSchema } from "../../../model/table-schema.ts";
import { shardIdOf, streamLabel, streamsOf, type StreamShard, type TableStream } from "../../../model/table-stream.ts";
import type { Call } from "../call.ts";
import { type Failure, resourceNotFound, TABLE_NOT_FOUND, validation } from "../errors.ts";
import { tableArn } from "../json-codec/table-description.ts";
import { type Result, no, ok } from "../result.ts";
import { isTableNameRight } from "../validate/names.ts";

export type FoundStream = { readonly table: TableSchema; readonly stream: TableStream };
export type FoundShard = FoundStream & { readonly shard: StreamShard };

const LABEL = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}$/;

export type StreamName = { readonly table: string; readonly label: string };

export function streamArn(call: Call, table: string, stream: Pick<TableStream, "createdMs">): string {
  return `${tableArn(call.region, call.context.accountId, table)}/stream/${streamLabel(stream)}`;
}

/** Null: no ARN of a stream. */
export function streamNameOf(arn: string): StreamName | null {
  const first = arn.split(":", 5);
  if (first.length < 5 || first[0] !== "arn" || first[2] !== "dynamodb") return null;
  const resource = arn.slice(first.join(":").length + 1);
  const [kind, table, word, label, ...rest] = resource.split("/");
  if (kind !== "table" || word !== "stream" || rest.length > 0) return null;
  if (table === undefined || label === undefined) return null;
  return isTableNameRight(table) && LABEL.test(label) ? { table, label } : null;
}

export function invalidArn(arn: string): Failure {
  return validation(`Invalid StreamArn: Invalid ARN: ${arn}`);
}

export function findStream(arn: string, call: Call): Result<FoundStream> {
  const name = streamNameOf(arn);
  if (name === null) return no(invalidArn(arn));
  const table = call.context.lookupTable(name.table);
  const stream = table === null || table.indexOf !== undefined ? undefined
    : listedStreams(table).find((one) => streamLabel(one) === name.label);
  if (table === null || stream === undefined) {
    return no(resourceNotFound(`${TABLE_NOT_FOUND}: Stream: ${arn} not found`));
  }
  return ok({ table, stream });
}

/** A stream that was switched off is there as long as its shards are. */
export function listedStreams(table: TableSchema): readonly TableStream[] {
  return streamsOf(table).filter(({ status, shards }) => status !== "DISABLED" || shards.length > 0);
}

export function findShard(arn: string, shardId: string, call: Call): Result<FoundShard> {
  const found = findStream(arn, call);
  if (!found.ok) return found;
  const shard = found.value.stream.shards.find((one) => shardIdOf(one) === shardId);
  if (shard === undefined) {
    return no(resourceNotFound(`${TABLE_NOT_FOUND}: Shard: ${shardId} in Stream: ${arn} not found`));
  }
  return ok({ ...found.value, shard });
}
