// The operations around other services and regions: backups, exports, imports, global tables, Kinesis.
import {
  createBackup, deleteBackup, describeBackup, describeExport, describeImport, exportTableToPointInTime, listBackups,
  listBulkOperations, listExports, listImports, namedBulkOperation, restoreTableFromBackup, restoreTableToPointInTime,
} from "../operations/backups.ts";
import { describeContinuousBackups, updateContinuousBackups } from "../operations/continuous-backups.ts";
import {
  createGlobalTable, describeGlobalTable, describeGlobalTableSettings, describeTableReplicaAutoScaling,
  listGlobalTables, updateGlobalTable, updateGlobalTableSettings, updateTableReplicaAutoScaling,
} from "../operations/global-tables.ts";
import { describeKinesis, disableKinesis, enableKinesis, updateKinesis } from "../operations/kinesis.ts";
import { IMPORT_TABLE, START_BULK_PUT } from "../validate/backup-shapes.ts";
import { type Entry, complete, partial, partly, refused, unavailable } from "./entry.ts";

const NO_BACKUPS = "there are no backups; the one that is named is not found";
const NO_EXPORTS = "there are no exports; the one that is named is not found";
const NO_IMPORTS = "there are no imports; the one that is named is not found";
const NO_BULK = "there are no bulk operations; the one that is named is not found";
const NO_REPLICAS = "tables have no replicas; the global table that is named is not found";
const NO_KINESIS = "tables have no Kinesis destinations";
const EMPTY = "the list is empty";

export const OTHER_OPERATIONS: Readonly<Record<string, Entry>> = {
  CancelBulkOperation: unavailable(namedBulkOperation, NO_BULK),
  CreateBackup: unavailable(createBackup, "ContinuousBackupsUnavailableException"),
  CreateGlobalTable: complete(createGlobalTable),
  DeleteBackup: unavailable(deleteBackup, NO_BACKUPS),
  DescribeBackup: unavailable(describeBackup, NO_BACKUPS),
  DescribeBulkOperation: unavailable(namedBulkOperation, NO_BULK),
  DescribeContinuousBackups: complete(describeContinuousBackups),
  DescribeExport: unavailable(describeExport, NO_EXPORTS),
  DescribeGlobalTable: complete(describeGlobalTable),
  DescribeGlobalTableSettings: complete(describeGlobalTableSettings),
  DescribeImport: unavailable(describeImport, NO_IMPORTS),
  DescribeKinesisStreamingDestination: unavailable(describeKinesis, `${NO_KINESIS}; ${EMPTY}`),
  DescribeTableReplicaAutoScaling: unavailable(describeTableReplicaAutoScaling, NO_REPLICAS),
  DisableKinesisStreamingDestination: unavailable(disableKinesis, `${NO_KINESIS}; there is none to disable`),
  EnableKinesisStreamingDestination: unavailable(enableKinesis, "the Kinesis stream is not found"),
  ExportTableToPointInTime: unavailable(exportTableToPointInTime, "PointInTimeRecoveryUnavailableException"),
  ImportTable: refused("ImportTable", IMPORT_TABLE),
  ListBackups: unavailable(listBackups, EMPTY),
  ListBulkOperations: unavailable(listBulkOperations, EMPTY),
  ListExports: unavailable(listExports, EMPTY),
  ListGlobalTables: complete(listGlobalTables),
  ListImports: unavailable(listImports, EMPTY),
  RestoreTableFromBackup: unavailable(restoreTableFromBackup, NO_BACKUPS),
  RestoreTableToPointInTime: unavailable(restoreTableToPointInTime, "PointInTimeRecoveryUnavailableException"),
  StartBulkPutItems: refused("StartBulkPutItems", START_BULK_PUT),
  UpdateContinuousBackups: partial(updateContinuousBackups, "there is no point-in-time recovery", {
    PointInTimeRecoverySpecification: partly("switching on is answered with ContinuousBackupsUnavailableException"),
  }),
  UpdateGlobalTable: complete(updateGlobalTable),
  UpdateGlobalTableSettings: complete(updateGlobalTableSettings),
  UpdateKinesisStreamingDestination: unavailable(updateKinesis, `${NO_KINESIS}; there is none to update`),
  UpdateTableReplicaAutoScaling: unavailable(updateTableReplicaAutoScaling, NO_REPLICAS),
};
