// A Paxos frame as bytes. Little-endian:
//
//   u16 sender · u16 reserved, 0 · u32 number of messages · f64 sender's monotonic ms
//   then per message:
//     u8 kind · u8 flag · u16 to · u32 number of entries
//     f64 group · f64 epoch · f64 ballot · f64 lsn · f64 last LSN · f64 last ballot · f64 commit · f64 floor
//     f64 sent at · f64 released
//     then per entry: u8 kind · u8, u16 reserved, 0 · u32 crc · f64 lsn · f64 ballot · u32 length · payload
//
// The entries' group is the message's, their sender the frame's.
import { assert } from "../../base/assert.ts";
import { ballotFrom, epoch, groupId, lsn, nodeId, type GroupId, type NodeId } from "../../base/ids.ts";
import { PAXOS_FRAME, type PaxosFrame } from "../data-messages.ts";
import { CONFIG, NOOP, SPLIT, WRITE, type EntryKind, type LogEntry } from "../log-record.ts";
import { CANVASS, INSTALL, type PaxosKind, type PaxosMessage } from "../paxos-messages.ts";
import { recordChecksum } from "../record-checksum.ts";
import type { ByteWriter } from "./byte-writer.ts";

const FRAME_HEAD = 16;
const MESSAGE_HEAD = 88;
const ENTRY_HEAD = 28;
/** Of an entry's payload length, in its head. */
const LENGTH_AT = 24;
const NUMBERS = 10;
/** The one number of a message that need not be a counter. */
const SENT_AT = 8;
const NO_ENTRIES: readonly LogEntry[] = [];

/** Bytes that the message takes in a frame. */
function bytesOf(message: PaxosMessage): number {
  let bytes = MESSAGE_HEAD;
  const { entries } = message;
  for (let i = 0; i < entries.length; i++) bytes += ENTRY_HEAD + (entries[i] as LogEntry).payload.length;
  return bytes;
}

/** The frame in pieces of at most `bytesMax` bytes; one message is never divided. Mostly the frame itself. */
export function dividePaxosFrame(frame: PaxosFrame, bytesMax: number): readonly PaxosFrame[] {
  const { from, clockMs, messages } = frame;
  const frames: PaxosFrame[] = [];
  let first = 0;
  let bytes = 0;
  for (let i = 0; i < messages.length; i++) {
    const more = bytesOf(messages[i] as PaxosMessage);
    if (bytes > 0 && bytes + more > bytesMax) {
      frames.push({ kind: PAXOS_FRAME, from, clockMs, messages: messages.slice(first, i) });
      first = i;
      bytes = 0;
    }
    bytes += more;
  }
  if (frames.length === 0) return [frame];
  frames.push({ kind: PAXOS_FRAME, from, clockMs, messages: messages.slice(first) });
  return frames;
}

export function encodePaxosFrame(writer: ByteWriter, frame: PaxosFrame): void {
  const { messages } = frame;
  writer.u16(frame.from);
  writer.u16(0);
  writer.u32(messages.length);
  writer.f64(frame.clockMs);
  for (let i = 0; i < messages.length; i++) {
    const m = messages[i] as PaxosMessage;
    assert(m.from === frame.from, "a frame's messages are its sender's");
    writer.u8(m.kind);
    writer.u8(m.flag ? 1 : 0);
    writer.u16(m.to);
    writer.u32(m.entries.length);
    writer.f64(m.group);
    writer.f64(m.epoch);
    writer.f64(m.ballot);
    writer.f64(m.lsn);
    writer.f64(m.lastLsn);
    writer.f64(m.lastBallot);
    writer.f64(m.commit);
    writer.f64(m.floor);
    writer.f64(m.sentAt);
    writer.f64(m.released);
    for (let j = 0; j < m.entries.length; j++) encodeEntry(writer, m.entries[j] as LogEntry, m.group);
  }
}

function encodeEntry(writer: ByteWriter, entry: LogEntry, group: GroupId): void {
  assert(entry.group === group, "entries of the message's group");
  writer.u8(entry.kind);
  writer.u8(0);
  writer.u16(0);
  writer.u32(entry.crc);
  writer.f64(entry.lsn);
  writer.f64(entry.ballot);
  writer.u32(entry.payload.length);
  writer.bytes(entry.payload);
}

/**
 * Null: no frame, or an entry in it whose checksum is wrong. Payloads are views into `bytes`, which must not change any
 * more, where one message's entries are most of what `bytes` keeps in memory; else copies.
 */
