// The faults of the day, one after the other. Each says what it did, is undone at its end, and gives the moments
// between which its effect is measured.
import { execFile } from "node:child_process";
import { mkdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Availability } from "./availability.ts";
import { TABLE, TRANSACTED, type Cluster } from "./cluster.ts";
import { separate } from "./links.ts";
import { isWhole, type ClusterStatus, type PartitionStatus } from "./status.ts";

const run = promisify(execFile);
const HEAL_MS_MAX = 90_000;
const DISK_BYTES = 256 * 1024 * 1024;
/** The SDK's retries of a call that nobody answers. */
const SETTLE_MS_MAX = 20_000;

export type Day = {
  readonly cluster: Cluster;
  readonly availability: Availability;
  readonly directory: string;
  /** Scales all waits: 1 for a full day. */
  readonly pace: number;
};

export type FaultResult = {
  readonly name: string;
  readonly did: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** What was promised and did not come: part of the verdict. */
  readonly failures: readonly string[];
  readonly notes: readonly string[];
};

export type Fault = {
  readonly name: string;
  /** Null: it can be done here; else why not. */
  readonly obstacle?: (day: Day) => string | null;
  readonly run: (day: Day, found: Findings) => Promise<string>;
};

export class Findings {
  readonly failures: string[] = [];
  readonly notes: string[] = [];
}

export const FAULTS: readonly Fault[] = [
  { name: "nothing", run: (day) => quiet(day) },
  { name: "leader killed", run: leaderKilled },
  { name: "node frozen", run: nodeFrozen },
  { name: "orderly hand-over", run: handOver },
  { name: "split under load", run: splitUnderLoad },
  { name: "node cut off", run: nodeCutOff },
  { name: "one-way link", run: oneWay },
  {
    name: "slow links", obstacle: ({ cluster }) => (cluster.links.hasDelay ? null : "this kernel has no netem"),
    run: slowLinks,
  },
  { name: "zone killed", run: zoneKilled },
  { name: "zone cut off", run: zoneCutOff },
  { name: "disk lost for good", run: diskLost },
  {
    name: "disk full", obstacle: () => (process.getuid?.() === 0 ? null : "a small file system needs root"),
    run: diskFull,
  },
  { name: "drain", run: drain },
];

export async function inflict(day: Day, fault: Fault): Promise<FaultResult> {
  const findings = new Findings();
  const fromMs = day.availability.now();
  let did = "";
  try {
    did = await fault.run(day, findings);
  } catch (error) {
    findings.failures.push(`${fault.name}: ${(error as Error).message}`);
  }
  await day.cluster.links.heal();
  await settle(day);
  return { name: fault.name, did, fromMs, toMs: day.availability.now(), ...findings };
}

/**
 * Calls that the fault has held up end before the next one begins: otherwise seconds that one link cost would be told
 * of the zone that was killed afterwards.
 */
async function settle({ availability }: Day): Promise<void> {
  const healedMs = availability.now();
  while (availability.isUnderWay(healedMs) && availability.now() < healedMs + SETTLE_MS_MAX) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function wait(day: Day, seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1_000 * day.pace));
}

async function quiet(day: Day): Promise<string> {
  await wait(day, 10);
  return "nothing was broken";
}

/** The process that leads most partitions of the table, by its place in the cluster. */
async function busiestLeader({ cluster }: Day): Promise<{ index: number; status: ClusterStatus; id: number }> {
  const status = await cluster.status();
  const led = new Map<number, number>();
  for (const { table, leader } of status.partitions) {
    if (table === TABLE && leader !== null) led.set(leader, (led.get(leader) ?? 0) + 1);
  }
  const [id] = [...led].sort((a, b) => b[1] - a[1])[0] ?? [];
  if (id === undefined) throw new Error("no partition has a leader");
  return { index: indexOfNode(cluster, status, id), status, id };
}

function indexOfNode(cluster: Cluster, status: ClusterStatus, id: number): number {
  const address = status.nodes.find((node) => node.id === id)?.address;
  const index = cluster.nodes.findIndex(({ options }) => options.advertise === address);
  if (index === -1) throw new Error(`node ${id} at ${address ?? "?"} is none of ours`);
  return index;
}

