// Requests of the control plane that are under way to nodes. Each is answered once, or given up after its time; a
// late answer is nobody's.
import { buggify } from "../../base/buggify.ts";
import type { GroupId, NodeId } from "../../base/ids.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Network } from "../../ports/network.ts";
import { REQUEST, type NodeMessage, type Reply, type Work, type WorkOutcome } from "../../wire/data-messages.ts";

type Ask = {
  readonly node: NodeId;
  readonly untilMs: number;
  /** Null: no answer within its time. */
  readonly done: (outcome: WorkOutcome | null) => void;
};

/** Under way at once: far above what the limits of the workflows need. */
const ASKS_MAX = 1_000;

export class Asks {
  readonly #self: NodeId;
  readonly #clock: Clock;
  readonly #network: Network<NodeMessage>;
  readonly #asks: Map<number, Ask> = new Map();
  #nextId: number;

  /** `firstId`: see request-ids.ts. */
  constructor(self: NodeId, clock: Clock, network: Network<NodeMessage>, firstId: number) {
    this.#self = self;
    this.#clock = clock;
    this.#network = network;
    this.#nextId = firstId;
  }

  get isFull(): boolean {
    return this.#asks.size >= ASKS_MAX;
  }

  /** False: too many are under way; `done` is not called. */
  ask(node: NodeId, group: GroupId, work: Work, timeoutMs: number, done: Ask["done"]): boolean {
    if (this.isFull) return false;
    const id = this.#nextId++;
    this.#asks.set(id, { node, untilMs: this.#clock.monotonicMs() + timeoutMs, done });
    this.#network.send(node, { kind: REQUEST, from: this.#self, id, group, work, bytesMax: 0 });
    return true;
  }

  onReply(reply: Reply): void {
    const ask = this.#asks.get(reply.id);
    if (ask === undefined || ask.node !== reply.from || buggify("control plane: an answer comes too late")) return;
    this.#asks.delete(reply.id);
    ask.done(reply.outcome);
  }

  /** Gives up what has waited for too long. */
  sweep(nowMs: number): void {
    for (const [id, ask] of this.#asks) {
      if (ask.untilMs > nowMs) continue;
      this.#asks.delete(id);
      ask.done(null);
    }
  }

  /** Nobody waits any more. */
  clear(): void {
    this.#asks.clear();
  }
}
