// A node of a cluster of processes, once it knows who it is: log, tree and replicas, the router, the HTTP front end.
import { setTimeout as sleep } from "node:timers/promises";
import { nodeId, type NodeId } from "../base/ids.ts";
import type { GroupTiming } from "../consensus/ready.ts";
import { openNode, StatorNode, type NodeEnv } from "../node/stator-node.ts";
import type { Network } from "../ports/network.ts";
import type { Telemetry } from "../ports/telemetry.ts";
import { createApi } from "../roles/api/role.ts";
import { Router } from "../roles/router/role.ts";
import { NodeClock } from "../runtime/node-clock.ts";
import { nodeCompression } from "../runtime/node-compression.ts";
import { nodeCrypto } from "../runtime/node-crypto.ts";
import { NodeRandom } from "../runtime/node-random.ts";
import { routerOf } from "../runtime/tcp/incoming.ts";
import type { TcpNetwork } from "../runtime/tcp/tcp-network.ts";
import { TREE_DEFAULT } from "../storage/tree/tree-options.ts";
import { PACE_DEFAULT } from "../storage/wal/batch-pace.ts";
import { BATCH_BYTES_DEFAULT, SEAL_DELAY_MS_DEFAULT, SEGMENT_BYTES_DEFAULT } from "../storage/wal/wal.ts";
import {
  CATALOGUE, REPLY, REQUEST, type CatalogueMessage, type NodeMessage, type Redirect, type Request,
} from "../wire/data-messages.ts";
import { createAdminDoor } from "./admin-door.ts";
import { openStorage } from "./disk-storage.ts";
import { StartError } from "./embedded-options.ts";
import { endpointOf, listen, type Listening } from "./front-door.ts";
import type { Registrar } from "./membership.ts";
import type { Answer } from "./membership-talk.ts";
import type { NodeDirectory } from "./node-directory.ts";
import type { NodeOptions } from "./node-options.ts";
import { closeAll, type Storage } from "./node-storage.ts";
import { PeerBook } from "./peer-book.ts";
import { isOrder, RequestGuard } from "./request-guard.ts";

const ACCOUNT = "000000000000";
/** Processes have clocks and stalls of their own: the lease outlasts a pause of a second and a lost heartbeat. */
const TIMING: GroupTiming = {
  leaseMs: 2_000, leaseDriftMs: 100, heartbeatMs: 400, electionJitterMs: 200, resendMs: 500,
};
/** How long a stop waits for requests under way, and for others to lead. */
const STOP_GRACE_MS = 3_000;
const POLL_MS = 20;
/** How often a start that waits says what for. */
const TELL_MS = 5_000;
/** Messages that wait while the node opens its log: a few of each group at most. */
const HELD_MAX = 10_000;
/** Founders that the system group begins on. */
const SYSTEM_FOUNDERS = 3;

/** Not executed: the asker's catalogue is ahead of this node's, behind it, or wrong. */
const UNKNOWN_TABLE: Redirect = { kind: "redirect", leader: null, reason: "this node does not know the table so" };

/** Not executed: only the control plane changes groups. It has moved, when this comes to it in error. */
const NO_ORDERS: Redirect = { kind: "redirect", leader: null, reason: "the control plane is not known to be there" };

export type MemberEnv = {
  readonly options: NodeOptions;
  readonly directory: NodeDirectory;
  readonly network: TcpNetwork;
  readonly telemetry: Telemetry;
  /** The node cannot go on. Called at most once, after `open`. */
  readonly onFailed: (error: Error) => void;
};

export class MemberNode {
  readonly #env: MemberEnv;
  readonly #self: NodeId;
  readonly #clock: NodeClock = new NodeClock();
  readonly #random: NodeRandom = new NodeRandom();
  readonly #book: PeerBook;
  readonly #guard: RequestGuard = new RequestGuard((name) => this.#router?.knownTable(name) ?? null);
  #storage: Storage | null = null;
  #node: StatorNode | null = null;
  #router: Router | null = null;
  #door: Listening | null = null;
  #opening: Promise<void> = Promise.resolve();
  #failure: string | null = null;
  #isStopping = false;

