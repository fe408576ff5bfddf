// Settings that CreateTable and UpdateTable have in common, from their parameters.
import { THROUGHPUT_UNITS_MAX } from "../../../model/limits.ts";
import type { Encryption, Throughput, ThroughputCap } from "../../../model/table-settings.ts";
import { type Failure, validation } from "../errors.ts";
import { type Result, no, ok } from "../result.ts";
import type { JsonObject } from "../validate/json-object.ts";

const INVALID = "One or more parameter values were invalid: ";

/** Undefined: not given. */
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

export function capWithProvisioned(): Failure {
  return validation(`${INVALID}${CAP_WITH_PROVISIONED}`);
}

const CAP_WITH_PROVISIONED = "Neither MaxReadRequestUnits nor MaxWriteRequestUnits can be specified "
  + "when BillingMode is PROVISIONED";
const UNBOUNDED = -1;

/** Undefined: not given. -1 stands for no bound. */
export function onDemandCapIn(input: JsonObject): Result<Partial<ThroughputCap> | undefined> {
  const given = input["OnDemandThroughput"] as
    { MaxReadRequestUnits?: number; MaxWriteRequestUnits?: number } | undefined;
  if (given === undefined) return ok(undefined);
  const { MaxReadRequestUnits: reads, MaxWriteRequestUnits: writes } = given;
  if (reads === undefined && writes === undefined) {
    return no(validation(`${INVALID}At least one of MaxReadRequestUnits or MaxWriteRequestUnits must be specified `
      + "in OnDemandThroughput"));
  }
  for (const [name, units] of [["MaxReadRequestUnits", reads], ["MaxWriteRequestUnits", writes]] as const) {
    if (units === undefined) continue;
    if (units !== UNBOUNDED && units < 1) {
      return no(validation(`${INVALID}${name} must be -1 or at least 1`));
    }
    if (units > THROUGHPUT_UNITS_MAX) return no(outOfBounds(units, name));
  }
  return ok({
    ...(reads === undefined ? {} : { readUnits: reads === UNBOUNDED ? null : reads }),
    ...(writes === undefined ? {} : { writeUnits: writes === UNBOUNDED ? null : writes }),
  });
}

/** Undefined: not given. */
export function warmIn(input: JsonObject): Result<Partial<Throughput> | undefined> {
  const given = input["WarmThroughput"] as
    { ReadUnitsPerSecond?: number; WriteUnitsPerSecond?: number } | undefined;
  if (given === undefined) return ok(undefined);
  const { ReadUnitsPerSecond: readUnits, WriteUnitsPerSecond: writeUnits } = given;
  if (readUnits === undefined && writeUnits === undefined) {
    return no(validation(`${INVALID}At least one of ReadUnitsPerSecond or WriteUnitsPerSecond must be specified `
      + "in WarmThroughput"));
  }
  for (const [name, units] of [["ReadUnitsPerSecond", readUnits], ["WriteUnitsPerSecond", writeUnits]] as const) {
    if (units !== undefined && units > THROUGHPUT_UNITS_MAX) return no(outOfBounds(units, name));
  }
  return ok({
    ...(readUnits === undefined ? {} : { readUnits }), ...(writeUnits === undefined ? {} : { writeUnits }),
  });
}

/** Undefined: not given. Null: a key of the service, which every table has by itself. */
export function encryptionIn(input: JsonObject): Result<Encryption | null | undefined> {
  const given = input["SSESpecification"] as
    { Enabled?: boolean; SSEType?: string; KMSMasterKeyId?: string } | undefined;
  if (given === undefined) return ok(undefined);
  const { Enabled, SSEType, KMSMasterKeyId } = given;
  if (Enabled !== true) {
    if (SSEType === undefined && KMSMasterKeyId === undefined) return ok(null);
    return no(validation(`${INVALID}SSEType and KMSMasterKeyId can be specified only when Enabled is true`));
  }
  if (SSEType === "AES256") {
    return no(validation(`${INVALID}The only supported value for SSEType is KMS`));
  }
  return ok({ key: KMSMasterKeyId ?? null });
}
