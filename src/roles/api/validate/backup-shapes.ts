// Inputs of backups, restores, exports, imports and bulk operations. Bounds are those of the service model.
import { TABLE_ARN_LENGTH_MAX } from "../../../model/limits.ts";
import { BOOLEAN, TEXT, TIMESTAMP, VALUES, integer, list, long, oneOf, pattern, string, structure } from "./shape.ts";
import type { StringShape, StructureShape } from "./shape.ts";
import { LOOSE_NAME, NAME_PATTERN, PLAIN_TABLE_NAME, TABLE_REF } from "./names.ts";
import { LONG_ARN, NAMES, TABLE_ARN } from "./shared-shapes.ts";
import {
  ATTRIBUTE_DEFINITION, BILLING_MODE, GLOBAL_INDEX, KEY_SCHEMA_ELEMENT, LOCAL_INDEX, ON_DEMAND_THROUGHPUT,
  PROVISIONED_THROUGHPUT, SSE_SPECIFICATION,
} from "./table-parts.ts";
import { VECTOR_INDEX } from "./vector-shapes.ts";

/** Backups, exports and imports in one answer. */
const BACKUPS_COUNT_MAX = 100;
const JOBS_COUNT_MAX = 25;

export const CREATE_BACKUP: StructureShape = structure("CreateBackupInput", {
  "TableName!": TABLE_REF,
  "BackupName!": string({ min: 3, max: 255, pattern: NAME_PATTERN }),
});
/** What is no ARN has texts of its own (operations/backups.ts). */
const LOOSE_ARN: StringShape = string({ max: TABLE_ARN_LENGTH_MAX });
/** DescribeBackup and DeleteBackup. */
export const NAMED_BACKUP: StructureShape = structure("DescribeBackupInput", { "BackupArn!": LOOSE_ARN });
export const LIST_BACKUPS: StructureShape = structure("ListBackupsInput", {
  TableName: TABLE_REF,
  Limit: integer(1, BACKUPS_COUNT_MAX),
  TimeRangeLowerBound: TIMESTAMP,
  TimeRangeUpperBound: TIMESTAMP,
  ExclusiveStartBackupArn: LONG_ARN,
  BackupType: oneOf("USER", "SYSTEM", "AWS_BACKUP", "ALL"),
});

const RESTORE_MEMBERS = {
  BillingModeOverride: BILLING_MODE,
  GlobalSecondaryIndexOverride: list(GLOBAL_INDEX),
  LocalSecondaryIndexOverride: list(LOCAL_INDEX),
  ProvisionedThroughputOverride: PROVISIONED_THROUGHPUT,
  OnDemandThroughputOverride: ON_DEMAND_THROUGHPUT,
  SSESpecificationOverride: SSE_SPECIFICATION,
  VectorIndexOverride: list(VECTOR_INDEX),
} as const;

export const RESTORE_BACKUP: StructureShape = structure("RestoreTableFromBackupInput", {
  "TargetTableName!": LOOSE_NAME,
  "BackupArn!": LOOSE_ARN,
  ...RESTORE_MEMBERS,
});
export const RESTORE_TO_TIME: StructureShape = structure("RestoreTableToPointInTimeInput", {
  SourceTableArn: TABLE_ARN,
  SourceTableName: PLAIN_TABLE_NAME,
  "TargetTableName!": LOOSE_NAME,
  UseLatestRestorableTime: BOOLEAN,
  RestoreDateTime: TIMESTAMP,
  ...RESTORE_MEMBERS,
});

const CLIENT_TOKEN: StringShape = string({ pattern: pattern("^[^\\$]+$", /^[^$]+$/) });
const BUCKET: StringShape = string({
  max: 255,
  pattern: pattern("^[a-z0-9A-Z]+[\\.\\-\\w]*[a-z0-9A-Z]+$", /^[a-z0-9A-Z][.\-\w]*[a-z0-9A-Z]$/),
});
const BUCKET_OWNER: StringShape = string({ pattern: pattern("[0-9]{12}", /^[0-9]{12}$/) });
const PREFIX: StringShape = string({ max: 1_024 });
const BUCKET_KEY_ID: StringShape = string({ min: 1, max: 2_048 });
const BUCKET_ENCRYPTION: StringShape = oneOf("AES256", "KMS");

