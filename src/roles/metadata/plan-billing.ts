// The step of a table's change that sets how it is billed and how many units per second it is given.
import { longUtcText } from "../../base/calendar.ts";
import { DAY_MS, decreasesOn } from "../../model/billing.ts";
import type { Refusal } from "../../model/operation.ts";
import type { Billing, TableSchema } from "../../model/table-schema.ts";
import type { BillingChange, Throughput } from "../../model/table-settings.ts";
import { warmOf } from "../../model/warm-throughput.ts";
import type { Changed, UpdateContext } from "./update-step.ts";

const INVALID = "One or more parameter values were invalid: ";
/** Decreases on one UTC day without a pause between them; each further one waits for this long after the last. */
const DECREASES_FREE = 4;
const DECREASE_PAUSE_MS = 3_600_000;

export function changeBilling(
  table: TableSchema, wanted: BillingChange, { nowMs }: Pick<UpdateContext, "nowMs">,
): Changed | Refusal {
  const { billing } = table;
  const mode = wanted.mode ?? billing.mode;
  const { throughput } = wanted;
  if (mode === "PAY_PER_REQUEST") {
    if (throughput !== undefined) {
      return invalid(`${INVALID}Neither ReadCapacityUnits nor WriteCapacityUnits can be specified `
        + "when BillingMode is PAY_PER_REQUEST");
    }
    if (billing.mode === mode) return { kind: "changed", table };
    return changed(table, { ...billing, mode, readUnits: 0, writeUnits: 0, onDemandMs: nowMs });
  }
  if (throughput === undefined) {
    return invalid(`${INVALID}ProvisionedThroughput must be specified when BillingMode is PROVISIONED`);
  }
  const { onDemandCap: _, ...rest } = table;
  if (billing.mode !== mode) return changed(rest, { ...billing, mode, ...throughput });
  const next = changedUnits(billing, throughput, null, nowMs);
  return "kind" in next ? next : changed(table, next);
}

/** Of an index that is provisioned; null: of a table. */
export function changedUnits(
  billing: Billing, throughput: Throughput, index: string | null, nowMs: number,
): Billing | Refusal {
  const { readUnits, writeUnits } = throughput;
  if (readUnits === billing.readUnits && writeUnits === billing.writeUnits) {
    return invalid(nothingChanges(billing, index));
  }
  const isIncreased = readUnits > billing.readUnits || writeUnits > billing.writeUnits;
  const isDecreased = readUnits < billing.readUnits || writeUnits < billing.writeUnits;
  let next: Billing = { ...billing, ...throughput };
  if (isIncreased) next = { ...next, increasedMs: nowMs };
  if (isDecreased) {
    const count = decreasesOn(billing, nowMs);
    const lastMs = billing.decreasedMs ?? 0;
    if (count >= DECREASES_FREE && nowMs < lastMs + DECREASE_PAUSE_MS) return tooManyDecreases(count, lastMs);
    next = { ...next, decreasedMs: nowMs, decreases: count + 1 };
  }
  return next;
}

function nothingChanges({ readUnits, writeUnits }: Billing, index: string | null): string {
  const whose = index === null ? "the table" : `index ${index}`;
  return `The provisioned throughput for the ${index === null ? "table" : whose} will not change. `
    + "The requested value equals the current value. "
    + `Current ReadCapacityUnits provisioned for ${whose}: ${readUnits}. Requested ReadCapacityUnits: ${readUnits}. `
    + `Current WriteCapacityUnits provisioned for ${whose}: ${writeUnits}. `
    + `Requested WriteCapacityUnits: ${writeUnits}. `
    + "Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits.";
}

/** The next one: an hour after the last, or on the next day, whichever comes first. */
function tooManyDecreases(count: number, lastMs: number): Refusal {
  const nextDayMs = (Math.floor(lastMs / DAY_MS) + 1) * DAY_MS;
  const nextMs = Math.min(lastMs + DECREASE_PAUSE_MS, nextDayMs);
  return {
    kind: "limit-exceeded",
    message: "Subscriber limit exceeded: Provisioned throughput decreases are limited within a given UTC day. "
      + `After the first ${DECREASES_FREE} decreases, each subsequent decrease in the same UTC day can be performed `
      + `at most once every ${DECREASE_PAUSE_MS / 1000} seconds. Number of decreases today: ${count}. `
      + `Last decrease at ${longUtcText(lastMs)}. Next decrease can be made at ${longUtcText(nextMs)}.`,
  };
}

/** What the table could serve at once before, it can afterwards. */
function changed(table: TableSchema, billing: Billing): Changed {
  const { readUnits, writeUnits } = warmOf(table);
  return { kind: "changed", table: { ...table, billing, warm: { readUnits, writeUnits } } };
}

function invalid(message: string): Refusal {
  return { kind: "invalid", message };
}
