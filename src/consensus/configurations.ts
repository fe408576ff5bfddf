// The configurations of a group along its log: the one in force is that of the newest CONFIG entry in the log,
// committed or not; when the log is cut, the one before it is in force again.
import { assert, must } from "../base/assert.ts";
import type { Ballot, Lsn, NodeId } from "../base/ids.ts";
import { NO_CONFIGURATION, replicaOf, type Configuration } from "../wire/group-configuration.ts";
import { NO_BALLOT } from "./log-tail.ts";

/** `lsn`, `ballot`: of the CONFIG entry; both 0 for the configuration that the group began with. */
export type ConfigurationAt = {
  readonly lsn: Lsn;
  readonly ballot: Ballot;
  readonly configuration: Configuration;
};

export class Configurations {
  /** Ascending by LSN and epoch. Empty: a joining replica that was told none. */
  #stack: ConfigurationAt[];

  constructor(known: readonly ConfigurationAt[]) {
    for (let i = 1; i < known.length; i++) {
      const before = must(known[i - 1]);
      const at = must(known[i]);
      assert(before.lsn < at.lsn && before.configuration.epoch < at.configuration.epoch, "configurations ascend");
    }
    this.#stack = [...known];
  }

  /** In force now. */
  get current(): Configuration {
    return this.#stack[this.#stack.length - 1]?.configuration ?? NO_CONFIGURATION;
  }

  /** Of the entry that put `current` in force; 0 for the first configuration, and for none. */
  get currentLsn(): number {
    return this.#stack[this.#stack.length - 1]?.lsn ?? 0;
  }

  /** Of the oldest one that is known; 0 for the first configuration, and for none. */
  get oldestLsn(): number {
    return this.#stack[0]?.lsn ?? 0;
  }

  get currentBallot(): Ballot {
    return this.#stack[this.#stack.length - 1]?.ballot ?? NO_BALLOT;
  }

  get isEmpty(): boolean {
    return this.#stack.length === 0;
  }

  /** The one in force at `lsn`; null when it is not known any more. */
  at(lsn: Lsn): ConfigurationAt | null {
    for (let i = this.#stack.length - 1; i >= 0; i--) {
      const at = must(this.#stack[i]);
      if (at.lsn <= lsn) return at;
    }
    return null;
  }

  /** True when one of those kept lists `node`. Those below the floor are in force nowhere any more. */
  lists(node: NodeId): boolean {
    return this.#stack.some(({ configuration }) => replicaOf(configuration, node) !== null);
  }

  /** The same, as a voter. */
  listsVoter(node: NodeId): boolean {
    return this.#stack.some(({ configuration }) => replicaOf(configuration, node)?.votes === true);
  }

  /** Voters of those kept. */
  voters(): NodeId[] {
    const nodes = new Set<NodeId>();
    for (const { configuration } of this.#stack) {
      for (const { node, votes } of configuration.replicas) if (votes) nodes.add(node);
    }
    return [...nodes];
  }

  /** The log begins anew behind what `at` was in force at. */
  begin(at: ConfigurationAt): void {
    this.#stack = [at];
  }

  push(at: ConfigurationAt): void {
    const last = this.#stack[this.#stack.length - 1];
    assert(last === undefined || last.lsn < at.lsn, "configurations ascend along the log");
    this.#stack.push(at);
  }

  /** The log was cut from `from` on. True when another configuration is in force now. */
  cut(from: Lsn): boolean {
    const before = this.#stack.length;
    while (this.#stack.length > 0 && must(this.#stack[this.#stack.length - 1]).lsn >= from) this.#stack.pop();
    return this.#stack.length !== before;
  }

  /** True when all of them list `node`: it has been a member without a break since the oldest that is kept. */
  allList(node: NodeId): boolean {
    return this.#stack.every(({ configuration }) => replicaOf(configuration, node) !== null);
  }

  /** Forgets what was in force below the one at `floor`. True when there was something. */
  forget(floor: Lsn): boolean {
    const before = this.#stack.length;
    while (this.#stack.length > 1 && must(this.#stack[1]).lsn <= floor) this.#stack.shift();
    return this.#stack.length !== before;
  }
}
