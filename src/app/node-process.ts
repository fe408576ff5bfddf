// One node as a process of its own: what `stator node` runs. First the port for peers and the directory; then an
// identity, from `stator init` or from a cluster that exists; then the node.
import { createTelemetry } from "../runtime/node-telemetry.ts";
import { NodeClock } from "../runtime/node-clock.ts";
import { NodeRandom } from "../runtime/node-random.ts";
import type { DirectoryLock } from "../runtime/directory-lock.ts";
import type { Identity, RefusalCode } from "../runtime/tcp/greeting.ts";
import { splitAddress } from "../runtime/tcp/outgoing-link.ts";
import { TcpNetwork } from "../runtime/tcp/tcp-network.ts";
import type { Telemetry } from "../ports/telemetry.ts";
import { StartError } from "./embedded-options.ts";
import { isLoopback, refuseOpenDoor } from "./front-door.ts";
import { MemberNode } from "./member-node.ts";
import { Membership } from "./membership.ts";
import { NodeDirectory } from "./node-directory.ts";
import type { NodeOptions, RunningNode } from "./node-options.ts";
import { lockOrRefuse } from "./node-storage.ts";

const SILENT: Telemetry = { event: () => undefined };
/** Peers that refuse this node for its identity so long have another process of that identity. */
const DUPLICATE_MS_MAX = 15_000;
/** A node that is reached elsewhere than before waits so long for the cluster to take its new address. */
const MOVE_MS_MAX = 15_000;
const MOVE_PAUSE_MS = 500;
/** In the control plane's words. */
const DUPLICATE = "duplicate identity";
/** Another process that beats in this node's name all that time is no echo of this node's last life. */
const ECHO_MS_MAX = 6_000;

export class NodeProcess {
  /** Resolves when the node cannot go on; never rejects. */
  readonly failed: Promise<Error>;
  readonly #options: NodeOptions;
  readonly #lock: DirectoryLock;
  readonly #directory: NodeDirectory;
  readonly #network: TcpNetwork;
  readonly #telemetry: Telemetry;
  readonly #membership: Membership;
  readonly #refusedSince: Map<number, number> = new Map();
  #identity: Identity;
  #member: MemberNode | null = null;
  #stopping: Promise<void> | null = null;
  #fail: (error: Error) => void = () => undefined;

