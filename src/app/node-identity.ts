// cluster.json: which cluster a data directory holds and which of its nodes have begun. node.json: who the node in
// a directory is. Checked at every start: a directory of another cluster, another node or a newer format is
// refused, and so is a node that has lost its identity or its log, because it would vote against what it promised.
//
//   cluster.json  format, clusterId, zones, begun (node ids)
//   node.json     format, clusterId, nodeId, zone, clusterSize (nodes when it was made: replicas stay on them)
import { randomUUID } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { StartError } from "./embedded-options.ts";
import { readJson, writeJson } from "./json-file.ts";

/** Layout of the data directory as a whole; the log and the tree carry versions of their own. */
const FORMAT = 1;

/** A node's directory, or why the node cannot run. */
export type NodeDirectory =
  | { readonly ok: true; readonly nodeId: number; readonly path: string }
  | { readonly ok: false; readonly nodeId: number; readonly message: string };

type ClusterFile = {
  readonly format: number;
  readonly clusterId: string;
  readonly zones: number;
  /** Ids of the nodes that may have voted: one of them that is gone must not begin again under its old name. */
  readonly begun: readonly number[];
};

/**
 * Reads the identities of an embedded cluster of `zones` nodes, or makes them in a new directory. cluster.json
 * comes first, so that a start that was cut short is taken up again by the next one. Throws a StartError when
 * the cluster as a whole cannot start.
 */
export function openDirectories(dataDir: string, zones: number): readonly NodeDirectory[] {
  const cluster = openCluster(dataDir, zones);
  return Array.from({ length: zones }, (_, i) => openDirectory(dataDir, cluster, i + 1));
}

/** Notes that these nodes have a log from now on. To be durable before any of them votes. */
export function noteBegun(dataDir: string, nodes: readonly number[]): void {
  const cluster = readCluster(join(dataDir, "cluster.json"));
  const begun = [...new Set([...cluster.begun, ...nodes])].sort((a, b) => a - b);
  if (begun.length > cluster.begun.length) writeJson(dataDir, "cluster.json", { ...cluster, begun });
}

function openDirectory(dataDir: string, cluster: ClusterFile, nodeId: number): NodeDirectory {
  const path = join(dataDir, `node-${nodeId}`);
  const refuse = (message: string): NodeDirectory => ({ ok: false, nodeId, message });
  const { clusterId, zones } = cluster;
  const hasIdentity = existsSync(join(path, "node.json"));
  const hasLog = holdsLog(join(path, "wal"));
  if (cluster.begun.includes(nodeId) && !(hasIdentity && hasLog)) {
    return refuse(`${path} has lost its ${hasIdentity ? "log" : "identity"}. `
      + "A node that has forgotten what it promised "
      + "must not vote again: it is left out until it is replaced");
  }
  if (!hasIdentity) {
    if (hasLog) return refuse(`${path} has a log but no node.json: a node without its identity must not vote`);
    writeJson(path, "node.json", { format: FORMAT, clusterId, nodeId, zone: `az${nodeId}`, clusterSize: zones });
  }
  const file = join(path, "node.json");
  const found = readJson(file);
  if (typeof found === "string") return refuse(found);
  const wrongFormat = checkFormat(file, found["format"]);
  if (wrongFormat !== null) return refuse(wrongFormat);
  if (found["nodeId"] === nodeId && found["clusterId"] === clusterId && found["clusterSize"] === zones) {
    return { ok: true, nodeId, path };
  }
  return refuse(`${file} belongs to another node or cluster (cluster ${String(found["clusterId"])}, `
    + `node ${String(found["nodeId"])}) than ${join(dataDir, "cluster.json")} says (${clusterId}, node ${nodeId})`);
}

/** True when there is a file in the log's folder: whether it is intact is the log's to find out. */
export function holdsLog(path: string): boolean {
  return existsSync(path) && readdirSync(path).some((name) => name.endsWith(".log"));
}

function openCluster(dataDir: string, zones: number): ClusterFile {
  const file = join(dataDir, "cluster.json");
  if (existsSync(join(dataDir, "node.json"))) {
    throw new StartError(`${dataDir} holds a node of a cluster of processes (\`stator node\`), not an embedded one. `
      + "Choose another --data-dir.");
  }
  if (!existsSync(file)) {
    if (existsSync(dataDir) && readdirSync(dataDir).some((name) => /^node-\d+$/.test(name))) {
      throw new StartError(`${dataDir} holds nodes but no cluster.json; choose another --data-dir.`);
    }
    const made: ClusterFile = { format: FORMAT, clusterId: randomUUID(), zones, begun: [] };
    writeJson(dataDir, "cluster.json", made);
    return made;
  }
  const found = readCluster(file);
  if (found.zones !== zones) {
    throw new StartError(
      `${dataDir} holds a cluster of ${found.zones} zone(s), not ${zones}. `
      + `Start it with --zones ${found.zones}, or choose another --data-dir.`,
    );
  }
  return found;
}

function readCluster(file: string): ClusterFile {
  const found = readJson(file);
  if (typeof found === "string") throw new StartError(`${found}.`);
  const { format, clusterId, zones, begun = [] } = found as Partial<ClusterFile>;
  const wrongFormat = checkFormat(file, format);
  if (wrongFormat !== null) throw new StartError(`${wrongFormat}.`);
  if (typeof clusterId !== "string" || !Number.isInteger(zones) || !Array.isArray(begun)) {
    throw new StartError(`${file} is damaged: it does not say which cluster this is.`);
  }
  return { format: FORMAT, clusterId, zones: zones as number, begun };
}

/** Null: the format is known. */
function checkFormat(file: string, format: unknown): string | null {
  return format === FORMAT ? null : `${file} has format ${String(format)}; this Stator reads format ${FORMAT}`;
}
