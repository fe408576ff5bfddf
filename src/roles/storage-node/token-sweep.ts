// Tokens of transactions that were done in one round go when no repetition of their request can come any more: the
// ledger, which is asked first, has given the token free by then. Looks through the partitions that this node leads, a
// few rows at a time.
import type { GroupId, StorageKey } from "../../base/ids.ts";
import { keyAfter, scanBounds, SPACES } from "../../model/key-encoding.ts";
import { TOKEN_SECONDS } from "../../model/ledger.ts";
import type { Clock, TimerHandle } from "../../ports/clock.ts";
import type { NodeReplicator } from "../../replication/node-replicator.ts";
import type { ItemTree } from "../../storage/tree/item-tree.ts";
import type { TreeDamage } from "../../storage/tree/tree-read.ts";
import type { PlacedGroups } from "./moved.ts";
import { claimOf } from "./transactions.ts";

export type TokenSweepEnv = {
  readonly clock: Clock;
  readonly tree: ItemTree;
  readonly replicator: NodeReplicator;
  readonly placed: PlacedGroups;
  readonly onDamage: (damage: TreeDamage) => void;
};

const LOOK_MS = 2_000;
/** Rows of a partition that one look reads: what goes keeps up with what a partition can take. */
const ROWS_MAX = 1_000;
/** Clocks differ, and a claim is older than what is done in its name. */
const SLACK_SECONDS = 300;
const MICROSECONDS = 1_000_000;

export class TokenSweep {
  readonly #env: TokenSweepEnv;
  #places: Map<GroupId, StorageKey> = new Map();
  #timer: TimerHandle | null = null;

  constructor(env: TokenSweepEnv) {
    this.#env = env;
  }

  start(): void {
    this.#timer = this.#env.clock.setTimer(LOOK_MS, () => {
      this.#look();
      this.start();
    });
  }

  stop(): void {
    if (this.#timer !== null) this.#env.clock.clearTimer(this.#timer);
    this.#timer = null;
  }

  #look(): void {
    const { clock, tree, replicator, placed, onDamage } = this.#env;
    const free = (clock.wallMs() / 1000 - TOKEN_SECONDS - SLACK_SECONDS) * MICROSECONDS;
    const places = this.#places;
    this.#places = new Map();
    for (const host of replicator.hosts()) {
      const { session, group } = host;
      const placement = placed.placementOf(group);
      if (session === null || host.isClosed || session.isFull() || placement === null || placement.table === null) {
        continue;
      }
      const { from, to } = scanBounds(placement.table, placement.partition.from, placement.partition.to, SPACES.tokens);
      const old: StorageKey[] = [];
      let left = ROWS_MAX;
      let next: StorageKey | null = null;
      const start = places.get(group) ?? from;
      const damage = tree.scan(start < from || start >= to ? from : start, to, true, (key, row) => {
        if (claimOf(row) < free) old.push(key);
        left--;
        if (left > 0) return true;
        next = keyAfter(key);
        return false;
      });
      if (damage !== null) {
        onDamage(damage);
        return;
      }
      if (next !== null) this.#places.set(group, next);
      if (old.length === 0) continue;
      for (const key of old) session.addRow(key, null);
      replicator.wake(host);
    }
  }
}
