// The steps of a table's change that set what is told of it, its tags, and when its items expire.
import type { Refusal } from "../../model/operation.ts";
import type { TableSchema } from "../../model/table-schema.ts";
import { TAG_COUNT_MAX } from "../../model/limits.ts";
import type {
  Encryption, TableChange, TableClass, Tag, TagChange, Throughput, ThroughputCap,
} from "../../model/table-settings.ts";
import { warmOf } from "../../model/warm-throughput.ts";
import type { Changed } from "./plan-update.ts";

const INVALID = "One or more parameter values were invalid: ";

export function changeProtection(table: TableSchema, deletionProtection: boolean): Changed {
  return changed({ ...table, deletionProtection });
}

export function changeClass(table: TableSchema, tableClass: TableClass): Changed {
  return changed({ ...table, tableClass });
}

const NO_CAP: ThroughputCap = { readUnits: null, writeUnits: null };

/** A bound that is not given stays what it was. */
export function changeOnDemandCap(table: TableSchema, cap: Partial<ThroughputCap>): Changed | Refusal {
  if (table.billing.mode !== "PAY_PER_REQUEST") {
    return invalid(`${INVALID}Neither MaxReadRequestUnits nor MaxWriteRequestUnits can be specified `
      + "when BillingMode is PROVISIONED");
  }
  return changed({ ...table, onDemandCap: { ...(table.onDemandCap ?? NO_CAP), ...cap } });
}

export function changeWarm(table: TableSchema, wanted: Partial<Throughput>): Changed | Refusal {
  const { readUnits, writeUnits } = warmOf(table);
  const warm: Throughput = { readUnits, writeUnits, ...wanted };
  if (warm.readUnits < readUnits || warm.writeUnits < writeUnits) {
    return invalid(`${INVALID}Requested WarmThroughput must not be lower than the current WarmThroughput. `
      + `Current ReadUnitsPerSecond: ${readUnits}. Requested ReadUnitsPerSecond: ${warm.readUnits}. `
      + `Current WriteUnitsPerSecond: ${writeUnits}. Requested WriteUnitsPerSecond: ${warm.writeUnits}`);
  }
  return changed({ ...table, warm });
}

export function changeEncryption(table: TableSchema, encryption: Encryption | null): Changed {
  const { encryption: _, ...rest } = table;
  return changed(encryption === null ? rest : { ...rest, encryption });
}

/** A key that is there already gets the new value in its place. */
export function changeTags(table: TableSchema, { set, remove }: TagChange): Changed | Refusal {
  const tags = new Map((table.tags ?? []).map((tag) => [tag.key, tag]));
  for (const key of remove) tags.delete(key);
  for (const tag of set) tags.set(tag.key, tag);
  if (tags.size > TAG_COUNT_MAX) return invalid(`${INVALID}Too many tags: there can be ${TAG_COUNT_MAX} on a table`);
  const { tags: _, ...rest } = table;
  const list: readonly Tag[] = [...tags.values()];
  return changed(list.length === 0 ? rest : { ...rest, tags: list });
}

export function changeTimeToLive(
  table: TableSchema, { attribute, isEnabled }: NonNullable<TableChange["timeToLive"]>,
): Changed | Refusal {
  const current = table.timeToLive;
  const isOn = current?.isEnabled === true;
  if (isOn && current.attribute !== attribute) {
    return invalid(`TimeToLive is active on a different AttributeName: current AttributeName is ${current.attribute}`);
  }
  if (isOn === isEnabled) return invalid(`TimeToLive is already ${isEnabled ? "enabled" : "disabled"}`);
  if (current?.isSettled === false) {
    return invalid("Time to live has been modified multiple times within a fixed interval");
  }
  return changed({ ...table, timeToLive: { attribute, isEnabled, isSettled: false } });
}

function changed(table: TableSchema): Changed {
  return { kind: "changed", table };
}

function invalid(message: string): Refusal {
  return { kind: "invalid", message };
}
