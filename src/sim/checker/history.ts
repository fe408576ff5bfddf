// A client's view of one item: what was asked, what came back, and between which two instants.

export type ItemCommand =
  | { readonly kind: "get" }
  | { readonly kind: "put"; readonly value: string }
  /** Put if the item is absent. */
  | { readonly kind: "create"; readonly value: string }
  /** Put if the item holds `expected`. */
  | { readonly kind: "swap"; readonly expected: string; readonly value: string }
  | { readonly kind: "delete" }
  /** Delete if the item holds `expected`. */
  | { readonly kind: "delete-if"; readonly expected: string }
  /** Adds to a counter that starts at 0, and returns the sum. */
  | { readonly kind: "add"; readonly by: number };

/** What an item holds: null when absent. A counter holds its decimal digits. */
export type ItemState = string | null;

/**
 * "failed": the condition did not hold. "unknown": no answer, or one that leaves open whether it was done; it
 * may take effect at any time after the call, or never. `old` is what the answer says the item held before;
 * undefined when it does not say.
 */
export type ItemResult =
  | { readonly kind: "read"; readonly value: ItemState }
  | { readonly kind: "done"; readonly old: ItemState | undefined }
  | { readonly kind: "sum"; readonly value: string }
  | { readonly kind: "failed"; readonly old: ItemState | undefined }
  | { readonly kind: "unknown" };

export type ItemCall = {
  readonly client: number;
  readonly item: string;
  readonly command: ItemCommand;
  readonly invokedUs: number;
  /** Infinity when the result is unknown. */
  readonly returnedUs: number;
  readonly result: ItemResult;
};

export function describeCall(call: ItemCall): string {
  const { command, result } = call;
  const asked = Object.values(command).join(" ");
  const got = Object.values(result).map((part) => String(part)).join(" ");
  const until = call.returnedUs === Infinity ? "…" : String(call.returnedUs);
  return `[${call.invokedUs}, ${until}] client ${call.client}: ${asked} -> ${got}`;
}

/** The state after `command` from `state`, or undefined if its result cannot be `result` there. */
export function stepItem(state: ItemState, command: ItemCommand, result: ItemResult): ItemState | undefined {
  const isUnknown = result.kind === "unknown";
  if ((result.kind === "done" || result.kind === "failed") && result.old !== undefined && result.old !== state) {
    return undefined;
  }
  switch (command.kind) {
    case "get":
      return isUnknown || (result.kind === "read" && result.value === state) ? state : undefined;
    case "put":
      return isUnknown || result.kind === "done" ? command.value : undefined;
    case "delete":
      return isUnknown || result.kind === "done" ? null : undefined;
    case "create":
      return conditional(state, state === null, command.value, result);
    case "swap":
      return conditional(state, state === command.expected, command.value, result);
    case "delete-if":
      return conditional(state, state === command.expected, null, result);
    case "add": {
      const sum = String(Number(state ?? "0") + command.by);
      return isUnknown || (result.kind === "sum" && result.value === sum) ? sum : undefined;
    }
  }
}

function conditional(state: ItemState, holds: boolean, next: ItemState, result: ItemResult): ItemState | undefined {
  switch (result.kind) {
    case "unknown":
      return holds ? next : state;
    case "done":
      return holds ? next : undefined;
    case "failed":
      return holds ? undefined : state;
    default:
      return undefined;
  }
}
