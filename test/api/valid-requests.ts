// One rich valid request of each operation: what random changes start from.
import { REGION } from "./kit.ts";

/** What there is to be asked about. */
export type Surroundings = {
  readonly streamArn: string;
  readonly shardId: string;
  readonly shardIterator: string;
  readonly sequenceNumber: string;
};

export const TABLE_ARN: string = `arn:aws:dynamodb:${REGION}:000000000000:table/main`;
const BACKUP_ARN = `${TABLE_ARN}/backup/01234567890123-abcdefgh`;
const POLICY = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { AWS: "000000000000" }, Action: "dynamodb:GetItem", Resource: TABLE_ARN }],
});

const HASH = (name: string): unknown => ({ AttributeName: name, KeyType: "HASH" });
const RANGE = (name: string): unknown => ({ AttributeName: name, KeyType: "RANGE" });
const DEFINED = (name: string, type: string): unknown => ({ AttributeName: name, AttributeType: type });
const KEY = { pk: { S: "a" }, sk: { N: "1" } };
const VALUES = {
  ":s": { S: "a" }, ":n": { N: "5" }, ":ss": { SS: ["x", "y"] }, ":l": { L: [{ M: { q: { NULL: true } } }] },
};
const UNITS = { ReadCapacityUnits: 2, WriteCapacityUnits: 3 };
const KINESIS = { TableName: "main", StreamArn: `arn:aws:kinesis:${REGION}:000000000000:stream/one` };
const SCALING = { MinimumUnits: 1, MaximumUnits: 5, AutoScalingDisabled: false };

/** The table that most requests are about. */
export const MAIN_TABLE: unknown = {
  TableName: "main", BillingMode: "PAY_PER_REQUEST", KeySchema: [HASH("pk"), RANGE("sk")],
  AttributeDefinitions: [DEFINED("pk", "S"), DEFINED("sk", "N"), DEFINED("v", "S")],
  LocalSecondaryIndexes: [{
    IndexName: "local", KeySchema: [HASH("pk"), RANGE("v")], Projection: { ProjectionType: "KEYS_ONLY" },
  }],
  GlobalSecondaryIndexes: [{ IndexName: "global", KeySchema: [HASH("v")], Projection: { ProjectionType: "ALL" } }],
  StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_AND_OLD_IMAGES" },
};

const ITEMS: Readonly<Record<string, unknown>> = {
  PutItem: {
    TableName: "main",
    Item: { ...KEY, v: { S: "x" }, m: { M: { k: { L: [{ N: "1" }, { B: "AAEC" }] } } }, t: { NS: ["1", "2"] } },
    ReturnValues: "ALL_OLD", ConditionExpression: "attribute_not_exists(#n) OR #n <> :s",
    ExpressionAttributeNames: { "#n": "zz" },
    ExpressionAttributeValues: { ":s": { S: "a" } }, ReturnConsumedCapacity: "INDEXES",
    ReturnItemCollectionMetrics: "SIZE",
  },
  GetItem: {
    TableName: "main", Key: KEY, ConsistentRead: true, ProjectionExpression: "#n.k[0], v",
    ExpressionAttributeNames: { "#n": "m" },
    ReturnConsumedCapacity: "TOTAL",
  },
  UpdateItem: {
    TableName: "main", Key: KEY, ReturnValues: "ALL_NEW", ExpressionAttributeValues: VALUES,
    ReturnValuesOnConditionCheckFailure: "ALL_OLD",
    UpdateExpression: "SET x = if_not_exists(x, :n) + :n, y = list_append(:l, :l) REMOVE z DELETE ss :ss",
    ConditionExpression: "size(pk) < :n AND NOT contains(v, :s)",
  },
  DeleteItem: {
    TableName: "main", Key: KEY, ReturnValues: "ALL_OLD", ReturnConsumedCapacity: "TOTAL",
    Expected: { v: { ComparisonOperator: "NE", AttributeValueList: [{ S: "never" }] }, q: { Exists: false } },
    ConditionalOperator: "OR",
  },
  Query: {
    TableName: "main", IndexName: "local", KeyConditionExpression: "pk = :s AND begins_with(v, :s)",
    FilterExpression: "sk IN (:n, :m)", Limit: 2,
    ExpressionAttributeValues: { ":s": { S: "a" }, ":n": { N: "1" }, ":m": { N: "2" } }, ScanIndexForward: false,
    ExclusiveStartKey: { ...KEY, v: { S: "az" } }, Select: "COUNT", ReturnConsumedCapacity: "INDEXES",
  },
  Scan: {
    TableName: "main", Segment: 1, TotalSegments: 3,
    ScanFilter: { v: { ComparisonOperator: "BETWEEN", AttributeValueList: [{ S: "a" }, { S: "b" }] } },
    AttributesToGet: ["pk", "v"], Limit: 5, ReturnConsumedCapacity: "TOTAL",
  },
  BatchGetItem: {
    RequestItems: {
      main: {
        Keys: [KEY, { pk: { S: "b" }, sk: { N: "2" } }], ProjectionExpression: "pk, #n",
        ExpressionAttributeNames: { "#n": "v" },
      },
    },
    ReturnConsumedCapacity: "TOTAL",
  },
  BatchWriteItem: {
    RequestItems: {
      main: [
        { PutRequest: { Item: { ...KEY, v: { S: "w" } } } },
        { DeleteRequest: { Key: { pk: { S: "b" }, sk: { N: "2" } } } },
      ],
    },
    ReturnItemCollectionMetrics: "SIZE",
  },
  TransactGetItems: {
    TransactItems: [{ Get: { TableName: "main", Key: KEY, ProjectionExpression: "v" } }],
    ReturnConsumedCapacity: "TOTAL",
  },
  TransactWriteItems: {
    TransactItems: [
      { Put: { TableName: "main", Item: { pk: { S: "t" }, sk: { N: "1" } } } },
      {
        Update: {
          TableName: "main", Key: { pk: { S: "t" }, sk: { N: "2" } }, UpdateExpression: "ADD n :n",
          ExpressionAttributeValues: { ":n": { N: "1" } },
        },
      },
      {
        ConditionCheck: {
          TableName: "main", Key: { pk: { S: "t" }, sk: { N: "3" } }, ConditionExpression: "attribute_not_exists(pk)",
        },
      },
    ],
    ReturnConsumedCapacity: "INDEXES",
  },
  ExecuteStatement: {
    Statement: "SELECT v, m.k[0] FROM main WHERE pk = ? AND sk IN [1, ?] AND NOT size(v) > 2",
    Parameters: [{ S: "a" }, { N: "2" }], Limit: 2,
    ConsistentRead: true,
  },
  BatchExecuteStatement: {
    Statements: [
      { Statement: "UPDATE main SET n = 1 REMOVE b[0] WHERE pk = 'a' AND sk = 2 RETURNING ALL OLD *" },
      { Statement: "DELETE FROM main WHERE pk = 'a' AND sk = ?", Parameters: [{ N: "4" }] },
    ],
    ReturnConsumedCapacity: "TOTAL",
  },
  ExecuteTransaction: {
    TransactStatements: [{ Statement: "SELECT * FROM main WHERE pk = ? AND sk = 1", Parameters: [{ S: "a" }] }],
    ReturnConsumedCapacity: "TOTAL",
  },
  SearchVectors: { TableName: "main", IndexName: "vectors", SearchVector: { L: [{ N: "0.5" }, { N: "1" }] }, TopK: 3 },
};

