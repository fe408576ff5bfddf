// Items that a transaction has prepared: a row at the item's place in the space of locks, and the leader's copy of what
// it must know at every write. While the row is there nobody but its transaction changes the item. The body of a row:
//
//   0   u8    version, 1
//   1   u8    what becomes of the item when the transaction is done: 0 nothing, 1 it is put, 2 it is deleted
//   2   u16   length of the head, little-endian
//   4   …     the head, JSON: [id, timestamp, ledger, entry, hash]; with the first item of an attempt under a claim
//             text and claim of the token behind them, which the partition is to know once it is committed
//   ..  …     the item in stored form, when it is put: commit evaluates nothing
import { assert, must } from "../../base/assert.ts";
import { tableId, type HashPoint, type StorageKey, type TableId } from "../../base/ids.ts";
import { utf8Decode, utf8Encode } from "../../base/utf8.ts";
import { encodeRow, rowBody } from "../../model/item-codec.ts";
import { ITEMS_INDEX, keyInSpace, scanBounds, SPACES } from "../../model/key-encoding.ts";
import type { ItemTree } from "../../storage/tree/item-tree.ts";
import type { TreeDamage } from "../../storage/tree/tree-read.ts";
import type { TransactionName } from "../../wire/data-messages.ts";

export type Lock = {
  readonly name: TransactionName;
  /** When it is time to ask what became of its transaction, monotonic. */
  readonly askAtMs: number;
  /** What the leader that set the lock knows of it; null: another did, and the rows tell. */
  readonly plan: Plan | null;
};
/** Of an item under a lock: nothing changes it meanwhile. */
export type Plan = {
  /** In stored form, the newest proposed value; null: no item. */
  readonly before: Uint8Array | null;
  /** Not to be stamped: the coordinator may still hold these bytes. */
  readonly planned: Planned;
  readonly claimed: ClaimedToken | null;
};
export type ClaimedToken = { readonly text: string; readonly claim: number };
/** By the key of the item. */
export type LockTable = Map<StorageKey, Lock>;
/** undefined: the item stays as it is; null: it goes. */
export type Planned = Uint8Array | null | undefined;

const VERSION = 1;
const NOTHING = 0;
const PUT = 1;
const DELETE = 2;
const HEAD_AT = 4;

export function lockKey(item: StorageKey): StorageKey {
  return keyInSpace(item, SPACES.locks);
}

/** The head of the rows of one attempt, with `claim` in that of its first item. */
export function encodeHead(name: TransactionName, claim: ClaimedToken | null): Uint8Array {
  const { id, timestamp, ledger, entry, hash } = name;
  const fields = [id, timestamp, ledger, entry, hash];
  const head = utf8Encode(JSON.stringify(claim === null ? fields : [...fields, claim.text, claim.claim]));
  assert(head.length < 0x1_0000, "names of transactions are short");
  return head;
}

export function encodeLock(place: StorageKey, head: Uint8Array, planned: Planned): Uint8Array {
  const body = new Uint8Array(HEAD_AT + head.length);
  body[0] = VERSION;
  body[1] = planned === undefined ? NOTHING : planned === null ? DELETE : PUT;
  body[2] = head.length;
  body[3] = head.length >>> 8;
  body.set(head, HEAD_AT);
  return encodeRow(body, place, planned ?? undefined);
}

function plannedOf(stored: Uint8Array): Planned {
  const body = rowBody(stored);
  assert(body[0] === VERSION, "a lock of a known version");
  if (body[1] === NOTHING) return undefined;
  return body[1] === DELETE ? null : body.subarray(headEnd(body));
}

type Head = [string, number, TableId, string, string, string?, number?];

function headOf(stored: Uint8Array): Head {
  const body = rowBody(stored);
  assert(body[0] === VERSION, "a lock of a known version");
  return JSON.parse(must(utf8Decode(body.subarray(HEAD_AT, headEnd(body))), "a head is UTF-8")) as Head;
}

function nameOf(stored: Uint8Array): TransactionName {
  const [id, timestamp, ledger, entry, hash] = headOf(stored);
  return { id, timestamp, ledger: tableId(ledger), entry, hash };
}

/** What the row of a lock says of an item that is `before` now. */
export function planOf(stored: Uint8Array, before: Uint8Array | null): Plan {
  return { before, planned: plannedOf(stored), claimed: claimedTokenOf(stored) };
}

/** The token that is known here once the transaction is committed. */
function claimedTokenOf(stored: Uint8Array): ClaimedToken | null {
  const [, , , , , text, claim] = headOf(stored);
  return text === undefined || claim === undefined ? null : { text, claim };
}

function headEnd(body: Uint8Array): number {
  return HEAD_AT + must(body[2]) + must(body[3]) * 256;
}

/** Far above what a transaction takes when nobody stops, far below what a client waits. */
export const HELD_MS_MAX = 3_000;
/**
 * For locks that a leader finds when it begins: they are older than that. Where leadership goes to and fro they would
 * never become old at any of them.
 */
const FOUND_MS_MAX = 500;

/** What a new leader finds. */
export function readLocks(
  tree: ItemTree, table: TableId, from: HashPoint, to: HashPoint, nowMs: number,
): LockTable | TreeDamage {
  const locks: LockTable = new Map();
  const range = scanBounds(table, from, to, SPACES.locks);
  const damage = tree.scan(range.from, range.to, true, (key, stored) => {
    locks.set(keyInSpace(key, ITEMS_INDEX), { name: nameOf(stored), askAtMs: nowMs + FOUND_MS_MAX, plan: null });
    return true;
  });
  return damage ?? locks;
}
