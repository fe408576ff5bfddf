// A group's members as the control plane looks at them: its configuration as its leader tells it, beside what the
// catalogue says and plans.
import { epoch, SYSTEM_GROUP, type Epoch, type NodeId } from "../../base/ids.ts";
import type { Partition } from "../../model/table-schema.ts";
import type { GroupStatusOutcome } from "../../wire/data-messages.ts";
import { replicaOf, STORAGE, type Configuration, type Replica } from "../../wire/group-configuration.ts";
import type { ClusterView } from "./cluster-view.ts";
import type { Sight } from "./group-sights.ts";

export type Member = {
  readonly node: NodeId;
  readonly isStorage: boolean;
  readonly votes: boolean;
  /** In the configuration; else only planned. */
  readonly isIn: boolean;
  /** Down or removed. */
  readonly isLost: boolean;
  /** Lost, draining, or to leave: a replica elsewhere must take its place. */
  readonly isBad: boolean;
  /** Up and meant to stay: what a decision to give somebody else up may count on. */
  readonly isSure: boolean;
  readonly isUp: boolean;
  readonly zone: string | null;
};

/** The leader's own silence does not matter: it has just answered. */
export function membersOf(partition: Partition, sight: Sight, view: ClusterView): readonly Member[] {
  const { configuration } = sight.status;
  const member = (node: NodeId, replica: Replica | null): Member => {
    const isLeaving = partition.leaving?.includes(node) === true;
    const isLost = view.isLost(node) && node !== sight.leader;
    return {
      node, isStorage: replica?.kind === STORAGE, votes: replica?.votes === true, isIn: replica !== null, isLost,
      isBad: isLost || isLeaving || view.isDraining(node), isSure: view.isGood(node) && !isLeaving,
      isUp: view.isUp(node) || node === sight.leader, zone: view.zoneOf(node),
    };
  };
  const planned = (partition.joining ?? []).filter((node) => replicaOf(configuration, node) === null);
  return [
    ...configuration.replicas.map((replica) => member(replica.node, replica)),
    ...planned.map((node) => member(node, null)),
  ];
}

export function epochOf(partition: Partition): Epoch {
  return partition.epoch ?? epoch(1);
}

export function quorumOf(voters: number): number {
  return Math.floor(voters / 2) + 1;
}

/** The other replicas of the leader that have nearly all that is committed, and answered lately. */
export function isCaughtUp(status: GroupStatusOutcome, node: NodeId): boolean {
  const peer = status.peers.find((other) => other.node === node);
  return peer !== undefined && peer.match > 0 && peer.silentMs <= SILENT_MS_MAX
    && status.commit - peer.match <= LAG_ENTRIES_MAX;
}

/** Under load a healthy replica is always some entries behind; they pass in a moment. */
const LAG_ENTRIES_MAX = 256;
/** A few heartbeats. */
const SILENT_MS_MAX = 2_000;

/**
 * The partition's record with the committed configuration that the leader told, or null when the record says so
 * already. Nodes that are only planned stay so at the same epoch; at a newer one they are forgotten, and whoever was to
 * leave for the last of them stays. The order of the replicas is kept, since the first one is the
 * preferred leader; when one is new, the preference may move to where it weighs least. Not that of the system group:
 * a control plane that moves has to listen anew who lives, and heals nothing meanwhile.
 */
export function absorb(partition: Partition, configuration: Configuration, view: ClusterView): Partition | null {
  const { replicas } = configuration;
  const storage = replicas.filter(({ kind, votes }) => kind === STORAGE && votes).map(({ node }) => node);
  const log = replicas.filter(({ kind, votes }) => kind !== STORAGE && votes).map(({ node }) => node);
  const unfinished = replicas.filter(({ kind, votes }) => kind !== STORAGE || !votes).map(({ node }) => node);
  const planned = (partition.joining ?? []).filter((node) => replicaOf(configuration, node) === null);
  const isNewer = configuration.epoch > epochOf(partition);
  const joining = isNewer ? unfinished : [...unfinished, ...planned];
  const isGivenUp = isNewer && planned.length > 0 && joining.length === 0;
  const kept = partition.replicas.filter((node) => storage.includes(node));
  const added = storage.filter((node) => !kept.includes(node));
  const isSettled = added.length === 0 || partition.group === SYSTEM_GROUP;
  const ordered = isSettled ? [...kept, ...added] : view.leastFirst([...kept, ...added]);
  const next = withLists(partition, {
    replicas: ordered, logReplicas: log, joining,
    leaving: isGivenUp ? [] : (partition.leaving ?? []).filter((node) => replicaOf(configuration, node) !== null),
  }, configuration.epoch);
  return isSamePlacement(partition, next) ? null : next;
}

export type Lists = {
  readonly replicas: readonly NodeId[];
  readonly logReplicas: readonly NodeId[];
  readonly joining: readonly NodeId[];
  readonly leaving: readonly NodeId[];
};

/** The partition with these lists; empty ones are absent. */
export function withLists(partition: Partition, lists: Lists, at: Epoch): Partition {
  const { group, from, to, parent, splitting } = partition;
  const isNews = at > 1 && epochOf(partition) === 1 && parent === undefined;
  const first = partition.first ?? (isNews ? partition.replicas : undefined);
  const { replicas, logReplicas, joining, leaving } = lists;
  return {
    group, from, to, replicas,
    ...(logReplicas.length > 0 ? { logReplicas } : {}),
    ...(joining.length > 0 ? { joining } : {}),
    ...(leaving.length > 0 ? { leaving } : {}),
    ...(at > 1 ? { epoch: at } : {}),
    ...(first === undefined ? {} : { first }),
    ...(parent === undefined ? {} : { parent }),
    ...(splitting === undefined ? {} : { splitting }),
  };
}

export function listsOf({ replicas, logReplicas = [], joining = [], leaving = [] }: Partition): Lists {
  return { replicas, logReplicas, joining, leaving };
}

function isSamePlacement(a: Partition, b: Partition): boolean {
  const left = listsOf(a);
  const right = listsOf(b);
  return epochOf(a) === epochOf(b) && isSameSet(left.replicas, right.replicas)
    && isSameSet(left.logReplicas, right.logReplicas) && isSameSet(left.joining, right.joining)
    && isSameSet(left.leaving, right.leaving);
}

function isSameSet(a: readonly NodeId[], b: readonly NodeId[]): boolean {
  return a.length === b.length && a.every((node) => b.includes(node));
}