const TABLES: Readonly<Record<string, unknown>> = {
  CreateTable: {
    TableName: "made", KeySchema: [HASH("a")], AttributeDefinitions: [DEFINED("a", "S"), DEFINED("b", "B")],
    BillingMode: "PROVISIONED", ProvisionedThroughput: UNITS, Tags: [{ Key: "k", Value: "v" }],
    StreamSpecification: { StreamEnabled: true, StreamViewType: "KEYS_ONLY" },
    GlobalSecondaryIndexes: [{
      IndexName: "by-b", KeySchema: [HASH("b")], Projection: { ProjectionType: "INCLUDE", NonKeyAttributes: ["c"] },
      ProvisionedThroughput: UNITS,
    }],
    SSESpecification: { Enabled: true, SSEType: "KMS" }, TableClass: "STANDARD", DeletionProtectionEnabled: false,
    ResourcePolicy: POLICY,
  },
  UpdateTable: {
    TableName: "main", BillingMode: "PAY_PER_REQUEST",
    OnDemandThroughput: { MaxReadRequestUnits: 5, MaxWriteRequestUnits: -1 },
  },
  DeleteTable: { TableName: "made" },
  DescribeTable: { TableName: "main" },
  ListTables: { Limit: 10, ExclusiveStartTableName: "abc" },
  DescribeLimits: {},
  DescribeEndpoints: {},
  UpdateTimeToLive: { TableName: "main", TimeToLiveSpecification: { Enabled: true, AttributeName: "ttl" } },
  DescribeTimeToLive: { TableName: "main" },
  TagResource: { ResourceArn: TABLE_ARN, Tags: [{ Key: "a", Value: "b c" }] },
  UntagResource: { ResourceArn: TABLE_ARN, TagKeys: ["a"] },
  ListTagsOfResource: { ResourceArn: TABLE_ARN },
  PutResourcePolicy: {
    ResourceArn: TABLE_ARN, Policy: POLICY, ExpectedRevisionId: "NO_POLICY", ConfirmRemoveSelfResourceAccess: true,
  },
  GetResourcePolicy: { ResourceArn: TABLE_ARN },
  DeleteResourcePolicy: { ResourceArn: TABLE_ARN },
  UpdateContributorInsights: { TableName: "main", IndexName: "global", ContributorInsightsAction: "ENABLE" },
  DescribeContributorInsights: { TableName: "main", IndexName: "global" },
  ListContributorInsights: { TableName: "main", MaxResults: 10 },
};

