// Shapes of messages between processes but for Paxos frames: works, their outcomes, the catalogue, beats.
import { isStoredIntact, storedTimestamp } from "../../model/item-codec.ts";
import { ITEMS_INDEX, STORAGE_KEY_BYTES_MAX } from "../../model/key-encoding.ts";
import {
  CATALOGUE, CATALOGUE_ASK, NODE_BEAT, REPLY, REQUEST, type AdminRequestWork, type AdminWork, type CatalogueAsk,
  type CatalogueMessage, type DescribeWork, type Described, type Done, type FillIndexWork, type FinishWork,
  type FinishedOutcome, type GetManyWork, type GetStableWork,
  type GroupStatusOutcome, type GroupStatusWork, type IndexRow, type IndexRowsWork, type ManyOutcome, type Moved,
  type NodeBeat, type NotNow, type ReconfigureWork, type Redirect, type RegisterWork, type Registered,
  type ReplicaProgress, type Reply, type Request, type SnapshotPage, type SnapshotPageWork, type SplitWork,
  type StatusOutcome, type StatusWork, type StreamSwitched, type SwitchStreamWork, type TableWork,
  type TransferWork, type Work, type WorkOutcome, type WriteManyWork,
  type PrepareWork, type PreparedOutcome, type StableItem, type StableItemsOutcome, type TransactionName,
} from "../data-messages.ts";
import { LOG, REPLICAS_MAX, STORAGE, type Configuration, type Replica } from "../group-configuration.ts";
import type { Mutation } from "../log-record.ts";
import type { TransactAction, WriteOperation } from "../../model/operation.ts";
import {
  CHECK, isAddress, isGet, isGetOutcome, isItemKey, isKeyBound, isOutcome, isQuery, isReadStream, isReason, isScan,
  isTableOperation, MANY_MAX, OUTCOMES, WRITES,
} from "./operation-shapes.ts";
import {
  binary, isBytes, isCounter, isDuration, isFlag, isHashPoint, isInteger, isNodeId, isPositive,
  listOf, nullable, object, oneOf, text, union, whole, type Shape,
} from "./shape.ts";
import { ADDRESS_CHARS_MAX, isNodeRecord, isPartition, isTable, ZONE_CHARS_MAX } from "./table-shapes.ts";

/** Nodes of one cluster: every id there is. */
const NODES_MAX = 65_535;
const TABLES_MAX = 10_000;
const ROWS_MAX = 500_000;
/** More than any sender puts into one request. */
const INDEX_ROWS_MAX = 4_096;
const UUID_CHARS_MAX = 64;
const CHILDREN_MAX = 16;
/** Ids, entries of the ledger, tokens of clients and hashes are all far below. */
const TRANSACTION_NAME_CHARS_MAX = 256;
/** What a person reads of a cluster, as JSON. */
const DESCRIBED_CHARS_MAX = 16 * 1024 * 1024;

const isReplica: Shape = object<Replica>({ node: isNodeId, kind: oneOf(STORAGE, LOG), votes: isFlag });
const areReplicas: Shape = listOf(isReplica, REPLICAS_MAX);

type Admin<K extends AdminWork["kind"]> = Extract<AdminWork, { kind: K }>;
export const isAdminWork: Shape = union<AdminWork>({
  "drain-node": object<Admin<"drain-node">>({ kind: oneOf("drain-node"), node: isNodeId, isUndone: isFlag }),
  "remove-node": object<Admin<"remove-node">>({ kind: oneOf("remove-node"), node: isNodeId }),
  "split-partition": object<Admin<"split-partition">>({
    kind: oneOf("split-partition"), group: isPositive, at: nullable(isHashPoint),
  }),
  "move-replica": object<Admin<"move-replica">>({
    kind: oneOf("move-replica"), group: isPositive, from: isNodeId, to: isNodeId,
  }),
  "transfer-leader": object<Admin<"transfer-leader">>({
    kind: oneOf("transfer-leader"), group: isPositive, to: isNodeId,
  }),
});

