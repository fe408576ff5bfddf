// The network between processes over TCP. Each process listens, and dials each peer that it has something for: one
// connection for each direction and pair. Addresses on this process get their messages by reference.
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { assert } from "../../base/assert.ts";
import { nodeId, type NodeId } from "../../base/ids.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Network } from "../../ports/network.ts";
import type { Random } from "../../ports/random.ts";
import type { Telemetry } from "../../ports/telemetry.ts";
import { REPLY, REQUEST, type NodeMessage, type Redirect, type Request } from "../../wire/data-messages.ts";
import { LocalNetwork, type Receive } from "../local-network.ts";
import type { Hello, Identity, Refusal, RefusalCode } from "./greeting.ts";
import { IncomingConnections, processOf, type OnAsk } from "./incoming.ts";
import { LINK_LIMITS, type LinkLimits } from "./limits.ts";
import { OutgoingLink, type LinkEnv } from "./outgoing-link.ts";

export type TcpNetworkOptions = {
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: Telemetry;
  readonly identity: Identity;
  readonly onAsk: OnAsk;
  /** A peer refuses this process because of who it is: another process may have its identity. */
  readonly onRefused?: (node: number, code: RefusalCode, detail: string) => void;
  /** A peer takes this process for what it says it is. */
  readonly onWelcome?: (node: number, peer: Identity) => void;
  readonly limits?: Partial<LinkLimits>;
};

/** In the name of a node that cannot be reached: certainly not executed, so another one may be asked. */
const GONE: Redirect = { kind: "redirect", leader: null, reason: "the node does not run" };
const BACKLOG = 1_024;
/** Peers whose last refusal is remembered. */
const TOLD_MAX = 4_096;
const UNSPECIFIED: ReadonlySet<string> = new Set(["0.0.0.0", "::"]);

export class TcpNetwork implements Network<NodeMessage> {
  readonly #options: TcpNetworkOptions;
  readonly #limits: LinkLimits;
  readonly #local: LocalNetwork<NodeMessage>;
  readonly #attached: Set<NodeId> = new Set();
  readonly #links: Map<number, OutgoingLink> = new Map();
  readonly #incoming: IncomingConnections;
  readonly #server: Server = createServer((socket: Socket) => this.#incoming.accept(socket));
  /** Highest incarnation seen of each node. */
  readonly #lives: Map<number, number> = new Map();
  /** Nodes that are gone for good. One of them that is still connected is answered until it leaves. */
  readonly #forgotten: Set<number> = new Set();
  readonly #told: Map<string, string> = new Map();
  #identity: Identity;
  #localAddress: string | null = null;
  #sweeper: NodeJS.Timeout | null = null;
  #isClosed = false;

