// GetShardIterator and GetRecords.
import { utf8Encode } from "../../../base/utf8.ts";
import { STREAM_RECORD_COUNT_MAX } from "../../../model/limits.ts";
import type { ReadStreamOperation } from "../../../model/operation.ts";
import { timestampOf } from "../../../model/table-stream.ts";
import type { Call } from "../call.ts";
import { type Failure, failureOf, trimmedData, validation } from "../errors.ts";
import { type Result, no, ok } from "../result.ts";
import type { JsonObject } from "../validate/json-object.ts";
import { GET_RECORDS, GET_SHARD_ITERATOR } from "../validate/stream-shapes.ts";
import type { OperationHandler } from "./handler.ts";
import { decodeIterator, encodeIterator, type ShardPosition } from "./shard-iterator.ts";
import { findShard, type FoundShard } from "./stream-arn.ts";

export const getShardIterator: OperationHandler = { shape: GET_SHARD_ITERATOR, run: runIterator };
export const getRecords: OperationHandler = { shape: GET_RECORDS, run: runRecords };

const INVALID = "One or more parameter values were invalid: ";

function runIterator(input: JsonObject, call: Call): Failure | null {
  const type = input["ShardIteratorType"] as string;
  const sequence = input["SequenceNumber"] as string | undefined;
  const wanted = positionOf(type, sequence);
  if (!wanted.ok) return wanted.failure;
  const found = findShard(input["StreamArn"] as string, input["ShardId"] as string, call);
  if (!found.ok) return found.failure;
  if (type === "TRIM_HORIZON") {
    answerIterator(call, found.value, wanted.value);
    return null;
  }
  call.plan(readOf(call, found.value, 0, null), (outcome) => {
    if (outcome.kind !== "stream-page") call.fail(failureOf(outcome));
    else if (type === "LATEST") answerIterator(call, found.value, { after: outcome.last, isFromOldest: false });
    // Numbers below that of the shard's beginning are past its oldest record too, whatever was trimmed.
    else if (wanted.value.after < Math.max(outcome.trimmed, found.value.shard.after)) call.fail(trimmedData());
    else answerIterator(call, found.value, wanted.value);
  });
  return null;
}

function answerIterator(call: Call, found: FoundShard, position: ShardPosition): void {
  call.succeedText(JSON.stringify({ ShardIterator: encodeIterator(call, found, position) }));
}

function positionOf(type: string, sequence: string | undefined): Result<ShardPosition> {
  if (type === "TRIM_HORIZON" || type === "LATEST") {
    if (sequence === undefined) return ok({ after: 0, isFromOldest: type === "TRIM_HORIZON" });
    return no(validation(`${INVALID}SequenceNumber is not supported with ShardIteratorType ${type}`));
  }
  if (sequence === undefined) {
    return no(validation(`${INVALID}SequenceNumber is required with ShardIteratorType ${type}`));
  }
  const found = timestampOf(sequence);
  if (found === null) return no(validation(`${INVALID}Invalid SequenceNumber: ${sequence}`));
  const isAt = type === "AT_SEQUENCE_NUMBER" && found.isExact;
  return ok({ after: isAt ? Math.max(found.timestamp - 1, 0) : found.timestamp, isFromOldest: false });
}

/** `limit` null: reads nothing but where the records end. */
function readOf(
  call: Call, { table, stream, shard }: FoundShard, after: number, limit: number | null,
): ReadStreamOperation {
  return {
    kind: "read-stream", table, createdMs: stream.createdMs, shard: shard.group, point: shard.at, after,
    upTo: shard.closed?.last ?? null, limit, region: call.region,
  };
}

const RECORDS: Uint8Array = utf8Encode('{"Records":[');
const END: Uint8Array = utf8Encode("]}");

function runRecords(input: JsonObject, call: Call): Failure | null {
  const at = decodeIterator(call, input["ShardIterator"] as string);
  if (!at.ok) return at.failure;
  const { after, isFromOldest, shard } = at.value;
  const limit = (input["Limit"] as number | undefined) ?? STREAM_RECORD_COUNT_MAX;
  call.plan(readOf(call, at.value, after, limit), (outcome) => {
    if (outcome.kind !== "stream-page") {
      call.fail(failureOf(outcome));
      return;
    }
    const { count, json, last, isMore, trimmed } = outcome;
    if (!isFromOldest && after < trimmed) {
      call.fail(trimmedData());
      return;
    }
    if (shard.closed !== undefined && !isMore) {
      call.succeed([RECORDS, json, END]);
      return;
    }
    const position = count === 0 ? { after, isFromOldest } : { after: last, isFromOldest: false };
    const next = JSON.stringify(encodeIterator(call, at.value, position));
    call.succeed([RECORDS, json, utf8Encode(`],"NextShardIterator":${next}}`)]);
  });
  return null;
}