const COPIES: Readonly<Record<string, unknown>> = {
  CreateBackup: { TableName: "main", BackupName: "backup" },
  DeleteBackup: { BackupArn: BACKUP_ARN },
  DescribeBackup: { BackupArn: BACKUP_ARN },
  ListBackups: { TableName: "main", Limit: 5, TimeRangeLowerBound: 1, TimeRangeUpperBound: 1.8e9, BackupType: "USER" },
  RestoreTableFromBackup: {
    TargetTableName: "restored", BackupArn: BACKUP_ARN, BillingModeOverride: "PAY_PER_REQUEST",
  },
  RestoreTableToPointInTime: { SourceTableName: "main", TargetTableName: "restored", UseLatestRestorableTime: true },
  UpdateContinuousBackups: {
    TableName: "main", PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: false },
  },
  DescribeContinuousBackups: { TableName: "main" },
  ExportTableToPointInTime: {
    TableArn: TABLE_ARN, S3Bucket: "bucket", ExportFormat: "ION", ExportType: "FULL_EXPORT", ExportTime: 1.7e9,
  },
  DescribeExport: { ExportArn: `${TABLE_ARN}/export/01234567890123-abcdefgh` },
  ListExports: { TableArn: TABLE_ARN, MaxResults: 5 },
  ImportTable: {
    S3BucketSource: { S3Bucket: "bucket" }, InputFormat: "CSV",
    InputFormatOptions: { Csv: { Delimiter: ",", HeaderList: ["a"] } },
    TableCreationParameters: {
      TableName: "made", KeySchema: [HASH("a")], AttributeDefinitions: [DEFINED("a", "S")],
      BillingMode: "PAY_PER_REQUEST",
    },
  },
  DescribeImport: { ImportArn: `${TABLE_ARN}/import/01234567890123-abcdefgh` },
  ListImports: { TableArn: TABLE_ARN, PageSize: 5 },
  StartBulkPutItems: {
    TableName: "main", InputS3Configuration: { S3Bucket: "in" }, OutputS3Configuration: { S3Bucket: "out" },
  },
  DescribeBulkOperation: { BulkOperationArn: `${TABLE_ARN}/bulk/0123456789` },
  CancelBulkOperation: { BulkOperationArn: `${TABLE_ARN}/bulk/0123456789` },
  ListBulkOperations: { MaxResults: 5 },
  CreateGlobalTable: { GlobalTableName: "main", ReplicationGroup: [{ RegionName: REGION }] },
  DescribeGlobalTable: { GlobalTableName: "main" },
  DescribeGlobalTableSettings: { GlobalTableName: "main" },
  ListGlobalTables: { ExclusiveStartGlobalTableName: "abc", Limit: 5, RegionName: REGION },
  UpdateGlobalTable: { GlobalTableName: "main", ReplicaUpdates: [{ Create: { RegionName: "us-east-1" } }] },
  UpdateGlobalTableSettings: {
    GlobalTableName: "main", GlobalTableBillingMode: "PROVISIONED", GlobalTableProvisionedWriteCapacityUnits: 5,
  },
  DescribeTableReplicaAutoScaling: { TableName: "main" },
  UpdateTableReplicaAutoScaling: { TableName: "main", ProvisionedWriteCapacityAutoScalingUpdate: SCALING },
  EnableKinesisStreamingDestination: {
    ...KINESIS, EnableKinesisStreamingConfiguration: { ApproximateCreationDateTimePrecision: "MILLISECOND" },
  },
  DisableKinesisStreamingDestination: KINESIS,
  UpdateKinesisStreamingDestination: {
    ...KINESIS, UpdateKinesisStreamingConfiguration: { ApproximateCreationDateTimePrecision: "MICROSECOND" },
  },
  DescribeKinesisStreamingDestination: { TableName: "main" },
};

/** By X-Amz-Target. */
export function validRequests(around: Surroundings): ReadonlyMap<string, unknown> {
  const { streamArn, shardId, shardIterator, sequenceNumber } = around;
  const streams = {
    ListStreams: { TableName: "main", Limit: 5, ExclusiveStartStreamArn: streamArn },
    DescribeStream: {
      StreamArn: streamArn, Limit: 5, ExclusiveStartShardId: shardId,
      ShardFilter: { Type: "CHILD_SHARDS", ShardId: shardId },
    },
    GetShardIterator: {
      StreamArn: streamArn, ShardId: shardId, ShardIteratorType: "AT_SEQUENCE_NUMBER", SequenceNumber: sequenceNumber,
    },
    GetRecords: { ShardIterator: shardIterator, Limit: 5 },
  };
  return new Map([
    ...Object.entries({ ...ITEMS, ...TABLES, ...COPIES }).map(([name, input]) => [`DynamoDB_20120810.${name}`,
    input] as const),
    ...Object.entries(streams).map(([name, input]) => [`DynamoDBStreams_20120810.${name}`, input] as const),
  ]);
}