  constructor(options: TcpNetworkOptions) {
    this.#options = options;
    this.#limits = { ...LINK_LIMITS, ...options.limits };
    this.#identity = options.identity;
    this.#local = new LocalNetwork(options.clock, (to, message) => this.#notHere(to, message));
    this.#local.open();
    this.#incoming = new IncomingConnections({
      limits: this.#limits,
      self: () => this.#identity,
      onMessage: (_, to, message) => this.#deliver(to, message),
      onAsk: options.onAsk,
      onNode: (hello) => this.#onNode(hello),
      onNodeLeft: (node) => this.#onNodeLeft(node),
      onRefused: (hello, remote, refusal, byPeer) => this.#onIncomingRefused(hello, remote, refusal, byPeer),
      isOutdated: ({ node, incarnation }) => incarnation < (this.#lives.get(node) ?? 0),
    });
  }

  get identity(): Identity {
    return this.#identity;
  }

  /** Listens for peers. Port 0 lets the system choose. Rejects when the address cannot be had. */
  listen(host: string, port: number): Promise<{ readonly port: number }> {
    const server = this.#server;
    this.#localAddress = UNSPECIFIED.has(host) ? null : host;
    return new Promise((resolve, reject) => {
      server.once("error", reject);
      server.listen({ host, port, backlog: BACKLOG }, () => {
        server.removeListener("error", reject);
        server.on("error", () => undefined); // out of descriptors: one accept fails, the server goes on
        this.#sweeper = setInterval(() => this.#sweep(), this.#limits.sweepMs);
        resolve({ port: (server.address() as AddressInfo).port });
      });
    });
  }

  /** The process learns where it is reached, and once, later, who it is. */
  become(identity: Identity): void {
    assert(this.#identity.node === 0 || this.#identity.node === identity.node, "an identity is for life");
    this.#identity = identity;
  }

  attach(address: NodeId, receive: Receive<NodeMessage>): void {
    assert(processOf(address) === this.#identity.node, "an address of this process");
    this.#attached.add(address);
    this.#local.attach(address, receive);
  }

  detach(address: NodeId): void {
    this.#local.detach(address);
  }

  /** Where node `node` is reached, newest knowledge last. */
  learn(node: number, address: string): void {
    if (node === this.#identity.node || address === "") return;
    this.#forgotten.delete(node);
    this.#link(node).learn(address);
  }

  /** The node is gone for good: it is not dialled any more, once its own connection has ended. */
  forget(node: number): void {
    this.#forgotten.add(node);
    if (this.#incoming.lifeOf(node) === 0) this.#unlink(node);
  }

  addressesOf(node: number): readonly string[] {
    return this.#links.get(node)?.addresses ?? [];
  }

  isLinked(node: number): boolean {
    return this.#links.get(node)?.isUp ?? false;
  }

  /** Bytes that wait for node `node`, the socket's own not counted. */
  queuedBytes(node: number): number {
    return this.#links.get(node)?.queuedBytes ?? 0;
  }

  send(to: NodeId, message: NodeMessage): void {
    if (this.#isClosed) return;
    const node = processOf(to);
    if (node === this.#identity.node) {
      this.#local.send(to, message);
      return;
    }
    this.#link(node).send(to, message, message.kind === REPLY ? this.#incoming.lifeOf(node) : 0);
  }

  /** Stops listening, tells all peers, and ends all connections. */
  close(): Promise<void> {
    this.#isClosed = true;
    if (this.#sweeper !== null) clearInterval(this.#sweeper);
    for (const link of this.#links.values()) link.close();
    this.#incoming.close({ code: "stopping", detail: "this process stops" });
    return new Promise((resolve) => {
      if (!this.#server.listening) resolve();
      else this.#server.close(() => resolve());
    });
  }

  #link(node: number): OutgoingLink {
    const known = this.#links.get(node);
    if (known !== undefined) return known;
    const { clock, random } = this.#options;
    const env: LinkEnv = {
      clock, random, limits: this.#limits, self: () => this.#identity, localAddress: this.#localAddress,
      onUndelivered: (request) => this.#undelivered(request, nodeId(node)),
      isCurrent: (peer, incarnation) => this.#isCurrent(peer, incarnation),
      onWelcome: (peer, identity) => this.#onWelcome(peer, identity),
      onDown: (peer, refusal, byPeer) => this.#onDown(peer, refusal, byPeer),
      onOversized: (to, message) => this.#options.telemetry.event(
        "error", "network", "a message is too large for a frame", { to, kind: message.kind },
      ),
    };
    const link = new OutgoingLink(env, nodeId(node));
    this.#links.set(node, link);
    return link;
  }

  #unlink(node: number): void {
    this.#links.get(node)?.close();
    this.#links.delete(node);
  }

  #deliver(to: NodeId, message: NodeMessage): void {
    if (this.#isClosed) return;
    if (this.#attached.has(to)) this.#local.send(to, message);
    else this.#notHere(to, message);
  }

  #notHere(to: NodeId, message: NodeMessage): void {
    if (message.kind === REQUEST) this.#undelivered(message, to);
  }

  /** Answers in the place of `to`, which certainly did not see the request. */
  #undelivered(request: Request, node: NodeId): void {
    if (this.#isClosed) return;
    this.send(request.from, { kind: REPLY, from: node, id: request.id, outcome: GONE });
  }

  // ---- Who is who.

  #isCurrent(node: number, incarnation: number): boolean {
    if (incarnation < (this.#lives.get(node) ?? 0)) return false;
    const life = this.#incoming.lifeOf(node);
    return life === 0 || incarnation >= life;
  }

  #onNode(hello: Hello): void {
    const { node, incarnation, address } = hello;
    const isNew = incarnation > (this.#lives.get(node) ?? 0);
    this.#lives.set(node, Math.max(incarnation, this.#lives.get(node) ?? 0));
    const link = this.#link(node);
    if (isNew && link.isUp) link.reset({ code: "older", detail: `node ${node} has begun another life` });
    link.learn(address);
    this.#told.delete(`in ${node}`);
    this.#options.telemetry.event("debug", "network", "a peer connected", { node, address });
  }

  #onNodeLeft(node: number): void {
    if (this.#forgotten.has(node)) this.#unlink(node);
  }

  #onWelcome(node: NodeId, peer: Identity): void {
    this.#lives.set(node, Math.max(peer.incarnation, this.#lives.get(node) ?? 0));
    this.#told.delete(`out ${node}`);
    this.#options.telemetry.event("debug", "network", "connected to a peer", { node });
    this.#options.onWelcome?.(node, peer);
  }

  #onDown(node: NodeId, refusal: Refusal | null, byPeer: boolean): void {
    if (refusal === null || refusal.code === "stopping") return;
    this.#tell(`out ${node}`, byPeer ? "a peer refuses this node" : "a peer was refused", refusal, {
      node, to: this.addressesOf(node)[0] ?? "",
    });
    if (byPeer) this.#options.onRefused?.(node, refusal.code, refusal.detail);
  }

  #onIncomingRefused(hello: Hello | null, remote: string, refusal: Refusal, byPeer: boolean): void {
    if (refusal.code === "stopping") return;
    const key = hello === null ? `from ${remote.replace(/:\d+$/, "")}` : `in ${hello.node}`;
    this.#tell(key, byPeer ? "a peer refuses this node" : "a connection was refused", refusal, {
      remote, ...(hello === null ? {} : { node: hello.node }),
    });
  }

  /** The same refusal again and again, as a peer goes on dialling, is told once. */
  #tell(key: string, what: string, refusal: Refusal, fields: Readonly<Record<string, unknown>>): void {
    if (this.#told.get(key) === refusal.code) return;
    if (this.#told.size >= TOLD_MAX) this.#told.clear();
    this.#told.set(key, refusal.code);
    const severity = refusal.code === "waiting" ? "info" : "warn";
    this.#options.telemetry.event(severity, "network", `${what}: ${refusal.detail}`, { code: refusal.code, ...fields });
  }

  #sweep(): void {
    for (const link of this.#links.values()) link.sweep();
    this.#incoming.sweep();
  }
}
