// Builds the tree of a replica that has only a log: rows of the partition in pages from replicas that have a tree,
// then the entries of this replica's own log over them.
//
//   drop what is left of the range -> fetch pages -> wait for the log -> replay -> live -> checkpoint -> whole
//
// Each page says at which LSN it was read. With S0 the least and S1 the greatest of them, rows and entries S0+1 to S1
// together are the state at S1, because records are physical. The log above S0 is pinned meanwhile; the tree serves
// only when it is past S1 and durable. What stands behind a crash in the middle is thrown away and built anew.
import { assert, must } from "../base/assert.ts";
import { buggify, reached } from "../base/buggify.ts";
import { nextLsn, type GroupId, type Lsn, type NodeId, type StorageKey } from "../base/ids.ts";
import type { Clock, TimerHandle } from "../ports/clock.ts";
import type { Network } from "../ports/network.ts";
import type { Telemetry } from "../ports/telemetry.ts";
import type { GroupCounters, ItemTree } from "../storage/tree/item-tree.ts";
import type { WalError } from "../storage/wal/wal-error.ts";
import type { Wal } from "../storage/wal/wal.ts";
import { REQUEST, type NodeMessage, type Reply, type SnapshotPage } from "../wire/data-messages.ts";
import { WRITE } from "../wire/log-record.ts";
import { payloadOf } from "./decoded-payloads.ts";
import type { GroupHost } from "./group-host.ts";
import { pageFault } from "./snapshot-page.ts";

export type BuildLimits = {
  /** Of rows in one page: some milliseconds of work at either end. */
  readonly pageBytes: number;
  /** Rows taken over per second: leaves the source and this node room for their traffic. */
  readonly bytesPerSecond: number;
  /** With this much in the tree's memory the build waits for the checkpoint. */
  readonly memoryBytes: number;
  /** A source that says nothing for so long is left for another one. */
  readonly answerMs: number;
};

export type BuildEnv = {
  readonly self: NodeId;
  readonly clock: Clock;
  readonly network: Network<NodeMessage>;
  readonly tree: ItemTree;
  readonly wal: Wal;
  readonly telemetry: Telemetry;
  readonly limits: BuildLimits;
  /** The next request id of this node. */
  readonly nextId: () => number;
  readonly onLogDamage: (error: WalError) => void;
};

/** Keys from <= key < to. */
export type RowRange = { readonly from: StorageKey; readonly to: StorageKey };

/** Between two looks at something that is not there yet. */
const WAIT_MS = 20;
/** Log replayed before the event loop gets its turn. */
const REPLAY_BYTES = 1024 * 1024;

type Source = { readonly node: NodeId; readonly requestId: number; readonly atMs: number };
/** What the pages so far say. */
type Span = { readonly least: Lsn; readonly greatest: Lsn; readonly counters: GroupCounters };

export class TreeBuild {
  readonly group: GroupId;
  readonly #ranges: readonly RowRange[];
  readonly #env: BuildEnv;
  readonly #host: GroupHost;
  /** The tree is whole and durable. */
  readonly #done: () => void;
  readonly #startedMs: number;
  #timer: TimerHandle | null = null;
  #asked: Source | null = null;
  #avoided: NodeId | null = null;
  /** Ranges before it are fetched. */
  #rangeIndex = 0;
  #after: StorageKey | null = null;
  #span: Span | null = null;
  #bytes = 0;
  #isInstalled = false;
  #isOver = false;

