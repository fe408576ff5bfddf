// Evaluates one write against the newest proposed value of its key and turns it into a physical change: the
// new bytes, or a deletion. Pure: no state of the replica is touched. Replicas never evaluate anything.
import { assert } from "../../base/assert.ts";
import type { Item } from "../../model/attribute-value.ts";
import { evaluateCondition } from "../../model/expression/evaluate-condition.ts";
import { applyUpdate } from "../../model/expression/apply-update.ts";
import { updatedAttributes } from "../../model/expression/project.ts";
import { decodeStored, encodeItem, encodeJson, storedJson, storedSize } from "../../model/item-codec.ts";
import { itemSize } from "../../model/item-size.ts";
import { spacesOf } from "../../model/key-encoding.ts";
import { ITEM_BYTES_MAX, KIB } from "../../model/limits.ts";
import { globalChange, globalKeyProblem, type GlobalChange } from "../../model/global-index.ts";
import type { KeyProblem } from "../../model/key-schema.ts";
import { indexChange, indexKeyProblem } from "../../model/local-index.ts";
import type { ItemJson, Outcome, UpdateOperation, WriteOperation } from "../../model/operation.ts";
import { recordBytesMax } from "../../model/stream-record.ts";
import type { TableSchema } from "../../model/table-schema.ts";
import type { Mutation } from "../../wire/log-record.ts";

/**
 * `value` undefined: nothing changes. `items` and `bytes`: what the change adds to the partition's counters. `derived`:
 * rows of local indexes that change with it. `global`: how rows of global indexes change with it; absent: the table has
 * none, or it was not looked at.
 */
export type Evaluated = {
  readonly outcome: Outcome;
  readonly value: Uint8Array | null | undefined;
  readonly items: number;
  readonly bytes: number;
  readonly derived: readonly Mutation[];
  /** What item and index rows add to their collection; null: the table has no local indexes. */
  readonly collectionBytes: number | null;
  readonly global?: GlobalChange;
};

const NOTHING_DERIVED: readonly Mutation[] = [];
/**
 * Keys and values of one write, with those of its index rows: with an open batch below its own bound they fit in one
 * record of the log. Six items of the largest size do, unless their JSON is much longer than they are.
 */
const WRITE_BYTES_MAX: number = 2_816 * KIB;
const TOO_LARGE: Outcome = {
  kind: "invalid", message: "Item and index rows together have exceeded the maximum size of a write",
};

/**
 * `stored` is the newest value in stored form, null when there is no item; `newest` the newest record of the table that
 * is known: it may have other global indexes than the operation knows of. `isDecided`: the write cannot be refused any
 * more; an item whose attributes cannot be keys of an index that is new has no row in it.
 */
export function evaluateWrite(
  operation: WriteOperation, stored: Uint8Array | null, newest: TableSchema = operation.table, isDecided = false,
): Evaluated {
  const evaluated = evaluateItem(operation, stored);
  const written = withLocalIndexes(operation, evaluated, stored);
  const indexed = isDecided || fitsWithRecord(newest, written, stored) ? written : unchanged(TOO_LARGE);
  if (newest.globalIndexes === undefined || indexed.value === undefined) return indexed;
  return withGlobalIndexes(newest, operation, indexed, indexed.value, stored, isDecided);
}

function refusedFor({ message, inUpdate }: KeyProblem, { kind }: WriteOperation): Evaluated {
  return unchanged({ kind: "invalid", message: kind === "update" ? inUpdate ?? message : message });
}

/** Item, index rows and stream record fit into one log entry: all but items whose JSON is much longer than they are. */
function fitsWithRecord(table: TableSchema, { value, derived }: Evaluated, stored: Uint8Array | null): boolean {
  if (table.stream === undefined || value === undefined) return true;
  let bytes = (value === null ? 0 : value.length) + recordBytesMax(table.stream, stored, value);
  if (bytes * 2 < WRITE_BYTES_MAX && derived.length === 0) return true;
  for (const row of derived) bytes += row.key.length + (row.value === null ? 0 : row.value.length);
  return bytes <= WRITE_BYTES_MAX;
}

function withLocalIndexes(operation: WriteOperation, evaluated: Evaluated, stored: Uint8Array | null): Evaluated {
  const { table } = operation;
  if (table.localIndexes === undefined) return evaluated;
  if (evaluated.value === undefined) return { ...evaluated, collectionBytes: 0 };
  return withIndexes(operation, evaluated, evaluated.value, stored);
}

function withGlobalIndexes(
  table: TableSchema, operation: WriteOperation, evaluated: Evaluated, value: Uint8Array | null,
  stored: Uint8Array | null, isDecided: boolean,
): Evaluated {
  const next = value === null ? null : decodeStored(value);
  const problem = next === null || isDecided ? null : globalKeyProblem(table, next);
  if (problem !== null) return refusedFor(problem, operation);
  const global = globalChange(table, operation.address.key, stored, value, next);
  const { outcome } = evaluated;
  assert(outcome.kind === "written", "a change was written");
  return global.writes.length === 0 ? { ...evaluated, global }
    : { ...evaluated, outcome: { ...outcome, globalWrites: global.writes }, global };
}

