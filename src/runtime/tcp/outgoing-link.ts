// The way to one peer: dials, greets, sends what waits, dials again after a pause. What was given to a connection that
// then broke is not sent again: a request of unknown fate stays unknown. What was not given to it is said to be so.
import { connect, isIP, type Socket } from "node:net";
import type { NodeId } from "../../base/ids.ts";
import type { Clock, TimerHandle } from "../../ports/clock.ts";
import type { Random } from "../../ports/random.ts";
import { encodeNodeMessage } from "../../wire/codec/node-message.ts";
import { dividePaxosFrame } from "../../wire/codec/paxos-frame.ts";
import { SentTables } from "../../wire/codec/sent-tables.ts";
import { PAXOS_FRAME, REPLY, REQUEST, type NodeMessage, type Reply, type Request } from "../../wire/data-messages.ts";
import { beginFrame, MESSAGE, sealFrame } from "./frames.ts";
import { helloFrame, readWelcome, type Identity, type Refusal } from "./greeting.ts";
import { ADDRESSES_MAX, PAXOS_FRAME_BYTES_MAX, type LinkLimits } from "./limits.ts";
import { PeerSocket } from "./peer-socket.ts";
import { ANSWERED, ASKED, PAXOS, REPEATED, SendQueue, type QueueClass } from "./send-queue.ts";

export type LinkEnv = {
  readonly clock: Clock;
  readonly random: Random;
  readonly limits: LinkLimits;
  readonly self: () => Identity;
  /** Connections leave from this address; null: the system chooses. */
  readonly localAddress: string | null;
  /** The request was certainly not sent. */
  readonly onUndelivered: (request: Request) => void;
  /** False: this life of the peer is over, or another process has its identity. */
  readonly isCurrent: (node: NodeId, incarnation: number) => boolean;
  readonly onWelcome: (node: NodeId, peer: Identity) => void;
  /** The link went down or could not be made. */
  readonly onDown: (node: NodeId, refusal: Refusal | null, byPeer: boolean) => void;
  /** A message that cannot be sent to anybody. */
  readonly onOversized: (to: NodeId, message: NodeMessage) => void;
};

/** Joined before they go to the socket: copying a little is cheaper than another call of the system. */
const JOIN_BYTES_MAX = 64 * 1024;
/** Pieces of a large frame: the socket's progress shows between them. */
const SLICE_BYTES = 256 * 1024;
/** Bytes of items in one shortened answer: what a client can be given at once (16 MiB) fits. */
const MANY_BYTES_MAX = 17 * 1024 * 1024;
/** The address to leave from does not fit the one to go to. */
const BAD_SOURCE: ReadonlySet<string> = new Set(["EADDRNOTAVAIL", "EINVAL"]);

type LinkState = "new" | "connecting" | "up" | "down" | "closed";

export class OutgoingLink {
  readonly node: NodeId;
  readonly #env: LinkEnv;
  readonly #queue: SendQueue;
  #addresses: string[] = [];
  #state: LinkState = "new";
  #socket: PeerSocket | null = null;
  #tables: SentTables = new SentTables();
  /** The life of the peer that answers wait for, while there is no connection. 0: any. */
  #answersFor = 0;
  #rest: Uint8Array | null = null;
  #failures = 0;
  #timer: TimerHandle | null = null;
  #isFlushScheduled = false;
  #isSourceBad = false;

  constructor(env: LinkEnv, node: NodeId) {
    this.#env = env;
    this.node = node;
    this.#queue = new SendQueue(env.limits);
  }

  get isUp(): boolean {
    return this.#state === "up";
  }

  get addresses(): readonly string[] {
    return this.#addresses;
  }

  get queuedBytes(): number {
    return this.#queue.bytes;
  }

