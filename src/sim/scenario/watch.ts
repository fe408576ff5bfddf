// Looks at a run while it goes on: leases at every instant, entries and configurations as they are applied, what
// routers know, and which of the probed situations the run reached.
import { must } from "../../base/assert.ts";
import { SYSTEM_GROUP, type GroupId } from "../../base/ids.ts";
import { decodeConfiguration, LOG } from "../../wire/group-configuration.ts";
import { CONFIG, SPLIT, type LogEntry } from "../../wire/log-record.ts";
import { ConfigurationAgreement } from "../checker/configuration-agreement.ts";
import { checkLeaseExclusive, type LeaseHolder } from "../checker/lease-exclusive.ts";
import { LogAgreement } from "../checker/log-agreement.ts";
import { VersionsGrow } from "../checker/versions-grow.ts";
import type { Violation } from "../checker/violation.ts";
import { NAMELESS_BASE, ROUTER_BASE, type Machine } from "../cluster/machine.ts";
import type { SimCluster } from "../cluster/sim-cluster.ts";
import type { Probes } from "../swarm/probes.ts";
import { TABLE } from "../workload/operations.ts";
import { EVENT_NETWORK, WORLD, type SimEvent } from "../world/event-loop.ts";

export class Watch {
  readonly #cluster: SimCluster;
  readonly #probes: Probes;
  readonly #lastHolder: Map<number, number> = new Map();
  #leaderChanges = 0;
  /** A node holds the lease of a group that another held last. */
  onLeader: ((group: number, node: number) => void) | null = null;
  /** Machines paused while they led, with the group they led. */
  readonly #pausedLeaders: Map<number, number> = new Map();

  readonly #report: (found: Violation | null) => void;
  readonly #agreement: LogAgreement = new LogAgreement();
  readonly #configurations: ConfigurationAgreement = new ConfigurationAgreement();
  readonly #versions: VersionsGrow = new VersionsGrow();

  constructor(cluster: SimCluster, probes: Probes, report: (found: Violation | null) => void) {
    this.#cluster = cluster;
    this.#probes = probes;
    this.#report = report;
  }

  /** Configurations that came into force after the first ones. */
  get configurationChanges(): number {
    return this.#configurations.changes;
  }

  get appliedEntries(): number {
    return this.#agreement.entries;
  }

  onApplied(machine: Machine, group: GroupId, entry: LogEntry): void {
    const { lsn, ballot, crc, kind, payload } = entry;
    const node = machine.nodeId;
    this.#report(this.#agreement.note({ group, lsn, node, ballot, crc }));
    if (kind === SPLIT) this.#probes.hit("a partition was split");
    if (kind !== CONFIG) return;
    const configuration = must(decodeConfiguration(payload), "a committed configuration decodes");
    this.#report(this.#configurations.note(group, node, configuration));
    this.#probes.hitIf(configuration.replicas.some((one) => one.votes && one.kind === LOG), "a log replica voted");
    this.#probes.hitIf(group === SYSTEM_GROUP, "the system group changed its members");
  }

  /** After each event: one of a node may begin or renew a lease, one of a router may bring a catalogue. */
  afterEvent({ target, kind }: SimEvent): void {
    if (target === WORLD || target >= NAMELESS_BASE) return;
    const isNode = target < ROUTER_BASE;
    if (!isNode && kind !== EVENT_NETWORK) return;
    // Null: a node that the cluster made and no machine has become, or one whose disk is lost.
    const machine = this.#cluster.machineAs(isNode ? target : target - ROUTER_BASE);
    if (machine === null) return;
    if (isNode) this.#report(this.#leases(machine));
    else this.#knowledge(machine);
  }

  #knowledge({ router, routerId, lives }: Machine): void {
    const table = router?.lookupTable(TABLE.name) ?? null;
    if (table !== null) this.#report(this.#versions.note(`${routerId} of life ${lives}`, table.uuid, table.version));
  }

  #leases(machine: Machine): Violation | null {
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