async function healed(day: Day, findings: Findings): Promise<void> {
  const beganMs = performance.now();
  const isHealed = await day.cluster.waitFor("every partition whole again", HEAL_MS_MAX, isWhole);
  if (!isHealed) findings.failures.push(`not every partition was whole again within ${HEAL_MS_MAX} ms`);
  else findings.notes.push(`whole again after ${((performance.now() - beganMs) / 1_000).toFixed(1)} s`);
}

async function leaderKilled(day: Day, findings: Findings): Promise<string> {
  const { index } = await busiestLeader(day);
  const node = day.cluster.nodes[index]!;
  await node.kill();
  await wait(day, 4);
  node.start();
  await node.ready();
  await healed(day, findings);
  return `SIGKILL of ${node.options.name} (${node.options.zone}), which led most; started again after 4 s`;
}

async function nodeFrozen(day: Day, findings: Findings): Promise<string> {
  const { index } = await busiestLeader(day);
  const node = day.cluster.nodes[index]!;
  node.freeze();
  await wait(day, 4);
  node.thaw();
  await wait(day, 3);
  await healed(day, findings);
  return `SIGSTOP of ${node.options.name}, which led most, for 4 s`;
}

async function handOver(day: Day): Promise<string> {
  const { cluster } = day;
  const status = await cluster.status();
  let moved = 0;
  for (const partition of ofTable(status)) {
    const to = partition.replicas.find((id) => id !== partition.leader);
    if (to === undefined) continue;
    await cluster.command("transfer", "--group", String(partition.group), "--to", String(to));
    moved++;
    await wait(day, 0.5);
  }
  await wait(day, 2);
  return `leadership of ${moved} partitions handed over, one after the other`;
}

async function splitUnderLoad(day: Day, findings: Findings): Promise<string> {
  const { cluster } = day;
  const split: (number | undefined)[] = [];
  for (const table of [TABLE, TRANSACTED]) {
    const before = ofTable(await cluster.status(), table);
    const group = before[0]?.group;
    await cluster.command("split", "--table", table, "--partition", String(group));
    const isSplit = await cluster.waitFor("split", 30_000, (status) => ofTable(status, table).length > before.length);
    if (!isSplit) findings.failures.push(`partition ${group} was not split within 30 s`);
    split.push(group);
    await wait(day, 4);
  }
  await healed(day, findings);
  return `partitions ${split.join(" and ")} split`;
}

async function nodeCutOff(day: Day, findings: Findings): Promise<string> {
  const { cluster } = day;
  const { index } = await busiestLeader(day);
  const others = cluster.nodes.map((_, i) => i).filter((i) => i !== index);
  await separate(cluster.links, [index], others);
  await wait(day, 8);
  await cluster.links.heal();
  await wait(day, 4);
  await healed(day, findings);
  return `${cluster.nodes[index]!.options.name}, which led most, cut off from all others for 8 s`;
}

async function oneWay(day: Day, findings: Findings): Promise<string> {
  const { cluster } = day;
  const { index, status, id } = await busiestLeader(day);
  const led = ofTable(status).find(({ leader }) => leader === id);
  const peer = led?.replicas.find((other) => other !== id);
  if (peer === undefined) throw new Error("the leader has no follower");
  const to = indexOfNode(cluster, status, peer);
  await cluster.links.cut(index, to);
  await wait(day, 6);
  await cluster.links.heal();
  await wait(day, 3);
  await healed(day, findings);
  return `nothing from ${cluster.nodes[index]!.options.name} to follower ${cluster.nodes[to]!.options.name} for 6 s`;
}

async function slowLinks(day: Day, findings: Findings): Promise<string> {
  const { cluster } = day;
  for (const index of cluster.indexesOf("az2")) await cluster.links.delay(index, 100);
  await wait(day, 8);
  await cluster.links.heal();
  await wait(day, 2);
  await healed(day, findings);
  return "100 ms more towards the nodes of az2 for 8 s";
}

async function zoneKilled(day: Day, findings: Findings): Promise<string> {
  const { cluster } = day;
  const { index } = await busiestLeader(day);
  const zone = cluster.nodes[index]!.options.zone;
  const nodes = cluster.indexesOf(zone).map((i) => cluster.nodes[i]!);
  await Promise.all(nodes.map((node) => node.kill()));
  await wait(day, 12);
  for (const node of nodes) node.start();
  await Promise.all(nodes.map((node) => node.ready()));
  await healed(day, findings);
  return `SIGKILL of all nodes of ${zone}; started again after 12 s`;
}