  constructor(env: MemberEnv) {
    this.#env = env;
    this.#self = nodeId(env.directory.nodeId);
    this.#book = new PeerBook(this.#self, env.directory, env.network, () => {
      this.#fail("it was removed from the cluster; its directory can be deleted");
    });
  }

  get book(): PeerBook {
    return this.#book;
  }

  /** For processes that want to join through this one. */
  readonly register: Registrar = (work, done) => {
    const { directory } = this.#env;
    if (this.#router === null) {
      done({ kind: "not-now", reason: "this node has not found its own cluster yet" });
      return;
    }
    this.#router.askControlPlane(work, (outcome): void => {
      let answer: Answer = { kind: "not-now", reason: `the control plane answered "${outcome.kind}"` };
      if (outcome.kind === "registered") {
        const { clusterId, founders, nodeId: id } = directory;
        const peers = [...this.#book.peers, { id, address: this.#env.network.identity.address }];
        answer = { kind: "registered", nodeId: outcome.node.id, clusterId, founders, peers };
      } else if (outcome.kind === "invalid") answer = { kind: "refused", reason: outcome.message };
      else if ("reason" in outcome) answer = { kind: "not-now", reason: outcome.reason };
      done(answer);
    });
  };

  /** Opens log, tree and replicas, finds the catalogue, lets clients in. The endpoint; null: stopped meanwhile. */
  open(): Promise<string | null> {
    const opening = this.#open();
    this.#opening = opening.then(nothing, nothing);
    return opening;
  }

  async #open(): Promise<string | null> {
    const { network, directory, options, telemetry } = this.#env;
    await this.#openNode();
    if (this.#isStopping) return null;
    const router = new Router({
      self: nodeId(routerOf(this.#self)), clock: this.#clock, random: this.#random, network,
      metadataNodes: this.#systemNodes(), nearNode: this.#self,
    });
    this.#router = router;
    network.attach(nodeId(routerOf(this.#self)), (message) => this.#onRouterMessage(router, message));
    const { execute, lookupTable } = router;
    const api = createApi(
      { crypto: nodeCrypto, compression: nodeCompression, clock: this.#clock, random: this.#random, telemetry },
      { execute, lookupTable },
      {
        credentials: options.credentials, accountId: ACCOUNT, defaultRegion: options.region,
        cors: options.cors ?? null,
        health: () => ({
          live: this.#failure === null, ready: router.isReady && this.#failure === null && !this.#isStopping,
          detail: this.#failure ?? "ok",
        }),
      },
    );
    const handler = createAdminDoor(
      (work, done) => router.askControlPlane(work, done), options.credentials, api.handle,
    );
    await this.#ready(router, directory);
    if (this.#isStopping) return null;
    this.#door = await listen(handler, options.apiHost, options.apiPort, options.tls);
    return endpointOf(options.apiHost, this.#door.port, options.tls);
  }

  /** Others lead, requests under way are answered, log and tree are closed. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#opening; // what it opens is closed below
    const door = this.#door?.close(STOP_GRACE_MS);
    if (this.#node !== null && !this.#node.isStopped) await this.#handOver(this.#node);
    await door;
    this.#router?.stop();
    await closeAll(this.#node === null ? [] : [this.#node], [this.#storage]);
  }

  async #handOver(node: StatorNode): Promise<void> {
    const end = performance.now() + STOP_GRACE_MS;
    const leads = (): boolean => [...node.replicator.hosts()].some(({ session }) => session !== null);
    while (leads() && !node.isStopped && performance.now() < end) {
      node.replicator.handOverAll();
      await sleep(POLL_MS);
    }
  }

  // ---- The node.

  async #openNode(): Promise<void> {
    const { directory, network, options, telemetry } = this.#env;
    const storage = openStorage(directory.path);
    if (typeof storage === "string") throw new StartError(`This node cannot run: ${storage}`);
    this.#storage = storage;
    const { disk, kv, walDirectory } = storage;
    const founders = directory.founders.map((founder) => ({ ...founder, id: nodeId(founder.id) }));
    const gate = new HeldNetwork(network);
    const env: NodeEnv = {
      self: this.#self, clock: this.#clock, random: this.#random, network: gate, telemetry, disk, kv, timing: TIMING,
      wal: {
        node: this.#self, clock: this.#clock, random: this.#random, segmentBytes: SEGMENT_BYTES_DEFAULT,
        batchBytesMax: BATCH_BYTES_DEFAULT, sealDelayMs: SEAL_DELAY_MS_DEFAULT, pace: PACE_DEFAULT,
      },
      tree: TREE_DEFAULT, nodes: founders.map(({ id }) => id), initialNodes: founders,
      partitionsPerTable: options.partitionsPerTable,
      ...(options.expiry === undefined ? {} : { expiry: options.expiry }),
      ...(walDirectory === null ? {} : { walDirectory }),
      priorLeasesVoid: false, // who held a lease may live on in another process
      onFailed: ({ message }): void => this.#fail(message),
    };
    const opened = await new Promise<StatorNode | string>((resolve) => {
      openNode(env, (result) => {
        if (result instanceof StatorNode) result.wal.begin(() => resolve(result));
        else resolve(result.message);
      });
    });
    if (typeof opened === "string") throw new StartError(`This node cannot run: ${opened}`);
    this.#node = opened;
    directory.noteBegun(); // before anything that could be a vote leaves
    network.attach(this.#self, (message) => this.#onNodeMessage(opened, message));
    gate.open();
  }

  #onNodeMessage(node: StatorNode, message: NodeMessage): void {
    if (message.kind === CATALOGUE && !this.#isCredible(message)) return;
    const refusal = message.kind === REQUEST ? this.#refusalOf(message) : null;
    if (message.kind !== REQUEST || refusal === null) node.receive(message);
    else this.#env.network.send(message.from, { kind: REPLY, from: this.#self, id: message.id, outcome: refusal });
  }

  #refusalOf({ from, work }: Request): Redirect | null {
    if (isOrder(work)) return this.#book.isSystemNode(from) ? null : NO_ORDERS;
    // Without a catalogue nothing can be compared, and the node serves all the same: the catalogue may be away.
    return this.#router?.isReady !== true || this.#guard.admits(work) ? null : UNKNOWN_TABLE;
  }

  /** Only a node that may hold the catalogue can vouch for one; what others pass on says so itself. */
  #isCredible({ from, isAuthoritative }: CatalogueMessage): boolean {
    return !isAuthoritative || this.#book.isSystemNode(from);
  }

  #onRouterMessage(router: Router, message: NodeMessage): void {
    if (message.kind === CATALOGUE && !this.#isCredible(message)) return;
    router.onMessage(message);
    if (message.kind !== CATALOGUE) return;
    this.#book.onCatalogue(message);
    // What one part of the process learned of the cluster, the other need not ask for.
    this.#node?.receive(message);
  }

  #systemNodes(): readonly NodeId[] {
    const founders = this.#env.directory.founders.slice(0, SYSTEM_FOUNDERS).map(({ id }) => id);
    return [...new Set([...this.#book.system, ...founders])].map((id) => nodeId(id));
  }

  async #ready(router: Router, directory: NodeDirectory): Promise<void> {
    const { network, options } = this.#env;
    let toldMs = performance.now();
    while (!this.#isStopping && (!router.isReady || this.#node?.isOpening === true)) {
      if (this.#failure !== null) throw new StartError(`This node cannot run: ${this.#failure}`);
      if (performance.now() - toldMs > TELL_MS) {
        toldMs = performance.now();
        const linked = directory.founders.filter(({ id }) => network.isLinked(id)).map(({ id }) => id);
        options.tell(router.isReady ? "Waiting: partitions of this node replay their logs."
          : "Waiting for the catalogue, which two of the nodes that hold it must serve: linked to "
            + `${linked.length === 0 ? "none" : `node ${linked.join(", ")}`} of nodes `
            + `${this.#systemNodes().join(", ")}.`);
      }
      await sleep(POLL_MS);
    }
  }

  #fail(message: string): void {
    if (this.#failure !== null) return;
    this.#failure = message;
    this.#env.telemetry.event("error", "node", `node ${this.#self} stopped: ${message}`);
    this.#env.network.detach(this.#self);
    this.#env.onFailed(new Error(message));
  }
}

function nothing(): void {}

/** Keeps what is sent until it is opened: a node that opens its log must not be heard before that log stands. */
class HeldNetwork implements Network<NodeMessage> {
  readonly #network: TcpNetwork;
  #held: { readonly to: NodeId; readonly message: NodeMessage }[] | null = [];

  constructor(network: TcpNetwork) {
    this.#network = network;
  }

  send(to: NodeId, message: NodeMessage): void {
    if (this.#held === null) this.#network.send(to, message);
    else if (this.#held.length < HELD_MAX) this.#held.push({ to, message });
  }

  open(): void {
    const held = this.#held ?? [];
    this.#held = null;
    for (const { to, message } of held) this.#network.send(to, message);
  }
}
