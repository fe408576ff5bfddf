// Leader's side of phase 2: one stream of Accepts to each peer, what comes back, and the lease it renews.
import { assert, must } from "../base/assert.ts";
import { epoch as epochOf, lsn, nextLsn, type Ballot, type Lsn } from "../base/ids.ts";
import { encodeConfiguration, replicaOf, REPLICAS_MAX, STORAGE, type Replica } from "../wire/group-configuration.ts";
import { CONFIG, NOOP, SPLIT, WRITE, type EntryKind, type LogEntry } from "../wire/log-record.ts";
import type { PaxosMessage } from "../wire/paxos-messages.ts";
import { makeEntry } from "../wire/record-checksum.ts";
import { advanceCommit, advanceFloor } from "./commit-tracker.ts";
import type { GroupState } from "./group-state.ts";
import { renewLease } from "./lease.ts";
import { ENTRY_PAYLOAD_BYTES_MAX, READS_AHEAD_MAX } from "./limits.ts";
import { NO_BALLOT, NO_LSN } from "./log-tail.ts";
import { acceptMessage, installMessage, NO_ENTRIES } from "./messages.ts";
import type { PeerProgress } from "./peer-progress.ts";

const NO_PAYLOAD: Uint8Array = new Uint8Array(0);

/** The first entry of the ballot is a no-op: once it commits, so has everything before it. */
export function startLeading(s: GroupState, now: number): void {
  assert(s.role === "candidate" && s.isPromiseDurable, "a leader has durably promised its own ballot");
  assert(s.leasePromiseBallot === s.promised, "a leader promised itself the lease");
  assert(s.log.lastBallot < s.promised, "nobody proposed in this ballot before");
  s.role = "leader";
  s.leader = s.self;
  s.source = null;
  s.released = NO_BALLOT;
  s.isReleased = false;
  s.handOverTo = null;
  s.roundAt = -Infinity;
  s.leaseUntil = -Infinity;
  s.firstOwnLsn = nextLsn(s.log.last);
  for (const peer of s.peers) {
    peer.resetCandidacy();
    peer.resetLeadership(s.firstOwnLsn, now);
  }
  appendOwn(s, NOOP, NO_PAYLOAD);
  renewLease(s);
}

function appendOwn(s: GroupState, kind: EntryKind, payload: Uint8Array): LogEntry {
  assert(s.role === "leader", "only a leader proposes");
  const entry = makeEntry(kind, s.config.group, nextLsn(s.log.last), s.promised, payload);
  s.appendEntry(entry);
  return entry;
}

/** True once this leader has committed, and handed out for applying, an entry of its own ballot. */
export function isReadyToPropose(s: GroupState): boolean {
  if (s.role !== "leader" || s.isReleased) return false;
  return s.delivered >= s.firstOwnLsn || s.flaws.servesAtOnce;
}

/** The same, of a group that was not split: its keys are the children's. */
export function isServing(s: GroupState): boolean {
  return isReadyToPropose(s) && (s.splitLsn === 0 || s.flaws.servesAfterSplit);
}

export function propose(s: GroupState, kind: EntryKind, payload: Uint8Array): LogEntry | null {
  assert(payload.length <= ENTRY_PAYLOAD_BYTES_MAX, "a payload fits one record of the log");
  if (!isServing(s) || s.handOverTo !== null) return null;
  assert(kind === WRITE || kind === SPLIT, "configurations are changed by `reconfigure`");
  if (kind === SPLIT && !s.isConfigurationCommitted) return null;
  if (s.log.last - s.commit >= s.limits.inFlightEntriesMax) return null;
  const inFlight = s.log.bytesBetween(s.commit, s.log.last);
  if (inFlight > 0 && inFlight + payload.length > s.limits.inFlightBytesMax) return null;
  return appendOwn(s, kind, payload);
}

export type ReconfigureResult = "proposed" | "not-leader" | "busy" | "barred" | "invalid";

/**
 * Proposes the next configuration: one vote more or less at most. Not before an entry of the own ballot is committed
 * (or two leaders could each change another configuration), nor while the change before is not.
 */
