// Shapes of a table's settings and of changes of a table.
import {
  KEY_ATTRIBUTE_NAME_LENGTH_MAX, KMS_KEY_LENGTH_MAX, POLICY_BYTES_MAX, TAG_COUNT_MAX, TAG_KEY_LENGTH_MAX,
  TAG_VALUE_LENGTH_MAX,
} from "../../model/limits.ts";
import type {
  Encryption, Insights, ResourcePolicy, Tag, Throughput, ThroughputCap, TimeToLive,
} from "../../model/table-settings.ts";
import { isCounter, isFlag, listOf, nullable, object, oneOf, text, type Shape } from "./shape.ts";

export const isTableClass: Shape = oneOf("STANDARD", "STANDARD_INFREQUENT_ACCESS");

export const isThroughput: Shape = object<Throughput>({ readUnits: isCounter, writeUnits: isCounter });
export const isThroughputCap: Shape = object<ThroughputCap>({
  readUnits: nullable(isCounter), writeUnits: nullable(isCounter),
});
export const isEncryption: Shape = object<Encryption>({ key: nullable(text(KMS_KEY_LENGTH_MAX)) });

export const isTagKey: Shape = text(TAG_KEY_LENGTH_MAX);
export const areTags: Shape = listOf(object<Tag>({ key: isTagKey, value: text(TAG_VALUE_LENGTH_MAX) }), TAG_COUNT_MAX);

export const isAttributeName: Shape = text(KEY_ATTRIBUTE_NAME_LENGTH_MAX);
export const isTimeToLive: Shape = object<TimeToLive>({
  attribute: isAttributeName, isEnabled: isFlag, changedMs: isCounter,
});

/** Canonical form may be a little longer than what a client has sent. */
export const isPolicyDocument: Shape = text(2 * POLICY_BYTES_MAX);
export const isPolicy: Shape = object<ResourcePolicy>({ document: isPolicyDocument, revision: isCounter });
export const isInsightsMode: Shape = oneOf("ACCESSED_AND_THROTTLED_KEYS", "THROTTLED_KEYS");
export const isInsights: Shape = object<Insights>({
  isEnabled: isFlag, mode: isInsightsMode, changedMs: isCounter, enabledMs: isCounter,
});
