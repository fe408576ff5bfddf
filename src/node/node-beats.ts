// Tells the members of the system group that this node lives, and how it is.
import type { NodeId } from "../base/ids.ts";
import type { Clock, TimerHandle } from "../ports/clock.ts";
import type { Network } from "../ports/network.ts";
import type { NodeReplicator } from "../replication/node-replicator.ts";
import { NODE_BEAT, type NodeMessage } from "../wire/data-messages.ts";

export type NodeBeatsEnv = {
  readonly self: NodeId;
  readonly clock: Clock;
  readonly network: Network<NodeMessage>;
  readonly replicator: NodeReplicator;
  /** Names this life of the node. */
  readonly incarnation: number;
  readonly beatMs: number;
  readonly systemNodes: () => readonly NodeId[];
  readonly unheard: () => readonly NodeId[];
};

export class NodeBeats {
  readonly #env: NodeBeatsEnv;
  #timer: TimerHandle | null = null;
  #isStopped = false;

  constructor(env: NodeBeatsEnv) {
    this.#env = env;
  }

  start(): void {
    this.#beat();
  }

  stop(): void {
    this.#isStopped = true;
    if (this.#timer !== null) this.#env.clock.clearTimer(this.#timer);
  }

  #beat(): void {
    if (this.#isStopped) return;
    const { self, clock, network, replicator, incarnation, beatMs, systemNodes, unheard } = this.#env;
    let replicas = 0;
    let led = 0;
    for (const host of replicator.hosts()) {
      replicas++;
      if (host.session !== null) led++;
    }
    const beat: NodeMessage = { kind: NODE_BEAT, from: self, incarnation, replicas, led, unheard: unheard() };
    for (const node of systemNodes()) network.send(node, beat);
    this.#timer = clock.setTimer(beatMs, () => this.#beat());
  }
}
