// Making messages (one shape for all kinds) and judging those that come in. A peer's message is hostile until
// judged: what does not fit is ignored and counted, and can never trip an assertion.
import { ballotNode, ballotRound, type Ballot, type Lsn, type NodeId } from "../base/ids.ts";
import { decodeConfiguration, encodeConfiguration } from "../wire/group-configuration.ts";
import { CONFIG, NOOP, SPLIT, WRITE, type LogEntry } from "../wire/log-record.ts";
import {
  ACCEPT, ACCEPTED, CANVASS, CANVASS_ANSWER, HAND_OVER, INSTALL, PREPARE, PROMISE_ANSWER, REFUSED, REMOVED,
  type PaxosKind, type PaxosMessage,
} from "../wire/paxos-messages.ts";
import { makeEntry } from "../wire/record-checksum.ts";
import type { ConfigurationAt } from "./configurations.ts";
import type { GroupState } from "./group-state.ts";
import { BALLOT_ROUND_END, ENTRY_PAYLOAD_BYTES_MAX } from "./limits.ts";
import { NO_BALLOT, NO_LSN } from "./log-tail.ts";
import type { PeerProgress } from "./peer-progress.ts";

export const NO_ENTRIES: readonly LogEntry[] = [];

/** A message without entries: `lsn`, `flag` and `sentAt` mean what the kind says. */
export function plainMessage(
  s: GroupState, kind: PaxosKind, to: NodeId, ballot: Ballot, lsn: Lsn, flag: boolean, sentAt: number,
): PaxosMessage {
  return {
    kind, from: s.self, to, group: s.config.group, epoch: s.epoch, ballot, lsn,
    lastLsn: s.log.last, lastBallot: s.log.lastBallot, commit: s.commit, floor: s.floor, sentAt, flag,
    released: NO_BALLOT, entries: NO_ENTRIES,
  };
}

/** The answer to a Canvass tells the ballot promised here, so that a real Prepare can go above it. */
export function canvassAnswer(s: GroupState, to: NodeId, ballot: Ballot, isGranted: boolean): PaxosMessage {
  return {
    kind: CANVASS_ANSWER, from: s.self, to, group: s.config.group, epoch: s.epoch, ballot, lsn: s.log.last,
    lastLsn: s.log.last, lastBallot: s.seenBallot > s.promised ? s.seenBallot : s.promised, commit: s.commit,
    floor: s.floor, sentAt: 0, flag: isGranted, released: NO_BALLOT, entries: NO_ENTRIES,
  };
}

export function prepareMessage(s: GroupState, to: NodeId, from: Lsn): PaxosMessage {
  return {
    kind: PREPARE, from: s.self, to, group: s.config.group, epoch: s.epoch, ballot: s.promised, lsn: from,
    lastLsn: s.log.last, lastBallot: s.log.lastBallot, commit: s.commit, floor: s.floor, sentAt: 0, flag: false,
    released: s.released, entries: NO_ENTRIES,
  };
}

export function promiseAnswer(
  s: GroupState, to: NodeId, from: Lsn, hasMore: boolean, entries: readonly LogEntry[],
): PaxosMessage {
  return {
    kind: PROMISE_ANSWER, from: s.self, to, group: s.config.group, epoch: s.epoch, ballot: s.promised,
    lsn: from, lastLsn: s.log.last, lastBallot: s.log.lastBallot, commit: s.commit,
    floor: s.isCovered(to) ? s.floor : NO_LSN, sentAt: 0, flag: hasMore, released: NO_BALLOT, entries,
  };
}

export function acceptMessage(
  s: GroupState, peer: PeerProgress, before: Lsn, beforeBallot: Ballot, now: number, entries: readonly LogEntry[],
): PaxosMessage {
  return {
    kind: ACCEPT, from: s.self, to: peer.node, group: s.config.group, epoch: s.epoch, ballot: s.promised, lsn: before,
    lastLsn: s.log.last, lastBallot: beforeBallot, commit: s.commit, floor: peer.isCovered ? s.floor : NO_LSN,
    sentAt: now, flag: false, released: NO_BALLOT, entries,
  };
}

/** `at`: the configuration in force at `base`. */
export function installMessage(
  s: GroupState, to: NodeId, base: Lsn, now: number, at: ConfigurationAt,
): PaxosMessage {
  const entry = makeEntry(CONFIG, s.config.group, at.lsn, at.ballot, encodeConfiguration(at.configuration));
  return {
    kind: INSTALL, from: s.self, to, group: s.config.group, epoch: s.epoch, ballot: s.promised, lsn: base,
    lastLsn: s.log.last, lastBallot: s.log.ballotAt(base), commit: s.commit, floor: s.floor, sentAt: now, flag: false,
    released: NO_BALLOT, entries: [entry],
  };
}

/** Why the message must be ignored, or null when it makes sense. */
export function faultOf(s: GroupState, m: PaxosMessage): string | null {
  if (m.group !== s.config.group) return "other group";
  if (m.to !== s.self || m.from === s.self) return "not for this replica";
  if (!areCountersSane(m)) return "number out of range";
  if (s.peer(m.from) === null && isFromMembersOnly(m.kind)) return "not a member";
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
    case INSTALL:
      return installFault(s, m);
    case CANVASS_ANSWER:
    case ACCEPTED:
    case REFUSED:
    case REMOVED:
      return m.entries.length === 0 ? null : "unexpected entries";
    default:
      return "unknown kind";
  }
}

/**
 * Answers mean something from the replicas that were asked. A leader or a candidate may be of a configuration that
 * this replica's log does not show yet, or does not show any more: ballots and logs decide there.
 */
function isFromMembersOnly(kind: PaxosKind): boolean {
  return kind === ACCEPTED || kind === PROMISE_ANSWER || kind === CANVASS_ANSWER || kind === REFUSED;
}

function installFault(s: GroupState, m: PaxosMessage): string | null {
  if (ballotNode(m.ballot) !== m.from) return "ballot of another node";
  const e = m.entries[0];
  if (e === undefined || m.entries.length !== 1 || e.kind !== CONFIG) return "no configuration";
  if (e.group !== s.config.group) return "entry of another group";
  if (!isCounter(e.lsn) || !isBallot(e.ballot) || e.lsn > m.lsn || e.ballot > m.ballot || m.lastBallot > m.ballot) {
    return "number out of range";
  }
  return decodeConfiguration(e.payload) === null ? "no configuration" : null;
}

function areCountersSane(m: PaxosMessage): boolean {
  return isCounter(m.epoch) && isCounter(m.lsn) && isCounter(m.lastLsn) && isCounter(m.commit) && isCounter(m.floor)
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
    if (e.kind === CONFIG && decodeConfiguration(e.payload) === null) return "no configuration";
    before = e.ballot;
  }
  return null;
}
