// What a checker found. Any violation fails the seed.

export type Violation = {
  /** Which invariant. */
  readonly checker: string;
  readonly message: string;
};

export function violation(checker: string, message: string): Violation {
  return { checker, message };
}
