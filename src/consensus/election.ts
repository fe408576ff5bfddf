// Before phase 1: who may try to lead. A replica that misses its leader first asks the others whether they
// would promise (CANVASS): nobody's state changes, and if enough of them hear the leader nothing happens. So a
// replica that merely cannot hear the leader never disturbs the group.
import { assert } from "../base/assert.ts";
import { CANVASS, type PaxosMessage } from "../wire/paxos-messages.ts";
import type { GroupState } from "./group-state.ts";
import { isBoundAgainst } from "./lease.ts";
import { NO_BALLOT, NO_LSN } from "./log-tail.ts";
import { canvassAnswer, plainMessage } from "./messages.ts";
import { startCampaign } from "./prepare-phase.ts";
import { refuseStranger } from "./strangers.ts";

/** Asks all others, unless this replica's own lease promise forbids: then waits that out. */
export function canvass(s: GroupState, now: number): void {
  assert(s.role === "follower" || s.role === "canvassing", "who leads or campaigns does not canvass");
  if (!s.canCampaign) {
    if (s.role === "canvassing") s.becomeFollower(now, s.config.timing.leaseMs);
    return;
  }
  if (isBoundAgainst(s, s.self, NO_BALLOT, now) && !s.flaws.ignoresOwnLeasePromise) {
    const { leasePromiseUntil } = s;
    s.becomeFollower(leasePromiseUntil, 0);
    assert(s.electionAt >= leasePromiseUntil, "no campaign before the own promise ends");
    return;
  }
  s.role = "canvassing";
  s.leader = null;
  s.isAckDue = false;
  s.drawJitter();
  s.resendAt = now + s.config.timing.resendMs + s.jitter;
  const ballot = s.nextBallot();
  for (const peer of s.peers) {
    peer.resetCandidacy();
    if (peer.votes) s.send.push(plainMessage(s, CANVASS, peer.node, ballot, NO_LSN, false, 0));
  }
  campaignIfGranted(s, now);
}

export function onCanvass(s: GroupState, m: PaxosMessage, now: number): void {
  if (refuseStranger(s, m)) return;
  s.sawBallot(m.ballot);
  const isGranted = !isBoundAgainst(s, m.from, NO_BALLOT, now);
  s.send.push(canvassAnswer(s, m.from, m.ballot, isGranted));
}

export function onCanvassAnswer(s: GroupState, m: PaxosMessage, now: number): void {
  s.sawBallot(m.lastBallot);
  if (s.role !== "canvassing") return;
  const peer = s.peer(m.from);
  if (peer === null) return;
  peer.isGranted = m.flag;
  campaignIfGranted(s, now);
}

function campaignIfGranted(s: GroupState, now: number): void {
  let grants = 1;
  for (const peer of s.peers) if (peer.isGranted && peer.votes) grants++;
  if (grants >= s.quorum) startCampaign(s, NO_BALLOT, now);
}
