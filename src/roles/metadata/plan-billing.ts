// The step of a table's change that sets how it is billed and how many units per second it is given.
import { decreasesOn } from "../../model/billing.ts";
import type { Refusal } from "../../model/operation.ts";
import type { Billing, TableSchema } from "../../model/table-schema.ts";
import type { BillingChange, Throughput } from "../../model/table-settings.ts";
import type { Changed, UpdateContext } from "./plan-update.ts";

const INVALID = "One or more parameter values were invalid: ";
const DAY_MS = 86_400_000;
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
    if (billing.mode === mode) return { kind: "changed", table };
    return invalid(`${INVALID}ProvisionedThroughput must be specified when BillingMode is PROVISIONED`);
  }
  const { onDemandCap: _, ...rest } = table;
  if (billing.mode !== mode) return changed(rest, { ...billing, mode, ...throughput });
  return changeUnits(table, throughput, nowMs);
}

function changeUnits(table: TableSchema, throughput: Throughput, nowMs: number): Changed | Refusal {
  const { billing } = table;
  const { readUnits, writeUnits } = throughput;
  if (readUnits === billing.readUnits && writeUnits === billing.writeUnits) {
    return invalid("The provisioned throughput for the table will not change. The requested value equals the current "
      + `value. Current ReadCapacityUnits provisioned for the table: ${billing.readUnits}. `
      + `Requested ReadCapacityUnits: ${readUnits}. `
      + `Current WriteCapacityUnits provisioned for the table: ${billing.writeUnits}. `
      + `Requested WriteCapacityUnits: ${writeUnits}. `
      + "Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits.");
  }
  const isIncreased = readUnits > billing.readUnits || writeUnits > billing.writeUnits;
  const isDecreased = readUnits < billing.readUnits || writeUnits < billing.writeUnits;
  let next: Billing = { ...billing, ...throughput };
  if (isIncreased) next = { ...next, increasedMs: nowMs };
  if (isDecreased) {
    const count = decreasesOn(billing, nowMs);
    const nextMs = (billing.decreasedMs ?? 0) + DECREASE_PAUSE_MS;
    if (count >= DECREASES_FREE && nowMs < nextMs) return tooManyDecreases(count, nextMs);
    next = { ...next, decreasedMs: nowMs, decreases: count + 1 };
  }
  return changed(table, next);
}

function tooManyDecreases(count: number, nextMs: number): Refusal {
  const seconds = DECREASE_PAUSE_MS / 1000;
  return {
    kind: "limit-exceeded",
    message: "Subscriber limit exceeded: Provisioned throughput decreases are limited within a given UTC day. "
      + `After the first ${DECREASES_FREE} decreases, each subsequent decrease in the same UTC day can be performed `
      + `at most once every ${seconds} seconds. Number of decreases today: ${count}. `
      + `Last decrease at ${utcText(nextMs - DECREASE_PAUSE_MS)}. Next decrease can be made at ${utcText(nextMs)}`,
  };
}

function changed(table: TableSchema, billing: Billing): Changed {
  return { kind: "changed", table: { ...table, billing } };
}

function invalid(message: string): Refusal {
  return { kind: "invalid", message };
}

const MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
  "November", "December"] as const;
const DAYS_TO_MARCH_0 = 719_468;
const DAYS_PER_ERA = 146_097;

/** "Monday"-less date of an epoch time in UTC: `November 5, 2026 3:04:05 PM UTC`. */
function utcText(ms: number): string {
  const days = Math.floor(ms / DAY_MS);
  const seconds = Math.floor((ms - days * DAY_MS) / 1000);
  // Years that begin with March, in eras of 400 years: the leap day is the last of its year.
  const shifted = days + DAYS_TO_MARCH_0;
  const era = Math.floor(shifted / DAYS_PER_ERA);
  const dayOfEra = shifted - era * DAYS_PER_ERA;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1;
  const month = (monthFromMarch + 2) % 12;
  const year = yearOfEra + era * 400 + (month < 2 ? 1 : 0);
  const hour = Math.floor(seconds / 3600);
  const two = (n: number): string => String(n).padStart(2, "0");
  return `${MONTHS[month]} ${day}, ${year} ${hour % 12 === 0 ? 12 : hour % 12}:${two(Math.floor(seconds / 60) % 60)}:`
    + `${two(seconds % 60)} ${hour < 12 ? "AM" : "PM"} UTC`;
}
