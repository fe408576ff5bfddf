// Shard iterators: where in a shard a reader is, sealed so that a changed one is found out. Nothing in one gives a
// reader more than he may ask for anyway. The key of the seal is derived from the table's record, which every front end
// has. The stream's ARN, "|1|", and base64 of:
//
//   0   f64  when the stream was created · f64 group of the shard · f64 after · f64 when the iterator was issued
//   32  u8   1: from the oldest record on
//   33  …    16 bytes seal
import { base64ToBytes, bytesToBase64 } from "../../../base/base64.ts";
import { must } from "../../../base/assert.ts";
import { bytesToBinary } from "../../../base/binary-string.ts";
import type { Call } from "../call.ts";
import { type Failure, expiredIterator, resourceNotFound, TABLE_NOT_FOUND, validation } from "../errors.ts";
import { type Result, no, ok } from "../result.ts";
import { findStream, type FoundShard, streamArn } from "./stream-arn.ts";

/** DynamoDB's: a quarter of an hour. */
const ITERATOR_MS_MAX = 15 * 60_000;
/** Clocks of front ends differ by less. */
const FUTURE_MS_MAX = 5 * 60_000;
const SEALED_BYTES = 33;
const SEAL_BYTES = 16;
const KIND_AT = 32;
const VERSION = "1";

/** Of records: behind the write timestamp `after`, or from the oldest that is there. */
export type ShardPosition = { readonly after: number; readonly isFromOldest: boolean };

export function encodeIterator(call: Call, found: FoundShard, { after, isFromOldest }: ShardPosition): string {
  const bytes = new Uint8Array(SEALED_BYTES + SEAL_BYTES);
  const view = new DataView(bytes.buffer);
  view.setFloat64(0, found.stream.createdMs);
  view.setFloat64(8, found.shard.group);
  view.setFloat64(16, after);
  view.setFloat64(24, call.context.clock.wallMs());
  bytes[KIND_AT] = isFromOldest ? 1 : 0;
  bytes.set(sealOf(call, found, bytes), SEALED_BYTES);
  return `${streamArn(call, found.table.name, found.stream)}|${VERSION}|${bytesToBase64(bytes)}`;
}

function sealOf({ context }: Call, { table }: Pick<FoundShard, "table">, bytes: Uint8Array): Uint8Array {
  const key = context.crypto.hmacKey(`stator shard iterator ${table.uuid} ${table.id} ${table.createdMs}`);
  return context.crypto.hmacSha256(key, bytes.subarray(0, SEALED_BYTES)).subarray(0, SEAL_BYTES);
}

const INVALID: Failure = validation("Invalid ShardIterator");

export function decodeIterator(call: Call, text: string): Result<FoundShard & ShardPosition> {
  const [arn, version, sealed, ...rest] = text.split("|");
  const bytes = sealed === undefined ? null : base64ToBytes(sealed);
  if (arn === undefined || rest.length > 0 || version !== VERSION || bytes === null) return no(INVALID);
  if (bytes.length !== SEALED_BYTES + SEAL_BYTES) return no(INVALID);
  const found = findStream(arn, call);
  if (!found.ok) return found.failure.type.includes("Validation") ? no(INVALID) : found;
  const { table, stream } = found.value;
  const seal = bytesToBinary(sealOf(call, { table }, bytes));
  if (!call.context.crypto.timingSafeEqual(seal, bytesToBinary(bytes, SEALED_BYTES))) return no(INVALID);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (view.getFloat64(0) !== stream.createdMs) return no(INVALID);
  const age = call.context.clock.wallMs() - view.getFloat64(24);
  if (age > ITERATOR_MS_MAX || age < -FUTURE_MS_MAX) return no(expiredIterator());
  const shard = stream.shards.find(({ group }) => group === view.getFloat64(8));
  if (shard === undefined) {
    return no(resourceNotFound(`${TABLE_NOT_FOUND}: Shard does not exist in Stream: ${must(arn)}`));
  }
  return ok({ table, stream, shard, after: view.getFloat64(16), isFromOldest: bytes[KIND_AT] === 1 });
}
