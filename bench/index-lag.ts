// How long after a write is acknowledged a global index shows it, at rest and under load. `node bench/index-lag.ts
// [seconds]`. Load: puts that move their rows in two global indexes, open loop, at shares of the closed-loop maximum;
// beside it one client puts items with an owner of their own and asks the index for that owner until it is there. A
// question takes a while under load, too: it counts.
import { setTimeout as pause } from "node:timers/promises";
import { DynamoDBClient, PutItemCommand, QueryCommand } from "@aws-sdk/client-dynamodb";
import { Generator } from "./harness/generator-process.ts";
import { Histogram } from "./harness/histogram.ts";
import { findPeers } from "./harness/peers.ts";
import { addressOf, fillFor } from "./harness/rounds.ts";
import { ROOT, startServer } from "./harness/server-under-test.ts";
import { CREDENTIAL } from "./harness/sign-request.ts";

const SECONDS = Number(process.argv[2] ?? 10);
const SHARES = [0, 0.25, 0.5] as const;
const CONNECTIONS = 64;
const PROBERS = 4;
const PROBE_PAUSE_MS = 20;
const ASK_PAUSE_MS = 2;
const MICROS_PER_MS = 1_000;

const generator = new Generator();
const server = await startServer("stator", { peers: findPeers(ROOT, false), isPinned: true });
const client = new DynamoDBClient({
  endpoint: `http://127.0.0.1:${server.port}`, region: "us-east-1", credentials: CREDENTIAL,
});
const target = server.name;
let sequence = 0;

/** Probes until `untilMs`. */
async function probe(untilMs: number, lags: Histogram): Promise<void> {
  while (performance.now() < untilMs) {
    const owner = `probe-${sequence++}`;
    await client.send(new PutItemCommand({
      TableName: "Indexed", Item: { pk: { S: owner }, owner: { S: owner }, place: { S: "probe" }, data: { S: "x" } },
    }));
    const acknowledged = performance.now();
    for (;;) {
      const { Count } = await client.send(new QueryCommand({
        TableName: "Indexed", IndexName: "by-owner", KeyConditionExpression: "#o = :o", Select: "COUNT",
        ExpressionAttributeNames: { "#o": "owner" }, ExpressionAttributeValues: { ":o": { S: owner } },
      }));
      if (Count === 1) break;
      await pause(ASK_PAUSE_MS);
    }
    lags.add((performance.now() - acknowledged) * MICROS_PER_MS);
    await pause(PROBE_PAUSE_MS);
  }
}

try {
  await fillFor(generator, server, ["put-indexed"]);
  await generator.ask({
    kind: "prepare", workload: "put-indexed", connections: CONNECTIONS, seconds: SECONDS, ...addressOf(server),
  });
  await generator.run({ kind: "closed-loop", target, seconds: 3 });
  const { rate: maximum } = await generator.run({ kind: "closed-loop", target, seconds: Math.min(5, SECONDS) });
  console.log(`closed-loop maximum of puts with two indexes: ${Math.round(maximum)}/s`);
  await pause(2_000); // what is left to be told to the indexes
  for (const share of SHARES) {
    const lags = new Histogram();
    const untilMs = performance.now() + SECONDS * 1_000;
    const load = share === 0 ? null
      : generator.run({ kind: "open-loop", target, seconds: SECONDS, rate: maximum * share });
    await Promise.all(Array.from({ length: PROBERS }, () => probe(untilMs, lags)));
    await load;
    const ms = (quantile: number): string => (lags.quantile(quantile) / MICROS_PER_MS).toFixed(1);
    const rate = `${share * 100} % load (${Math.round(maximum * share)}/s)`;
    console.log(`${rate}: shown after ${ms(0.5)} ms at p50, ${ms(0.99)} ms at p99 (${lags.total} probes)`);
  }
} finally {
  client.destroy();
  await generator.stop();
  await server.stop();
}
