// Powertools for AWS Lambda, idempotency: a function whose results are kept in a table runs once per payload.
import assert from "node:assert/strict";
import { CreateTableCommand, waitUntilTableExists } from "@aws-sdk/client-dynamodb";
import { IdempotencyConfig, makeIdempotent } from "@aws-lambda-powertools/idempotency";
import { DynamoDBPersistenceLayer } from "@aws-lambda-powertools/idempotency/dynamodb";
import { client, finish, part } from "./kit.mjs";

await part("basic", async () => {
  const tableName = "idempotency";
  await client.send(new CreateTableCommand({
    TableName: tableName, BillingMode: "PAY_PER_REQUEST", AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
    KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
  }));
  await waitUntilTableExists({ client, maxWaitTime: 60, minDelay: 1, maxDelay: 1 }, { TableName: tableName });
  const persistenceStore = new DynamoDBPersistenceLayer({ tableName, awsSdkV3Client: client });
  let runs = 0;
  let release = () => {};
  const held = new Promise((resolve) => { release = resolve; });
  const pay = makeIdempotent(async ({ amount, waits }) => {
    runs++;
    if (waits) await held;
    if (amount < 0) throw new Error("no");
    return { paid: amount, run: runs };
  }, { persistenceStore, config: new IdempotencyConfig({ expiresAfterSeconds: 60 }) });
  const context = { getRemainingTimeInMillis: () => 30_000, functionName: "pay" };
  assert.deepEqual(await pay({ amount: 5 }, context), { paid: 5, run: 1 });
  assert.deepEqual(await pay({ amount: 5 }, context), { paid: 5, run: 1 });
  assert.deepEqual(await pay({ amount: 6 }, context), { paid: 6, run: 2 });
  await assert.rejects(pay({ amount: -1 }, context));
  await assert.rejects(pay({ amount: -1 }, context));
  assert.equal(runs, 4, "a failed run leaves nothing behind");
  const first = pay({ amount: 7, waits: true }, context);
  while (runs < 5) await new Promise((resolve) => { setTimeout(resolve, 5); });
  await assert.rejects(pay({ amount: 7, waits: true }, context), { name: "IdempotencyAlreadyInProgressError" });
  release();
  assert.equal((await first).paid, 7);
});
finish();
