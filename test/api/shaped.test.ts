// Inputs made along the shapes of all operations, asked of a whole cluster: answered 200 or 400, and the cluster goes
// on serving. (src/roles/api/shaped.test.ts asks the same of the API role alone.)
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Prng } from "../../src/base/prng.ts";
import { REGISTRY } from "../../src/roles/api/operations.ts";
import { randomInput } from "../../src/roles/api/validate/random-input.fuzz.ts";
import { REGION, Server } from "./kit.ts";

const SEED: number = Number(process.env["STATOR_TEST_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
/** Some seconds; STATOR_HOSTILE_REQUESTS asks for more. */
const REQUESTS: number = Number(process.env["STATOR_HOSTILE_REQUESTS"] ?? 1_200);
const ARN = `arn:aws:dynamodb:${REGION}:000000000000:table/main`;
const WORDS = { names: ["main", "other", "third", "pk", "sk", "index"], arns: [ARN, `${ARN}/backup/01234567890123-abcdefgh`] };

let server: Server;
before(async () => {
  server = await Server.start({ partitionsPerTable: 1 });
});
after(() => server.stop());

/** The table that most requests are about, made again when one of them has deleted it. */
async function makeTable(): Promise<void> {
  await server.ask("CreateTable", {
    TableName: "main", BillingMode: "PAY_PER_REQUEST", KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }],
    AttributeDefinitions: [{ AttributeName: "pk", AttributeType: "S" }, { AttributeName: "sk", AttributeType: "N" }],
    GlobalSecondaryIndexes: [{ IndexName: "index", KeySchema: [{ AttributeName: "sk", KeyType: "HASH" }], Projection: { ProjectionType: "ALL" } }],
    StreamSpecification: { StreamEnabled: true, StreamViewType: "KEYS_ONLY" },
  });
}

test("inputs along the shapes of all operations are answered by a cluster", async (t) => {
  t.diagnostic(`STATOR_TEST_SEED=${SEED}`);
  const prng = new Prng(SEED);
  const targets = [...REGISTRY.keys()];
  let good = 0;
  for (let i = 0; i < REQUESTS; i++) {
    if (i % 50 === 0) await makeTable();
    const target = prng.pick(targets);
    const { shape } = REGISTRY.get(target)?.handler ?? assert.fail();
    const input = JSON.stringify(randomInput(prng, shape, WORDS) ?? {});
    const answer = await server.ask(target, input);
    const about = `STATOR_TEST_SEED=${SEED} request ${i} ${target} ${input}: ${answer.status} ${answer.text}`;
    assert.ok(answer.status === 200 || answer.status === 400, about);
    assert.equal(typeof answer.json, "object", about);
    if (answer.status === 200) good++;
  }
  assert.ok(good > REQUESTS / 50, `${good} of ${REQUESTS} succeeded`);
  await server.table("afterwards", "pk:S");
  await server.ok("PutItem", { TableName: "afterwards", Item: { pk: { S: "a" } } });
});
