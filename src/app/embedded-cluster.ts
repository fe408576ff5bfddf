// The embedded cluster: a node per zone, a router and the HTTP front end in one process, with real logs and
// trees on disk. What `stator start` runs.
import { nodeId, type NodeId } from "../base/ids.ts";
import type { GroupTiming } from "../consensus/ready.ts";
import { openNode, StatorNode, systemMembers, type NodeEnv, type NodeFailure } from "../node/stator-node.ts";
import type { HttpHandler } from "../ports/http.ts";
import type { Telemetry } from "../ports/telemetry.ts";
import { createApi } from "../roles/api/role.ts";
import { Router } from "../roles/router/role.ts";
import type { DirectoryLock } from "../runtime/directory-lock.ts";
import { MemoryDisk } from "../runtime/memory-disk.ts";
import { MemoryKv } from "../runtime/memory-kv.ts";
import { NodeClock } from "../runtime/node-clock.ts";
import { nodeCompression } from "../runtime/node-compression.ts";
import { nodeCrypto } from "../runtime/node-crypto.ts";
import { NodeRandom } from "../runtime/node-random.ts";
import { createTelemetry } from "../runtime/node-telemetry.ts";
import { TREE_DEFAULT } from "../storage/tree/tree-options.ts";
import { PACE_DEFAULT } from "../storage/wal/batch-pace.ts";
import { BATCH_BYTES_DEFAULT, SEAL_DELAY_MS_DEFAULT, SEGMENT_BYTES_DEFAULT } from "../storage/wal/wal.ts";
import { REPLY, REQUEST, type NodeMessage, type Redirect } from "../wire/data-messages.ts";
import { StartError, type EmbeddedOptions, type RunningCluster } from "./embedded-options.ts";
import { LocalNetwork } from "../runtime/local-network.ts";
import { endpointOf, listen, refuseOpenDoor, type Listening } from "./front-door.ts";
import { noteBegun, openDirectories } from "./node-identity.ts";
import { LaggingNode } from "./lagging-node.ts";
import { closeAll, lockOrRefuse, type Storage } from "./node-storage.ts";

/** The router's address on the in-process network; nodes count from 1. */
const ROUTER = nodeId(60_000);
const ACCOUNT = "000000000000";

/** One process, one clock, no lost messages: leases only have to outlast a stalled event loop. */
const TIMING: GroupTiming = {
  leaseMs: 2_000, leaseDriftMs: 100, heartbeatMs: 400, electionJitterMs: 200, resendMs: 500,
};
/** How long a stop waits for requests under way. */
const STOP_GRACE_MS = 2_000;
/** How long a start waits for the catalogue's leader. */
const READY_MS_MAX = 60_000;
/** How often a start looks whether the replay of logs is done. */
const OPENING_POLL_MS = 5;

const SILENT: Telemetry = { event: () => undefined };

/** In the name of a node that does not run: certainly not executed, so the router may ask another one. */
const GONE: Redirect = { kind: "redirect", leader: null, reason: "the node does not run" };

export async function startEmbeddedCluster(options: EmbeddedOptions): Promise<RunningCluster> {
  refuseOpenDoor(options.host, options.credentials);
  const lock = options.dataDir === null ? null : await lockOrRefuse(options.dataDir);
  try {
    return await start(options, lock);
  } catch (error) {
    await lock?.release();
    throw error;
  }
}

