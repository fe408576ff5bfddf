// Trims streams: the leader of a partition deletes records that are older than streams keep them, through the log, so
// that all replicas lose the same ones, and writes down in the same entry up to where it did. A reader that comes for a
// record from before that mark learns that it is too late.
import type { StorageKey } from "../../base/ids.ts";
import { prefixEnd, scanBounds, SPACES } from "../../model/key-encoding.ts";
import { decodeMark, encodeMark, markKey, placeOfRow } from "../../model/stream-record.ts";
import type { TableSchema } from "../../model/table-schema.ts";
import { STREAM_RETENTION_MS, streamsOf } from "../../model/table-stream.ts";
import type { Clock, TimerHandle } from "../../ports/clock.ts";
import type { GroupHost } from "../../replication/group-host.ts";
import type { LeaderSession } from "../../replication/leader-session.ts";
import type { NodeReplicator } from "../../replication/node-replicator.ts";
import type { ItemTree } from "../../storage/tree/item-tree.ts";
import type { TreeDamage } from "../../storage/tree/tree-read.ts";
import type { PlacedGroups } from "./moved.ts";

export type StreamTrimEnv = {
  readonly clock: Clock;
  readonly tree: ItemTree;
  readonly replicator: NodeReplicator;
  readonly placed: PlacedGroups;
  /** How long records are kept; absent: as long as DynamoDB does. */
  readonly streamRetentionMs?: number;
  /** Of a batch of changes of other rows than items. */
  readonly indexBatchBytes: number;
  readonly onDamage: (damage: TreeDamage) => void;
};

/** Records deleted in one turn on one partition: a small batch. */
const TURN_RECORDS_MAX = 500;
/** Of a deletion in a log entry. */
const DELETION_BYTES_MAX = 64;
/** After a turn that deleted so many: 10,000 records a second at most on each partition. */
const BUSY_MS = 50;
/** Between looks otherwise, but a quarter of the retention time where that is shorter. */
const CALM_MS = 5_000;
/** Marks of shards that nobody lists any more go after so many retention times. */
const MARK_RETENTIONS = 2;

export class StreamTrim {
  readonly #env: StreamTrimEnv;
  readonly #recordsMax: number;
  #timer: TimerHandle | null = null;

  constructor(env: StreamTrimEnv) {
    this.#env = env;
    this.#recordsMax = Math.max(1, Math.min(TURN_RECORDS_MAX, Math.floor(env.indexBatchBytes / DELETION_BYTES_MAX)));
  }

  start(): void {
    this.#wakeIn(this.#calmMs());
  }

  stop(): void {
    if (this.#timer !== null) this.#env.clock.clearTimer(this.#timer);
    this.#timer = null;
  }

  #calmMs(): number {
    return Math.min(CALM_MS, (this.#env.streamRetentionMs ?? STREAM_RETENTION_MS) / 4);
  }

  #wakeIn(delayMs: number): void {
    this.#timer = this.#env.clock.setTimer(delayMs, () => {
      this.#timer = null;
      this.#wakeIn(this.#look() ? BUSY_MS : this.#calmMs());
    });
  }

  /** True when there is more to delete now. */
  #look(): boolean {
    const { placed, replicator } = this.#env;
    let isBusy = false;
    for (const host of replicator.hosts()) {
      const { session } = host;
      if (session === null || host.isClosed || session.isFull()) continue;
      const placement = placed.placementOf(host.group);
      const table = placement === null || placement.table === null ? null : placed.schemaOf(placement.table);
      if (placement === null || table === null || table.stream === undefined) continue;
      const { from, to } = placement.partition;
      const { from: begin, to: end } = scanBounds(table.id, from, to, SPACES.stream);
      if (this.#trim(host, session, table, begin, end)) isBusy = true;
    }
    return isBusy;
  }

  /** Goes from shard to shard: of each, only rows that are old are looked at. */
  #trim(host: GroupHost, session: LeaderSession, table: TableSchema, begin: StorageKey, end: StorageKey): boolean {
    const { clock, streamRetentionMs = STREAM_RETENTION_MS } = this.#env;
    const horizon = Math.floor((clock.wallMs() - streamRetentionMs) * 1000);
    const forgotten = horizon - streamRetentionMs * (MARK_RETENTIONS - 1) * 1000;
    const listed = new Set(streamsOf(table).flatMap(({ createdMs, shards }) => (
      shards.map(({ group }) => `${createdMs}:${group}`)
    )));
    let left = this.#recordsMax;
    let isChanged = false;
    for (let at = begin; at < end && left > 0;) {
      const found = this.#oldRows(at, end, horizon, left);
      if (found === null) break;
      const mark = markKey(found.prefix);
      for (const key of found.keys) session.addRow(key, null);
      if (found.keys.length > 0) session.addRow(mark, encodeMark(mark, found.newest));
      const isMarkOld = found.trimmed !== null && found.isWhole && found.keys.length === 0
        && !listed.has(found.shard) && found.trimmed < forgotten;
      if (isMarkOld) session.addRow(mark, null);
      if (isMarkOld || found.keys.length > 0) isChanged = true;
      left -= found.keys.length;
      at = prefixEnd(found.prefix);
    }
    if (isChanged) this.#env.replicator.wake(host);
    return left === 0;
  }

  /** Rows older than `horizon` of the first shard within [from, to); null: there is no shard. */
  #oldRows(from: StorageKey, to: StorageKey, horizon: number, max: number): OldRows | null {
    const keys: StorageKey[] = [];
    let prefix: StorageKey | null = null;
    let shard = "";
    let newest = 0;
    let trimmed: number | null = null;
    let isWhole = true;
    const damage = this.#env.tree.scan(from, to, true, (key, value) => {
      const row = placeOfRow(key);
      if (prefix === null) {
        prefix = row.prefix;
        shard = `${row.createdMs}:${row.group}`;
      } else if (row.prefix !== prefix) return false;
      if (row.timestamp === 0) {
        trimmed = decodeMark(value);
        return true;
      }
      isWhole = row.timestamp < horizon && keys.length < max;
      if (!isWhole) return false;
      keys.push(key);
      newest = row.timestamp;
      return true;
    });
    if (damage !== null) this.#env.onDamage(damage);
    return damage !== null || prefix === null ? null : { prefix, shard, keys, newest, trimmed, isWhole };
  }
}

type OldRows = {
  readonly prefix: StorageKey;
  /** Stream and group, as text. */
  readonly shard: string;
  readonly keys: readonly StorageKey[];
  readonly newest: number;
  /** What the mark says; null: there is none. */
  readonly trimmed: number | null;
  /** The shard has no other rows. */
  readonly isWhole: boolean;
};
