// A table as the catalogue holds it and the routers cache it. Plain JSON data.
import type { GroupId, HashPoint, NodeId, TableId } from "../base/ids.ts";
import type { KeyType } from "./attribute-value.ts";

export type KeyAttribute = { readonly name: string; readonly type: KeyType };

export type TableStatus = "CREATING" | "ACTIVE" | "UPDATING" | "DELETING";

export type TableSchema = {
  readonly id: TableId;
  readonly name: string;
  readonly hashKey: KeyAttribute;
  readonly rangeKey: KeyAttribute | null;
  readonly status: TableStatus;
  /** Epoch of this record: grows with each change of the table's record in the catalogue. */
  readonly version: number;
  readonly createdMs: number;
  /** TableId of the API: a UUID. */
  readonly uuid: string;
  readonly billing: Billing;
  readonly deletionProtection: boolean;
  readonly tableClass: "STANDARD" | "STANDARD_INFREQUENT_ACCESS" | null;
  /** Ascending by `from`; together they cover the hash space exactly once. */
  readonly partitions: readonly Partition[];
};

export type Billing = {
  readonly mode: "PROVISIONED" | "PAY_PER_REQUEST";
  /** Units per second; both 0 when on demand. */
  readonly readUnits: number;
  readonly writeUnits: number;
};

/** One partition: hash points `from` <= p < `to`, served by one replication group. */
export type Partition = {
  readonly group: GroupId;
  readonly from: HashPoint;
  readonly to: HashPoint;
  /** Nodes with a storage replica; the first is the preferred first leader. */
  readonly replicas: readonly NodeId[];
};

/** What CreateTable asks for, validated. */
export type TableDefinition = {
  readonly name: string;
  readonly hashKey: KeyAttribute;
  readonly rangeKey: KeyAttribute | null;
  readonly billing: Billing;
  readonly deletionProtection: boolean;
  readonly tableClass: "STANDARD" | "STANDARD_INFREQUENT_ACCESS" | null;
  /** Partitions to begin with, or null for the cluster's setting. */
  readonly partitionCount: number | null;
};
