// Follower's side of phase 2. The leader's log is the truth: where the own log differs above the commit, it is
// cut. Answers are gathered and leave once per Ready.
import { assert, must } from "../base/assert.ts";
import { lsn, nextLsn, type Lsn } from "../base/ids.ts";
import { decodeConfiguration } from "../wire/group-configuration.ts";
import { ACCEPTED, REFUSED, type PaxosMessage } from "../wire/paxos-messages.ts";
import type { GroupState } from "./group-state.ts";
import { promiseLease } from "./lease.ts";
import { NO_LSN } from "./log-tail.ts";
import { plainMessage } from "./messages.ts";
import { takeEntries } from "./prepare-phase.ts";

export function onAccept(s: GroupState, m: PaxosMessage, now: number): void {
  if (!follow(s, m, now)) return;
  if (s.configurations.isEmpty) {
    s.refusedHint = lsn(1);
    s.refusedSentAt = m.sentAt;
    return;
  }
  if (m.floor > s.commit) {
    if (m.floor > s.log.last) {
      // It was away, as no member, while the log went on: the leader hears where it ends, and installs it anew.
      s.refusedHint = nextLsn(s.log.last);
      s.refusedSentAt = m.sentAt;
      return;
    }
    s.commitTo(m.floor);
  }
  if (!agreesBefore(s, m)) return;
  if (m.lsn > s.agreed) s.agreed = m.lsn;
  if (!takeEntries(s, m.entries)) return;
  s.commitTo(m.commit < s.agreed ? m.commit : s.agreed);
  if (m.floor > s.floor) s.floorTo(m.floor < s.commit ? m.floor : s.commit);
}

/** Takes the sender for the leader of its ballot, and owes it an answer. False when the ballot is too old. */
function follow(s: GroupState, m: PaxosMessage, now: number): boolean {
  if (m.ballot < s.promised) {
    s.send.push(plainMessage(s, REFUSED, m.from, s.promised, NO_LSN, false, 0));
    return false;
  }
  if (m.ballot > s.promised) {
    // A quorum promised this ballot, so every lease this replica may have promised is over.
    s.becomeFollower(now, 0);
    s.promise(m.ballot);
  }
  assert(s.role !== "leader" && s.role !== "candidate", "one leader per ballot");
  s.role = "follower";
  s.leader = m.from;
  s.isRemoved = false;
  promiseLease(s, m.ballot, now);
  s.electionAt = s.leasePromiseUntil + s.jitter;
  if (!s.isAckDue || m.sentAt > s.ackSentAt) s.ackSentAt = m.sentAt;
  s.isAckDue = true;
  return true;
}

/**
 * A joining replica is told where its log begins, and so is one that was no member while the log went on without it,
 * and whose own log differs. One that agrees up to there takes it for an empty Accept.
 */
export function onInstall(s: GroupState, m: PaxosMessage, now: number): void {
  if (!follow(s, m, now)) return;
  if (!s.configurations.isEmpty) {
    if (s.agreed >= m.lsn) return;
    // What stands above may be committed by this replica's vote: only a log that differs is given up.
    if (m.lastBallot !== 0 && m.lsn <= s.log.last && s.log.ballotAt(m.lsn) === m.lastBallot) {
      s.agreed = m.lsn;
      s.commitTo(m.lsn);
      return;
    }
  }
  const entry = must(m.entries[0], "an INSTALL was judged to have one entry");
  const configuration = must(decodeConfiguration(entry.payload), "an INSTALL was judged to have a configuration");
  s.install(m.lsn, m.lastBallot, { lsn: entry.lsn, ballot: entry.ballot, configuration });
}

/** Checks the point before the first entry; else notes where the leader should try next. */
function agreesBefore(s: GroupState, m: PaxosMessage): boolean {
  if (m.lsn <= s.agreed) return true;
  let hint: Lsn;
  if (m.lsn > s.log.last) hint = nextLsn(s.log.last);
  else if (s.flaws.skipsAgreementCheck) return true;
  else if (m.lastBallot !== 0 && s.log.ballotAt(m.lsn) === m.lastBallot) return true;
  else {
    // The whole run of that ballot is suspect: one message more per foreign ballot, not per entry.
    const runStart = s.log.runStart(m.lsn);
    hint = runStart > s.agreed ? lsn(runStart) : nextLsn(s.agreed);
  }
  assert(hint <= m.lsn, "the leader goes back");
  if (s.refusedHint === 0 || hint < s.refusedHint) s.refusedHint = hint;
  s.refusedSentAt = m.sentAt;
  return false;
}

/** The answers due to the leader, for the Ready that is being made. */
export function answerLeader(s: GroupState): void {
  assert(s.isAckDue && s.leader !== null && s.leader !== s.self, "a leader was heard");
  s.isAckDue = false;
  if (!s.configurations.isEmpty) {
    const accepted = plainMessage(s, ACCEPTED, s.leader, s.promised, s.agreed, true, s.ackSentAt);
    s.postWhenDurable(accepted, s.flaws.acceptsBeforeDurable);
  }
  if (s.refusedHint === 0) return;
  const hint = s.refusedHint > s.agreed ? s.refusedHint : nextLsn(s.agreed);
  s.refusedHint = NO_LSN;
  s.postWhenDurable(
    plainMessage(s, ACCEPTED, s.leader, s.promised, hint, false, s.refusedSentAt), s.flaws.acceptsBeforeDurable,
  );
}
