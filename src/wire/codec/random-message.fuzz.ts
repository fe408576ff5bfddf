// Random messages of every kind from a seeded generator, valid in every field.
import { ballotFrom, epoch, groupId, HASH_POINT_END, hashPoint, lsn, nodeId, tableId, storageKey } from "../../base/ids.ts";
import type { HashPoint, NodeId, StorageKey } from "../../base/ids.ts";
import type { Prng } from "../../base/prng.ts";
import type { ConditionNode, Operand, PathNode, SetValue, UpdateNode } from "../../model/expression/ast.ts";
import { encodeItem, stampStored } from "../../model/item-codec.ts";
import { addressOf, spacesOf } from "../../model/key-encoding.ts";
import type {
  GetOperation, Outcome, PageOptions, Refusal, TableOperation, WriteOperation,
} from "../../model/operation.ts";
import { randomKeyValue, randomMap, randomText, randomValue } from "../../model/random-value.ts";
import type {
  Billing, GlobalIndex, GlobalIndexDefinition, KeyAttribute, LocalIndex, NodeRecord, Partition, TableSchema,
} from "../../model/table-schema.ts";
import type { IndexUpdate, TableChange } from "../../model/table-settings.ts";
import type { StreamShard, TableStream } from "../../model/table-stream.ts";
import {
  CATALOGUE, CATALOGUE_ASK, NODE_BEAT, PAXOS_FRAME, REPLY, REQUEST, type AdminWork, type IndexRow, type NodeMessage,
  type PaxosFrame, type Work, type WorkOutcome,
} from "../data-messages.ts";
import { LOG, STORAGE, type Replica } from "../group-configuration.ts";
import type { EntryKind, LogEntry } from "../log-record.ts";
import { makeEntry } from "../record-checksum.ts";
import type { PaxosKind, PaxosMessage } from "../paxos-messages.ts";

const TYPES = ["S", "N", "B"] as const;

export function randomMessage(prng: Prng): NodeMessage {
  const from = randomNode(prng);
  switch (prng.below(6)) {
    case 0: return randomPaxosFrame(prng);
    case 1: return { kind: CATALOGUE_ASK, from };
    case 2: return {
      kind: CATALOGUE, from, version: lsn(counter(prng)), isAuthoritative: prng.chance(1, 2),
      tables: [...many(prng, 4, randomTable), ...many(prng, 2, randomHidden)], nodes: many(prng, 4, randomNodeRecord), system: randomPartition(prng),
    };
    case 3: return {
      kind: NODE_BEAT, from, incarnation: counter(prng), replicas: prng.below(100), led: prng.below(100),
      unheard: many(prng, 3, randomNode),
    };
    case 4: return {
      kind: REQUEST, from, id: counter(prng), group: groupId(1 + prng.below(1_000)), work: randomWork(prng),
      bytesMax: prng.below(1 << 20),
    };
    default: return { kind: REPLY, from, id: counter(prng), outcome: randomOutcome(prng) };
  }
}

export function randomPaxosFrame(prng: Prng): PaxosFrame {
  const from = randomNode(prng);
  return {
    kind: PAXOS_FRAME, from, clockMs: prng.u32() / 7, messages: many(prng, 5, () => randomPaxosMessage(prng, from)),
  };
}

function randomPaxosMessage(prng: Prng, from: NodeId): PaxosMessage {
  const group = groupId(1 + prng.below(100));
  return {
    kind: prng.between(1, 10) as PaxosKind, from, to: randomNode(prng), group, epoch: epoch(prng.below(9)),
    ballot: ballotFrom(counter(prng)), lsn: lsn(counter(prng)), lastLsn: lsn(counter(prng)),
    lastBallot: ballotFrom(counter(prng)), commit: lsn(counter(prng)), floor: lsn(counter(prng)),
    sentAt: prng.u32() / 1_000, flag: prng.chance(1, 2), released: ballotFrom(counter(prng)),
    entries: many(prng, 3, (): LogEntry => makeEntry(
      prng.between(1, 4) as EntryKind, group, lsn(counter(prng)), ballotFrom(counter(prng)),
      prng.bytes(prng.below(200)),
    )),
  };
}

