// DescribeLimits and DescribeEndpoints.
import { TABLE_UNITS_MAX } from "../../../model/limits.ts";
import type { Call } from "../call.ts";
import type { Failure } from "../errors.ts";
import type { OperationHandler } from "./handler.ts";
import type { JsonObject } from "../validate/json-object.ts";
import { NO_INPUT } from "../validate/shared-shapes.ts";

export const describeLimits: OperationHandler = { shape: NO_INPUT, run: runLimits };
export const describeEndpoints: OperationHandler = { shape: NO_INPUT, run: runEndpoints };

/** Units per second: an AWS account's quotas to begin with, which programs written for DynamoDB expect. */
const LIMITS = '{"AccountMaxReadCapacityUnits":80000,"AccountMaxWriteCapacityUnits":80000,'
  + `"TableMaxReadCapacityUnits":${TABLE_UNITS_MAX},"TableMaxWriteCapacityUnits":${TABLE_UNITS_MAX}}`;
/** A day: the address never changes. */
const CACHE_MINUTES = 1_440;

function runLimits(_input: JsonObject, call: Call): Failure | null {
  call.succeedText(LIMITS);
  return null;
}

/** The address the client has used: it is the only one this front end knows to be reachable. */
function runEndpoints(_input: JsonObject, call: Call): Failure | null {
  const endpoints = [{ Address: call.headers.get("host"), CachePeriodInMinutes: CACHE_MINUTES }];
  call.succeedText(JSON.stringify({ Endpoints: endpoints }));
  return null;
}
