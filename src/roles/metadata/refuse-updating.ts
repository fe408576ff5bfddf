// What a table that is UPDATING does not take on besides, in the words that DynamoDB has for each pair of what is under
// way and what is asked for. What is not named here is taken at any time: deletion protection, encryption, warm
// throughput, time to live, tags, policies, insights, and changes of single indexes.
import { globalIndexesOf } from "../../model/global-index.ts";
import type { Refusal } from "../../model/operation.ts";
import type { TableSchema } from "../../model/table-schema.ts";
import type { TableChange } from "../../model/table-settings.ts";
import { streamLabel } from "../../model/table-stream.ts";
import { stillInUse } from "./plan-table.ts";

type UnderWay =
  /** `words`: how the texts go on about it. */
  | { readonly kind: "stream" | "class" | "units"; readonly words: string }
  | { readonly kind: "index"; readonly words: string; readonly doing: "creation" | "deletion"; readonly names: string };

const MOVES = [["CREATING", "created", "creation"], ["DELETING", "deleted", "deletion"]] as const;

/** A change of the class that began longer ago is over: what is under way is another one. */
const CLASS_MS_MAX = 5_000;

/** Null: the change may be made on `table`, which is UPDATING. */
export function refuseUpdating(table: TableSchema, change: TableChange, nowMs: number): Refusal | null {
  const why = reason(table, change, underWay(table, nowMs));
  return why === null ? null : stillInUse(table.name, why);
}

function reason(table: TableSchema, change: TableChange, now: UnderWay): string | null {
  const { billing, globalIndexes, stream, tableClass, onDemandCap } = change;
  const { name } = table;
  const isMove = globalIndexes?.some(({ kind }) => kind !== "update") === true;
  if (billing !== undefined && !isRepeated(table, billing, now)) {
    return now.kind === "units" ? `Table IOPS are currently being updated. Table: ${name}`
      : `Can't change table IOPS ${now.words}`;
  }
  if (globalIndexes !== undefined && now.kind === "units") {
    return isMove ? `Can't create or delete indexes ${now.words}`
      : `Table IOPS are currently being updated. Table: ${name}`;
  }
  if (isMove && now.kind !== "index") return `Can't create or delete an index ${now.words}`;
  if (stream !== undefined) {
    switch (now.kind) {
      case "stream": return now.words.replace(/^.*?Table:/, "A stream status change is currently in progress. Table:");
      case "units": return `Can't enable or disable stream ${now.words}`;
      default: return `Can't change stream status ${now.words}`;
    }
  }
  if (tableClass !== undefined) return `Can't update table class ${now.words}`;
  // That the table must be on demand is found out first.
  if (onDemandCap === undefined || table.billing.mode !== "PAY_PER_REQUEST") return null;
  return `OnDemandThroughput cannot be updated while ${capWords(now, table)}`;
}

/** The same mode once more changes no units. */
function isRepeated({ billing }: TableSchema, wanted: NonNullable<TableChange["billing"]>, now: UnderWay): boolean {
  return now.kind !== "units" && wanted.throughput === undefined && wanted.mode === billing.mode;
}

function capWords(now: UnderWay, { tableClass }: TableSchema): string {
  switch (now.kind) {
    case "stream": return "stream status update is in progress";
    case "class": return `TableClass update is in progress. TableClassUpdateInProgress: ${tableClass ?? "STANDARD"}`;
    case "units": return "BillingMode update is in progress";
    default: return `index ${now.doing} is in progress for indexes: [${now.names}]`;
  }
}

function underWay(table: TableSchema, nowMs: number): UnderWay {
  const { name, stream, tableClass, tableClassMs, billing } = table;
  for (const [status, done, doing] of MOVES) {
    const moved = globalIndexesOf(table).filter((index) => index.status === status);
    if (moved.length === 0) continue;
    const names = moved.map((index) => index.name).join(", ");
    return { kind: "index", words: `when an index is being ${done}. Table: ${name} Indexes: [${names}]`, doing, names };
  }
  if (stream?.status === "ENABLING" || stream?.status === "DISABLING") {
    const operation = stream.status === "ENABLING" ? "ENABLE" : "DISABLE";
    const words = "when stream status is being updated. "
      + `Table: ${name} Stream: ${streamLabel(stream)} Operation: ${operation}`;
    return { kind: "stream", words };
  }
  const { increasedMs = 0, decreasedMs = 0, onDemandMs = 0 } = billing;
  const unitsMs = Math.max(increasedMs, decreasedMs, onDemandMs);
  if (tableClassMs !== undefined && tableClassMs >= unitsMs && nowMs - tableClassMs < CLASS_MS_MAX) {
    const words = "when a table class update is in progress. "
      + `Table: ${name} TableClassUpdateInProgress: ${tableClass ?? "STANDARD"}`;
    return { kind: "class", words };
  }
  return { kind: "units", words: `while table IOPS are being updated. Table: ${name}` };
}
