// Looks at a run while it goes on: leases at every instant, and which of the probed situations it reached.
import { checkLeaseExclusive, type LeaseHolder } from "../checker/lease-exclusive.ts";
import type { Violation } from "../checker/violation.ts";
import type { Machine } from "../cluster/machine.ts";
import type { SimCluster } from "../cluster/sim-cluster.ts";
import type { Probes } from "../swarm/probes.ts";

export class Watch {
  readonly #cluster: SimCluster;
  readonly #probes: Probes;
  readonly #lastHolder: Map<number, number> = new Map();
  #leaderChanges = 0;
  /** A node holds the lease of a group that another held last. */
  onLeader: ((group: number, node: number) => void) | null = null;
  /** Machines paused while they led, with the group they led. */
  readonly #pausedLeaders: Map<number, number> = new Map();

  constructor(cluster: SimCluster, probes: Probes) {
    this.#cluster = cluster;
    this.#probes = probes;
  }

  /** After each event of `machine`: a lease begins, or is renewed, by nothing else. */
  afterEvent(machine: Machine): Violation | null {
    const { node } = machine;
    if (node === null) return null;
    const now = machine.monotonicMs;
    for (const host of node.replicator.hosts()) {
      if (host.session === null && host.leader !== machine.nodeId) continue;
      if (!host.core.isLeaseLive(now)) continue;
      const found = this.#held({ group: host.group, node: machine.nodeId, ballot: host.ballot }, machine);
      if (found !== null) return found;
    }
    return null;
  }

  #held(holder: LeaseHolder, holding: Machine): Violation | null {
    const { machines } = this.#cluster;
    const holders = [holder];
    for (const machine of machines) {
      if (machine === holding || machine.node === null) continue;
      const host = machine.node.replicator.host(holder.group);
      if (host === null || !host.core.isLeaseLive(machine.monotonicMs)) continue;
      holders.push({ group: holder.group, node: machine.nodeId, ballot: host.ballot });
    }
    const last = this.#lastHolder.get(holder.group);
    if (last !== holder.node) {
      this.#lastHolder.set(holder.group, holder.node);
      this.onLeader?.(holder.group, holder.node);
      if (last !== undefined) this.#leaderChanges++;
      this.#probes.hitIf(machines.some((machine) => !machine.isOn), "a node was off while the others served");
    }
    return holders.length > 1 ? checkLeaseExclusive(holders) : null;
  }

  /** Before the machine loses power. */
  onPowerOff(machine: Machine): void {
    const others = this.#cluster.machines.filter((other) => other !== machine);
    this.#probes.hitIf(others.every((other) => !other.isOn), "all zones were off at once");
  }

  onPause(machine: Machine, isOver: boolean): void {
    const group = this.#pausedLeaders.get(machine.number);
    this.#pausedLeaders.delete(machine.number);
    const holds = (): LeaseHolder[] => this.#cluster.leaseHolders().filter(({ node }) => node === machine.nodeId);
    if (!isOver) {
      const [held] = holds();
      if (held !== undefined) this.#pausedLeaders.set(machine.number, held.group);
    } else if (group !== undefined && machine.node !== null) {
      const holdsStill = holds().some((holder) => holder.group === group);
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
