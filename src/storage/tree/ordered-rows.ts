// Rows in the order of their keys, made for taking new ones fast: hashes spread partition keys evenly, so a row goes
// into the bucket of its hash point, and a bucket is put in order when somebody looks into it. A bucket of many rows
// (one partition key with many sort keys) becomes an ordered map, so that looking stays cheap while it grows.
import sortedBTree from "sorted-btree";
import { assert, must } from "../../base/assert.ts";
import { compareKeys, type StorageKey } from "../../base/ids.ts";

export type Row = { readonly key: StorageKey; value: Uint8Array | null };

type Tree = sortedBTree.default<StorageKey, Row>;

/** Rows of a bucket that are put in order whenever it is looked into. */
const SMALL_ROWS_MAX = 64;

// A bucket's number is the key's first 7 bytes, without the lower bits of the last: table, space, and the upper 10 bits
// of the hash point (model/key-encoding.ts). Greater keys have no lesser numbers.
const POINT_SHIFT = 6;
const PLACE_BITS = 18;

/** Bytes beyond the end of a short key count as 0 (charCodeAt gives NaN there). */
function bucketOf(key: StorageKey): number {
  const table = ((key.charCodeAt(0) << 24) | (key.charCodeAt(1) << 16) | (key.charCodeAt(2) << 8)
    | key.charCodeAt(3)) >>> 0;
  const place = (key.charCodeAt(4) << 10) | (key.charCodeAt(5) << 2) | (key.charCodeAt(6) >>> POINT_SHIFT);
  return table * (1 << PLACE_BITS) + place;
}

function compareRows(a: Row, b: Row): number {
  return compareKeys(a.key, b.key);
}

function compareNumbers(a: number, b: number): number {
  return a - b;
}

class Bucket {
  #rows: Row[] = [];
  #isSorted = true;
  /** Instead of `#rows`, once there are many. */
  tree: Tree | null = null;

  add(row: Row): void {
    if (this.tree !== null) {
      this.tree.set(row.key, row);
      return;
    }
    this.#isSorted = this.#rows.length === 0;
    this.#rows.push(row);
    if (this.#rows.length <= SMALL_ROWS_MAX) return;
    this.tree = new sortedBTree.default<StorageKey, Row>(undefined, compareKeys);
    for (const each of this.#rows) this.tree.set(each.key, each);
    this.#rows = [];
  }

  get isEmpty(): boolean {
    return this.tree === null ? this.#rows.length === 0 : this.tree.size === 0;
  }

  /** In order. Of a bucket that is not a tree. */
  sorted(): readonly Row[] {
    if (!this.#isSorted) this.#rows.sort(compareRows);
    this.#isSorted = true;
    return this.#rows;
  }

  deleteRange(from: StorageKey, to: StorageKey, gone: (key: StorageKey) => void): void {
    if (this.tree !== null) {
      this.tree.forRange(from, to, false, gone);
      this.tree.deleteRange(from, to, false);
      return;
    }
    this.#rows = this.#rows.filter(({ key }) => {
      const stays = key < from || key >= to;
      if (!stays) gone(key);
      return stays;
    });
  }
}

export class OrderedRows {
  readonly #byNumber: Map<number, Bucket> = new Map();
  readonly #inOrder: sortedBTree.default<number, Bucket> =
    new sortedBTree.default<number, Bucket>(undefined, compareNumbers);

  /** Takes a row whose key is not there. */
  add(row: Row): void {
    const number = bucketOf(row.key);
    let bucket = this.#byNumber.get(number);
    if (bucket === undefined) {
      bucket = new Bucket();
      this.#byNumber.set(number, bucket);
      this.#inOrder.set(number, bucket);
    }
    bucket.add(row);
  }

  /** Drops the rows of [from, to) and tells of each. */
  deleteRange(from: StorageKey, to: StorageKey, gone: (key: StorageKey) => void): void {
    const emptied: number[] = [];
    this.#inOrder.forRange(bucketOf(from), bucketOf(to), true, (number, bucket) => {
      bucket.deleteRange(from, to, gone);
      if (bucket.isEmpty) emptied.push(number);
    });
    for (const number of emptied) {
      this.#byNumber.delete(number);
      this.#inOrder.delete(number);
    }
  }

  at(number: number): Bucket | undefined {
    return this.#byNumber.get(number);
  }

  after(number: number): [number, Bucket] | undefined {
    return this.#inOrder.nextHigherPair(number);
  }

  before(number: number): [number, Bucket] | undefined {
    return this.#inOrder.nextLowerPair(number);
  }
}

/**
 * Walks the rows of [from, to) in either direction, `to` null for the end of all, while none is added or dropped.
 * `row` is null at the end.
 */
export class RowCursor {
  row: Row | null = null;
  readonly #rows: OrderedRows;
  readonly #from: StorageKey;
  readonly #to: StorageKey | null;
  readonly #isForward: boolean;
  #number: number;
  readonly #lastNumber: number;
  /** Of the bucket that the cursor is in: its rows and where it is, or what is left of its tree. */
  #small: readonly Row[] = [];
  #at = 0;
  #large: IterableIterator<[StorageKey, Row]> | null = null;

  constructor(rows: OrderedRows, from: StorageKey, to: StorageKey | null, isForward: boolean) {
    assert(isForward || to !== null, "a walk back begins somewhere");
    this.#rows = rows;
    this.#from = from;
    this.#to = to;
    this.#isForward = isForward;
    const low = bucketOf(from);
    const high = to === null ? Infinity : bucketOf(to);
    this.#number = isForward ? low : high;
    this.#lastNumber = isForward ? high : low;
    const bucket = rows.at(this.#number);
    if (bucket !== undefined) this.#enter(bucket);
    this.advance();
  }

  advance(): void {
    const row = this.#next();
    const isWithin = row !== null
      && (this.#isForward ? this.#to === null || row.key < this.#to : row.key >= this.#from);
    this.row = isWithin ? row : null;
  }

  #next(): Row | null {
    for (;;) {
      if (this.#large !== null) {
        const next = this.#large.next();
        if (next.done !== true) return next.value[1];
        this.#large = null;
      }
      const row = this.#small[this.#at];
      if (row !== undefined) {
        this.#at += this.#isForward ? 1 : -1;
        return row;
      }
      if (this.#number === this.#lastNumber) return null;
      const pair = this.#isForward ? this.#rows.after(this.#number) : this.#rows.before(this.#number);
      if (pair === undefined) return null;
      if (this.#isForward ? pair[0] > this.#lastNumber : pair[0] < this.#lastNumber) return null;
      this.#number = pair[0];
      this.#enter(pair[1]);
    }
  }

  /** Stands at the bucket's first row of the range, in the direction of the walk. */
  #enter(bucket: Bucket): void {
    const { tree } = bucket;
    const start = this.#isForward ? this.#from : must(this.#to);
    if (tree === null) {
      this.#small = bucket.sorted();
      this.#at = lowerBound(this.#small, start) - (this.#isForward ? 0 : 1);
      return;
    }
    this.#small = [];
    this.#large = this.#isForward ? tree.entries(start) : tree.entriesReversed(start, undefined, true);
  }
}

/** Index of the first row at or behind `key`. */
function lowerBound(rows: readonly Row[], key: StorageKey): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((rows[middle] as Row).key < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
