// Settings that CreateTable and UpdateTable have in common, from their parameters. Undefined: not given.
import { THROUGHPUT_UNITS_MAX } from "../../../model/limits.ts";
import type { Billing } from "../../../model/table-schema.ts";
import type { Encryption, TableClass, Throughput, ThroughputCap } from "../../../model/table-settings.ts";
import type { StreamViewType } from "../../../model/table-stream.ts";
import { warmOf } from "../../../model/warm-throughput.ts";
import { type Failure, validation } from "../errors.ts";
import { type Result, no, ok } from "../result.ts";
import type { JsonObject } from "../validate/json-object.ts";

const INVALID = "One or more parameter values were invalid: ";

export function throughputIn(input: JsonObject): Result<Throughput | undefined> {
  const given = input["ProvisionedThroughput"] as { ReadCapacityUnits: number; WriteCapacityUnits: number } | undefined;
  if (given === undefined) return ok(undefined);
  const { ReadCapacityUnits: readUnits, WriteCapacityUnits: writeUnits } = given;
  if (readUnits > THROUGHPUT_UNITS_MAX) return no(outOfBounds(readUnits, "ReadCapacityUnits"));
  if (writeUnits > THROUGHPUT_UNITS_MAX) return no(outOfBounds(writeUnits, "WriteCapacityUnits"));
  return ok({ readUnits, writeUnits });
}

function outOfBounds(units: number, name: string): Failure {
  return validation(`Given value ${units} for ${name} is out of bounds`);
}

export function throughputWithOnDemand(): Failure {
  return validation(`${INVALID}Neither ReadCapacityUnits nor WriteCapacityUnits can be specified `
    + "when BillingMode is PAY_PER_REQUEST");
}

export function classIn(input: JsonObject): Result<TableClass | undefined> {
  const name = input["TableClass"] as string | undefined;
  if (name === undefined || name === "STANDARD" || name === "STANDARD_INFREQUENT_ACCESS") return ok(name);
  return no(validation("Invalid table-class parameter provided. Please try again with a valid table-class value: "
    + "[STANDARD, STANDARD_INFREQUENT_ACCESS]."));
}

/** In an update, -1 takes a bound away. */
const UNBOUNDED = -1;

/** A structure without members counts as not given. `index`: whose it is; null: the table's. */
export function onDemandCapIn(
  input: JsonObject, canClear: boolean, index: string | null,
): Result<Partial<ThroughputCap> | undefined> {
  const given = input["OnDemandThroughput"] as
    { MaxReadRequestUnits?: number; MaxWriteRequestUnits?: number } | undefined;
  const { MaxReadRequestUnits: reads, MaxWriteRequestUnits: writes } = given ?? {};
  if (reads === undefined && writes === undefined) return ok(undefined);
  for (const [name, units] of [["MaxReadRequestUnits", reads], ["MaxWriteRequestUnits", writes]] as const) {
    if (units === undefined || (units >= 1 && units <= THROUGHPUT_UNITS_MAX)) continue;
    if (units === UNBOUNDED && canClear) continue;
    const whose = index === null ? "table" : `index : ${index}`;
    return no(validation(`${INVALID}Requested ${name} for OnDemandThroughput for ${whose} is outside of valid range`));
  }
  return ok({
    ...(reads === undefined ? {} : { readUnits: reads === UNBOUNDED ? null : reads }),
    ...(writes === undefined ? {} : { writeUnits: writes === UNBOUNDED ? null : writes }),
  });
}

/** In the words of CreateTable. */
export function newCapWithProvisioned({ readUnits }: Partial<ThroughputCap>, index: string | null): Failure {
  const name = readUnits === undefined ? "MaxWriteRequestUnits" : "MaxReadRequestUnits";
  return validation(`${INVALID}${name} for OnDemandThroughput ${index === null ? "" : `for index: ${index} `}`
    + "cannot be specified when table BillingMode is PROVISIONED.");
}

