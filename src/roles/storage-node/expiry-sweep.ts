// Time to live: looks through the partitions that this node leads for items whose time is over and deletes them, as
// any client would, on condition that the item still has the time that was read. Reading is of committed rows and may
// be old; the condition is evaluated on the newest proposed state.
//
// A pass goes through all led partitions of tables with time to live, a piece at a time: so much per turn, then a
// pause, so that the traffic hardly feels it. A pass begins no sooner than `passMs` after the one before began.
import { assert } from "../../base/assert.ts";
import type { GroupId, StorageKey } from "../../base/ids.ts";
import { utf8Decode } from "../../base/utf8.ts";
import { getAttribute } from "../../model/attribute-map.ts";
import type { AttributeValue } from "../../model/attribute-value.ts";
import { decodeStored, storedJson } from "../../model/item-codec.ts";
import { keyAfter, pointOfKey, scanBounds } from "../../model/key-encoding.ts";
import type { DeleteOperation } from "../../model/operation.ts";
import type { TableSchema } from "../../model/table-schema.ts";
import type { Clock, TimerHandle } from "../../ports/clock.ts";
import type { GroupHost } from "../../replication/group-host.ts";
import type { NodeReplicator } from "../../replication/node-replicator.ts";
import type { ItemTree } from "../../storage/tree/item-tree.ts";
import type { TreeDamage } from "../../storage/tree/tree-read.ts";
import type { PlacedGroups } from "./moved.ts";

export type ExpiryOptions = {
  /** Between the beginnings of two passes. */
  readonly passMs: number;
  /** The time that expiry goes by; absent: the clock's wall time. */
  readonly wallMs?: () => number;
  /** Called after each pass with the number of deletions that it began. */
  readonly onPass?: (begun: number) => void;
};

/** An item of a small table is gone within a minute after its time. */
export const EXPIRY_DEFAULT: ExpiryOptions = { passMs: 30_000 };

export type ExpiryEnv = {
  readonly clock: Clock;
  readonly tree: ItemTree;
  readonly replicator: NodeReplicator;
  readonly placed: PlacedGroups;
  readonly options: ExpiryOptions;
  /** Begins a deletion that nobody waits for. False: the partition takes no writes at the moment. */
  readonly expire: (host: GroupHost, operation: DeleteOperation) => boolean;
  readonly onDamage: (damage: TreeDamage) => void;
};

/** One turn reads at most so many rows and bytes: some tenths of a millisecond. */
const TURN_ROWS_MAX = 200;
const TURN_BYTES_MAX = 256 * 1024;
/** Between turns: with those bounds a node looks at 10,000 rows a second at most. */
const TURN_PAUSE_MS = 20;
/** Times further back are taken for a mistake, as DynamoDB does: five years. */
const PAST_SECONDS_MAX = 5 * 365 * 86_400;

type Expired = { readonly key: StorageKey; readonly time: AttributeValue };
/** Where a pass is: in `group`, at `next`. */
type Place = { readonly group: GroupId; readonly next: StorageKey | null };

export class ExpirySweep {
  readonly #env: ExpiryEnv;
  /** Groups that the pass has before it. */
  #queue: GroupId[] = [];
  #place: Place | null = null;
  #passMs = -Infinity;
  /** Deletions of this pass. */
  #begun = 0;
  #timer: TimerHandle | null = null;

  constructor(env: ExpiryEnv) {
    this.#env = env;
  }

  start(): void {
    const { clock, options } = this.#env;
    this.#passMs = clock.monotonicMs();
    this.#wakeIn(options.passMs);
  }

