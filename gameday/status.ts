// The cluster's own account of itself, as `GET /_stator/status` gives it.

export type NodeStatus = {
  readonly id: number;
  readonly zone: string;
  readonly address: string;
  readonly life: string;
};
export type PartitionStatus = {
  readonly table: string;
  readonly group: number;
  readonly replicas: readonly number[];
  readonly logReplicas: readonly number[];
  readonly joining: readonly number[];
  readonly leader: number | null;
};
export type ClusterStatus = {
  readonly nodes: readonly NodeStatus[];
  readonly partitions: readonly PartitionStatus[];
  /** Split partitions that are still kept. */
  readonly closed: number;
};

const TIMEOUT_MS = 3_000;

export async function readStatus(endpoint: string, credentials: string): Promise<ClusterStatus> {
  const response = await fetch(`${endpoint}/_stator/status`, {
    signal: AbortSignal.timeout(TIMEOUT_MS),
    headers: credentials === "" ? {} : { authorization: `Basic ${Buffer.from(credentials).toString("base64")}` },
  });
  if (!response.ok) throw new Error(`${endpoint} answers ${response.status}: ${await response.text()}`);
  return (await response.json()) as ClusterStatus;
}

/** Every partition has a storage replica in three zones on nodes that are up, nothing else, and a leader. */
export function isWhole(status: ClusterStatus): boolean {
  const zones = new Map(status.nodes.filter(({ life }) => life === "up").map(({ id, zone }) => [id, zone]));
  return status.closed === 0 && status.partitions.every(({ replicas, logReplicas, joining, leader }) => (
    replicas.length === 3 && logReplicas.length === 0 && joining.length === 0 && leader !== null
    && new Set(replicas.map((id) => zones.get(id))).size === 3 && replicas.every((id) => zones.has(id))
  ));
}