/** A structure without members counts as not given. */
export function warmIn(input: JsonObject): Result<Partial<Throughput> | undefined> {
  const given = input["WarmThroughput"] as
    { ReadUnitsPerSecond?: number; WriteUnitsPerSecond?: number } | undefined;
  const { ReadUnitsPerSecond: readUnits, WriteUnitsPerSecond: writeUnits } = given ?? {};
  if (readUnits === undefined && writeUnits === undefined) return ok(undefined);
  for (const [name, units] of [["ReadUnitsPerSecond", readUnits], ["WriteUnitsPerSecond", writeUnits]] as const) {
    if (units !== undefined && units > THROUGHPUT_UNITS_MAX) return no(outOfBounds(units, name));
  }
  // Below nothing is refused like nothing: as lower than what there is.
  return ok({
    ...(readUnits === undefined ? {} : { readUnits: Math.max(0, readUnits) }),
    ...(writeUnits === undefined ? {} : { writeUnits: Math.max(0, writeUnits) }),
  });
}

const INITIAL_PAGE = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/"
  + "on-demand-capacity-mode.html#on-demand-capacity-mode-initial";

/** Null: not less is asked for than what a new table or index, billed like that, has by itself. */
export function coldFailure(wanted: Partial<Throughput>, billing: Billing, index: string | null): Failure | null {
  const own = warmOf({ billing });
  const isRead = (wanted.readUnits ?? own.readUnits) < own.readUnits;
  if (!isRead && (wanted.writeUnits ?? own.writeUnits) >= own.writeUnits) return null;
  const floor = billing.mode === "PAY_PER_REQUEST" ? `initial throughput for OnDemand. See: ${INITIAL_PAGE}`
    : `${isRead ? "ReadCapacityUnits" : "WriteCapacityUnits"} of ProvisionedThroughput`;
  return validation(`${INVALID}Requested ${isRead ? "ReadUnitsPerSecond" : "WriteUnitsPerSecond"} `
    + `for WarmThroughput for ${index === null ? "table" : `index ${index}`} is lower than ${floor}`);
}

/** Null: a key of the service, which every table has by itself. A type alone switches encryption on. */
export function encryptionIn(input: JsonObject): Result<Encryption | null | undefined> {
  const given = input["SSESpecification"] as
    { Enabled?: boolean; SSEType?: string; KMSMasterKeyId?: string } | undefined;
  if (given === undefined) return ok(undefined);
  const { Enabled, SSEType, KMSMasterKeyId: key } = given;
  const problem = encryptionProblem(Enabled, SSEType, key);
  if (problem !== null) return no(validation(`${INVALID}${problem}`));
  return ok(Enabled !== true && SSEType === undefined ? null : { key: key ?? null });
}

function encryptionProblem(
  isEnabled: boolean | undefined, type: string | undefined, key: string | undefined,
): string | null {
  if (isEnabled === false && type !== undefined) return "SSEType can not be specified if Enabled is false";
  if (isEnabled === false && key !== undefined) return "KMSMasterKeyId can not be specified if Enabled is false";
  if (type === "AES256") return "SSEType AES256 is not supported";
  if (key === undefined) return null;
  return type === undefined ? "SSEType KMS is required if KMSMasterKeyId is specified" : null;
}

/** Null: no stream, or no longer one. */
export function streamIn(input: JsonObject, isNew: boolean): Result<StreamViewType | null | undefined> {
  const given = input["StreamSpecification"] as
    { StreamEnabled: boolean; StreamViewType?: StreamViewType } | undefined;
  if (given === undefined) return ok(undefined);
  const { StreamEnabled: isEnabled, StreamViewType: view } = given;
  if (!isEnabled && view !== undefined) {
    return no(validation(`${INVALID}${isNew
      ? "Table is being created with a stream disabled, UpdateViewType should not be specified"
      : "If stream is being disabled, then UpdateViewType must not be specified"}`));
  }
  if (isEnabled && view === undefined) {
    return no(validation(`${INVALID}${isNew
      ? "Table is being created with a stream enabled, UpdateViewType is required"
      : "If stream is being enabled then UpdateViewType is required"}`));
  }
  return ok(view ?? null);
}
