// The steps of a table's change that set what is told of it, its tags, and when its items expire.
import type { Refusal } from "../../model/operation.ts";
import type { TableSchema } from "../../model/table-schema.ts";
import {
  type Encryption, type TableChange, type TableClass, type Tag, type TagChange, type Throughput, type ThroughputCap,
  tagsProblem,
} from "../../model/table-settings.ts";
import { warmOf } from "../../model/warm-throughput.ts";
import type { Changed, UpdateContext } from "./update-step.ts";

const INVALID = "One or more parameter values were invalid: ";

export function changeProtection(table: TableSchema, deletionProtection: boolean): Changed {
  return changed(deletionProtection === table.deletionProtection ? table : { ...table, deletionProtection });
}

export function changeClass(
  table: TableSchema, tableClass: TableClass, { nowMs }: Pick<UpdateContext, "nowMs">,
): Changed {
  if (tableClass === (table.tableClass ?? "STANDARD")) return changed(table);
  return changed({ ...table, tableClass, tableClassMs: nowMs });
}

/** A bound that is not given stays what it was. */
export function changeOnDemandCap(table: TableSchema, wanted: Partial<ThroughputCap>): Changed | Refusal {
  if (table.billing.mode !== "PAY_PER_REQUEST") {
    const name = wanted.readUnits === undefined ? "MaxWriteRequestUnits" : "MaxReadRequestUnits";
    return invalid(capWithProvisioned(name));
  }
  const { onDemandCap: current, ...rest } = table;
  const cap: ThroughputCap = { readUnits: null, writeUnits: null, ...current, ...wanted };
  return changed(cap.readUnits === null && cap.writeUnits === null ? rest : { ...rest, onDemandCap: cap });
}

export function capWithProvisioned(name: string): string {
  return `${INVALID}${name} for OnDemandThroughput cannot be specified when the table BillingMode is PROVISIONED`;
}

export function changeWarm(table: TableSchema, wanted: Partial<Throughput>): Changed | Refusal {
  const current = warmOf(table);
  const warm: Throughput = { readUnits: current.readUnits, writeUnits: current.writeUnits, ...wanted };
  if (warm.readUnits < current.readUnits) return invalid(coolsDown("ReadUnitsPerSecond"));
  if (warm.writeUnits < current.writeUnits) return invalid(coolsDown("WriteUnitsPerSecond"));
  return changed({ ...table, warm });
}

function coolsDown(name: string): string {
  return `${INVALID}Requested ${name} for WarmThroughput for table is lower than current WarmThroughput, `
    + "decreasing WarmThroughput is not supported";
}

export function changeEncryption(table: TableSchema, encryption: Encryption | null): Changed | Refusal {
  const { encryption: current, ...rest } = table;
  if (encryption === null) {
    return current === undefined ? invalid(`${INVALID}Table is already encrypted by default`) : changed(rest);
  }
  if (current !== undefined && encryption.key?.startsWith("arn:") === true && encryption.key === current.key) {
    return invalid(`${INVALID}Table is already encrypted with given KMSMasterKeyId. `
      + "Use KMSMasterKeyId parameter if you want to change Master Key");
  }
  return changed({ ...rest, encryption });
}

/** A key that is there already gets the new value in its place. */
export function changeTags(table: TableSchema, { set, remove }: TagChange): Changed | Refusal {
  const tags = new Map((table.tags ?? []).map((tag) => [tag.key, tag]));
  for (const key of remove) tags.delete(key);
  for (const tag of set) tags.set(tag.key, tag);
  const list: readonly Tag[] = [...tags.values()];
  const problem = tagsProblem(list);
  if (problem !== null) return invalid(problem);
  const { tags: _, ...rest } = table;
  return changed(list.length === 0 ? rest : { ...rest, tags: list });
}

export function changeTimeToLive(
  table: TableSchema, { attribute, isEnabled }: NonNullable<TableChange["timeToLive"]>,
  { nowMs, ttlPauseMs }: Pick<UpdateContext, "nowMs" | "ttlPauseMs">,
): Changed | Refusal {
  const current = table.timeToLive;
  const isOn = current?.isEnabled === true;
  if (isOn && current.attribute !== attribute) {
    return invalid(`TimeToLive is active on a different AttributeName: current AttributeName is ${current.attribute}`);
  }
  if (isOn === isEnabled) return invalid(`TimeToLive is already ${isEnabled ? "enabled" : "disabled"}`);
  if (current !== undefined && nowMs - current.changedMs < ttlPauseMs) {
    return invalid("Time to live has been modified multiple times within a fixed interval");
  }
  return changed({ ...table, timeToLive: { attribute, isEnabled, changedMs: nowMs } });
}

function changed(table: TableSchema): Changed {
  return { kind: "changed", table };
}

function invalid(message: string): Refusal {
  return { kind: "invalid", message };
}