/** Adds the rows of local indexes to a change of an item; or refuses it for what the indexes cannot take. */
function withIndexes(
  operation: WriteOperation, evaluated: Evaluated, value: Uint8Array | null, stored: Uint8Array | null,
): Evaluated {
  const { table } = operation;
  const next = value === null ? null : decodeStored(value);
  const problem = next === null ? null : indexKeyProblem(table, next);
  if (problem !== null) return refusedFor(problem, operation);
  const old = stored === null ? null : decodeStored(stored);
  const derived: Mutation[] = [];
  const indexWrites: (readonly number[])[] = [];
  let bytes = value === null ? 0 : value.length;
  let collectionBytes = evaluated.bytes;
  for (let number = 1; number < spacesOf(table); number++) {
    const change = indexChange(table, number, old, next);
    for (const row of change.mutations) {
      derived.push(row);
      bytes += row.key.length + (row.value === null ? 0 : row.value.length);
    }
    indexWrites.push(change.writes);
    collectionBytes += change.bytes;
  }
  if (bytes > WRITE_BYTES_MAX) return unchanged(TOO_LARGE);
  assert(evaluated.outcome.kind === "written", "a change was written");
  return { ...evaluated, outcome: { ...evaluated.outcome, indexWrites }, derived, collectionBytes };
}

function evaluateItem(operation: WriteOperation, stored: Uint8Array | null): Evaluated {
  const oldSize = stored === null ? 0 : storedSize(stored);
  let old: Item | null = null;
  if (operation.condition !== null) {
    old = stored === null ? null : decodeStored(stored);
    if (!evaluateCondition(operation.condition, old)) {
      const item = operation.returnOldOnFailure && stored !== null ? storedJson(stored) : null;
      return unchanged({ kind: "condition-failed", item, size: oldSize });
    }
  }
  switch (operation.kind) {
    case "put": {
      const attributes = operation.returnValues === "ALL_OLD" && stored !== null ? storedJson(stored) : null;
      return changed(operation.itemBytes, attributes, stored !== null, oldSize, operation.itemSize);
    }
    case "delete": {
      if (stored === null) return unchanged({ kind: "written", attributes: null, oldSize: 0, newSize: 0 });
      const attributes = operation.returnValues === "ALL_OLD" ? storedJson(stored) : null;
      return changed(null, attributes, true, oldSize, 0);
    }
    case "update":
      return evaluateUpdate(operation, stored, old, oldSize);
  }
}

function evaluateUpdate(
  operation: UpdateOperation, stored: Uint8Array | null, decoded: Item | null, oldSize: number,
): Evaluated {
  const old = decoded ?? (stored === null ? null : decodeStored(stored));
  const base = old ?? operation.keyItem;
  let next = base;
  let touched: Parameters<typeof updatedAttributes>[0] = [];
  if (operation.update !== null) {
    const result = applyUpdate(operation.update, base);
    if (!result.ok) return unchanged({ kind: "invalid", message: result.message });
    next = result.item;
    touched = result.touched;
  }
  const size = itemSize(next);
  if (size > ITEM_BYTES_MAX) {
    return unchanged({ kind: "invalid", message: "Item size to update has exceeded the maximum allowed size" });
  }
  const bytes = encodeItem(next, size, operation.address.key);
  const attributes = updateAttributes(operation, stored, old, next, bytes, touched);
  return changed(bytes, attributes, stored !== null, oldSize, size);
}

function updateAttributes(
  operation: UpdateOperation, stored: Uint8Array | null, old: Item | null, next: Item, bytes: Uint8Array,
  touched: Parameters<typeof updatedAttributes>[0],
): ItemJson | null {
  switch (operation.returnValues) {
    case "NONE":
      return null;
    case "ALL_OLD":
      return stored === null ? null : storedJson(stored);
    case "ALL_NEW":
      return storedJson(bytes);
    case "UPDATED_OLD":
    case "UPDATED_NEW": {
      const part = updatedAttributes(touched, old, next, operation.returnValues);
      return part === null ? null : encodeJson(part);
    }
  }
}

function changed(
  value: Uint8Array | null, attributes: ItemJson | null, existed: boolean, oldSize: number, newSize: number,
): Evaluated {
  return {
    outcome: { kind: "written", attributes, oldSize, newSize },
    value,
    items: (value === null ? 0 : 1) - (existed ? 1 : 0),
    bytes: newSize - oldSize,
    derived: NOTHING_DERIVED,
    collectionBytes: null,
  };
}

function unchanged(outcome: Outcome): Evaluated {
  return { outcome, value: undefined, items: 0, bytes: 0, derived: NOTHING_DERIVED, collectionBytes: null };
}