export function reconfigure(s: GroupState, replicas: readonly Replica[]): ReconfigureResult {
  if (s.role !== "leader" || s.isReleased || s.handOverTo !== null) return "not-leader";
  if (s.commit < s.firstOwnLsn && !s.flaws.changesBeforeOwnCommit) return "busy";
  if (!s.isConfigurationCommitted && !s.flaws.changesWhileUncommitted) return "busy";
  if (s.log.last - s.commit >= s.limits.inFlightEntriesMax) return "busy";
  if (!isNextConfiguration(s, replicas)) return "invalid";
  // A node that voted in an older configuration may have forgotten what it promised there. Once the floor has passed
  // the change that removed it, no member has that configuration in force any more.
  for (const { node } of replicas) {
    if (node !== s.self && s.peer(node) === null && s.configurations.listsVoter(node)) return "barred";
  }
  // A vote of a replica that has no log yet could only be missed.
  for (const { node, votes } of replicas) {
    const peer = s.peer(node);
    if (!votes || node === s.self || peer?.votes === true) continue;
    if (peer === null) return "invalid";
    if (peer.match < s.firstOwnLsn) return "busy";
  }
  appendOwn(s, CONFIG, encodeConfiguration({ epoch: epochOf(s.epoch + 1), replicas }));
  renewLease(s);
  return "proposed";
}

function isNextConfiguration(s: GroupState, replicas: readonly Replica[]): boolean {
  if (replicas.length < 1 || replicas.length > REPLICAS_MAX) return false;
  if (new Set(replicas.map(({ node }) => node)).size !== replicas.length) return false;
  const own = replicas.find(({ node }) => node === s.self);
  if (own === undefined || !own.votes || own.kind !== STORAGE) return false;
  // A closed group takes nobody in: one that joined behind the split would not know of it.
  if (s.splitLsn !== 0 && replicas.some(({ node }) => replicaOf(s.configuration, node) === null)) return false;
  const before = new Set(s.configuration.replicas.filter(({ votes }) => votes).map(({ node }) => node));
  const after = new Set(replicas.filter(({ votes }) => votes).map(({ node }) => node));
  let changed = 0;
  for (const node of before) if (!after.has(node)) changed++;
  for (const node of after) if (!before.has(node)) changed++;
  return changed <= 1;
}

/**
 * A replica without a configuration, or with a log that does not agree at the floor, answered: its log begins at the
 * floor, up to which all members have everything.
 * Until it says that it was told, it gets heartbeats only.
 */
function install(s: GroupState, peer: PeerProgress, now: number): void {
  if (now - peer.installedAt < s.config.timing.resendMs) return;
  const base = s.flaws.installsAtCommit ? s.commit : s.floor;
  const at = must(s.configurations.at(base), "the configuration at the floor is kept");
  peer.installedAt = now;
  peer.match = NO_LSN;
  peer.settled = base;
  peer.next = nextLsn(base);
  peer.isProbing = true;
  peer.rewoundAt = now;
  peer.readFrom = NO_LSN;
  peer.readEnds = [];
  s.send.push(installMessage(s, peer.node, base, now, at));
}

/** Sends each peer what is new for it, and an empty Accept when nothing went out for a heartbeat. */
export function stream(s: GroupState, now: number): void {
  assert(s.role === "leader", "only a leader streams");
  if (s.isReleased) return;
  advanceFloor(s);
  const { heartbeatMs, resendMs } = s.config.timing;
  const peers = s.peers;
  for (let i = 0; i < peers.length; i++) {
    const peer = peers[i] as PeerProgress;
    const isWaiting = peer.next > peer.settled + 1 && !peer.isProbing;
    if (isWaiting && now - peer.waitingSince >= resendMs) {
      peer.isProbing = true;
      const again = peer.match > 0 ? nextLsn(peer.match) : s.firstOwnLsn;
      peer.next = again > s.floor ? again : nextLsn(s.floor); // one that joined later has not the log below the floor
      peer.settled = lsn(peer.next - 1);
      peer.readEnds = [];
      peer.rewoundAt = now;
    }
    if (!peer.isProbing && peer.next <= s.log.last) sendEntries(s, peer, now);
    const interval = peer.isProbing && resendMs < heartbeatMs ? resendMs : heartbeatMs;
    // A commit that no entry carries along is told at once: a follower applies, and hosts what its node's
    // catalogue says, within a message's time and not a heartbeat later.
    const isNews = s.commit > peer.sentCommit && !peer.isProbing;
    if (isNews || now - peer.sentAt >= interval) sendHeartbeat(s, peer, now);
  }
}

