// What a control plane asks a group's leader for in the simulation of the core: one step of membership at a time, some of
// them at the worst moment.
import type { NodeId } from "../base/ids.ts";
import type { Prng } from "../base/prng.ts";
import {
  LOG, NO_CONFIGURATION, replicaOf, STORAGE, type Configuration, type Replica,
} from "../wire/group-configuration.ts";
import type { SimNode } from "./core-sim-types.fuzz.ts";

export type MembershipView = {
  readonly prng: Prng;
  readonly leader: NodeId;
  /** Votes that the group should have. */
  readonly founders: number;
  readonly isChaos: boolean;
  readonly hasTree: (id: NodeId) => boolean;
  /** Nodes that the configuration in force does not list. */
  readonly spares: readonly NodeId[];
  /** A replica is begun on the node, if it has none. */
  readonly place: (id: NodeId) => void;
};

/** In as a learner, its vote, out, or another kind. Null: nothing to do now. */
export function nextReplicas({ replicas }: Configuration, view: MembershipView): readonly Replica[] | null {
  const { prng, leader, founders, isChaos, hasTree, spares, place } = view;
  const voters = replicas.filter(({ votes }) => votes);
  const learner = replicas.find(({ votes }) => !votes);
  const change = (node: NodeId, to: Replica | null): readonly Replica[] => replicas.flatMap((replica) => (
    replica.node !== node ? [replica] : to === null ? [] : [to]
  ));
  if (learner !== undefined) {
    if (isChaos && prng.chance(1, 8)) return change(learner.node, null);
    return prng.chance(2, 3) || !isChaos ? change(learner.node, { ...learner, votes: true }) : null;
  }
  const ready = voters.find(({ node, kind }) => kind === LOG && hasTree(node));
  if (ready !== undefined) return change(ready.node, { ...ready, kind: STORAGE });
  if (voters.length > founders || (voters.length > 2 && isChaos && prng.chance(1, 10))) {
    return change(prng.pick(voters.filter(({ node }) => node !== leader)).node, null);
  }
  const isEnough = voters.length >= founders;
  if (isEnough && (!isChaos || !prng.chance(1, 4))) return null;
  if (spares.length === 0) return null;
  const spare = prng.pick(spares);
  place(spare);
  return [...replicas, { node: spare, kind: LOG, votes: false }];
}

export function describe({ epoch, replicas }: Configuration): string {
  const words = replicas.map(({ node, kind, votes }) => `${node}${kind === LOG ? "L" : ""}${votes ? "" : "?"}`);
  return `${epoch}: ${words.join(" ")}`;
}

/** By the newest configuration anywhere: what the catalogue would say. */
export function isListed(id: NodeId, nodes: readonly SimNode[]): boolean {
  let newest = NO_CONFIGURATION;
  for (const { core } of nodes) {
    if (core !== null && core.configuration.epoch > newest.epoch) newest = core.configuration;
  }
  return replicaOf(newest, id) !== null;
}

/** With all that it promised. */
export function dropReplica(node: SimNode): void {
  node.core = null;
  node.life++;
  node.isPlaced = false;
  node.config = { ...node.config, initial: null };
  node.hasTree = false;
  node.records = [];
  node.durable = 0;
  node.checkpoint = 0;
  node.released = 0;
}
