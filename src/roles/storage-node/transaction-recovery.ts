// Recovery of transactions: whoever leads a partition in which items are held for long asks the ledger what became of
// the attempt, and cancels it there if it is not decided. Both are one conditional put: when it succeeds the attempt is
// cancelled for good, when it is refused the entry that stands against it tells whether the attempt is committed. Each
// leader ends what it finds in its own partitions; coordinators that go on meanwhile do the same, once more.
import { buggify, reached } from "../../base/buggify.ts";
import type { GroupId, HashPoint, NodeId } from "../../base/ids.ts";
import { decodeEntry, entryPut } from "../../model/ledger.ts";
import type { Partition } from "../../model/table-schema.ts";
import type { Clock, TimerHandle } from "../../ports/clock.ts";
import type { Network } from "../../ports/network.ts";
import type { NodeReplicator } from "../../replication/node-replicator.ts";
import type { TreeDamage } from "../../storage/tree/tree-read.ts";
import {
  REQUEST, type NodeMessage, type Reply, type TransactionName, type WorkOutcome,
} from "../../wire/data-messages.ts";
import type { LedPartitions } from "./led-partition.ts";
import type { PlacedGroups } from "./moved.ts";
import type { Transactions } from "./transactions.ts";

export type RecoveryEnv = {
  readonly self: NodeId;
  readonly clock: Clock;
  readonly network: Network<NodeMessage>;
  readonly replicator: NodeReplicator;
  readonly placed: PlacedGroups;
  readonly led: LedPartitions;
  readonly nextId: () => number;
  readonly onDamage: (damage: TreeDamage) => void;
};

const LOOK_MS = 1_000;
/** Without an answer for so long another replica is asked. */
const ANSWER_MS_MAX = 2_500;
/** Attempts that are asked about at once; others wait for the next look. */
const ASKS_MAX = 200;

type Ask = {
  readonly name: TransactionName;
  readonly group: GroupId;
  readonly node: NodeId;
  readonly sentMs: number;
};

export class TransactionRecovery {
  readonly #env: RecoveryEnv;
  readonly #transactions: Transactions;
  readonly #asks: Map<number, Ask> = new Map();
  /** Ids of attempts that are asked about. */
  readonly #asked: Set<string> = new Set();
  readonly #leaders: Map<GroupId, NodeId> = new Map();
  #timer: TimerHandle | null = null;
  #turns = 0;

  constructor(env: RecoveryEnv, transactions: Transactions) {
    this.#env = env;
    this.#transactions = transactions;
  }

  start(): void {
    this.#timer = this.#env.clock.setTimer(LOOK_MS, () => {
      this.#look();
      this.start();
    });
  }

  stop(): void {
    if (this.#timer !== null) this.#env.clock.clearTimer(this.#timer);
    this.#timer = null;
  }

  #look(): void {
    const { clock, replicator, led, onDamage } = this.#env;
    const now = clock.monotonicMs();
    this.#turns++;
    for (const [id, ask] of this.#asks) {
      if (now - ask.sentMs < ANSWER_MS_MAX) continue;
      this.#leaders.delete(ask.group);
      this.#asks.delete(id);
      this.#asked.delete(ask.name.id);
    }
    const isOld = buggify("storage node: a lock seems old");
    for (const host of replicator.hosts()) {
      const { session } = host;
      if (session === null || host.isClosed) continue;
      const partition = led.of(host, session, null);
      if (partition.kind === "corrupt") onDamage(partition);
      if (partition.kind !== "led") continue;
      for (const { name, askAtMs } of partition.locks.values()) if (isOld || now >= askAtMs) this.#ask(name, now);
    }
  }

  #ask(name: TransactionName, sentMs: number): void {
    const { self, network, placed, nextId } = this.#env;
    if (this.#asked.has(name.id) || this.#asks.size >= ASKS_MAX) return;
    const ledger = placed.schemaOf(name.ledger);
    if (ledger === null) return;
    const { entry, hash, timestamp, id } = name;
    const work = entryPut(ledger, { name: entry, hash, timestamp, state: "cancelled", id });
    const partition = partitionAt(ledger.partitions, work.address.point);
    if (partition === null) return;
    const { group, replicas } = partition;
    const node = this.#leaders.get(group) ?? replicas[this.#turns % replicas.length] as NodeId;
    const request = nextId();
    this.#asks.set(request, { name, group, node, sentMs });
    this.#asked.add(id);
    network.send(node, { kind: REQUEST, from: self, id: request, group, work, bytesMax: 0 });
  }

  /** True when the reply was to a request of this role. */
  onReply(reply: Reply): boolean {
    const ask = this.#asks.get(reply.id);
    if (ask === undefined || ask.node !== reply.from) return false;
    this.#asks.delete(reply.id);
    this.#asked.delete(ask.name.id);
    this.#answered(ask, reply.outcome);
    return true;
  }

  #answered({ name, group, node }: Ask, outcome: WorkOutcome): void {
    switch (outcome.kind) {
      case "written":
        reached("storage node: a transaction was cancelled that nobody ended");
        this.#leaders.set(group, node);
        this.#end(name, false);
        return;
      case "condition-failed": {
        this.#leaders.set(group, node);
        const entry = outcome.item === null ? null : decodeEntry(outcome.item);
        const isCommitted = entry?.id === name.id && entry.state === "committed";
        if (isCommitted) reached("storage node: a transaction was committed that nobody ended");
        if (entry !== null) this.#end(name, isCommitted);
        return;
      }
      case "redirect":
        if (outcome.leader === null || outcome.leader === node) this.#leaders.delete(group);
        else this.#leaders.set(group, outcome.leader);
        return;
      default:
        this.#leaders.delete(group);
    }
  }

  #end({ id }: TransactionName, isCommitted: boolean): void {
    for (const host of this.#env.replicator.hosts()) this.#transactions.finishAll(host, id, isCommitted);
  }
}

function partitionAt(partitions: readonly Partition[], point: HashPoint): Partition | null {
  return partitions.find(({ from, to }) => from <= point && point < to) ?? null;
}
