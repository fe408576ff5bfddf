// One run: a cluster comes up, clients work on it while faults are injected (safety only), then everything is
// healed and the cluster must come to rest, serve every call, and hold what it acknowledged (liveness).
import { must } from "../../base/assert.ts";
import { BUGGIFY_POINTS } from "../../base/buggify.ts";
import { Prng } from "../../base/prng.ts";
import type { Outcome } from "../../model/operation.ts";
import type { TableDefinition, TableSchema } from "../../model/table-schema.ts";
import { describeCall } from "../checker/history.ts";
import { serializabilityFault } from "../checker/serializable.ts";
import { violation, type Violation } from "../checker/violation.ts";
import { unrest } from "../cluster/converged.ts";
import { describeCluster } from "../cluster/describe.ts";
import type { Machine } from "../cluster/machine.ts";
import { SimCluster } from "../cluster/sim-cluster.ts";
import { Nemesis } from "../nemesis/nemesis.ts";
import type { SeededMischief } from "../swarm/mischief.ts";
import { type RunOptions } from "../swarm/options.ts";
import { Probes } from "../swarm/probes.ts";
import type { RunCut } from "../swarm/run-cut.ts";
import { Client } from "../workload/client.ts";
import { HistoryRecorder } from "../workload/history-recorder.ts";
import { TransactionClient } from "../workload/transaction-client.ts";
import { StreamReader } from "../workload/stream-reader.ts";
import { TableClient } from "../workload/table-client.ts";
import { getOperation, GLOBAL_INDEXES, resultOf, TABLE } from "../workload/operations.ts";
import { EVENT_CHECK, EVENT_CLIENT, EventLoop, WORLD } from "../world/event-loop.ts";
import { TelemetryRecorder } from "../world/sim-telemetry.ts";
import { checkHistories, checkReplicas, checkTables, type CheckCounts } from "./final-checks.ts";
import { CORE_SERVES_MS_MAX, CoreWrites } from "./core-serves.ts";
import { GoodputMeter } from "./goodput.ts";
import { Operator } from "./operator.ts";
import { Watch } from "./watch.ts";

/** A cluster without faults must have its table within this. */
const START_MS_MAX = 20_000;
/** After healing, all must be at rest within this: several elections, each with its timeouts, and a catch-up. */
const REST_MS_MAX = 60_000;
/** Windows of the guard after which a wrong clock is found out, also by the slowest of clocks. */
const GUARD_WINDOWS = 4;
/** Clients go on for so long after healing. */
const AFTERMATH_MS = 100;
/** A call on a healed cluster is answered within this. */
const ANSWER_MS_MAX = 15_000;
const STEP_US = 20_000;
/** Wall clocks of nodes differ by no more where tokens are to mean the same to all: ten minutes are as long to each. */
const TOKEN_OFFSET_MS_MAX = 1_000;

export type ScenarioResult = {
  readonly hash: string;
  readonly virtualMs: number;
  readonly events: number;
  readonly powerOffs: number;
  /** Steps in the plan of faults, those left out included. */
  readonly steps: number;
  /** Clients and buggify points that there are, those left out included. */
  readonly clients: number;
  readonly points: number;
  readonly chaosMs: number;
  readonly faults: ReadonlyMap<string, number>;
  readonly calls: { readonly known: number; readonly failed: number; readonly unknown: number };
  readonly checks: CheckCounts;
  readonly appliedEntries: number;
  /** Calls answered before and after the faults; null: not measured. */
  readonly goodput: { readonly before: number; readonly after: number } | null;
  readonly probes: Probes;
  readonly violations: readonly Violation[];
};

export type Trace = (nowUs: number, line: string) => void;

