// The Disk port of the simulator. Its content outlives its node. Every operation takes (virtual) time; at a
// power-off what was under way may be on the platter wholly, partly or not at all, sector by sector, because
// a device writes sectors in any order; what was completed stays. Faults come from a seeded stream and are
// counted, so that a run can say what it injected.
import { assert } from "../../base/assert.ts";
import type { Prng } from "../../base/prng.ts";
import type { Clock } from "../../ports/clock.ts";
import { diskError } from "../../ports/disk.ts";
import type { Disk, DiskDone, DiskError, DiskFile, DiskListing, DiskRead } from "../../ports/disk.ts";

/** What a device writes as a whole. */
const SECTOR_BYTES = 512;

export type SimDiskOptions = {
  /** A write with its sync takes a uniform time in this range, in 0.1 ms. */
  readonly tenthMsMin: number;
  readonly tenthMsMax: number;
  /** One operation in this many takes a hundred times as long; 0: never. */
  readonly slowOneIn: number;
  /** Bytes the files may take together. */
  readonly capacityBytes: number;
  /** One sync in this many fails; 0: never. */
  readonly failSyncOneIn: number;
  /** One write in this many also lands in another place of its file, not over itself; 0: never. */
  readonly misdirectOneIn: number;
};

export const SIM_DISK_DEFAULT: SimDiskOptions = {
  tenthMsMin: 1, tenthMsMax: 15, slowOneIn: 0, capacityBytes: Infinity, failSyncOneIn: 0, misdirectOneIn: 0,
};

/** What was injected. */
export type SimDiskReport = {
  powerOffs: number;
  tornWrites: number;
  lostWrites: number;
  failedSyncs: number;
  diskFull: number;
  slowOperations: number;
  bitFlips: number;
  misdirectedWrites: number;
};

type Operation = {
  readonly kind: "create" | "write" | "delete" | "replace";
  readonly file: string;
  readonly offset: number;
  /** Bytes the file system needs for it. */
  readonly needs: number;
  /** Bytes that reach the file at `offset`; null: the operation is all or nothing. */
  readonly bytes: Uint8Array | null;
  /** The effect without `bytes`: create, delete, replace. */
  readonly effect: (() => void) | null;
  readonly done: DiskDone;
};

export class SimDisk implements Disk {
  readonly name: string;
  readonly report: SimDiskReport = {
    powerOffs: 0, tornWrites: 0, lostWrites: 0, failedSyncs: 0, diskFull: 0, slowOperations: 0, bitFlips: 0,
    misdirectedWrites: 0,
  };
  readonly #prng: Prng;
  #options: SimDiskOptions;
  readonly #files = new Map<string, Uint8Array>();
  #clock: Clock;
  /** In order; the first one is under way. */
  #operations: Operation[] = [];
  /** Changes with each power-off, so that completions of an earlier life are dropped. */
  #life = 0;
  #isOn = true;
  #failure: DiskError | null = null;
  #failNext: string | null = null;
  #misdirectNext = false;
  #closed: (() => void) | null = null;
  /** Where the newest completed write is. */
  #lastWrite: { readonly file: string; readonly offset: number } | null = null;

  constructor(name: string, clock: Clock, prng: Prng, options: SimDiskOptions) {
    this.name = name;
    this.#clock = clock;
    this.#prng = prng;
    this.#options = options;
  }

