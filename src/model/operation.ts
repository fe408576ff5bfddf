// The typed operations between the API (which validates and parses), the router (which finds the
// partition) and the storage node (which executes), and their outcomes. Everything here is valid by
// construction: whoever receives an operation does not validate it again.
import type { GroupId, HashPoint, StorageKey } from "../base/ids.ts";
import type { Item } from "./attribute-value.ts";
import type { ConditionNode, PathNode, UpdateNode } from "./expression/ast.ts";
import type { IndexWrites } from "./global-index.ts";
import type { TableDefinition, TableSchema } from "./table-schema.ts";
import type { TableChange } from "./table-settings.ts";

/** Where an item lives: its full key in the tree, and the point that finds its partition. */
export type ItemAddress = { readonly key: StorageKey; readonly point: HashPoint };

/** Canonical JSON bytes of an item or of part of it: `{"pk":{"S":"a"}, …}`. Sent without decoding. */
export type ItemJson = Uint8Array;

export type GetOperation = {
  readonly kind: "get";
  readonly table: TableSchema;
  readonly address: ItemAddress;
  readonly isStrong: boolean;
  /** Null: the whole item, as stored. */
  readonly projection: readonly PathNode[] | null;
};

export type ReturnValues = "NONE" | "ALL_OLD" | "UPDATED_OLD" | "ALL_NEW" | "UPDATED_NEW";

type WriteBase = {
  readonly table: TableSchema;
  readonly address: ItemAddress;
  readonly condition: ConditionNode | null;
  readonly returnValues: ReturnValues;
  /** ReturnValuesOnConditionCheckFailure = ALL_OLD. */
  readonly returnOldOnFailure: boolean;
};
/** `itemBytes` is the stored form made by item-codec; `itemSize` by DynamoDB's rule. */
export type PutOperation = WriteBase & {
  readonly kind: "put";
  readonly itemBytes: Uint8Array;
  readonly itemSize: number;
};
export type DeleteOperation = WriteBase & { readonly kind: "delete" };
/** `keyItem` holds the key attributes alone: what an update of an absent item starts from. */
export type UpdateOperation = WriteBase & {
  readonly kind: "update";
  readonly keyItem: Item;
  readonly update: UpdateNode | null;
};
export type WriteOperation = PutOperation | DeleteOperation | UpdateOperation;

/** Part of a transaction: the item is looked at and not changed. */
export type CheckOperation = {
  readonly kind: "check";
  readonly table: TableSchema;
  readonly address: ItemAddress;
  readonly condition: ConditionNode;
  readonly returnOldOnFailure: boolean;
};
export type TransactAction = WriteOperation | CheckOperation;

export type QueryOperation = {
  readonly kind: "query";
  readonly table: TableSchema;
  readonly point: HashPoint;
  /** Keys from <= key < to, in the tree of the one partition key. */
  readonly from: StorageKey;
  readonly to: StorageKey;
  readonly page: PageOptions;
};

export type ScanOperation = {
  readonly kind: "scan";
  readonly table: TableSchema;
  /** Hash points from <= p < to: the whole space, or this segment's share. */
  readonly fromPoint: HashPoint;
  readonly toPoint: HashPoint;
  readonly page: PageOptions;
};

export type PageOptions = {
  readonly isForward: boolean;
  /** Items to evaluate at most, or null. */
  readonly limit: number | null;
  /** Exclusive start, from ExclusiveStartKey. */
  readonly after: StorageKey | null;
  readonly filter: ConditionNode | null;
  readonly projection: readonly PathNode[] | null;
  /** Select=COUNT: `runs` stays empty in the outcome. */
  readonly isCountOnly: boolean;
  readonly isStrong: boolean;
  /** Absent: the table's items are read. */
  readonly index?: IndexRead;
};

export type IndexRead = {
  /** Of the table's local indexes, from 1. Bounds and `after` of the operation lie in its rows. */
  readonly number: number;
  /** The item itself is read for each row: more than the index has is asked for. */
  readonly fetches: boolean;
};