  /** The newest address is tried first. */
  learn(address: string): void {
    if (address === "" || this.#addresses[0] === address) return;
    this.#addresses = [address, ...this.#addresses.filter((known) => known !== address)].slice(0, ADDRESSES_MAX);
    if (this.#state === "new") this.#dial();
  }

  /** `askedBy`: for a reply, the life of the peer that asked; else 0. */
  send(to: NodeId, message: NodeMessage, askedBy: number): void {
    if (this.#state === "new") this.#dial();
    const { kind } = message;
    if (this.#state === "down" || this.#state === "closed" || this.#state === "new") {
      if (kind === REQUEST) this.#env.onUndelivered(message);
      return;
    }
    if (kind === PAXOS_FRAME) {
      for (const part of dividePaxosFrame(message, PAXOS_FRAME_BYTES_MAX)) this.#push(PAXOS, to, part);
    } else if (kind === REQUEST) {
      if (this.#queue.hasRoom(ASKED)) this.#push(ASKED, to, message);
      else this.#env.onUndelivered(message);
    } else if (kind === REPLY) {
      if (this.#state === "connecting" && askedBy !== 0) this.#answersFor = askedBy;
      if (this.#queue.hasRoom(ANSWERED)) this.#push(ANSWERED, to, message);
    } else this.#push(REPEATED, to, message);
  }

  sweep(): void {
    this.#socket?.sweep(this.#env.limits.pingSweeps);
  }

  /** Tells the peer, sends what waits as far as the socket takes it, and ends. */
  close(): void {
    if (this.#state === "closed") return;
    if (this.#state === "up") this.#flush();
    this.#setDown("closed");
    this.#socket?.finish();
    this.#socket = null;
  }

  /** Ends a connection that turned out to lead to a former life of the peer. */
  reset(refusal: Refusal): void {
    this.#socket?.refuse(refusal.code, refusal.detail);
  }

  // ---- Sending.

  #push(kind: QueueClass, to: NodeId, message: NodeMessage): void {
    const bytes = this.#encode(to, message);
    if (bytes === null) return;
    this.#queue.push(kind, bytes, message.kind === REQUEST ? message : null);
    this.#flushSoon();
  }

  #encode(to: NodeId, message: NodeMessage): Uint8Array | null {
    const writer = beginFrame(MESSAGE);
    encodeNodeMessage(writer, to, message, this.#state === "up" ? this.#tables : null);
    const bytes = sealFrame(writer);
    if (bytes !== null) return bytes;
    this.#tables.forget();
    this.#env.onOversized(to, message);
    if (message.kind !== REPLY) return null;
    const shorter = shortened(message);
    return shorter === null ? null : this.#encode(to, shorter);
  }

  #flushSoon(): void {
    if (this.#isFlushScheduled || this.#state !== "up") return;
    this.#isFlushScheduled = true;
    this.#env.clock.endOfTurn(() => {
      this.#isFlushScheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    const socket = this.#socket;
    if (this.#state !== "up" || socket === null) return;
    const { socketBytesMax } = this.#env.limits;
    while (!socket.hasEnded && !socket.mustWait && socket.waitingBytes < socketBytesMax) {
      const next = this.#rest ?? this.#joined();
      if (next === null) return;
      if (next.length <= SLICE_BYTES) {
        this.#rest = null;
        socket.write(next);
      } else {
        this.#rest = next.subarray(SLICE_BYTES);
        socket.write(next.subarray(0, SLICE_BYTES));
      }
    }
  }

  /** The oldest frame, with those behind it while all are small. */
  #joined(): Uint8Array | null {
    const first = this.#queue.shift();
    if (first === null || this.#queue.isEmpty || first.length >= JOIN_BYTES_MAX) return first;
    const parts = [first];
    let bytes = first.length;
    while (bytes < JOIN_BYTES_MAX) {
      const next = this.#queue.shift();
      if (next === null) break;
      parts.push(next);
      bytes += next.length;
    }
    if (parts.length === 1) return first;
    const joined = new Uint8Array(bytes);
    let at = 0;
    for (const part of parts) {
      joined.set(part, at);
      at += part.length;
    }
    return joined;
  }

  // ---- Connecting.

  #dial(): void {
    const address = this.#addresses[this.#failures % Math.max(1, this.#addresses.length)];
    if (address === undefined || this.#state === "closed") return;
    const target = splitAddress(address);
    if (target === null) return;
    if (this.#state === "new") this.#state = "connecting";
    const { limits, localAddress, clock } = this.#env;
    const source = localAddress === null || this.#isSourceBad || isIP(target.host) !== isIP(localAddress)
      ? {} : { localAddress };
    const socket: Socket = connect({ ...target, ...source });
    socket.once("error", (error: NodeJS.ErrnoException) => {
      if (BAD_SOURCE.has(error.code ?? "")) this.#isSourceBad = true;
    });
    const peer: PeerSocket = new PeerSocket(socket, limits.silentSweepsMax, {
      onPayload: (payload) => this.#onPayload(peer, payload),
      onEnd: (refusal, byPeer) => this.#onEnd(peer, refusal, byPeer),
      onDrain: () => this.#flush(),
    });
    this.#socket = peer;
    peer.write(helloFrame({ ...this.#env.self(), role: "node", receiver: this.node }));
    this.#timer = clock.setTimer(limits.greetingMs, () => {
      this.#timer = null;
      if (this.#state !== "up" && this.#socket === peer) peer.destroy();
    });
  }

  #onPayload(peer: PeerSocket, payload: Uint8Array): void {
    if (this.#state === "up") {
      peer.refuse("malformed", "a frame that nobody asked for");
      return;
    }
    const welcome = readWelcome(payload);
    const self = this.#env.self();
    if (welcome === null) peer.refuse("malformed", "no welcome");
    else if (welcome.clusterId !== self.clusterId) {
      peer.refuse("cluster", `node ${self.node} belongs to cluster ${self.clusterId}, not to ${welcome.clusterId}`);
    } else if (welcome.node !== this.node) {
      peer.refuse("receiver", `node ${this.node} was meant, node ${welcome.node} answered`);
    } else if (!this.#env.isCurrent(this.node, welcome.incarnation)) {
      peer.refuse("older", `a later life of node ${this.node} is known`);
    } else this.#onWelcome(peer, welcome);
  }

  #onWelcome(peer: PeerSocket, welcome: Identity): void {
    peer.allowLarge();
    this.#clearTimer();
    this.#state = "up";
    this.#failures = 0;
    this.#tables = new SentTables();
    if (this.#answersFor !== 0 && this.#answersFor !== welcome.incarnation) {
      // Among what waits are answers for a life that is over; whatever else waits goes with them, as if lost.
      for (const request of this.#queue.clear()) this.#env.onUndelivered(request);
    }
    this.#answersFor = 0;
    this.#env.onWelcome(this.node, welcome);
    this.#flush();
  }

  #onEnd(peer: PeerSocket, refusal: Refusal | null, byPeer: boolean): void {
    if (this.#socket !== peer || this.#state === "closed") return;
    this.#socket = null;
    this.#setDown("down");
    this.#env.onDown(this.node, refusal, byPeer);
    const { limits, random, clock } = this.#env;
    const pause = Math.min(limits.backoffMsMax, limits.backoffMsFirst * 2 ** Math.min(this.#failures, 10));
    this.#failures++;
    this.#timer = clock.setTimer(pause / 2 + random.below(Math.ceil(pause / 2) + 1), () => {
      this.#timer = null;
      this.#dial();
    });
  }

  #setDown(state: "down" | "closed"): void {
    this.#clearTimer();
    this.#state = state;
    this.#rest = null;
    this.#answersFor = 0;
    for (const request of this.#queue.clear()) this.#env.onUndelivered(request);
  }

  #clearTimer(): void {
    if (this.#timer !== null) this.#env.clock.clearTimer(this.#timer);
    this.#timer = null;
  }
}

/** "host:port" or "[host]:port"; null: neither. */
export function splitAddress(address: string): { readonly host: string; readonly port: number } | null {
  const match = /^(?:\[([^\]]+)\]|([^:\s]+)):(\d{1,5})$/.exec(address);
  if (match === null) return null;
  const host = match[1] ?? match[2];
  const port = Number(match[3]);
  return host === undefined || port > 65_535 ? null : { host, port };
}

/** A reply that fits: of many outcomes, the largest come back as not done. Null: there is no shorter form. */
function shortened(reply: Reply): Reply | null {
  const { outcome } = reply;
  const reason = "the answer is too large for one frame between nodes";
  if (outcome.kind !== "many") {
    if (outcome.kind === "unavailable") return null;
    return { ...reply, outcome: { kind: "unavailable", reason } };
  }
  let bytes = 0;
  const outcomes = outcome.outcomes.map((one) => {
    const item = one.kind === "item" ? one.json : one.kind === "written" ? one.attributes : null;
    const size = item?.length ?? 0;
    bytes += size;
    return bytes > MANY_BYTES_MAX && size > 0 ? { kind: "overloaded", reason } as const : one;
  });
  return { ...reply, outcome: { kind: "many", outcomes } };
}
