// Making messages (one shape for all kinds) and judging those that come in. A peer's message is hostile until
// judged: what does not fit is ignored and counted, and can never trip an assertion.
import { ballotNode, ballotRound, type Ballot, type Lsn, type NodeId } from "../base/ids.ts";
import { CONFIG, NOOP, SPLIT, WRITE, type LogEntry } from "../wire/log-record.ts";
import {
  ACCEPT, ACCEPTED, CANVASS, CANVASS_ANSWER, HAND_OVER, PREPARE, PROMISE_ANSWER, REFUSED,
  type PaxosKind, type PaxosMessage,
} from "../wire/paxos-messages.ts";
import type { GroupState } from "./group-state.ts";
import { BALLOT_ROUND_END, ENTRY_PAYLOAD_BYTES_MAX } from "./limits.ts";
import { NO_BALLOT } from "./log-tail.ts";

export const NO_ENTRIES: readonly LogEntry[] = [];

/** A message without entries: `lsn`, `flag` and `sentAt` mean what the kind says. */
export function plainMessage(
  s: GroupState, kind: PaxosKind, to: NodeId, ballot: Ballot, lsn: Lsn, flag: boolean, sentAt: number,
): PaxosMessage {
  return {
    kind, from: s.self, to, group: s.config.group, epoch: s.config.epoch, ballot, lsn,
    lastLsn: s.log.last, lastBallot: s.log.lastBallot, commit: s.commit, floor: s.floor, sentAt, flag,
    released: NO_BALLOT, entries: NO_ENTRIES,
  };
}

/** The answer to a Canvass tells the ballot promised here, so that a real Prepare can go above it. */
export function canvassAnswer(s: GroupState, to: NodeId, ballot: Ballot, isGranted: boolean): PaxosMessage {
  return {
    kind: CANVASS_ANSWER, from: s.self, to, group: s.config.group, epoch: s.config.epoch, ballot, lsn: s.log.last,
    lastLsn: s.log.last, lastBallot: s.seenBallot > s.promised ? s.seenBallot : s.promised, commit: s.commit,
    floor: s.floor, sentAt: 0, flag: isGranted, released: NO_BALLOT, entries: NO_ENTRIES,
  };
}

export function prepareMessage(s: GroupState, to: NodeId, from: Lsn): PaxosMessage {
  return {
    kind: PREPARE, from: s.self, to, group: s.config.group, epoch: s.config.epoch, ballot: s.promised, lsn: from,
    lastLsn: s.log.last, lastBallot: s.log.lastBallot, commit: s.commit, floor: s.floor, sentAt: 0, flag: false,
    released: s.released, entries: NO_ENTRIES,
  };
}

export function promiseAnswer(
  s: GroupState, to: NodeId, from: Lsn, hasMore: boolean, entries: readonly LogEntry[],
): PaxosMessage {
  return {
    kind: PROMISE_ANSWER, from: s.self, to, group: s.config.group, epoch: s.config.epoch, ballot: s.promised,
    lsn: from, lastLsn: s.log.last, lastBallot: s.log.lastBallot, commit: s.commit, floor: s.floor, sentAt: 0,
    flag: hasMore, released: NO_BALLOT, entries,
  };
}

export function acceptMessage(
  s: GroupState, to: NodeId, before: Lsn, beforeBallot: Ballot, now: number, entries: readonly LogEntry[],
): PaxosMessage {
  return {
    kind: ACCEPT, from: s.self, to, group: s.config.group, epoch: s.config.epoch, ballot: s.promised, lsn: before,
    lastLsn: s.log.last, lastBallot: beforeBallot, commit: s.commit, floor: s.floor, sentAt: now, flag: false,
    released: NO_BALLOT, entries,
  };
}

/** Why the message must be ignored, or null when it makes sense. */
export function faultOf(s: GroupState, m: PaxosMessage): string | null {
  if (m.group !== s.config.group) return "other group";
  if (m.to !== s.self || m.from === s.self) return "not for this replica";
  if (s.peer(m.from) === null) return "not a member";
  if (m.epoch !== s.config.epoch) return m.epoch < s.config.epoch ? "older epoch" : "newer epoch";
  if (!areCountersSane(m)) return "number out of range";
  switch (m.kind) {
    case CANVASS:
    case PREPARE:
    case HAND_OVER:
      if (ballotNode(m.ballot) !== m.from) return "ballot of another node";
      return m.entries.length === 0 ? null : "unexpected entries";
    case ACCEPT:
      if (ballotNode(m.ballot) !== m.from) return "ballot of another node";
      if (m.floor > m.commit) return "floor above commit";
      if (m.commit > m.lastLsn) return "commit beyond the sender's log";
      return entriesFault(s, m, m.lsn + 1);
    case PROMISE_ANSWER: {
      if (m.floor > m.commit || m.commit > m.lastLsn) return "commit beyond the sender's log";
      const first = m.entries[0];
      if (first === undefined) return null;
      const fault = entriesFault(s, m, first.lsn);
      if (fault !== null) return fault;
      const last = m.entries[m.entries.length - 1] as LogEntry;
      if (last.lsn > m.lastLsn || last.ballot > m.lastBallot) return "entries beyond the sender's log";
      return last.lsn === m.lastLsn && last.ballot !== m.lastBallot ? "end of log contradicts its entries" : null;
    }
    case CANVASS_ANSWER:
    case ACCEPTED:
    case REFUSED:
      return m.entries.length === 0 ? null : "unexpected entries";
    default:
      return "unknown kind";
  }
}

function areCountersSane(m: PaxosMessage): boolean {
  return isCounter(m.lsn) && isCounter(m.lastLsn) && isCounter(m.commit) && isCounter(m.floor)
    && isBallot(m.ballot) && isBallot(m.lastBallot) && isBallot(m.released) && Number.isFinite(m.sentAt);
}

function isCounter(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function isBallot(value: Ballot): boolean {
  return isCounter(value) && ballotRound(value) < BALLOT_ROUND_END;
}

/** Entries must be this group's, contiguous from `first`, of known kinds, with ballots that do not decrease. */
function entriesFault(s: GroupState, m: PaxosMessage, first: number): string | null {
  const { entries } = m;
  if (first < 1) return "entries from nowhere";
  let before = m.kind === ACCEPT ? m.lastBallot : NO_BALLOT;
  for (let i = 0; i < entries.length; i++) {
    const e = entries[i] as LogEntry;
    if (e.lsn !== first + i) return "entries with a hole";
    if (e.group !== s.config.group) return "entry of another group";
    if (e.kind !== NOOP && e.kind !== WRITE && e.kind !== CONFIG && e.kind !== SPLIT) return "not an entry";
    if (e.ballot < before || e.ballot > m.ballot || e.ballot === 0) return "entry ballots out of order";
    if (e.payload.length > ENTRY_PAYLOAD_BYTES_MAX) return "entry too large";
    before = e.ballot;
  }
  return null;
}