export type BatchGetOperation = { readonly kind: "batch-get"; readonly gets: readonly GetOperation[] };
export type BatchWriteOperation = {
  readonly kind: "batch-write";
  readonly writes: readonly (PutOperation | DeleteOperation)[];
};

/** All actions or none, each on an item of its own. */
export type TransactWriteOperation = {
  readonly kind: "transact-write";
  readonly actions: readonly TransactAction[];
  /** ClientRequestToken. Null: a repetition cannot be told from another request. */
  readonly token: string | null;
  /** Of all that the client asked for: requests of one token are the same when their hashes are. */
  readonly hash: string;
};
/** All items as they were at one moment. */
export type TransactGetOperation = { readonly kind: "transact-get"; readonly gets: readonly GetOperation[] };

export type CreateTableOperation = { readonly kind: "create-table"; readonly definition: TableDefinition };
export type UpdateTableOperation = {
  readonly kind: "update-table";
  readonly name: string;
  readonly change: TableChange;
};
export type DeleteTableOperation = { readonly kind: "delete-table"; readonly name: string };
export type DescribeTableOperation = { readonly kind: "describe-table"; readonly name: string };
export type ListTablesOperation = {
  readonly kind: "list-tables";
  readonly after: string | null;
  readonly limit: number;
};

/** Reads one shard of a stream where its records lie. */
export type ReadStreamOperation = {
  readonly kind: "read-stream";
  readonly table: TableSchema;
  /** The stream's own `createdMs`. */
  readonly createdMs: number;
  readonly shard: GroupId;
  readonly point: HashPoint;
  /** Write timestamps: of records after this one ... */
  readonly after: number;
  /** ... up to this one; null: to the newest. */
  readonly upTo: number | null;
  /** Null: no record, only where they end. */
  readonly limit: number | null;
  /** What the records are to tell as awsRegion: plain ASCII. */
  readonly region: string;
};

export type DataOperation =
  | ReadStreamOperation
  | GetOperation | WriteOperation | QueryOperation | ScanOperation | BatchGetOperation | BatchWriteOperation
  | TransactWriteOperation | TransactGetOperation;
export type TableOperation =
  | CreateTableOperation | UpdateTableOperation | DeleteTableOperation | DescribeTableOperation | ListTablesOperation;
export type Operation = DataOperation | TableOperation;

// ---- Outcomes. Each operation yields one of its own, or a Refusal.

export type GetOutcome = {
  readonly kind: "item";
  /** Null: no such item, or nothing of the projection is in it. See `exists`. */
  readonly json: ItemJson | null;
  readonly exists: boolean;
  /** Size of the whole item by DynamoDB's rule, 0 if absent: what capacity is counted from. */
  readonly size: number;
};

export type WriteOutcome = {
  readonly kind: "written";
  /** What ReturnValues asks for; null when there is nothing to return. */
  readonly attributes: ItemJson | null;
  /** Sizes before and after, 0 if absent: a write costs the larger. */
  readonly oldSize: number;
  readonly newSize: number;
  /** Sizes of the rows written in each of the table's local indexes, in order. Absent: it has none. */
  readonly indexWrites?: readonly (readonly number[])[];
  /** Sizes of all items of this partition key and of their index rows, after the write. Absent: no local indexes. */
  readonly collectionBytes?: number;
  /** Writes to the table's global indexes that this one causes. Absent: none. */
  readonly globalWrites?: readonly IndexWrites[];
};

export type PageOutcome = {
  readonly kind: "page";
  /** The items in order, in runs: each run is the JSON of one or more items, joined by commas. */
  readonly runs: readonly ItemJson[];
  readonly count: number;
  readonly scanned: number;
  /** Sum of the sizes of all items evaluated, before filter and projection. */
  readonly scannedBytes: number;
  /** Key attributes of the last item evaluated when there may be more, else null. */
  readonly lastKey: Item | null;
  /** Items read for rows of an index: their bytes, and the 4 KB steps that each is counted with. Absent: none. */
  readonly fetched?: { readonly bytes: number; readonly steps: number };
};

