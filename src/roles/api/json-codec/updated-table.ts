// The table as UpdateTable answers it. DynamoDB tells what it has begun, not what it has done: what takes a while is
// UPDATING and still has its old value, and a request that changes nothing is UPDATING too.
import { globalIndexesOf } from "../../../model/global-index.ts";
import type { TableOutcome } from "../../../model/operation.ts";
import type { Billing, TableSchema } from "../../../model/table-schema.ts";
import type { TableChange, ThroughputCap } from "../../../model/table-settings.ts";
import { warmOf } from "../../../model/warm-throughput.ts";
import type { Call } from "../call.ts";
import { encryptionOf, tableDescription, type Description } from "./table-description.ts";

/** `before`: as this front end knew the table when the request came; null: not at all. */
export function updatedTableJson(
  outcome: TableOutcome, before: TableSchema | null, change: TableChange, call: Call,
): string {
  const { table } = outcome;
  const old = before ?? table;
  const isSlow = change.billing !== undefined || change.tableClass !== undefined;
  const unchanged = { ...oldBilling(table, old, change), ...oldClass(old, change), ...oldIndexes(table, old, change) };
  const shown = { ...outcome, table: { ...table, ...unchanged } };
  const description = tableDescription(shown, isSlow ? "UPDATING" : table.status, call);
  return JSON.stringify({
    ...description,
    ...newMode(table, change),
    ...(change.onDemandCap === undefined ? {} : cleared(table, change.onDemandCap)),
    ...(change.warm === undefined ? {} : oldWarm(table, old)),
    ...(change.encryption === undefined ? {} : oldEncryption(old, call)),
    ...warmedIndexes(description, table, old, change),
  });
}

/** Under a key of the service, there is no other key to be told. */
function oldEncryption(old: TableSchema, call: Call): Description {
  if (old.encryption === undefined) return { SSEDescription: { Status: "UPDATING" } };
  return encryptionOf(old, "UPDATING", call);
}

function oldBilling(table: TableSchema, old: TableSchema, { billing }: TableChange): Partial<TableSchema> {
  return billing === undefined ? {} : { billing: withOldUnits(table.billing, old.billing) };
}

/** When units were changed is told at once; a mode with the units that come with it, too. */
function withOldUnits(billing: Billing, { mode, readUnits, writeUnits, decreases }: Billing): Billing {
  if (mode !== billing.mode) return billing;
  const { decreases: _, ...rest } = billing;
  return { ...rest, readUnits, writeUnits, ...(decreases === undefined ? {} : { decreases }) };
}

function oldIndexes(table: TableSchema, old: TableSchema, { globalIndexes }: TableChange): Partial<TableSchema> {
  if (globalIndexes === undefined || table.globalIndexes === undefined) return {};
  return {
    globalIndexes: table.globalIndexes.map((index) => {
      const before = globalIndexesOf(old).find(({ name }) => name === index.name);
      return before === undefined ? index : { ...index, billing: withOldUnits(index.billing, before.billing) };
    }),
  };
}

function warmedIndexes(
  description: Description, table: TableSchema, old: TableSchema, { globalIndexes }: TableChange,
): Description {
  const names: string[] = [];
  for (const one of globalIndexes ?? []) if (one.kind === "update" && one.warm !== undefined) names.push(one.name);
  if (names.length === 0) return {};
  const described = description["GlobalSecondaryIndexes"] as readonly Description[];
  return {
    GlobalSecondaryIndexes: described.map((index) => {
      const isOf = ({ name }: { name: string }): boolean => name === index["IndexName"] && names.includes(name);
      const [now, then] = [globalIndexesOf(table).find(isOf), globalIndexesOf(old).find(isOf)];
      return now === undefined || then === undefined ? index : { ...index, ...oldWarm(now, then) };
    }),
  };
}

function oldClass({ tableClass, tableClassMs }: TableSchema, change: TableChange): Partial<TableSchema> {
  if (change.tableClass === undefined) return {};
  return { tableClass, ...(tableClassMs === undefined ? {} : { tableClassMs }) };
}

/** When the mode was changed is told only once it is. */
function newMode(table: TableSchema, { billing }: TableChange): Description {
  return billing?.mode === undefined || table.billing.onDemandMs === undefined || table.status !== "UPDATING"
    ? {} : { BillingModeSummary: { BillingMode: table.billing.mode } };
}

/** -1 stands for a bound that this request has taken away. */
function cleared({ onDemandCap }: TableSchema, wanted: Partial<ThroughputCap>): Description {
  const reads = onDemandCap?.readUnits ?? (wanted.readUnits === null ? -1 : undefined);
  const writes = onDemandCap?.writeUnits ?? (wanted.writeUnits === null ? -1 : undefined);
  return { OnDemandThroughput: { MaxReadRequestUnits: reads, MaxWriteRequestUnits: writes } };
}

type Warm = Pick<TableSchema, "billing" | "warm">;

function oldWarm(table: Warm, old: Warm): Description {
  const [now, then] = [warmOf(table), warmOf(old)];
  const isSame = now.readUnits === then.readUnits && now.writeUnits === then.writeUnits;
  return {
    WarmThroughput: {
      ReadUnitsPerSecond: then.readUnits, WriteUnitsPerSecond: then.writeUnits, Status: isSame ? "ACTIVE" : "UPDATING",
    },
  };
}
