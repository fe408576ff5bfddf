// What the registry says of an operation: what runs it, and how far it and its parameters do what DynamoDB's do. The
// compatibility table in the documents is made from it.
import { unknownOperation } from "../errors.ts";
import type { OperationHandler } from "../operations/handler.ts";
import type { StructureShape } from "../validate/shape.ts";

/** `text`: what is missing, or how it is answered in the meantime. */
export type State =
  | { readonly kind: "complete" }
  | { readonly kind: "partial"; readonly text: string }
  | { readonly kind: "not yet"; readonly text: string };

export type Entry = {
  readonly handler: OperationHandler;
  readonly state: State;
  /** Of the parameters that are in another state than the operation, by name. */
  readonly parameters: Readonly<Record<string, State>>;
};

export const COMPLETE: State = { kind: "complete" };

export function partly(text: string): State {
  return { kind: "partial", text };
}

export function notYet(text: string): State {
  return { kind: "not yet", text };
}

export function complete(handler: OperationHandler, parameters: Readonly<Record<string, State>> = {}): Entry {
  return { handler, state: COMPLETE, parameters };
}

export function partial(
  handler: OperationHandler, text: string, parameters: Readonly<Record<string, State>> = {},
): Entry {
  return { handler, state: partly(text), parameters };
}

/** There is an answer, and it says that the thing is not there. */
export function unavailable(handler: OperationHandler, text: string): Entry {
  return { handler, state: notYet(text), parameters: {} };
}

/** Input is checked like any other's, and then refused. */
export function refused(name: string, shape: StructureShape): Entry {
  const failure = unknownOperation(`The operation ${name} is not supported by this server.`);
  return { handler: { shape, run: () => failure }, state: notYet("UnknownOperationException"), parameters: {} };
}