export type StreamPageOutcome = {
  readonly kind: "stream-page";
  /** The records' JSON, joined by commas. */
  readonly json: Uint8Array;
  readonly count: number;
  /** Write timestamp of the last one; when none was asked for, of the newest there is; 0: none. */
  readonly last: number;
  /** The page ended before the records did. */
  readonly isMore: boolean;
  /** Write timestamp of the newest record of the shard that was trimmed; 0: none. */
  readonly trimmed: number;
};

/** One outcome per operation of the batch, in order. A refused one is returned as unprocessed. */
export type BatchGetOutcome = { readonly kind: "items"; readonly outcomes: readonly (GetOutcome | Refusal)[] };
export type BatchWriteOutcome = {
  readonly kind: "batch-written";
  readonly outcomes: readonly (WriteOutcome | Refusal)[];
};

/** The transaction is done. One outcome per action, in order. */
export type TransactedOutcome = {
  readonly kind: "transacted";
  readonly outcomes: readonly WriteOutcome[];
  /** It was done before, under the same token: the items as they are now, in place of outcomes. Null: not so. */
  readonly repeated: readonly GetOutcome[] | null;
};

export type TableOutcome = {
  readonly kind: "table";
  readonly table: TableSchema;
  readonly itemCount: number;
  readonly sizeBytes: number;
  /** Of the table's global indexes, in order. Absent: it has none, or they were not asked. */
  readonly indexCounts?: readonly ItemCounts[];
};
export type ItemCounts = { readonly itemCount: number; readonly sizeBytes: number };
export type TableListOutcome = {
  readonly kind: "tables";
  readonly names: readonly string[];
  /** Name to go on after, or null when the list is complete. */
  readonly last: string | null;
};

/** Why an operation was not done. The API maps each to DynamoDB's error in one table. */
export type Refusal =
  | { readonly kind: "condition-failed"; readonly item: ItemJson | null; readonly size: number }
  /** Found only with the item in hand: a wrong operand type, a path that is not there, an item too large. */
  | { readonly kind: "invalid"; readonly message: string }
  | { readonly kind: "table-not-found"; readonly name: string }
  | { readonly kind: "index-not-found"; readonly name: string }
  | { readonly kind: "table-exists"; readonly name: string }
  | { readonly kind: "table-in-use"; readonly name: string; readonly message: string }
  | { readonly kind: "limit-exceeded"; readonly message: string }
  /** Items of one partition key and their index rows would have more than they may. */
  | { readonly kind: "collection-too-large" }
  /** A transaction holds the item. */
  | { readonly kind: "conflict" }
  /** A transaction was not done: for each action why, or null for one that nothing was wrong with. */
  | { readonly kind: "cancelled"; readonly reasons: readonly (Refusal | null)[] }
  /** The token of a transaction belongs to another request. */
  | { readonly kind: "token-mismatch" }
  /** A transaction with the same token is under way. */
  | { readonly kind: "token-in-progress" }
  /** The resource-based policy that a change expects is not the one that is there. */
  | { readonly kind: "policy-not-found"; readonly message: string }
  /** Not done, or not known whether done (a leader change in between): the client may retry. */
  | { readonly kind: "unavailable"; readonly reason: string }
  | { readonly kind: "overloaded"; readonly reason: string }
  /** More than the table's provisioned throughput: the client may retry, later. */
  | { readonly kind: "throughput-exceeded" };

export type Outcome =
  | GetOutcome | WriteOutcome | PageOutcome | StreamPageOutcome | BatchGetOutcome | BatchWriteOutcome
  | TransactedOutcome | TableOutcome | TableListOutcome | Refusal;

/** How the API hands an operation to the router: `done` is called exactly once, now or later. */
export type Execute = (operation: Operation, done: (outcome: Outcome) => void) => void;

/** The router's cached catalogue. Null: no such table. Synchronous; the cache is kept fresh behind it. */
export type LookupTable = (name: string) => TableSchema | null;
