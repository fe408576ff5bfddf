// Shapes of a table's streams.
import { SHARDS_MAX, type StreamShard, type TableStream } from "../../model/table-stream.ts";
import { isPolicy } from "./settings-shapes.ts";
import { isCounter, isHashPoint, isPositive, listOf, object, oneOf, optional, type Shape } from "./shape.ts";

export const isStreamView: Shape = oneOf("KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES");

const isShard: Shape = object<StreamShard>({
  group: isPositive, at: isHashPoint, after: isCounter, parent: optional(isPositive),
  closed: optional(object<NonNullable<StreamShard["closed"]>>({ ms: isCounter, last: isCounter })),
});

export const isStream: Shape = object<TableStream>({
  viewType: isStreamView, status: oneOf("ENABLING", "ENABLED", "DISABLING", "DISABLED"), createdMs: isCounter,
  shards: listOf(isShard, SHARDS_MAX), policy: optional(isPolicy),
});
