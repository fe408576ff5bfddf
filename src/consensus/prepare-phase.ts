// Phase 1 over the whole log suffix, both sides.
//
// Entries keep the ballot of the leader that first proposed them, and a candidate takes over *one* log: the
// best of its promise quorum, best meaning the highest ballot of the last entry, then the longest. The textbook
// rule (per slot the highest ballot, proposed again) is not used: entries are physical records evaluated on the
// state that their leader had in flight, so entry n of one leader must never be followed by entry n+1 of another
// that was evaluated on a different n.
//
// Why the best log has every committed entry e of ballot b: e's quorum shares a member with the promise quorum;
// that member's log still ends in a ballot >= b; a log whose last ballot is above b came from a later leader,
// which had e by the same argument; one whose last ballot is b and that is at least as long has e by the
// agreement check of phase 2.
import { assert } from "../base/assert.ts";
import { lsn, nextLsn, type Ballot, type Lsn } from "../base/ids.ts";
import type { LogEntry } from "../wire/log-record.ts";
import { REFUSED, type PaxosMessage } from "../wire/paxos-messages.ts";
import type { GroupState } from "./group-state.ts";
import { isBoundAgainst, promiseLease } from "./lease.ts";
import { startLeading } from "./leader.ts";
import { CAMPAIGN_RESENDS_MAX } from "./limits.ts";
import { NO_BALLOT, NO_LSN } from "./log-tail.ts";
import { NO_ENTRIES, plainMessage, prepareMessage, promiseAnswer } from "./messages.ts";
import type { PeerProgress } from "./peer-progress.ts";
import { refuseStranger } from "./strangers.ts";

/** True when a log that ends at (aBallot, aLsn) is better than one that ends at (bBallot, bLsn). */
export function isBetterLog(aBallot: Ballot, aLsn: Lsn, bBallot: Ballot, bLsn: Lsn): boolean {
  return aBallot > bBallot || (aBallot === bBallot && aLsn > bLsn);
}

/** `released`: the ballot whose holder handed its lease over to this replica, or 0. */
export function startCampaign(s: GroupState, released: Ballot, now: number): void {
  assert(s.role === "follower" || s.role === "canvassing", "a campaign starts from below");
  assert(
    !isBoundAgainst(s, s.self, released, now) || s.flaws.ignoresOwnLeasePromise,
    "a candidate obeys its own lease promise",
  );
  s.role = "follower";
  for (const peer of s.peers) peer.resetCandidacy();
  s.promise(s.nextBallot());
  promiseLease(s, s.promised, now);
  s.role = "candidate";
  s.released = released;
  s.source = null;
  const { resendMs } = s.config.timing;
  s.resendAt = now + resendMs;
  s.campaignEndsAt = now + resendMs * CAMPAIGN_RESENDS_MAX;
  s.campaignLsn = s.configurations.currentLsn;
  s.campaignBallot = s.configurations.currentBallot;
  for (const peer of s.peers) if (peer.votes) s.send.push(prepareMessage(s, peer.node, nextLsn(s.commit)));
}

/** Asks again whoever owes an answer; gives the campaign up when it went nowhere for long. */
export function tickCampaign(s: GroupState, now: number): void {
  assert(s.role === "candidate", "only a candidate campaigns");
  if (now >= s.campaignEndsAt) {
    s.becomeFollower(now, 0);
    return;
  }
  if (now < s.resendAt) return;
  s.resendAt = now + s.config.timing.resendMs;
  if (s.source !== null) {
    s.send.push(prepareMessage(s, s.source.node, nextWanted(s)));
    return;
  }
  for (const peer of s.peers) {
    if (peer.votes && !peer.hasPromised) s.send.push(prepareMessage(s, peer.node, nextLsn(s.commit)));
  }
}

