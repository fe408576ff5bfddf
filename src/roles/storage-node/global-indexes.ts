// Global indexes on this node: a propagator for each partition that it leads of a table with indexes, and the rows of
// the partitions of indexes that it leads.
import type { StorageKey, TableId } from "../../base/ids.ts";
import { globalIndexesOf } from "../../model/global-index.ts";
import type { Outcome } from "../../model/operation.ts";
import type { TableSchema } from "../../model/table-schema.ts";
import type { TimerHandle } from "../../ports/clock.ts";
import type { GroupHost } from "../../replication/group-host.ts";
import type { LeaderSession } from "../../replication/leader-session.ts";
import type { FillIndexWork, IndexRowsWork, Reply, Request, WorkOutcome } from "../../wire/data-messages.ts";
import { IndexFill } from "./index-fill.ts";
import { IndexPropagator, type PropagatorEnv } from "./index-propagator.ts";
import { IndexRows, type IndexRowsEnv } from "./index-rows.ts";
import { IndexSender, type IndexSenderEnv } from "./index-sender.ts";
import type { LedPartition, LedPartitions } from "./led-partition.ts";
import { elsewhere } from "./moved.ts";
import type { Change, ChangeFollower } from "./writes.ts";

export type GlobalIndexesEnv = Omit<PropagatorEnv, "sender"> & IndexRowsEnv & IndexSenderEnv & {
  readonly led: LedPartitions;
};

/** How often old tombstones are looked for. */
const SWEEP_MS = 5_000;

const FILLING: WorkOutcome = { kind: "not-now", reason: "items are on their way into the index" };
const BEHIND: WorkOutcome = { kind: "not-now", reason: "this node's catalogue is behind" };
const NO_INDEX: WorkOutcome = { kind: "not-now", reason: "the table has no such index" };
const FULL: Outcome = { kind: "overloaded", reason: "the table's global indexes are too far behind" };

export class GlobalIndexes implements ChangeFollower {
  readonly #env: GlobalIndexesEnv;
  readonly #sender: IndexSender;
  readonly #rows: IndexRows;
  readonly #propagators: Map<LeaderSession, IndexPropagator> = new Map();
  /** Of each led partition of an index: since when this node knows to lead it, and where the sweep goes on. */
  #sweeps: Map<LeaderSession, { readonly sinceMs: number; readonly after: StorageKey | null }> = new Map();
  /** By session and hidden table. */
  readonly #fills: Map<LeaderSession, Map<TableId, IndexFill>> = new Map();
  #timer: TimerHandle | null = null;

  constructor(env: GlobalIndexesEnv) {
    this.#env = env;
    this.#sender = new IndexSender(env);
    this.#rows = new IndexRows(env);
  }

  start(): void {
    this.#sweepLater();
  }

  stop(): void {
    this.#sender.stop();
    if (this.#timer !== null) this.#env.clock.clearTimer(this.#timer);
  }

  onReply(reply: Reply): boolean {
    return this.#sender.onReply(reply);
  }

  onRows(host: GroupHost, request: Request, work: IndexRowsWork): void {
    this.#rows.onRequest(host, request, work);
  }

  /** Done once the items of the partition are in the index; until then it goes on by itself. */
  onFill(host: GroupHost, { index, version }: FillIndexWork): WorkOutcome {
    const { placed, led, onDamage } = this.#env;
    const { session } = host;
    if (session === null || host.isClosed) return elsewhere(host, placed);
    const known = this.#fills.get(session)?.get(index);
    if (known !== undefined) return known.isDone ? { kind: "done" } : FILLING;
    const placement = placed.placementOf(host.group);
    const table = placement === null || placement.table === null ? null : placed.schemaOf(placement.table);
    if (table === null || table.version < version) return BEHIND;
    if (!globalIndexesOf(table).some((one) => one.table === index)) return NO_INDEX;
    const partition = led.of(host, session, null);
    if (partition.kind === "corrupt") onDamage(partition);
    if (partition.kind !== "led") return BEHIND;
    partition.raiseVersion(table.version);
    const fills = this.#fills.get(session) ?? new Map<TableId, IndexFill>();
    this.#fills.set(session, fills);
    fills.set(index, new IndexFill({ ...this.#env, sender: this.#sender }, host, partition, index));
    return FILLING;
  }

  // ---- Following changes.

  follows(table: TableSchema): boolean {
    return table.globalIndexes !== undefined;
  }

  refusal(partition: LedPartition, table: TableSchema): Outcome | null {
    return table.globalIndexes !== undefined && this.#propagators.get(partition.session)?.isFull === true ? FULL : null;
  }

  onChange(change: Change): void {
    this.#propagator(change.host, change.partition).onChange(change);
  }

  onLeadership(host: GroupHost): void {
    for (const [session, propagator] of this.#propagators) if (!propagator.isOn) this.#propagators.delete(session);
    for (const session of this.#fills.keys()) if (!this.#isLed(session)) this.#fills.delete(session);
    this.#begin(host);
  }

  #isLed(session: LeaderSession): boolean {
    for (const host of this.#env.replicator.hosts()) if (host.session === session) return true;
    return false;
  }

  onCatalogue(): void {
    for (const host of this.#env.replicator.hosts()) this.#begin(host);
  }

  /** A new leader brings on what its predecessor left in the outbox. */
  #begin(host: GroupHost): void {
    const { session } = host;
    if (session === null || host.isClosed || this.#propagators.has(session)) return;
    const placement = this.#env.placed.placementOf(host.group);
    const table = placement === null || placement.table === null ? null
      : this.#env.placed.schemaOf(placement.table);
    if (table === null || table.globalIndexes === undefined) return;
    const partition = this.#env.led.of(host, session, null);
    if (partition.kind === "corrupt") this.#env.onDamage(partition);
    else if (partition.kind === "led") this.#propagator(host, partition);
  }

  #propagator(host: GroupHost, partition: LedPartition): IndexPropagator {
    let propagator = this.#propagators.get(partition.session);
    if (propagator === undefined) {
      propagator = new IndexPropagator({ ...this.#env, sender: this.#sender }, host, partition);
      this.#propagators.set(partition.session, propagator);
    }
    return propagator;
  }

  // ---- Tombstones.

  #sweepLater(): void {
    this.#timer = this.#env.clock.setTimer(SWEEP_MS, () => {
      const sweeps = this.#sweeps;
      this.#sweeps = new Map();
      for (const host of this.#env.replicator.hosts()) {
        const { session } = host;
        const placement = session === null ? null : this.#env.placed.placementOf(host.group);
        if (session === null || placement === null || placement.table === null) continue;
        if (this.#env.placed.schemaOf(placement.table)?.indexOf === undefined) continue;
        const { sinceMs, after } = sweeps.get(session) ?? { sinceMs: this.#env.clock.monotonicMs(), after: null };
        this.#sweeps.set(session, { sinceMs, after: this.#rows.sweep(host, session, sinceMs, after) });
      }
      this.#sweepLater();
    });
  }
}
