// The way to the thread that writes one node's log (log-thread.ts): requests go out in order, and their ends come
// back in order.
//
// A message of the runtime costs several microseconds on each side, more than a write that is ready costs the
// device. So requests go through a ring in shared memory, and the thread sleeps on its head; what does not fit into
// numbers (a name or a buffer that the thread has not seen, a rare operation) goes by message, and its place in the
// order by the ring. Files and buffers that the thread knows have a slot on both sides; a newer one takes the slot
// of the oldest.
//
//   words (Int32)   0 requests put in   1 requests taken out   2 whether one has failed   3 which one   4 to 7 unused
//   8 + 8 n         request n mod 64: operation, or 0 for a message; file slot, buffer slot, start in the buffer,
//                   bytes, offset in the file mod 2^30, offset / 2^30, unused
//
// Counts wrap around at 2^32. The thread counts a request when it is done or, after a failure, passed over.
import { Worker } from "node:worker_threads";
import { assert } from "../base/assert.ts";
import { logThreadSource, OPERATION_CLOSE, OPERATION_WRITE } from "./log-thread.ts";
import type { LogFailure, LogMessage } from "./log-thread.ts";

/** The thread handles numbers and shared buffers: a small heap is enough, and bounds what it can take. */
const THREAD_LIMITS = { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2, stackSizeMb: 1 } as const;

const PUT = 0;
const TAKEN = 1;
const HAS_FAILED = 2;
const FAILED = 3;
const RING_AT = 8;
const ENTRY_WORDS = 8;
/** Requests in the ring; a log has a handful under way. More wait outside. */
const ENTRIES = 64;
const BY_MESSAGE = 0;
const OFFSET_RADIX: number = 2 ** 30;
/** A log writes one or two files at a time, from a few buffers that it uses again. */
const FILE_SLOTS = 8;
const BUFFER_SLOTS = 16;
/** Larger buffers are used once: nothing is gained by keeping them on the other side. */
const BUFFER_BYTES_KEPT: number = 2 * 1024 * 1024;
/** The process may end this long after the last request: asking the runtime at every write costs more than it. */
const IDLE_MS = 50;

export type LogRequest = {
  readonly operation: number;
  readonly file: string;
  readonly offset: number;
  readonly length: number;
  readonly bytes: Uint8Array | null;
};

export type LogChannelEvents = {
  /** The oldest request is done. */
  readonly onDone: () => void;
  /** The oldest request has failed, and with it all that follow, now and later. */
  readonly onFailure: (failure: LogFailure) => void;
  /** The thread has ended. */
  readonly onExit: (message: string) => void;
};

export class LogChannel {
  readonly #events: LogChannelEvents;
  readonly #worker: Worker;
  readonly #words: Int32Array = new Int32Array(new SharedArrayBuffer((RING_AT + ENTRIES * ENTRY_WORDS) * 4));
  /** Requests that found the ring full. */
  readonly #overflow: LogRequest[] = [];
  readonly #files: (string | null)[] = new Array<null>(FILE_SLOTS).fill(null);
  readonly #buffers: (ArrayBufferLike | null)[] = new Array<null>(BUFFER_SLOTS).fill(null);
  #nextFile = 0;
  #nextBuffer = 0;
  /** Requests put into the ring, taken out of it, and told of; not wrapped around. */
  #put = 0;
  #taken = 0;
  #told = 0;
  #isBroken = false;
  #isListening = false;
  #isReferenced = false;
  #isClosed = false;