export function randomTable(prng: Prng): TableSchema {
  const count = prng.between(1, 5);
  const bounds = Array.from({ length: count - 1 }, (_, i) => Math.floor(HASH_POINT_END / count) * (i + 1));
  const partitions = Array.from({ length: count }, (_, i): Partition => ({
    ...randomPartition(prng), from: hashPoint(bounds[i - 1] ?? 0), to: hashPoint(bounds[i] ?? HASH_POINT_END),
  }));
  const rangeKey = prng.chance(1, 2) ? null : { name: "sk", type: prng.pick(TYPES) };
  return {
    id: tableId(prng.u32()), name: `table.${prng.below(1_000)}`, hashKey: { name: "pk", type: prng.pick(TYPES) },
    rangeKey, ...(rangeKey === null || prng.chance(1, 2) ? {} : { localIndexes: randomIndexes(prng) }),
    ...(prng.chance(1, 2) ? {} : { globalIndexes: many(prng, 3, randomGlobalIndex, 1) }),
    status: randomStatus(prng), version: counter(prng),
    createdMs: prng.u32() * 1_000, uuid: "0b0e-11", billing: randomBilling(prng),
    deletionProtection: prng.chance(1, 2), tableClass: prng.pick([null, "STANDARD", "STANDARD_INFREQUENT_ACCESS"]),
    ...randomSettings(prng),
    ...(prng.chance(1, 3) ? { insights: { isEnabled: true, mode: "THROTTLED_KEYS", changedMs: counter(prng), enabledMs: 1 } } : {}),
    ...(prng.chance(1, 3) ? { timeToLive: { attribute: "ttl", isEnabled: prng.chance(1, 2), changedMs: counter(prng) } } : {}),
    ...(prng.chance(1, 3) ? { stream: randomStream(prng), oldStreams: many(prng, 2, randomStream) } : {}),
    partitions, ...(prng.chance(1, 3) ? { closed: many(prng, 2, randomPartition) } : {}),
  };
}

function randomStream(prng: Prng): TableStream {
  const ends = { ms: counter(prng), last: counter(prng) };
  return {
    viewType: prng.pick(["KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES"]),
    status: prng.pick(["ENABLING", "ENABLED", "DISABLING", "DISABLED"]), createdMs: counter(prng),
    ...(prng.chance(1, 3) ? { policy: { document: "{}", revision: 1 } } : {}),
    shards: many(prng, 3, (): StreamShard => ({
      group: groupId(prng.between(1, 99)), at: randomPoint(prng), after: counter(prng),
      ...(prng.chance(1, 2) ? { parent: groupId(9) } : {}), ...(prng.chance(1, 2) ? { closed: ends } : {}),
    })),
  };
}

function randomBilling(prng: Prng): Billing {
  const billing: Billing = { mode: "PROVISIONED", readUnits: 5, writeUnits: 1 };
  return prng.chance(1, 2) ? billing : {
    ...billing, onDemandMs: counter(prng), increasedMs: counter(prng), decreasedMs: counter(prng), decreases: 4,
  };
}

function randomSettings(prng: Prng): Pick<TableSchema, "tags" | "onDemandCap" | "warm" | "encryption" | "policy"> {
  return {
    ...(prng.chance(1, 3) ? { tags: many(prng, 3, () => ({ key: `k${prng.u32()}`, value: "" })) } : {}),
    ...(prng.chance(1, 3) ? { onDemandCap: { readUnits: null, writeUnits: counter(prng) } } : {}),
    ...(prng.chance(1, 3) ? { warm: { readUnits: counter(prng), writeUnits: 1 } } : {}),
    ...(prng.chance(1, 3) ? { encryption: { key: prng.pick([null, "alias/x"]) } } : {}),
    ...(prng.chance(1, 3) ? { policy: { document: "{}", revision: counter(prng) } } : {}),
  };
}

