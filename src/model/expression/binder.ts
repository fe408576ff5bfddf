// Puts a request's names and values in the place of the placeholders. The first thing that is wrong stays
// in `problem`; a function that returns null has left it there.
import type { AttributeType, AttributeValue } from "../attribute-value.ts";
import type { ExpressionContext } from "./context.ts";
import type { PathNode } from "./ast.ts";
import type { RawPath, RawValue } from "./syntax-tree.ts";

export class Binder {
  readonly #context: ExpressionContext;
  #problem: string | null;

  constructor(context: ExpressionContext) {
    this.#context = context;
    this.#problem = null;
  }

  get problem(): string | null {
    return this.#problem;
  }

  fail(message: string): null {
    this.#problem ??= message;
    return null;
  }

  failOnType(name: string, type: AttributeType | "ANY"): null {
    const shown = type === "ANY" ? "{NS,SS,L,BS,N,M,B,BOOL,NULL,S}" : type;
    const message = "Incorrect operand type for operator or function; operator or function: ";
    return this.fail(`${message}${name}, operand type: ${shown}`);
  }

  path(raw: RawPath): PathNode | null {
    const [first, ...rest] = raw.parts;
    const name = this.#name(first);
    if (name === null) return null;
    const path: [string, ...(string | number)[]] = [name];
    for (const part of rest) {
      const step = typeof part === "number" ? part : this.#name(part);
      if (step === null) return null;
      path.push(step);
    }
    return path;
  }

  value(raw: RawValue): AttributeValue | null {
    const message = "An expression attribute value used in expression is not defined; attribute value: ";
    return this.#context.value(raw.placeholder) ?? this.fail(message + raw.placeholder);
  }

  #name(part: string): string | null {
    if (!part.startsWith("#")) return part;
    const message = "An expression attribute name used in the document path is not defined; attribute name: ";
    return this.#context.name(part) ?? this.fail(message + part);
  }
}
