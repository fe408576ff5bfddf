// Parts of the simulation of the core: virtual time, and what one replica has on its disk.
import { must } from "../base/assert.ts";
import { lsn, type Lsn } from "../base/ids.ts";
import { decodeConfiguration } from "../wire/group-configuration.ts";
import {
  BASE, COMMIT, CONFIGURATION, PROMISE, SPLIT, type LogEntry, type LogRecord,
} from "../wire/log-record.ts";
import type { ConfigurationAt } from "./configurations.ts";
import { NO_BALLOT } from "./log-tail.ts";
import type { RecoveredGroup } from "./ready.ts";

type Event = { readonly at: number; readonly seq: number; readonly run: () => void };

/** Events in order of (time, sequence). */
export class EventQueue {
  now = 0;
  count = 0;
  #heap: Event[] = [];
  #seq = 0;

  after(delay: number, run: () => void): void {
    const event: Event = { at: this.now + delay, seq: this.#seq++, run };
    const heap = this.#heap;
    let i = heap.length;
    heap.push(event);
    while (i > 0) {
      const up = (i - 1) >> 1;
      if (!isBefore(event, must(heap[up]))) break;
      heap[i] = must(heap[up]);
      i = up;
    }
    heap[i] = event;
  }

  /** False when nothing is due up to `until`. */
  step(until: number): boolean {
    const top = this.#heap[0];
    if (top === undefined || top.at > until) {
      this.now = until;
      return false;
    }
    const last = must(this.#heap.pop());
    if (this.#heap.length > 0) this.#sink(last);
    this.now = top.at;
    this.count++;
    top.run();
    return true;
  }

  #sink(event: Event): void {
    const heap = this.#heap;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(must(heap[child + 1]), must(heap[child]))) child++;
      if (!isBefore(must(heap[child]), event)) break;
      heap[i] = must(heap[child]);
      i = child;
    }
    heap[i] = event;
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.at < b.at || (a.at === b.at && a.seq < b.seq);
}

export type SimDisk = {
  /** Everything appended in order; the first `durable` survive a crash. */
  records: LogRecord[];
  durable: number;
  /** The tree's checkpoint, and what of the log was released below it. */
  checkpoint: number;
  released: number;
  /** False: a log replica, or one whose tree is being built. */
  hasTree: boolean;
};

/** What a restart finds on the disk: the durable records, less what was released. */
export function recoverFrom(node: SimDisk): RecoveredGroup {
  let promised = NO_BALLOT;
  let known = 0;
  for (const record of node.records) {
    if (record.kind === PROMISE) promised = record.ballot > promised ? record.ballot : promised;
    else if (record.kind === COMMIT) known = Math.max(known, record.lsn);
  }
  const { base, log, configurations } = readLog(node);
  const begin = base === null ? 0 : base.lsn;
  // A log replica has applied what it knows to be committed; a tree, what its checkpoint holds.
  const applied = node.hasTree ? node.checkpoint : Math.max(begin, known, node.released);
  const commit = Math.max(applied, known);
  const firstOnDisk = Math.max(node.released, begin) + 1;
  const from = firstOnDisk <= applied ? applied : applied + 1;
  let splitLsn = 0;
  for (const entry of log) if (entry.kind === SPLIT && entry.lsn <= applied) splitLsn = entry.lsn;
  return {
    promised, applied: lsn(applied), commit: lsn(commit), tail: log.filter((entry) => entry.lsn >= from),
    firstOnDisk: lsn(firstOnDisk), configurations, base, splitLsn: lsn(splitLsn),
  };
}

type LogOnDisk = {
  readonly base: RecoveredGroup["base"];
  readonly log: readonly LogEntry[];
  readonly configurations: RecoveredGroup["configurations"];
};

function readLog(node: SimDisk): LogOnDisk {
  let base: RecoveredGroup["base"] = null;
  let log: LogEntry[] = [];
  let configurations: ConfigurationAt[] = [];
  for (const record of node.records) {
    if (record.kind === BASE) {
      base = { lsn: record.lsn, ballot: record.ballot };
      log = [];
      configurations = [];
    } else if (record.kind === CONFIGURATION) {
      const configuration = must(decodeConfiguration(record.payload), "a configuration decodes");
      configurations = configurations.filter((at) => at.lsn < record.lsn);
      configurations.push({ lsn: record.lsn, ballot: record.ballot, configuration });
    } else if (record.kind < PROMISE) {
      const at = record.lsn - 1 - (base === null ? 0 : base.lsn);
      if (at < log.length) configurations = configurations.filter((known) => known.lsn < record.lsn);
      log.length = at;
      log.push(record as LogEntry);
    }
  }
  return { base, log, configurations };
}

export function readEntries(node: SimDisk, from: Lsn, bytesMax: number): LogEntry[] {
  if (from <= node.released) return []; // the peer has it by now, or it would not have been released
  const { base, log } = readLog(node);
  const begin = base === null ? 0 : base.lsn;
  if (from <= begin) return [];
  const out: LogEntry[] = [];
  let bytes = 0;
  for (let at = from - 1 - begin; at < log.length; at++) {
    const entry = must(log[at]);
    bytes += entry.payload.length + 64;
    if (out.length > 0 && bytes > bytesMax) break;
    out.push(entry);
  }
  return out;
}
