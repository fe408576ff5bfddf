// The nodes as placement sees them: zone, life, load. Made for one look of the control plane, from the catalogue and
// what the beats say; what the look decides is counted at once, so that two decisions do not choose the same node.
import type { NodeId } from "../../base/ids.ts";
import { hostsOf, type NodeRecord, type Partition } from "../../model/table-schema.ts";
import type { Catalogue } from "./catalogue.ts";
import type { Life } from "./liveness.ts";

export type Seat = {
  readonly record: NodeRecord;
  readonly life: Life;
  /** Replicas it has or is to have. */
  replicas: number;
  /** Partitions whose preferred leader it is. */
  firsts: number;
  /** Replicas on their way to it. */
  joins: number;
};

/** Copies of each partition, one in each of three zones. */
export const REPLICAS_WANTED = 3;
/** Zones that must be up before two replicas in one zone are out of the question. */
const ZONES_WANTED = 3;

export type Choice = {
  /** Zones that have a replica. */
  readonly zones: readonly string[];
  /** Nodes that have one, or must not have one. */
  readonly not: readonly NodeId[];
  /** Replicas that may be on their way to one node at once. */
  readonly joinsMax: number;
};

export class ClusterView {
  readonly #seats: Map<NodeId, Seat> = new Map();

  constructor(catalogue: Catalogue, lifeOf: (node: NodeId) => Life) {
    for (const record of catalogue.nodes()) {
      this.#seats.set(record.id, { record, life: lifeOf(record.id), replicas: 0, firsts: 0, joins: 0 });
    }
    if (catalogue.system !== null) this.count(catalogue.system, 1);
    for (const table of catalogue.tables()) {
      for (const partition of table.partitions) this.count(partition, 1);
      for (const partition of table.closed ?? []) this.count(partition, 1);
    }
  }

  seats(): IterableIterator<Seat> {
    return this.#seats.values();
  }

  seat(node: NodeId): Seat | null {
    return this.#seats.get(node) ?? null;
  }

  zoneOf(node: NodeId): string | null {
    return this.#seats.get(node)?.record.zone ?? null;
  }

  isUp(node: NodeId): boolean {
    const seat = this.#seats.get(node);
    return seat !== undefined && seat.life === "up" && seat.record.state !== "removed";
  }

  /** Gone for good, as far as can be told: what it holds must be made anew elsewhere. */
  isLost(node: NodeId): boolean {
    const seat = this.#seats.get(node);
    return seat === undefined || seat.life === "down" || seat.record.state === "removed";
  }

  isDraining(node: NodeId): boolean {
    return this.#seats.get(node)?.record.state === "draining";
  }

  /** Up, and meant to keep what it has. */
  isGood(node: NodeId): boolean {
    const seat = this.#seats.get(node);
    return seat !== undefined && seat.life === "up" && seat.record.state === "active";
  }

  /** Adds the partition's replicas to the load of its nodes, or (`by` -1) takes them away. */
  count(partition: Partition, by: 1 | -1): void {
    for (const node of hostsOf(partition)) {
      const seat = this.#seats.get(node);
      if (seat !== undefined) seat.replicas += by;
    }
    for (const node of partition.joining ?? []) {
      const seat = this.#seats.get(node);
      if (seat !== undefined) seat.joins += by;
    }
    const first = this.#seats.get(partition.replicas[0] as NodeId);
    if (first !== undefined) first.firsts += by;
  }

  /** True while so many zones may be alive that replicas never share one. */
  get hasAllZones(): boolean {
    const zones = new Set<string>();
    for (const { record, life } of this.#seats.values()) {
      if (record.state !== "removed" && life !== "down") zones.add(record.zone);
    }
    return zones.size >= ZONES_WANTED;
  }

  /** The node for one more replica: of a zone without one, the least loaded. Null: none now. */
  choose(choice: Choice): NodeId | null {
    const apart = this.#leastLoaded(choice, (zone) => !choice.zones.includes(zone));
    return apart ?? (this.hasAllZones ? null : this.#leastLoaded(choice, () => true));
  }

  /**
   * Nodes for a new partition, the preferred leader first. A node that is silent or drains is taken when its zone has
   * no other: a third copy that will be moved is better than two. Empty: there is no room.
   */
  chooseNew(): readonly NodeId[] {
    const best = new Map<string, Seat>();
    for (const seat of this.#seats.values()) {
      if (seat.record.state === "removed" || seat.replicas >= seat.record.capacity) continue;
      const known = best.get(seat.record.zone);
      if (known === undefined || comparePlaces(seat, known) < 0) best.set(seat.record.zone, seat);
    }
    const chosen = [...best.values()].sort(comparePlaces).slice(0, REPLICAS_WANTED).map(({ record }) => record.id);
    if (chosen.length < REPLICAS_WANTED && this.hasAllZones) return [];
    while (chosen.length < REPLICAS_WANTED) {
      const more = this.choose({ zones: [], not: chosen, joinsMax: Infinity });
      if (more === null) break;
      chosen.push(more);
    }
    return this.leastFirst(chosen);
  }

  /** The same nodes, the one that is the preferred leader of the fewest partitions in front. */
  leastFirst(nodes: readonly NodeId[]): readonly NodeId[] {
    let first: NodeId | null = null;
    for (const node of nodes) {
      if (first === null || this.#leads(node) < this.#leads(first)) first = node;
    }
    return first === null ? nodes : [first, ...nodes.filter((node) => node !== first)];
  }

  /** One that does not live would lead nothing. */
  #leads(node: NodeId): number {
    const seat = this.#seats.get(node);
    return seat === undefined || isDoubtful(seat) ? Infinity : seat.firsts;
  }

  #leastLoaded({ not, joinsMax }: Choice, isZone: (zone: string) => boolean): NodeId | null {
    let best: Seat | null = null;
    for (const seat of this.#seats.values()) {
      const { record, replicas, joins } = seat;
      if (!this.isGood(record.id) || !isZone(record.zone) || not.includes(record.id)) continue;
      if (replicas >= record.capacity || joins >= joinsMax) continue;
      if (best === null || comparePlaces(seat, best) < 0) best = seat;
    }
    return best?.record.id ?? null;
  }
}

/** Silent. One that was not listened to for long is given the benefit. */
function isDoubtful({ life }: Seat): boolean {
  return life === "suspect" || life === "down";
}

/** Those that live first, then those that stay, then the least loaded, then by id. */
function comparePlaces(a: Seat, b: Seat): number {
  const byLife = Number(isDoubtful(a)) - Number(isDoubtful(b));
  const byState = Number(a.record.state !== "active") - Number(b.record.state !== "active");
  return byLife || byState || a.replicas - b.replicas || a.record.id - b.record.id;
}
