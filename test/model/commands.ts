// Random steps: each is done to the reference and to the server, and what both say is compared.
import assert from "node:assert/strict";
import fc from "fast-check";
import type { Condition, Key, Range, ReferenceTable, Row, Update } from "./reference.ts";
import type { ServerTable } from "./server-table.ts";

export type Step = fc.AsyncCommand<ReferenceTable, ServerTable>;

class StepOf implements Step {
  readonly #text: string;
  readonly #run: (model: ReferenceTable, real: ServerTable) => Promise<void>;

  constructor(text: string, run: (model: ReferenceTable, real: ServerTable) => Promise<void>) {
    this.#text = text;
    this.#run = run;
  }

  check(): boolean {
    return true;
  }

  run(model: ReferenceTable, real: ServerTable): Promise<void> {
    return this.#run(model, real);
  }

  toString(): string {
    return this.#text.length > 300 ? `${this.#text.slice(0, 300)}…` : this.#text;
  }
}

/** Few keys, so that steps meet; numbers whose order is not that of their texts. */
const pk = fc.constantFrom("a", "b", "aa", "", "\u{10000}x", "\u0000").map((text) => (text === "" ? "\ufffd" : text));
const sk = fc.constantFrom(-1e21, -10, -9, -0.5, 0, 1e-7, 0.5, 1, 2, 10, 100, 1e30);
const key: fc.Arbitrary<Key> = fc.record({ pk, sk }, { noNullPrototype: true });
const condition: fc.Arbitrary<Condition> = fc.oneof(
  { weight: 3, arbitrary: fc.constant<Condition>("none") },
  { weight: 2, arbitrary: fc.constantFrom<Condition>("absent", "present", "n-above-2") },
);
const text = fc.tuple(fc.constantFrom("", "x", "é", "\u{1f600}"), fc.constantFrom(1, 20, 900, 40_000))
  .map(([letter, count]) => letter.repeat(count));
const tags = fc.uniqueArray(fc.constantFrom("red", "green", "blue", ""), { minLength: 1, maxLength: 3 })
  .map((list) => list.sort());
const row: fc.Arbitrary<Row> = fc.record({ pk, sk, n: fc.integer({ min: -3, max: 9 }), s: text, tags }, {
  requiredKeys: ["pk", "sk"], noNullPrototype: true,
});
const OPTIONAL: fc.RecordConstraints<never> = { requiredKeys: [], noNullPrototype: true };
const update: fc.Arbitrary<Update> = fc.oneof(
  fc.record({ add: fc.integer({ min: -5, max: 5 }), setS: text, addTags: tags }, OPTIONAL),
  fc.record({ add: fc.constant(1), removeS: fc.boolean(), deleteTags: tags }, OPTIONAL),
);
const range: fc.Arbitrary<Range> = fc.oneof(
  fc.constant<Range>({ op: "all" }),
  fc.record({ op: fc.constantFrom(...(["=", "<", "<=", ">", ">="] as const)), sk }, { noNullPrototype: true }),
  fc.tuple(sk, sk).map(([a, b]): Range => ({ op: "between", low: Math.min(a, b), high: Math.max(a, b) })),
);
const limit = fc.constantFrom(1, 2, 3, 7, 100);

const show = (name: string, ...parts: readonly unknown[]): string =>
  `${name}(${parts.map((part) => JSON.stringify(part)).join(", ")})`;
const byKey = (a: Row, b: Row): number => (a.pk < b.pk ? -1 : a.pk > b.pk ? 1 : a.sk - b.sk);

const put = fc.tuple(row, condition).map(([what, when]) => new StepOf(show("put", what, when), async (model, real) => {
  assert.deepEqual(await real.put(what, when), model.put(what, when));
}));
const remove = fc.tuple(key, condition).map(([what, when]) =>
  new StepOf(show("delete", what, when), async (model, real) => {
    assert.deepEqual(await real.delete(what, when), model.delete(what, when));
  }));
const change = fc.tuple(key, update, condition).map(([what, how, when]) =>
  new StepOf(show("update", what, how, when), async (model, real) => {
    assert.deepEqual(await real.update(what, how, when), model.update(what, how, when));
  }));
const get = key.map((what) => new StepOf(show("get", what), async (model, real) => {
  assert.deepEqual(await real.get(what), model.get(what));
}));
const query = fc.tuple(pk, range, fc.boolean(), limit).map(([of, within, isForward, pageSize]) =>
  new StepOf(show("query", of, within, isForward, pageSize), async (model, real) => {
    assert.deepEqual(await real.query(of, within, isForward, pageSize), model.query(of, within, isForward));
  }));
const scan = fc.tuple(fc.constantFrom(1, 1, 2, 5), limit).map(([segments, pageSize]) =>
  new StepOf(show("scan", segments, pageSize), async (model, real) => {
    assert.deepEqual((await real.scan(segments, pageSize)).sort(byKey), model.all());
  }));
const batchWrite = fc.uniqueArray(fc.tuple(row, fc.boolean()), {
  minLength: 1, maxLength: 25, selector: ([one]) => `${one.pk} ${one.sk}`,
}).map((writes) => new StepOf(show("batchWrite", writes), async (model, real) => {
  const puts = writes.filter(([, isPut]) => isPut).map(([one]) => one);
  const deletes = writes.filter(([, isPut]) => !isPut).map(([one]): Key => ({ pk: one.pk, sk: one.sk }));
  for (const one of puts) model.put(one, "none");
  for (const one of deletes) model.delete(one, "none");
  await real.batchWrite(puts, deletes);
}));
const batchGet = fc.uniqueArray(key, {
  minLength: 1, maxLength: 40, selector: (one) => `${one.pk} ${one.sk}`,
}).map((keys) => new StepOf(show("batchGet", keys), async (model, real) => {
  const expected = keys.map((one) => model.get(one)).filter((one) => one !== null);
  assert.deepEqual((await real.batchGet(keys)).sort(byKey), expected.sort(byKey));
}));
const count = fc.constant(0).map(() => new StepOf("count()", async (model, real) => {
  assert.equal(await real.itemCount(), model.size);
}));
const restart = fc.nat().map((draw) => new StepOf(show("restart", draw), (_model, real) => real.restart(draw)));

/** Sequences of steps; every `restartOneIn`-th is a restart. */
export function steps(stepsMax: number, restartOneIn: number): fc.Arbitrary<Iterable<Step>> {
  const work = fc.oneof(
    { weight: 5, arbitrary: put }, { weight: 5, arbitrary: change }, { weight: 3, arbitrary: remove },
    { weight: 3, arbitrary: get }, { weight: 4, arbitrary: query }, { weight: 2, arbitrary: scan },
    { weight: 3, arbitrary: batchWrite }, { weight: 2, arbitrary: batchGet }, { weight: 1, arbitrary: count },
  );
  const one: fc.Arbitrary<Step> = fc.oneof(
    { weight: restartOneIn - 1, arbitrary: work }, { weight: 1, arbitrary: restart },
  );
  return fc.commands([one], { maxCommands: stepsMax, size: "max" });
}
