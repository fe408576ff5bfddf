// Looks at a run while it goes on and notes which of the probed situations it reached.
import type { LeaseHolder } from "../checker/lease-exclusive.ts";
import type { SimCluster } from "../cluster/sim-cluster.ts";
import type { Probes } from "../swarm/probes.ts";

export class Watch {
  readonly #cluster: SimCluster;
  readonly #probes: Probes;
  readonly #lastHolder: Map<number, number> = new Map();
  #leaderChanges = 0;
  /** A node holds the lease of a group that another held last. */
  onLeader: ((group: number, node: number) => void) | null = null;
  /** Zones paused while they led, with the group they led. */
  readonly #pausedLeaders: Map<number, number> = new Map();

  constructor(cluster: SimCluster, probes: Probes) {
    this.#cluster = cluster;
    this.#probes = probes;
  }

  onHolders(holders: readonly LeaseHolder[]): void {
    for (const { group, node } of holders) {
      const last = this.#lastHolder.get(group);
      if (last === node) continue;
      this.#lastHolder.set(group, node);
      this.onLeader?.(group, node);
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

  onPause(zone: number, isOver: boolean): void {
    const group = this.#pausedLeaders.get(zone);
    this.#pausedLeaders.delete(zone);
    if (!isOver) {
      const held = this.#cluster.leaseHolders().find((holder) => holder.node === zone);
      if (held !== undefined) this.#pausedLeaders.set(zone, held.group);
    } else if (group !== undefined && this.#cluster.machine(zone).node !== null) {
      const holdsStill = this.#cluster.leaseHolders().some((holder) => holder.node === zone && holder.group === group);
      this.#probes.hitIf(!holdsStill, "a paused node outlived its lease");
    }
  }

  finish(): void {
    for (const { storage, node } of this.#cluster.machines) {
      const { tornWrites, lostWrites } = storage.disk.report;
      this.#probes.hitIf(tornWrites + lostWrites > 0, "a power-off tore or lost un-synced bytes");
      this.#probes.hitIf((node?.wal.inspect().segments[0] ?? 0) > 1, "a log segment was deleted");
    }
    this.#probes.hitIf(this.#leaderChanges > 0, "leadership of a partition changed");
  }
}