export const isRegisterWork: Shape = object<RegisterWork>({
  kind: oneOf("register"), uuid: text(UUID_CHARS_MAX), zone: text(ZONE_CHARS_MAX), address: text(ADDRESS_CHARS_MAX),
  capacity: isCounter,
});

const isIndexRow: Shape = object<IndexRow>(
  { key: isItemKey, timestamp: isPositive, value: nullable(isBytes) },
  ({ key, timestamp, value }) => key.charCodeAt(4) === ITEMS_INDEX
    && (value === null || (isStoredIntact(value, key) && storedTimestamp(value) === timestamp)),
);

const isAction: Shape = union<TransactAction>({ ...WRITES, check: CHECK });
const isTransactionName: Shape = object<TransactionName>({
  id: text(TRANSACTION_NAME_CHARS_MAX), timestamp: isPositive, ledger: whole(1, 0xffff_ffff),
  entry: text(TRANSACTION_NAME_CHARS_MAX), hash: text(TRANSACTION_NAME_CHARS_MAX),
});

/** They are evaluated by one record of the table. */
function haveOneTable({ actions }: PrepareWork): boolean {
  return actions.every(({ table }) => table.id === actions[0]?.table.id);
}

const isWork: Shape = union<Work>({
  get: isGet,
  ...WRITES,
  query: isQuery,
  scan: isScan,
  "write-many": object<WriteManyWork>({
    kind: oneOf("write-many"), writes: listOf(union<WriteOperation>(WRITES), MANY_MAX, 1),
  }),
  "get-many": object<GetManyWork>({ kind: oneOf("get-many"), gets: listOf(isGet, MANY_MAX, 1) }),
  "read-stream": isReadStream,
  "switch-stream": object<SwitchStreamWork>({
    kind: oneOf("switch-stream"), table: whole(0, 0xffff_ffff), version: isCounter,
  }),
  prepare: object<PrepareWork>({
    kind: oneOf("prepare"), name: isTransactionName, actions: listOf(isAction, MANY_MAX, 1), isWhole: isFlag,
    token: nullable(object<NonNullable<PrepareWork["token"]>>({
      text: text(TRANSACTION_NAME_CHARS_MAX), address: isAddress, claim: isCounter,
    })),
  }, haveOneTable),
  finish: object<FinishWork>({
    kind: oneOf("finish"), id: text(TRANSACTION_NAME_CHARS_MAX), table: isTable, keys: listOf(isItemKey, MANY_MAX, 1),
    isCommitted: isFlag,
  }),
  "get-stable": object<GetStableWork>({ kind: oneOf("get-stable"), gets: listOf(isGet, MANY_MAX, 1) }),
  status: object<StatusWork>({ kind: oneOf("status") }),
  "table-work": object<TableWork>({ kind: oneOf("table-work"), operation: isTableOperation }),
  reconfigure: object<ReconfigureWork>({ kind: oneOf("reconfigure"), epoch: isCounter, replicas: areReplicas }),
  split: object<SplitWork>({
    kind: oneOf("split"), at: nullable(isHashPoint), left: isPositive, right: isPositive,
  }),
  transfer: object<TransferWork>({ kind: oneOf("transfer"), to: isNodeId }),
  "group-status": object<GroupStatusWork>({ kind: oneOf("group-status") }),
  "snapshot-page": object<SnapshotPageWork>({
    kind: oneOf("snapshot-page"), from: isKeyBound, to: isKeyBound, after: nullable(isKeyBound),
  }),
  register: isRegisterWork,
  admin: object<AdminRequestWork>({ kind: oneOf("admin"), command: isAdminWork }),
  describe: object<DescribeWork>({ kind: oneOf("describe") }),
  "fill-index": object<FillIndexWork>({
    kind: oneOf("fill-index"), index: whole(0, 0xffff_ffff), version: isCounter,
  }),
  "index-rows": object<IndexRowsWork>({
    kind: oneOf("index-rows"), rows: listOf(isIndexRow, INDEX_ROWS_MAX, 1),
  }),
});

