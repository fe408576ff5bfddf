// The thread that writes one node's log: the only place that waits for the device. It is started from the
// source text of these functions (`logThreadSource`), so that the thread loads no file and no TypeScript
// loader, and works from a bundle; the functions therefore use nothing but their arguments and each other.
//
// Requests come through a ring in shared memory (log-channel.ts), with numbers only, or by message:
//   [operation, file, offset, length, bytes or null, file slot or -1, buffer slot or -1]
// where the slots say what to remember for later requests. A failure goes back by message: [code, message]. The
// thread runs no event loop: it sleeps on the ring and takes a message when the ring says that there is one.
//
// Beside that the thread zero-fills prepared files while nobody waits for it: a sync of a block that exists
// already need not wait for the file system's journal, which halves its time.
import type { MessagePort, receiveMessageOnPort } from "node:worker_threads";
import type * as NodeFs from "node:fs";

// The functions below repeat these as literals: module scope does not reach the thread.
export const OPERATION_CREATE = 1;
export const OPERATION_WRITE = 2;
export const OPERATION_DELETE = 3;
export const OPERATION_REPLACE = 4;
export const OPERATION_CLOSE = 5;

export type LogMessage = readonly [
  operation: number, file: string, offset: number, length: number, bytes: Uint8Array | null,
  fileSlot: number, bufferSlot: number,
];
export type LogFailure = readonly [code: string, message: string];

type OpenFile = { fd: number; zeroedTo: number; bytes: number };
type State = {
  readonly fs: typeof NodeFs; readonly directory: string; readonly words: Int32Array;
  readonly files: Map<string, OpenFile>; readonly zeros: Uint8Array;
  /** By slot. */
  readonly names: string[]; readonly buffers: ArrayBufferLike[];
  /** Bytes of the last write. */
  wrote: number;
};
type Threads = {
  readonly parentPort: MessagePort; readonly receiveMessageOnPort: typeof receiveMessageOnPort;
  readonly workerData: { readonly directory: string; readonly words: Int32Array };
};

/** The thread's source text: evaluated as CommonJS, with the directory and the ring as `workerData`. */
export function logThreadSource(): string {
  const parts = [syncDirectory, createFile, openFile, writeFile, replaceFile, execute, take, fillPiece, runLogThread];
  return `${parts.map(String).join("\n")}\n${runLogThread.name}(require("node:worker_threads"), require("node:fs"));`;
}

function runLogThread(threads: Threads, fs: typeof NodeFs): void {
  const FILL_BYTES = 256 * 1024; // one piece: under a millisecond of device time
  const FILL_PAUSE_MS = 10; // at most 25 MB/s of zeros, behind everything else
  const BULK_BYTES = 512 * 1024; // who writes so much at a time overtakes the zeros, and needs the device
  const { directory, words } = threads.workerData;
  const state: State = {
    fs, directory, words, files: new Map(), zeros: new Uint8Array(FILL_BYTES), names: [], buffers: [], wrote: 0,
  };
  let taken = 0;
  let hasFailed = false; // the first failure is final
  let isFilling = false;
  let fillMs = 0;
  for (;;) {
    if (Atomics.load(words, 0) === taken) {
      const pauseMs = isFilling ? fillMs - performance.now() : Infinity;
      if (pauseMs > 0) Atomics.wait(words, 0, taken, pauseMs);
    }
    if (Atomics.load(words, 0) !== taken) {
      let isClose = false;
      try {
        isClose = take(state, threads, taken, hasFailed);
      } catch (caught) {
        const { code, message } = caught as { code?: string; message: string };
        hasFailed = true;
        Atomics.store(words, 3, taken);
        Atomics.store(words, 2, 1);
        threads.parentPort.postMessage([code ?? "EUNKNOWN", message]);
      }
      taken = (taken + 1) | 0;
      Atomics.store(words, 1, taken);
      Atomics.notify(words, 1);
      if (isClose) break;
      if (!isFilling || state.wrote >= BULK_BYTES) {
        isFilling = true;
        fillMs = performance.now() + FILL_PAUSE_MS;
      }
    }
    if (isFilling && performance.now() >= fillMs) {
      isFilling = !hasFailed && fillPiece(state);
      fillMs = performance.now() + FILL_PAUSE_MS;
    }
  }
  threads.parentPort.close();
}