/** When `stream` has to be called again though nothing happens. */
export function streamDeadline(s: GroupState): number {
  if (s.isReleased) return Infinity;
  const { heartbeatMs, resendMs } = s.config.timing;
  let deadline = Infinity;
  for (let i = 0; i < s.peers.length; i++) {
    const peer = s.peers[i] as PeerProgress;
    const interval = peer.isProbing && resendMs < heartbeatMs ? resendMs : heartbeatMs;
    if (peer.sentAt + interval < deadline) deadline = peer.sentAt + interval;
    const isWaiting = peer.next > peer.settled + 1 && !peer.isProbing;
    if (isWaiting && peer.waitingSince + resendMs < deadline) deadline = peer.waitingSince + resendMs;
  }
  return deadline;
}

function sendEntries(s: GroupState, peer: PeerProgress, now: number): void {
  assert(peer.match <= peer.settled && peer.settled < peer.next, "match <= settled < next");
  if (peer.next < s.log.first || ballotBefore(s, peer) === null) {
    askForRead(s, peer, now);
    return;
  }
  if (peer.readFrom !== 0) return;
  while (peer.next <= s.log.last) {
    const inFlight = s.log.bytesBetween(peer.settled, peer.next - 1);
    const room = s.limits.peerInFlightBytesMax - inFlight;
    if (inFlight > 0 && room < s.log.bytesBetween(peer.next - 1, peer.next)) return;
    const { messageBytesMax } = s.limits;
    const entries = s.log.slice(peer.next, room < messageBytesMax ? room : messageBytesMax);
    assert(entries.length > 0, "something to send");
    sendAccept(s, peer, entries, now);
  }
}

/** The ballot of the entry before the peer's next; null when only the disk knows. Within the floor 0 will do. */
function ballotBefore(s: GroupState, peer: PeerProgress): Ballot | null {
  const before = lsn(peer.next - 1);
  const ballot = s.log.ballotAt(before);
  if (ballot !== 0 || before <= s.floor) return ballot;
  return peer.readLsn === before ? peer.readBallot : null;
}

/** Without knowledge of the ballot before, an empty Accept names the start of the log, which always agrees. */
function sendHeartbeat(s: GroupState, peer: PeerProgress, now: number): void {
  const ballot = ballotBefore(s, peer);
  const before = ballot === null ? NO_LSN : lsn(peer.next - 1);
  peer.sentAt = now;
  peer.sentCommit = s.commit;
  s.send.push(acceptMessage(s, peer, before, ballot ?? NO_BALLOT, now, NO_ENTRIES));
}

function sendAccept(s: GroupState, peer: PeerProgress, entries: readonly LogEntry[], now: number): void {
  const before = lsn(peer.next - 1);
  const ballot = ballotBefore(s, peer);
  assert(ballot !== null && entries.length > 0, "entries leave with the ballot before them");
  if (before === peer.settled) peer.waitingSince = now;
  peer.sentAt = now;
  peer.sentCommit = s.commit;
  peer.next = lsn(peer.next + entries.length);
  s.send.push(acceptMessage(s, peer, before, ballot, now, entries));
}

/** One read at a time, a few messages ahead of the answers. */
function askForRead(s: GroupState, peer: PeerProgress, now: number): void {
  if (peer.readFrom !== 0 || now < peer.readAgainAt) return;
  if (peer.readEnds.length >= READS_AHEAD_MAX) return;
  // The entry before comes along when its ballot is not known: the peer's log must agree there.
  peer.readFrom = ballotBefore(s, peer) === null ? lsn(peer.next - 1) : peer.next;
  assert(peer.readFrom > s.floor, "the log above the floor is on disk");
  s.read.push({ peer: peer.node, from: peer.readFrom, bytesMax: s.limits.messageBytesMax });
}