const isConfiguration: Shape = object<Configuration>({ epoch: isCounter, replicas: areReplicas });
const isMutation: Shape = object<Mutation>({ key: binary(1, STORAGE_KEY_BYTES_MAX), value: nullable(isBytes) });
const isProgress: Shape = object<ReplicaProgress>({ node: isNodeId, match: isCounter, silentMs: isDuration });

const isWorkOutcome: Shape = union<WorkOutcome>({
  ...OUTCOMES,
  redirect: object<Redirect>({ kind: oneOf("redirect"), leader: nullable(isNodeId), reason: isReason }),
  many: object<ManyOutcome>({ kind: oneOf("many"), outcomes: listOf(isOutcome, MANY_MAX) }),
  prepared: object<PreparedOutcome>({
    kind: oneOf("prepared"), state: oneOf("refused", "locked", "applied", "repeated", "too-large"), count: isCounter,
    outcomes: listOf(isOutcome, MANY_MAX), claim: isCounter, isRival: isFlag,
  }),
  finished: object<FinishedOutcome>({ kind: oneOf("finished"), count: isCounter }),
  "stable-items": object<StableItemsOutcome>({
    kind: oneOf("stable-items"),
    items: listOf(object<StableItem>({ item: isGetOutcome, version: isCounter, isBusy: isFlag }), MANY_MAX),
  }),
  status: object<StatusOutcome>({ kind: oneOf("status"), applied: isCounter, items: isInteger, bytes: isInteger }),
  "stream-switched": object<StreamSwitched>({ kind: oneOf("stream-switched"), timestamp: isCounter }),
  moved: object<Moved>({ kind: oneOf("moved"), partitions: listOf(isPartition, CHILDREN_MAX) }),
  done: object<Done>({ kind: oneOf("done") }),
  "not-now": object<NotNow>({ kind: oneOf("not-now"), reason: isReason }),
  "group-status": object<GroupStatusOutcome>({
    kind: oneOf("group-status"), isLeader: isFlag, leader: nullable(isNodeId), configuration: isConfiguration,
    isConfigurationCommitted: isFlag, last: isCounter, commit: isCounter, applied: isCounter, floor: isCounter,
    hasTree: isFlag, items: isInteger, bytes: isInteger, splitLsn: isCounter,
    barred: listOf(isNodeId, NODES_MAX), peers: listOf(isProgress, NODES_MAX),
  }),
  "snapshot-page": object<SnapshotPage>({
    kind: oneOf("snapshot-page"), rows: listOf(isMutation, ROWS_MAX), next: nullable(isKeyBound), applied: isCounter,
    items: isInteger, bytes: isInteger,
  }),
  registered: object<Registered>({ kind: oneOf("registered"), node: isNodeRecord }),
  described: object<Described>({ kind: oneOf("described"), json: text(DESCRIBED_CHARS_MAX) }),
});

export const isRequest: Shape = object<Request>({
  kind: oneOf(REQUEST), from: isNodeId, id: isCounter, group: isPositive, work: isWork, bytesMax: isCounter,
});
export const isReply: Shape = object<Reply>({
  kind: oneOf(REPLY), from: isNodeId, id: isCounter, outcome: isWorkOutcome,
});
export const isCatalogueAsk: Shape = object<CatalogueAsk>({ kind: oneOf(CATALOGUE_ASK), from: isNodeId });
export const isCatalogue: Shape = object<CatalogueMessage>({
  kind: oneOf(CATALOGUE), from: isNodeId, version: isCounter, isAuthoritative: isFlag,
  tables: listOf(isTable, TABLES_MAX), nodes: listOf(isNodeRecord, NODES_MAX), system: isPartition,
});
export const isNodeBeat: Shape = object<NodeBeat>({
  kind: oneOf(NODE_BEAT), from: isNodeId, incarnation: isCounter, replicas: isCounter, led: isCounter,
  unheard: listOf(isNodeId, NODES_MAX),
});
