// Document paths as a tree: overlap checks, projections and updates all walk it.
import { must } from "../../base/assert.ts";
import type { PathNode } from "./ast.ts";

/** One step of some paths. A node has a leaf or children, never both, and children of one kind. */
export type PathTree<Leaf> = {
  /** Set where a path ends. */
  leaf: Leaf | null;
  /** By map key, or by list index. Null at a leaf. */
  keys: Map<string, PathTree<Leaf>> | null;
  indexes: Map<number, PathTree<Leaf>> | null;
  /** The path that made this node. */
  readonly path: PathNode | null;
};

export type Addition = { readonly ok: true } | { readonly ok: false; readonly message: string };

export function newPathTree<Leaf>(path: PathNode | null): PathTree<Leaf> {
  return { leaf: null, keys: null, indexes: null, path };
}

/** Fails, leaving the tree unusable, when `path` cannot stand beside the paths already there. */
export function addPath<Leaf>(root: PathTree<Leaf>, path: PathNode, leaf: Leaf): Addition {
  let node = root;
  for (const part of path) {
    if (node.leaf !== null) return clash("overlap", node, path);
    if ((typeof part === "string" ? node.indexes : node.keys) !== null) return clash("conflict", node, path);
    node = childOf(node, part, path);
  }
  if (node.leaf !== null || node.keys !== null || node.indexes !== null) return clash("overlap", node, path);
  node.leaf = leaf;
  return { ok: true };
}

function childOf<Leaf>(node: PathTree<Leaf>, part: string | number, path: PathNode): PathTree<Leaf> {
  if (typeof part === "string") {
    node.keys ??= new Map();
    return childIn(node.keys, part, path);
  }
  node.indexes ??= new Map();
  return childIn(node.indexes, part, path);
}

function childIn<Leaf, Part>(
  children: Map<Part, PathTree<Leaf>>,
  part: Part,
  path: PathNode,
): PathTree<Leaf> {
  const existing = children.get(part);
  if (existing !== undefined) return existing;
  const child = newPathTree<Leaf>(path);
  children.set(part, child);
  return child;
}

/** The path that made a node goes through it to its leaf, so it is one of those `path` clashes with. */
function clash(how: "overlap" | "conflict", node: PathTree<unknown>, path: PathNode): Addition {
  const one = formatPath(must(node.path));
  return {
    ok: false,
    message: `Two document paths ${how} with each other; must remove or rewrite one of these paths; ` +
      `path one: ${one}, path two: ${formatPath(path)}`,
  };
}

/** As DynamoDB's messages show paths: `[a, [1], b]`. */
export function formatPath(path: PathNode): string {
  return `[${path.map((part) => (typeof part === "number" ? `[${part}]` : part)).join(", ")}]`;
}
