// The Disk port on a directory of the file system. Writes go to a thread of their own (log-thread.ts), so
// that a slow sync neither stops the event loop nor queues behind other work of the process; reads of
// catch-up go through the runtime's own pool.
import fs from "node:fs";
import { assert } from "../base/assert.ts";
import { diskError } from "../ports/disk.ts";
import type { Disk, DiskDone, DiskError, DiskFile, DiskListing, DiskRead } from "../ports/disk.ts";
import { FileReaders } from "./file-readers.ts";
import { LogChannel } from "./log-channel.ts";
import {
  OPERATION_CREATE, OPERATION_DELETE, OPERATION_REPLACE, OPERATION_WRITE, type LogFailure,
} from "./log-thread.ts";

export type OpenedFsDisk =
  | { readonly ok: true; readonly disk: FsDisk }
  | { readonly ok: false; readonly error: DiskError };

/** Creates the directory when it is missing. */
export function openFsDisk(directory: string): OpenedFsDisk {
  try {
    fs.mkdirSync(directory, { recursive: true });
    fs.accessSync(directory, fs.constants.R_OK | fs.constants.W_OK);
  } catch (caught) {
    return { ok: false, error: asDiskError(caught, directory, 0) };
  }
  return { ok: true, disk: new FsDisk(directory) };
}

type Waiting = { readonly file: string; readonly offset: number; readonly done: DiskDone };

export class FsDisk implements Disk {
  readonly directory: string;
  readonly #channel: LogChannel;
  /** Oldest first. */
  #waiting: Waiting[] = [];
  /** Descriptors of reads that block, by file. */
  readonly #readers = new Map<string, number>();
  readonly #fileReaders = new FileReaders();
  #failure: DiskError | null = null;
  #closed: (() => void) | null = null;
  #isThreadGone = false;

  constructor(directory: string) {
    this.directory = directory;
    this.#channel = new LogChannel(directory, {
      onDone: () => this.#onDone(),
      onFailure: (failure) => this.#onFailure(failure),
      onExit: (message) => {
        this.#isThreadGone = true;
        this.#onThreadLost(message);
      },
    });
  }

  list(): DiskListing {
    try {
      const files: DiskFile[] = [];
      for (const entry of fs.readdirSync(this.directory, { withFileTypes: true })) {
        if (!entry.isFile() || entry.name.endsWith(".new")) continue; // half a `replace`
        files.push({ name: entry.name, bytes: fs.statSync(this.#path(entry.name)).size });
      }
      return { ok: true, files };
    } catch (caught) {
      return { ok: false, error: asDiskError(caught, this.directory, 0) };
    }
  }

  readSync(file: string, offset: number, target: Uint8Array): number | DiskError {
    let read = 0;
    try {
      const fd = this.#reader(file);
      while (read < target.length) {
        const bytes = fs.readSync(fd, target, read, target.length - read, offset + read);
        if (bytes === 0) break;
        read += bytes;
      }
      return read;
    } catch (caught) {
      return asDiskError(caught, this.#path(file), offset + read);
    }
  }

  read(file: string, offset: number, length: number, done: (result: DiskRead) => void): void {
    const fail = (caught: unknown): void => done({ ok: false, error: asDiskError(caught, this.#path(file), offset) });
    this.#fileReaders.use(this.#path(file), (openError, fd, release) => {
      if (openError !== null) {
        fail(openError);
        return;
      }
      fs.read(fd, new Uint8Array(length), 0, length, offset, (readError, count, bytes) => {
        release();
        if (readError !== null) fail(readError);
        else done({ ok: true, bytes: bytes.subarray(0, count) });
      });
    });
  }

  allocate(bytes: number): Uint8Array {
    return new Uint8Array(new SharedArrayBuffer(bytes));
  }

  create(file: string, head: Uint8Array, bytes: number, done: DiskDone): void {
    assert(head.length <= bytes, "head longer than its file");
    this.#forgetReader(file);
    this.#request(OPERATION_CREATE, file, 0, bytes, head, done);
  }

  writeAndSync(file: string, offset: number, bytes: Uint8Array, done: DiskDone): void {
    this.#request(OPERATION_WRITE, file, offset, bytes.length, bytes, done);
  }

  delete(file: string, done: DiskDone): void {
    this.#forgetReader(file);
    this.#request(OPERATION_DELETE, file, 0, 0, null, done);
  }

  replace(file: string, bytes: Uint8Array, done: DiskDone): void {
    this.#forgetReader(file);
    this.#request(OPERATION_REPLACE, file, 0, bytes.length, bytes, done);
  }

  close(done: () => void): void {
    assert(this.#closed === null, "disk closed twice");
    this.#closed = done;
    for (const fd of this.#readers.values()) fs.closeSync(fd);
    this.#readers.clear();
    this.#fileReaders.forget(null);
    if (this.#isThreadGone) {
      setImmediate(done);
      return;
    }
    this.#channel.close();
  }

  #request(
    operation: number, file: string, offset: number, length: number, bytes: Uint8Array | null, done: DiskDone,
  ): void {
    assert(this.#closed === null, "disk used after close");
    this.#waiting.push({ file, offset, done });
    if (this.#failure === null) this.#channel.send({ operation, file, offset, length, bytes });
    else if (this.#waiting.length === 1) setImmediate(() => this.#failWaiting());
  }

  #onDone(): void {
    const waiting = this.#waiting.shift();
    if (waiting !== undefined) waiting.done(null); // none: the end of `close`
  }

  #onFailure([code, message]: LogFailure): void {
    const waiting = this.#waiting[0];
    const file = waiting === undefined ? this.directory : this.#path(waiting.file);
    this.#failure ??= diskError(code, file, waiting?.offset ?? 0, message);
    this.#failWaiting();
  }

  #failWaiting(): void {
    const failed = this.#waiting;
    this.#waiting = [];
    for (const waiting of failed) waiting.done(this.#failure);
  }

  #onThreadLost(message: string): void {
    if (this.#closed !== null && this.#waiting.length === 0) {
      const done = this.#closed;
      this.#closed = (): void => undefined; // "error" and "exit" may both come
      done();
      return;
    }
    this.#failure ??= diskError("ETHREAD", this.directory, 0, message);
    this.#failWaiting();
    if (this.#closed !== null) this.#onThreadLost(message);
  }

  #reader(file: string): number {
    const known = this.#readers.get(file);
    if (known !== undefined) return known;
    const fd = fs.openSync(this.#path(file), "r");
    this.#readers.set(file, fd);
    return fd;
  }

  #forgetReader(file: string): void {
    this.#fileReaders.forget(this.#path(file));
    const fd = this.#readers.get(file);
    if (fd === undefined) return;
    this.#readers.delete(file);
    fs.closeSync(fd);
  }

  #path(file: string): string {
    return `${this.directory}/${file}`;
  }
}

function asDiskError(caught: unknown, file: string, offset: number): DiskError {
  const { code, message } = caught as { code?: string; message: string };
  return diskError(code ?? "EUNKNOWN", file, offset, message);
}