  list(): DiskListing {
    const files: DiskFile[] = [];
    for (const [name, bytes] of this.#files) files.push({ name, bytes: bytes.length });
    return { ok: true, files: this.#prng.shuffle(files) };
  }

  readSync(file: string, offset: number, target: Uint8Array): number | DiskError {
    const content = this.#files.get(file);
    if (content === undefined) return this.#missing(file, offset);
    const part = content.subarray(offset, Math.min(content.length, offset + target.length));
    target.set(part);
    return part.length;
  }

  read(file: string, offset: number, length: number, done: (result: DiskRead) => void): void {
    const life = this.#life;
    this.#clock.setTimer(this.#latencyMs(), () => {
      if (life !== this.#life) return;
      const content = this.#files.get(file);
      if (content === undefined) done({ ok: false, error: this.#missing(file, offset) });
      else done({ ok: true, bytes: content.slice(offset, offset + length) });
    });
  }

  allocate(bytes: number): Uint8Array {
    return new Uint8Array(bytes);
  }

  create(file: string, head: Uint8Array, bytes: number, done: DiskDone): void {
    assert(head.length <= bytes, "head longer than its file");
    const copy = head.slice();
    const effect = (): void => {
      const content = new Uint8Array(bytes);
      content.set(copy);
      this.#files.set(file, content);
    };
    this.#queue({ kind: "create", file, offset: 0, needs: bytes, bytes: null, effect, done });
  }

  writeAndSync(file: string, offset: number, bytes: Uint8Array, done: DiskDone): void {
    this.#queue({ kind: "write", file, offset, needs: 0, bytes, effect: null, done });
  }

  delete(file: string, done: DiskDone): void {
    const effect = (): void => {
      this.#files.delete(file);
    };
    this.#queue({ kind: "delete", file, offset: 0, needs: 0, bytes: null, effect, done });
  }

  replace(file: string, bytes: Uint8Array, done: DiskDone): void {
    const copy = bytes.slice();
    const effect = (): void => {
      this.#files.set(file, copy);
    };
    this.#queue({ kind: "replace", file, offset: 0, needs: copy.length, bytes: null, effect, done });
  }

  close(done: () => void): void {
    assert(this.#closed === null, "disk closed twice");
    this.#closed = done;
    const life = this.#life;
    if (this.#operations.length === 0) {
      this.#clock.endOfTurn(() => {
        if (life === this.#life) done();
      });
    }
  }

  /** The node loses power; the disk keeps what is on the platter for the next life, which begins at `powerOn`. */
  powerOff(): void {
    assert(this.#isOn, "power off twice");
    this.#isOn = false;
    this.#life++;
    this.report.powerOffs++;
    const under = this.#operations[0];
    this.#operations = [];
    if (under === undefined || this.#failure !== null) return;
    if (under.bytes !== null) this.#tear(under.file, under.offset, under.bytes);
    else if (this.#prng.chance(1, 2)) this.#settlePartly(under);
    else this.report.lostWrites++;
  }

  powerOn(clock: Clock): void {
    assert(!this.#isOn, "power on twice");
    this.#isOn = true;
    this.#clock = clock;
    this.#failure = null;
    this.#failNext = null;
    this.#closed = null;
  }

  setOptions(options: SimDiskOptions): void {
    this.#options = options;
  }

  /** The operation under way, or the next one, fails with `code`; all after it too. */
  failNext(code: string): void {
    this.#failNext = code;
  }

  /** The next write to complete also lands in another place. */
  misdirectNext(): void {
    this.#misdirectNext = true;
  }

  /** Flips one bit of what is at rest. Returns where, or null when there is nothing but zeros. */
  flipBit(): { readonly file: string; readonly offset: number } | null {
    const candidates = [...this.#files].filter(([, content]) => content.some((byte) => byte !== 0));
    if (candidates.length === 0) return null;
    const [file, content] = this.#prng.pick(candidates);
    let end = content.length;
    while (content[end - 1] === 0) end--;
    const offset = this.#prng.below(end);
    content[offset] = (content[offset] as number) ^ (1 << this.#prng.below(8));
    this.report.bitFlips++;
    return { file, offset };
  }

  /**
   * Flips one bit below the newest completed write: in its file, or in one whose name sorts before. Returns where, or
   * null when there is nothing but zeros.
   */
  flipOldBit(): { readonly file: string; readonly offset: number } | null {
    const last = this.#lastWrite;
    if (last === null) return null;
    const files = [...this.#files.keys()].filter((file) => file <= last.file).sort();
    if (files.length === 0) return null;
    const file = this.#prng.pick(files);
    const content = this.#files.get(file) as Uint8Array;
    let end = file === last.file ? last.offset : content.length;
    while (end > 0 && content[end - 1] === 0) end--;
    if (end === 0) return null;
    const offset = this.#prng.below(end);
    content[offset] = (content[offset] as number) ^ (1 << this.#prng.below(8));
    this.report.bitFlips++;
    return { file, offset };
  }

  /** The content as it stands, for checkers and tests; a copy. */
  content(file: string): Uint8Array | null {
    return this.#files.get(file)?.slice() ?? null;
  }

  /** Puts `bytes` in place of `file`, for tests that damage it. */
  setContent(file: string, bytes: Uint8Array): void {
    this.#files.set(file, bytes.slice());
  }

  #queue(operation: Operation): void {
    assert(this.#isOn && this.#closed === null, "disk used without power or after close");
    this.#operations.push(operation);
    if (this.#operations.length === 1) this.#start();
  }

  #start(): void {
    const life = this.#life;
    this.#clock.setTimer(this.#latencyMs(), () => {
      if (life !== this.#life) return;
      const operation = this.#operations[0] as Operation;
      this.#complete(operation);
      this.#operations.shift();
      if (this.#operations.length > 0) this.#start();
      operation.done(this.#failure);
      if (this.#closed !== null && this.#operations.length === 0 && life === this.#life) this.#closed();
    });
  }

  #complete(operation: Operation): void {
    this.#failure ??= this.#draw(operation);
    if (this.#failure !== null) return;
    if (operation.effect !== null) operation.effect();
    if (operation.bytes === null) return;
    const content = this.#files.get(operation.file) as Uint8Array;
    assert(operation.offset + operation.bytes.length <= content.length, "write past the end of a file");
    content.set(operation.bytes, operation.offset);
    this.#lastWrite = { file: operation.file, offset: operation.offset };
    const { misdirectOneIn } = this.#options;
    const isAsked = this.#misdirectNext;
    this.#misdirectNext = false;
    const isLost = isAsked || (misdirectOneIn > 0 && this.#prng.chance(1, misdirectOneIn));
    if (isLost) this.#misdirect(content, operation.offset, operation.bytes);
  }

  /** The error this operation ends with, drawn or asked for. A failed write may leave anything. */
  #draw(operation: Operation): DiskError | null {
    const { file, offset, bytes } = operation;
    if (bytes !== null && !this.#files.has(file)) return this.#missing(file, offset);
    if (operation.needs > 0 && this.#used() + operation.needs > this.#options.capacityBytes) {
      this.report.diskFull++;
      return diskError("ENOSPC", this.#path(file), offset, "injected: no space left");
    }
    const { failSyncOneIn } = this.#options;
    const isDrawn = failSyncOneIn > 0 && this.#prng.chance(1, failSyncOneIn);
    if (this.#failNext === null && !isDrawn) return null;
    this.report.failedSyncs++;
    if (bytes !== null) this.#tear(file, offset, bytes);
    return diskError(this.#failNext ?? "EIO", this.#path(file), offset, "injected");
  }

  /** Each sector of the write reaches the platter or not; the last one to do so may be cut. */
  #tear(file: string, offset: number, bytes: Uint8Array): void {
    const content = this.#files.get(file);
    if (content === undefined) return;
    const fate = this.#prng.below(4); // 0: nothing, 1: all, else: sector by sector
    if (fate === 0) this.report.lostWrites++;
    else this.report.tornWrites++;
    for (let at = 0; at < bytes.length && fate !== 0; at += SECTOR_BYTES) {
      const sector = bytes.subarray(at, at + SECTOR_BYTES);
      if (fate === 1 || this.#prng.chance(1, 2)) content.set(sector, offset + at);
    }
  }

  /** A create, delete or replace that was cut: it happened, or, for a new file, only its length did. */
  #settlePartly(operation: Operation): void {
    this.report.tornWrites++;
    operation.effect?.();
    const content = this.#files.get(operation.file);
    if (operation.kind !== "create" || content === undefined || this.#prng.chance(1, 3)) return;
    if (this.#prng.chance(1, 2)) content.fill(0);
    else this.#files.set(operation.file, content.slice(0, this.#prng.below(content.length)));
  }

  /** Never over the write itself: what was written last, and nothing after it, cannot be told from a torn write. */
  #misdirect(content: Uint8Array, offset: number, bytes: Uint8Array): void {
    const sectors = Math.floor((content.length - bytes.length) / SECTOR_BYTES);
    const at = sectors < 1 ? offset : this.#prng.below(sectors) * SECTOR_BYTES;
    if (at < offset + bytes.length && offset < at + bytes.length) return;
    content.set(bytes, at);
    this.report.misdirectedWrites++;
  }

  #latencyMs(): number {
    const { tenthMsMin, tenthMsMax, slowOneIn } = this.#options;
    const usual = this.#prng.between(tenthMsMin, tenthMsMax) / 10;
    if (slowOneIn === 0 || !this.#prng.chance(1, slowOneIn)) return usual;
    this.report.slowOperations++;
    return usual * 100;
  }

  #used(): number {
    let used = 0;
    for (const content of this.#files.values()) used += content.length;
    return used;
  }

  #missing(file: string, offset: number): DiskError {
    return diskError("ENOENT", this.#path(file), offset, "no such file");
  }

  #path(file: string): string {
    return `${this.name}/${file}`;
  }
}
