// Lease arithmetic. Two sides, two clocks:
//
//   promiser   answers a round it received at r: refuses other candidates until r + leaseMs on its clock
//   holder     sent that round at s <= r: serves until s + leaseMs - leaseDriftMs on its clock
//
// A leader counts a round once a quorum, itself included, answered it; a candidate needs a quorum of promises,
// so it meets at least one promiser, and that one refuses until the holder's time is over. leaseDriftMs covers
// how much two clocks may drift apart within one lease time.
import { assert } from "../base/assert.ts";
import { ballotNode, type Ballot, type NodeId } from "../base/ids.ts";
import type { GroupState } from "./group-state.ts";
import { quorumValue } from "./quorum.ts";

/**
 * True while this replica's own lease promise forbids it to help `candidate` (which may be itself) to lead.
 * It does not bind towards the holder itself, towards a candidate that shows the holder's release, nor when the
 * promise was to this replica's own ballot and it does not lead or campaign in that ballot any more.
 */
export function isBoundAgainst(s: GroupState, candidate: NodeId, released: Ballot, now: number): boolean {
  const holder = s.leasePromiseBallot;
  if (!s.isClockTrusted && ballotNode(holder) !== candidate) return true; // its own clock says nothing of an end
  if (now >= s.leasePromiseUntil) return false;
  if (holder === 0) return true; // just started, and does not know to whom it may have promised
  if (holder === released) return false;
  if (ballotNode(holder) === candidate) return false;
  const isOwn = ballotNode(holder) === s.self;
  return !isOwn || ((s.role === "leader" || s.role === "candidate") && s.promised === holder);
}

/** Promises the lease to the leader or candidate of `ballot`, from now. */
export function promiseLease(s: GroupState, ballot: Ballot, now: number): void {
  assert(ballot === s.promised, "leases are promised to the promised ballot only");
  const until = now + s.config.timing.leaseMs;
  if (ballot !== s.leasePromiseBallot) {
    s.leasePromiseBallot = ballot;
    s.leasePromiseUntil = until;
  } else if (until > s.leasePromiseUntil) {
    s.leasePromiseUntil = until;
  }
}

/** Leader: a peer's answer moved; renews the lease by the newest round that a quorum answered. */
export function renewLease(s: GroupState): void {
  assert(s.role === "leader", "only a leader has a lease");
  if (s.isReleased && !s.flaws.keepsLeaseAfterHandOver) return;
  if (s.quorum === 1) {
    s.leaseUntil = Infinity; // nobody else could lead
    return;
  }
  const peers = s.peers;
  let voters = 0;
  for (let i = 0; i < peers.length; i++) {
    const peer = peers[i] as (typeof peers)[number];
    if (peer.votes) s.scratch[voters++] = peer.answeredAt;
  }
  const round = quorumValue(s.scratch, voters, s.quorum - 1);
  if (round <= s.roundAt) return;
  s.roundAt = round;
  const { leaseMs, leaseDriftMs } = s.config.timing;
  s.leaseUntil = round + leaseMs - leaseDriftMs;
  const promiseUntil = round + leaseMs;
  assert(s.leasePromiseBallot === s.promised, "a leader promised itself");
  if (promiseUntil > s.leasePromiseUntil) s.leasePromiseUntil = promiseUntil;
  assert(s.leaseUntil <= s.leasePromiseUntil, "the holder's own promise covers its lease");
}