function randomChange(prng: Prng): TableChange {
  const { timeToLive, ...table } = randomTable(prng);
  return {
    ...(prng.chance(1, 2) ? { billing: prng.pick([{ mode: "PAY_PER_REQUEST" }, { throughput: { readUnits: 3, writeUnits: 4 } }]) } : {}),
    ...(prng.chance(1, 2) ? { deletionProtection: prng.chance(1, 2), tableClass: "STANDARD" } : {}),
    ...(prng.chance(1, 2) ? { onDemandCap: prng.pick([{ readUnits: null }, { writeUnits: 7 }]) } : {}),
    ...(prng.chance(1, 2) ? { stream: { viewType: prng.pick([null, "KEYS_ONLY"] as const) } } : {}),
    ...(prng.chance(1, 2) ? { warm: { readUnits: 1 }, encryption: table.encryption ?? null } : {}),
    ...(prng.chance(1, 2) ? { tags: { set: table.tags ?? [], remove: ["gone"] } } : {}),
    ...(prng.chance(1, 2) ? { globalIndexes: many(prng, 3, randomIndexUpdate, 1) } : {}),
    ...(timeToLive === undefined ? {} : { timeToLive: { attribute: "a", isEnabled: timeToLive.isEnabled } }),
    ...(prng.chance(1, 2) ? { policy: { stream: prng.pick([null, "2026"]), document: prng.pick([null, "{}"]), expected: null } } : {}),
    ...(prng.chance(1, 2) ? { insights: { index: prng.pick([null, "global-1"]), isEnabled: prng.chance(1, 2), mode: "THROTTLED_KEYS" } } : {}),
  };
}

function randomStatus(prng: Prng): TableSchema["status"] {
  return prng.pick(["CREATING", "ACTIVE", "UPDATING", "DELETING"]);
}

function randomGlobalDefinition(prng: Prng): GlobalIndexDefinition {
  const keys = (): readonly KeyAttribute[] => many(prng, 3, () => ({ name: randomText(prng, 3), type: prng.pick(TYPES) }));
  return {
    name: `global-${prng.below(99)}`, hashKeys: [{ name: "gk", type: prng.pick(TYPES) }, ...keys()], rangeKeys: keys(),
    projection: prng.pick([{ kind: "ALL", attributes: [] }, { kind: "INCLUDE", attributes: ["a"] }]),
    billing: randomBilling(prng), ...(prng.chance(1, 3) ? { warm: { readUnits: 1, writeUnits: 2 } } : {}),
    ...(prng.chance(1, 3) ? { onDemandCap: { readUnits: null, writeUnits: 3 } } : {}),
  };
}

function randomIndexUpdate(prng: Prng): IndexUpdate {
  return prng.pick<IndexUpdate>([
    { kind: "create", index: randomGlobalDefinition(prng) }, { kind: "delete", name: "gsi" },
    { kind: "update", name: "gsi", throughput: { readUnits: 1, writeUnits: 2 }, onDemandCap: { readUnits: null }, warm: { writeUnits: 3 } },
  ]);
}

function randomGlobalIndex(prng: Prng): GlobalIndex {
  return {
    ...randomGlobalDefinition(prng), status: randomStatus(prng), table: tableId(prng.u32()),
    ...(prng.chance(1, 2) ? { isBackfilling: true } : {}),
  };
}

/** One that holds the rows of an index. */
function randomHidden(prng: Prng): TableSchema {
  const { localIndexes: _, ...table } = randomTable(prng);
  return { ...table, name: `${table.name}/index/x`, indexOf: { table: table.id, name: table.name, keyNames: ["gk", "pk"] } };
}

function randomIndexRow(prng: Prng): IndexRow {
  const key = randomKey(prng);
  const timestamp = prng.between(1, 0xffff_ffff);
  if (prng.chance(1, 2)) return { key, timestamp, value: null };
  const value = encodeItem(randomMap(prng, 2), 100, key).slice();
  stampStored(value, timestamp);
  return { key, timestamp, value };
}

function randomIndexes(prng: Prng): readonly LocalIndex[] {
  const one = (i: number): LocalIndex => ({
    name: `index-${i}`, rangeKey: { name: "ik", type: prng.pick(TYPES) },
    projection: prng.pick<LocalIndex["projection"]>([
      { kind: "ALL", attributes: [] }, { kind: "KEYS_ONLY", attributes: [] }, { kind: "INCLUDE", attributes: ["a", "b"] },
    ]),
  });
  return Array.from({ length: prng.between(1, 5) }, (_, i) => one(i));
}

function randomPartition(prng: Prng): Partition {
  const nodes = (): readonly NodeId[] => many(prng, 3, randomNode);
  const at = prng.chance(1, 2) ? null : randomPoint(prng);
  return {
    group: groupId(1 + prng.below(1_000)), from: hashPoint(prng.below(1_000)), to: hashPoint(1_000 + prng.u32()),
    replicas: [randomNode(prng), ...nodes()], ...(prng.chance(1, 3) ? { logReplicas: nodes() } : {}),
    ...(prng.chance(1, 3) ? { joining: nodes(), leaving: nodes() } : {}),
    ...(prng.chance(1, 3) ? { first: nodes() } : {}),
    ...(prng.chance(1, 3) ? { epoch: epoch(prng.below(9)), parent: groupId(7) } : {}),
    ...(prng.chance(1, 3) ? { splitting: { at, left: groupId(8), right: groupId(9) } } : {}),
  };
}

