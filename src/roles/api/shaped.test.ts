// Inputs made along the shapes of all 66 operations: each is answered once, 200 or 400, in well-formed words; and most
// operations are met with what they take.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Prng } from "../../base/prng.ts";
import { REGISTRY } from "./operations.ts";
import { apiWithTables } from "./testkit.test.ts";
import { randomInput } from "./validate/random-input.fuzz.ts";

const SEED: number = Number(process.env["SEED"] ?? Date.now() % 1_000_000_000);
const RUNS = 30_000;
const ARN = "arn:aws:dynamodb:eu-west-1:000000000000:table/ranged";
const WORDS = {
  names: ["ranged", "hash-only", "new-table", "pk", "sk", "index"],
  arns: [ARN, `${ARN}/stream/2026-01-01T00:00:00.000`, `${ARN}/backup/01234567890123-abcdefgh`, `${ARN}/export/01`,
    "arn:aws:kinesis:eu-west-1:000000000000:stream/s"],
};

test("inputs along the shapes of all operations", (t) => {
  t.diagnostic(`seed ${SEED}`);
  const prng = new Prng(SEED);
  const targets = [...REGISTRY.keys()];
  const seen = new Map<string, Set<string>>(targets.map((target) => [target, new Set()]));
  let api = apiWithTables();
  for (let i = 0; i < RUNS; i++) {
    if (i % 500 === 0) api = apiWithTables();
    const target = prng.pick(targets);
    const { shape } = REGISTRY.get(target)?.handler ?? assert.fail();
    const input = JSON.stringify(randomInput(prng, shape, WORDS) ?? {});
    const answer = api.ask(target, input);
    const about = `seed ${SEED} run ${i} ${target} ${input}: ${answer.status} ${answer.text}`;
    // The store of this test does no transactions, which is told as an error of the server's.
    const isUndone = answer.status === 500 && /Transact|ExecuteTransaction/.test(target);
    assert.ok(answer.status === 200 || answer.status === 400 || isUndone, about);
    assert.equal(typeof answer.json, "object", about);
    const kind = answer.status === 200 ? "200" : (answer.json.__type as string).split("#")[1] ?? "";
    seen.get(target)?.add(kind);
  }
  assert.deepEqual(api.events, []);
  const good = [...seen].filter(([, kinds]) => kinds.has("200")).length;
  const beyond = [...seen].filter(([, kinds]) => [...kinds].some((kind) => kind !== "ValidationException" && kind !== "SerializationException"));
  assert.ok(good >= 20, `${good} operations succeeded`);
  assert.ok(beyond.length >= 50, `of ${targets.length} operations ${beyond.length} came beyond their shapes`);
});