  /** `ranges` are ascending and do not touch: the rows of the partition, those of its indexes included. */
  constructor(env: BuildEnv, host: GroupHost, ranges: readonly RowRange[], done: () => void) {
    assert(!host.isTreeLive && ranges.length > 0, "a tree is built where there is none");
    this.group = host.group;
    this.#ranges = ranges;
    this.#env = env;
    this.#host = host;
    this.#done = done;
    this.#startedMs = env.clock.monotonicMs();
    host.logPin = host.releasedLsn;
    env.telemetry.event("info", "build", "building the tree of a replica", { group: host.group });
    let left = ranges.length;
    for (const { from, to } of ranges) {
      env.tree.dropRange(from, to, () => {
        left--;
        if (left === 0 && !this.#isOver) this.#askPage();
      });
    }
  }

  /** Gives up; rows that were taken over stay, to be dropped by whoever owns the range next. */
  cancel(): void {
    this.#isOver = true;
    if (this.#isInstalled && !this.#host.isTreeLive) this.#env.tree.forgetGroup(this.group);
    if (this.#timer !== null) this.#env.clock.clearTimer(this.#timer);
    this.#timer = null;
    this.#host.logPin = null;
  }

  get #range(): RowRange {
    return must(this.#ranges[this.#rangeIndex], "a range that is not fetched yet");
  }

  /** True when the reply was to this build. */
  onReply(reply: Reply): boolean {
    const asked = this.#asked;
    if (asked === null || reply.id !== asked.requestId || reply.from !== asked.node) return false;
    this.#asked = null;
    if (this.#isOver) return true;
    const { outcome } = reply;
    if (outcome.kind === "snapshot-page") {
      const fault = pageFault(outcome, this.#range, this.#after);
      if (buggify("build: a page is asked for once more")) this.#tryAnother(asked.node, "once more");
      else if (fault === null && outcome.applied >= must(this.#host.logPin)) this.#takePage(outcome, asked.atMs);
      else this.#tryAnother(asked.node, fault ?? "the source is behind this replica's log");
    } else if (outcome.kind === "redirect" || outcome.kind === "not-now") {
      this.#tryAnother(asked.node, outcome.reason);
    } else this.#tryAnother(asked.node, "the source answered something else");
    return true;
  }

  // ---- Pages.

  #askPage(): void {
    const { self, network, nextId, limits, clock, tree } = this.#env;
    const { activeBytes, frozenBytes } = tree.inspect();
    const node = this.#chooseSource();
    if (node === null || activeBytes + frozenBytes >= limits.memoryBytes) {
      this.#later(WAIT_MS, () => this.#askPage());
      return;
    }
    const requestId = nextId();
    this.#asked = { node, requestId, atMs: clock.monotonicMs() };
    const { from, to } = this.#range;
    network.send(node, {
      kind: REQUEST, from: self, id: requestId, group: this.group, bytesMax: limits.pageBytes,
      work: { kind: "snapshot-page", from, to, after: this.#after },
    });
    this.#timer = clock.setTimer(limits.answerMs, () => {
      this.#timer = null;
      this.#asked = null;
      this.#tryAnother(node, "no answer");
    });
  }

  /** The leader, or after a failure another storage replica. */
  #chooseSource(): NodeId | null {
    const { leader, members } = this.#host;
    const { self } = this.#env;
    if (leader !== null && leader !== self && leader !== this.#avoided) return leader;
    const others = members.filter((member) => member !== self && member !== this.#avoided);
    if (others.length > 0) return others[Math.floor(this.#bytes) % others.length] as NodeId;
    this.#avoided = null;
    return leader !== self ? leader : null;
  }

  #tryAnother(node: NodeId, reason: string): void {
    reached("build: a page did not come");
    this.#avoided = node;
    this.#env.telemetry.event("debug", "build", "a page did not come", { group: this.group, from: node, reason });
    this.#later(WAIT_MS, () => this.#askPage());
  }

  /** The next page is asked for when the time that this one may take is over since `askedMs`. */
  #takePage(page: SnapshotPage, askedMs: number): void {
    const { tree, limits, clock } = this.#env;
    const { rows, next, applied, items, bytes } = page;
    tree.installRows(this.group, rows);
    const span = this.#span;
    if (span === null) this.#span = { least: applied, greatest: applied, counters: { items, bytes } };
    else {
      this.#span = {
        least: applied < span.least ? applied : span.least,
        greatest: applied > span.greatest ? applied : span.greatest,
        counters: applied < span.least ? { items, bytes } : span.counters,
      };
    }
    let taken = 0;
    for (const { key, value } of rows) taken += key.length + (value === null ? 0 : value.length);
    this.#bytes += taken;
    this.#after = next;
    if (next === null) this.#rangeIndex++;
    const pauseMs = Math.max(0, askedMs + taken / limits.bytesPerSecond * 1000 - clock.monotonicMs());
    const isLast = this.#rangeIndex === this.#ranges.length;
    this.#later(pauseMs, isLast ? (): void => this.#awaitLog() : (): void => this.#askPage());
  }

  // ---- The own log over the rows.

  #awaitLog(): void {
    const { least, greatest, counters } = must(this.#span);
    this.#host.logPin = least;
    if (this.#host.appliedLsn < greatest) {
      this.#later(WAIT_MS, () => this.#awaitLog());
      return;
    }
    this.#env.tree.finishInstall(this.group, least, greatest, counters);
    this.#isInstalled = true;
    this.#replay(least);
  }

  /** Ends in the very turn in which nothing is left to read: from then on commits go straight to the tree. */
  #replay(upTo: Lsn): void {
    const { tree, wal, limits } = this.#env;
    const host = this.#host;
    if (upTo === host.appliedLsn) {
      host.isTreeLive = true;
      this.#checkpoint();
      return;
    }
    const { activeBytes, frozenBytes } = tree.inspect();
    if (activeBytes + frozenBytes >= limits.memoryBytes) {
      this.#later(WAIT_MS, () => this.#replay(upTo));
      return;
    }
    wal.readEntries(this.group, nextLsn(upTo), REPLAY_BYTES, (read) => {
      if (this.#isOver) return;
      if (!read.ok) {
        this.#env.onLogDamage(read.error);
        return;
      }
      let at = upTo;
      for (const entry of read.entries) {
        if (entry.lsn > host.appliedLsn) break;
        assert(entry.lsn === at + 1, "the log above the pin has no holes");
        const payload = entry.kind === WRITE ? payloadOf(entry) : null;
        tree.apply(this.group, entry.lsn, payload?.mutations ?? [], {
          items: payload?.items ?? 0, bytes: payload?.bytes ?? 0,
        });
        at = entry.lsn;
      }
      assert(at > upTo, "committed entries are in the own log");
      this.#replay(at);
    });
  }

  #checkpoint(): void {
    const { tree, telemetry, clock } = this.#env;
    tree.requestCheckpoint(() => {
      if (this.#isOver) return;
      const { greatest } = must(this.#span);
      if (tree.checkpointLsn(this.group) < greatest || !tree.hasMark(this.group)) {
        this.#checkpoint(); // one that was under way already; the next one has it
        return;
      }
      this.#isOver = true;
      telemetry.event("info", "build", "the tree of a replica is whole", {
        group: this.group, bytes: this.#bytes, ms: Math.round(clock.monotonicMs() - this.#startedMs),
      });
      this.#done();
    });
  }

  #later(delayMs: number, run: () => void): void {
    if (this.#timer !== null) this.#env.clock.clearTimer(this.#timer);
    this.#timer = this.#env.clock.setTimer(delayMs, () => {
      this.#timer = null;
      if (!this.#isOver) run();
    });
  }
}
