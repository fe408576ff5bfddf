// Reads a tree file page by page, without LMDB, before LMDB maps it. LMDB keeps no checksums and believes what it
// maps: a flipped bit in a key makes its row absent, one in a page number or an offset can end the process. So the
// whole of the newest snapshot is walked first: every page is what its parent says, its entries lie in it, keys
// ascend within their parent's bounds, rows agree with their own checksums, pages are used once, and the
// counts are those of the meta page.
//
// Numbers are little-endian. A page begins with 24 bytes:
//   0  u64 page number   8  u64 transaction   16  u16 pad   18  u16 flags   20  u16 lower   22  u16 upper
//      (of an overflow page, 20  u32 number of pages; its bytes follow the header)
//   24 u16[] offsets of the entries, counted from byte 24; the entries fill the page from `upper` to its end
// An entry:  0  u32 size of the data   4  u16 flags   6  u16 size of the key   8  the key, then the data
//   in a branch page bytes 0..6 are the page number of the child; big data is a reference to an overflow page
// A meta page, behind the 24 bytes: offsets below.
import fs from "node:fs";
import { kvError } from "../ports/kv-store.ts";
import type { KvError } from "../ports/kv-store.ts";

export type RowCheck = (key: string, value: Uint8Array) => boolean;
export type CheckedFile =
  | { readonly ok: true; readonly pages: number; readonly rows: number }
  | { readonly ok: false; readonly error: KvError };

const HEADER_BYTES = 24;
const PAGE_TRANSACTION_AT = 8;
const ENTRY_BYTES = 8;
const BRANCH = 1;
const LEAF = 2;
const OVERFLOW = 4;
const BIG_DATA = 1;
/** What stands in the place of big data: page number, transaction and number of pages. */
const BIG_REFERENCE_BYTES = 24;
/** In a meta page: the database of free pages, the rows' database, the last page, the transaction. */
const FREE_AT = 48;
const ROWS_AT = 96;
const LAST_PAGE_AT = 144;
const TRANSACTION_AT = 152;
/** In a database's record. */
const FLAGS_AT = 4;
const DEPTH_AT = 6;
const BRANCHES_AT = 8;
const LEAVES_AT = 16;
const OVERFLOWS_AT = 24;
const ENTRIES_AT = 32;
const ROOT_AT = 40;
/** LMDB's own limit: a deeper tree is a loop. */
const DEPTH_MAX = 32;
/** Free pages at the end of the file need not be written: the last page may lie behind it, within reason. */
const PAGES_UNWRITTEN_MAX = 2 ** 16;
/** More than any row: an item of 400 KB, its key and header. */
const VALUE_BYTES_MAX = 64 * 1024 * 1024;

class Damage extends Error {
  readonly offset: number;

  constructor(offset: number, message: string) {
    super(message);
    this.offset = offset;
  }
}

type LatinBuffer = Buffer & { latin1Slice(from: number, to: number): string };
type Page = { readonly bytes: LatinBuffer; readonly view: DataView };
type Counts = { branches: number; leaves: number; overflows: number; entries: number };

/** Walks `file`, whose meta pages were found to be LMDB's. `isRowIntact` judges each row. */
export function checkLmdbFile(file: string, pageBytes: number, isRowIntact: RowCheck): CheckedFile {
  let fd = -1;
  try {
    fd = fs.openSync(file, "r");
    const walk = new Walk(fd, pageBytes, isRowIntact);
    const rows = walk.run();
    return { ok: true, pages: walk.pagesUsed, rows };
  } catch (caught) {
    if (caught instanceof Damage) {
      return { ok: false, error: kvError("DAMAGED", file, `offset ${caught.offset}: ${caught.message}`) };
    }
    const { code, message } = caught as NodeJS.ErrnoException;
    if (code === "ENOENT") return { ok: true, pages: 0, rows: 0 };
    return { ok: false, error: kvError(code ?? "EUNKNOWN", file, message) };
  } finally {
    if (fd >= 0) fs.closeSync(fd);
  }
}

class Walk {
  pagesUsed = 0;
  readonly #fd: number;
  readonly #pageBytes: number;
  readonly #isRowIntact: RowCheck;
  /** One buffer for each level: a parent is read on while its children are. */
  readonly #levels: Page[] = [];
  #big: LatinBuffer;
  #used: Uint8Array = new Uint8Array(0);
  #lastPage = 0;
  #transaction = 0;
  /** Of the data read last: bytes it takes in its leaf page, and overflow pages. */
  #inPage = 0;
  #bigPages = 0;