function randomNodeRecord(prng: Prng): NodeRecord {
  return {
    id: randomNode(prng), uuid: randomText(prng, 5), zone: "az1", address: "10.0.0.1:7000", capacity: 1_000,
    state: prng.pick(["active", "draining", "removed"]), version: prng.below(10),
  };
}

// ---- Works.

const WORKS: readonly ((prng: Prng) => Work)[] = [
  randomGet, randomWrite, randomWrite, randomWrite,
  (prng): Work => {
    const { table, address: { key, point } } = randomHome(prng);
    const index = prng.below(spacesOf(table));
    const bound = storageKey(key.slice(0, 4) + String.fromCharCode(index) + key.slice(5));
    return { kind: "query", table, point, from: bound, to: bound, page: randomPage(prng, index) };
  },
  (prng): Work => {
    const table = randomTable(prng);
    const page = randomPage(prng, prng.below(spacesOf(table)));
    return { kind: "scan", table, fromPoint: randomPoint(prng), toPoint: randomPoint(prng), page };
  },
  (prng): Work => {
    const { table, address } = randomWrite(prng);
    const { key } = address;
    const condition = { kind: "attribute_exists", path: ["a"] } as const;
    return {
      kind: "prepare", isWhole: prng.chance(1, 2),
      name: { id: randomText(prng, 9), timestamp: 1 + prng.below(1_000_000), ledger: table.id, entry: "e", hash: "h" },
      actions: [{ kind: "check", table, address, condition, returnOldOnFailure: true }],
      token: prng.chance(1, 2) ? null : { text: randomText(prng, 3), address: { key, point: address.point }, claim: 5 },
    };
  },
  (prng): Work => {
    const { table, address } = randomWrite(prng);
    return { kind: "finish", id: randomText(prng, 3), table, keys: [address.key], isCommitted: prng.chance(1, 2) };
  },
  (prng): Work => ({ kind: "get-stable", gets: many(prng, 3, randomGet, 1) }),
  (prng): Work => ({ kind: "write-many", writes: [randomWrite(prng), ...many(prng, 3, randomWrite)] }),
  (prng): Work => ({ kind: "get-many", gets: [randomGet(prng), ...many(prng, 3, randomGet)] }),
  (): Work => ({ kind: "status" }),
  (prng): Work => ({ kind: "table-work", operation: randomTableOperation(prng) }),
  (prng): Work => ({ kind: "reconfigure", epoch: epoch(prng.below(9)), replicas: many(prng, 4, randomReplica) }),
  (prng): Work => ({
    kind: "split", at: prng.chance(1, 2) ? null : randomPoint(prng), left: groupId(3), right: groupId(4),
  }),
  (prng): Work => ({ kind: "transfer", to: randomNode(prng) }),
  (): Work => ({ kind: "group-status" }),
  (prng): Work => ({ kind: "snapshot-page", from: randomKey(prng), to: randomKey(prng), after: maybeKey(prng) }),
  (prng): Work => ({ kind: "register", uuid: randomText(prng, 5), zone: "a", address: "h:1", capacity: 5 }),
  (prng): Work => ({ kind: "admin", command: randomAdmin(prng) }),
  (): Work => ({ kind: "describe" }),
  (prng): Work => ({ kind: "switch-stream", table: tableId(prng.u32()), version: counter(prng) }),
  (prng): Work => ({
    kind: "read-stream", table: randomTable(prng), createdMs: counter(prng), shard: groupId(7), point: hashPoint(prng.u32()),
    after: counter(prng), upTo: prng.pick([null, 0, 77]), limit: prng.pick([null, 1, 1_000]), region: "eu-west-1",
  }),
  (prng): Work => ({ kind: "fill-index", index: tableId(prng.u32()), version: counter(prng) }),
  (prng): Work => ({ kind: "index-rows", rows: many(prng, 4, randomIndexRow, 1) }),
];

function randomWork(prng: Prng): Work {
  return prng.pick(WORKS)(prng);
}

