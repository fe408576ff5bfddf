// Frames on a stream, little-endian: u32 length of the payload · u32 CRC-32 of the payload · payload. The first byte
// of a payload says what it is. (CRC-32, not CRC-32C as elsewhere: Node has it natively, twenty times as fast.)
//
//   1 hello · 2 welcome · 3 refused (the last frame of a connection, with the reason) · 4 ping · 5 pong
//   6 message between nodes · 7 a stranger's question · 8 the answer to it
import { crc32 } from "node:zlib";
import { assert } from "../../base/assert.ts";
import { ByteWriter } from "../../wire/codec/byte-writer.ts";
import { decodePlain, encodePlain } from "../../wire/codec/plain-values.ts";
import { ReceivedTables } from "../../wire/codec/sent-tables.ts";
import { FRAME_BYTES_MAX, GREETING_BYTES_MAX } from "./limits.ts";

export const HELLO = 1;
export const WELCOME = 2;
export const REFUSED = 3;
export const PING = 4;
export const PONG = 5;
export const MESSAGE = 6;
export const ASK = 7;
export const ANSWER = 8;

export type FrameType =
  | typeof HELLO | typeof WELCOME | typeof REFUSED | typeof PING | typeof PONG | typeof MESSAGE | typeof ASK
  | typeof ANSWER;

export const FRAME_HEAD = 8;
const NO_TABLES = new ReceivedTables();
const shared = new ByteWriter();

/** Begins a frame of `type`: write the rest of the payload, then `sealFrame`. One frame at a time. */
export function beginFrame(type: FrameType): ByteWriter {
  shared.begin(FRAME_HEAD);
  shared.u8(type);
  return shared;
}

/** The frame as bytes of its own; null when the payload is too large to be sent. */
export function sealFrame(writer: ByteWriter): Uint8Array | null {
  const length = writer.length - FRAME_HEAD;
  if (length > FRAME_BYTES_MAX) return null;
  const bytes = writer.take();
  const view = new DataView(bytes.buffer);
  view.setUint32(0, length, true);
  view.setUint32(4, crc32(bytes.subarray(FRAME_HEAD)), true);
  return bytes;
}

/** A small frame around one plain value. */
export function plainFrame(type: FrameType, value: unknown): Uint8Array {
  const writer = beginFrame(type);
  encodePlain(writer, value, null);
  const bytes = sealFrame(writer);
  assert(bytes !== null, "a small frame is small");
  return bytes;
}

/** The plain value behind `offset` bytes of a payload; undefined: there is none. */
export function plainOf(payload: Uint8Array, offset: number): unknown {
  return decodePlain(payload, offset, NO_TABLES);
}

/** Takes one payload, its type byte included. False: no more is wanted. */
export type TakePayload = (payload: Uint8Array) => boolean;

/** Cuts a stream into payloads. Memory is held only for bytes that have come, whatever a head announces. */
export class FrameReader {
  readonly #head: Uint8Array = new Uint8Array(FRAME_HEAD);
  #headUsed = 0;
  /** Of the payload under way; -1: none. */
  #length = -1;
  #crc = 0;
  #parts: Uint8Array[] = [];
  #partBytes = 0;
  #bytesMax = GREETING_BYTES_MAX;

  /** The peer is known now. */
  allowLarge(): void {
    this.#bytesMax = FRAME_BYTES_MAX;
  }

  /** What is wrong with the bytes, or null. `take` may get views into `chunk`. */
  feed(chunk: Uint8Array, take: TakePayload): string | null {
    let at = 0;
    for (;;) {
      if (this.#length < 0) {
        at = this.#readHead(chunk, at);
        if (this.#headUsed < FRAME_HEAD) return null;
        const fault = this.#openFrame();
        if (fault !== null) return fault;
      }
      const missing = this.#length - this.#partBytes;
      const there = Math.min(missing, chunk.length - at);
      if (there < missing) {
        if (there > 0) this.#keep(chunk.subarray(at));
        return null;
      }
      const payload = this.#closeFrame(chunk.subarray(at, at + there));
      at += there;
      if (crc32(payload) !== this.#crc) return "a frame whose checksum is wrong";
      if (!take(payload)) return null;
    }
  }

  #readHead(chunk: Uint8Array, at: number): number {
    const wanted = Math.min(FRAME_HEAD - this.#headUsed, chunk.length - at);
    for (let i = 0; i < wanted; i++) this.#head[this.#headUsed + i] = chunk[at + i] as number;
    this.#headUsed += wanted;
    return at + wanted;
  }

  #openFrame(): string | null {
    const view = new DataView(this.#head.buffer);
    const length = view.getUint32(0, true);
    if (length === 0 || length > this.#bytesMax) return `a frame of ${length} bytes`;
    this.#length = length;
    this.#crc = view.getUint32(4, true);
    this.#headUsed = 0;
    return null;
  }

  #keep(part: Uint8Array): void {
    this.#parts.push(part);
    this.#partBytes += part.length;
  }

  #closeFrame(last: Uint8Array): Uint8Array {
    let payload = last;
    if (this.#parts.length > 0) {
      payload = new Uint8Array(this.#length);
      let at = 0;
      for (const part of this.#parts) {
        payload.set(part, at);
        at += part.length;
      }
      payload.set(last, at);
      this.#parts = [];
      this.#partBytes = 0;
    }
    this.#length = -1;
    return payload;
  }
}
