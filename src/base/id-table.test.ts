// The table by id against a Map, on random additions and deletions.
import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { describe, it } from "node:test";
import { IdTable } from "./id-table.ts";
import { Prng } from "./prng.ts";

describe("table by id", () => {
  it("does what a Map does", (context) => {
    const seed = randomInt(2 ** 31);
    context.diagnostic(`seed ${seed}`);
    const random = new Prng(seed);
    for (let life = 0; life < 40; life++) {
      const table = new IdTable<{ readonly id: number }>();
      const known = new Map<number, { readonly id: number }>();
      // Few distinct ids near the end of the safe range, or many: both collide and wrap around the end.
      const spread = 2 ** (3 + (life % 10));
      const base = life % 2 === 0 ? 0 : Number.MAX_SAFE_INTEGER - spread * 64;
      for (let step = 0; step < 3_000; step++) {
        const id = base + random.below(spread) * (1 + (life % 64));
        assert.equal(table.get(id), known.get(id));
        assert.equal(table.has(id), known.has(id));
        if (known.has(id) || random.below(3) === 0) {
          assert.equal(table.delete(id), known.delete(id));
        } else {
          const value = { id };
          table.add(value);
          known.set(id, value);
        }
        assert.equal(table.size, known.size);
      }
      assert.deepEqual(new Set(table.values()), new Set(known.values()));
    }
  });

  it("refuses an id twice", () => {
    const table = new IdTable<{ readonly id: number }>();
    table.add({ id: 3 });
    assert.throws(() => table.add({ id: 3 }), /once/);
  });
});
