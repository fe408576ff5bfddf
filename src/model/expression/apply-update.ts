// Applies an update to an item. Every value is computed from the item as it was, then all changes are made
// at once, so neither the order of the actions nor that of the sections matters. What does not change is
// shared between the old item and the new one; the old one is never written to.
import { assert } from "../../base/assert.ts";
import type { AttributeMap, AttributeValue, Item } from "../attribute-value.ts";
import { copyAttributeMap, deleteAttribute, getAttribute, setAttribute } from "../attribute-map.ts";
import { NESTING_MAX } from "../limits.ts";
import type { PathNode, UpdateNode } from "./ast.ts";
import { valueAt } from "./document-path.ts";
import { addPath, newPathTree } from "./path-tree.ts";
import type { PathTree } from "./path-tree.ts";
import { computeAddition, computeDeletion, computeSetValue, isEmptySet } from "./set-value.ts";

export type UpdateResult =
  /** `touched`: every path of the update, whether or not it changed anything. No two overlap. */
  | { readonly ok: true; readonly item: Item; readonly touched: readonly PathNode[] }
  | { readonly ok: false; readonly message: string };

type Change = { readonly kind: "put"; readonly value: AttributeValue } | { readonly kind: "remove" };
type ChangeTree = PathTree<Change>;

const REMOVE: Change = { kind: "remove" };
const NESTING_MESSAGE =
  "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit";
const INVALID_PATH = "The document path provided in the update expression is invalid for update";

export function applyUpdate(update: UpdateNode, item: Item): UpdateResult {
  const changes: ChangeTree = newPathTree(null);
  const touched: PathNode[] = [];
  const note = (path: PathNode, change: Change): void => {
    touched.push(path);
    const added = addPath(changes, path, change);
    assert(added.ok, "the parser refuses paths that overlap");
  };
  for (const { path, value } of update.set) {
    const computed = computeSetValue(value, item);
    if (!computed.ok) return computed;
    if (isTooDeep(path, computed.value)) return { ok: false, message: NESTING_MESSAGE };
    note(path, { kind: "put", value: computed.value });
  }
  for (const path of update.remove) note(path, REMOVE);
  for (const { path, value } of update.add) {
    const computed = computeAddition(valueAt(item, path), value);
    if (!computed.ok) return computed;
    note(path, { kind: "put", value: computed.value });
  }
  for (const { path, value } of update.delete) {
    const old = valueAt(item, path);
    const computed = old === undefined ? null : computeDeletion(old, value);
    if (computed !== null && !computed.ok) return computed;
    note(path, computed === null || isEmptySet(computed.value) ? REMOVE : { kind: "put", value: computed.value });
  }
  const changed = changeMap(item, changes);
  return changed === null ? { ok: false, message: INVALID_PATH } : { ok: true, item: changed, touched };
}

/** Each value is within the limit where it comes from; put into other values it may get beyond. */
function isTooDeep(path: PathNode, value: AttributeValue): boolean {
  return path.length > 1 && path.length - 1 + levelsOf(value) > NESTING_MAX;
}

/** Levels of lists and maps that a value consists of: 0 for a scalar or a set. */
function levelsOf(value: AttributeValue): number {
  const elements = "L" in value ? value.L : "M" in value ? Object.values(value.M) : null;
  if (elements === null) return 0;
  let levels = 0;
  for (const element of elements) levels = Math.max(levels, levelsOf(element));
  return levels + 1;
}

/** Null: a path leads through something that is not there or has no such parts. */
function changeMap(map: AttributeMap, changes: ChangeTree): AttributeMap | null {
  const changed = copyAttributeMap(map);
  for (const [name, child] of changes.keys ?? []) {
    if (child.leaf === null) {
      const value = changeInside(getAttribute(map, name), child);
      if (value === null) return null;
      setAttribute(changed, name, value);
    } else if (child.leaf.kind === "put") {
      setAttribute(changed, name, child.leaf.value);
    } else {
      deleteAttribute(changed, name);
    }
  }
  return changed;
}

function changeInside(value: AttributeValue | undefined, changes: ChangeTree): AttributeValue | null {
  if (value === undefined) return null;
  if (changes.keys !== null) {
    const map = "M" in value ? changeMap(value.M, changes) : null;
    return map === null ? null : { M: map };
  }
  const list = "L" in value ? changeList(value.L, changes) : null;
  return list === null ? null : { L: list };
}

/**
 * All indexes are of the list as it was. Puts beyond its end are appended in the order of their indexes,
 * without gaps; removed elements drop out at the end.
 */
function changeList(list: readonly AttributeValue[], changes: ChangeTree): readonly AttributeValue[] | null {
  const changed: (AttributeValue | null)[] = [...list];
  const appended: { readonly index: number; readonly value: AttributeValue }[] = [];
  for (const [index, child] of changes.indexes ?? []) {
    if (child.leaf === null) {
      const value = changeInside(list[index], child);
      if (value === null) return null;
      changed[index] = value;
    } else if (child.leaf.kind === "put") {
      if (index < list.length) changed[index] = child.leaf.value;
      else appended.push({ index, value: child.leaf.value });
    } else if (index < list.length) { // beyond the end, the array would grow to the index
      changed[index] = null;
    }
  }
  appended.sort((a, b) => a.index - b.index);
  for (const { value } of appended) changed.push(value);
  return changed.filter((value) => value !== null);
}
