// Connections that others made to this process: greeted, judged, then read. A node's connection only brings messages;
// a stranger's brings questions, one at a time, and takes the answers back.
import type { Socket } from "node:net";
import { nodeId, type NodeId } from "../../base/ids.ts";
import { decodeNodeMessage } from "../../wire/codec/node-message.ts";
import { ReceivedTables } from "../../wire/codec/sent-tables.ts";
import type { NodeMessage } from "../../wire/data-messages.ts";
import { ANSWER, ASK, MESSAGE, plainFrame, plainOf } from "./frames.ts";
import { readHello, refusalOf, welcomeFrame, type Hello, type Identity, type Refusal } from "./greeting.ts";
import type { LinkLimits } from "./limits.ts";
import { PeerSocket } from "./peer-socket.ts";

/** Ids from here on are routers': that of node n is this plus n. */
const ROUTER_FIRST = 32_768;

/** Answers a stranger's question; `answer` is called once, now or later, with a plain value. */
export type OnAsk = (question: unknown, answer: (value: unknown) => void) => void;

export type IncomingEnv = {
  readonly limits: LinkLimits;
  readonly self: () => Identity;
  readonly onMessage: (from: NodeId, to: NodeId, message: NodeMessage) => void;
  readonly onAsk: OnAsk;
  readonly onNode: (hello: Hello) => void;
  /** The live connection of node `node` has ended, and no other has taken its place. */
  readonly onNodeLeft: (node: number) => void;
  /** A connection was refused, or ended by a fault. `hello` null: it had not said who it is. */
  readonly onRefused: (hello: Hello | null, remote: string, refusal: Refusal, byPeer: boolean) => void;
  /** A later life of the node is known already. */
  readonly isOutdated: (hello: Hello) => boolean;
};

export class IncomingConnections {
  readonly #env: IncomingEnv;
  readonly #all: Set<Incoming> = new Set();
  /** The one live connection of each node. */
  readonly #nodes: Map<number, Incoming> = new Map();
  #strangers = 0;

  constructor(env: IncomingEnv) {
    this.#env = env;
  }

  get size(): number {
    return this.#all.size;
  }

  /** The life that node `node` is connected with; 0: none. */
  lifeOf(node: number): number {
    return this.#nodes.get(node)?.hello?.incarnation ?? 0;
  }

  accept(socket: Socket): void {
    if (this.#all.size >= this.#env.limits.incomingMax) {
      socket.on("error", () => undefined);
      socket.destroy();
      return;
    }
    this.#all.add(new Incoming(this.#env, this, socket));
  }

