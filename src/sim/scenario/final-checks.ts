// What must hold once a run is over: every checker, over the histories and over the replicas themselves.
import { must } from "../../base/assert.ts";
import { groupId, SYSTEM_GROUP } from "../../base/ids.ts";
import { addressOf } from "../../model/key-encoding.ts";
import { storedJson } from "../../model/item-codec.ts";
import type { Partition, TableSchema } from "../../model/table-schema.ts";
import { describeCall } from "../checker/history.ts";
import { globalIndexFault } from "../checker/global-index-rows.ts";
import { indexRowsFault } from "../checker/index-rows.ts";
import { checkLinearizable } from "../checker/linearizable.ts";
import { checkMapCoversKeyspace } from "../checker/map-covers-keyspace.ts";
import { checkNoLostAck, type Observation } from "../checker/no-lost-ack.ts";
import { checkReplicaDigests, checkReplicasConverged, type ReplicaState } from "../checker/replica-digest.ts";
import { readerFault, streamFault, unrecordedFault } from "../checker/stream-records.ts";
import { violation, type Violation } from "../checker/violation.ts";
import { catalogueOf } from "../cluster/catalogue.ts";
import { replicaStates } from "../cluster/converged.ts";
import type { SimCluster } from "../cluster/sim-cluster.ts";
import type { ItemTree, RangeDigest } from "../../storage/tree/item-tree.ts";
import type { Probes } from "../swarm/probes.ts";
import type { HistoryRecorder } from "../workload/history-recorder.ts";
import type { StreamReader } from "../workload/stream-reader.ts";
import { keysOf, stateOf } from "../workload/operations.ts";

export type CheckCounts = { items: number; calls: number; undecided: number; acknowledged: number; replicas: number };

export function checkHistories(history: HistoryRecorder, counts: CheckCounts, probes: Probes): Violation[] {
  const found: Violation[] = [];
  for (const oddity of history.oddities) found.push(violation("outcomes", oddity));
  found.push(...checkNothingInvented(history));
  for (const [item, calls] of history.byItem()) {
    counts.items++;
    counts.calls += calls.length;
    noteUnknownFates(calls, probes);
    const verdict = checkLinearizable(calls);
    if (verdict.kind === "undecided") counts.undecided++;
    if (verdict.kind !== "violation") continue;
    const picked = new Set(verdict.longest);
    const lines = calls.map((call, i) => `${picked.has(i) ? "    " : "  ? "}${describeCall(call)}`);
    const head = `item ${item} has no order (? stands before what fits in none)`;
    found.push(violation("linearizable", `${head}:\n${lines.join("\n")}`));
  }
  return found;
}

/** An eventual read shows a value that somebody once wrote, or tried to write, to that item. */
function checkNothingInvented(history: HistoryRecorder): Violation[] {
  const written = new Set<string>();
  for (const { item, command } of history.calls) if ("value" in command) written.add(`${item}=${command.value}`);
  return history.eventual
    .filter(({ item, value }) => !written.has(`${item}=${value}`))
    .map(({ item, value }) => violation("nothing-invented", `an eventual read of ${item} showed ${value}`));
}

/** Replicas of all partitions, when the cluster is at rest. */
export function checkReplicas(
  cluster: SimCluster, table: TableSchema, history: HistoryRecorder, counts: CheckCounts, reader: StreamReader | null,
): Violation[] {
  const catalogue = must(catalogueOf(cluster), "checked at rest");
  const states = replicaStates(cluster, catalogue);
  const { partitions } = must(catalogue.tables.find(({ id }) => id === table.id), "nobody deletes that table");
  counts.replicas += states.length;
  counts.acknowledged += history.acknowledged.size;
  const children = catalogue.tables.flatMap((one) => one.partitions).filter(({ parent }) => parent !== undefined);
  const estimated = new Set<number>(children.map(({ group }) => group));
  const places = cluster.running().map(({ machine, node }): Observation => ({
    place: `node ${machine.nodeId}`,
    find: (item) => {
      const { pk, sk } = keysOf(item);
      const { key, point } = addressOf(table, { S: pk }, { S: sk });
      const owner = partitions.find(({ from, to }) => from <= point && point < to);
      if (owner !== undefined && !owner.replicas.includes(node.self)) return undefined;
      const read = node.tree.get(key);
      if (read.kind === "corrupt" && machine.storage.isDamaged) return undefined;
      return read.kind === "value" ? stateOf(storedJson(read.value)) : null;
    },
  }));
  return [
    ...checkReplicasConverged(states), ...checkReplicaDigests(states),
    ...checkNoLostAck(history.acknowledged, places), ...checkMapCoversKeyspace(catalogue.tables),
    ...checkCounters(cluster, states, estimated), ...checkTotals(cluster, catalogue.tables, states),
    ...checkIndexes(cluster, catalogue.tables), ...checkGlobalIndexes(cluster, catalogue.tables),
    ...checkStreams(cluster, catalogue.tables, table, reader),
  ];
}

