// Backups, restores, exports, imports and bulk operations: there are none, and the answers say so as DynamoDB does of
// one that is not there.
import type { Call } from "../call.ts";
import { type Failure, resourceNotFound, serviceError, validation } from "../errors.ts";
import {
  CREATE_BACKUP, DESCRIBE_EXPORT, DESCRIBE_IMPORT, EXPORT_TABLE, LIST_BACKUPS, LIST_BULK_OPERATIONS, LIST_EXPORTS,
  LIST_IMPORTS, NAMED_BACKUP, NAMED_BULK_OPERATION, RESTORE_BACKUP, RESTORE_TO_TIME,
} from "../validate/backup-shapes.ts";
import type { JsonObject } from "../validate/json-object.ts";
import { isTableNameRight, tableRefOf } from "../validate/names.ts";
import type { StructureShape } from "../validate/shape.ts";
import { sourceNotFound } from "./continuous-backups.ts";
import type { OperationHandler } from "./handler.ts";
import { lengthFailure, tableNameOf } from "./table-name.ts";

export const createBackup: OperationHandler = { shape: CREATE_BACKUP, run: runCreate };
export const describeBackup: OperationHandler = { shape: NAMED_BACKUP, run: backupMissing };
export const deleteBackup: OperationHandler = { shape: NAMED_BACKUP, run: backupMissing };
export const restoreTableFromBackup: OperationHandler = { shape: RESTORE_BACKUP, run: restoreMissing };
export const listBackups: OperationHandler = { shape: LIST_BACKUPS, run: runListBackups };
export const restoreTableToPointInTime: OperationHandler = { shape: RESTORE_TO_TIME, run: runRestore };
export const exportTableToPointInTime: OperationHandler = { shape: EXPORT_TABLE, run: runExport };
export const describeExport: OperationHandler = describeJob(DESCRIBE_EXPORT, "Export");
export const describeImport: OperationHandler = describeJob(DESCRIBE_IMPORT, "Import");
export const listExports: OperationHandler = emptyList(LIST_EXPORTS, "ExportSummaries");
export const listImports: OperationHandler = emptyList(LIST_IMPORTS, "ImportSummaryList");
export const listBulkOperations: OperationHandler = emptyList(LIST_BULK_OPERATIONS, "BulkOperationsSummaryList");
/** DescribeBulkOperation and CancelBulkOperation. */
export const namedBulkOperation: OperationHandler = { shape: NAMED_BULK_OPERATION, run: bulkMissing };

function runCreate(input: JsonObject, call: Call): Failure {
  const name = tableNameOf(input);
  const table = call.context.lookupTable(name);
  if (table === null || table.status === "CREATING") return sourceNotFound(name);
  return serviceError("ContinuousBackupsUnavailableException",
    `Backups are not available on this server. Table: ${name}`);
}

/** `arn:partition:dynamodb:region:account:table/name/backup/id`; `kind` may be an export or import as well. */
function isArnOf(kind: string, arn: string): boolean {
  const parts = arn.split(":");
  const path = parts.slice(5).join(":").split("/");
  return parts[0] === "arn" && parts[2] === "dynamodb" && path.length === 4 && path[0] === "table" && path[2] === kind;
}

function backupMissing(input: JsonObject): Failure {
  const arn = input["BackupArn"] as string;
  if (!isArnOf("backup", arn)) return validation("Invalid Backup ARN");
  return serviceError("BackupNotFoundException", `Backup not found: ${arn}`);
}

function restoreMissing(input: JsonObject): Failure {
  return lengthFailure("TableName", input["TargetTableName"] as string) ?? backupMissing(input);
}

function runListBackups(input: JsonObject, call: Call): Failure | null {
  const lower = input["TimeRangeLowerBound"] as number | undefined;
  const upper = input["TimeRangeUpperBound"] as number | undefined;
  if (lower !== undefined && upper !== undefined && lower > upper) {
    return validation("One or more parameter values were invalid: "
      + "Time range lower bound must be less than or equal to upper bound");
  }
  const start = input["ExclusiveStartBackupArn"] as string | undefined;
  if (start !== undefined && !isArnOf("backup", start)) return validation("Invalid Backup ARN");
  call.succeedText('{"BackupSummaries":[]}');
  return null;
}

