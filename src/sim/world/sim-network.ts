// The network between nodes: messages may be lost, late and reordered, and some also duplicated. Links are
// directed, so that a partition may be one-way. All draws come from one seeded stream.
import { assert } from "../../base/assert.ts";
import type { NodeId } from "../../base/ids.ts";
import type { Prng } from "../../base/prng.ts";
import type { Network } from "../../ports/network.ts";
import { EVENT_NETWORK, type EventLoop } from "./event-loop.ts";

export type LinkFaults = {
  /** Every message takes between these. */
  readonly delayUsMin: number;
  readonly delayUsMax: number;
  /** Arrivals are rounded up to a multiple of this: what arrives together is handled in one turn. */
  readonly quantumUs: number;
  readonly lossPerMille: number;
  readonly duplicatePerMille: number;
  /** Share of messages that take up to `slowUsMax` more: reordering. */
  readonly slowPerMille: number;
  readonly slowUsMax: number;
};

/** What the network has to know of its messages. */
export type MessageTraits<Message> = {
  /** A few bits that tell one message from another, for the history's hash. */
  readonly digest: (message: Message) => number;
  /** Travels over a connection: never delivered twice, nor to a later life of its receiver. */
  readonly isOnce: (message: Message) => boolean;
};

export type NetworkCounts = { sent: number; lost: number; cut: number; duplicated: number; slowed: number };

type Handler<Message> = (message: Message) => void;

export class SimNetwork<Message> {
  readonly #loop: EventLoop;
  readonly #random: Prng;
  readonly #traits: MessageTraits<Message>;
  #faults: LinkFaults;
  /** Made anew whenever a node comes up, so that its identity stands for that life. */
  readonly #handlers: Map<number, { readonly handle: Handler<Message> }> = new Map();
  /** Directed links that carry nothing, as `from * 2^16 + to`. */
  readonly #cut: Set<number> = new Set();
  /** Directed links whose messages wait until this time. */
  readonly #clogged: Map<number, number> = new Map();
  readonly counts: NetworkCounts = { sent: 0, lost: 0, cut: 0, duplicated: 0, slowed: 0 };

  constructor(loop: EventLoop, random: Prng, faults: LinkFaults, traits: MessageTraits<Message>) {
    this.#loop = loop;
    this.#random = random;
    this.#traits = traits;
    this.#faults = checked(faults);
  }

  /** From now on messages to `node` go to `handler`; null: the node is off, they are lost. */
  attach(node: NodeId, handler: Handler<Message> | null): void {
    if (handler === null) this.#handlers.delete(node);
    else this.#handlers.set(node, { handle: handler });
  }

  /** The port of one life of `node`. `isAlive` false: what a dead node sends goes nowhere. */
  port(node: NodeId, isAlive: () => boolean): Network<Message> {
    return {
      send: (to: NodeId, message: Message): void => {
        if (isAlive()) this.#send(node, to, message);
      },
    };
  }

  setFaults(faults: LinkFaults): void {
    this.#faults = checked(faults);
  }

  /** Nothing passes from `from` to `to`; what is under way is lost too. */
  cut(from: NodeId, to: NodeId): void {
    this.#cut.add(link(from, to));
  }

  /** What is sent from `from` to `to` arrives no earlier than `untilUs`. */
  clog(from: NodeId, to: NodeId, untilUs: number): void {
    this.#clogged.set(link(from, to), untilUs);
  }

  heal(): void {
    this.#cut.clear();
    this.#clogged.clear();
  }

  #send(from: NodeId, to: NodeId, message: Message): void {
    const { counts } = this;
    const faults = this.#faults;
    const random = this.#random;
    counts.sent++;
    if (from === to) {
      this.#deliver(from, to, message, this.#loop.nowUs + 1);
      return;
    }
    if (this.#cut.has(link(from, to))) {
      counts.cut++;
      return;
    }
    if (faults.lossPerMille > 0 && random.chance(faults.lossPerMille, 1000)) {
      counts.lost++;
      return;
    }
    this.#deliver(from, to, message, this.#arrival(from, to));
    if (this.#traits.isOnce(message)) return;
    if (faults.duplicatePerMille > 0 && random.chance(faults.duplicatePerMille, 1000)) {
      counts.duplicated++;
      this.#deliver(from, to, message, this.#arrival(from, to));
    }
  }

  #arrival(from: NodeId, to: NodeId): number {
    const { delayUsMin, delayUsMax, quantumUs, slowPerMille, slowUsMax } = this.#faults;
    const random = this.#random;
    let at = this.#loop.nowUs + random.between(delayUsMin, delayUsMax);
    if (slowPerMille > 0 && random.chance(slowPerMille, 1000)) {
      this.counts.slowed++;
      at += random.below(slowUsMax) + 1;
    }
    const until = this.#clogged.get(link(from, to));
    if (until !== undefined && until > at) at = until + random.below(1000);
    return Math.ceil(at / quantumUs) * quantumUs;
  }

  #deliver(from: NodeId, to: NodeId, message: Message, atUs: number): void {
    const { digest, isOnce } = this.#traits;
    const receiver = this.#handlers.get(to);
    this.#loop.schedule(atUs, EVENT_NETWORK, to, digest(message), () => {
      if (this.#cut.has(link(from, to))) {
        this.counts.cut++;
        return;
      }
      const now = this.#handlers.get(to);
      if (now !== receiver && isOnce(message)) return;
      now?.handle(message);
    });
  }
}

function link(from: NodeId, to: NodeId): number {
  return from * 0x1_0000 + to;
}

function checked(faults: LinkFaults): LinkFaults {
  assert(faults.delayUsMin >= 1 && faults.delayUsMin <= faults.delayUsMax, "delays are a range above 0");
  assert(faults.quantumUs >= 1, "arrivals are rounded to at least a microsecond");
  return faults;
}
