// node gameday/healing.ts [--mb 1000] [--log-mb 200] [--out DIR]
// Three nodes hold a gigabyte, one of them is lost with its disk, more is written, and a new node joins in its place:
// how long until it votes with its log, until it is a storage replica, and what clients feel meanwhile.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { BatchWriteItemCommand } from "@aws-sdk/client-dynamodb";
import { ApplicationLoad } from "./application-load.ts";
import { Availability, type Window } from "./availability.ts";
import { Cluster, TABLE } from "./cluster.ts";
import { PlainLinks } from "./plain-links.ts";
import { RotatingClient, type SdkOptions } from "./sdk-client.ts";
import { isWhole, type ClusterStatus } from "./status.ts";

const ITEM_BYTES = 10_000;
const PER_BATCH = 25;
const WRITERS = 8;
const BASELINE_MS = 8_000;
const HEAL_MS_MAX = 300_000;
const POLL_MS = 20;
/** After a batch that was shed. */
const SHED_MS = 250;

const { values } = parseArgs({
  options: {
    mb: { type: "string", default: "1000" }, "log-mb": { type: "string", default: "200" }, out: { type: "string" },
  },
});
process.exitCode = await heal(Number(values.mb), Number(values["log-mb"]));

async function heal(mb: number, logMb: number): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), "stator-healing-"));
  const links = new PlainLinks();
  const cluster = new Cluster({ directory, nodes: 3, partitions: 1, links, credentials: "" });
  const sdk: SdkOptions = { endpoints: () => cluster.endpoints(), credentials: "", maxAttempts: null };
  try {
    await cluster.start();
    await fill(sdk, "base", mb);
    const availability = new Availability();
    const load = new ApplicationLoad({ ...sdk, table: TABLE, clients: 4, pauseMs: 10 }, availability);
    await pause(BASELINE_MS);
    const before = availability.window("write", 0, availability.now());
    const lost = await followerOf(cluster);
    await lost.kill();
    rmSync(lost.options.dataDir, { recursive: true, force: true });
    await fill(sdk, "later", logMb);
    const filledMs = availability.now();
    // What is timed is the healing, not how long a silent node is waited for.
    const lostAddress = lost.options.advertise;
    await cluster.waitFor("the loss noticed", HEAL_MS_MAX, ({ nodes }) => (
      nodes.some(({ address, life }) => address === lostAddress && life === "down")
    ));
    const joined = await cluster.add(lost.options.zone);
    const fromMs = availability.now();
    const address = joined.options.advertise;
    const votesMs = await until(availability, fromMs, cluster, (status) => isPlaced(status, address, true));
    const wholeMs = await until(availability, fromMs, cluster, isWhole);
    const wholeAtMs = availability.now();
    const votesAtMs = fromMs + (votesMs ?? 0);
    await load.end();
    return report(mb, logMb, {
      votesMs, wholeMs, before, wounded: availability.window("write", filledMs, fromMs),
      fetching: availability.window("write", fromMs, votesAtMs),
      building: availability.window("write", votesAtMs, wholeAtMs), wrong: load.wrong,
    });
  } finally {
    await cluster.stop();
    await links.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

type Figures = {
  readonly votesMs: number | null;
  readonly wholeMs: number | null;
  /** Three nodes. */
  readonly before: Window;
  /** Two nodes, nothing being healed. */
  readonly wounded: Window;
  /** The log is fetched as fast as it goes, for a few seconds. */
  readonly fetching: Window;
  readonly building: Window;
  readonly wrong: readonly string[];
};

function report(mb: number, logMb: number, figures: Figures): number {
  const { votesMs, wholeMs, before, wounded, fetching, building, wrong } = figures;
  const seconds = (ms: number | null): string => (ms === null ? "never" : `${(ms / 1_000).toFixed(1)} s`);
  const lines = [
    `# Healing of ${mb} MB with ${logMb} MB of log written since the loss`, "",
    `- the new node votes with its log after ${seconds(votesMs)} (goal: 3 s)`,
    `- it is a storage replica after ${seconds(wholeMs)} (goal: 60 s for 1 GB)`,
    `- write p99 while the tree is built ${(building.p99Ms / before.p99Ms).toFixed(1)}x that before (goal: at most 2x)`,
    "",
    "| writes | calls | errors | p50 ms | p99 ms | slowest ms |", "| --- | --- | --- | --- | --- | --- |",
    row("three nodes, before", before), row("two nodes, before a third joins", wounded),
    row("the log is fetched", fetching), row("the tree is built", building), "",
    ...wrong.map((text) => `- WRONG: ${text}`), "",
  ];
  const out = values.out ?? join(import.meta.dirname, "results");
  mkdirSync(out, { recursive: true });
  writeFileSync(join(out, "healing.md"), lines.join("\n"));
  console.log(lines.join("\n"));
  return wrong.length === 0 && wholeMs !== null ? 0 : 1;
}

function row(name: string, { calls, errors, p50Ms, p99Ms, slowestMs }: Window): string {
  return `| ${name} | ${calls} | ${errors} | ${p50Ms.toFixed(1)} | ${p99Ms.toFixed(1)} | ${slowestMs.toFixed(0)} |`;
}

/** Milliseconds from `fromMs` until it is so; null when it does not come. */
async function until(
  availability: Availability, fromMs: number, cluster: Cluster, isSo: (status: ClusterStatus) => boolean,
): Promise<number | null> {
  while (availability.now() - fromMs < HEAL_MS_MAX) {
    const status = await cluster.status().catch(() => null);
    if (status !== null && isSo(status)) return availability.now() - fromMs;
    await pause(POLL_MS);
  }
  return null;
}

/** A node that follows, so that its loss costs no election. */
async function followerOf(cluster: Cluster): Promise<Cluster["nodes"][number]> {
  const status = await cluster.status();
  const leaders = new Set(status.partitions.map(({ leader }) => leader));
  const follower = status.nodes.find(({ id }) => !leaders.has(id)) ?? status.nodes[status.nodes.length - 1];
  const node = cluster.nodes.find(({ options }) => options.advertise === follower?.address);
  if (node === undefined) throw new Error("the follower is none of ours");
  return node;
}

function isPlaced(status: ClusterStatus, address: string, mayBeLog: boolean): boolean {
  const id = status.nodes.find((node) => node.address === address)?.id;
  return id !== undefined && status.partitions.every(({ table, replicas, logReplicas }) => (
    table !== TABLE || replicas.includes(id) || (mayBeLog && logReplicas.includes(id))
  ));
}

/** Items of 10 KB, as fast as the cluster takes them. */
async function fill(sdk: SdkOptions, prefix: string, mb: number): Promise<void> {
  const batches = Math.ceil(mb * 1_000_000 / (ITEM_BYTES * PER_BATCH));
  let next = 0;
  const began = performance.now();
  const writer = async (index: number): Promise<void> => {
    const rotating = new RotatingClient(sdk, index);
    while (next < batches) {
      const batch = next++;
      const puts = Array.from({ length: PER_BATCH }, (_, i) => ({
        PutRequest: {
          Item: { pk: { S: `${prefix}-${batch}-${i}` }, sk: { S: "x" }, v: { S: "d".repeat(ITEM_BYTES) } },
        },
      }));
      let left: typeof puts = puts;
      while (left.length > 0) {
        const written = await rotating.client.send(new BatchWriteItemCommand({ RequestItems: { [TABLE]: left } }))
          .catch((error: unknown) => {
            if (!(error instanceof Error && error.name === "ThrottlingException")) throw error;
            return null; // the trees are written slower than the log: they catch up
          });
        if (written === null) await pause(SHED_MS);
        else left = (written.UnprocessedItems?.[TABLE] ?? []) as typeof puts;
        if (left.length > 0) await pause(POLL_MS);
      }
    }
    rotating.destroy();
  };
  await Promise.all(Array.from({ length: WRITERS }, (_, i) => writer(i)));
  console.log(`  ${mb} MB written in ${((performance.now() - began) / 1_000).toFixed(1)} s`);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