export function decodePaxosFrame(bytes: Uint8Array, from: number): PaxosFrame | null {
  if (bytes.length - from < FRAME_HEAD) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const sender = view.getUint16(from, true);
  const count = view.getUint32(from + 4, true);
  const clockMs = view.getFloat64(from + 8, true);
  if (sender === 0 || !Number.isFinite(clockMs) || count > (bytes.length - from) / MESSAGE_HEAD) return null;
  const reader = new FrameReader(bytes, view, from + FRAME_HEAD, nodeId(sender));
  const messages: PaxosMessage[] = [];
  for (let i = 0; i < count; i++) {
    const message = reader.message();
    if (message === null) return null;
    messages.push(message);
  }
  return reader.at === bytes.length ? { kind: PAXOS_FRAME, from: nodeId(sender), clockMs, messages } : null;
}

class FrameReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #sender: NodeId;
  at: number;

  constructor(bytes: Uint8Array, view: DataView, at: number, sender: NodeId) {
    this.#bytes = bytes;
    this.#view = view;
    this.#sender = sender;
    this.at = at;
  }

  message(): PaxosMessage | null {
    const at = this.at;
    const view = this.#view;
    if (this.#bytes.length - at < MESSAGE_HEAD) return null;
    const kind = this.#bytes[at] as number;
    const flag = this.#bytes[at + 1] as number;
    const to = view.getUint16(at + 2, true);
    const count = view.getUint32(at + 4, true);
    if (kind < CANVASS || kind > INSTALL || flag > 1 || to === 0) return null;
    for (let i = 0; i < NUMBERS; i++) {
      const value = view.getFloat64(at + 8 + i * 8, true);
      if (i === SENT_AT ? !Number.isFinite(value) : !Number.isSafeInteger(value) || value < 0) return null;
    }
    this.at = at + MESSAGE_HEAD;
    const group = groupId(this.#number(at, 0));
    const entries = this.#entries(count, group);
    if (entries === null) return null;
    return {
      kind: kind as PaxosKind, from: this.#sender, to: nodeId(to), group,
      epoch: epoch(this.#number(at, 1)), ballot: ballotFrom(this.#number(at, 2)),
      lsn: lsn(this.#number(at, 3)), lastLsn: lsn(this.#number(at, 4)),
      lastBallot: ballotFrom(this.#number(at, 5)), commit: lsn(this.#number(at, 6)), floor: lsn(this.#number(at, 7)),
      sentAt: this.#number(at, SENT_AT), flag: flag === 1, released: ballotFrom(this.#number(at, 9)), entries,
    };
  }

  #number(message: number, index: number): number {
    return this.#view.getFloat64(message + 8 + index * 8, true);
  }

  #entries(count: number, group: GroupId): readonly LogEntry[] | null {
    if (count === 0) return NO_ENTRIES;
    const bytes = this.#payloadBytes(count);
    if (bytes === null) return null;
    // Entries stay in memory for long, and together: all else that came with them should not.
    const copies = bytes * 2 >= this.#bytes.buffer.byteLength ? null : new Uint8Array(bytes);
    const entries: LogEntry[] = [];
    let used = 0;
    for (let i = 0; i < count; i++) {
      const entry = this.#entry(group, copies, used);
      if (entry === null) return null;
      used += entry.payload.length;
      entries.push(entry);
    }
    return entries;
  }

  /** Of the next `count` entries together; null when they are cut short. */
  #payloadBytes(count: number): number | null {
    const end = this.#bytes.length;
    if (count > (end - this.at) / ENTRY_HEAD) return null;
    let at = this.at;
    for (let i = 0; i < count; i++) {
      if (end - at < ENTRY_HEAD) return null;
      at += ENTRY_HEAD + this.#view.getUint32(at + LENGTH_AT, true);
      if (at > end) return null;
    }
    return at - this.at - count * ENTRY_HEAD;
  }

  /** `copies`: where the payload goes, from `used` on. */
  #entry(group: GroupId, copies: Uint8Array | null, used: number): LogEntry | null {
    const at = this.at;
    const view = this.#view;
    const kind = this.#bytes[at] as number;
    if (!isEntryKind(kind)) return null;
    const crc = view.getUint32(at + 4, true);
    const number = view.getFloat64(at + 8, true);
    const ballot = view.getFloat64(at + 16, true);
    // LSN 0 is that of a group's first configuration, which no entry carried.
    if (!Number.isSafeInteger(number) || number < 0 || !Number.isSafeInteger(ballot) || ballot < 0) return null;
    this.at = at + ENTRY_HEAD + view.getUint32(at + LENGTH_AT, true);
    let payload = this.#bytes.subarray(at + ENTRY_HEAD, this.at);
    if (copies !== null) {
      copies.set(payload, used);
      payload = copies.subarray(used, used + payload.length);
    }
    const entry: LogEntry = { kind, group, lsn: lsn(number), ballot: ballotFrom(ballot), payload, crc };
    return recordChecksum(kind, group, entry.lsn, entry.ballot, payload) === crc ? entry : null;
  }
}

function isEntryKind(kind: number): kind is EntryKind {
  return kind === NOOP || kind === WRITE || kind === CONFIG || kind === SPLIT;
}
