// Which attributes a condition looks at.
import type { ConditionNode, Operand, PathNode } from "../../../model/expression/ast.ts";

/** The first of the attributes that the condition looks at for which `is` holds. */
export function firstNameIn(node: ConditionNode, is: (name: string) => boolean): string | null {
  const ofPath = (path: PathNode): string | null => is(path[0]) ? path[0] : null;
  const of = (operand: Operand): string | null => operand.kind === "value" ? null : ofPath(operand.path);
  switch (node.kind) {
    case "and": case "or":
      return firstNameIn(node.left, is) ?? firstNameIn(node.right, is);
    case "not": return firstNameIn(node.operand, is);
    case "compare": return of(node.left) ?? of(node.right);
    case "between": return of(node.operand) ?? of(node.low) ?? of(node.high);
    case "in": {
      let found = of(node.operand);
      for (const operand of node.list) found ??= of(operand);
      return found;
    }
    case "begins_with": return of(node.operand) ?? of(node.prefix);
    case "contains": return of(node.operand) ?? of(node.element);
    case "attribute_exists": case "attribute_not_exists": case "attribute_type":
      return ofPath(node.path);
    default:
      return node satisfies never;
  }
}
