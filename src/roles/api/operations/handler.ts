// What every operation of the API gives to the registry.
import type { Call } from "../call.ts";
import type { Failure } from "../errors.ts";
import type { JsonObject } from "../validate/json-object.ts";
import type { StructureShape } from "../validate/shape.ts";

/**
 * One operation. `run` is given an input that has passed `shape`; it plans what is to be executed, or answers
 * at once, or returns the failure to answer with. It changes nothing outside of the call.
 */
export type OperationHandler = {
  readonly shape: StructureShape;
  readonly run: (input: JsonObject, call: Call) => Failure | null;
};
