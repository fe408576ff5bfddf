// Strings that stand as one byte in an encoded message: field names and kinds. The place in the list is part of the
// protocol: new words go to the end, none is ever taken out or moved.
import { assert } from "../../base/assert.ts";

/** The first tag that stands for a word. */
export const FIRST_WORD_TAG = 0x80;

const WORDS: readonly string[] = [
  "kind", "from", "id", "group", "work", "bytesMax", "outcome", "table", "address", "key", "point", "isStrong",
  "projection", "condition", "returnValues", "returnOldOnFailure", "itemBytes", "itemSize", "keyItem", "update",
  "to", "page", "isForward", "limit", "after", "filter", "isCountOnly", "fromPoint", "toPoint",
  "get", "put", "delete", "query", "scan", "write-many", "get-many", "writes", "gets", "status", "NONE",
  "item", "json", "exists", "size", "written", "attributes", "oldSize", "newSize", "runs", "count", "scanned",
  "scannedBytes", "lastKey", "many", "outcomes", "redirect", "leader", "reason", "applied", "items", "bytes",
  "condition-failed", "invalid", "message", "unavailable", "overloaded",
  "name", "hashKey", "rangeKey", "version", "createdMs", "uuid", "billing", "mode", "readUnits", "writeUnits",
  "deletionProtection", "tableClass", "partitions", "replicas", "type", "S", "N", "B", "M", "L", "BOOL", "NULL",
  "compare", "comparator", "left", "right", "path", "value", "operand", "set", "remove", "add", "plus",
  "and", "or", "not", "attribute_exists", "attribute_not_exists", "if_not_exists", "otherwise", "list_append",
  "nodes", "zone", "capacity", "state", "active", "system", "isAuthoritative", "tables", "logReplicas", "joining",
  "epoch", "incarnation", "ACTIVE", "PAY_PER_REQUEST", "snapshot-page", "rows", "next",
];

assert(WORDS.length <= 256 - FIRST_WORD_TAG, "words fit the tags");
assert(new Set(WORDS).size === WORDS.length, "every word stands once");

const tags: ReadonlyMap<string, number> = new Map(WORDS.map((word, i) => [word, FIRST_WORD_TAG + i]));

/** Undefined: not a known word. */
export function tagOfWord(word: string): number | undefined {
  return tags.get(word);
}

/** Undefined: no word has this tag. */
export function wordOfTag(tag: number): string | undefined {
  return WORDS[tag - FIRST_WORD_TAG];
}