async function start(options: EmbeddedOptions, lock: DirectoryLock | null): Promise<RunningCluster> {
  const clock = new NodeClock();
  const random = new NodeRandom();
  const telemetry = options.logLevel === "silent"
    ? SILENT : createTelemetry({ level: options.logLevel, format: "text" });
  const network: LocalNetwork<NodeMessage> = new LocalNetwork(clock, (to, message) => {
    if (message.kind === REQUEST) network.send(message.from, { kind: REPLY, from: to, id: message.id, outcome: GONE });
  });
  const nodes: readonly NodeId[] = Array.from({ length: options.zones }, (_, i) => nodeId(i + 1));
  const failures = new Failures(nodes.length, telemetry);
  const storages = await openStorages(options, clock, failures);
  const running = await openNodes({ options, clock, random, telemetry, network, nodes, storages, failures });
  const alive = running.filter((node) => node !== null);
  if (alive.length <= nodes.length / 2) {
    await closeAll(alive, storages);
    throw new StartError(`${failures.describe()}. Too few nodes are left to go on.`);
  }
  if (options.dataDir !== null) noteBegun(options.dataDir, alive.map((node) => node.self));
  const absent = nodes.filter((self) => !alive.some((node) => node.self === self));
  if (absent.length > 0) for (const node of alive) node.standInFor(absent);
  network.open();
  const lagging = laggingOf(options, alive, clock);
  if (lagging !== null) network.attach(lagging.node.self, (message) => lagging.receive(message));
  const router = new Router({
    self: ROUTER, clock, random, network, metadataNodes: systemMembers(nodes),
    get nearNode() {
      return lagging?.nearNode ?? null;
    },
  });
  network.attach(ROUTER, (message) => router.onMessage(message));
  const end = async (): Promise<void> => {
    router.stop();
    await closeAll(alive, storages);
  };
  const { execute, lookupTable } = router;
  const apiEnv = { crypto: nodeCrypto, compression: nodeCompression, clock, random, telemetry };
  const api = createApi(apiEnv, { execute: options.disturber?.wrap(execute) ?? execute, lookupTable }, {
    credentials: options.credentials, accountId: ACCOUNT, defaultRegion: options.region,
    health: () => healthOf(router, failures), cors: options.cors ?? null,
  });
  const http = await openDoor(router, alive, failures, api.handle, options).catch(async (error: unknown) => {
    await end(); // the directory is given back next, and nobody may write there by then
    throw error;
  });
  let stopping: Promise<void> | null = null;
  const stop = async (): Promise<void> => {
    await http.close(STOP_GRACE_MS);
    await end();
    await lock?.release();
  };
  return {
    endpoint: endpointOf(options.host, http.port, options.tls),
    zones: nodes.map((_, i) => `az${i + 1}`),
    dataDir: options.dataDir, execute, lagging,
    stop: () => (stopping ??= stop()),
    failed: failures.fatal,
  };
}

type Opening = {
  readonly options: EmbeddedOptions;
  readonly clock: NodeClock;
  readonly random: NodeRandom;
  readonly telemetry: Telemetry;
  readonly network: LocalNetwork<NodeMessage>;
  readonly nodes: readonly NodeId[];
  readonly storages: readonly (Storage | null)[];
  readonly failures: Failures;
};

/** By node; null where the node's failure is noted. */
function openNodes(opening: Opening): Promise<readonly (StatorNode | null)[]> {
  const { options, clock, random, telemetry, network, nodes, storages, failures } = opening;
  return Promise.all(nodes.map((self, i) => {
    const storage = storages[i];
    if (storage === undefined || storage === null) return null;
    const { disk, kv, walDirectory } = storage;
    return openOne({
      self, clock, random, network, telemetry, disk, kv, timing: TIMING,
      wal: {
        node: self, clock, random, segmentBytes: SEGMENT_BYTES_DEFAULT, batchBytesMax: BATCH_BYTES_DEFAULT,
        sealDelayMs: SEAL_DELAY_MS_DEFAULT,
        ...(walDirectory === null ? {} : { pace: PACE_DEFAULT }), // in memory there are no syncs to save
      },
      nodes, ...settingsOf(options, self),
      ...(walDirectory === null ? {} : { walDirectory }),
      priorLeasesVoid: true, // the directory's lock proves that whoever held a lease is gone
      onFailed: (failure): void => {
        network.detach(self);
        failures.add(failure);
      },
    }, network, failures);
  }));
}

type Settings = Pick<
  NodeEnv, "tree" | "partitionsPerTable" | "expiry" | "ttlPauseMs" | "indexLagMs" | "streamRetentionMs"
>;

