// The KvStore port on LMDB: a B-tree in one file, copy-on-write, one writer, readers never blocked. The only
// file that knows lmdb.
//
// Writes of one `write` are one batch, which lmdb makes one transaction, written
// and synced on its own thread (`overlappingSync` off: the commit itself waits for the sync).
import fs from "node:fs";
import { open } from "lmdb";
import type { Database, RootDatabase } from "lmdb";
import { assert } from "../base/assert.ts";
import { ByteSlab } from "../base/byte-slab.ts";
import { storageKey } from "../base/ids.ts";
import type { StorageKey } from "../base/ids.ts";
import { checkLmdbFile } from "./lmdb-check.ts";
import type { RowCheck } from "./lmdb-check.ts";
import { KEY_BYTES_MAX, kvError } from "../ports/kv-store.ts";
import type { KvError, KvMutation, KvStore, KvVisit } from "../ports/kv-store.ts";

/** LMDB's longest key is half a page less a little: 4026 bytes here, 1978 with the usual 4096. */
const PAGE_BYTES = 8192;
/** Address space to begin with; lmdb enlarges it when the file grows past it. */
const MAP_BYTES = 64 * 1024 * 1024;

export type OpenedKv =
  | { readonly ok: true; readonly kv: LmdbKv }
  | { readonly ok: false; readonly error: KvError };

/**
 * Opens or makes the store in `file`, whose directory must exist. With `isRowIntact`, every page and row is checked
 * first, at some 600 MB a second: what LMDB does on a damaged page is to lose rows, or to end the process.
 */
export function openLmdbKv(file: string, isRowIntact: RowCheck | null = null): OpenedKv {
  const damage = checkFile(file);
  if (damage !== null) return { ok: false, error: damage };
  if (isRowIntact !== null) {
    const checked = checkLmdbFile(file, PAGE_BYTES, isRowIntact);
    if (!checked.ok) return checked;
  }
  try {
    const database = open<Uint8Array, string>({
      path: file, noSubdir: true, keyEncoder: binaryStringKeys, encoder: plainValues, pageSize: PAGE_BYTES,
      mapSize: MAP_BYTES, maxDbs: 1, overlappingSync: false, cache: false,
      // A write is one batch; lmdb's own, around all writes of a turn, has a promise that nobody gets to hear of.
      eventTurnBatching: false,
    });
    return { ok: true, kv: new LmdbKv(file, database) };
  } catch (caught) {
    return { ok: false, error: asKvError(caught, file) };
  }
}

/** Keys are strings of byte-sized chars; Buffer's latin1 copies them as they are. */
const binaryStringKeys = {
  writeKey(key: string, target: Latin1Buffer, start: number): number {
    return start + target.latin1Write(key, start, key.length);
  },
  readKey(source: Latin1Buffer, start: number, end: number): string {
    return source.latin1Slice(start, end);
  },
};

/** Methods that every Buffer has and its type does not name. */
type Latin1Buffer = {
  latin1Write(text: string, offset: number, length: number): number;
  latin1Slice(start: number, end: number): string;
};

/**
 * Values are bytes as they are. lmdb lends one buffer for all reads (and lies about its `length`), or the
 * mapped page itself: `decode` gives a view that is valid until the next read.
 */
const plainValues = {
  encode(value: Uint8Array): Uint8Array {
    return value;
  },
  decode(lent: Uint8Array, length: number): Uint8Array {
    // A plain array: a Buffer's `slice` is a view, so that what a visitor copies would change under it.
    return new Uint8Array(lent.buffer, lent.byteOffset, length);
  },
};

/** Values that are read are let go at about the same time: a copy in a slab costs a sixth of one by itself. */
const SLAB_BYTES = 64 * 1024;
/** Larger ones are copied by themselves. */
const SLAB_VALUE_BYTES_MAX = 4 * 1024;

export class LmdbKv implements KvStore {
  readonly file: string;
  readonly #database: Database<Uint8Array, string>;
  readonly #root: RootDatabase<Uint8Array, string>;
  #isWriting = false;
  #failure: KvError | null = null;
  #closing: (() => void) | null = null;
  readonly #slab = new ByteSlab(SLAB_BYTES);
  /** All of the buffer that lmdb lends, as a plain array: its own is a Buffer, slow to cut and with a false length. */
  #lent: Uint8Array = new Uint8Array(0);

  constructor(file: string, database: RootDatabase<Uint8Array, string>) {
    this.file = file;
    this.#database = database;
    this.#root = database;
  }

  get(key: StorageKey): Uint8Array | null | KvError {
    try {
      const lent = this.#database.getBinaryFast(key);
      return lent === undefined ? null : this.#copyOf(lent);
    } catch (caught) {
      return asKvError(caught, this.file);
    }
  }