/** Of every replica of every table: its index rows are what its items say. */
function checkIndexes(cluster: SimCluster, tables: readonly TableSchema[]): Violation[] {
  const found: Violation[] = [];
  for (const table of tables) {
    for (const partition of table.partitions) {
      for (const id of partition.replicas) {
        const { node, storage } = cluster.machineOf(id);
        const fault = node === null ? null : indexRowsFault(node.tree, table, partition);
        if (fault === null || (typeof fault !== "string" && storage.isDamaged)) continue;
        const text = typeof fault === "string" ? fault : fault.message;
        found.push(violation("local-index", `group ${partition.group} on node ${id}: ${text}`));
      }
    }
  }
  return found;
}

/** Rows of global indexes, as one whole replica of each partition has them: that all are equal is checked before. */
function checkGlobalIndexes(cluster: SimCluster, tables: readonly TableSchema[]): Violation[] {
  const treeOf = treesOf(cluster);
  const found: Violation[] = [];
  for (const table of tables) {
    const fault = globalIndexFault(table, tables, treeOf);
    if (fault !== null) found.push(violation("global-index", `table ${table.name}: ${fault}`));
  }
  return found;
}

/** `lasting`: a table whose stream, if it has one, was on from the beginning. */
function checkStreams(
  cluster: SimCluster, tables: readonly TableSchema[], lasting: TableSchema, reader: StreamReader | null,
): Violation[] {
  const treeOf = treesOf(cluster);
  const found: Violation[] = [];
  for (const table of tables) {
    if (table.stream === undefined) continue;
    const isKept = table.id === lasting.id && cluster.keepsRecords;
    const fault = streamFault(table, treeOf, cluster.keepsRecords)
      ?? (isKept ? unrecordedFault(table, treeOf) : null);
    const read = isKept && reader !== null && reader.createdMs !== null
      ? readerFault(table, treeOf, reader.createdMs, reader.reads) : null;
    if (read !== null) found.push(violation("stream-reader", read));
    if (fault !== null) found.push(violation("stream", `table ${table.name}: ${fault}`));
  }
  return found;
}

function treesOf(cluster: SimCluster): (partition: Partition) => ItemTree | null {
  return ({ replicas }) => {
    for (const id of replicas) {
      const { node, storage } = cluster.machineOf(id);
      if (node !== null && !storage.isDamaged) return node.tree;
    }
    return null;
  };
}

/** Each replica's counter of items is what it holds; where a split estimated it, at least all replicas say the same. */
function checkCounters(
  cluster: SimCluster, states: readonly ReplicaState[], estimated: ReadonlySet<number>,
): Violation[] {
  const found: Violation[] = [];
  const said = new Map<number, number>();
  for (const state of states) {
    const { group, node } = state;
    if (group === SYSTEM_GROUP) continue; // catalogue rows are not counted
    const { counted, held: items } = itemsOf(cluster, state);
    const held = estimated.has(group) ? said.get(group) ?? counted : items;
    said.set(group, counted);
    if (counted !== held) {
      found.push(violation("item-count", `group ${group} on node ${node}: counts ${counted}, holds ${held}`));
    }
  }
  return found;
}

/** Items of a replica, as its counter says and as there are. */
function itemsOf(cluster: SimCluster, { group, node, digest }: ReplicaState): { counted: number; held: number } {
  const { tree } = must(cluster.machineOf(node).node, "its state was taken");
  const [items] = JSON.parse(digest) as RangeDigest[]; // what lies behind them is rows of indexes
  return { counted: tree.counters(groupId(group)).items, held: must(items).items };
}

/** Where a split estimated what its children hold, the estimates of a table add up to what it holds. */
function checkTotals(
  cluster: SimCluster, tables: readonly TableSchema[], states: readonly ReplicaState[],
): Violation[] {
  const found: Violation[] = [];
  for (const { name, partitions } of tables) {
    let counted = 0;
    let held = 0;
    for (const { group } of partitions) {
      const state = must(states.find((one) => one.group === group), "every partition has a replica that runs");
      const items = itemsOf(cluster, state);
      counted += items.counted;
      held += items.held;
    }
    if (counted !== held) found.push(violation("item-count", `table ${name}: counts ${counted}, holds ${held}`));
  }
  return found;
}

/** What the client of tables was told last is so, on every member of the system group. */
export function checkTables(
  cluster: SimCluster, present: readonly string[], absent: readonly string[],
): Violation[] {
  const found: Violation[] = [];
  const { system } = must(catalogueOf(cluster), "checked at rest");
  for (const { node } of cluster.running()) {
    if (!system.replicas.includes(node.self)) continue;
    const tables = node.metadata.tables();
    const names = new Set(tables.map((table) => table.name));
    for (const name of present) {
      if (!names.has(name)) found.push(violation("tables", `node ${node.self}: no table ${name}, which was created`));
    }
    for (const name of absent) {
      if (!names.has(name)) continue;
      found.push(violation("tables", `node ${node.self}: table ${name} is there, which was deleted`));
    }
  }
  return found;
}

/** Did writes whose fate was unknown to their caller show up later? Values are unique, so a read tells. */
function noteUnknownFates(calls: Parameters<typeof checkLinearizable>[0], probes: Probes): void {
  const read = new Set<string>();
  for (const { result } of calls) if (result.kind === "read" && result.value !== null) read.add(result.value);
  const last = calls[calls.length - 1];
  for (const { command, result } of calls) {
    if (result.kind !== "unknown" || !("value" in command)) continue;
    if (read.has(command.value)) probes.hit("an unknown write took effect");
    else if (last?.result.kind === "read") probes.hit("an unknown write never took effect");
  }
}