  constructor(fd: number, pageBytes: number, isRowIntact: RowCheck) {
    this.#fd = fd;
    this.#pageBytes = pageBytes;
    this.#isRowIntact = isRowIntact;
    this.#big = Buffer.alloc(pageBytes) as LatinBuffer;
  }

  run(): number {
    const { size } = fs.fstatSync(this.#fd);
    if (size === 0) return 0;
    const metas = [this.#meta(0), this.#meta(1)] as const;
    const newest = metas[0].transaction > metas[1].transaction ? metas[0] : metas[1];
    const { view, at } = newest;
    this.#lastPage = number(view, LAST_PAGE_AT, at);
    this.#transaction = newest.transaction;
    if (this.#lastPage < 1 || this.#lastPage >= size / this.#pageBytes + PAGES_UNWRITTEN_MAX) {
      throw new Damage(at + LAST_PAGE_AT, "the meta page gives an impossible last page");
    }
    this.#used = new Uint8Array(Math.floor(this.#lastPage / 8) + 1);
    const rows = this.#database(view, at, ROWS_AT, (page, from) => this.#checkRow(page, from));
    const free: number[] = [];
    this.#database(view, at, FREE_AT, (page, from) => this.#noteFree(page, from, free));
    this.#checkNewest(view, at);
    for (const page of free) {
      if (this.#isUsed(page)) throw new Damage(page * this.#pageBytes, "the page is in use and listed as free");
    }
    return rows;
  }

  /**
   * A transaction writes at least one of the two roots anew. A meta page that names another transaction than both
   * is the older of the two, taken for the newer one by a flipped bit.
   */
  #checkNewest(meta: DataView, at: number): void {
    let newestRoot = -1;
    for (const record of [ROWS_AT, FREE_AT]) {
      if (meta.getBigInt64(record + ROOT_AT, true) === -1n) continue;
      const root = number(meta, record + ROOT_AT, at);
      const word = Buffer.alloc(8);
      this.#read(word, word.length, root * this.#pageBytes + PAGE_TRANSACTION_AT);
      const transaction = Number(word.readBigUInt64LE());
      if (transaction > newestRoot) newestRoot = transaction;
    }
    if (newestRoot !== -1 && newestRoot !== this.#transaction) {
      throw new Damage(at + TRANSACTION_AT, `the meta page names transaction ${this.#transaction}, `
        + `the newest root is of transaction ${newestRoot}`);
    }
  }

  #meta(page: number): { readonly view: DataView; readonly at: number; readonly transaction: number } {
    const at = page * this.#pageBytes;
    const bytes = Buffer.alloc(this.#pageBytes);
    this.#read(bytes, this.#pageBytes, at);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    return { view, at, transaction: number(view, TRANSACTION_AT, at) };
  }

  /** Walks the database whose record stands at `record` of the meta page at `at`. Returns its number of entries. */
  #database(meta: DataView, at: number, record: number, visit: (page: Page, from: number) => number): number {
    const depth = meta.getUint16(record + DEPTH_AT, true);
    const entries = number(meta, record + ENTRIES_AT, at);
    if (record === ROWS_AT && meta.getUint16(record + FLAGS_AT, true) !== 0) {
      throw new Damage(at + record + FLAGS_AT, "the meta page gives flags that are never set");
    }
    const counts: Counts = { branches: 0, leaves: 0, overflows: 0, entries: 0 };
    if (meta.getBigInt64(record + ROOT_AT, true) !== -1n) {
      const root = number(meta, record + ROOT_AT, at);
      if (depth < 1 || depth > DEPTH_MAX) {
        throw new Damage(at + record + DEPTH_AT, "the meta page gives an impossible depth");
      }
      const isOrdered = record === ROWS_AT;
      this.#page(root, depth, null, null, isOrdered, counts, visit);
    } else if (depth !== 0) throw new Damage(at + record + ROOT_AT, "the meta page gives a depth without a root");
    const isRight = entries === counts.entries && counts.branches === number(meta, record + BRANCHES_AT, at)
      && counts.leaves === number(meta, record + LEAVES_AT, at)
      && counts.overflows === number(meta, record + OVERFLOWS_AT, at);
    if (!isRight) {
      throw new Damage(at + record, `the meta page counts ${entries} entries, the tree holds ${counts.entries}, `
        + "or their pages differ");
    }
    return counts.entries;
  }

  /** Checks a page and what is below it: `depth` levels, keys in [from, to). Null: no bound. */
  #page(
    pageNumber: number, depth: number, from: string | null, to: string | null, isOrdered: boolean, counts: Counts,
    visit: (page: Page, at: number) => number,
  ): void {
    const at = pageNumber * this.#pageBytes;
    const page = this.#load(pageNumber, depth, depth === 1 ? LEAF : BRANCH);
    const { bytes, view } = page;
    const count = entryCount(view, at, this.#pageBytes);
    if (depth === 1) counts.leaves++;
    else counts.branches++;
    let previous: string | null = from;
    let filled = 0;
    for (let i = 0; i < count; i++) {
      const entry = this.#entry(view, at, i);
      const keyBytes = view.getUint16(entry + 6, true);
      const keyEnd = entry + ENTRY_BYTES + keyBytes;
      if (keyEnd > this.#pageBytes) throw new Damage(at + entry, "a key reaches past its page");
      const isFirstOfBranch = depth > 1 && i === 0;
      const key = isFirstOfBranch ? from : bytes.latin1Slice(entry + ENTRY_BYTES, keyEnd);
      if (isOrdered && !isFirstOfBranch && !isInOrder(key as string, previous, depth === 1 && i === 0, to)) {
        throw new Damage(at + entry, "a key is out of order");
      }
      if (depth === 1) {
        filled += even(ENTRY_BYTES + keyBytes + visit(page, entry));
        counts.entries++;
        if ((view.getUint16(entry + 4, true) & BIG_DATA) !== 0) counts.overflows += this.#bigPages;
      } else {
        filled += even(ENTRY_BYTES + keyBytes);
        const child = view.getUint16(entry, true) + view.getUint16(entry + 2, true) * 2 ** 16
          + view.getUint16(entry + 4, true) * 2 ** 32;
        const next = i + 1 < count ? this.#keyAt(page, at, i + 1) : to;
        this.#page(child, depth - 1, key, next, isOrdered, counts, visit);
      }
      previous = key;
    }
    if (filled !== this.#pageBytes - HEADER_BYTES - view.getUint16(22, true)) {
      throw new Damage(at, "the entries of the page do not fill it");
    }
  }

  /** Loads a page and checks its header. */
  #load(pageNumber: number, level: number, flags: number): Page {
    this.#use(pageNumber, 1);
    const page = this.#levels[level] ??= newPage(this.#pageBytes);
    const at = pageNumber * this.#pageBytes;
    this.#read(page.bytes, this.#pageBytes, at);
    this.#header(page.view, pageNumber, flags);
    return page;
  }

  #header(view: DataView, pageNumber: number, flags: number): void {
    const at = pageNumber * this.#pageBytes;
    if (number(view, 0, at) !== pageNumber) throw new Damage(at, "the page has the number of another");
    if (view.getUint16(18, true) !== flags) {
      throw new Damage(at + 18, "the page is of another kind than its parent says");
    }
    if (number(view, 8, at) > this.#transaction) throw new Damage(at + 8, "the page is newer than the file");
  }

  #entry(view: DataView, at: number, index: number): number {
    const entry = HEADER_BYTES + view.getUint16(HEADER_BYTES + 2 * index, true);
    const upper = HEADER_BYTES + view.getUint16(22, true);
    if (entry < upper || entry + ENTRY_BYTES > this.#pageBytes || entry % 2 !== 0) {
      throw new Damage(at + HEADER_BYTES + 2 * index, "an entry's offset is outside of its page");
    }
    return entry;
  }

