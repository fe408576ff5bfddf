// The table as UpdateTable answers it. DynamoDB tells what it has begun, not what it has done: what takes a while is
// UPDATING and still has its old value, and a request that changes nothing is UPDATING too.
import type { TableOutcome } from "../../../model/operation.ts";
import type { TableSchema } from "../../../model/table-schema.ts";
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
  const shown = { ...outcome, table: { ...table, ...oldBilling(table, old, change), ...oldClass(old, change) } };
  const description = tableDescription(shown, isSlow ? "UPDATING" : table.status, call);
  return JSON.stringify({
    ...description,
    ...newMode(table, change),
    ...(change.onDemandCap === undefined ? {} : cleared(table, change.onDemandCap)),
    ...(change.warm === undefined ? {} : oldWarm(table, old)),
    ...(change.encryption === undefined ? {}
      : encryptionOf(change.encryption === null ? old : table, "UPDATING", call)),
  });
}

function oldBilling(table: TableSchema, old: TableSchema, { billing }: TableChange): Partial<TableSchema> {
  if (billing === undefined || table.billing.mode !== old.billing.mode) return {};
  const { readUnits, writeUnits, decreases } = old.billing;
  const { decreases: _, ...rest } = table.billing;
  return { billing: { ...rest, readUnits, writeUnits, ...(decreases === undefined ? {} : { decreases }) } };
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

function oldWarm(table: TableSchema, old: TableSchema): Description {
  const [now, then] = [warmOf(table), warmOf(old)];
  const isSame = now.readUnits === then.readUnits && now.writeUnits === then.writeUnits;
  return {
    WarmThroughput: {
      ReadUnitsPerSecond: then.readUnits, WriteUnitsPerSecond: then.writeUnits, Status: isSame ? "ACTIVE" : "UPDATING",
    },
  };
}
