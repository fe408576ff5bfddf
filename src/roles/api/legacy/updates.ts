// AttributeUpdates as an update.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/LegacyConditionalParameters.AttributeUpdates.html
import type { AttributeValue } from "../../../model/attribute-value.ts";
import type { PathNode, UpdateNode } from "../../../model/expression/ast.ts";
import { typeOf } from "../../../model/expression/value-type.ts";
import { isNameTooLong } from "../../../model/parse-value.ts";
import { NAME_EMPTY, NAME_TOO_LONG } from "../../../model/value-problem.ts";
import { validation } from "../errors.ts";
import { type Result, no, ok } from "../result.ts";
import { InvalidValue } from "../validate/check-values.ts";
import type { JsonObject } from "../validate/json-object.ts";

const INVALID = "One or more parameter values were invalid: ";

type AttributeUpdate = { readonly Value?: unknown; readonly Action?: "ADD" | "PUT" | "DELETE" };
type Value = { readonly path: PathNode; readonly value: AttributeValue };

/** Null: no AttributeUpdates. */
export function legacyUpdate(input: JsonObject): Result<UpdateNode | null> {
  const updates = input["AttributeUpdates"] as Readonly<Record<string, AttributeUpdate>> | undefined;
  if (updates === undefined) return ok(null);
  const puts: Value[] = [];
  const adds: Value[] = [];
  const deletes: Value[] = [];
  const remove: PathNode[] = [];
  for (const [name, { Value, Action = "PUT" }] of Object.entries(updates)) {
    const path: PathNode = [name];
    if (name === "") return no(validation(NAME_EMPTY.message));
    if (isNameTooLong(name)) return no(validation(NAME_TOO_LONG.message));
    if (Value instanceof InvalidValue) return no(validation(Value.message));
    if (Value === undefined) {
      if (Action !== "DELETE") {
        return no(validation(`${INVALID}Only DELETE action is allowed when no attribute value is specified`));
      }
      remove.push(path);
      continue;
    }
    const value = Value as AttributeValue;
    const type = typeOf(value);
    if (Action === "PUT") puts.push({ path, value });
    else if (Action === "ADD") {
      if (type !== "N" && type !== "L" && !isSet(type)) {
        return no(validation(`${INVALID}ADD action is not supported for the type ${type}`));
      }
      adds.push({ path, value });
    } else {
      if (!isSet(type)) {
        return no(validation(`${INVALID}DELETE action with value is not supported for the type ${type}`));
      }
      deletes.push({ path, value });
    }
  }
  const set = puts.map(({ path, value }) => (
    { path, value: { kind: "operand", operand: { kind: "value", value } } } as const
  ));
  return ok({ set, remove, add: adds, delete: deletes });
}

function isSet(type: string): boolean {
  return type === "SS" || type === "NS" || type === "BS";
}