  #keyAt(page: Page, at: number, index: number): string {
    const entry = this.#entry(page.view, at, index);
    const end = entry + ENTRY_BYTES + page.view.getUint16(entry + 6, true);
    if (end > this.#pageBytes) throw new Damage(at + entry, "a key reaches past its page");
    return page.bytes.latin1Slice(entry + ENTRY_BYTES, end);
  }

  /** The data of the entry at `entry`, in place or from its overflow pages. Sets `#inPage` and `#bigPages`. */
  #data(page: Page, entry: number): Uint8Array {
    const { view, bytes } = page;
    const at = number(view, 0, 0) * this.#pageBytes;
    const size = view.getUint32(entry, true);
    const flags = view.getUint16(entry + 4, true);
    const from = entry + ENTRY_BYTES + view.getUint16(entry + 6, true);
    if ((flags & ~BIG_DATA) !== 0) throw new Damage(at + entry + 4, "an entry has flags that are never set");
    this.#inPage = flags === 0 ? size : BIG_REFERENCE_BYTES;
    if (from + this.#inPage > this.#pageBytes) throw new Damage(at + entry, "an entry reaches past its page");
    if (flags === 0) return bytes.subarray(from, from + size);
    if (size > VALUE_BYTES_MAX) throw new Damage(at + entry, "a value is longer than any");
    const first = number(view, from, at);
    const needed = Math.floor((HEADER_BYTES - 1 + size) / this.#pageBytes) + 1;
    if (this.#big.length < needed * this.#pageBytes) {
      this.#big = Buffer.alloc(2 * needed * this.#pageBytes) as LatinBuffer;
    }
    this.#use(first, needed);
    this.#read(this.#big, needed * this.#pageBytes, first * this.#pageBytes);
    const big = new DataView(this.#big.buffer, this.#big.byteOffset, HEADER_BYTES);
    this.#header(big, first, OVERFLOW);
    this.#bigPages = big.getUint32(20, true);
    if (this.#bigPages < needed || this.#bigPages > this.#lastPage) {
      throw new Damage(first * this.#pageBytes + 20, "a value has fewer pages than it needs");
    }
    if (this.#bigPages > needed) this.#use(first + needed, this.#bigPages - needed);
    return this.#big.subarray(HEADER_BYTES, HEADER_BYTES + size);
  }

  #checkRow(page: Page, entry: number): number {
    const value = this.#data(page, entry);
    const keyEnd = entry + ENTRY_BYTES + page.view.getUint16(entry + 6, true);
    const inPage = this.#inPage;
    if (!this.#isRowIntact(page.bytes.latin1Slice(entry + ENTRY_BYTES, keyEnd), value)) {
      throw new Damage(number(page.view, 0, 0) * this.#pageBytes + entry, "the row does not agree with its checksum");
    }
    return inPage;
  }

  /** A list of free pages: its length, then page numbers; 0 for none, and -n before the first of n pages in a row. */
  #noteFree(page: Page, entry: number, free: number[]): number {
    const data = this.#data(page, entry);
    const inPage = this.#inPage;
    const view = new DataView(data.buffer, data.byteOffset, data.length);
    const at = number(page.view, 0, 0) * this.#pageBytes + entry;
    const length = data.length < 8 ? 0 : number(view, 0, at);
    if ((length + 1) * 8 > data.length && length > 0) {
      throw new Damage(at, "a list of free pages is longer than its place");
    }
    for (let i = 1; i <= length; i++) {
      let first = view.getBigInt64(i * 8, true);
      if (first === 0n) continue;
      let count = 1n;
      if (first < 0n) {
        if (i === length) throw new Damage(at, "a list of free pages ends within a range");
        count = -first;
        first = view.getBigInt64(++i * 8, true);
      }
      if (first < 2n || first + count - 1n > BigInt(this.#lastPage)) {
        throw new Damage(at, "a free page is outside of the file");
      }
      for (let page = 0; page < Number(count); page++) free.push(Number(first) + page);
    }
    return inPage;
  }

  #isUsed(page: number): boolean {
    return ((this.#used[page >> 3] as number) & (1 << (page & 7))) !== 0;
  }

  #use(first: number, count: number): void {
    if (first < 2 || first + count - 1 > this.#lastPage) {
      throw new Damage(first * this.#pageBytes, "a page outside of the file is referred to");
    }
    for (let page = first; page < first + count; page++) {
      if (this.#isUsed(page)) throw new Damage(page * this.#pageBytes, "the page is referred to twice");
      this.#used[page >> 3] = (this.#used[page >> 3] as number) | (1 << (page & 7));
    }
    this.pagesUsed += count;
  }

  #read(target: Uint8Array, length: number, offset: number): void {
    let read = 0;
    while (read < length) {
      const bytes = fs.readSync(this.#fd, target, read, length - read, offset + read);
      if (bytes === 0) throw new Damage(offset + read, "the file ends before a page that is in use");
      read += bytes;
    }
  }
}

function newPage(pageBytes: number): Page {
  const bytes = Buffer.alloc(pageBytes) as LatinBuffer;
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, pageBytes) };
}

function entryCount(view: DataView, at: number, pageBytes: number): number {
  const lower = view.getUint16(20, true);
  const upper = view.getUint16(22, true);
  if (lower % 2 !== 0 || lower === 0 || lower > upper || upper > pageBytes - HEADER_BYTES) {
    throw new Damage(at + 20, "the bounds of the page are impossible");
  }
  return lower / 2;
}

/** Above `previous` (or equal, where that is the lower bound of the page) and below `to`. */
function isInOrder(key: string, previous: string | null, isBound: boolean, to: string | null): boolean {
  if (previous !== null && (isBound ? key < previous : key <= previous)) return false;
  return to === null || key < to;
}

function even(bytes: number): number {
  return bytes + (bytes % 2);
}

/** A u64 that is below 2^53, or damage. `base` is where `view` begins in the file. */
function number(view: DataView, offset: number, base: number): number {
  const high = view.getUint32(offset + 4, true);
  if (high > 0x1f_ffff) throw new Damage(base + offset, "a number is impossibly large");
  return high * 2 ** 32 + view.getUint32(offset, true);
}
