// A table as the catalogue holds it and the routers cache it. Plain JSON data.
import type { Epoch, GroupId, HashPoint, NodeId, TableId } from "../base/ids.ts";
import type { KeyType } from "./attribute-value.ts";
import type { StreamViewType, TableStream } from "./table-stream.ts";
import type {
  Encryption, Insights, ResourcePolicy, TableClass, Tag, Throughput, ThroughputCap, TimeToLive,
} from "./table-settings.ts";

export type KeyAttribute = { readonly name: string; readonly type: KeyType };

export type TableStatus = "CREATING" | "ACTIVE" | "UPDATING" | "DELETING";

export type TableSchema = {
  readonly id: TableId;
  readonly name: string;
  readonly hashKey: KeyAttribute;
  readonly rangeKey: KeyAttribute | null;
  /** The first has index number 1 in keys (local-index.ts), and so on. Absent: none. Fixed for the table's life. */
  readonly localIndexes?: readonly LocalIndex[];
  /** Absent: none. */
  readonly globalIndexes?: readonly GlobalIndex[];
  /** The table holds the rows of a global index, and nobody can name it. Absent: it is a table of a user. */
  readonly indexOf?: IndexedTable;
  readonly status: TableStatus;
  /** Epoch of this record: grows with each change of the table's record in the catalogue. */
  readonly version: number;
  readonly createdMs: number;
  /** TableId of the API: a UUID. */
  readonly uuid: string;
  readonly billing: Billing;
  readonly deletionProtection: boolean;
  readonly tableClass: TableClass | null;
  /** When the class was last changed. Absent: never. */
  readonly tableClassMs?: number;
  /** Absent: none. */
  readonly tags?: readonly Tag[];
  /** Absent: it was never switched on. */
  readonly timeToLive?: TimeToLive;
  /** The newest stream, on or off. Absent: the table never had one. */
  readonly stream?: TableStream;
  /** Those before it, the newest first, while they have shards. Absent: none. */
  readonly oldStreams?: readonly TableStream[];
  /** Absent: none. Only of a table on demand. */
  readonly onDemandCap?: ThroughputCap;
  /** The most that the table was ever told to serve at once, see warm-throughput.ts. Absent: what it has by itself. */
  readonly warm?: Throughput;
  /** Absent: under a key of the service. */
  readonly encryption?: Encryption;
  /** Absent: none. */
  readonly policy?: ResourcePolicy;
  /** Absent: they were never switched on. */
  readonly insights?: Insights;
  /** Ascending by `from`; together they cover the hash space exactly once. */
  readonly partitions: readonly Partition[];
  /** Split partitions that some replica has not yet applied the split of. Absent: none. */
  readonly closed?: readonly Partition[];
};

/** Its partition key is the table's. */
export type LocalIndex = {
  readonly name: string;
  readonly rangeKey: KeyAttribute;
  readonly projection: Projection;
};

/** Beside the key attributes of table and index, which are always projected. `attributes`: of INCLUDE, else empty. */
export type Projection = {
  readonly kind: "ALL" | "KEYS_ONLY" | "INCLUDE";
  readonly attributes: readonly string[];
};

/** What is asked of a global index. Its rows are items of a hidden table: see global-index.ts. */
export type GlobalIndexDefinition = {
  readonly name: string;
  /** One to four attributes that are its partition key together, and none to four that are its sort key. */
  readonly hashKeys: readonly KeyAttribute[];
  readonly rangeKeys: readonly KeyAttribute[];
  readonly projection: Projection;
  readonly billing: Billing;
  readonly onDemandCap?: ThroughputCap;
  readonly warm?: Throughput;
};

export type GlobalIndex = GlobalIndexDefinition & {
  readonly status: TableStatus;
  /** Items from before the index are on their way into it: it cannot be read yet. Absent: not so. */
  readonly isBackfilling?: true;
  /** The hidden table. */
  readonly table: TableId;
  /** Absent: they were never switched on. */
  readonly insights?: Insights;
};

/** Of a hidden table: whose items it shows, and which attributes the rows are found by. */
export type IndexedTable = {
  readonly table: TableId;
  readonly name: string;
  /** Key attributes of the index, then those of the table, each once: what a page ends with. */
  readonly keyNames: readonly string[];
};

