// What `stator node` hands to a node process, and what it gets back.
import type { ExpiryOptions } from "../roles/storage-node/expiry-sweep.ts";
import type { Credential, LogLevel, TlsKeys } from "./embedded-options.ts";

export type NodeOptions = {
  readonly zone: string;
  readonly dataDir: string;
  /** Where peers connect to; port 0 chooses one, and keeps it over restarts while it is free. */
  readonly listenHost: string;
  readonly listenPort: number;
  /** "host:port" that peers are told; null: where it listens. */
  readonly advertise: string | null;
  /** The port for peers may be reachable from other machines, though nothing on it is encrypted or proven. */
  readonly isInsecureAllowed: boolean;
  /** Where to look for the cluster. */
  readonly join: readonly string[];
  readonly apiHost: string;
  readonly apiPort: number;
  readonly credentials: readonly Credential[] | null;
  /** Whose pages browsers let in, "*" for all. Absent: nobody's. */
  readonly cors?: readonly string[];
  /** Absent: the clients' port speaks plain HTTP. */
  readonly tls?: TlsKeys;
  /** Partitions of a new table. */
  readonly partitionsPerTable: number;
  /** How items expire; the default pace where nothing is given. */
  readonly expiry?: ExpiryOptions;
  /** Replicas that it takes at most. */
  readonly capacity: number;
  readonly region: string;
  readonly logLevel: LogLevel;
  /** For people: what the start waits for. */
  readonly tell: (line: string) => void;
};

export type RunningNode = {
  /** http://host:port, or https */
  readonly endpoint: string;
  readonly nodeId: number;
  readonly clusterId: string;
  readonly zone: string;
  /** Where peers reach it. */
  readonly peerAddress: string;
  readonly dataDir: string;
};