function randomAdmin(prng: Prng): AdminWork {
  const node = randomNode(prng);
  const group = groupId(5);
  return prng.pick<AdminWork>([
    { kind: "drain-node", node, isUndone: prng.chance(1, 2) }, { kind: "remove-node", node },
    { kind: "split-partition", group, at: randomPoint(prng) }, { kind: "split-partition", group, at: null },
    { kind: "move-replica", group, from: node, to: randomNode(prng) }, { kind: "transfer-leader", group, to: node },
  ]);
}

function randomTableOperation(prng: Prng): TableOperation {
  const { name, hashKey, rangeKey, localIndexes, billing, deletionProtection, tableClass } = randomTable(prng);
  const settings = randomSettings(prng);
  const partitionCount = prng.pick([null, 1, 64]);
  return prng.pick<TableOperation>([
    {
      kind: "create-table",
      definition: {
        name, hashKey, rangeKey, billing, deletionProtection, tableClass, partitionCount,
        ...(localIndexes === undefined ? {} : { localIndexes }), ...settings,
        ...(prng.chance(1, 2) ? {} : { streamView: "OLD_IMAGE" }),
        ...(prng.chance(1, 2) ? {} : { globalIndexes: many(prng, 2, randomGlobalDefinition, 1) }),
      },
    },
    { kind: "update-table", name, change: randomChange(prng) },
    { kind: "delete-table", name }, { kind: "describe-table", name },
    { kind: "list-tables", after: prng.pick([null, name]), limit: prng.between(1, 100) },
  ]);
}

function randomHome(prng: Prng): Pick<GetOperation, "table" | "address"> {
  const table = randomTable(prng);
  const hash = randomKeyValue(prng, table.hashKey.type);
  const range = table.rangeKey === null ? null : randomKeyValue(prng, table.rangeKey.type);
  return { table, address: addressOf(table, hash, range) };
}

function randomGet(prng: Prng): GetOperation {
  return { kind: "get", ...randomHome(prng), isStrong: prng.chance(1, 2), projection: maybePaths(prng) };
}

function randomWrite(prng: Prng): WriteOperation {
  const home = randomHome(prng);
  const base = {
    ...home, condition: prng.chance(1, 2) ? null : randomCondition(prng, 4),
    returnValues: prng.pick(["NONE", "ALL_OLD", "UPDATED_OLD", "ALL_NEW", "UPDATED_NEW"] as const),
    returnOldOnFailure: prng.chance(1, 2),
  };
  const keyItem = randomMap(prng, 2);
  switch (prng.below(3)) {
    case 0: return { kind: "delete", ...base };
    case 1: return {
      kind: "put", ...base, itemBytes: encodeItem(keyItem, 100, home.address.key).slice(), itemSize: 100,
    };
    default: return { kind: "update", ...base, keyItem, update: prng.chance(1, 4) ? null : randomUpdate(prng) };
  }
}

/** `index` 0: of the table. */
function randomPage(prng: Prng, index: number): PageOptions {
  return {
    isForward: prng.chance(1, 2), limit: prng.pick([null, 1, 1_000]), after: maybeKey(prng),
    filter: prng.chance(1, 2) ? null : randomCondition(prng, 3), projection: maybePaths(prng),
    isCountOnly: prng.chance(1, 2), isStrong: prng.chance(1, 2),
    ...(index === 0 ? {} : { index: { number: index, fetches: prng.chance(1, 2) } }),
  };
}

// ---- Expressions.

function randomPath(prng: Prng): PathNode {
  return [randomText(prng, 4), ...many(prng, 4, () => (prng.chance(1, 3) ? prng.below(400) : randomText(prng, 3)))];
}

function maybePaths(prng: Prng): readonly PathNode[] | null {
  return prng.chance(1, 2) ? null : many(prng, 3, randomPath);
}

function randomOperand(prng: Prng): Operand {
  return prng.pick<Operand>([
    { kind: "path", path: randomPath(prng) }, { kind: "size", path: randomPath(prng) },
    { kind: "value", value: randomValue(prng, 3) },
  ]);
}

