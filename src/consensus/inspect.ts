// A plain snapshot of a replica for checkers, traces and the command line.
import type { Ballot, GroupId, Lsn, NodeId } from "../base/ids.ts";
import type { GroupState } from "./group-state.ts";
import type { Role } from "./ready.ts";

export type PeerSnapshot = {
  readonly node: NodeId;
  readonly match: Lsn;
  readonly next: Lsn;
  readonly isProbing: boolean;
  readonly isReading: boolean;
};

export type GroupSnapshot = {
  readonly group: GroupId;
  readonly self: NodeId;
  readonly role: Role;
  readonly leader: NodeId | null;
  readonly promised: Ballot;
  readonly isPromiseDurable: boolean;
  readonly lastLsn: Lsn;
  readonly lastBallot: Ballot;
  readonly commit: Lsn;
  readonly delivered: Lsn;
  readonly durable: Lsn;
  readonly agreed: Lsn;
  readonly floor: Lsn;
  readonly firstInMemory: number;
  readonly leaseUntil: number;
  readonly leasePromiseBallot: Ballot;
  readonly leasePromiseUntil: number;
  readonly isReleased: boolean;
  readonly handOverTo: NodeId | null;
  readonly peers: readonly PeerSnapshot[];
  /** Messages ignored, by reason. */
  readonly ignored: Readonly<Record<string, number>>;
};

export function inspectGroup(s: GroupState): GroupSnapshot {
  return {
    group: s.config.group, self: s.self, role: s.role, leader: s.leader, promised: s.promised,
    isPromiseDurable: s.isPromiseDurable, lastLsn: s.log.last, lastBallot: s.log.lastBallot, commit: s.commit,
    delivered: s.delivered, durable: s.durableLsn, agreed: s.agreed, floor: s.floor, firstInMemory: s.log.first,
    leaseUntil: s.leaseUntil, leasePromiseBallot: s.leasePromiseBallot, leasePromiseUntil: s.leasePromiseUntil,
    isReleased: s.isReleased, handOverTo: s.handOverTo === null ? null : s.handOverTo.node,
    peers: s.peers.map((p) => ({
      node: p.node, match: p.match, next: p.next, isProbing: p.isProbing, isReading: p.readFrom !== 0,
    })),
    ignored: Object.fromEntries(s.ignored),
  };
}
