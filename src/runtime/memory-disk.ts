// The Disk port in memory, for a node that keeps nothing: it survives no restart, and loses nothing before.
import type { Clock } from "../ports/clock.ts";
import { diskError } from "../ports/disk.ts";
import type { Disk, DiskDone, DiskError, DiskFile, DiskListing, DiskRead } from "../ports/disk.ts";
import { assert } from "../base/assert.ts";

export class MemoryDisk implements Disk {
  readonly #clock: Clock;
  readonly #files = new Map<string, Uint8Array>();
  /** Completions of this turn, called in order at its end. */
  #completions: (() => void)[] = [];
  /** The first error; final. */
  #failure: DiskError | null = null;
  #isClosed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  list(): DiskListing {
    const files: DiskFile[] = [];
    for (const [name, bytes] of this.#files) files.push({ name, bytes: bytes.length });
    return { ok: true, files };
  }

  readSync(file: string, offset: number, target: Uint8Array): number | DiskError {
    const bytes = this.#files.get(file);
    if (bytes === undefined) return missing(file, offset);
    const part = bytes.subarray(offset, Math.min(bytes.length, offset + target.length));
    target.set(part);
    return part.length;
  }

  read(file: string, offset: number, length: number, done: (result: DiskRead) => void): void {
    const bytes = this.#files.get(file);
    const result: DiskRead = bytes === undefined
      ? { ok: false, error: missing(file, offset) }
      : { ok: true, bytes: bytes.slice(offset, offset + length) };
    this.#complete(() => done(result));
  }

  allocate(bytes: number): Uint8Array {
    return new Uint8Array(bytes);
  }

  create(file: string, head: Uint8Array, bytes: number, done: DiskDone): void {
    assert(head.length <= bytes, "head longer than its file");
    if (this.#failure !== null) return this.#fail(this.#failure, done);
    const content = new Uint8Array(bytes);
    content.set(head);
    this.#files.set(file, content);
    this.#complete(() => done(null));
  }

  writeAndSync(file: string, offset: number, bytes: Uint8Array, done: DiskDone): void {
    const content = this.#files.get(file);
    if (this.#failure !== null || content === undefined) return this.#fail(missing(file, offset), done);
    assert(offset + bytes.length <= content.length, "write past the end of a file");
    content.set(bytes, offset);
    this.#complete(() => done(null));
  }

  delete(file: string, done: DiskDone): void {
    if (this.#failure !== null || !this.#files.delete(file)) return this.#fail(missing(file, 0), done);
    this.#complete(() => done(null));
  }

  replace(file: string, bytes: Uint8Array, done: DiskDone): void {
    if (this.#failure !== null) return this.#fail(this.#failure, done);
    this.#files.set(file, bytes.slice());
    this.#complete(() => done(null));
  }

  close(done: () => void): void {
    this.#complete(() => {
      this.#isClosed = true;
      this.#files.clear();
      done();
    });
  }

  #fail(error: DiskError, done: DiskDone): void {
    const failure = this.#failure ??= error;
    this.#complete(() => done(failure));
  }

  #complete(callback: () => void): void {
    assert(!this.#isClosed, "disk used after close");
    this.#completions.push(callback);
    if (this.#completions.length === 1) this.#clock.endOfTurn(() => this.#drain());
  }

  #drain(): void {
    const due = this.#completions;
    this.#completions = [];
    for (const callback of due) callback();
  }
}

function missing(file: string, offset: number): DiskError {
  return diskError("ENOENT", file, offset, "no such file");
}
