// The thread that writes one node's log: the only place that waits for the device. It is started from the
// source text of these functions (`logThreadSource`), so that the thread loads no file and no TypeScript
// loader, and works from a bundle; the functions therefore use nothing but their arguments and each other.
//
// Requests and answers are small arrays over the thread's message port:
//   request  [id, operation, file, offset, length, bytes or null]      (bytes: a view of shared memory)
//   answer   [id, null] or [id, [code, message]]
// Beside that the thread zero-fills prepared files while nobody waits for it: a sync of a block that exists
// already need not wait for the file system's journal, which halves its time.
import type { MessagePort } from "node:worker_threads";
import type * as NodeFs from "node:fs";

// The functions below repeat these as literals: module scope does not reach the thread.
export const OPERATION_CREATE = 1;
export const OPERATION_WRITE = 2;
export const OPERATION_DELETE = 3;
export const OPERATION_REPLACE = 4;
export const OPERATION_CLOSE = 5;

export type LogRequest = readonly [
  id: number, operation: number, file: string, offset: number, length: number, bytes: Uint8Array | null,
];
export type LogAnswer = readonly [id: number, error: readonly [code: string, message: string] | null];

type OpenFile = { fd: number; zeroedTo: number; bytes: number };
type State = { fs: typeof NodeFs; directory: string; files: Map<string, OpenFile>; zeros: Uint8Array };

/** The thread's source text: evaluated as CommonJS, with `workerData` = the directory. */
export function logThreadSource(): string {
  const parts = [syncDirectory, createFile, openFile, writeFile, replaceFile, execute, fillPiece, runLogThread];
  return `${parts.map(String).join("\n")}\n${runLogThread.name}(require("node:worker_threads"), require("node:fs"));`;
}

function runLogThread(threads: { parentPort: MessagePort; workerData: string }, fs: typeof NodeFs): void {
  const FILL_BYTES = 256 * 1024; // one piece: under a millisecond of device time
  const FILL_PAUSE_MS = 10; // at most 25 MB/s of zeros, behind everything else
  const port = threads.parentPort;
  const state: State = {
    fs, directory: threads.workerData, files: new Map(), zeros: new Uint8Array(FILL_BYTES),
  };
  let timer: NodeJS.Timeout | null = null;
  let failure: [string, string] | null = null; // the first one; final
  const fill = (): void => {
    timer = fillPiece(state) ? setTimeout(fill, FILL_PAUSE_MS) : null;
  };
  port.on("message", (request: LogRequest) => {
    const isClose = request[1] === 5;
    try {
      if (failure === null || isClose) execute(state, request);
    } catch (caught) {
      const { code, message } = caught as { code?: string; message: string };
      failure = [code ?? "EUNKNOWN", message];
    }
    port.postMessage([request[0], failure]);
    if (isClose || failure !== null) {
      if (timer !== null) clearTimeout(timer);
      timer = null;
      if (isClose) port.close();
    } else if (timer === null) timer = setTimeout(fill, FILL_PAUSE_MS);
  });
}

function execute(state: State, request: LogRequest): void {
  const [, operation, file, offset, length, bytes] = request;
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
