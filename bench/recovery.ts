// Times the restart of a killed cluster whose logs hold a gigabyte each that no tree has yet.
//   node bench/recovery.ts [--mb 1024]
// The cluster that is killed runs with checkpoints put off, or the log would never grow so long; the one that is
// timed is `stator start` as it is. Every item written is read again afterwards, by sample.
import { spawn } from "node:child_process";
import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { startEmbeddedCluster } from "../src/app/embedded-cluster.ts";
import { TREE_DEFAULT } from "../src/storage/tree/tree-options.ts";
import { ConnectionPool } from "./harness/connection-pool.ts";
import { encode } from "./harness/dialects.ts";
import { describeMachine } from "./harness/machine.ts";
import { findPeers } from "./harness/peers.ts";
import type { RecoveryFigures } from "./harness/result.ts";
import { makeScratch, ROOT, startServer } from "./harness/server-under-test.ts";
import { CREDENTIAL } from "./harness/sign-request.ts";
import type { PlannedRequest } from "./harness/workloads.ts";

const ZONES = 3;
const BYTES_PER_MB = 1_024 * 1_024;
const ITEM_DATA_BYTES = 4_000;
const BATCH = 25;
const BATCHES_AT_ONCE = 100;
const CONNECTIONS = 8;
const TABLE = "Filled";
/** Beyond what any log of this benchmark reaches: checkpoints are put off for good. */
const NEVER_BYTES = 64 * 1_024 * BYTES_PER_MB;
const NEVER_MS = 3_600_000;
/** Items read after the restart: each so many'th, and the last. */
const SAMPLE_EVERY = 997;

/** Runs the cluster that is going to be killed, and tells its port. */
async function serve(directory: string): Promise<void> {
  const cluster = await startEmbeddedCluster({
    port: 0, host: "127.0.0.1", dataDir: directory, zones: ZONES, credentials: [CREDENTIAL], partitionsPerTable: 4,
    region: "us-east-1", logLevel: "warn",
    tree: {
      ...TREE_DEFAULT, checkpointBytes: NEVER_BYTES, overloadBytes: 2 * NEVER_BYTES, idleMs: NEVER_MS,
      ageMsMax: NEVER_MS,
    },
  });
  process.send?.(Number(new URL(cluster.endpoint).port));
  process.on("disconnect", () => process.exit(0));
}

async function main(logMb: number): Promise<void> {
  const directory = makeScratch("recovery");
  try {
    const data = join(directory, "data");
    const items = await fillAndKill(data, logMb);
    const logs = Array.from({ length: ZONES }, (_, i) => folderMb(join(data, `node-${i + 1}`, "wal")));
    const allLogsMb = logs.reduce((sum, mb) => sum + mb, 0);
    process.stdout.write(`killed with ${items} items of ${ITEM_DATA_BYTES} B, logs of ${allLogsMb.toFixed(0)} MB\n`);
    const began = performance.now();
    const server = await startServer("stator", { peers: findPeers(ROOT, false), isPinned: false, directory });
    const seconds = (performance.now() - began) / 1_000;
    await verify(server.port, items);
    await server.stop();
    const result: RecoveryFigures = {
      at: new Date().toISOString(), commit: describeMachine().commit, items, logsMb: logs, seconds,
    };
    process.stdout.write(`first answer ${seconds.toFixed(2)} s after the launch, `
      + `${(allLogsMb / seconds).toFixed(0)} MB/s; every sampled item is there\n`);
    const folder = join(ROOT, "bench", "results");
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "recovery.json"), `${JSON.stringify(result, null, 2)}\n`);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Returns how many items were written, all of them acknowledged. */
async function fillAndKill(data: string, logMb: number): Promise<number> {
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), "--serve", data], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  try {
    const port = await new Promise<number>((resolve, reject) => {
      child.once("message", (message) => resolve(Number(message)));
      child.once("exit", () => reject(new Error("the cluster did not start")));
    });
    const pool = await ConnectionPool.open("dynamodb", port, CONNECTIONS);
    await send(pool, port, [{
      operation: "CreateTable", check: { kind: "status" },
      body: JSON.stringify({
        TableName: TABLE, BillingMode: "PAY_PER_REQUEST", KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }],
        AttributeDefinitions: [{ AttributeName: "pk", AttributeType: "S" }],
      }),
    }]);
    const itemsMax = logMb * BYTES_PER_MB / ITEM_DATA_BYTES;
    let items = 0;
    while (folderMb(join(data, "node-1", "wal")) < logMb && items < itemsMax) {
      await send(pool, port, Array.from({ length: BATCHES_AT_ONCE }, (_, i) => batch(items + i * BATCH)));
      items += BATCHES_AT_ONCE * BATCH;
    }
    pool.close();
    return items;
  } finally {
    child.kill("SIGKILL");
    await ended;
  }
}

async function verify(port: number, items: number): Promise<void> {
  const pool = await ConnectionPool.open("dynamodb", port, CONNECTIONS);
  const sampled = Array.from({ length: items }, (_, i) => i).filter((i) => i % SAMPLE_EVERY === 0 || i === items - 1);
  for (const index of sampled) {
    const key = keyOf(index);
    await send(pool, port, [{
      operation: "GetItem", check: { kind: "item", key, dataBytes: ITEM_DATA_BYTES },
      body: JSON.stringify({ TableName: TABLE, Key: { pk: { S: key } }, ConsistentRead: true }),
    }]);
  }
  pool.close();
}

async function send(pool: ConnectionPool, port: number, planned: readonly PlannedRequest[]): Promise<void> {
  const { firstError } = await pool.sendAll(encode("dynamodb", port, planned));
  if (firstError !== null) throw new Error(firstError);
}

function batch(from: number): PlannedRequest {
  return {
    operation: "BatchWriteItem", check: { kind: "batch" },
    body: JSON.stringify({
      RequestItems: {
        [TABLE]: Array.from({ length: BATCH }, (_, i) => {
          const key = keyOf(from + i);
          return { PutRequest: { Item: { pk: { S: key }, data: { S: key.padEnd(ITEM_DATA_BYTES, "x") } } } };
        }),
      },
    }),
  };
}

function keyOf(index: number): string {
  return `item-${String(index).padStart(9, "0")}`;
}

function folderMb(folder: string): number {
  const bytes = readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
  return bytes / BYTES_PER_MB;
}

const { values } = parseArgs({ options: { mb: { type: "string", default: "1024" }, serve: { type: "string" } } });
if (values.serve === undefined) await main(Number(values.mb));
else await serve(values.serve);