function randomCondition(prng: Prng, levels: number): ConditionNode {
  const operand = randomOperand(prng);
  const path = randomPath(prng);
  if (levels > 0 && prng.chance(1, 2)) {
    const left = randomCondition(prng, levels - 1);
    const right = randomCondition(prng, levels - 1);
    return prng.pick<ConditionNode>([
      { kind: "and", left, right }, { kind: "or", left, right }, { kind: "not", operand: left },
    ]);
  }
  return prng.pick<ConditionNode>([
    { kind: "compare", comparator: prng.pick(["=", "<>", "<", "<=", ">", ">="]), left: operand, right: operand },
    { kind: "between", operand, low: randomOperand(prng), high: randomOperand(prng) },
    { kind: "in", operand, list: many(prng, 3, randomOperand) }, { kind: "attribute_exists", path },
    { kind: "attribute_not_exists", path }, { kind: "attribute_type", path, type: "SS" },
    { kind: "begins_with", operand, prefix: randomOperand(prng) },
    { kind: "contains", operand, element: randomOperand(prng) },
  ]);
}

function randomSetValue(prng: Prng, levels: number): SetValue {
  if (levels === 0) return { kind: "operand", operand: randomOperand(prng) };
  const left = randomSetValue(prng, levels - 1);
  const right = randomSetValue(prng, levels - 1);
  return prng.pick<SetValue>([
    { kind: "plus", left, right }, { kind: "minus", left, right }, { kind: "list_append", left, right },
    { kind: "if_not_exists", path: randomPath(prng), otherwise: left },
  ]);
}

function randomUpdate(prng: Prng): UpdateNode {
  const action = (): UpdateNode["add"][number] => ({ path: randomPath(prng), value: randomValue(prng, 1) });
  return {
    set: many(prng, 3, () => ({ path: randomPath(prng), value: randomSetValue(prng, prng.below(3)) })),
    remove: many(prng, 2, randomPath), add: many(prng, 2, action), delete: many(prng, 2, action),
  };
}

// ---- Outcomes.

function randomRefusal(prng: Prng): Refusal {
  const reason = randomText(prng, 5);
  return prng.pick<Refusal>([
    { kind: "condition-failed", item: maybeBytes(prng), size: 3 }, { kind: "invalid", message: reason },
    { kind: "table-not-found", name: reason }, { kind: "table-exists", name: reason },
    { kind: "table-in-use", name: reason, message: reason }, { kind: "limit-exceeded", message: reason }, { kind: "collection-too-large" },
    { kind: "index-not-found", name: reason }, { kind: "conflict" }, { kind: "token-mismatch" }, { kind: "token-in-progress" },
    { kind: "cancelled", reasons: [null, { kind: "conflict" }, { kind: "invalid", message: reason }] },
    { kind: "policy-not-found", message: reason },
    { kind: "unavailable", reason }, { kind: "overloaded", reason },
    { kind: "throughput-exceeded" },
  ]);
}

const GLOBAL_WRITES = { globalWrites: [{ name: "gsi", sizes: [4] }] } as const;

function randomItemOutcome(prng: Prng): Outcome {
  return prng.pick<Outcome>([
    { kind: "item", json: maybeBytes(prng), exists: prng.chance(1, 2), size: prng.below(1_000) },
    { kind: "written", attributes: maybeBytes(prng), oldSize: prng.below(9), newSize: prng.below(9) },
    { kind: "written", attributes: null, oldSize: 0, newSize: 9, indexWrites: [[], [prng.below(9)], [1, 2]], collectionBytes: 9, ...GLOBAL_WRITES },
    randomRefusal(prng),
  ]);
}