export class Scenario {
  readonly #options: RunOptions;
  readonly #prng: Prng;
  readonly #loop: EventLoop = new EventLoop();
  readonly #telemetry: TelemetryRecorder;
  readonly #cluster: SimCluster;
  readonly #nemesis: Nemesis;
  readonly #history: HistoryRecorder;
  readonly #clients: Client[] = [];
  #tableClient: TableClient | null = null;
  #transactions: TransactionClient | null = null;
  #reader: StreamReader | null = null;
  readonly #probes: Probes = new Probes();
  readonly #violations: Violation[] = [];
  readonly #checks: CheckCounts = { items: 0, calls: 0, undecided: 0, acknowledged: 0, replicas: 0 };
  readonly #trace: Trace | null;
  readonly #watch: Watch;
  readonly #operator: Operator;
  readonly #cut: RunCut;
  readonly #mischief: SeededMischief;
  #steps = 0;
  #goodput: ScenarioResult["goodput"] = null;

  constructor(seed: number, options: RunOptions, cut: RunCut, mischief: SeededMischief, trace: Trace | null) {
    this.#options = options;
    this.#cut = cut;
    this.#mischief = mischief;
    this.#trace = trace;
    this.#prng = new Prng(seed).split("scenario");
    this.#telemetry = new TelemetryRecorder(this.#loop, ({ node }) => {
      const { storage } = this.#cluster.machineOf(node);
      return storage.wasFailed || storage.isDamaged;
    });
    this.#cluster = new SimCluster({
      seed, options, loop: this.#loop, prng: this.#prng, telemetry: this.#telemetry,
      onFailed: (machine, failure) => this.#onFailed(machine, failure.message),
      onOpened: (machine, replayed) => {
        this.#trace?.(this.#loop.nowUs, `node ${machine.nodeId} is up`);
        this.#probes.hitIf(replayed, "a restarted node replayed entries");
      },
      onApplied: (machine, group, entry) => this.#watch.onApplied(machine, group, entry),
      onViolation: (found) => this.#report(found),
    });
    this.#nemesis = new Nemesis(this.#loop, this.#cluster);
    this.#history = new HistoryRecorder(options.load.partitionKeys);
    this.#watch = new Watch(this.#cluster, this.#probes, (found) => this.#report(found));
    this.#operator = new Operator(this.#cluster);
    this.#observe();
  }

  run(): ScenarioResult {
    const table = this.#bringUp();
    if (table !== null) {
      this.#setWrongClock();
      const before = this.#measure();
      this.#chaos();
      this.#heal(table);
      if (this.#violations.length === 0 && before > 0) this.#goodput = { before, after: this.#measure() };
    }
    for (const error of this.#telemetry.errors) {
      const { node, area, message, fields } = error;
      this.#report(violation("error-event", `node ${node}: ${area}: ${message} ${text(fields)}`));
    }
    if (this.#violations.length === 0) {
      for (const found of checkHistories(this.#history, this.#checks, this.#probes)) this.#report(found);
    }
    this.#noteProbes();
    return this.result();
  }

  /** As far as the run has come. */
  result(): ScenarioResult {
    return {
      hash: this.#loop.hash, virtualMs: this.#loop.nowUs / 1000, events: this.#loop.dispatched,
      powerOffs: this.#cluster.powerOffs, steps: this.#steps,
      clients: this.#options.load.clients + 2, points: BUGGIFY_POINTS.length, chaosMs: this.#options.chaosMs,
      faults: this.#nemesis.counts, calls: this.#history.counts,
      checks: this.#checks, appliedEntries: this.#watch.appliedEntries, probes: this.#probes,
      goodput: this.#goodput, violations: this.#violations,
    };
  }

  // ---- Phases.

  #bringUp(): TableSchema | null {
    const cluster = this.#cluster;
    for (const { number } of cluster.machines) cluster.powerOn(number);
    let isAsked = false;
    const isUp = this.#runUntil(START_MS_MAX, () => {
      if (!isAsked && cluster.machine(1).router?.isReady === true) {
        isAsked = true;
        const { hasGlobalIndexes, hasStreams } = this.#options.load;
        const definition: TableDefinition = {
          ...TABLE, ...(hasGlobalIndexes ? { globalIndexes: GLOBAL_INDEXES } : {}),
          ...(hasStreams ? { streamView: "NEW_AND_OLD_IMAGES" } : {}),
        };
        cluster.execute(1, { kind: "create-table", definition }, () => {});
      }
      return cluster.machines.every((machine) => cluster.table(machine.number)?.status === "ACTIVE");
    });
    if (!isUp) {
      this.#report(violation("liveness", `no table within ${START_MS_MAX} ms on a cluster without faults`));
      return null;
    }
    return must(cluster.table(1), "the table is there");
  }

  /** Calls that a cluster gets done for a while, with nobody else at work. */
  #measure(): number {
    const { goodputMs } = this.#options;
    if (goodputMs === 0) return 0;
    const meter = new GoodputMeter(this.#loop, this.#cluster);
    this.#runUntil(goodputMs, () => false);
    meter.stop();
    if (!this.#runUntil(ANSWER_MS_MAX, () => !meter.isBusy)) this.#report(violation("liveness", "no answer"));
    return meter.answered;
  }

  /** And gives the nodes the time to find out. */
  #setWrongClock(): void {
    const { wrongClock, clockWindowMs, timing } = this.#options;
    if (wrongClock === null) return;
    this.#cluster.setClock(wrongClock.machine, 0, wrongClock.rate);
    const windowMs = clockWindowMs ?? timing.leaseMs;
    this.#runUntil(windowMs * GUARD_WINDOWS, () => this.#violations.length > 0);
  }

  #chaos(): void {
    const { load, chaosMs } = this.#options;
    const prng = this.#prng.split("clients");
    const env = { loop: this.#loop, load, history: this.#history, frontEnd: this.#cluster };
    for (let i = 0; i < load.clients; i++) {
      this.#clients.push(new Client({ ...env, prng: prng.split(`client ${i}`) }, i));
    }
    this.#clients.forEach((client, i) => {
      if (!this.#cut.clients.has(i)) client.start();
    });
    if (load.hasTableClient && !this.#cut.clients.has(load.clients)) {
      this.#tableClient = new TableClient({
        loop: this.#loop, prng: prng.split("tables"), frontEnd: this.#cluster, timeoutMs: load.timeoutMs,
        hasGlobalIndexes: load.hasGlobalIndexes, hasStreams: load.hasStreams,
        onOddity: (message) => this.#report(violation("tables", message)),
      });
      this.#tableClient.start();
    }
    if (load.hasTransactions && !this.#cut.clients.has(load.clients + 1)) {
      this.#transactions = new TransactionClient({
        loop: this.#loop, prng: prng.split("transactions"), frontEnd: this.#cluster, timeoutMs: load.timeoutMs * 2,
        repeatsTokens: this.#options.wallOffsetMsMax <= TOKEN_OFFSET_MS_MAX,
        onOddity: (message) => this.#report(violation("transactions", message)),
      });
      this.#transactions.start();
    }
    if (load.hasStreams) {
      this.#reader = new StreamReader({
        loop: this.#loop, prng: prng.split("reader"), frontEnd: this.#cluster, timeoutMs: load.timeoutMs,
      });
      this.#reader.start();
    }
    this.#cluster.setChaosLinks();
    this.#steps = this.#nemesis.start(this.#prng.split("nemesis"), this.#options, this.#cut.steps);
    this.#runUntil(Math.min(chaosMs, this.#cut.chaosMs ?? chaosMs), () => this.#violations.length > 0);
  }

  #heal(table: TableSchema): void {
    const cluster = this.#cluster;
    if (this.#violations.length > 0) return;
    this.#trace?.(this.#loop.nowUs, "-- heal --");
    if (this.#prng.chance(1, 2)) {
      this.#probes.hit("a whole-cluster power-off came before the final check");
      for (const { number } of cluster.machines) cluster.powerOff(number);
    }
    this.#nemesis.heal();
    this.#mischief.end();
    cluster.setCalmLinks();
    this.#restartFailed();
    this.#runUntil(AFTERMATH_MS, () => false);
    if (this.#options.isZoneLeftOut) this.#demandCore();
    this.#probes.hitIf(this.#options.isOneProcess, "all zones were one process");
    this.#stopClients();
    if (!this.#comeToRest() || !this.#checkTransactions()) return;
    if (!this.#comeToRest() || !this.#readEverything(table) || !this.#comeToRest()) return;
    for (const found of checkReplicas(cluster, table, this.#history, this.#checks, this.#reader)) this.#report(found);
    if (this.#tableClient !== null) {
      const { present, absent } = this.#tableClient.expectations();
      for (const found of checkTables(cluster, present, absent)) this.#report(found);
    }
  }

  /** Without one zone (the damaged one, if there is one) the others must serve. */
  #demandCore(): void {
    const cluster = this.#cluster;
    const { counts } = this.#nemesis;
    // Two zones serve when they hold whole replicas: not while a lost disk, or a zone that was off, is being replaced.
    if (counts.has("disks lost") || counts.has("admin") || this.#watch.configurationChanges > 0) {
      this.#stopClients();
      if (!this.#comeToRest()) return;
    }
    const { zone } = cluster.machine(this.#options.damagedMachine);
    const machines = cluster.machinesOf(zone);
    this.#probes.hit("one zone stayed off while the others had to serve");
    this.#trace?.(this.#loop.nowUs, `-- zone ${zone} stays off --`);
    for (const machine of machines) cluster.powerOff(machine);
    const writes = new CoreWrites(this.#loop, cluster, this.#history);
    writes.start();
    this.#runUntil(CORE_SERVES_MS_MAX, () => writes.isDone);
    this.#report(writes.verdict());
    for (const machine of machines) cluster.powerOn(machine);
  }

  #stopClients(): void {
    for (const client of this.#clients) client.stop();
    this.#tableClient?.stop();
    this.#transactions?.stop();
    this.#reader?.stop();
  }

  #comeToRest(): boolean {
    let last: string | null = null;
    const isAtRest = this.#runUntil(REST_MS_MAX, () => {
      this.#operator.look(this.#loop.nowUs);
      const isBusy = this.#clients.some((client) => client.isBusy) || this.#tableClient?.isBusy === true
        || this.#transactions?.isBusy === true;
      last = isBusy ? "clients wait" : unrest(this.#cluster);
      return last === null || this.#violations.length > 0;
    });
    if (!isAtRest) for (const line of describeCluster(this.#cluster)) this.#trace?.(this.#loop.nowUs, line);
    if (!isAtRest) this.#report(violation("liveness", `not at rest ${REST_MS_MAX} ms after healing: ${String(last)}`));
    return this.#violations.length === 0;
  }

  /** Strong reads of every item through each router in turn: they end the histories. */
  #readEverything(table: TableSchema): boolean {
    const loop = this.#loop;
    let left = 0;
    let door = 1;
    for (const item of this.#history.allItems()) {
      const at = door;
      door = 1 + (door % this.#cluster.doors);
      left++;
      const invokedUs = loop.nowUs;
      const settle = (outcome: Outcome): void => {
        left--;
        const result = resultOf({ kind: "get" }, outcome, false);
        if (result === null || result.kind === "unknown") {
          this.#report(violation("liveness", `a read on the healed cluster was answered with ${text(outcome)}`));
        } else this.#history.record(-1, item, { kind: "get" }, invokedUs, loop.nowUs, result);
      };
      loop.schedule(invokedUs, EVENT_CLIENT, this.#cluster.targetOf(at), 0, () => {
        this.#cluster.execute(at, getOperation(this.#cluster.table(at) ?? table, item, true), settle);
      });
    }
    const isDone = this.#runUntil(ANSWER_MS_MAX, () => left === 0 || this.#violations.length > 0);
    if (!isDone) this.#report(violation("liveness", `${left} reads on the healed cluster were not answered`));
    return this.#violations.length === 0;
  }

  /** In the end nothing is held any more, and what was done has an order. */
  #checkTransactions(): boolean {
    const transactions = this.#transactions;
    if (transactions === null) return true;
    let fault: string | null = "items are held for ever";
    let isRead = false;
    transactions.readAll((lists) => {
      isRead = true;
      fault = serializabilityFault(transactions.calls, lists);
    });
    this.#runUntil(ANSWER_MS_MAX, () => isRead);
    if (fault !== null) this.#report(violation("serializable", fault));
    this.#probes.hitIf(transactions.committed > 0, "a transaction was done");
    return fault === null;
  }

  /** Runs until `isDone`, looked at every step, or until `limitMs` passed. */
  #runUntil(limitMs: number, isDone: () => boolean): boolean {
    const endUs = this.#loop.nowUs + limitMs * 1000;
    while (this.#loop.nowUs < endUs) {
      this.#loop.runUntil(Math.min(endUs, this.#loop.nowUs + STEP_US));
      if (isDone()) return true;
    }
    return false;
  }

  // ---- Watching.

  #observe(): void {
    this.#loop.afterEvent = (event): void => this.#watch.afterEvent(event);
    this.#cluster.onPowerOff = (machine): void => this.#watch.onPowerOff(machine);
    this.#cluster.onPause = (machine, isOver): void => this.#watch.onPause(machine, isOver);
    const trace = this.#trace;
    if (trace === null) return;
    this.#history.onRecord = (call): void => trace(this.#loop.nowUs, `item ${call.item} ${describeCall(call)}`);
    this.#watch.onLeader = (group, node): void => trace(this.#loop.nowUs, `node ${node} leads group ${group}`);
    this.#cluster.onAdministered = (work, outcome): void =>
      trace(this.#loop.nowUs, `asked ${text(work)}: ${text(outcome)}`);
    this.#nemesis.onStep = (step, number): void => trace(this.#loop.nowUs, `nemesis ${number}: ${text(step)}`);
    this.#telemetry.onRecord = (r): void =>
      trace(r.atUs, `node ${r.node} ${r.severity} ${r.area}: ${r.message} ${text(r.fields)}`);
  }

  #onFailed(machine: Machine, message: string): void {
    this.#trace?.(this.#loop.nowUs, `node ${machine.nodeId} failed: ${message}`);
    if (machine.storage.isDamaged) this.#probes.hit("a node met damage in its tree and stopped");
    else if (machine.storage.wasFailed) this.#probes.hit("a node failed on its disk and came back");
    else this.#report(violation("node-failed", `node ${machine.nodeId}: ${message}`));
  }

  /** A node that an injected disk fault stopped is started again like any other. */
  #restartFailed(): void {
    for (const machine of this.#cluster.machines) {
      if (!machine.storage.wasFailed) continue;
      this.#loop.schedule(this.#loop.nowUs + 1000, EVENT_CHECK, WORLD, 0, () => {
        this.#cluster.powerOff(machine.number);
        this.#cluster.powerOn(machine.number);
      });
    }
  }

  #report(found: Violation | null): void {
    if (found === null) return;
    this.#trace?.(this.#loop.nowUs, `VIOLATION ${found.checker}: ${found.message}`);
    this.#violations.push(found);
  }

  #noteProbes(): void {
    const { counts } = this.#cluster.network;
    this.#probes.hitIf(counts.duplicated > 0, "a message was duplicated");
    this.#probes.hitIf(counts.cut > 0, "a message was cut off by a partition");
    this.#probes.hitIf(this.#telemetry.counts.has("wal: torn tail cut"), "a torn tail was cut at recovery");
    this.#probes.hitIf(this.#telemetry.counts.has("tree: checkpoint"), "a checkpoint was written before the end");
    const { failed, timedOut, unavailable } = this.#history.counts;
    this.#probes.hitIf(failed > 0, "a condition failed");
    this.#probes.hitIf(timedOut > 0, "a client call timed out");
    this.#probes.hitIf(unavailable > 0, "a call was answered with unavailable");
    this.#probes.hitIf((this.#tableClient?.expired ?? 0) > 0, "an item whose time was over went");
    const reads = [...this.#reader?.reads.values() ?? []];
    this.#probes.hitIf(reads.some(({ isDone }) => isDone), "a reader came to the end of a closed shard");
    this.#watch.finish();
  }
}

function text(value: unknown): string {
  return value === null || value === undefined ? "" : JSON.stringify(value);
}
