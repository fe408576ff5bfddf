// Decides the next step of one group's membership: pure, from its record in the catalogue, what its leader last said
// of it, and which nodes live. One small step at a time; whoever takes it looks again before the next.
//
// Why a step that is lost, late, repeated, or taken by a control plane that was deposed meanwhile does no harm:
//
// 1. A request to change a configuration carries the epoch of the catalogue's record, and is made only when the
//    leader's committed configuration is the one of that record. A leader at another epoch refuses it.
// 2. So before each request the configuration before it was committed to the catalogue, and a deposed control plane,
//    which can commit nothing, gets at most the one request through that it had sent. The true configuration is that
//    of the record, or one step further.
// 3. A node is written into `joining` before it is asked in, because it opens its replica by the catalogue. Whoever
//    is out of the configuration is taken out of the record only afterwards, because it drops its replica by the
//    catalogue, and a replica that forgot its promises must not vote.
// 4. A plan is given up only with a newer epoch: who is in `joining` and not yet in the configuration is let in and
//    taken out again, or goes when a newer configuration without it is seen. So the lives of a replica are told apart
//    by epochs, and a late answer that speaks of the tree of a former life is not believed.
import type { NodeId } from "../../base/ids.ts";
import type { Partition } from "../../model/table-schema.ts";
import type { Work } from "../../wire/data-messages.ts";
import { LOG, REPLICAS_MAX, STORAGE, type Replica } from "../../wire/group-configuration.ts";
import { REPLICAS_WANTED, type ClusterView } from "./cluster-view.ts";
import {
  absorb, epochOf, isCaughtUp, listsOf, membersOf, quorumOf, withLists, type Member,
} from "./group-members.ts";
import type { Sight } from "./group-sights.ts";

export type GroupStep =
  | { readonly kind: "steady" }
  /** Something is on its way, or in the way. */
  | { readonly kind: "wait"; readonly why: string }
  /** Commit this record to the catalogue. */
  | { readonly kind: "record"; readonly partition: Partition; readonly why: string }
  /** A record that begins a new change: counted against the limits. */
  | { readonly kind: "begin"; readonly partition: Partition; readonly why: string }
  /** Ask the group's leader. */
  | { readonly kind: "ask"; readonly work: Work; readonly why: string };

export type GroupPlace = {
  readonly partition: Partition;
  readonly sight: Sight | null;
  readonly view: ClusterView;
  /** Replicas that may be on their way to one node at once. */
  readonly joinsPerNodeMax: number;
};

const STEADY: GroupStep = { kind: "steady" };

export function planGroup(place: GroupPlace): GroupStep {
  const { partition, sight, view } = place;
  if (sight === null) return wait("no leader of the group has answered");
  const seen = planSeen(partition, sight, view);
  if (seen !== null) return seen;
  if (sight.status.splitLsn > 0) return wait("is split; its children are not published yet");
  const group = new Membership(partition, sight, view);
  return group.dropJoiner() ?? group.removeLost() ?? group.removeExcess() ?? group.removeLeaving()
    ?? group.handOver() ?? group.promote() ?? group.letVote() ?? group.letIn()
    ?? group.plan(place.joinsPerNodeMax) ?? STEADY;
}

/** Takes over what the leader told; null when the record and a committed configuration agree. */
export function planSeen(partition: Partition, { status }: Sight, view: ClusterView): GroupStep | null {
  const { configuration, isConfigurationCommitted } = status;
  if (configuration.epoch < epochOf(partition)) return wait("its leader answered with an older configuration");
  if (!isConfigurationCommitted) return wait("a change of its configuration is on its way");
  const next = absorb(partition, configuration, view);
  return next === null ? null : { kind: "record", partition: next, why: "its configuration changed" };
}

class Membership {
  readonly #partition: Partition;
  readonly #sight: Sight;
  readonly #view: ClusterView;
  readonly #members: readonly Member[];
  readonly #voters: readonly Member[];
  readonly #joiners: readonly Member[];

  constructor(partition: Partition, sight: Sight, view: ClusterView) {
    this.#partition = partition;
    this.#sight = sight;
    this.#view = view;
    this.#members = membersOf(partition, sight, view);
    this.#voters = this.#members.filter(({ votes }) => votes);
    this.#joiners = this.#members.filter(({ votes }) => !votes);
  }