/** No answer ever had a token to go on with, so one that is sent is wrong. */
function emptyList(shape: StructureShape, member: string): OperationHandler {
  return {
    shape,
    run: (input, call) => {
      const token = input["NextToken"] as string | undefined;
      if (token !== undefined) return validation(`Invalid Request: Provided nextToken is invalid: ${token}`);
      const arn = input["TableArn"] as string | undefined;
      if (arn !== undefined && nameInArn(arn) === null) return validation("tableArn is not a valid ARN");
      call.succeedText(JSON.stringify({ [member]: [] }));
      return null;
    },
  };
}

function describeJob(shape: StructureShape, kind: "Export" | "Import"): OperationHandler {
  return {
    shape,
    run: (input) => {
      const arn = input[`${kind}Arn`] as string;
      if (!isArnOf(kind.toLowerCase(), arn)) return validation(`Invalid ${kind} ARN`);
      return serviceError(`${kind}NotFoundException`, `${kind} not found: ${kind} not found: ${arn}`);
    },
  };
}

function bulkMissing(input: JsonObject): Failure {
  const arn = input["BulkOperationArn"] as string;
  return resourceNotFound(`Requested resource not found: BulkOperation: ${arn} not found`);
}

/** The table's name; null: not a table's ARN. */
function nameInArn(arn: string): string | null {
  const ref = tableRefOf(arn);
  return ref !== null && ref.isArn && isTableNameRight(ref.name) ? ref.name : null;
}

function runExport(input: JsonObject, call: Call): Failure {
  const arn = input["TableArn"] as string;
  if (arn === "") return validation("Invalid TableArn: Invalid Table ARN");
  const increment = input["IncrementalExportSpecification"] as { readonly ExportFromTime?: number } | undefined;
  const isIncremental = increment !== undefined || input["ExportType"] === "INCREMENTAL_EXPORT";
  if (isIncremental && increment?.ExportFromTime === undefined) {
    return validation("Invalid Request: ExportFromTime must be provided in IncrementalExportSpecification");
  }
  const name = nameInArn(arn);
  if (name === null) return validation("tableArn is not a valid ARN");
  if (call.context.lookupTable(name) === null) return sourceNotFound(arn);
  return recoveryOff(name);
}

function recoveryOff(name: string): Failure {
  return serviceError("PointInTimeRecoveryUnavailableException",
    `Point in time recovery is not enabled for table '${name}'`);
}

function runRestore(input: JsonObject, call: Call): Failure {
  const arn = input["SourceTableArn"] as string | undefined;
  const plain = input["SourceTableName"] as string | undefined;
  if (arn === undefined && plain === undefined) {
    return validation("The parameter 'TableName' is required but was not present in the request");
  }
  if (arn !== undefined && plain !== undefined) {
    return validation("Must provide exactly one of: sourceTableArn, sourceTableName");
  }
  const wrong = lengthFailure("TableName", input["TargetTableName"] as string);
  if (wrong !== null) return wrong;
  const isLatest = input["UseLatestRestorableTime"] === true;
  const hasTime = input["RestoreDateTime"] !== undefined;
  if (isLatest && hasTime) {
    return validation("Invalid Request: Both RestoreDateTime and UseLatestRestorableTime cannot be set for "
      + "point-in-time restore request. Please specify either RestoreDateTime time or UseLatestRestorableTime");
  }
  if (!isLatest && !hasTime) {
    return validation("Invalid Request: Either one of RestoreDateTime or UseLatestRestorableTime must be specified, "
      + "but not both");
  }
  const name = plain ?? nameInArn(arn ?? "");
  if (name === null) return validation("sourceTableArn is not a valid ARN");
  return call.context.lookupTable(name) === null ? sourceNotFound(name) : recoveryOff(name);
}