function settingsOf(options: EmbeddedOptions, self: NodeId): Settings {
  const { tree, partitionsPerTable, expiry, ttlPauseMs, disturber, onExpiryPass, streamRetentionMs } = options;
  return {
    tree: tree ?? TREE_DEFAULT, partitionsPerTable,
    ...(expiry === undefined ? {} : {
      expiry: onExpiryPass === undefined ? expiry : { ...expiry, onPass: (begun) => onExpiryPass(self, begun) },
    }),
    ...(ttlPauseMs === undefined ? {} : { ttlPauseMs }),
    ...(streamRetentionMs === undefined ? {} : { streamRetentionMs }),
    ...(disturber === undefined ? {} : { indexLagMs: () => disturber.disturbance.indexLagMs }),
  };
}

/** The last node: with it behind, the others are still a quorum. */
function laggingOf({ disturber }: EmbeddedOptions, alive: readonly StatorNode[], clock: NodeClock): LaggingNode | null {
  const last = alive.at(-1);
  return disturber === undefined || last === undefined || alive.length < 3 ? null : new LaggingNode(last, clock);
}

/** By node; null where the node's failure is noted. */
async function openStorages(
  options: EmbeddedOptions, clock: NodeClock, failures: Failures,
): Promise<readonly (Storage | null)[]> {
  if (options.dataDir === null) {
    return Array.from({ length: options.zones }, () => (
      { disk: new MemoryDisk(clock), kv: new MemoryKv(clock), walDirectory: null }
    ));
  }
  const { openStorage } = await import("./disk-storage.ts");
  return openDirectories(options.dataDir, options.zones).map((directory) => {
    const opened = directory.ok ? openStorage(directory.path) : directory.message;
    if (typeof opened !== "string") return opened;
    failures.add({ node: nodeId(directory.nodeId), message: opened });
    return null;
  });
}

/** Resolves when the node is open and its log stands on disk; null: its failure is noted. */
function openOne(env: NodeEnv, network: LocalNetwork<NodeMessage>, failures: Failures): Promise<StatorNode | null> {
  return new Promise((resolve) => {
    openNode(env, (opened) => {
      if (!(opened instanceof StatorNode)) {
        failures.add(opened);
        resolve(null);
        return;
      }
      network.attach(env.self, (message) => opened.receive(message));
      opened.wal.begin(() => resolve(opened.isStopped ? null : opened));
    });
  });
}

function ready(router: Router): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new StartError("The catalogue found no leader; the log of the nodes says why (--log-level debug)."));
    }, READY_MS_MAX);
    router.whenReady(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}

function healthOf(router: Router, failures: Failures): { live: boolean; ready: boolean; detail: string } {
  const { isFatal } = failures;
  return { live: !isFatal, ready: router.isReady && !isFatal, detail: failures.describe() };
}

async function openDoor(
  router: Router, alive: readonly StatorNode[], failures: Failures, handler: HttpHandler, options: EmbeddedOptions,
): Promise<Listening> {
  const fatal = failures.fatal.then((error) => {
    throw new StartError(`${error.message}. Too few nodes are left to go on.`);
  });
  fatal.catch(() => undefined); // after the start it is told by `failed`
  await Promise.race([ready(router), fatal]);
  // The end of the catalogue's log may have committed only now: its tables replay theirs before anybody is let in.
  while (alive.some((node) => node.isOpening)) await new Promise((resolve) => setTimeout(resolve, OPENING_POLL_MS));
  return listen(handler, options.host, options.port, options.tls);
}

/** Nodes that stopped because their disk or memory was wrong. */
class Failures {
  readonly fatal: Promise<Error>;
  isFatal = false;
  readonly #nodes: number;
  readonly #telemetry: Telemetry;
  readonly #failures: NodeFailure[] = [];
  #resolve: (error: Error) => void = () => undefined;

  constructor(nodes: number, telemetry: Telemetry) {
    this.#nodes = nodes;
    this.#telemetry = telemetry;
    this.fatal = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  add(failure: NodeFailure): void {
    this.#failures.push(failure);
    this.#telemetry.event("error", "node", `node ${failure.node} stopped: ${failure.message}`);
    if (this.#nodes - this.#failures.length > this.#nodes / 2 || this.isFatal) return;
    this.isFatal = true;
    this.#resolve(new Error(this.describe()));
  }

  describe(): string {
    return this.#failures.map(({ node, message }) => `node ${node} stopped: ${message}`).join("; ") || "ok";
  }
}
