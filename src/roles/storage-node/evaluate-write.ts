// Evaluates one write against the newest proposed value of its key and turns it into a physical change: the
// new bytes, or a deletion. Pure: no state of the replica is touched. Replicas never evaluate anything.
import type { Item } from "../../model/attribute-value.ts";
import { evaluateCondition } from "../../model/expression/evaluate-condition.ts";
import { applyUpdate } from "../../model/expression/apply-update.ts";
import { updatedAttributes } from "../../model/expression/project.ts";
import { decodeStored, encodeItem, encodeJson, storedJson, storedSize } from "../../model/item-codec.ts";
import { itemSize } from "../../model/item-size.ts";
import { ITEM_BYTES_MAX } from "../../model/limits.ts";
import type { ItemJson, Outcome, UpdateOperation, WriteOperation } from "../../model/operation.ts";

/** `value` undefined: nothing changes. `items` and `bytes`: what the change adds to the partition's counters. */
export type Evaluated = {
  readonly outcome: Outcome;
  readonly value: Uint8Array | null | undefined;
  readonly items: number;
  readonly bytes: number;
};

/** `stored` is the newest value in stored form, null when there is no item. */
export function evaluateWrite(operation: WriteOperation, stored: Uint8Array | null): Evaluated {
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
  };
}

function unchanged(outcome: Outcome): Evaluated {
  return { outcome, value: undefined, items: 0, bytes: 0 };
}
