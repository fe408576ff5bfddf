// Looks at a run while it goes on and notes which of the probed situations it reached.
import type { LeaseHolder } from "../checker/lease-exclusive.ts";
import type { SimCluster } from "../cluster/sim-cluster.ts";
import type { Probes } from "../swarm/probes.ts";

export class Watch {
  readonly #cluster: SimCluster;
  readonly #probes: Probes;
  readonly #lastHolder: Map<number, number> = new Map();
  #leaderChanges = 0;

  constructor(cluster: SimCluster, probes: Probes) {
    this.#cluster = cluster;
    this.#probes = probes;
  }

  onHolders(holders: readonly LeaseHolder[]): void {
    for (const { group, node } of holders) {
      const last = this.#lastHolder.get(group);
      if (last === node) continue;
      this.#lastHolder.set(group, node);
      if (last !== undefined) this.#leaderChanges++;
    }
    const { machines } = this.#cluster;
    if (holders.length === 0 || machines.every((machine) => machine.isOn)) return;
    this.#probes.hit("a node was off while the others served");
  }

  /** Before `zone` loses power. */
  onPowerOff(zone: number): void {
    const others = this.#cluster.machines.filter((machine) => machine.zone !== zone);
    this.#probes.hitIf(others.every((machine) => !machine.isOn), "all zones were off at once");
  }

  finish(): void {
    this.#probes.hitIf(this.#leaderChanges > 0, "leadership of a partition changed");
  }
}
