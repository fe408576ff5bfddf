// The registry of all operations of today's SDK, and what becomes of each.
import type { OperationHandler } from "./operations/handler.ts";
import type { Entry } from "./registry/entry.ts";
import { ITEM_OPERATIONS, STREAM_OPERATIONS } from "./registry/item-operations.ts";
import { OTHER_OPERATIONS } from "./registry/other-operations.ts";
import { TABLE_OPERATIONS } from "./registry/table-operations.ts";

const STREAMS = "DynamoDBStreams_20120810.";

/** By the whole X-Amz-Target. */
export const REGISTRY: ReadonlyMap<string, Entry> = new Map([
  ...targets("DynamoDB_20120810.", { ...ITEM_OPERATIONS, ...TABLE_OPERATIONS, ...OTHER_OPERATIONS }),
  ...targets(STREAMS, STREAM_OPERATIONS),
]);

/** Likewise. */
export const OPERATIONS: ReadonlyMap<string, OperationHandler> = new Map(
  [...REGISTRY].map(([target, { handler }]) => [target, handler]),
);

export function isOfStreams(target: string): boolean {
  return target.startsWith(STREAMS);
}

function targets(prefix: string, entries: Readonly<Record<string, Entry>>): readonly (readonly [string, Entry])[] {
  return Object.entries(entries).map(([name, entry]) => [prefix + name, entry]);
}
