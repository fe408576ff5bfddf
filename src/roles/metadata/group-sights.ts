// What the replicas of each group last said of themselves: soft state of the control plane.
import type { Epoch, GroupId, NodeId } from "../../base/ids.ts";
import type { GroupStatusOutcome } from "../../wire/data-messages.ts";

export type Sight = {
  /** The leader, and its answer. */
  readonly leader: NodeId;
  readonly status: GroupStatusOutcome;
  /** When the question was sent: what happened later may or may not be in the answer. */
  readonly askedMs: number;
  /** Since when this leader is seen. */
  readonly leaderSinceMs: number;
  /**
   * Nodes that said that they have a whole tree, and the epoch of the configuration that they had then: a node that
   * left and joined again has another tree, and what it said of the first one must not count.
   */
  readonly trees: ReadonlyMap<NodeId, Epoch>;
};

/** A leader's answer older than this no longer outweighs a newer one that says less. */
const TRUST_MS = 3_000;

type Known = {
  sight: Sight | null;
  /** Where to ask next. */
  hint: NodeId | null;
  readonly trees: Map<NodeId, Epoch>;
  /** Nodes that said that they have applied the group's split. */
  readonly splits: Set<NodeId>;
};

export class GroupSights {
  readonly #known: Map<GroupId, Known> = new Map();

  sight(group: GroupId): Sight | null {
    return this.#known.get(group)?.sight ?? null;
  }

  hasSplit(group: GroupId, node: NodeId): boolean {
    return this.#known.get(group)?.splits.has(node) === true;
  }

  hint(group: GroupId): NodeId | null {
    return this.#known.get(group)?.hint ?? null;
  }

  /** No answer: whoever was asked may be gone. */
  onSilence(group: GroupId, node: NodeId): void {
    const known = this.#known.get(group);
    if (known?.hint === node) known.hint = null;
  }

  onStatus(group: GroupId, from: NodeId, status: GroupStatusOutcome, askedMs: number): void {
    const known = this.#of(group);
    const toldAt = known.trees.get(from);
    if (toldAt === undefined || toldAt <= status.configuration.epoch) {
      if (status.hasTree) known.trees.set(from, status.configuration.epoch);
      else known.trees.delete(from);
    }
    if (status.splitLsn > 0 && status.applied >= status.splitLsn) known.splits.add(from);
    if (!status.isLeader) {
      if (known.hint === null || known.hint === from) known.hint = status.leader === from ? null : status.leader;
      return;
    }
    const { sight } = known;
    const isOlder = sight !== null && sight.leader !== from && askedMs - sight.askedMs < TRUST_MS
      && (status.configuration.epoch < sight.status.configuration.epoch || status.commit < sight.status.commit);
    const isLate = sight !== null && askedMs < sight.askedMs;
    if (isOlder || isLate) return;
    known.hint = from;
    known.sight = {
      leader: from, status, askedMs, trees: known.trees,
      leaderSinceMs: sight !== null && sight.leader === from ? sight.leaderSinceMs : askedMs,
    };
  }

  /** Forgets groups that are no more. */
  retain(isGroup: (group: GroupId) => boolean): void {
    for (const group of this.#known.keys()) if (!isGroup(group)) this.#known.delete(group);
  }

  #of(group: GroupId): Known {
    let known = this.#known.get(group);
    if (known === undefined) {
      known = { sight: null, hint: null, trees: new Map(), splits: new Set() };
      this.#known.set(group, known);
    }
    return known;
  }
}
