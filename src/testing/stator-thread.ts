// The thread that `stator/testing` starts: the embedded cluster, and what a test asks of it.
import { parentPort, workerData } from "node:worker_threads";
import { must } from "../base/assert.ts";
import type { NodeId } from "../base/ids.ts";
import type { Operation, Outcome } from "../model/operation.ts";
import { CALM, Disturber, type Disturbance } from "../app/disturbance.ts";
import { startEmbeddedCluster } from "../app/embedded-cluster.ts";
import { StartError, type RunningCluster } from "../app/embedded-options.ts";
import { NodeClock } from "../runtime/node-clock.ts";
import type { Ask, Command, ThreadOptions, Told } from "./commands.ts";

/** Between two looks for items whose time is over: a test waits for two of them. */
const PASS_MS = 25;
/** After the clock was set each node must have looked twice: once from the beginning with the new time. */
const PASSES_MIN = 2;
const POLL_MS = 5;
/** A table that is being changed cannot be deleted before that is done. */
const RESET_MS_MAX = 30_000;
const TABLES_PER_LIST = 100;

const port = must(parentPort, "this file runs as a thread");
const options = workerData as ThreadOptions;
const clock = new NodeClock();
const disturber = new Disturber(clock, () => Math.random());
let aheadMs = 0;
/** By node: passes since the clock was set, and whether the last of them deleted nothing. */
const passes = new Map<NodeId, { count: number; isQuiet: boolean }>();

function tell(told: Told): void {
  port.postMessage(told);
}

function onExpiryPass(node: NodeId, begun: number): void {
  passes.set(node, { count: (passes.get(node)?.count ?? 0) + 1, isQuiet: begun === 0 });
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, POLL_MS));
}

async function run(cluster: RunningCluster, command: Command): Promise<number> {
  switch (command.kind) {
    case "now": return Date.now() + aheadMs;
    case "disturb": await disturb(cluster, command.disturbance); return 0;
    case "set-clock": await setClock(cluster, command.aheadMs); return 0;
    case "stop": await cluster.stop(); return 0;
    case "reset":
      aheadMs = 0;
      await disturb(cluster, CALM);
      await dropTables(cluster);
      return 0;
  }
}

async function disturb(cluster: RunningCluster, disturbance: Disturbance): Promise<void> {
  const { eventualReadLagMs } = disturbance;
  if (eventualReadLagMs > 0 && cluster.lagging === null) {
    throw new Error("eventualReadLagMs needs three zones: startStator({ zones: 3 })");
  }
  disturber.disturbance = disturbance;
  await cluster.lagging?.lag(eventualReadLagMs);
}

async function setClock(cluster: RunningCluster, ms: number): Promise<void> {
  aheadMs = ms;
  passes.clear();
  const isDone = (): boolean => passes.size === cluster.zones.length
    && [...passes.values()].every(({ count, isQuiet }) => count >= PASSES_MIN && isQuiet);
  while (!isDone()) await pause();
}

function execute(cluster: RunningCluster, operation: Operation): Promise<Outcome> {
  return new Promise((resolve) => cluster.execute(operation, resolve));
}

async function dropTables(cluster: RunningCluster): Promise<void> {
  const end = performance.now() + RESET_MS_MAX;
  for (;;) {
    const listed = await execute(cluster, { kind: "list-tables", after: null, limit: TABLES_PER_LIST });
    if (listed.kind === "tables" && listed.names.length === 0) return;
    const outcomes = listed.kind === "tables"
      ? await Promise.all(listed.names.map((name) => dropTable(cluster, name))) : [listed];
    if (performance.now() > end) {
      const reasons = outcomes.map((outcome) => "message" in outcome ? outcome.message : outcome.kind);
      throw new Error(`The tables do not go: ${[...new Set(reasons)].join("; ")}`);
    }
    await pause();
  }
}

async function dropTable(cluster: RunningCluster, name: string): Promise<Outcome> {
  const outcome = await execute(cluster, { kind: "describe-table", name });
  if (outcome.kind !== "table" || outcome.table.status === "DELETING") return outcome;
  if (outcome.table.deletionProtection) {
    await execute(cluster, { kind: "update-table", name, change: { deletionProtection: false } });
  }
  return execute(cluster, { kind: "delete-table", name });
}

try {
  const { dataDir, zones, region, credentials, cors, logLevel } = options;
  const cluster = await startEmbeddedCluster({
    port: options.port, host: "127.0.0.1", dataDir, zones, partitionsPerTable: options.partitions, region, logLevel,
    credentials: credentials === null ? null : [credentials],
    ...(cors === null ? {} : { cors }),
    expiry: { passMs: PASS_MS, wallMs: () => Date.now() + aheadMs }, onExpiryPass, disturber,
  });
  port.on("message", ({ id, command }: Ask) => {
    run(cluster, command).then(
      (value) => tell({ kind: "done", id, value }),
      (error: unknown) => tell({ kind: "failed", id, message: error instanceof Error ? error.message : String(error) }),
    );
  });
  void cluster.failed.then((error) => {
    throw error; // which ends the thread and is told to whoever started it
  });
  tell({ kind: "ready", endpoint: cluster.endpoint });
} catch (error) {
  if (!(error instanceof StartError)) throw error;
  tell({ kind: "refused", message: error.message });
  port.close();
}