/** Entries for a lagging peer came from the disk. */
export function streamEntriesRead(s: GroupState, peer: PeerProgress, read: readonly LogEntry[], now: number): void {
  assert(s.role === "leader" && peer.readFrom !== 0, "a read was under way");
  const from = peer.readFrom;
  peer.readFrom = NO_LSN;
  const first = read[0];
  const last = read[read.length - 1];
  if (first === undefined || last === undefined || first.lsn !== from || last.lsn !== from + read.length - 1) {
    peer.readAgainAt = now + s.config.timing.resendMs;
    s.ignore("log read without the entries asked for");
    return;
  }
  assert(last.lsn <= s.log.last, "the log on disk is not longer than the log");
  const isCurrent = peer.next === from || peer.next === from + 1;
  if (s.isReleased || peer.isProbing || !isCurrent) return; // the peer moved or fell silent meanwhile
  if (peer.next === from + 1) {
    peer.readLsn = first.lsn;
    peer.readBallot = first.ballot;
  }
  const entries = peer.next === from ? read : read.slice(1);
  if (entries.length === 0) return; // now the ballot before is known; the next read brings the entry
  sendAccept(s, peer, entries, now);
  peer.readEnds.push(last.lsn);
  peer.readLsn = last.lsn;
  peer.readBallot = last.ballot;
}

export function onAccepted(s: GroupState, m: PaxosMessage, now: number): void {
  if (s.role !== "leader" || m.ballot !== s.promised) return;
  const peer = s.peer(m.from);
  if (peer === null) return;
  if (m.epoch === 0) {
    // Whoever has a vote has had the log. This is another replica on its node, made after a removal that a leader who
    // was deposed has not heard of: it must not count where the former one did.
    if (peer.votes) s.ignore("a vote without a log");
    else install(s, peer, now);
    return;
  }
  if (m.sentAt > Math.max(peer.sentAt, peer.installedAt) || m.lsn > s.log.last + 1) {
    s.ignore("answer to what was never sent");
    return;
  }
  if (s.flaws.leasesFromAnswer) peer.answeredAt = now;
  else if (m.sentAt > peer.answeredAt) peer.answeredAt = m.sentAt;
  renewLease(s);
  if (m.flag) acknowledged(s, peer, m, now);
  else refused(s, peer, m, now);
}

function acknowledged(s: GroupState, peer: PeerProgress, m: PaxosMessage, now: number): void {
  if (m.lsn > s.log.last) {
    s.ignore("answer to what was never sent");
    return;
  }
  // A probe was answered: the link works, and what the peer lacks goes out again.
  if (peer.isProbing && m.sentAt >= peer.rewoundAt) {
    peer.isProbing = false;
    peer.waitingSince = now;
  }
  if (m.lsn <= peer.match) return;
  peer.match = m.lsn;
  if (peer.settled < m.lsn) peer.settled = m.lsn;
  while (peer.readEnds.length > 0 && (peer.readEnds[0] as Lsn) <= m.lsn) peer.readEnds.shift();
  peer.waitingSince = now;
  if (peer.next <= m.lsn) peer.next = nextLsn(m.lsn);
  advanceCommit(s);
}

/** The peer's log ends earlier, or differs before what was sent: goes back to where it says. */
function refused(s: GroupState, peer: PeerProgress, m: PaxosMessage, now: number): void {
  if (m.sentAt < peer.rewoundAt) return;
  if (!peer.isCovered && m.lsn <= s.floor) {
    install(s, peer, now); // its log differs, or ends, where only the floor could say what is right
    return;
  }
  peer.isProbing = false;
  peer.waitingSince = now;
  const least = (peer.match > s.floor ? peer.match : s.floor) + 1;
  const hint = m.lsn < least ? least : m.lsn;
  if (hint >= peer.next) return;
  peer.next = lsn(hint);
  peer.settled = lsn(hint - 1);
  peer.readEnds = [];
  peer.rewoundAt = now;
  assert(peer.next > peer.match && peer.next <= s.log.last, "goes back within the log");
}

/** A higher ballot was promised somewhere: this one may lack a quorum. It tries again above it. */
export function onRefused(s: GroupState, m: PaxosMessage, now: number): void {
  s.sawBallot(m.ballot);
  if (m.ballot <= s.promised || (s.role !== "leader" && s.role !== "candidate")) return;
  s.becomeFollower(now, 0);
}
