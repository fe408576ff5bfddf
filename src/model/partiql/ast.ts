// A PartiQL statement, parsed, with its parameters in place.
import type { AttributeValue, Item } from "../attribute-value.ts";
import type { ConditionNode, PathNode, UpdateNode } from "../expression/ast.ts";

/** `path` is an attribute of the primary key, or the statement is refused. */
export type OrderTerm = { readonly path: PathNode; readonly isForward: boolean };

export type SelectStatement = {
  readonly kind: "select";
  /** Null: all of the item. */
  readonly projection: readonly PathNode[] | null;
  readonly table: string;
  readonly index: string | null;
  readonly where: ConditionNode | null;
  readonly order: readonly OrderTerm[];
};
export type InsertStatement = { readonly kind: "insert"; readonly table: string; readonly item: Item };
export type UpdateStatement = {
  readonly kind: "update";
  readonly table: string;
  readonly update: UpdateNode;
  readonly where: ConditionNode | null;
  readonly returning: Returning;
};
export type DeleteStatement = {
  readonly kind: "delete";
  readonly table: string;
  readonly where: ConditionNode | null;
  readonly returning: "NONE" | "ALL_OLD";
};
export type Returning = "NONE" | "ALL_OLD" | "UPDATED_OLD" | "ALL_NEW" | "UPDATED_NEW";
export type Statement = SelectStatement | InsertStatement | UpdateStatement | DeleteStatement;

/** `message` is that of a ValidationException. */
export type StatementResult =
  | { readonly ok: true; readonly statement: Statement }
  | { readonly ok: false; readonly message: string };

/** What stands where a value or a path may stand. Lists, maps and sets are values once they are parsed. */
export type Parameters = readonly AttributeValue[];
