// When an entry is committed, and what all members have.
import { assert } from "../base/assert.ts";
import { lsn } from "../base/ids.ts";
import type { GroupState } from "./group-state.ts";
import type { PeerProgress } from "./peer-progress.ts";
import { quorumValue } from "./quorum.ts";

/**
 * Leader: commits what a quorum has durable, itself counted by its own log's durability.
 *
 * Only entries of its own ballot are counted. An entry of an older ballot on a quorum may still lose against a
 * log whose last ballot is higher; once an entry of the leader's own ballot follows it on a quorum, it cannot.
 */
export function advanceCommit(s: GroupState): void {
  assert(s.role === "leader", "only a leader decides what is committed");
  const peers = s.peers;
  let voters = 0;
  for (let i = 0; i < peers.length; i++) {
    const peer = peers[i] as PeerProgress;
    if (peer.votes) s.scratch[voters++] = peer.match;
  }
  s.scratch[voters++] = s.durableLsn;
  const reached = quorumValue(s.scratch, voters, s.quorum);
  if (reached <= s.commit) return;
  if (reached < s.firstOwnLsn && !s.flaws.countsOldBallots) return;
  assert(reached <= s.log.last, "a quorum has only what was proposed");
  s.commitTo(lsn(reached));
}

/** Leader: the least of what all members, learners too, have durable and agreeing, bounded by the commit. */
export function advanceFloor(s: GroupState): void {
  assert(s.role === "leader", "only a leader knows what all members have");
  // The change may be undone: a member that it removed, and that the floor would have left behind, is one again then.
  if (!s.isConfigurationCommitted) return;
  let least: number = s.commit < s.durableLsn ? s.commit : s.durableLsn;
  const peers = s.peers;
  for (let i = 0; i < peers.length; i++) {
    const match = (peers[i] as PeerProgress).match;
    if (match < least) least = match;
  }
  if (least > s.floor) s.floorTo(lsn(least));
}
