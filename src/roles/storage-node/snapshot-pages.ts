// Serves pages of this node's trees to nodes that build one: one page at a time and in bounded slices, so that the
// traffic beside it hardly notices.
import { ByteSlab } from "../../base/byte-slab.ts";
import type { StorageKey } from "../../base/ids.ts";
import { keyAfter } from "../../model/key-encoding.ts";
import { KEY_BYTES_MAX } from "../../ports/kv-store.ts";
import type { Clock } from "../../ports/clock.ts";
import type { GroupHost } from "../../replication/group-host.ts";
import type { NodeReplicator } from "../../replication/node-replicator.ts";
import type { ItemTree } from "../../storage/tree/item-tree.ts";
import type { TreeDamage } from "../../storage/tree/tree-read.ts";
import type { Request, SnapshotPageWork, WorkOutcome } from "../../wire/data-messages.ts";
import type { Mutation } from "../../wire/log-record.ts";

export type SnapshotPagesEnv = {
  readonly clock: Clock;
  readonly tree: ItemTree;
  readonly replicator: NodeReplicator;
  readonly answer: (request: Request, outcome: WorkOutcome) => void;
  readonly onDamage: (damage: TreeDamage) => void;
};

/** Whatever a peer asks for; one row may go beyond. */
const PAGE_BYTES_MAX: number = 1024 * 1024;
/** Small rows cost more than their bytes. */
const PAGE_ROWS_MAX = 8_192;
/** Between two pages this node gives the event loop back for so long per megabyte served: at most 200 MB/s. */
const REST_MS_PER_MB = 5;
/** Requests that wait for their turn; the builders ask again. */
const QUEUE_MAX = 64;

export class SnapshotPages {
  readonly #env: SnapshotPagesEnv;
  #queue: Request[] = [];
  #isServing = false;

  constructor(env: SnapshotPagesEnv) {
    this.#env = env;
  }

  onRequest(request: Request): void {
    if (this.#queue.length >= QUEUE_MAX) {
      this.#env.answer(request, { kind: "not-now", reason: "too many pages are asked for at once" });
      return;
    }
    this.#queue.push(request);
    this.#serveAfter(0);
  }

  #serveAfter(delayMs: number): void {
    if (this.#isServing) return;
    this.#isServing = true;
    this.#env.clock.setTimer(delayMs, () => {
      this.#isServing = false;
      const request = this.#queue.shift();
      if (request === undefined) return;
      const bytes = this.#serve(request);
      if (this.#queue.length > 0) this.#serveAfter(bytes / (1024 * 1024) * REST_MS_PER_MB);
    });
  }

  /** Returns the bytes served. */
  #serve(request: Request): number {
    const host = this.#env.replicator.host(request.group);
    const { work } = request;
    if (work.kind !== "snapshot-page" || host === null || !host.hasTree || host.isClosed) {
      this.#env.answer(request, {
        kind: "redirect", leader: host?.leader ?? null, reason: "this node has no tree of the group to copy",
      });
      return 0;
    }
    if (!isRange(work)) {
      this.#env.answer(request, { kind: "not-now", reason: "the range asked for is none" });
      return 0;
    }
    const bytesMax = Math.min(Math.max(request.bytesMax, 1), PAGE_BYTES_MAX);
    return this.#servePage(host, request, work, bytesMax);
  }

  #servePage(host: GroupHost, request: Request, work: SnapshotPageWork, bytesMax: number): number {
    const { tree, answer, onDamage } = this.#env;
    const rows: Mutation[] = [];
    const slab = new ByteSlab(bytesMax);
    let bytes = 0;
    let next: StorageKey | null = null;
    const from = work.after === null ? work.from : keyAfter(work.after);
    const damage = from >= work.to ? null : tree.scan(from, work.to, true, (key, value) => {
      rows.push({ key, value: copyOf(value, slab, bytesMax) }); // the scan's value is only lent
      bytes += key.length + value.length;
      if (bytes < bytesMax && rows.length < PAGE_ROWS_MAX) return true;
      next = key;
      return false;
    });
    if (damage !== null) {
      onDamage(damage);
      answer(request, { kind: "redirect", leader: null, reason: "the replica's tree is damaged" });
      return bytes;
    }
    const counters = tree.counters(host.group);
    answer(request, {
      kind: "snapshot-page", rows, next, applied: host.appliedLsn, items: counters.items, bytes: counters.bytes,
    });
    return bytes;
  }
}

function isRange({ from, to, after }: SnapshotPageWork): boolean {
  if (from >= to || from.length > KEY_BYTES_MAX || to.length > KEY_BYTES_MAX) return false;
  return after === null || (after >= from && after < to && after.length <= KEY_BYTES_MAX);
}

/** Rows of a page come and go together; one that is larger than a page is by itself. */
function copyOf(value: Uint8Array, slab: ByteSlab, slabBytes: number): Uint8Array {
  if (value.length > slabBytes) return value.slice();
  slab.room(value.length).set(value, slab.used);
  return slab.take(value.length);
}
