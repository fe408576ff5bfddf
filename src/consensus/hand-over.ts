// Orderly hand-over: the leader proposes nothing more, waits until the target has everything, gives its lease up
// for good in this ballot, and tells the target, whose Prepare shows that release to the others.
import { assert } from "../base/assert.ts";
import { HAND_OVER, type PaxosMessage } from "../wire/paxos-messages.ts";
import type { NodeId } from "../base/ids.ts";
import type { GroupState } from "./group-state.ts";
import { isReadyToPropose } from "./leader.ts";
import { plainMessage } from "./messages.ts";
import { startCampaign } from "./prepare-phase.ts";

/** False when this replica does not lead yet, hands over already, or the target is no other voting storage replica. */
export function startHandOver(s: GroupState, target: NodeId, now: number): boolean {
  const peer = s.peer(target);
  if (peer === null || !peer.votes || !peer.isStorage) return false;
  if (!isReadyToPropose(s) || !s.isConfigurationCommitted || s.handOverTo !== null) return false;
  s.handOverTo = peer;
  s.handOverEndsAt = now + s.config.timing.leaseMs;
  return true;
}

/** Releases the lease once the target has everything; gives up on a target that does not catch up or take over. */
export function tickHandOver(s: GroupState, now: number): void {
  const target = s.handOverTo;
  assert(s.role === "leader" && target !== null, "a leader hands over");
  if (!s.isReleased) {
    const isDone = target.match === s.log.last && s.commit === s.log.last && s.delivered === s.log.last;
    if (isDone) {
      s.isReleased = true;
      if (!s.flaws.keepsLeaseAfterHandOver) s.leaseUntil = -Infinity;
      s.handOverEndsAt = now + s.config.timing.leaseMs;
      s.resendAt = now;
    } else if (now >= s.handOverEndsAt) {
      s.handOverTo = null; // goes on leading: nothing was released
      return;
    } else return;
  }
  if (now >= s.handOverEndsAt) {
    s.becomeFollower(now, 0);
    return;
  }
  if (now < s.resendAt) return;
  s.resendAt = now + s.config.timing.resendMs;
  s.send.push(plainMessage(s, HAND_OVER, target.node, s.promised, s.log.last, false, 0));
}

export function onHandOver(s: GroupState, m: PaxosMessage, now: number): void {
  if (s.role !== "follower" || m.ballot !== s.promised || s.leader !== m.from) {
    s.ignore("hand-over of another ballot");
    return;
  }
  if (!s.canCampaign) {
    s.ignore("hand-over to a replica that cannot lead");
    return;
  }
  s.commitTo(m.commit < s.agreed ? m.commit : s.agreed);
  startCampaign(s, m.ballot, now);
}