/** Takes request `index` and carries it out, but for one that follows a failure. True: it was the last one. */
function take(state: State, threads: Threads, index: number, hasFailed: boolean): boolean {
  const { words, names, buffers } = state;
  const at = 8 + (index & 63) * 8;
  const word = (i: number): number => words[at + i] as number;
  if (word(0) === 2) {
    const bytes = new Uint8Array(buffers[word(2)] as ArrayBufferLike, word(3), word(4));
    if (!hasFailed) writeFile(state, names[word(1)] as string, word(5) + word(6) * 2 ** 30, bytes);
    return false;
  }
  const received = threads.receiveMessageOnPort(threads.parentPort) as { message: LogMessage } | undefined;
  if (received === undefined) throw new Error("no message where the ring says there is one");
  const [operation, file, offset, length, bytes, fileSlot, bufferSlot] = received.message;
  if (fileSlot >= 0) names[fileSlot] = file;
  if (bufferSlot >= 0) buffers[bufferSlot] = (bytes as Uint8Array).buffer;
  if (!hasFailed || operation === 5) execute(state, operation, file, offset, length, bytes);
  return operation === 5;
}

function execute(
  state: State, operation: number, file: string, offset: number, length: number, bytes: Uint8Array | null,
): void {
  const { fs, directory, files } = state;
  switch (operation) {
    case 1: return createFile(state, file, length, bytes as Uint8Array);
    case 2: return writeFile(state, file, offset, bytes as Uint8Array);
    case 3: {
      const open = files.get(file);
      if (open !== undefined) fs.closeSync(open.fd);
      files.delete(file);
      fs.unlinkSync(`${directory}/${file}`);
      return syncDirectory(state);
    }
    case 4: return replaceFile(state, file, bytes as Uint8Array);
    case 5: {
      for (const open of files.values()) fs.closeSync(open.fd);
      return;
    }
    default: throw new Error("unknown operation");
  }
}

/** The length is set at once (a hole reads as zeros); the zeros themselves are written later. */
function createFile(state: State, file: string, length: number, head: Uint8Array): void {
  const { fs, directory, files } = state;
  const older = files.get(file);
  if (older !== undefined) fs.closeSync(older.fd);
  const fd = fs.openSync(`${directory}/${file}`, "w+");
  files.set(file, { fd, zeroedTo: head.length, bytes: length });
  fs.ftruncateSync(fd, length);
  fs.writeSync(fd, head, 0, head.length, 0);
  fs.fsyncSync(fd);
  syncDirectory(state);
}

function openFile(state: State, file: string): OpenFile {
  const known = state.files.get(file);
  if (known !== undefined) return known;
  const fd = state.fs.openSync(`${state.directory}/${file}`, "r+");
  const bytes = state.fs.fstatSync(fd).size;
  const opened: OpenFile = { fd, zeroedTo: bytes, bytes };
  state.files.set(file, opened);
  return opened;
}

function writeFile(state: State, file: string, offset: number, bytes: Uint8Array): void {
  const open = openFile(state, file);
  state.wrote = bytes.length;
  let written = 0;
  while (written < bytes.length) {
    written += state.fs.writeSync(open.fd, bytes, written, bytes.length - written, offset + written);
  }
  if (open.zeroedTo < offset + bytes.length) open.zeroedTo = offset + bytes.length;
  state.fs.fdatasyncSync(open.fd);
}

function replaceFile(state: State, file: string, bytes: Uint8Array): void {
  const { fs, directory } = state;
  const fd = fs.openSync(`${directory}/${file}.new`, "w");
  try {
    let written = 0;
    while (written < bytes.length) written += fs.writeSync(fd, bytes, written, bytes.length - written, written);
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
  fs.renameSync(`${directory}/${file}.new`, `${directory}/${file}`);
  syncDirectory(state);
}

function syncDirectory(state: State): void {
  const fd = state.fs.openSync(state.directory, "r");
  try {
    state.fs.fsyncSync(fd);
  } finally {
    state.fs.closeSync(fd);
  }
}

/** Writes one piece of zeros behind all data of one file. False when there is nothing left to fill. */
function fillPiece(state: State): boolean {
  for (const open of state.files.values()) {
    if (open.zeroedTo >= open.bytes) continue;
    const length = Math.min(state.zeros.length, open.bytes - open.zeroedTo);
    try {
      state.fs.writeSync(open.fd, state.zeros, 0, length, open.zeroedTo);
      state.fs.fdatasyncSync(open.fd);
    } catch {
      open.bytes = open.zeroedTo; // only a convenience: a real error shows at the next write
      return true;
    }
    open.zeroedTo += length;
    return true;
  }
  return false;
}