  /** A joining replica on a node that is no good, or that nobody needs any more: whoever was lost came back. */
  dropJoiner(): GroupStep | null {
    const sure = this.#voters.filter(({ isSure, isStorage }) => isSure && isStorage).length;
    for (const member of this.#joiners) {
      if (member.isBad && this.#hasBetter(member)) return this.#drop(member, "its node cannot take it");
      if (sure >= REPLICAS_WANTED) return this.#drop(member, "it is not needed any more");
      const isShared = this.#voters.some(({ isSure, zone }) => isSure && zone === member.zone);
      if (isShared && this.#view.hasAllZones) return this.#drop(member, "another zone can take it again");
    }
    return null;
  }

  /** One on a node that is down is kept when nobody else could take its place: it may come back. */
  #hasBetter({ node, isLost }: Member): boolean {
    if (!isLost || this.#view.seat(node)?.record.state !== "active") return true;
    const staying = this.#members.filter(({ isBad }) => !isBad);
    return this.#choose(staying, Infinity) !== null;
  }

  /**
   * Only when as many live as are wanted without it: until then its vote may still be needed, should it come back. Or
   * when it is in the way of the node that is to take its place: while it is counted, the log is not released.
   */
  removeLost(): GroupStep | null {
    const living = this.#voters.filter(({ isLost }) => !isLost).length;
    const isInTheWay = this.#joiners.some((member) => this.#isBarred(member));
    if (living < REPLICAS_WANTED && this.#voters.length <= REPLICAS_WANTED && !isInTheWay) return null;
    return this.#removeOne(({ isLost }) => isLost, "is lost and replaced");
  }

  /** More voters than wanted, all of them good: the one whose going costs least, such as one without a tree. */
  removeExcess(): GroupStep | null {
    const sure = this.#voters.filter(({ isSure }) => isSure);
    if (sure.length <= REPLICAS_WANTED) return null;
    const { leader } = this.#sight;
    const shared = (member: Member): boolean => sure.some((other) => other !== member && other.zone === member.zone);
    let worst: Member | null = null;
    let worstCost = Infinity;
    for (const member of sure) {
      if (member.node === leader) continue;
      const cost = (member.isStorage ? 2 : 0) + (shared(member) ? 0 : 1);
      if (cost > worstCost) continue; // of equal ones the last in the list: the youngest
      worst = member;
      worstCost = cost;
    }
    return worst === null ? null : this.#without(worst, "there are more than needed");
  }

  /** One that lives is given up only for a whole replica: there are never fewer trees than before. */
  removeLeaving(): GroupStep | null {
    // One that was not heard of yet may be lost.
    const staying = this.#voters.filter(({ isSure, isStorage }) => isSure && isStorage).length;
    if (staying < REPLICAS_WANTED) return null;
    return this.#removeOne(({ isBad }) => isBad, "has been replaced");
  }

  /** A node that drains gives its leaderships away before its replicas. */
  handOver(): GroupStep | null {
    const { leader } = this.#sight;
    return this.#members.some(({ node, isBad }) => node === leader && isBad) ? this.#transfer() : null;
  }

  /** A replica whose tree is whole becomes a storage replica: its vote, if it has one, stays as it is. */
  promote(): GroupStep | null {
    const { trees, status } = this.#sight;
    const member = this.#members.find(({ node, isIn, isStorage, isBad }) => (
      isIn && !isStorage && !isBad && trees.get(node) === status.configuration.epoch
    ));
    return member === undefined ? null
      : this.#change(member, { node: member.node, kind: STORAGE, votes: member.votes }, "its tree is whole");
  }

  /** In place of a lost voter as soon as it has the log; in place of a living one when it has its tree. */
  letVote(): GroupStep | null {
    const member = this.#joiners.find(({ isIn }) => isIn);
    if (member === undefined) return null;
    if (member.isLost) return wait(`node ${member.node} is down, and no other can take its place`);
    const living = this.#voters.filter(({ isLost }) => !isLost).length;
    if (living >= REPLICAS_WANTED && !member.isStorage) return wait(`node ${member.node} builds its tree`);
    if (!isCaughtUp(this.#sight.status, member.node)) return wait(`node ${member.node} receives the log`);
    if (this.#voters.length > REPLICAS_WANTED) return wait("too many voters for one more");
    const up = this.#voters.filter(({ isUp }) => isUp).length;
    if (!member.isUp || up + 1 < quorumOf(this.#voters.length + 1)) return wait("too few voters are up for one more");
    const kind = member.isStorage ? STORAGE : LOG;
    return this.#change(member, { node: member.node, kind, votes: true }, "it gets its vote");
  }

  letIn(): GroupStep | null {
    const member = this.#joiners.find(({ isIn }) => !isIn);
    return member === undefined ? null : this.#letIn(member, "it joins");
  }

  #isBarred({ isIn, node }: Member): boolean {
    return !isIn && this.#sight.status.barred.includes(node);
  }

  #letIn(member: Member, why: string): GroupStep {
    if (this.#isBarred(member)) return wait(`node ${member.node} voted before: the log is to be released first`);
    if (this.#sight.status.configuration.replicas.length >= REPLICAS_MAX) return wait("has as many replicas as can be");
    return this.#change(member, { node: member.node, kind: LOG, votes: false }, why);
  }

  /** Begins to replace what is missing, one replica at a time, or to end that two share a zone without need. */
  plan(joinsMax: number): GroupStep | null {
    if (this.#joiners.length > 0) return null;
    const building = this.#voters.find(({ isStorage, isBad }) => !isStorage && !isBad);
    const staying = this.#members.filter(({ isBad }) => !isBad);
    if (staying.length < REPLICAS_WANTED) {
      const node = this.#choose(staying, joinsMax);
      if (node !== null) return this.#begin(node, [], `node ${node} takes a replica`);
      return this.#stayAfterAll() ?? wait("no node can take a replica now");
    }
    if (building !== undefined) return wait(`node ${building.node} builds its tree`);
    return this.#separate(staying, joinsMax);
  }

  #separate(staying: readonly Member[], joinsMax: number): GroupStep | null {
    if (staying.length !== this.#voters.length || staying.length !== REPLICAS_WANTED) return null;
    const second = staying.findLast((member, i) => staying.some((other, j) => j !== i && other.zone === member.zone
      && member.node !== this.#sight.leader));
    if (second === undefined) return null;
    const node = this.#choose(staying, joinsMax);
    const isApart = node !== null && staying.every(({ zone }) => zone !== this.#view.zoneOf(node));
    return isApart ? this.#begin(node, [second.node], `node ${node} ends that two replicas share a zone`) : null;
  }

  /** Nobody can take the place of the one that was to leave. */
  #stayAfterAll(): GroupStep | null {
    const lists = listsOf(this.#partition);
    if (lists.leaving.length === 0) return null;
    const partition = withLists(this.#partition, { ...lists, leaving: [] }, epochOf(this.#partition));
    return { kind: "record", partition, why: "a move is given up: no node can take the replica" };
  }

  #choose(staying: readonly Member[], joinsMax: number): NodeId | null {
    const zones = staying.map(({ zone }) => zone ?? "");
    const members = this.#members.map(({ node }) => node);
    return this.#view.choose({ zones, not: [...members, ...this.#sight.status.barred], joinsMax })
      ?? this.#view.choose({ zones, not: members, joinsMax });
  }

  #begin(node: NodeId, leaving: readonly NodeId[], why: string): GroupStep {
    const lists = listsOf(this.#partition);
    const next = { ...lists, joining: [...lists.joining, node], leaving: [...lists.leaving, ...leaving] };
    return { kind: "begin", partition: withLists(this.#partition, next, epochOf(this.#partition)), why };
  }

  #drop(member: Member, why: string): GroupStep {
    return member.isIn ? this.#without(member, why) : this.#letIn(member, `joins to be taken out again: ${why}`);
  }

  /** Takes out one voter of which `isMeant` holds, if those left that are up make a quorum. */
  #removeOne(isMeant: (member: Member) => boolean, why: string): GroupStep | null {
    const member = this.#longestLost(isMeant) ?? this.#voters.find(isMeant);
    return member === undefined ? null : this.#without(member, why);
  }

  /**
   * Of several lost voters the one whose log ends first: it is the least likely to come back, and while it is counted
   * the log cannot be released, so that one that was taken out and does come back could not join again.
   */
  #longestLost(isMeant: (member: Member) => boolean): Member | undefined {
    const { peers } = this.#sight.status;
    const matchOf = ({ node }: Member): number => peers.find((peer) => peer.node === node)?.match ?? 0;
    let first: Member | undefined;
    for (const voter of this.#voters) {
      if (!voter.isLost || !isMeant(voter)) continue;
      if (first === undefined || matchOf(voter) < matchOf(first)) first = voter;
    }
    return first;
  }

  #without(member: Member, why: string): GroupStep {
    if (member.node === this.#sight.leader) return this.#transfer() ?? wait("nobody can take the lead over yet");
    const left = this.#voters.filter((voter) => voter !== member);
    const up = left.filter(({ isUp }) => isUp).length;
    if (up < quorumOf(left.length)) return wait("too few voters are up for one less");
    return this.#change(member, null, why);
  }

  #transfer(): GroupStep | null {
    const { leader, status } = this.#sight;
    const heir = this.#voters.find(({ node, isStorage, isSure }) => (
      isStorage && isSure && node !== leader && isCaughtUp(status, node)
    ));
    return heir === undefined ? null
      : { kind: "ask", work: { kind: "transfer", to: heir.node }, why: `node ${heir.node} takes the lead over` };
  }

  /** Asks for the configuration with `replica` in place of the member's; null: without it. */
  #change(member: Member, replica: Replica | null, why: string): GroupStep {
    const { configuration } = this.#sight.status;
    const others = configuration.replicas.filter(({ node }) => node !== member.node);
    const replicas = replica === null ? others
      : member.isIn ? configuration.replicas.map((other) => (other.node === member.node ? replica : other))
        : [...others, replica];
    return {
      kind: "ask", work: { kind: "reconfigure", epoch: configuration.epoch, replicas },
      why: `node ${member.node}: ${why}`,
    };
  }
}

function wait(why: string): GroupStep {
  return { kind: "wait", why };
}
