// What the application scripts share: a client of the endpoint, a table, and parts that are told apart.
import { CreateTableCommand, DynamoDBClient, waitUntilTableExists } from "@aws-sdk/client-dynamodb";

export const endpoint = process.env["STATOR_APPS_ENDPOINT"] ?? "http://127.0.0.1:8000";
export const config = {
  endpoint, region: "eu-west-1", credentials: { accessKeyId: "local", secretAccessKey: "secret" },
};
export const client = new DynamoDBClient(config);

/** Two text keys, and one global index on two more when `hasIndex`. */
export async function makeTable(TableName, hasIndex) {
  const names = hasIndex ? ["pk", "sk", "gsi1pk", "gsi1sk"] : ["pk", "sk"];
  const keys = ([hash, range]) => [{ AttributeName: hash, KeyType: "HASH" }, { AttributeName: range, KeyType: "RANGE" }];
  await client.send(new CreateTableCommand({
    TableName, BillingMode: "PAY_PER_REQUEST", KeySchema: keys(["pk", "sk"]),
    AttributeDefinitions: names.map((AttributeName) => ({ AttributeName, AttributeType: "S" })),
    ...(hasIndex ? {
      GlobalSecondaryIndexes: [{ IndexName: "gsi1", KeySchema: keys(["gsi1pk", "gsi1sk"]), Projection: { ProjectionType: "ALL" } }],
    } : {}),
  }));
  await waitUntilTableExists({ client, maxWaitTime: 60, minDelay: 1, maxDelay: 1 }, { TableName });
}

/** Tries until `check` no longer throws: global indexes follow their table. */
export async function eventually(check) {
  for (let tries = 0; ; tries++) {
    try {
      return await check();
    } catch (error) {
      if (tries > 100) throw error;
      await new Promise((resolve) => { setTimeout(resolve, 50); });
    }
  }
}

let failures = 0;

/** Runs one part of the script; a failed one lets the next go on. STATOR_APPS_PARTS names those to run. */
export async function part(name, run) {
  const chosen = process.env["STATOR_APPS_PARTS"];
  if (chosen !== undefined && !chosen.split(",").includes(name)) return;
  try {
    await run();
    console.log(`ok: ${name}`);
  } catch (error) {
    failures++;
    console.log(`FAILED: ${name}\n${error instanceof Error ? error.stack : String(error)}`);
    if (error?.cause !== undefined) console.log(error.cause);
  }
}

/** To be called at the end. */
export function finish() {
  client.destroy();
  process.exit(failures === 0 ? 0 : 1);
}
