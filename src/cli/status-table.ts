// The cluster's status as tables for people.

export type NodeStatus = {
  readonly id: number;
  readonly zone: string;
  readonly address: string;
  readonly state: string;
  readonly life: string;
  readonly lastBeatMs: number | null;
  readonly replicas: number;
  readonly leads: number;
};
export type PartitionStatus = {
  readonly table: string;
  readonly group: number;
  readonly replicas: readonly number[];
  readonly logReplicas: readonly number[];
  readonly joining: readonly number[];
  readonly leader: number | null;
  readonly items: number | null;
  readonly bytes: number | null;
  readonly step: string;
};
/** What the admin door gives, as far as it is shown here. */
export type Status = {
  readonly node: number;
  readonly nodes: readonly NodeStatus[];
  readonly partitions: readonly PartitionStatus[];
  /** Split partitions that are still kept. */
  readonly closed: number;
};

const UNITS = ["B", "KB", "MB", "GB", "TB"] as const;

export function formatStatus({ nodes, partitions, closed, node }: Status): string {
  const nodeRows = nodes.map((one) => [
    String(one.id), one.zone, one.state === "active" ? one.life : `${one.life}, ${one.state}`,
    one.lastBeatMs === null ? "-" : `${(one.lastBeatMs / 1_000).toFixed(1)} s ago`, String(one.replicas),
    String(one.leads), one.address,
  ]);
  const partitionRows = partitions.map((one) => [
    one.table === "" ? "(system)" : one.table, String(one.group), one.leader === null ? "none" : String(one.leader),
    one.replicas.join(" "), describeOthers(one), one.items === null ? "-" : String(one.items), formatBytes(one.bytes),
    one.step,
  ]);
  return `${formatTable(["NODE", "ZONE", "STATE", "LAST BEAT", "REPLICAS", "LEADS", "ADDRESS"], nodeRows)}\n`
    + `${formatTable(["TABLE", "PARTITION", "LEADER", "REPLICAS", "OTHERS", "ITEMS", "BYTES", "STEP"], partitionRows)}`
    + `${closed === 0 ? "" : `\n${closed} split partition(s) are still kept for replicas that lag.\n`}`
    + `\nTold by node ${node}, which leads the system group.\n`;
}

function describeOthers({ logReplicas, joining }: PartitionStatus): string {
  const parts = [
    ...(logReplicas.length === 0 ? [] : [`log ${logReplicas.join(" ")}`]),
    ...(joining.length === 0 ? [] : [`joining ${joining.join(" ")}`]),
  ];
  return parts.length === 0 ? "-" : parts.join(", ");
}

function formatBytes(bytes: number | null): string {
  if (bytes === null) return "-";
  let value = bytes;
  let unit = 0;
  while (value >= 1_000 && unit < UNITS.length - 1) {
    value /= 1_000;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${UNITS[unit]}`;
}

function formatTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => (row[i] ?? "").length)));
  return [head, ...rows].map((row) => (
    `${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join("  ").trimEnd()}\n`
  )).join("");
}