  #copyOf(lent: Uint8Array): Uint8Array {
    const { buffer, byteOffset, length } = lent;
    if (this.#lent.buffer !== buffer || this.#lent.byteOffset !== byteOffset || this.#lent.length < length) {
      this.#lent = new Uint8Array(buffer, byteOffset);
    }
    const bytes = this.#lent.subarray(0, length);
    if (length > SLAB_VALUE_BYTES_MAX) return bytes.slice();
    this.#slab.room(length).set(bytes, this.#slab.used);
    return this.#slab.take(length);
  }

  scan(from: StorageKey, to: StorageKey, isForward: boolean, visit: KvVisit): KvError | null {
    if (from >= to) return null;
    const first = from === "" ? "\0" : from;
    const range = isForward
      ? { start: first, end: to }
      : { start: to, end: first, reverse: true, exclusiveStart: true, inclusiveEnd: true };
    let next: IteratorResult<{ key: string; value: Uint8Array }>;
    let iterator: Iterator<{ key: string; value: Uint8Array }>;
    try {
      iterator = this.#database.getRange(range)[Symbol.iterator]();
      next = iterator.next();
    } catch (caught) {
      return asKvError(caught, this.file);
    }
    while (next.done !== true) {
      if (!visit(storageKey(next.value.key), next.value.value)) {
        iterator.return?.();
        return null;
      }
      try {
        next = iterator.next();
      } catch (caught) {
        return asKvError(caught, this.file);
      }
    }
    return null;
  }

  write(mutations: readonly KvMutation[], done: (error: KvError | null) => void): void {
    assert(!this.#isWriting && this.#closing === null, "one write at a time, none after close");
    this.#isWriting = true;
    if (this.#failure !== null || mutations.length === 0) {
      setImmediate(() => this.#finish(this.#failure, done));
      return;
    }
    let written: Promise<boolean>;
    try {
      written = this.#database.batch(() => {
        let told: Promise<boolean> | null = null;
        for (const { key, value } of mutations) {
          assert(key.length > 0 && key.length <= KEY_BYTES_MAX, "key length");
          const change = value === null ? this.#database.remove(key) : this.#database.put(key, value as Buffer);
          // The batch tells of a failure; that each of its changes failed too is no news. They share one promise.
          if (change !== told) change.catch(ignore);
          told = change;
        }
      });
    } catch (caught) {
      written = Promise.reject(caught as Error);
    }
    written.then(
      () => this.#finish(null, done),
      (caught: unknown) => this.#failed(caught, done),
    );
  }

  size(): number {
    try {
      return fs.statSync(this.file).size;
    } catch {
      return 0; // gone: the next write says so
    }
  }

  close(done: () => void): void {
    assert(this.#closing === null, "store closed twice");
    this.#closing = done;
    if (!this.#isWriting) this.#close(done);
  }

  /** Why a commit failed comes in a promise of its own, which is rejected with the reason. */
  #failed(caught: unknown, done: (error: KvError | null) => void): void {
    const cause: unknown = (caught as { commitError?: unknown }).commitError;
    const tell = (reason: unknown): void => this.#finish(asKvError(reason, this.file), done);
    if (cause instanceof Promise) cause.then(() => tell(caught), tell);
    else tell(caught);
  }

  #finish(error: KvError | null, done: (error: KvError | null) => void): void {
    this.#isWriting = false;
    this.#failure ??= error;
      // A read of this turn may have fixed its snapshot before the commit: reads after `done` must see it.
    this.#root.resetReadTxn();
    done(error);
    if (this.#closing !== null && !this.#isWriting) this.#close(this.#closing);
  }

  #close(done: () => void): void {
    this.#root.close().then(done, done); // everything is durable already: nothing to lose in closing
  }
}

function asKvError(caught: unknown, file: string): KvError {
  const { code, message } = caught as { code?: string | number; message: string };
  const name = /MDB_[A-Z_]+/.exec(message)?.[0] ?? String(code ?? "EUNKNOWN");
  return kvError(name, file, message);
}

// In each of the two meta pages, behind the page header, little-endian:
//   24  u32 magic    28  u16 data version    48  u32 page size
const META_MAGIC = 0xbeefc0de;
const META_VERSION = 2;

/**
 * Looks at the meta pages before lmdb does, which takes some damaged files for empty ones and ends the process
 * on others.
 */
function checkFile(file: string): KvError | null {
  let fd: number;
  try {
    fd = fs.openSync(file, "r");
  } catch (caught) {
    return (caught as { code?: string }).code === "ENOENT" ? null : asKvError(caught, file);
  }
  try {
    if (fs.fstatSync(fd).size === 0) return null;
    const head = new Uint8Array(2 * PAGE_BYTES);
    const read = fs.readSync(fd, head, 0, head.length, 0);
    if (read < head.length) return kvError("MDB_INVALID", file, "the file is shorter than its two meta pages");
    const view = new DataView(head.buffer);
    return checkMeta(view, 0, file) ?? checkMeta(view, PAGE_BYTES, file);
  } catch (caught) {
    return asKvError(caught, file);
  } finally {
    fs.closeSync(fd);
  }
}

function checkMeta(view: DataView, page: number, file: string): KvError | null {
  if (view.getUint32(page + 24, true) !== META_MAGIC) {
    return kvError("MDB_INVALID", file, `not an LMDB file, or its meta page at ${page} is damaged`);
  }
  const version = view.getUint16(page + 28, true);
  if (version !== META_VERSION) {
    return kvError("MDB_VERSION_MISMATCH", file, `LMDB data version ${version}; this release reads ${META_VERSION}`);
  }
  const pageBytes = view.getUint32(page + 48, true);
  if (pageBytes === PAGE_BYTES) return null;
  return kvError("MDB_INVALID", file, `pages of ${pageBytes} bytes; this release uses ${PAGE_BYTES}`);
}

function ignore(): void {}
