// Streams on the groups that this node leads: adds a record to the batch of each change of an item whose table has a
// stream, switches streams on and off, reads records, and trims those that are too old.
import type { StorageKey } from "../../base/ids.ts";
import { utf8Encode } from "../../base/utf8.ts";
import { STREAM_PAGE_BYTES_MAX } from "../../model/limits.ts";
import type { ReadStreamOperation, StreamPageOutcome } from "../../model/operation.ts";
import {
  decodeMark, encodeRecord, isRealChange, markKey, placeOfRow, recordJsonInto, recordJsonLength, recordKey, shardPrefix,
} from "../../model/stream-record.ts";
import { keyAfter, prefixEnd } from "../../model/key-encoding.ts";
import type { TableSchema } from "../../model/table-schema.ts";
import { isRecording } from "../../model/table-stream.ts";
import type { Clock } from "../../ports/clock.ts";
import type { GroupHost } from "../../replication/group-host.ts";
import type { NodeReplicator } from "../../replication/node-replicator.ts";
import type { ItemTree } from "../../storage/tree/item-tree.ts";
import type { TreeDamage } from "../../storage/tree/tree-read.ts";
import type { Request, SwitchStreamWork, WorkOutcome } from "../../wire/data-messages.ts";
import type { LedPartitions } from "./led-partition.ts";
import { elsewhere, redirect, type PlacedGroups } from "./moved.ts";
import { encodeState, stateKey } from "./partition-state.ts";
import type { Change, ChangeFollower } from "./writes.ts";

export type StreamsEnv = {
  readonly clock: Clock;
  readonly tree: ItemTree;
  readonly replicator: NodeReplicator;
  readonly placed: PlacedGroups;
  readonly led: LedPartitions;
  readonly answer: (request: Request, outcome: WorkOutcome) => void;
  readonly onDamage: (damage: TreeDamage) => void;
};

const BEHIND: WorkOutcome = { kind: "not-now", reason: "this node's catalogue is behind" };
const FULL: WorkOutcome = { kind: "not-now", reason: "too much is in flight" };
const LOST: WorkOutcome = { kind: "not-now", reason: "leadership changed while the stream was switched" };
const DAMAGED: WorkOutcome = { kind: "redirect", leader: null, reason: "the replica's tree is damaged" };
const COMMA = 0x2c;

export class Streams implements ChangeFollower {
  readonly #env: StreamsEnv;

  constructor(env: StreamsEnv) {
    this.#env = env;
  }

  // ---- Following changes.

  follows(table: TableSchema): boolean {
    return table.stream !== undefined;
  }

  onChange(change: Change): void {
    const { host, partition, table, before, after, timestamp } = change;
    const { stream } = table;
    if (stream === undefined || !isRecording(stream) || !isRealChange(before, after)) return;
    const prefix = shardPrefix({
      table: table.id, at: partition.from, createdMs: stream.createdMs, group: host.group,
    });
    const row = recordKey(prefix, timestamp);
    partition.session.addRow(row, encodeRecord(table, stream, change, row));
  }

  /**
   * From now on, and with the answer's commit for every later leader, writes are evaluated by a record of the table in
   * which the stream is switched.
   */
  onSwitch(host: GroupHost, request: Request, { table: id, version }: SwitchStreamWork): void {
    const { placed, led, onDamage, answer, replicator } = this.#env;
    const { session } = host;
    if (session === null || host.isClosed) {
      answer(request, elsewhere(host, placed));
      return;
    }
    const table = placed.schemaOf(id);
    const partition = led.of(host, session, table);
    if (partition.kind === "corrupt") onDamage(partition);
    if (table === null || table.version < version || partition.kind !== "led") {
      answer(request, BEHIND);
      return;
    }
    if (session.isFull()) {
      answer(request, FULL);
      return;
    }
    partition.raiseVersion(table.version);
    partition.raiseToStream(table);
    const { timestamp } = session;
    const key = stateKey(partition.table, partition.from);
    session.addRow(key, encodeState(key, partition.state()));
    session.noteState();
    session.addWaiter({
      settled: (isCommitted) => answer(request, isCommitted ? { kind: "stream-switched", timestamp } : LOST),
    });
    replicator.wake(host);
  }

  // ---- Reading.

  read(host: GroupHost, operation: ReadStreamOperation): WorkOutcome {
    const isLive = host.session !== null && host.core.isLeaseLive(this.#env.clock.monotonicMs());
    if (!host.hasTree || host.isClosed || host.split !== null) return elsewhere(host, this.#env.placed);
    if (!isLive) return redirect(host);
    const outcome = readRecords(this.#env.tree, operation);
    if (outcome.kind !== "corrupt") return outcome;
    this.#env.onDamage(outcome);
    return DAMAGED;
  }
}

/** Room for some small records before the buffer grows. */
const PAGE_BYTES_FIRST = 16 * 1024;

function readRecords(tree: ItemTree, operation: ReadStreamOperation): StreamPageOutcome | TreeDamage {
  const { table, point, createdMs, shard, after, upTo, limit } = operation;
  const prefix = shardPrefix({ table: table.id, at: point, createdMs, group: shard });
  const mark = tree.get(markKey(prefix));
  if (mark.kind === "corrupt") return mark;
  const trimmed = mark.kind === "absent" ? 0 : decodeMark(mark.value);
  const from = keyAfter(recordKey(prefix, Math.max(after, 0)));
  const to = upTo === null ? prefixEnd(prefix) : keyAfter(recordKey(prefix, upTo));
  if (limit === null) return newestOf(tree, prefix, trimmed);
  const region = utf8Encode(operation.region);
  let page: Uint8Array = new Uint8Array(PAGE_BYTES_FIRST);
  let length = 0;
  let count = 0;
  let last = 0;
  let isMore = false;
  const damage = from >= to ? null : tree.scan(from, to, true, (key, value) => {
    const need = length + 1 + recordJsonLength(value) + region.length;
    if (count >= limit || (count > 0 && need > STREAM_PAGE_BYTES_MAX)) {
      isMore = true;
      return false;
    }
    if (need > page.length) {
      const larger = new Uint8Array(Math.max(need, page.length * 2));
      larger.set(page.subarray(0, length));
      page = larger;
    }
    if (count > 0) page[length++] = COMMA;
    length = recordJsonInto(value, region, page, length);
    count++;
    last = placeOfRow(key).timestamp;
    return true;
  });
  if (damage !== null) return damage;
  return { kind: "stream-page", json: page.subarray(0, length), count, last, isMore, trimmed };
}

/** Where the shard's records end: nothing is read. */
function newestOf(tree: ItemTree, prefix: StorageKey, trimmed: number): StreamPageOutcome | TreeDamage {
  let last = trimmed;
  const damage = tree.scan(keyAfter(markKey(prefix)), prefixEnd(prefix), false, (key) => {
    last = placeOfRow(key).timestamp;
    return false;
  });
  if (damage !== null) return damage;
  return { kind: "stream-page", json: new Uint8Array(0), count: 0, last, isMore: false, trimmed };
}
