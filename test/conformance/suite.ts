// The vocabulary of the conformance cases: what is asked of which operation, and what it must answer. Inputs and
// expected texts write `$table` for a table's name.
import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import type { Target } from "./target.ts";

export type Case = {
  readonly operation: string;
  readonly name: string;
  readonly run: (target: Target) => Promise<void>;
};

/** Cases that share tables. `setup` makes them. */
export type Suite = {
  readonly name: string;
  readonly setup: (target: Target) => Promise<void>;
  readonly cases: readonly Case[];
};

/** Operation, input, message (null: none), and the error's name where it is not ValidationException. */
export type Refused = readonly [operation: string, input: unknown, message: string | RegExp | null, type?: string];

/** Each input must be refused in exactly these words. */
export function refuses(title: string, cases: readonly Refused[]): Case[] {
  return cases.map(([operation, input, message, type = "ValidationException"], i) => ({
    operation, name: `${title} ${i + 1}`,
    run: async (target) => {
      const answer = await target.ask(operation, input);
      const shown = `${operation} ${JSON.stringify(input).slice(0, 400)}`;
      assert.equal(answer.status, 400, `${shown}: ${answer.status} ${answer.text.slice(0, 600)}`);
      const got = answer.message?.slice(0, 20_000) ?? null;
      if (message instanceof RegExp) assert.match(got ?? "", message, shown);
      else assert.equal(got, message === null ? null : target.named(message), shown);
      assert.equal(answer.type, type, `${shown}: ${answer.text.slice(0, 600)}`);
    },
  }));
}

/** Operation, input, and members that the answer must have, with these values. */
export type Answered = readonly [operation: string, input: unknown, expected: Readonly<Record<string, unknown>>];

/** The steps of one case, in order. A member that is `undefined` must be absent. */
export function answers(operation: string, name: string, steps: readonly Answered[]): Case {
  return {
    operation, name,
    run: async (target) => {
      for (const [step, input, expected] of steps) {
        const json = await target.ok(step, input);
        for (const [member, value] of Object.entries(expected)) {
          const wanted: unknown = value === undefined ? undefined : JSON.parse(target.named(JSON.stringify(value)));
          if (isDeepStrictEqual(inOrder(json[member]), inOrder(wanted))) continue;
          assert.deepEqual(inOrder(json[member]), inOrder(wanted), `${step} ${JSON.stringify(input).slice(0, 400)}: ${member}`);
        }
      }
    },
  };
}

export function does(operation: string, name: string, run: (target: Target) => Promise<void>): Case {
  return { operation, name, run };
}

const SETS: ReadonlySet<string> = new Set(["SS", "NS", "BS"]);

/** Members of sets have no order: sorted, so that two answers can be compared. */
export function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [
    name, SETS.has(name) && Array.isArray(inner) ? inner.toSorted() : inOrder(inner),
  ]));
}

export const S = (value: string): { S: string } => ({ S: value });
export const N = (value: number | string): { N: string } => ({ N: String(value) });