  sweep(): void {
    for (const connection of this.#all) connection.peer.sweep(0);
  }

  close(refusal: Refusal): void {
    for (const connection of this.#all) connection.peer.refuse(refusal.code, refusal.detail);
  }

  /** Takes `connection` in, or says why not. */
  admit(connection: Incoming, hello: Hello): Refusal | null {
    const { limits } = this.#env;
    const refusal = refusalOf(this.#env.self(), hello);
    if (refusal !== null) return refusal;
    if (hello.role === "stranger") {
      if (this.#strangers >= limits.strangersMax) return { code: "busy", detail: "too many strangers ask at once" };
      this.#strangers++;
      return null;
    }
    const known = this.#nodes.get(hello.node);
    const life = known?.hello?.incarnation ?? 0;
    if (hello.incarnation < life || this.#env.isOutdated(hello)) {
      return { code: "older", detail: `a later life of node ${hello.node} is known here` };
    }
    if (known !== undefined && hello.incarnation !== life) {
      return {
        code: "duplicate",
        detail: `another life of node ${hello.node} is connected from ${known.peer.remote}; if that one is gone, this `
          + "one is let in within seconds",
      };
    }
    known?.peer.destroy(); // the same process dialled again: it has given the former connection up
    this.#nodes.set(hello.node, connection);
    this.#env.onNode(hello);
    return null;
  }

  forget(connection: Incoming): void {
    this.#all.delete(connection);
    const { hello } = connection;
    if (hello === null) return;
    if (hello.role === "stranger") this.#strangers--;
    else if (this.#nodes.get(hello.node) === connection) {
      this.#nodes.delete(hello.node);
      this.#env.onNodeLeft(hello.node);
    }
  }
}

class Incoming {
  readonly peer: PeerSocket;
  hello: Hello | null = null;
  readonly #env: IncomingEnv;
  readonly #owner: IncomingConnections;
  readonly #remote: string;
  readonly #tables: ReceivedTables = new ReceivedTables();
  #timer: NodeJS.Timeout;
  #isAnswering = false;

  constructor(env: IncomingEnv, owner: IncomingConnections, socket: Socket) {
    this.#env = env;
    this.#owner = owner;
    this.peer = new PeerSocket(socket, env.limits.silentSweepsMax, {
      onPayload: (payload) => this.#onPayload(payload),
      onEnd: (refusal, byPeer) => this.#onEnd(refusal, byPeer),
      onDrain: () => undefined,
    });
    this.#remote = this.peer.remote;
    this.#timer = setTimeout(() => this.peer.refuse("silent", "no hello came in time"), env.limits.greetingMs);
    this.#timer.unref();
  }

  #onPayload(payload: Uint8Array): void {
    const { hello } = this;
    if (hello === null) this.#onHello(payload);
    else if (hello.role === "node" && payload[0] === MESSAGE) this.#onMessage(hello, payload);
    else if (hello.role === "stranger" && payload[0] === ASK && !this.#isAnswering) this.#onAsk(payload);
    else this.peer.refuse("malformed", `a frame of type ${payload[0]} is not expected here`);
  }

  #onHello(payload: Uint8Array): void {
    const read = readHello(payload);
    if (!read.ok) {
      this.peer.refuse(read.refusal.code, read.refusal.detail);
      return;
    }
    const { hello, protocol } = read;
    const refusal = this.#owner.admit(this, hello);
    if (refusal !== null) {
      this.#env.onRefused(hello, this.#remote, refusal, false);
      this.peer.refuse(refusal.code, refusal.detail);
      return;
    }
    this.hello = hello;
    clearTimeout(this.#timer);
    if (hello.role === "node") this.peer.allowLarge();
    else {
      this.#timer = setTimeout(() => this.peer.refuse("silent", "asked for too long"), this.#env.limits.strangerMs);
      this.#timer.unref();
    }
    this.peer.write(welcomeFrame(this.#env.self(), protocol));
  }

  #onMessage(hello: Hello, payload: Uint8Array): void {
    const decoded = decodeNodeMessage(payload.subarray(1), this.#tables);
    if (!decoded.ok) {
      this.peer.refuse("malformed", decoded.reason);
      return;
    }
    const { message, to } = decoded;
    if (message.from !== hello.node && message.from !== routerOf(hello.node)) {
      this.peer.refuse("malformed", `a message in the name of node ${message.from}`);
      return;
    }
    this.#env.onMessage(nodeId(hello.node), to, message);
  }

  #onAsk(payload: Uint8Array): void {
    const question = plainOf(payload, 1);
    if (question === undefined) {
      this.peer.refuse("malformed", "a malformed question");
      return;
    }
    this.#isAnswering = true;
    this.#env.onAsk(question, (value) => {
      this.#isAnswering = false;
      this.peer.write(plainFrame(ANSWER, value));
    });
  }

  #onEnd(refusal: Refusal | null, byPeer: boolean): void {
    clearTimeout(this.#timer);
    if (refusal !== null && (this.hello !== null || refusal.code === "malformed" || refusal.code === "protocol")) {
      this.#env.onRefused(this.hello, this.#remote, refusal, byPeer);
    }
    this.#owner.forget(this);
  }
}

/** Address of the router in the process of node `node`. */
export function routerOf(node: number): number {
  return ROUTER_FIRST + node;
}

/** The process that an address belongs to. */
export function processOf(address: number): number {
  return address > ROUTER_FIRST ? address - ROUTER_FIRST : address;
}
