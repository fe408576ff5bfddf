// Reads the stream of the simulated cluster's table while faults are injected, through any router: a shard when its
// parent is read to its end, from where it stopped before. What it was given is compared with the rows in the end.
import { must } from "../../base/assert.ts";
import type { GroupId } from "../../base/ids.ts";
import type { Prng } from "../../base/prng.ts";
import { utf8Decode } from "../../base/utf8.ts";
import type { Outcome, ReadStreamOperation } from "../../model/operation.ts";
import type { StreamShard, TableStream } from "../../model/table-stream.ts";
import { EVENT_CLIENT, WORLD, type EventLoop } from "../world/event-loop.ts";
import type { FrontEnd } from "./front-end.ts";

export type StreamReaderEnv = {
  readonly loop: EventLoop;
  readonly prng: Prng;
  readonly frontEnd: FrontEnd;
  readonly timeoutMs: number;
};

/** What was read of a shard. */
export type ShardRead = {
  after: number;
  /** The shard is closed, and nothing is left of it. */
  isDone: boolean;
  readonly sequences: string[];
};

const HOP_US = 200;
const PAUSE_US_MAX = 30_000;
const PAGE_RECORDS_MAX = 20;

export class StreamReader {
  readonly #env: StreamReaderEnv;
  /** The stream that was there first. */
  #createdMs: number | null = null;
  #isStopped = false;
  #sequence = 0;
  readonly reads: Map<GroupId, ShardRead> = new Map();

  constructor(env: StreamReaderEnv) {
    this.#env = env;
  }

  /** Null: it has seen no stream. */
  get createdMs(): number | null {
    return this.#createdMs;
  }

  start(): void {
    this.#later();
  }

  stop(): void {
    this.#isStopped = true;
  }

  #later(): void {
    const { loop, prng } = this.#env;
    loop.schedule(loop.nowUs + prng.between(1, PAUSE_US_MAX), EVENT_CLIENT, WORLD, 0, () => this.#next());
  }

  #next(): void {
    if (this.#isStopped) return;
    const { prng, frontEnd } = this.#env;
    const door = prng.between(1, frontEnd.doors);
    const table = frontEnd.table(door);
    const stream = table?.stream;
    const shard = stream === undefined ? null : this.#choose(stream);
    if (table === null || stream === undefined || shard === null) {
      this.#later();
      return;
    }
    const read = this.#readOf(shard);
    const operation: ReadStreamOperation = {
      kind: "read-stream", table, createdMs: stream.createdMs, shard: shard.group, point: shard.at, after: read.after,
      upTo: shard.closed?.last ?? null, limit: prng.between(1, PAGE_RECORDS_MAX), region: "",
    };
    this.#call(door, operation, (outcome) => {
      if (outcome?.kind === "stream-page") take(read, outcome, shard.closed !== undefined);
      this.#later();
    });
  }

  /** A router may know an older record of the table: a shard that it takes for open is read on all the same. */
  #choose(stream: TableStream): StreamShard | null {
    this.#createdMs ??= stream.createdMs;
    if (stream.createdMs !== this.#createdMs) return null;
    const due = stream.shards.filter((shard) => (
      this.reads.get(shard.group)?.isDone !== true
      && (shard.parent === undefined || this.reads.get(shard.parent)?.isDone === true)
    ));
    return due.length === 0 ? null : this.#env.prng.pick(due);
  }

  #readOf({ group }: StreamShard): ShardRead {
    let read = this.reads.get(group);
    if (read === undefined) {
      read = { after: 0, isDone: false, sequences: [] };
      this.reads.set(group, read);
    }
    return read;
  }

  /** `done` is called once, with null when no answer came in time. */
  #call(door: number, operation: ReadStreamOperation, done: (outcome: Outcome | null) => void): void {
    const { loop, frontEnd, timeoutMs } = this.#env;
    const sequence = ++this.#sequence;
    let isSettled = false;
    const settle = (outcome: Outcome | null): void => {
      if (isSettled) return;
      isSettled = true;
      done(outcome);
    };
    loop.schedule(loop.nowUs + HOP_US, EVENT_CLIENT, frontEnd.targetOf(door), sequence, () => {
      if (frontEnd.table(door) === null) settle(null); // refused: nobody listens
      else if (!isSettled) frontEnd.execute(door, operation, settle);
    });
    loop.schedule(loop.nowUs + timeoutMs * 1000, EVENT_CLIENT, WORLD, sequence, () => settle(null));
  }
}

function take(read: ShardRead, page: Outcome & { kind: "stream-page" }, isClosed: boolean): void {
  const records = JSON.parse(`[${must(utf8Decode(page.json))}]`) as readonly { dynamodb: { SequenceNumber: string } }[];
  for (const { dynamodb } of records) read.sequences.push(dynamodb.SequenceNumber);
  if (page.count > 0) read.after = page.last;
  if (isClosed && !page.isMore) read.isDone = true;
}