const OUTCOMES: readonly ((prng: Prng) => WorkOutcome)[] = [
  randomItemOutcome, randomItemOutcome, randomRefusal,
  (prng): WorkOutcome => ({
    kind: "page", runs: many(prng, 3, () => prng.bytes(prng.below(50))), count: 2, scanned: 3, scannedBytes: 400,
    lastKey: prng.chance(1, 2) ? null : randomMap(prng, 0),
    ...(prng.chance(1, 2) ? {} : { fetched: { bytes: prng.below(9_000), steps: prng.below(9) } }),
  }),
  (prng): WorkOutcome => ({ kind: "many", outcomes: many(prng, 4, randomItemOutcome) }),
  (prng): WorkOutcome => ({
    kind: "prepared", state: prng.pick(["refused", "locked", "applied", "repeated", "too-large"]), count: prng.below(9),
    outcomes: many(prng, 3, randomItemOutcome), claim: counter(prng), isRival: prng.chance(1, 2),
  }),
  (prng): WorkOutcome => ({ kind: "finished", count: prng.below(9) }),
  (prng): WorkOutcome => ({
    kind: "stable-items", items: many(prng, 3, () => ({
      item: { kind: "item", json: maybeBytes(prng), exists: prng.chance(1, 2), size: 4 }, version: counter(prng), isBusy: prng.chance(1, 2),
    })),
  }),
  (): WorkOutcome => ({
    kind: "transacted", outcomes: [{ kind: "written", attributes: null, oldSize: 0, newSize: 1 }],
    repeated: [{ kind: "item", json: null, exists: false, size: 0 }],
  }),
  (prng): WorkOutcome => ({ kind: "items", outcomes: many(prng, 2, randomRefusal) }),
  (prng): WorkOutcome => ({ kind: "batch-written", outcomes: many(prng, 2, randomRefusal) }),
  (prng): WorkOutcome => ({ kind: "table", table: randomTable(prng), itemCount: counter(prng), sizeBytes: 0, indexCounts: [{ itemCount: 1, sizeBytes: 2 }] }),
  (prng): WorkOutcome => ({ kind: "table", table: randomTable(prng), itemCount: counter(prng), sizeBytes: 0 }),
  (prng): WorkOutcome => ({ kind: "tables", names: many(prng, 3, () => `t-${prng.below(9)}`), last: null }),
  (prng): WorkOutcome => ({ kind: "redirect", leader: prng.pick([null, randomNode(prng)]), reason: "other" }),
  (prng): WorkOutcome => ({ kind: "status", applied: lsn(counter(prng)), items: 1, bytes: -1 }),
  (prng): WorkOutcome => ({ kind: "moved", partitions: many(prng, 2, randomPartition) }),
  (): WorkOutcome => ({ kind: "done" }),
  (prng): WorkOutcome => ({ kind: "stream-switched", timestamp: counter(prng) }),
  (prng): WorkOutcome => ({
    kind: "stream-page", json: prng.bytes(prng.below(50)), count: 3, last: counter(prng), isMore: prng.chance(1, 2),
    trimmed: counter(prng),
  }),
  (): WorkOutcome => ({ kind: "not-now", reason: "busy" }),
  (prng): WorkOutcome => ({
    kind: "group-status", isLeader: true, leader: randomNode(prng),
    configuration: { epoch: epoch(3), replicas: many(prng, 3, randomReplica) }, isConfigurationCommitted: false,
    last: lsn(counter(prng)), commit: lsn(3), applied: lsn(2), floor: lsn(1), hasTree: true, items: 4, bytes: 5,
    splitLsn: lsn(0), barred: many(prng, 2, randomNode),
    peers: many(prng, 2, () => ({ node: randomNode(prng), match: lsn(2), silentMs: prng.pick([1.5, Infinity]) })),
  }),
  (prng): WorkOutcome => ({
    kind: "snapshot-page", rows: many(prng, 4, () => ({ key: randomKey(prng), value: maybeBytes(prng) })),
    next: maybeKey(prng), applied: lsn(counter(prng)), items: 3, bytes: 4,
  }),
  (prng): WorkOutcome => ({ kind: "registered", node: randomNodeRecord(prng) }),
  (prng): WorkOutcome => ({ kind: "described", json: randomText(prng, 9) }),
];

function randomOutcome(prng: Prng): WorkOutcome {
  return prng.pick(OUTCOMES)(prng);
}

// ---- Small things.

function many<T>(prng: Prng, countMax: number, make: (prng: Prng) => T, countMin = 0): T[] {
  return Array.from({ length: prng.between(countMin, countMax) }, () => make(prng));
}

/** Of any magnitude, up to 2^53 - 1. */
function counter(prng: Prng): number {
  return Math.floor((prng.below(0x20_0000) * 0x1_0000_0000 + prng.u32()) / 2 ** prng.below(53));
}

function randomNode(prng: Prng): NodeId {
  return nodeId(prng.between(1, 0xffff));
}

function randomReplica(prng: Prng): Replica {
  return { node: randomNode(prng), kind: prng.pick([STORAGE, LOG]), votes: prng.chance(1, 2) };
}

function randomPoint(prng: Prng): HashPoint {
  return hashPoint(prng.u32() * 0x1_0000);
}

function randomKey(prng: Prng): StorageKey {
  return randomHome(prng).address.key;
}

function maybeKey(prng: Prng): StorageKey | null {
  return prng.chance(1, 2) ? null : randomKey(prng);
}

function maybeBytes(prng: Prng): Uint8Array | null {
  return prng.chance(1, 2) ? null : prng.bytes(prng.below(60));
}
