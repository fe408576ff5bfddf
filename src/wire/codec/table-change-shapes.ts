// Shapes of changes of a table.
import {
  GLOBAL_INDEX_COUNT_MAX, POLICY_REVISION_CHARS_MAX, TABLE_NAME_LENGTH_MAX, TAG_COUNT_MAX,
} from "../../model/limits.ts";
import type {
  BillingChange, IndexUpdate, InsightsChange, PolicyChange, TableChange, TagChange, Throughput, ThroughputCap,
} from "../../model/table-settings.ts";
import {
  areTags, isAttributeName, isEncryption, isInsightsMode, isPolicyDocument, isTableClass, isTagKey, isThroughput,
} from "./settings-shapes.ts";
import { isCounter, isFlag, listOf, nullable, object, oneOf, optional, text, union, type Shape } from "./shape.ts";
import { isStreamView } from "./stream-shapes.ts";
import { isGlobalIndexDefinition } from "./table-shapes.ts";

const isBillingChange: Shape = object<BillingChange>({
  mode: optional(oneOf("PROVISIONED", "PAY_PER_REQUEST")), throughput: optional(isThroughput),
});

type Update<K extends IndexUpdate["kind"]> = Extract<IndexUpdate, { kind: K }>;
const isPartialCap: Shape = object<Partial<ThroughputCap>>({
  readUnits: optional(nullable(isCounter)), writeUnits: optional(nullable(isCounter)),
});
const isPartialThroughput: Shape = object<Partial<Throughput>>({
  readUnits: optional(isCounter), writeUnits: optional(isCounter),
});
const isIndexUpdate: Shape = union<IndexUpdate>({
  create: object<Update<"create">>({ kind: oneOf("create"), index: isGlobalIndexDefinition }),
  update: object<Update<"update">>({
    kind: oneOf("update"), name: text(TABLE_NAME_LENGTH_MAX), throughput: optional(isThroughput),
    onDemandCap: optional(isPartialCap), warm: optional(isPartialThroughput),
  }),
  delete: object<Update<"delete">>({ kind: oneOf("delete"), name: text(TABLE_NAME_LENGTH_MAX) }),
});

export const isTableChange: Shape = object<TableChange>({
  billing: optional(isBillingChange),
  globalIndexes: optional(listOf(isIndexUpdate, 2 * GLOBAL_INDEX_COUNT_MAX, 1)),
  stream: optional(object<NonNullable<TableChange["stream"]>>({ viewType: nullable(isStreamView) })),
  deletionProtection: optional(isFlag),
  tableClass: optional(isTableClass),
  onDemandCap: optional(isPartialCap),
  warm: optional(isPartialThroughput),
  encryption: optional(nullable(isEncryption)),
  tags: optional(object<TagChange>({ set: areTags, remove: listOf(isTagKey, TAG_COUNT_MAX) })),
  timeToLive: optional(object<NonNullable<TableChange["timeToLive"]>>({
    attribute: isAttributeName, isEnabled: isFlag,
  })),
  policy: optional(object<PolicyChange>({
    stream: nullable(text(TABLE_NAME_LENGTH_MAX)), document: nullable(isPolicyDocument),
    expected: nullable(text(POLICY_REVISION_CHARS_MAX)),
  })),
  insights: optional(object<InsightsChange>({
    index: nullable(text(TABLE_NAME_LENGTH_MAX)), isEnabled: isFlag, mode: isInsightsMode,
  })),
});
