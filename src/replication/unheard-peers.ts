// Gray failures: a peer that this node does not hear while others do. A node suspects its leader, canvasses, and is
// refused because the others hear that leader: then it is the link that is broken, not the leader.
import type { NodeId } from "../base/ids.ts";

export class UnheardPeers {
  readonly #heardAt: Map<NodeId, number> = new Map();
  readonly #unheard: Set<NodeId> = new Set();
  readonly #silenceMs: number;

  /** A peer is silent when nothing came for so long. */
  constructor(silenceMs: number) {
    this.#silenceMs = silenceMs;
  }

  /** True when the link was thought to be broken. */
  heard(peer: NodeId, nowMs: number): boolean {
    this.#heardAt.set(peer, nowMs);
    return this.#unheard.delete(peer);
  }

  /** Somebody hears `peer`. True when this shows for the first time that this node does not. */
  isHeardElsewhere(peer: NodeId, nowMs: number): boolean {
    const at = this.#heardAt.get(peer);
    if (at !== undefined && nowMs - at < this.#silenceMs) return false;
    if (this.#unheard.has(peer)) return false;
    this.#unheard.add(peer);
    return true;
  }

  list(): NodeId[] {
    return [...this.#unheard].sort((a, b) => a - b);
  }
}
