// The write-ahead log and the tree in readable form, for people. Reads only; believes nothing: a log that
// openWal refuses can be listed all the same.
import { crc32c } from "../base/crc32c.ts";
import { storageKey } from "../base/ids.ts";
import type { StorageKey } from "../base/ids.ts";
import { isStoredIntact } from "../model/item-codec.ts";
import type { Disk } from "../ports/disk.ts";
import type { KvStore } from "../ports/kv-store.ts";
import {
  BASE, COMMIT, CONFIG, CONFIGURATION, FORGOTTEN, NOOP, PROMISE, SPLIT, WRITE,
} from "../wire/log-record.ts";
import type { RecordKind } from "../wire/log-record.ts";
import { decodeMark, MARKS_FROM, MARKS_TO } from "./tree/checkpoint-mark.ts";
import {
  BATCH_HEADER_BYTES, batchSpan, decodeBatchHeader, decodeRecordHeader, decodeSegmentHeader, RECORD_HEADER_BYTES,
  SECTOR_BYTES, segmentNumberOf, viewOf,
} from "./wal/segment-format.ts";

export type WalLine =
  | {
    readonly kind: "segment"; readonly file: string; readonly number: number; readonly node: number;
    readonly version: number; readonly bytes: number;
  }
  | {
    readonly kind: "batch"; readonly file: string; readonly offset: number; readonly sequence: number;
    readonly records: number; readonly bytes: number; readonly isSeal: boolean;
  }
  | {
    readonly kind: "record"; readonly file: string; readonly offset: number; readonly type: string;
    readonly group: number; readonly lsn: number; readonly ballot: number; readonly payloadBytes: number;
    readonly crc: string;
  }
  | { readonly kind: "damage"; readonly file: string; readonly offset: number; readonly message: string };

const RECORD_NAMES: Readonly<Record<RecordKind, string>> = {
  [NOOP]: "noop", [WRITE]: "write", [CONFIG]: "config", [SPLIT]: "split", [PROMISE]: "promise", [COMMIT]: "commit",
  [BASE]: "base", [CONFIGURATION]: "configuration", [FORGOTTEN]: "forgotten",
};

/** Segments, batches and records of the log on `disk`, in order; damage where it is found. */
export function* inspectWal(disk: Disk): Generator<WalLine> {
  const listing = disk.list();
  if (!listing.ok) {
    const { file, offset, message } = listing.error;
    yield { kind: "damage", file, offset, message };
    return;
  }
  const files = listing.files.filter(({ name }) => segmentNumberOf(name) !== null);
  files.sort((a, b) => (a.name < b.name ? -1 : 1));
  let expected: number | null = null;
  for (const { name, bytes } of files) {
    const content = new Uint8Array(bytes);
    const read = disk.readSync(name, 0, content);
    if (typeof read !== "number") {
      yield { kind: "damage", file: name, offset: read.offset, message: read.message };
      continue;
    }
    expected = yield* inspectSegment(name, content.subarray(0, read), expected);
  }
}

/** `expected`: sequence of the first batch, if known. Returns that of the next segment's. */
function* inspectSegment(file: string, bytes: Uint8Array, expected: number | null): Generator<WalLine, number | null> {
  const header = decodeSegmentHeader(bytes);
  if (header === null) {
    yield { kind: "damage", file, offset: 0, message: "no intact segment header" };
    return expected;
  }
  const { number, node, version, salt } = header;
  yield { kind: "segment", file, number, node, version, bytes: bytes.length };
  const view = viewOf(bytes);
  let next = expected;
  let at = SECTOR_BYTES;
  while (at + BATCH_HEADER_BYTES <= bytes.length) {
    const batch = decodeBatchHeader(bytes, view, at, number, salt);
    if (batch === null) {
      if (!isZero(bytes, at, at + SECTOR_BYTES)) {
        yield { kind: "damage", file, offset: at, message: "bytes that are no batch header" };
      }
      at += SECTOR_BYTES;
      continue;
    }
    if (next !== null && batch.sequence !== next) {
      yield { kind: "damage", file, offset: at, message: `batch ${batch.sequence} where ${next} was expected` };
    }
    next = batch.sequence + 1;
    const isSeal = batch.recordCount === 0;
    yield {
      kind: "batch", file, offset: at, sequence: batch.sequence, records: batch.recordCount, bytes: batch.bytes, isSeal,
    };
    yield* inspectRecords(file, bytes, at + BATCH_HEADER_BYTES, at + BATCH_HEADER_BYTES + batch.bytes);
    at += batchSpan(batch.bytes);
  }
  return next;
}

