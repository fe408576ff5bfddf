// Settings of a table that its rows do not depend on, as the catalogue holds them, and the changes of a table that
// one operation asks for. Plain JSON data, validated by the API.
import { utf8Length } from "../base/utf8.ts";
import { TAG_COUNT_MAX, TAGS_BYTES_MAX } from "./limits.ts";
import type { GlobalIndexDefinition } from "./table-schema.ts";
import type { StreamViewType } from "./table-stream.ts";

export type TableClass = "STANDARD" | "STANDARD_INFREQUENT_ACCESS";

export type Tag = { readonly key: string; readonly value: string };

/** Why a table cannot have all these tags, in DynamoDB's words. Null: it can. */
export function tagsProblem(tags: readonly Tag[]): string | null {
  if (tags.length > TAG_COUNT_MAX) return "Number of Tags exceed the current limit for the provided ResourceArn";
  const bytes = tags.reduce((sum, { key, value }) => sum + utf8Length(key) + utf8Length(value), 0);
  return bytes > TAGS_BYTES_MAX
    ? `Tag set size ${bytes} bytes is above max size limit of ${TAGS_BYTES_MAX} bytes` : null;
}

/** Units per second. */
export type Throughput = { readonly readUnits: number; readonly writeUnits: number };

/** Most units per second of a table on demand. Null: no bound of its own. */
export type ThroughputCap = { readonly readUnits: number | null; readonly writeUnits: number | null };

/** Encryption under a key of the customer's account. Only told, never done: there is no key service here. */
export type Encryption = {
  /** Key id, alias or ARN as the client wrote it; null: the account's default key. */
  readonly key: string | null;
};

/** Items whose `attribute` is a time that has passed are deleted while it is enabled. */
export type TimeToLive = {
  readonly attribute: string;
  readonly isEnabled: boolean;
  /** Wall time of the last change. */
  readonly changedMs: number;
};

/** One global index to be added, changed or removed. */
export type IndexUpdate =
  | { readonly kind: "create"; readonly index: GlobalIndexDefinition }
  | {
    readonly kind: "update";
    readonly name: string;
    readonly throughput?: Throughput;
    readonly onDemandCap?: Partial<ThroughputCap>;
    readonly warm?: Partial<Throughput>;
  }
  | { readonly kind: "delete"; readonly name: string };

/** A resource-based policy, in canonical form. Only told, never enforced: there are no principals here. */
export type ResourcePolicy = {
  readonly document: string;
  /** Wall time of the last change, which tells one revision from another. */
  readonly revision: number;
};

export type InsightsMode = "ACCESSED_AND_THROTTLED_KEYS" | "THROTTLED_KEYS";

/** Contributor insights of a table or a global index. Only told: nothing collects them here. */
export type Insights = {
  readonly isEnabled: boolean;
  readonly mode: InsightsMode;
  /** Wall time of the last change. */
  readonly changedMs: number;
  /** Wall time of the last switching on, which names the rules. */
  readonly enabledMs: number;
};

export type PolicyChange = {
  /** Label of one of the table's streams; null: the table itself. */
  readonly stream: string | null;
  /** Null: no policy any more. */
  readonly document: string | null;
  /** The revision that must be the current one, "NO_POLICY" for none, null for any. */
  readonly expected: string | null;
};

export type InsightsChange = {
  /** A global index; null: the table itself. */
  readonly index: string | null;
  readonly isEnabled: boolean;
  readonly mode: InsightsMode;
};

/** What UpdateTable says of billing; at least one member is there. */
export type BillingChange = {
  readonly mode?: "PROVISIONED" | "PAY_PER_REQUEST";
  readonly throughput?: Throughput;
};

/** Tags to take on and keys to drop: one of the two is empty. */
export type TagChange = { readonly set: readonly Tag[]; readonly remove: readonly string[] };

/**
 * What one operation changes of a table: all members that are there, or nothing. Each member has its step in the
 * planner of the metadata role.
 */
export type TableChange = {
  readonly billing?: BillingChange;
  /** Not empty. */
  readonly globalIndexes?: readonly IndexUpdate[];
  /** Null: the stream is to be switched off. */
  readonly stream?: { readonly viewType: StreamViewType | null };
  readonly deletionProtection?: boolean;
  readonly tableClass?: TableClass;
  /** A member that is absent stays what it was; null takes the bound away. */
  readonly onDemandCap?: Partial<ThroughputCap>;
  readonly warm?: Partial<Throughput>;
  /** Null: back to the key of the service. */
  readonly encryption?: Encryption | null;
  readonly tags?: TagChange;
  readonly timeToLive?: { readonly attribute: string; readonly isEnabled: boolean };
  readonly policy?: PolicyChange;
  readonly insights?: InsightsChange;
};
