// Parts of items: what a ProjectionExpression asks for, and what ReturnValues reports of an update.
import { assert } from "../../base/assert.ts";
import type { AttributeMap, AttributeValue, Item } from "../attribute-value.ts";
import { attributeNames, getAttribute, newAttributeMap, setAttribute } from "../attribute-map.ts";
import type { PathNode } from "./ast.ts";
import { addPath, newPathTree } from "./path-tree.ts";
import type { PathTree } from "./path-tree.ts";

/**
 * The parts of `item` at `paths`, each inside the maps and lists that lead to it. Lists keep the order of
 * their elements and close up over those left out; maps and lists nothing is taken from are left out.
 */
export function projectItem(paths: readonly PathNode[], item: Item): Item {
  if (paths.every((path) => path.length === 1)) return projectWhole(paths, item);
  const tree = newPathTree<true>(null);
  for (const path of paths) {
    const added = addPath(tree, path, true);
    assert(added.ok, "the parser refuses paths that overlap");
  }
  return projectMap(tree, item) ?? newAttributeMap();
}

/**
 * The updated attributes as they were or as they are, in the shape projectItem gives. Null: there is nothing
 * to report, and the answer has no Attributes.
 */
export function updatedAttributes(
  touched: readonly PathNode[],
  oldItem: Item | null,
  newItem: Item,
  which: "UPDATED_OLD" | "UPDATED_NEW",
): Item | null {
  const item = which === "UPDATED_OLD" ? oldItem : newItem;
  if (item === null) return null;
  const part = projectItem(touched, item);
  return attributeNames(part).length === 0 ? null : part;
}

function projectWhole(paths: readonly PathNode[], item: Item): Item {
  const projected = newAttributeMap();
  for (const [name] of paths) {
    const value = getAttribute(item, name);
    if (value !== undefined) setAttribute(projected, name, value);
  }
  return projected;
}

function projectMap(tree: PathTree<true>, map: AttributeMap): AttributeMap | null {
  const projected = newAttributeMap();
  let isEmpty = true;
  for (const [name, child] of tree.keys ?? []) {
    const value = getAttribute(map, name);
    const part = value === undefined ? null : projectValue(child, value);
    if (part === null) continue;
    setAttribute(projected, name, part);
    isEmpty = false;
  }
  return isEmpty ? null : projected;
}

function projectValue(tree: PathTree<true>, value: AttributeValue): AttributeValue | null {
  if (tree.leaf !== null) return value;
  if (tree.keys !== null) {
    const map = "M" in value ? projectMap(tree, value.M) : null;
    return map === null ? null : { M: map };
  }
  const list = "L" in value ? projectList(tree, value.L) : [];
  return list.length === 0 ? null : { L: list };
}

function projectList(tree: PathTree<true>, list: readonly AttributeValue[]): AttributeValue[] {
  const projected: AttributeValue[] = [];
  const children = [...(tree.indexes ?? [])].sort((a, b) => a[0] - b[0]);
  for (const [index, child] of children) {
    const value = list[index];
    const part = value === undefined ? null : projectValue(child, value);
    if (part !== null) projected.push(part);
  }
  return projected;
}
