// The ledger: a hidden table in which transactions over several partitions are decided, and in which the tokens of
// clients are remembered. Its items are entries, one for each token (or each attempt, when a client gives no token):
//
//   k   S   the entry's name
//   h   S   hash of the request
//   t   N   timestamp of the attempt that wrote it, microseconds since 1970
//   s   S   "committed": the attempt `i` is done, or will be; "cancelled": it never will be; "claimed": the token
//           belongs to the request with this hash, whose items lie in one partition, which knows the rest
//   i   S   id of the attempt
//   e   BOOL  there when all locks of a committed attempt are ended
//   x   N   when the entry may go, seconds since 1970: the table's time to live
//
// An attempt decides itself, and whoever finds its locks cancels it, by the same conditional put (`entryCondition`).
// Of puts with the condition at most one succeeds per timestamp, and the entry's timestamp only grows: once an attempt
// is decided, or another one of its entry with a later timestamp is, it cannot be decided again.
import { must } from "../base/assert.ts";
import { utf8Decode } from "../base/utf8.ts";
import { getAttribute } from "./attribute-map.ts";
import type { AttributeValue, Item } from "./attribute-value.ts";
import type { ConditionNode } from "./expression/ast.ts";
import { encodeItem } from "./item-codec.ts";
import { itemSize } from "./item-size.ts";
import { addressOf } from "./key-encoding.ts";
import type { GetOperation, ItemJson, PutOperation, UpdateOperation } from "./operation.ts";
import type { TableDefinition, TableSchema } from "./table-schema.ts";

/** A name that no user can give. */
export const LEDGER_NAME = "stator/ledger";
/** Names of hidden tables, of this one and of those of global indexes, have a "/" in them. */
export function isHiddenName(name: string): boolean {
  return name.includes("/");
}

export const LEDGER: TableDefinition = {
  name: LEDGER_NAME,
  hashKey: { name: "k", type: "S" },
  rangeKey: null,
  billing: { mode: "PAY_PER_REQUEST", readUnits: 0, writeUnits: 0 },
  deletionProtection: true,
  tableClass: null,
  timeToLive: { attribute: "x", isEnabled: true, changedMs: 0 },
  partitionCount: null,
};

const MICROSECONDS = 1_000_000;
/** How long a token belongs to its request: as DynamoDB documents it. */
export const TOKEN_SECONDS = 600;
/** Entries stay longer, for clocks that differ and for attempts that come late: those end within seconds. */
const KEEP_SECONDS = 3_600;
/**
 * What is decided stays until all its locks are ended, which its coordinator says of what it committed (`entryEnded`).
 * Where it did not come to that, for so long: no partition is away for longer and comes back, and no clock is so wrong.
 */
const DECIDED_SECONDS = 7 * 86_400;

export type EntryState = "committed" | "cancelled" | "claimed";
export type Entry = {
  readonly name: string;
  readonly hash: string;
  readonly timestamp: number;
  readonly state: EntryState;
  readonly id: string;
};

/** Puts the entry if no decision stands against it; the refusal tells the entry that does. */
export function entryPut(table: TableSchema, entry: Entry): PutOperation {
  const expires = secondsOf(entry.timestamp) + (entry.state === "claimed" ? KEEP_SECONDS : DECIDED_SECONDS);
  const item: Item = {
    k: { S: entry.name }, h: { S: entry.hash }, t: { N: String(entry.timestamp) }, s: { S: entry.state },
    i: { S: entry.id }, x: { N: String(expires) },
  };
  const address = addressOf(table, { S: entry.name }, null);
  const size = itemSize(item);
  return {
    kind: "put", table, address, condition: entryCondition(entry.timestamp), returnValues: "NONE",
    returnOldOnFailure: true, itemBytes: encodeItem(item, size, address.key), itemSize: size,
  };
}

/** Lets the entry go when its token is free, if it is still that of the attempt. */
export function entryEnded(table: TableSchema, name: string, id: string, timestamp: number): UpdateOperation {
  const expires: AttributeValue = { N: String(secondsOf(timestamp) + KEEP_SECONDS) };
  return {
    kind: "update", table, address: addressOf(table, { S: name }, null), keyItem: { k: { S: name } },
    condition: {
      kind: "compare", comparator: "=", left: { kind: "path", path: ["i"] }, right: { kind: "value", value: { S: id } },
    },
    update: {
      set: [
        { path: ["x"], value: { kind: "operand", operand: { kind: "value", value: expires } } },
        { path: ["e"], value: { kind: "operand", operand: { kind: "value", value: { BOOL: true } } } },
      ],
      remove: [], add: [], delete: [],
    },
    returnValues: "NONE", returnOldOnFailure: false,
  };
}

function secondsOf(timestamp: number): number {
  return Math.ceil(timestamp / MICROSECONDS);
}

export function entryGet(table: TableSchema, name: string): GetOperation {
  return { kind: "get", table, address: addressOf(table, { S: name }, null), isStrong: true, projection: null };
}

/** Locks of a committed attempt that are left must find its entry: it stays until it is ended. */
const IS_ENDED: ConditionNode = {
  kind: "or", left: { kind: "attribute_exists", path: ["e"] },
  right: {
    kind: "compare", comparator: "<>", left: { kind: "path", path: ["s"] },
    right: { kind: "value", value: { S: "committed" } },
  },
};

/** No entry, one whose token has become free, or an earlier attempt that was cancelled. */
function entryCondition(timestamp: number): ConditionNode {
  return {
    kind: "or", left: { kind: "attribute_not_exists", path: ["k"] },
    right: {
      kind: "or", left: { kind: "and", left: isBefore(timestamp - TOKEN_SECONDS * MICROSECONDS), right: IS_ENDED },
      right: {
        kind: "and", left: isBefore(timestamp),
        right: {
          kind: "compare", comparator: "=", left: { kind: "path", path: ["s"] },
          right: { kind: "value", value: { S: "cancelled" } },
        },
      },
    },
  };
}

function isBefore(timestamp: number): ConditionNode {
  return {
    kind: "compare", comparator: "<", left: { kind: "path", path: ["t"] },
    right: { kind: "value", value: { N: String(timestamp) } },
  };
}

export function decodeEntry(json: ItemJson): Entry {
  const item = JSON.parse(must(utf8Decode(json), "an item is UTF-8")) as Item;
  const textOf = (name: string): string => {
    const value = must(getAttribute(item, name), "an entry of the ledger is whole");
    return "S" in value ? value.S : "N" in value ? value.N : "";
  };
  return {
    name: textOf("k"), hash: textOf("h"), timestamp: Number(textOf("t")), state: textOf("s") as EntryState,
    id: textOf("i"),
  };
}

/** The entry in which attempts are decided whose token was claimed first, but whose items lie in several partitions. */
export function entryOfClaim(token: string, claim: number): string {
  return `${token}#${claim}`;
}
