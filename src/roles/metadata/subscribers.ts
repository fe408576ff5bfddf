// Who is told of the catalogue: routers and nodes that ask for it. They ask again and again, so that a restarted
// member of the system group learns of them; who stops asking is forgotten.
import type { NodeId } from "../../base/ids.ts";

/** Askers come every second. */
const FORGET_MS = 10_000;
/** How often one who did not ask is told. */
const TELL_MS = 1_000;
/** More than nodes and routers there can be in one cluster. */
const SUBSCRIBERS_MAX = 4_000;

export class Subscribers {
  readonly #askedMs: Map<NodeId, number> = new Map();
  /** Those who did not ask, and when they were told last. */
  readonly #toldMs: Map<NodeId, number> = new Map();
  /** To be told in this turn. */
  #due: Set<NodeId> = new Set();

  add(node: NodeId, nowMs: number): void {
    if (this.#askedMs.size >= SUBSCRIBERS_MAX && !this.#askedMs.has(node)) return;
    this.#askedMs.set(node, nowMs);
    this.#due.add(node);
  }

  /** There is news for all of them. */
  all(nowMs: number): void {
    for (const [node, askedMs] of this.#askedMs) {
      if (nowMs - askedMs > FORGET_MS) this.#askedMs.delete(node);
      else this.#due.add(node);
    }
  }

  /** One who did not ask must know. */
  tell(node: NodeId, nowMs: number): void {
    if (nowMs - (this.#toldMs.get(node) ?? -Infinity) < TELL_MS) return;
    if (this.#toldMs.size >= SUBSCRIBERS_MAX) this.#toldMs.clear();
    this.#toldMs.set(node, nowMs);
    this.#due.add(node);
  }

  takeDue(): ReadonlySet<NodeId> {
    const due = this.#due;
    this.#due = new Set();
    return due;
  }
}