export type Billing = {
  readonly mode: "PROVISIONED" | "PAY_PER_REQUEST";
  /** Units per second; both 0 when on demand. */
  readonly readUnits: number;
  readonly writeUnits: number;
  /** When the table was last switched to PAY_PER_REQUEST. Absent: never. */
  readonly onDemandMs?: number;
  /** When provisioned units last grew, and last shrank. Absent: never. */
  readonly increasedMs?: number;
  readonly decreasedMs?: number;
  /** How often they shrank on the UTC day of `decreasedMs`. Absent: never. */
  readonly decreases?: number;
};

/**
 * One partition: hash points `from` <= p < `to`, served by one replication group. The group's own configuration rules;
 * this is what the control plane last saw of it, and what it plans.
 */
export type Partition = {
  readonly group: GroupId;
  readonly from: HashPoint;
  readonly to: HashPoint;
  /** Nodes with a storage replica that votes; the first is the preferred first leader. */
  readonly replicas: readonly NodeId[];
  /** Nodes with a log replica that votes. Absent: none. */
  readonly logReplicas?: readonly NodeId[];
  /**
   * Nodes that are to have a storage replica and have none yet: they receive the log and build a tree. One that votes
   * already is in `logReplicas` too. Absent: none.
   */
  readonly joining?: readonly NodeId[];
  /** Nodes whose replica goes once a joining one has taken its place. Absent: none. */
  readonly leaving?: readonly NodeId[];
  /** Epoch of the group's configuration as last seen. Absent: 1, the first. */
  readonly epoch?: Epoch;
  /**
   * Nodes of the group's first configuration, since another one is in force: one of them that was off all the time
   * begins with it. Absent: it is in force still, or the group began with a split.
   */
  readonly first?: readonly NodeId[];
  /** The group that this one was split from. Absent: none. */
  readonly parent?: GroupId;
  /**
   * Write timestamps of the group are greater, and those of its parent are not, if the table was followed when it was
   * split. Absent: it was not split from another.
   */
  readonly since?: number;
  /** A split on its way: the children's groups, and where the right one begins (null: the group's leader chooses). */
  readonly splitting?: {
    readonly at: HashPoint | null;
    readonly left: GroupId;
    readonly right: GroupId;
  };
};

/** Every node that hosts, or is to host, a replica of the partition. */
export function hostsOf(partition: Partition): readonly NodeId[] {
  const { replicas, logReplicas, joining } = partition;
  if (logReplicas === undefined && joining === undefined) return replicas;
  return [...new Set([...replicas, ...(logReplicas ?? []), ...(joining ?? [])])];
}

export type NodeState = "active" | "draining" | "removed";

/** A node as the catalogue holds it. Plain JSON data. */
export type NodeRecord = {
  readonly id: NodeId;
  /** Drawn by the node when its directory was made: a directory that was lost comes back under another. */
  readonly uuid: string;
  readonly zone: string;
  /** Where its peers reach it: "host:port". Empty for nodes of an embedded cluster. */
  readonly address: string;
  /** Replicas that it takes at most. */
  readonly capacity: number;
  readonly state: NodeState;
  readonly version: number;
};

/** What CreateTable asks for, validated. */
export type TableDefinition = {
  readonly name: string;
  readonly hashKey: KeyAttribute;
  readonly rangeKey: KeyAttribute | null;
  /** Absent: none. */
  readonly localIndexes?: readonly LocalIndex[];
  /** Absent: none. */
  readonly globalIndexes?: readonly GlobalIndexDefinition[];
  readonly billing: Billing;
  readonly deletionProtection: boolean;
  readonly tableClass: TableClass | null;
  readonly tags?: readonly Tag[];
  readonly onDemandCap?: ThroughputCap;
  readonly warm?: Throughput;
  readonly encryption?: Encryption;
  /** Absent: the table begins without a stream. */
  readonly streamView?: StreamViewType;
  /** Absent: none. Of hidden tables only. */
  readonly timeToLive?: TimeToLive;
  readonly policy?: ResourcePolicy;
  /** Partitions to begin with, or null for the cluster's setting. */
  readonly partitionCount: number | null;
};
