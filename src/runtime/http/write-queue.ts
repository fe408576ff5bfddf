// Bytes on their way to one socket. Small answers of one turn are joined to one write: copying a kilobyte is
// much cheaper than a second buffer in a writev. Large ones go out in slices, so that progress can be seen
// and the socket never holds more than its own high-water mark plus one slice.

import type { Duplex } from "node:stream";

/** Answers up to this many bytes together are joined. */
const JOIN_BYTES_MAX = 64 * 1024;
/** Largest piece given to the socket at once. */
const SLICE_BYTES_MAX = 64 * 1024;

export class WriteQueue {
  readonly #socket: Duplex;
  readonly #highWaterBytes: number;
  #pieces: Buffer[] = [];
  #queuedBytes: number = 0;
  /** Bytes given to the socket since it was opened. */
  #givenBytes: number = 0;
  /** Bytes that had left the socket at the sweep of the last progress. */
  #leftBytes: number = 0;
  #progressTick: number = 0;

  constructor(socket: Duplex, highWaterBytes: number) {
    this.#socket = socket;
    this.#highWaterBytes = highWaterBytes;
  }

  /** Whether the socket has been given everything. */
  get allGiven(): boolean {
    return this.#queuedBytes === 0;
  }

  /** Whether everything has left for the operating system. */
  get empty(): boolean {
    return this.#queuedBytes === 0 && this.#socket.writableLength === 0;
  }

  /** Whether no more should be produced until the socket drains. */
  get full(): boolean {
    return this.#socket.writableNeedDrain
      && this.#queuedBytes + this.#socket.writableLength >= this.#highWaterBytes;
  }

  push(bytes: Buffer): void {
    this.#pieces.push(bytes);
    this.#queuedBytes += bytes.length;
  }

  clear(): void {
    this.#pieces = [];
    this.#queuedBytes = 0;
  }

  /** Gives the socket what it may take. Called after `push` and when the socket has drained. */
  flush(): void {
    const socket = this.#socket;
    if (this.#queuedBytes === 0 || socket.writableNeedDrain) return;
    if (this.#queuedBytes <= JOIN_BYTES_MAX) {
      this.#givenBytes += this.#queuedBytes;
      const bytes = this.#joined();
      this.#pieces.length = 0;
      this.#queuedBytes = 0;
      socket.write(bytes);
      return;
    }
    this.#flushSlices();
  }

  /** Sweeps since bytes last left, 0 when none wait. Called once per sweep. */
  stalledSweeps(tick: number): number {
    const left = this.#givenBytes - this.#socket.writableLength;
    if (this.empty || left !== this.#leftBytes) {
      this.#leftBytes = left;
      this.#progressTick = tick;
    }
    return tick - this.#progressTick;
  }

  #flushSlices(): void {
    let index = 0;
    let room = true;
    while (room && index < this.#pieces.length) {
      const piece = this.#pieces[index] as Buffer;
      const slice = piece.length <= SLICE_BYTES_MAX ? piece : piece.subarray(0, SLICE_BYTES_MAX);
      if (slice.length === piece.length) index++;
      else this.#pieces[index] = piece.subarray(SLICE_BYTES_MAX);
      this.#queuedBytes -= slice.length;
      this.#givenBytes += slice.length;
      room = this.#socket.write(slice);
    }
    this.#pieces.splice(0, index);
  }

  #joined(): Buffer {
    const first = this.#pieces[0] as Buffer;
    if (this.#pieces.length === 1) return first;
    return Buffer.concat(this.#pieces, this.#queuedBytes);
  }
}