function* inspectRecords(file: string, bytes: Uint8Array, from: number, to: number): Generator<WalLine> {
  const view = viewOf(bytes);
  let offset = from;
  while (offset < to) {
    const record = decodeRecordHeader(bytes, view, offset, Math.min(to, bytes.length));
    if (record === null) {
      yield { kind: "damage", file, offset, message: "the record does not agree with its checksum" };
      return;
    }
    const { group, lsn, ballot, payloadBytes } = record;
    const crc = record.crc.toString(16).padStart(8, "0");
    yield { kind: "record", file, offset, type: RECORD_NAMES[record.kind], group, lsn, ballot, payloadBytes, crc };
    offset += RECORD_HEADER_BYTES + payloadBytes;
  }
}

function isZero(bytes: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to && i < bytes.length; i++) if (bytes[i] !== 0) return false;
  return true;
}

export type TreeLine =
  /** `checkpoint` -1: the group has rows here, but no whole tree yet. */
  | {
    readonly kind: "mark"; readonly group: number; readonly checkpoint: number; readonly dirty: number;
    readonly items: number; readonly bytes: number;
  }
  | {
    readonly kind: "row"; readonly table: number; readonly index: number; readonly key: string;
    readonly bytes: number; readonly isIntact: boolean; readonly crc: string;
  }
  | { readonly kind: "damage"; readonly file: string; readonly key: string; readonly message: string };

/** Rows read at a time: what one step of the listing holds in memory. */
const PAGE_ROWS = 256;

/** The marks of all groups, then the rows of [from, to), without their values. */
export function* inspectTree(kv: KvStore, from: StorageKey, to: StorageKey): Generator<TreeLine> {
  yield* pages(kv, MARKS_FROM, MARKS_TO, markLine);
  yield* pages(kv, from, to < MARKS_FROM ? to : MARKS_FROM, rowLine);
}

function* pages(
  kv: KvStore, from: StorageKey, to: StorageKey, lineOf: (key: StorageKey, value: Uint8Array, file: string) => TreeLine,
): Generator<TreeLine> {
  let next: StorageKey | null = from;
  while (next !== null) {
    const page: TreeLine[] = [];
    let last: StorageKey | null = null;
    const error = kv.scan(next, to, true, (key, value) => {
      page.push(lineOf(key, value, kv.file));
      last = key;
      return page.length < PAGE_ROWS;
    });
    yield* page;
    if (error !== null) {
      const { file, code, message } = error;
      yield { kind: "damage", file, key: hex(next), message: `${code}: ${message}` };
    }
    next = page.length < PAGE_ROWS || error !== null || last === null ? null : storageKey(`${last as string}\0`);
  }
}

function markLine(key: StorageKey, value: Uint8Array, file: string): TreeLine {
  const decoded = decodeMark(key, value);
  if (decoded === null) return { kind: "damage", file, key: hex(key), message: "the mark is damaged" };
  const { isWhole, checkpoint, dirty, items, bytes } = decoded.mark;
  return { kind: "mark", group: decoded.group, checkpoint: isWhole ? checkpoint : -1, dirty, items, bytes };
}

function rowLine(key: StorageKey, value: Uint8Array): TreeLine {
  let table = 0;
  for (let i = 0; i < 4; i++) table = table * 256 + (key.charCodeAt(i) || 0);
  const crc = crc32c(value).toString(16).padStart(8, "0");
  return {
    kind: "row", table, index: key.charCodeAt(4) || 0, key: hex(key), bytes: value.length,
    isIntact: isStoredIntact(value, key), crc,
  };
}

function hex(key: StorageKey): string {
  let text = "";
  for (let i = 0; i < key.length; i++) text += key.charCodeAt(i).toString(16).padStart(2, "0");
  return text;
}
