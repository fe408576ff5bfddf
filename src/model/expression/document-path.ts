// Following a document path into an item.
import type { AttributeValue, Item } from "../attribute-value.ts";
import { getAttribute } from "../attribute-map.ts";
import type { PathNode } from "./ast.ts";

/** Undefined when there is nothing at `path`, for whatever reason. */
export function valueAt(item: Item, path: PathNode): AttributeValue | undefined {
  let value = getAttribute(item, path[0]);
  for (let i = 1; i < path.length && value !== undefined; i++) {
    const part = path[i] as string | number;
    if (typeof part === "number") value = "L" in value ? value.L[part] : undefined;
    else value = "M" in value ? getAttribute(value.M, part) : undefined;
  }
  return value;
}