export function onPrepare(s: GroupState, m: PaxosMessage, now: number): void {
  if (refuseStranger(s, m)) return;
  const peer = s.peerOrStranger(m.from);
  s.sawBallot(m.ballot);
  if (m.ballot < s.promised) {
    s.send.push(plainMessage(s, REFUSED, m.from, s.promised, NO_LSN, false, 0));
    return;
  }
  if (m.ballot > s.promised) {
    if (isBoundAgainst(s, m.from, m.released, now)) {
      s.send.push(plainMessage(s, REFUSED, m.from, s.promised, NO_LSN, false, 0));
      return;
    }
    s.becomeFollower(now, s.config.timing.leaseMs);
    s.promise(m.ballot);
    promiseLease(s, m.ballot, now);
    s.electionAt = s.leasePromiseUntil + s.jitter;
  } else if (s.leader !== null) {
    s.ignore("prepare of a ballot that leads");
    return;
  }
  answerPrepare(s, peer, m);
}

/** The entries go along when this log is better than the candidate's, piece by piece. */
function answerPrepare(s: GroupState, peer: PeerProgress, m: PaxosMessage): void {
  assert(m.ballot === s.promised, "only the promised ballot is answered");
  const early = s.flaws.promisesBeforeDurable;
  const from = m.lsn > s.floor ? m.lsn : nextLsn(s.floor);
  const isBetter = isBetterLog(s.log.lastBallot, s.log.last, m.lastBallot, m.lastLsn);
  if (!isBetter || from > s.log.last) {
    s.postWhenDurable(promiseAnswer(s, m.from, m.lsn, false, NO_ENTRIES), early);
    return;
  }
  if (from >= s.log.first) {
    const entries = s.log.slice(from, s.limits.messageBytesMax);
    const hasMore = from + entries.length - 1 < s.log.last;
    s.postWhenDurable(promiseAnswer(s, m.from, m.lsn, hasMore, entries), early);
    return;
  }
  s.postWhenDurable(promiseAnswer(s, m.from, m.lsn, true, NO_ENTRIES), early);
  if (peer.promiseReadBallot === m.ballot) return;
  peer.promiseReadBallot = m.ballot;
  peer.promiseReadFrom = from;
  s.read.push({ peer: peer.node, from, bytesMax: s.limits.messageBytesMax });
}

/** Entries that a candidate asked for came from the disk. */
export function promiseEntriesRead(s: GroupState, peer: PeerProgress, entries: readonly LogEntry[]): void {
  const from = peer.promiseReadFrom;
  assert(peer.promiseReadBallot === s.promised, "a read for an older promise is forgotten with it");
  peer.promiseReadBallot = NO_BALLOT;
  if (s.leader !== null) return;
  const first = entries[0];
  if (first === undefined || first.lsn !== from) {
    s.ignore("log read without the entries asked for");
    return;
  }
  const last = from + entries.length - 1;
  assert(last <= s.log.last, "the log on disk is not longer than the log");
  s.postWhenDurable(
    promiseAnswer(s, peer.node, from, last < s.log.last, entries), s.flaws.promisesBeforeDurable,
  );
}

export function onPromiseAnswer(s: GroupState, m: PaxosMessage, now: number): void {
  if (s.role !== "candidate" || m.ballot !== s.promised) return;
  if (s.source !== null) {
    if (s.source.node === m.from) adoptPiece(s, m, now);
    return;
  }
  const peer = s.peer(m.from);
  if (peer === null) return;
  if (peer.promise === null || m.entries.length > peer.promise.entries.length) peer.promise = m;
  peer.hasPromised = true;
  leadIfPromised(s, now);
}

/** With a quorum of promises, the own one durable: leads with its own log, or fetches the best first. */
export function leadIfPromised(s: GroupState, now: number): void {
  assert(s.role === "candidate", "only a candidate counts promises");
  if (s.source !== null || !s.isPromiseDurable) return;
  let promises = 1;
  for (const peer of s.peers) if (peer.hasPromised && peer.votes) promises++;
  if (promises < s.quorum) return;
  let best: PeerProgress | null = null;
  let bestLsn = s.log.last;
  let bestBallot = s.log.lastBallot;
  for (const peer of s.peers) {
    const promise = peer.promise;
    if (promise === null || !isBetterLog(promise.lastBallot, promise.lastLsn, bestBallot, bestLsn)) continue;
    best = peer;
    bestLsn = promise.lastLsn;
    bestBallot = promise.lastBallot;
  }
  if (best === null || s.flaws.keepsOwnLog) {
    lead(s, now);
    return;
  }
  const promise = best.promise;
  assert(promise !== null, "the best log was promised");
  s.source = best;
  s.sourceLsn = bestLsn;
  s.sourceBallot = bestBallot;
  adoptPiece(s, promise, now);
}

