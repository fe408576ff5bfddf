// DescribeContinuousBackups and UpdateContinuousBackups: there is no point-in-time recovery; it is off and stays off.
import type { Call } from "../call.ts";
import { type Failure, serviceError, validation } from "../errors.ts";
import type { JsonObject } from "../validate/json-object.ts";
import { UPDATE_CONTINUOUS_BACKUPS } from "../validate/settings-shapes.ts";
import { NAMED_TABLE } from "../validate/shared-shapes.ts";
import type { OperationHandler } from "./handler.ts";
import { tableNameOf } from "./table-name.ts";

export const describeContinuousBackups: OperationHandler = { shape: NAMED_TABLE, run: runDescribe };
export const updateContinuousBackups: OperationHandler = { shape: UPDATE_CONTINUOUS_BACKUPS, run: runUpdate };

const DESCRIPTION = JSON.stringify({
  ContinuousBackupsDescription: {
    ContinuousBackupsStatus: "ENABLED", PointInTimeRecoveryDescription: { PointInTimeRecoveryStatus: "DISABLED" },
  },
});

/** What the operations of backups, exports and restores call a table that is not there. */
export function sourceNotFound(name: string): Failure {
  return serviceError("TableNotFoundException", `Table not found: ${name}`);
}

function runDescribe(input: JsonObject, call: Call): Failure | null {
  const name = tableNameOf(input);
  if (call.context.lookupTable(name) === null) return sourceNotFound(name);
  call.succeedText(DESCRIPTION);
  return null;
}

function runUpdate(input: JsonObject, call: Call): Failure | null {
  const name = tableNameOf(input);
  const { PointInTimeRecoveryEnabled: isEnabled, RecoveryPeriodInDays: days } =
    input["PointInTimeRecoverySpecification"] as { PointInTimeRecoveryEnabled: boolean; RecoveryPeriodInDays?: number };
  if (!isEnabled && days !== undefined) {
    return validation("Invalid Request: Cannot specify RecoveryPeriodInDays when disabling point-in-time recovery.");
  }
  const table = call.context.lookupTable(name);
  if (table === null || table.status === "CREATING") return sourceNotFound(name);
  if (isEnabled) {
    return serviceError("ContinuousBackupsUnavailableException",
      `Point in time recovery is not available on this server. Table: ${name}`);
  }
  call.succeedText(DESCRIPTION);
  return null;
}
