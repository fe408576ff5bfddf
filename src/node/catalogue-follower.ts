// This node's view of the catalogue: asked for from the members of the system group, taken when it is newer. Nodes
// outside of the system group know of tables, nodes and their own replicas only from here.
import type { Lsn, NodeId } from "../base/ids.ts";
import { hostsOf } from "../model/table-schema.ts";
import type { Clock, TimerHandle } from "../ports/clock.ts";
import type { Network } from "../ports/network.ts";
import { CATALOGUE_ASK, type CatalogueMessage, type NodeMessage } from "../wire/data-messages.ts";

export type CatalogueFollowerEnv = {
  readonly self: NodeId;
  readonly clock: Clock;
  readonly network: Network<NodeMessage>;
  /** Members of the system group as this node knew them when it started. */
  readonly initial: readonly NodeId[];
  /** A view that its sender vouched for, at least as new as any before. */
  readonly onAuthoritative: (view: CatalogueMessage) => void;
};

/** Until the first view has come, and afterwards: who answers then sends every change by itself. */
const ASK_MS_FIRST = 50;
const ASK_MS = 1_000;

export class CatalogueFollower {
  readonly #env: CatalogueFollowerEnv;
  #newest: CatalogueMessage | null = null;
  /** Version of the newest view that was vouched for. */
  #authoritative: Lsn | null = null;
  #timer: TimerHandle | null = null;
  #isStopped = false;

  constructor(env: CatalogueFollowerEnv) {
    this.#env = env;
  }

  start(): void {
    this.#ask();
  }

  stop(): void {
    this.#isStopped = true;
    if (this.#timer !== null) this.#env.clock.clearTimer(this.#timer);
  }

  /** The newest view, vouched for or not; null: none came yet. */
  get newest(): CatalogueMessage | null {
    return this.#newest;
  }

  /** Whom to ask about the cluster. */
  systemNodes(): readonly NodeId[] {
    return this.#newest === null ? this.#env.initial : hostsOf(this.#newest.system);
  }

  onCatalogue(view: CatalogueMessage): void {
    const newest = this.#newest;
    if (this.#isStopped || (newest !== null && view.version < newest.version)) return;
    this.#newest = view;
    if (!view.isAuthoritative) return;
    this.#authoritative = view.version;
    this.#env.onAuthoritative(view);
  }

  /** For a node that asks here although this node has no catalogue of its own: hearsay, but it names those who have. */
  relay(to: NodeId): void {
    const newest = this.#newest;
    if (newest === null) return;
    this.#env.network.send(to, { ...newest, from: this.#env.self, isAuthoritative: false });
  }

  #ask(): void {
    if (this.#isStopped) return;
    const { self, clock, network, initial } = this.#env;
    // Without a vouched view the members known from before may be gone: ask those of the start too.
    const asked = new Set(this.systemNodes());
    if (this.#authoritative === null) for (const node of initial) asked.add(node);
    for (const node of asked) network.send(node, { kind: CATALOGUE_ASK, from: self });
    this.#timer = clock.setTimer(this.#authoritative === null ? ASK_MS_FIRST : ASK_MS, () => this.#ask());
  }
}
