// What `stator/testing` offers, as types alone: the package's declarations are this file.

export type StatorOptions = {
  /** Port of the endpoint. Without it any free one. */
  readonly port?: number;
  /** Where data is kept. Without it everything is in memory and gone at the end. */
  readonly dataDir?: string;
  /** 1 to 5, 3 without it. Lag of eventually consistent reads needs 3. */
  readonly zones?: number;
  /** Partitions of a new table, 1 to 64. Without it 1. */
  readonly partitions?: number;
  /** "us-east-1" without it. */
  readonly region?: string;
  /** Only requests signed with these are taken. Without it any signature will do. */
  readonly credentials?: StatorCredentials;
  /** Whose pages browsers let in: origins, "*" for all. */
  readonly cors?: readonly string[];
  /** What the server prints. Without it errors only. */
  readonly logLevel?: "debug" | "info" | "warn" | "error" | "silent";
};

export type StatorCredentials = { readonly accessKeyId: string; readonly secretAccessKey: string };

export type OperationName =
  | "GetItem" | "PutItem" | "UpdateItem" | "DeleteItem" | "Query" | "Scan" | "BatchGetItem" | "BatchWriteItem"
  | "TransactGetItems" | "TransactWriteItems" | "GetRecords"
  | "CreateTable" | "UpdateTable" | "DeleteTable" | "DescribeTable" | "ListTables";

/** Which requests meet it: those that all of what is given fits. Items of batches and transactions meet it alone. */
export type Rule = {
  /** Share of the requests, 0 to 1. Without it all. */
  readonly rate?: number;
  /** Without it all tables. */
  readonly tables?: string | readonly string[];
  /** Without it all operations. A PartiQL statement counts as what it does. */
  readonly operations?: OperationName | readonly OperationName[];
};

export type ThrottleRule = Rule & {
  /** Without it ProvisionedThroughputExceededException. */
  readonly error?: "ProvisionedThroughputExceededException" | "ThrottlingException";
};

export type Disturbances = {
  /** Every request begins so much later. */
  readonly latencyMs?: number;
  /** Eventually consistent reads see the state of so long ago. */
  readonly eventualReadLagMs?: number;
  /** Global indexes follow their table so much later. */
  readonly indexLagMs?: number;
  /** These requests are refused as too many; nothing is done. */
  readonly throttle?: ThrottleRule | readonly ThrottleRule[];
  /**
   * These writes and transactions meet another transaction: TransactionConflictException, or a cancelled transaction
   * with the reason TransactionConflict; nothing is done.
   */
  readonly conflict?: Rule | readonly Rule[];
  /** These requests fail with InternalServerError; nothing is done. */
  readonly fail?: Rule | readonly Rule[];
};

/** The time that time to live goes by. Nothing else does: tables are created, requests signed by the real time. */
export type StatorClock = {
  now(): Promise<Date>;
  /** The clock runs on from there. Resolves when the items whose time is over are deleted. */
  set(time: Date | number): Promise<void>;
  /** Resolves when the items whose time is over are deleted. */
  advance(ms: number): Promise<void>;
};

export type Stator = {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: StatorCredentials;
  /** For `new DynamoDBClient(stator.clientConfig)`. */
  readonly clientConfig: {
    readonly endpoint: string; readonly region: string; readonly credentials: StatorCredentials;
  };
  readonly clock: StatorClock;
  /** From now on exactly this is disturbed; what is not named is not. */
  disturb(disturbances: Disturbances): Promise<void>;
  /** Nothing is disturbed any more. */
  calm(): Promise<void>;
  /** All tables gone, nothing disturbed, the clock right. */
  reset(): Promise<void>;
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
};

export type StartStator = (options?: StatorOptions) => Promise<Stator>;
