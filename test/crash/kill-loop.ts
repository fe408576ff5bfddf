// Kills a server with SIGKILL at random moments under load, restarts it on the same data, and checks after
// each restart that everything acknowledged is there: items (known-items.ts) and tables (side-tables.ts).
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { CreateTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { ServerProcess } from "../../demo/server-process.ts";
import { Prng } from "../../src/base/prng.ts";
import { KnownItems, TABLE } from "./known-items.ts";
import { Load } from "./load.ts";
import { SideTable } from "./side-tables.ts";

const LIFE_MS_MIN = 30;
const LIFE_MS_MAX = 900;
const SIDE_PAUSE_MS_MAX = 200;

export type KillReport = { readonly kills: number; readonly acknowledged: number; readonly uncertain: number };

export async function killLoop(kills: number, seed: number, onKill: (done: number) => void): Promise<KillReport> {
  const prng = new Prng(seed);
  const dataDir = mkdtempSync(join(tmpdir(), "stator-crash-"));
  const known = new KnownItems();
  const args = ["--data-dir", dataDir, "--log-level", "error"];
  let server = await ServerProcess.start(args);
  let client = connect(server);
  try {
    await client.send(new CreateTableCommand({
      TableName: TABLE, BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: [{ AttributeName: "pk", AttributeType: "S" }],
      KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }],
    }));
    for (let kill = 1; kill <= kills; kill++) {
      const load = new Load(client, known);
      const side = new SideTable(client, `side-${kill}`, prng.below(SIDE_PAUSE_MS_MAX));
      await sleep(prng.between(LIFE_MS_MIN, LIFE_MS_MAX));
      await server.kill();
      await Promise.all([load.end(), side.end()]);
      client.destroy();
      server = await ServerProcess.start(args);
      client = connect(server);
      const where = `seed ${seed}, kill ${kill}`;
      await known.check(client, where);
      await side.check(client, where);
      onKill(kill);
    }
    const code = await server.stop();
    if (code !== 0) throw new Error(`a clean stop ended with code ${code}`);
    return { kills, acknowledged: known.acknowledged, uncertain: known.uncertain };
  } finally {
    client.destroy();
    await server.kill();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

function connect(server: ServerProcess): DynamoDBClient {
  return new DynamoDBClient({
    endpoint: server.endpoint, region: "us-east-1", maxAttempts: 1,
    credentials: { accessKeyId: "crash", secretAccessKey: "crash" },
  });
}