  constructor(directory: string, events: LogChannelEvents) {
    this.#events = events;
    this.#worker = new Worker(logThreadSource(), {
      eval: true, workerData: { directory, words: this.#words }, resourceLimits: THREAD_LIMITS, name: "stator-log",
      execArgv: [],
    });
    this.#worker.unref();
    this.#worker.on("message", (failure: LogFailure) => this.#onFailure(failure));
    this.#worker.on("error", (error: Error) => this.#events.onExit(error.message));
    this.#worker.on("exit", () => {
      this.#tell();
      this.#events.onExit("the log thread ended");
    });
  }

  /** Nothing after a failure, nothing after `close`. */
  send(request: LogRequest): void {
    assert(!this.#isBroken, "a log that has failed takes nothing more");
    this.#reference();
    this.#add(request);
  }

  /** Ends the thread when it has done what was asked for; the process waits for that. */
  close(): void {
    assert(!this.#isClosed, "a log is closed once");
    this.#isClosed = true;
    this.#worker.ref();
    this.#add({ operation: OPERATION_CLOSE, file: "", offset: 0, length: 0, bytes: null });
  }

  #add(request: LogRequest): void {
    if (this.#overflow.length > 0 || this.#put - this.#taken >= ENTRIES) this.#overflow.push(request);
    else this.#enter(request);
    this.#listen();
  }

  #enter(request: LogRequest): void {
    const { operation, file, offset, length, bytes } = request;
    const words = this.#words;
    const at = RING_AT + (this.#put % ENTRIES) * ENTRY_WORDS;
    const fileSlot = this.#files.indexOf(file);
    const bufferSlot = bytes === null ? -1 : this.#buffers.indexOf(bytes.buffer);
    if (operation === OPERATION_WRITE && fileSlot >= 0 && bufferSlot >= 0 && bytes !== null) {
      words[at] = OPERATION_WRITE;
      words[at + 1] = fileSlot;
      words[at + 2] = bufferSlot;
      words[at + 3] = bytes.byteOffset;
      words[at + 4] = bytes.length;
      words[at + 5] = offset % OFFSET_RADIX;
      words[at + 6] = Math.floor(offset / OFFSET_RADIX);
    } else {
      words[at] = BY_MESSAGE;
      const isWrite = operation === OPERATION_WRITE;
      this.#worker.postMessage([
        operation, file, offset, length, bytes,
        isWrite && fileSlot < 0 ? this.#slotForFile(file) : -1,
        isWrite && bufferSlot < 0 && bytes !== null ? this.#slotForBuffer(bytes.buffer) : -1,
      ] satisfies LogMessage);
    }
    this.#put++;
    Atomics.store(words, PUT, this.#put | 0);
    Atomics.notify(words, PUT);
  }

  #slotForFile(file: string): number {
    const slot = this.#nextFile++ % FILE_SLOTS;
    this.#files[slot] = file;
    return slot;
  }

  #slotForBuffer(buffer: ArrayBufferLike): number {
    if (!(buffer instanceof SharedArrayBuffer) || buffer.byteLength > BUFFER_BYTES_KEPT) return -1;
    const slot = this.#nextBuffer++ % BUFFER_SLOTS;
    this.#buffers[slot] = buffer;
    return slot;
  }

  /** Waits for the thread to take out one more request than was seen. */
  #listen(): void {
    if (this.#isListening || this.#taken === this.#put) return;
    this.#isListening = true;
    const wait = Atomics.waitAsync(this.#words, TAKEN, this.#taken | 0);
    if (wait.async) void wait.value.then(() => this.#wake());
    else setImmediate(() => this.#wake()); // never synchronously with the request
  }

  #wake(): void {
    this.#isListening = false;
    this.#tell();
    this.#listen();
  }

  /** Tells of all that is done. A failure is told when its message comes. */
  #tell(): void {
    const words = this.#words;
    this.#taken += (Atomics.load(words, TAKEN) - (this.#taken | 0)) | 0;
    assert(this.#taken <= this.#put, "no more is taken out of the ring than was put in");
    let done = this.#taken;
    if (Atomics.load(words, HAS_FAILED) === 1) done = this.#told + (((words[FAILED] as number) - (this.#told | 0)) | 0);
    while (!this.#isBroken && this.#told < done) {
      this.#told++;
      this.#events.onDone();
    }
    while (this.#overflow.length > 0 && this.#put - this.#taken < ENTRIES) {
      this.#enter(this.#overflow.shift() as LogRequest);
    }
  }

  #onFailure(failure: LogFailure): void {
    this.#tell();
    this.#isBroken = true;
    const close = this.#overflow.find(({ operation }) => operation === OPERATION_CLOSE);
    this.#overflow.length = 0;
    if (close !== undefined) this.#add(close);
    this.#events.onFailure(failure);
  }

  /** The process must not end under a request, and may end a moment after the last one. */
  #reference(): void {
    if (this.#isReferenced) return;
    this.#isReferenced = true;
    this.#worker.ref();
    const timer = setTimeout(() => {
      if (this.#taken < this.#put) timer.refresh();
      else this.#release();
    }, IDLE_MS);
    timer.unref();
  }

  #release(): void {
    if (this.#isClosed) return; // its end is waited for
    this.#isReferenced = false;
    this.#worker.unref();
  }
}
