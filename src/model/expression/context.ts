// The placeholders of one request (ExpressionAttributeNames and ExpressionAttributeValues), shared by all
// its expressions: every placeholder has to be used by one of them.
import type { AttributeValue } from "../attribute-value.ts";

export class ExpressionContext {
  readonly #names: Readonly<Record<string, string>> | null;
  readonly #values: Readonly<Record<string, AttributeValue>> | null;
  /** Null: none yet. Most requests use one kind of placeholder at most. */
  #usedNames: Set<string> | null;
  #usedValues: Set<string> | null;

  /** Keys come with their `#` or `:`. */
  constructor(
    names: Readonly<Record<string, string>> | null,
    values: Readonly<Record<string, AttributeValue>> | null,
  ) {
    this.#names = names;
    this.#values = values;
    this.#usedNames = null;
    this.#usedValues = null;
  }

  /** The attribute name `#x` stands for, which counts as used from now on. Null: not defined. */
  name(placeholder: string): string | null {
    if (this.#names === null || !Object.hasOwn(this.#names, placeholder)) return null;
    (this.#usedNames ??= new Set()).add(placeholder);
    return this.#names[placeholder] ?? null;
  }

  /** The value `:x` stands for, which counts as used from now on. Null: not defined. */
  value(placeholder: string): AttributeValue | null {
    if (this.#values === null || !Object.hasOwn(this.#values, placeholder)) return null;
    (this.#usedValues ??= new Set()).add(placeholder);
    return this.#values[placeholder] ?? null;
  }

  /** To be asked when all expressions of the request are parsed: the error about leftover placeholders. */
  unusedProblem(): string | null {
    return unusedIn("ExpressionAttributeNames", this.#names, this.#usedNames) ??
      unusedIn("ExpressionAttributeValues", this.#values, this.#usedValues);
  }
}

function unusedIn(parameter: string, defined: object | null, used: ReadonlySet<string> | null): string | null {
  if (defined === null) return null;
  const placeholders = Object.keys(defined);
  if (used !== null && used.size === placeholders.length) return null;
  const unused = placeholders.filter((placeholder) => used === null || !used.has(placeholder));
  if (unused.length === 0) return null;
  return `Value provided in ${parameter} unused in expressions: keys: {${unused.join(", ")}}`;
}
