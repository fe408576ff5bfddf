// node.json: who the node in a directory is. Written once, checked at every start: a directory of another
// cluster, another node or a newer format is refused.
import { randomUUID } from "node:crypto";
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { StartError } from "./embedded-options.ts";

/** Layout of the data directory as a whole; the log and the tree carry versions of their own. */
const FORMAT = 1;

export type NodeIdentity = {
  readonly format: number;
  readonly clusterId: string;
  readonly nodeId: number;
  readonly zone: string;
  /** Nodes of the embedded cluster when it was made: replicas are placed on them for good. */
  readonly clusterSize: number;
};

export type NodeDirectory = { readonly identity: NodeIdentity; readonly path: string };

/**
 * Reads the identities of an embedded cluster of `zones` nodes, or makes them in a new directory. cluster.json
 * comes first, so that a start that was cut short is taken up again by the next one.
 */
export function openDirectories(dataDir: string, zones: number): readonly NodeDirectory[] {
  const clusterId = openCluster(dataDir, zones);
  return Array.from({ length: zones }, (_, i): NodeDirectory => {
    const path = join(dataDir, `node-${i + 1}`);
    const expected = { format: FORMAT, clusterId, nodeId: i + 1, zone: `az${i + 1}`, clusterSize: zones };
    if (!existsSync(join(path, "node.json"))) {
      if (existsSync(join(path, "wal"))) {
        throw new StartError(`${path} has a log but no node.json: a node without its identity must not vote.`);
      }
      writeJson(path, "node.json", expected);
    }
    const identity = readIdentity(join(path, "node.json"));
    if (identity.nodeId !== i + 1 || identity.clusterId !== clusterId || identity.clusterSize !== zones) {
      throw new StartError(
        `${join(path, "node.json")} belongs to another node or cluster (cluster ${identity.clusterId}, `
        + `node ${identity.nodeId}) than ${join(dataDir, "cluster.json")} says (${clusterId}, node ${i + 1}).`,
      );
    }
    return { path, identity };
  });
}

type ClusterFile = { readonly format: number; readonly clusterId: string; readonly zones: number };

function openCluster(dataDir: string, zones: number): string {
  const file = join(dataDir, "cluster.json");
  if (!existsSync(file)) {
    if (existsSync(join(dataDir, "node-1"))) {
      throw new StartError(`${dataDir} holds nodes but no cluster.json; choose another --data-dir.`);
    }
    const made: ClusterFile = { format: FORMAT, clusterId: randomUUID(), zones };
    writeJson(dataDir, "cluster.json", made);
    return made.clusterId;
  }
  const found = readJson<ClusterFile>(file);
  checkFormat(file, found.format);
  if (found.zones !== zones) {
    throw new StartError(
      `${dataDir} holds a cluster of ${found.zones} zone(s), not ${zones}. `
      + `Start it with --zones ${found.zones}, or choose another --data-dir.`,
    );
  }
  return found.clusterId;
}

function readIdentity(file: string): NodeIdentity {
  const identity = readJson<NodeIdentity>(file);
  checkFormat(file, identity.format);
  return identity;
}

function checkFormat(file: string, format: number): void {
  if (format !== FORMAT) {
    throw new StartError(`${file} has format ${String(format)}; this Stator reads format ${FORMAT}.`);
  }
}

function readJson<T>(file: string): T {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as T;
  } catch (error) {
    throw new StartError(`${file} cannot be read: ${(error as Error).message}`);
  }
}

/** Whole or not at all, and durable: the file is synced, renamed into place, the folder synced. */
function writeJson(path: string, name: string, value: object): void {
  mkdirSync(path, { recursive: true });
  const file = join(path, name);
  const fd = openSync(`${file}.new`, "w");
  try {
    writeSync(fd, `${JSON.stringify(value, null, 2)}\n`);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(`${file}.new`, file);
  for (const folder of [path, dirname(path)]) syncFolder(folder);
}

function syncFolder(path: string): void {
  const fd = openSync(path, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