  stop(): void {
    if (this.#timer !== null) this.#env.clock.clearTimer(this.#timer);
    this.#timer = null;
  }

  #wakeIn(delayMs: number): void {
    this.#timer = this.#env.clock.setTimer(delayMs, () => {
      this.#timer = null;
      this.#turn();
    });
  }

  #turn(): void {
    const { clock, options, replicator } = this.#env;
    if (this.#place === null && this.#queue.length === 0) {
      this.#passMs = clock.monotonicMs();
      this.#begun = 0;
      for (const host of replicator.hosts()) if (this.#tableOf(host) !== null) this.#queue.push(host.group);
    }
    const damage = this.#sweepSome();
    if (damage !== null) {
      this.#env.onDamage(damage);
      return;
    }
    const isDone = this.#place === null && this.#queue.length === 0;
    if (isDone) options.onPass?.(this.#begun);
    this.#wakeIn(isDone ? Math.max(TURN_PAUSE_MS, this.#passMs + options.passMs - clock.monotonicMs()) : TURN_PAUSE_MS);
  }

  /** Null: this node does not lead the group, or nothing in it expires. */
  #tableOf(host: GroupHost): TableSchema | null {
    if (host.session === null || host.isClosed || !host.hasTree) return null;
    const table = this.#env.placed.placementOf(host.group)?.table ?? null;
    const schema = table === null ? null : this.#env.placed.schemaOf(table);
    return schema?.timeToLive?.isEnabled === true && schema.status !== "DELETING" ? schema : null;
  }

  /** One turn's worth. A group that is not this node's any more is left to whoever leads it. */
  #sweepSome(): TreeDamage | null {
    const { replicator, placed } = this.#env;
    let rows = 0;
    let bytes = 0;
    while (rows < TURN_ROWS_MAX && bytes < TURN_BYTES_MAX) {
      const group = this.#place?.group ?? this.#queue.shift();
      if (group === undefined) return null;
      const next = this.#place?.next ?? null;
      this.#place = null;
      const host = replicator.host(group);
      const table = host === null ? null : this.#tableOf(host);
      const placement = placed.placementOf(group);
      if (host === null || table === null || placement === null) continue;
      const { from, to } = scanBounds(table.id, placement.partition.from, placement.partition.to);
      const expired: Expired[] = [];
      const due = this.#dueIn(table);
      let end: StorageKey | null = null;
      const damage = this.#env.tree.scan(next === null || next < from ? from : next, to, true, (key, value) => {
        rows++;
        bytes += value.length;
        const time = due(value);
        if (time !== null) expired.push({ key, time });
        if (rows < TURN_ROWS_MAX && bytes < TURN_BYTES_MAX) return true;
        end = key;
        return false;
      });
      if (damage !== null) return damage;
      if (!this.#expire(host, table, expired)) return null; // the rest of the partition with the next pass
      if (end !== null) this.#place = { group, next: keyAfter(end) };
    }
    return null;
  }

  /** Tells the time of a stored item if it is over, else null. */
  #dueIn({ timeToLive }: TableSchema): (stored: Uint8Array) => AttributeValue | null {
    const { clock, options } = this.#env;
    const attribute = timeToLive?.attribute ?? "";
    const nowSeconds = (options.wallMs?.() ?? clock.wallMs()) / 1000;
    const isDue = (number: string): boolean => {
      const seconds = Number(number);
      return seconds < nowSeconds && seconds >= nowSeconds - PAST_SECONDS_MAX;
    };
    const mark = `${JSON.stringify(attribute)}:{"N":"`;
    return (stored) => {
      if (!hasMarked(storedJson(stored), mark, isDue)) return null;
      const time = getAttribute(decodeStored(stored), attribute);
      return time !== undefined && "N" in time && isDue(time.N) ? time : null;
    };
  }

  /** False: the partition takes no more now. */
  #expire(host: GroupHost, table: TableSchema, expired: readonly Expired[]): boolean {
    const attribute = table.timeToLive?.attribute ?? "";
    for (const { key, time } of expired) {
      const isBegun = this.#env.expire(host, {
        kind: "delete", table, address: { key, point: pointOfKey(key) },
        condition: {
          kind: "compare", comparator: "=",
          left: { kind: "path", path: [attribute] }, right: { kind: "value", value: time },
        },
        returnValues: "NONE", returnOldOnFailure: false,
      });
      if (!isBegun) return false;
      this.#begun++;
    }
    return true;
  }
}

/**
 * Whether `mark` stands anywhere in canonical JSON with a text behind it, up to the next quote, that `isOne`. Items
 * whose time is not over, nearly all, are told apart by this at a tenth of what decoding them takes. A mark begins and
 * ends with a quote that no escaped text has, so what it finds is an attribute, if maybe one inside of another.
 */
function hasMarked(json: Uint8Array, mark: string, isOne: (text: string) => boolean): boolean {
  const text = utf8Decode(json);
  assert(text !== null, "a stored item is text");
  for (let at = text.indexOf(mark); at >= 0; at = text.indexOf(mark, at + mark.length)) {
    const from = at + mark.length;
    if (isOne(text.slice(from, text.indexOf('"', from)))) return true;
  }
  return false;
}