export const EXPORT_TABLE: StructureShape = structure("ExportTableToPointInTimeInput", {
  "TableArn!": LOOSE_ARN,
  ExportTime: TIMESTAMP,
  ClientToken: CLIENT_TOKEN,
  "S3Bucket!": BUCKET,
  S3BucketOwner: BUCKET_OWNER,
  S3Prefix: PREFIX,
  S3SseAlgorithm: BUCKET_ENCRYPTION,
  S3SseKmsKeyId: BUCKET_KEY_ID,
  ExportFormat: oneOf("DYNAMODB_JSON", "ION"),
  ExportType: oneOf("FULL_EXPORT", "INCREMENTAL_EXPORT"),
  IncrementalExportSpecification: structure("IncrementalExportSpecification", {
    ExportFromTime: TIMESTAMP,
    ExportToTime: TIMESTAMP,
    ExportViewType: oneOf("NEW_IMAGE", "NEW_AND_OLD_IMAGES"),
  }),
  FilterSpecification: structure("FilterSpecification", {
    FilterExpression: TEXT,
    ProjectionExpression: TEXT,
    KeyConditionExpression: TEXT,
    ExpressionAttributeNames: NAMES,
    ExpressionAttributeValues: VALUES,
  }),
});
export const DESCRIBE_EXPORT: StructureShape = structure("DescribeExportInput", { "ExportArn!": LONG_ARN });
export const LIST_EXPORTS: StructureShape = structure("ListExportsInput", {
  TableArn: TABLE_ARN,
  MaxResults: integer(1, JOBS_COUNT_MAX),
  NextToken: TEXT,
});

const INPUT_COMPRESSION: StringShape = oneOf("GZIP", "ZSTD", "NONE");
const CSV_DELIMITER = string({ min: 1, max: 1, pattern: pattern("[,;:|\\t ]", /^[,;:|\t ]$/) });
const CSV_HEADER = string({
  min: 1, max: 65_536,
  pattern: pattern("[\\x20-\\x21\\x23-\\x2B\\x2D-\\x7E]*", /^[\x20-\x21\x23-\x2B\x2D-\x7E]*$/),
});

export const IMPORT_TABLE: StructureShape = structure("ImportTableInput", {
  ClientToken: CLIENT_TOKEN,
  "S3BucketSource!": structure("S3BucketSource", {
    S3BucketOwner: BUCKET_OWNER,
    "S3Bucket!": BUCKET,
    S3KeyPrefix: PREFIX,
  }),
  "InputFormat!": oneOf("DYNAMODB_JSON", "ION", "CSV"),
  InputFormatOptions: structure("InputFormatOptions", {
    Csv: structure("CsvOptions", { Delimiter: CSV_DELIMITER, HeaderList: list(CSV_HEADER, 1, 255) }),
  }),
  InputCompressionType: INPUT_COMPRESSION,
  "TableCreationParameters!": structure("TableCreationParameters", {
    "TableName!": PLAIN_TABLE_NAME,
    "AttributeDefinitions!": list(ATTRIBUTE_DEFINITION),
    "KeySchema!": list(KEY_SCHEMA_ELEMENT, 1),
    BillingMode: BILLING_MODE,
    ProvisionedThroughput: PROVISIONED_THROUGHPUT,
    OnDemandThroughput: ON_DEMAND_THROUGHPUT,
    SSESpecification: SSE_SPECIFICATION,
    GlobalSecondaryIndexes: list(GLOBAL_INDEX),
    VectorIndexes: list(VECTOR_INDEX),
  }),
});
export const DESCRIBE_IMPORT: StructureShape = structure("DescribeImportInput", { "ImportArn!": LONG_ARN });
export const LIST_IMPORTS: StructureShape = structure("ListImportsInput", {
  TableArn: TABLE_ARN,
  PageSize: integer(1, JOBS_COUNT_MAX),
  NextToken: string({ min: 112, max: 1_024, pattern: pattern("([0-9a-f]{16})+", /^(?:[0-9a-f]{16})+$/) }),
});

/** No released model bounds the length of these. */
export const NAMED_BULK_OPERATION: StructureShape = structure("DescribeBulkOperationInput", {
  "BulkOperationArn!": TEXT,
});
export const LIST_BULK_OPERATIONS: StructureShape = structure("ListBulkOperationsInput", {
  MaxResults: integer(1),
  NextToken: TEXT,
});
/** Units per second below which a bulk operation cannot be held. */
const BULK_UNITS_MIN = 1_024;

export const START_BULK_PUT: StructureShape = structure("StartBulkPutItemsInput", {
  ClientToken: CLIENT_TOKEN,
  "InputS3Configuration!": structure("InputS3Configuration", {
    S3BucketOwner: BUCKET_OWNER,
    "S3Bucket!": BUCKET,
    S3KeyPrefix: PREFIX,
    "InputFormat!": oneOf("DYNAMODB_JSON", "ION"),
    InputCompressionType: INPUT_COMPRESSION,
  }),
  "OutputS3Configuration!": structure("OutputS3Configuration", {
    S3BucketOwner: BUCKET_OWNER,
    S3Bucket: BUCKET,
    S3KeyPrefix: PREFIX,
    S3SseAlgorithm: BUCKET_ENCRYPTION,
    S3SseKmsKeyId: BUCKET_KEY_ID,
    "OutputType!": list(oneOf("ERROR", "CONDITION_CHECK_FAILURE")),
  }),
  "TableName!": TABLE_REF,
  MaxWriteRequestUnits: long(BULK_UNITS_MIN),
  PerformanceTier: oneOf("STANDARD", "ACCELERATED"),
});
