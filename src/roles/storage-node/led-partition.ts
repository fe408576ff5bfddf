// What the leader of a partition knows beside its session: where the partition lies, which version of the table its
// writes must be evaluated by, and the state row that hands this on to the next leader.
import type { HashPoint, TableId } from "../../base/ids.ts";
import type { TableSchema } from "../../model/table-schema.ts";
import type { Clock } from "../../ports/clock.ts";
import type { GroupHost } from "../../replication/group-host.ts";
import type { LeaderSession } from "../../replication/leader-session.ts";
import type { ItemTree } from "../../storage/tree/item-tree.ts";
import type { TreeDamage } from "../../storage/tree/tree-read.ts";
import { readLocks, type LockTable } from "./locks.ts";
import type { PlacedGroups } from "./moved.ts";
import { decodeState, encodeState, NO_STATE, stateKey, type PartitionState } from "./partition-state.ts";

export class LedPartition {
  readonly kind = "led";
  readonly table: TableId;
  readonly from: HashPoint;
  /** The first point behind it. */
  readonly to: HashPoint;
  readonly session: LeaderSession;
  /** Items that transactions hold. */
  readonly locks: LockTable;
  /** No item of the partition was deleted at a later timestamp: the version of items that are not there. */
  deleteMark: number;
  /** Writes are evaluated by this version of the table's record or a newer one. */
  #version: number;

  constructor(
    table: TableId, from: HashPoint, to: HashPoint, session: LeaderSession, state: PartitionState, locks: LockTable,
  ) {
    this.table = table;
    this.from = from;
    this.to = to;
    this.session = session;
    this.locks = locks;
    this.deleteMark = state.timestamp;
    this.#version = state.version;
    session.raiseTimestamp(state.timestamp);
    const key = stateKey(table, from);
    session.stateRow = () => ({ key, value: encodeState(key, this.state()) });
  }

  /** Whether an item at `point` lies in the partition: what others send is not taken at its word. */
  covers(point: HashPoint): boolean {
    return this.from <= point && point < this.to;
  }

  state(): PartitionState {
    return { timestamp: this.session.timestamp, version: this.#version };
  }

  /** Write timestamps of a table with a stream are greater than the time at which the stream was created. */
  raiseToStream({ stream }: TableSchema): void {
    if (stream !== undefined) this.session.raiseTimestamp(stream.createdMs * 1000);
  }

  get version(): number {
    return this.#version;
  }

  /** From now on, and with the open batch's commit for every later leader, no older version will do. */
  raiseVersion(version: number): void {
    if (version <= this.#version) return;
    this.#version = version;
    this.session.noteState();
  }
}

/** unplaced: this node does not know yet where the partition lies. */
export type NotLed = { readonly kind: "unplaced" } | TreeDamage;

export class LedPartitions {
  readonly #tree: ItemTree;
  readonly #placed: PlacedGroups;
  readonly #clock: Clock;
  readonly #led: WeakMap<LeaderSession, LedPartition> = new WeakMap();

  constructor(tree: ItemTree, placed: PlacedGroups, clock: Clock) {
    this.#tree = tree;
    this.#clock = clock;
    this.#placed = placed;
  }

  /** Of a host with a session. `hint`: a record of the table that may place the partition. */
  of(host: GroupHost, session: LeaderSession, hint: TableSchema | null): LedPartition | NotLed {
    return this.#led.get(session) ?? this.#begin(host, session, hint);
  }

  #begin(host: GroupHost, session: LeaderSession, hint: TableSchema | null): LedPartition | NotLed {
    const placed = this.#placed.placementOf(host.group);
    const hinted = hint?.partitions.find(({ group }) => group === host.group);
    const table = placed?.table ?? hint?.id ?? null;
    const from = placed?.partition.from ?? hinted?.from;
    if (table === null || from === undefined) return { kind: "unplaced" };
    const to = placed?.partition.to ?? hinted?.to;
    if (to === undefined) return { kind: "unplaced" };
    const locks = readLocks(this.#tree, table, from, to, this.#clock.monotonicMs());
    if ("kind" in locks) return locks;
    const read = this.#tree.get(stateKey(table, from));
    if (read.kind === "corrupt") return read;
    const state = read.kind === "absent" ? NO_STATE : decodeState(read.value) ?? NO_STATE;
    const partition = new LedPartition(table, from, to, session, state, locks);
    this.#led.set(session, partition);
    return partition;
  }

  /** The newest record of the table that this node knows of; null: none that the partition's writes may go by. */
  newest(partition: LedPartition, known: TableSchema): TableSchema | null {
    const own = this.#placed.schemaOf(partition.table);
    const table = own !== null && own.version > known.version ? own : known;
    return table.version >= partition.version ? table : null;
  }
}