async function zoneCutOff(day: Day, findings: Findings): Promise<string> {
  const { cluster } = day;
  const inside = cluster.indexesOf("az3");
  const outside = cluster.nodes.map((_, i) => i).filter((i) => !inside.includes(i));
  await separate(cluster.links, inside, outside);
  await wait(day, 10);
  await cluster.links.heal();
  await wait(day, 4);
  await healed(day, findings);
  return "az3 cut off from the other zones for 10 s";
}

async function diskLost(day: Day, findings: Findings): Promise<string> {
  const { cluster } = day;
  const { index } = await busiestLeader(day);
  const node = cluster.nodes[index]!;
  await node.kill();
  rmSync(node.options.dataDir, { recursive: true, force: true });
  await wait(day, 2);
  await cluster.add(node.options.zone);
  await healed(day, findings);
  return `${node.options.name} killed and its directory deleted; a new node joined ${node.options.zone}`;
}

async function diskFull(day: Day, findings: Findings): Promise<string> {
  const { cluster, directory } = day;
  const mount = join(directory, "small-disk");
  mkdirSync(mount, { recursive: true });
  await run("mount", ["-t", "tmpfs", "-o", `size=${DISK_BYTES}`, "tmpfs", mount]);
  try {
    const node = await cluster.add("az1", join(mount, "data"));
    const address = node.options.advertise;
    await cluster.waitFor("the new node up", HEAL_MS_MAX, ({ nodes }) => (
      nodes.some((one) => one.address === address && one.life === "up")
    ));
    const other = cluster.indexesOf("az1").map((i) => cluster.nodes[i]!).find((n) => n !== node && n.isRunning);
    const status = await cluster.status();
    const id = status.nodes.find(({ address }) => address === other?.options.advertise)?.id;
    const target = status.nodes.find(({ address }) => address === node.options.advertise)?.id;
    const moved = ofTable(status).find(({ replicas }) => id !== undefined && replicas.includes(id));
    if (moved !== undefined) {
      await cluster.command("move", "--group", String(moved.group), "--from", String(id), "--to", String(target));
      await healed(day, findings);
    } else findings.notes.push("no replica could be moved to the small disk");
    const { bavail, bsize } = statfsSync(mount);
    writeFileSync(join(mount, "ballast"), Buffer.alloc(Math.max(0, bavail * bsize - 4096)));
    await wait(day, 10);
    rmSync(join(mount, "ballast"));
    await node.kill();
    if (target !== undefined) {
      if (!await isEmptied(day, target)) findings.failures.push(`node ${target} is gone and still has replicas`);
      await cluster.command("remove", "--node", String(target));
    }
    await healed(day, findings);
    return `${node.options.name} with ${DISK_BYTES / 2 ** 20} MiB of disk got a replica; its disk filled up`;
  } finally {
    for (const node of cluster.nodes) if (node.options.dataDir.startsWith(mount)) await node.kill();
    await run("umount", [mount]);
  }
}

/** No partition lists the node any more. */
function isEmptied({ cluster }: Day, id: number): Promise<boolean> {
  return cluster.waitFor(`node ${id} without replicas`, HEAL_MS_MAX, (status) => (
    status.partitions.every(({ replicas, logReplicas, joining }) => (
      !replicas.includes(id) && !logReplicas.includes(id) && !joining.includes(id)
    ))
  ));
}

async function drain(day: Day, findings: Findings): Promise<string> {
  const { cluster } = day;
  const { index, id } = await busiestLeader(day);
  await cluster.command("drain", "--node", String(id));
  if (!await isEmptied(day, id)) {
    findings.failures.push(`node ${id} still had replicas ${HEAL_MS_MAX} ms after its drain began`);
  }
  const stopped = await cluster.nodes[index]!.stop();
  if (stopped === "killed") findings.failures.push("the drained node did not stop in time");
  await wait(day, 3);
  cluster.nodes[index]!.start();
  await cluster.nodes[index]!.ready();
  await cluster.command("drain", "--node", String(id), "--undo");
  return `${cluster.nodes[index]!.options.name} drained, stopped in order, started again`;
}

function ofTable(status: ClusterStatus, name: string = TABLE): readonly PartitionStatus[] {
  return status.partitions.filter(({ table }) => table === name);
}
