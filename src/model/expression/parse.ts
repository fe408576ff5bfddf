// The expressions of a request: from text and placeholders to what is evaluated, or to the message of
// DynamoDB's ValidationException.
import { bindCondition } from "./bind-condition.ts";
import { bindUpdate, overlapOf } from "./bind-update.ts";
import { Binder } from "./binder.ts";
import type { ConditionNode, PathNode, UpdateNode } from "./ast.ts";
import type { ExpressionContext } from "./context.ts";
import { toKeyCondition } from "./key-condition.ts";
import type { KeyCondition, KeyConditionSchema } from "./key-condition.ts";
import { conditionTree, projectionTree, updateTree } from "./parse-text.ts";
import { must } from "../../base/assert.ts";

export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly message: string };

type ExpressionKind =
  | "ConditionExpression" | "FilterExpression" | "KeyConditionExpression" | "UpdateExpression" | "ProjectionExpression";

export function parseCondition(
  text: string,
  kind: "ConditionExpression" | "FilterExpression",
  context: ExpressionContext,
): Parsed<ConditionNode> {
  return conditionOf(text, kind, context);
}

export function parseKeyCondition(
  text: string,
  context: ExpressionContext,
  schema: KeyConditionSchema,
): Parsed<KeyCondition> {
  const condition = conditionOf(text, "KeyConditionExpression", context);
  // What a key condition may not say comes without "Invalid KeyConditionExpression: " in front.
  return condition.ok ? toKeyCondition(condition.value, schema) : condition;
}

/** A key condition of whatever attributes, not looked into. */
export function parseKeyConditionNode(text: string, context: ExpressionContext): Parsed<ConditionNode> {
  return conditionOf(text, "KeyConditionExpression", context);
}

export function parseUpdate(text: string, context: ExpressionContext): Parsed<UpdateNode> {
  const tree = updateTree(text);
  const bound = tree.ok ? bindUpdate(tree.root, context) : tree;
  return bound.ok ? bound : invalid("UpdateExpression", bound.message);
}

export function parseProjection(text: string, context: ExpressionContext): Parsed<readonly PathNode[]> {
  const tree = projectionTree(text);
  if (!tree.ok) return invalid("ProjectionExpression", tree.message);
  const binder = new Binder(context);
  const paths: PathNode[] = [];
  for (const raw of tree.root) {
    const path = binder.path(raw);
    if (path === null) return invalid("ProjectionExpression", must(binder.problem));
    paths.push(path);
  }
  const overlap = overlapOf(paths);
  return overlap === null ? { ok: true, value: paths } : invalid("ProjectionExpression", overlap);
}

function conditionOf(text: string, kind: ExpressionKind, context: ExpressionContext): Parsed<ConditionNode> {
  const tree = conditionTree(text);
  const bound = tree.ok ? bindCondition(tree.root, context) : tree;
  return bound.ok ? bound : invalid(kind, bound.message);
}

function invalid(kind: ExpressionKind, message: string): { readonly ok: false; readonly message: string } {
  return { ok: false, message: `Invalid ${kind}: ${message}` };
}
