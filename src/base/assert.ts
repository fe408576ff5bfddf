// Assertions. They stay on in production: a failed assertion is a bug, nobody catches it but the
// process entry (or the simulator, which fails the seed).

export class AssertionError extends Error {
  override readonly name: string = "AssertionError";
}

/** Throws AssertionError when `condition` is false. Pass a literal message: templates cost on hot paths. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}

/** Returns `value`, which the caller knows to be present. */
export function must<T>(value: T | null | undefined, message = "value must be present"): T {
  if (value === null || value === undefined) throw new AssertionError(message);
  return value;
}

/** Marks a branch the type system has excluded. */
export function unreachable(value: never): never {
  throw new AssertionError(`unreachable: ${String(value)}`);
}
