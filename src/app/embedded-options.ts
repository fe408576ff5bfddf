// What `stator start` hands to the embedded cluster, and what it gets back.
import type { NodeId } from "../base/ids.ts";
import type { Execute } from "../model/operation.ts";
import type { ExpiryOptions } from "../roles/storage-node/expiry-sweep.ts";
import type { TreeOptions } from "../storage/tree/tree-options.ts";
import type { Disturber } from "./disturbance.ts";
import type { LaggingNode } from "./lagging-node.ts";

export type Credential = { readonly accessKeyId: string; readonly secretAccessKey: string };

/** In PEM. */
export type TlsKeys = { readonly cert: string; readonly key: string };

export type LogLevel = "debug" | "info" | "warn" | "error" | "silent";

export type EmbeddedOptions = {
  /** 0 chooses a free port. */
  readonly port: number;
  readonly host: string;
  /** Null keeps everything in memory. */
  readonly dataDir: string | null;
  /** 1 to 5: one node with one copy of everything each. */
  readonly zones: number;
  /** Null takes any credentials; allowed on loopback only. */
  readonly credentials: readonly Credential[] | null;
  /** Partitions of a new table. */
  readonly partitionsPerTable: number;
  /** Region of ARNs where the request names none. */
  readonly region: string;
  readonly logLevel: LogLevel;
  /** Whose pages browsers let in, "*" for all. Absent: nobody's. */
  readonly cors?: readonly string[];
  /** Absent: the port speaks plain HTTP. */
  readonly tls?: TlsKeys;
  /** How items expire; the default pace where nothing is given. */
  readonly expiry?: ExpiryOptions;
  /** Time to live of a table is not changed twice within it. Absent: as often as one likes. */
  readonly ttlPauseMs?: number;
  /** How long records of streams are kept. Absent: as long as DynamoDB does. */
  readonly streamRetentionMs?: number;
  /** Bad days on purpose, for tests of applications. Absent: none. */
  readonly disturber?: Disturber;
  /** Called when a node has gone through what it leads for items whose time is over, with the number deleted. */
  readonly onExpiryPass?: (node: NodeId, begun: number) => void;
  /** When checkpoints are due; the tree's own defaults where nothing is given. */
  readonly tree?: TreeOptions;
};

export type RunningCluster = {
  /** http://host:port, or https */
  readonly endpoint: string;
  readonly zones: readonly string[];
  readonly dataDir: string | null;
  /** Operations from this process, which nothing disturbs. */
  readonly execute: Execute;
  /** The node that can be made to lag; null: there are too few nodes. */
  readonly lagging: LaggingNode | null;
  /** Answers what is under way, closes logs and trees. */
  stop(): Promise<void>;
  /** Resolves when too many nodes have failed for the cluster to go on; never rejects. */
  readonly failed: Promise<Error>;
};

/** Something the person who starts the cluster must mend; `message` says how. */
export class StartError extends Error {
  override readonly name: string = "StartError";
}
