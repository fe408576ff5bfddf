// Valid requests of all operations with random places of them changed, asked of a whole cluster: each is answered 200 or
// 400 in time, and an error by a name that is known and in words. Beyond what hostile.test.ts and shaped.test.ts ask,
// every operation begins from what it takes, streams and settings of tables too.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Prng } from "../../src/base/prng.ts";
import { REGISTRY } from "../../src/roles/api/operations.ts";
import { type Answer, Server } from "./kit.ts";
import { MAIN_TABLE, type Surroundings, TABLE_ARN, validRequests } from "./valid-requests.ts";

const SEED: number = Number(process.env["STATOR_TEST_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
/** Some seconds; STATOR_HOSTILE_REQUESTS asks for more. */
const REQUESTS: number = Number(process.env["STATOR_HOSTILE_REQUESTS"] ?? 3_000);
/** Requests may delete what others are about: it is made again after so many. */
const FRESH_EVERY = 100;
/** As many at once: they meet each other too. */
const AT_ONCE = 4;

const CORAL = ["SerializationException", "UnknownOperationException"];
const VALIDATION = ["ValidationException"];
const SERVICE = [
  "BackupNotFoundException", "ConditionalCheckFailedException", "ContinuousBackupsUnavailableException", "DuplicateItemException", "ExpiredIteratorException",
  "ExportNotFoundException",
  "GlobalTableNotFoundException", "IdempotentParameterMismatchException", "ImportNotFoundException", "ItemCollectionSizeLimitExceededException",
  "LimitExceededException", "PointInTimeRecoveryUnavailableException", "PolicyNotFoundException", "ResourceInUseException",
  "ResourceNotFoundException", "TableNotFoundException", "TransactionCanceledException", "TransactionConflictException",
  "TransactionInProgressException", "TrimmedDataAccessException",
];
const TYPES: ReadonlySet<string> = new Set([
  ...CORAL.map((name) => `com.amazon.coral.service#${name}`), ...VALIDATION.map((name) => `com.amazon.coral.validate#${name}`),
  ...SERVICE.map((name) => `com.amazonaws.dynamodb.v20120810#${name}`),
]);

let server: Server;
before(async () => {
  server = await Server.start({ partitionsPerTable: 1 });
});
after(() => server.stop());

async function surroundings(): Promise<Surroundings> {
  for (const TableName of ["main", "made"]) {
    const { type } = await server.ask("DeleteTable", { TableName });
    if (type === "ResourceNotFoundException") continue;
    await server.ask("UpdateTable", { TableName, DeletionProtectionEnabled: false });
    await until(async () => (await server.ask("DeleteTable", { TableName })).type === "ResourceNotFoundException");
  }
  await until(async () => (await server.ask("CreateTable", MAIN_TABLE)).status === 200);
  await until(async () => (await server.ok("DescribeTable", { TableName: "main" })).Table.TableStatus === "ACTIVE");
  await server.ok("PutItem", { TableName: "main", Item: { pk: { S: "a" }, sk: { N: "1" }, v: { S: "ab" } } });
  const streams = (operation: string, input: unknown): Promise<any> => server.ok(`DynamoDBStreams_20120810.${operation}`, input);
  const StreamArn: string = (await server.ok("DescribeTable", { TableName: "main" })).Table.LatestStreamArn;
  assert.ok(StreamArn.startsWith(TABLE_ARN));
  const [shard] = (await streams("DescribeStream", { StreamArn })).StreamDescription.Shards;
  const { ShardIterator } = await streams("GetShardIterator", { StreamArn, ShardId: shard.ShardId, ShardIteratorType: "TRIM_HORIZON" });
  return {
    streamArn: StreamArn, shardId: shard.ShardId, shardIterator: ShardIterator,
    sequenceNumber: shard.SequenceNumberRange.StartingSequenceNumber,
  };
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 400; i++) {
    if (await isSo()) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  assert.fail(`STATOR_TEST_SEED=${SEED}: not within ten seconds`);
}

const ODD: readonly unknown[] = [
  null, true, false, 0, -1, 1, 1.5, 26, 101, 1_001, 1e12, 2 ** 31, -(2 ** 31), 2 ** 53, 1e300, 5e-324, "", "a", ":s", "#n", "main", "made", "1", "__proto__",
  "constructor", "\u0000", "😀", "a".repeat(256), "x".repeat(3_000), "9".repeat(50), "1e999", "NaN", TABLE_ARN, `${TABLE_ARN}/index/global`,
  `${TABLE_ARN}/stream/2020-01-01T00:00:00.000`, "arn:", [], {}, [[]], [null], [{}], { S: "a" }, { N: "NaN" }, { B: "!" }, { M: null },
  { L: [{}] }, { SS: [] }, { BOOL: 1 }, { "": { S: "" } }, "(", "a = ", "SET", "a.b[99999999999]", "(".repeat(500), "NOT ".repeat(400), "SELECT",
];
const OFTEN_WORDS: readonly string[] = ["NONE", "ALL", "LATEST", "COUNT", "KMS", "KEYS_ONLY", "DISABLE", "AFTER_SEQUENCE_NUMBER", "PROVISIONED", "RANGE"];

function odd(prng: Prng): unknown {
  if (prng.chance(1, 6)) return prng.pick(OFTEN_WORDS);
  let value = structuredClone(prng.pick(ODD));
  if (prng.chance(1, 12)) for (let i = prng.below(40); i > 0; i--) value = prng.pick([{ L: [value] }, { M: { k: value } }, [value], { a: value }]);
  return value;
}

/** Sets any name, "__proto__" too, as JSON's parser does. */
function set(at: object, name: string | number, value: unknown): void {
  Object.defineProperty(at, name, { value, enumerable: true, configurable: true, writable: true });
}

function change(root: unknown, prng: Prng): void {
  let at = root as Record<string, unknown>;
  for (;;) {
    const names = Object.keys(at);
    if (names.length === 0) {
      if (!Array.isArray(at)) set(at, prng.pick(["TableName", "Limit", "NextToken", "x"]), odd(prng));
      return;
    }
    const name = prng.pick(names);
    const inner = at[name];
    if (typeof inner === "object" && inner !== null && prng.chance(3, 4)) {
      at = inner as Record<string, unknown>;
      continue;
    }
    switch (prng.below(6)) {
      case 0: delete at[name]; return;
      case 1: delete at[name]; set(at, prng.pick([name.toLowerCase(), `${name} `, prng.pick(names)]), inner); return;
      case 2: if (Array.isArray(at)) at.push(structuredClone(inner)); else set(at, String(prng.pick(OFTEN_WORDS)), odd(prng)); return;
      case 3:
        if (typeof inner === "string") {
          const cut = prng.below(inner.length + 1);
          const put = odd(prng);
          set(at, name, inner.slice(0, cut) + (typeof put === "string" ? put : "") + inner.slice(cut + prng.below(3)));
          return;
        }
        set(at, name, odd(prng));
        return;
      default: set(at, name, odd(prng));
    }
    return;
  }
}

function check(answer: Answer, about: string): void {
  assert.ok(answer.status === 200 || answer.status === 400, about);
  // Operations without a result, such as TagResource, answer nothing at all.
  if (answer.status === 200 && answer.text === "") return;
  assert.ok(typeof answer.json === "object" && answer.json !== null && !Array.isArray(answer.json), about);
  if (answer.status === 200) return;
  assert.ok(TYPES.has(answer.json.__type), about);
  // What is no JSON at all, and operations that are none, are refused without words.
  const isWordless = answer.type === "SerializationException" || answer.type === "UnknownOperationException";
  const message = answer.message ?? "";
  assert.ok(message.length > 0 || isWordless, about);
  assert.ok(!/undefined|\[object|function \(/.test(message.replaceAll(/'[^]*'/g, "")), about);
}

async function askChanged(i: number, valid: ReadonlyMap<string, unknown>, targets: readonly string[], prng: Prng): Promise<boolean> {
  const target = prng.pick(targets);
  const input = structuredClone(valid.get(target));
  for (let k = prng.below(4); k > 0; k--) change(input, prng);
  const body = JSON.stringify(input);
  const about = `STATOR_TEST_SEED=${SEED} request ${i} ${target} ${body.slice(0, 3_000)}`;
  const answer = await server.ask(target, body).catch((error: unknown) => assert.fail(`${about}: ${String(error)}`));
  check(answer, `${about}: ${answer.status} ${answer.text}`);
  return answer.status === 200;
}

test("valid requests of all operations changed at random", async (t) => {
  t.diagnostic(`STATOR_TEST_SEED=${SEED}`);
  const prng = new Prng(SEED);
  let valid = validRequests(await surroundings());
  const targets = [...REGISTRY.keys()];
  for (const target of targets) assert.ok(valid.has(target), `${target} has no valid request`);
  let good = 0;
  for (let i = 0; i < REQUESTS; i += AT_ONCE) {
    if (i % FRESH_EVERY === 0) valid = validRequests(await surroundings());
    const asked = Array.from({ length: AT_ONCE }, () => askChanged(i, valid, targets, prng));
    good += (await Promise.all(asked)).filter(Boolean).length;
  }
  assert.ok(good > REQUESTS / 10 && good < REQUESTS, `${good} of ${REQUESTS} succeeded`);
});
