// Turns what the inputs left behind into one Ready.
import { assert } from "../base/assert.ts";
import { lsn, type Ballot, type NodeId } from "../base/ids.ts";
import type { LogEntry, LogRecord } from "../wire/log-record.ts";
import type { PaxosMessage } from "../wire/paxos-messages.ts";
import { answerLeader } from "./accept-phase.ts";
import type { GroupState } from "./group-state.ts";
import { tickHandOver } from "./hand-over.ts";
import { isServing, stream } from "./leader.ts";
import { COMMIT_RECORD_EVERY_LSNS } from "./limits.ts";
import { NO_BALLOT } from "./log-tail.ts";
import type { Leadership, LogRead, Ready, Role } from "./ready.ts";

const NO_RECORDS: readonly LogRecord[] = [];
const NO_MESSAGES: readonly PaxosMessage[] = [];
const NO_COMMITTED: readonly LogEntry[] = [];
const NO_READS: readonly LogRead[] = [];

/** What the driver was last told about leadership. */
export class ReadyBuilder {
  #role: Role = "follower";
  #ballot: Ballot = NO_BALLOT;
  #leader: NodeId | null = null;
  #isServing = false;

  /** Null when there is nothing to do. */
  build(s: GroupState, now: number): Ready | null {
    const committed = deliver(s);
    if (s.role === "leader") {
      if (s.handOverTo !== null) tickHandOver(s, now);
      if (s.role === "leader") stream(s, now);
    } else if (s.isAckDue) answerLeader(s);
    if (s.append.length > 0 && s.commit - s.recordedCommit >= COMMIT_RECORD_EVERY_LSNS) s.recordCommit();
    const leadership = this.#leadership(s);
    const isIdle = s.append.length === 0 && s.send.length === 0 && s.sendAfterDurable.length === 0
      && committed.length === 0 && s.read.length === 0 && leadership === null && !s.isConfigurationNews
      && !s.isRemovalNews;
    if (isIdle) return null;
    return take(s, committed, leadership);
  }

  #leadership(s: GroupState): Leadership | null {
    const serving = isServing(s);
    const isSame = s.role === this.#role && s.promised === this.#ballot && s.leader === this.#leader
      && serving === this.#isServing;
    if (isSame) return null;
    assert(!serving || s.leader === s.self, "who serves leads");
    this.#role = s.role;
    this.#ballot = s.promised;
    this.#leader = s.leader;
    this.#isServing = serving;
    return { role: s.role, ballot: s.promised, leader: s.leader, serving };
  }
}

/**
 * Committed entries not handed out yet, a bounded number. Only what is durable *here*: the tree's checkpoint must
 * never be ahead of the own log, or a restarted replica would not know the ballot where its log ends.
 */
function deliver(s: GroupState): readonly LogEntry[] {
  assert(s.delivered <= s.commit && s.commit <= s.log.last, "delivered <= commit <= last");
  const upTo = s.commit < s.durableLsn ? s.commit : s.durableLsn;
  const due = upTo - s.delivered;
  if (due <= 0) return NO_COMMITTED;
  const { committedPerReadyMax, tailBytesMax } = s.limits;
  const count = due < committedPerReadyMax ? due : committedPerReadyMax;
  const committed: LogEntry[] = [];
  const from = s.delivered + 1;
  for (let i = 0; i < count; i++) committed.push(s.log.entry(from + i));
  s.delivered = lsn(s.delivered + count);
  s.log.trim(s.delivered + 1, tailBytesMax);
  return committed;
}

function take(s: GroupState, committed: readonly LogEntry[], leadership: Leadership | null): Ready {
  let append = NO_RECORDS;
  if (s.append.length > 0) {
    append = s.append;
    s.append = [];
    s.token++;
    s.pendingTokens.push(s.token);
    s.pendingLsns.push(s.log.last);
  }
  let send = NO_MESSAGES;
  if (s.send.length > 0) {
    send = s.send;
    s.send = [];
  }
  let sendAfterDurable = NO_MESSAGES;
  if (s.sendAfterDurable.length > 0) {
    sendAfterDurable = s.sendAfterDurable;
    s.sendAfterDurable = [];
  }
  let read = NO_READS;
  if (s.read.length > 0) {
    read = s.read;
    s.read = [];
  }
  const configuration = s.isConfigurationNews ? s.configuration : null;
  const isRemoved = s.isRemovalNews;
  s.isConfigurationNews = false;
  s.isRemovalNews = false;
  return { append, token: s.token, send, sendAfterDurable, committed, read, leadership, configuration, isRemoved };
}