  private constructor(options: NodeOptions, lock: DirectoryLock, directory: NodeDirectory) {
    this.#options = options;
    this.#lock = lock;
    this.#directory = directory;
    this.#telemetry = options.logLevel === "silent"
      ? SILENT : createTelemetry({ level: options.logLevel, format: "text" });
    this.failed = new Promise((resolve) => {
      this.#fail = resolve;
    });
    this.#identity = {
      clusterId: "", node: 0, incarnation: directory.beginLife(), uuid: directory.uuid, zone: directory.zone,
      address: "",
    };
    this.#membership = new Membership({
      directory, identity: () => this.#identity, join: options.join, capacity: options.capacity, tell: options.tell,
    });
    this.#network = new TcpNetwork({
      clock: new NodeClock(), random: new NodeRandom(), telemetry: this.#telemetry, identity: this.#identity,
      onAsk: (question, answer) => this.#membership.onAsk(question, answer),
      onRefused: (node, code, detail) => this.#onRefused(node, code, detail),
      onWelcome: (node) => void this.#refusedSince.delete(node),
    });
  }

  /** Takes the directory and the port for peers. */
  static async open(options: NodeOptions): Promise<NodeProcess> {
    refuseOpenDoor(options.apiHost, options.credentials);
    refuseOpenPeers(options);
    const lock = await lockOrRefuse(options.dataDir);
    try {
      const made = new NodeProcess(options, lock, NodeDirectory.open(options.dataDir, options.zone));
      await made.#listen();
      return made;
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  /** Where peers reach it. */
  get peerAddress(): string {
    return this.#identity.address;
  }

  /** Resolves when clients are let in; null: it was stopped before. Rejects with a StartError when that cannot be. */
  async ready(): Promise<RunningNode | null> {
    const directory = this.#directory;
    if (!(await this.#membership.seek())) return null;
    this.#identity = { ...this.#identity, clusterId: directory.clusterId, node: directory.nodeId };
    this.#network.become(this.#identity);
    const member = new MemberNode({
      options: this.#options, directory, network: this.#network, telemetry: this.#telemetry, onFailed: this.#fail,
    });
    await this.#moveIn(member);
    if (this.#stopping !== null) return null;
    this.#member = member;
    this.#membership.serve(member.register);
    const endpoint = await member.open();
    if (endpoint === null) return null;
    return {
      endpoint, nodeId: directory.nodeId, clusterId: directory.clusterId, zone: directory.zone,
      peerAddress: this.#identity.address, dataDir: this.#options.dataDir,
    };
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    this.#membership.stop();
    await this.#member?.stop();
    await this.#network.close();
    await this.#lock.release();
  }

  async #listen(): Promise<void> {
    const { listenHost, listenPort, advertise } = this.#options;
    const former = advertise === null ? (splitAddress(this.#directory.readPeers().self)?.port ?? 0) : 0;
    const bound = await this.#bind(listenHost, listenPort === 0 ? former : listenPort);
    const host = listenHost.includes(":") ? `[${listenHost}]` : listenHost;
    this.#identity = { ...this.#identity, address: advertise ?? `${host}:${bound}` };
    this.#network.become(this.#identity);
  }

  async #bind(host: string, port: number): Promise<number> {
    try {
      return (await this.#network.listen(host, port)).port;
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === "EADDRINUSE" && this.#options.listenPort === 0) return (await this.#network.listen(host, 0)).port;
      if (code === "EADDRINUSE") {
        throw new StartError(`Port ${port} on ${host} is in use. Choose another with --listen.`);
      }
      throw new StartError(`Cannot listen for peers on ${host}:${port}: ${message}`);
    }
  }

  /** A node that is reached elsewhere than in its last life has the cluster note it; or it is a copy of a live one. */
  async #moveIn(member: MemberNode): Promise<void> {
    const { book } = member;
    const own = this.#identity.address;
    const before = book.ownAddress === "" ? this.#ownFirstAddress() : book.ownAddress;
    if (before !== "" && before !== own) {
      const begin = performance.now();
      const end = begin + MOVE_MS_MAX;
      const addresses = [
        ...new Set([...book.peers.map(({ address }) => address), ...this.#options.join]),
      ].filter((address) => address !== own && address !== before);
      let problem = "";
      while (performance.now() < end && this.#stopping === null && addresses.length > 0) {
        problem = await this.#tellMove(addresses);
        if (problem === "") break;
        if (problem.includes(DUPLICATE) && performance.now() - begin > ECHO_MS_MAX) {
          throw new StartError(`Two processes have one identity: ${problem}.`);
        }
        await new Promise((resolve) => setTimeout(resolve, MOVE_PAUSE_MS));
      }
    }
    book.noteOwnAddress(own);
  }

  /** Empty: the cluster has noted it. Else why not. */
  async #tellMove(addresses: readonly string[]): Promise<string> {
    let problem = "no node of the cluster answers";
    for (const address of addresses) {
      const answer = await this.#membership.ask(address);
      if (answer.kind === "registered") return "";
      if (answer.kind === "refused") throw new StartError(`The cluster refuses this node: ${answer.reason}.`);
      if (answer.kind === "not-now") problem = answer.reason;
      if (problem.includes(DUPLICATE)) break;
    }
    return problem;
  }

  #ownFirstAddress(): string {
    const { founders, nodeId: own } = this.#directory;
    return founders.find(({ id }) => id === own)?.address ?? "";
  }

  /** One refusal is normal while peers still hold the connection of a former life. */
  #onRefused(node: number, code: RefusalCode, detail: string): void {
    if (code !== "duplicate" && code !== "older") return;
    const now = performance.now();
    const since = this.#refusedSince.get(node);
    if (since === undefined) this.#refusedSince.set(node, now);
    else if (now - since > DUPLICATE_MS_MAX) {
      this.#fail(new Error(`another process runs under the identity of this node: ${detail}`));
    }
  }
}

function refuseOpenPeers({ listenHost, isInsecureAllowed }: NodeOptions): void {
  if (isInsecureAllowed || isLoopback(listenHost)) return;
  throw new StartError(
    `Refusing to listen for peers on ${listenHost}: connections between nodes are neither encrypted nor `
    + "authenticated yet, so whoever reaches this port can read and change everything. On a network that only the "
    + "nodes are on, give --insecure-peers.",
  );
}