/** The log that was adopted changed the configuration: the promises at hand may be no quorum of it. */
function campaignAnew(s: GroupState, now: number): void {
  const { released } = s;
  s.becomeFollower(now, s.config.timing.leaseMs);
  if (s.canCampaign) startCampaign(s, released, now);
}

function nextWanted(s: GroupState): Lsn {
  const from = s.agreed > s.commit ? s.agreed : s.commit;
  return nextLsn(from);
}

/**
 * Takes a piece of the best log. The own log is cut only where it differs, so an entry that was committed is
 * never lost on the way, even if this replica stops in the middle.
 */
function adoptPiece(s: GroupState, m: PaxosMessage, now: number): void {
  assert(s.role === "candidate" && s.source !== null, "a candidate adopts from its source");
  if (m.lastLsn !== s.sourceLsn || m.lastBallot !== s.sourceBallot) {
    s.ignore("promise with a log that changed");
    return;
  }
  // All members have everything below the source's floor: what this replica has there is committed.
  if (m.floor > s.commit) {
    if (m.floor > s.log.last) {
      s.ignore("floor beyond the own log");
      return;
    }
    s.commitTo(m.floor);
  }
  const wanted = nextWanted(s);
  const first = m.entries[0];
  if (first !== undefined && first.lsn <= wanted && takeEntries(s, m.entries)) {
    s.campaignEndsAt = now + s.config.timing.resendMs * CAMPAIGN_RESENDS_MAX;
  }
  if (nextWanted(s) > s.sourceLsn) {
    // An own log that was released to its end does not know its last ballot (see LogTail.lastBallot).
    const isSameBallot = s.log.lastBallot === s.sourceBallot || s.log.lastBallot === 0;
    assert(s.log.last === s.sourceLsn && isSameBallot, "the best log is taken over whole");
    const { currentLsn, currentBallot } = s.configurations;
    const isSame = currentLsn === s.campaignLsn && currentBallot === s.campaignBallot;
    if (isSame || s.flaws.keepsPromisesOfOlderConfiguration) lead(s, now);
    else campaignAnew(s, now);
  } else if (nextWanted(s) > wanted) {
    s.send.push(prepareMessage(s, s.source.node, nextWanted(s)));
    s.resendAt = now + s.config.timing.resendMs;
  }
}

/**
 * Appends entries of a better log (or of the leader), which start at or below `agreed` + 1. Those up to
 * `agreed` are known to be equal; from the first difference on the own entries go. False when they do not fit.
 */
export function takeEntries(s: GroupState, entries: readonly LogEntry[]): boolean {
  for (let i = 0; i < entries.length; i++) {
    const e = entries[i] as LogEntry;
    if (e.lsn <= s.agreed) continue;
    assert(e.lsn === s.agreed + 1, "entries join the agreed log");
    if (e.lsn <= s.log.last) {
      if (s.log.ballotAt(e.lsn) === e.ballot) {
        s.agreed = e.lsn;
        continue;
      }
      s.cutLog(e.lsn);
    }
    if (e.ballot < s.log.lastBallot) {
      s.ignore("entry ballots out of order");
      return false;
    }
    s.appendEntry(e);
    s.agreed = e.lsn;
  }
  return true;
}

/** The log is settled. What any promiser knows to be committed is in it. */
function lead(s: GroupState, now: number): void {
  let commit = s.commit;
  for (const peer of s.peers) {
    if (peer.promise !== null && peer.promise.commit > commit) commit = peer.promise.commit;
  }
  assert(commit <= s.log.last || s.flaws.keepsOwnLog, "the best log of a quorum has every committed entry");
  s.commitTo(commit > s.log.last ? s.log.last : lsn(commit));
  startLeading(s, now);
}
