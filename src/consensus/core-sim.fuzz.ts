// A seeded random simulation of one group of 3 or 5 real `Group`s: clocks with skew and drift, a network that
// loses, doubles and reorders, partitions, crashes that lose what was not durable, slow disks, pauses. First
// chaos (safety only), then everything heals and the group must serve and converge.
import { assert, must } from "../base/assert.ts";
import { groupId, nodeId, type NodeId } from "../base/ids.ts";
import { Prng } from "../base/prng.ts";
import { initialConfiguration, replicaOf } from "../wire/group-configuration.ts";
import { BASE, PROMISE, SPLIT, WRITE, type LogEntry } from "../wire/log-record.ts";
import { PROMISE_ANSWER, type PaxosMessage } from "../wire/paxos-messages.ts";
import { CoreChecker, Violation } from "./core-sim-checker.fuzz.ts";
import { describe, dropReplica, isListed, nextReplicas } from "./core-sim-membership.fuzz.ts";
import { drawOptions, type Faults } from "./core-sim-options.fuzz.ts";
import { EventQueue, readEntries, recoverFrom } from "./core-sim-parts.fuzz.ts";
import type { CoreSimReport, SimNode } from "./core-sim-types.fuzz.ts";
import type { Flaws } from "./flaws.ts";
import { Group } from "./group.ts";
import type { GroupLimits } from "./limits.ts";
import { TraceRecorder } from "../sim/trace/recorder.ts";
import type { Ready } from "./ready.ts";

const GROUP = groupId(7);
/** Fastest over slowest clock stays below leaseMs / (leaseMs - leaseDriftMs). */
const CLOCK_DRIFT = 0.05;
/** Without clients and faults all replicas must be equal within this. */
const QUIET_MS_MAX = 20_000;

export class CoreSim {
  readonly checker: CoreChecker = new CoreChecker();
  /** Writes the history down as events of the formal specification, when wanted. */
  #recorder: TraceRecorder | null = null;
  readonly #prng: Prng;
  readonly #flaws: Flaws;
  readonly #queue: EventQueue = new EventQueue();
  readonly #nodes: SimNode[] = [];
  readonly #limits: GroupLimits;
  readonly #blocked: Set<number> = new Set();
  readonly #ballotsLed: Set<number> = new Set();
  readonly #trace: ((line: string) => void) | null;
  #faults: Faults;
  #isChaos = true;
  #areClientsOn = true;
  #crashes = 0;
  #partitions = 0;
  #reads = 0;
  #handOvers = 0;
  #changes = 0;
  #joins = 0;
  #splits = 0;
  readonly #founders: number;

  constructor(seed: number, flaws: Flaws, trace: ((line: string) => void) | null) {
    this.#prng = new Prng(seed);
    this.#flaws = flaws;
    this.#trace = trace;
    const prng = this.#prng;
    const count = prng.chance(1, 4) ? 5 : 3;
    const options = drawOptions(prng);
    this.#faults = options.faults;
    this.#limits = options.limits;
    this.#founders = count;
    const members = Array.from({ length: count }, (_, i) => nodeId(i + 1));
    const spares = Array.from({ length: prng.pick([0, 2, 3]) }, (_, i) => nodeId(count + i + 1));
    const initial = initialConfiguration(members);
    for (const id of [...members, ...spares]) {
      const isFounder = id <= count;
      this.#nodes.push({
        id, config: { group: GROUP, self: id, initial: isFounder ? initial : null, timing: options.timing },
        isPlaced: isFounder, hasTree: isFounder,
        skewMs: prng.below(1_000_000), rate: 1 + (prng.below(2001) - 1000) / 1000 * CLOCK_DRIFT,
        core: null, life: 0, records: [], durable: 0, unsynced: [], delivered: 0, checkpoint: 0, released: 0,
        proposed: new Set(), tickAt: Infinity, isPaused: false, inbox: [],
        syncMs: prng.pick(options.faults.isHarassed ? [0, 1, 5, 40] : [0, 1, 5, 20]),
      });
    }
  }

  /** Before `run`: records from the beginning. Null when replicas may join this group, which a trace cannot tell yet. */
  record(): TraceRecorder | null {
    if (this.#nodes.length > this.#founders) return null;
    this.#recorder = new TraceRecorder(this.#founders, () => (
      this.#nodes.filter((node) => node.core?.isLeaseLive(this.#local(node)) === true).map(({ id }) => id)
    ));
    return this.#recorder;
  }

  run(chaosMs: number, healMs: number): CoreSimReport {
    const isNew = this.#prng.chance(1, 2);
    for (const node of this.#nodes.slice(0, this.#founders)) this.#start(node, isNew);
    this.#membershipLoop();
    if (isNew) this.#input(must(this.#nodes[0]), (core, now) => core.campaign(now));
    this.#clientLoop();
    this.#nemesisLoop();
    this.#advance(chaosMs);
    this.#heal();
    const atHeal = this.checker.acknowledged;
    this.#advance(chaosMs + healMs);
    const before = this.checker.acknowledged;
    this.#areClientsOn = false;
    for (let quiet = 0; quiet < QUIET_MS_MAX && !this.#hasConverged(); quiet += 100) {
      this.#advance(chaosMs + healMs + quiet);
    }
    if (before <= atHeal && !this.#isClosed()) throw new Violation(`nothing was acknowledged after healing:\n${this.#states()}`);
    this.#demandConvergence();
    return {
      committed: this.checker.committed.length, crashes: this.#crashes, partitions: this.#partitions,
      leaders: this.#ballotsLed.size, events: this.#queue.count, reads: this.#reads, handOvers: this.#handOvers,
      changes: this.#changes, joins: this.#joins, splits: this.#splits,
    };
  }

  #advance(until: number): void {
    while (this.#queue.step(until)) {
      this.#checkLeases();
      this.#recorder?.poll();
    }
  }

  #isClosed(): boolean {
    return this.checker.committed.some(({ kind }) => kind === SPLIT);
  }

  #checkLeases(): void {
    let holders: { node: NodeId; delivered: number }[] | null = null;
    for (const node of this.#nodes) {
      if (node.core === null || !node.core.isLeaseLive(this.#local(node))) continue;
      holders ??= [];
      holders.push({ node: node.id, delivered: node.delivered });
    }
    if (holders === null) return;
    this.checker.leases(holders);
    if (this.#splits > 0 && this.#isClosed()) throw new Violation("a lease is live after the group was split");
  }

  #local(node: SimNode): number {
    return node.skewMs + this.#queue.now * node.rate;
  }

  #note(node: SimNode, text: string): void {
    this.#trace?.(`${this.#queue.now.toFixed(2)} n${node.id} ${text}`);
  }

  // ---- one replica -------------------------------------------------------------------------------------

  #start(node: SimNode, priorLeasesVoid: boolean): void {
    assert(node.core === null, "started once");
    node.life++;
    const recovered = recoverFrom(node);
    node.delivered = recovered.applied;
    node.unsynced = [];
    node.proposed.clear();
    node.inbox = [];
    node.isPaused = false;
    node.tickAt = Infinity;
    this.#recorder?.started(node.id, recovered);
    this.#note(node, `start life ${node.life} applied ${recovered.applied} tail ${recovered.tail.length}`);
    node.core = new Group(node.config, recovered, this.#local(node), {
      random: () => this.#prng.u32(), priorLeasesVoid, mayLead: node.hasTree, flaws: this.#flaws, limits: this.#limits,
    });
    this.#turn(node);
  }

  #crash(node: SimNode): void {
    if (node.core === null) return;
    this.#crashes++;
    node.core = null;
    this.#recorder?.stopped(node.id);
    // Of what was not synced some prefix may have reached the disk.
    const kept = node.durable + this.#prng.below(node.records.length - node.durable + 1);
    node.records.length = kept;
    node.durable = kept;
    this.#note(node, "crash");
  }

  /** Feeds an input now (or when a pause ends) and then looks at what the core wants. */
  #input(node: SimNode, feed: (core: Group, now: number) => void): void {
    if (node.core === null) return;
    if (node.isPaused) {
      node.inbox.push(() => this.#input(node, feed));
      return;
    }
    feed(node.core, this.#local(node));
    if (!this.#prng.chance(1, 4)) this.#turn(node);
    else this.#later(node, this.#prng.below(3), () => this.#turn(node));
  }

  #later(node: SimNode, delay: number, run: () => void): void {
    const { life } = node;
    this.#queue.after(delay, () => {
      if (node.core !== null && node.life === life) run();
    });
  }

  #turn(node: SimNode): void {
    const { core } = node;
    if (core === null || node.isPaused) return;
    for (;;) {
      const ready = core.ready(this.#local(node));
      if (ready === null) break;
      this.#perform(node, core, ready);
      if (node.core !== core) return;
      if (ready.committed.length === 0) break;
    }
    const due = Math.max((core.nextDeadline() - node.skewMs) / node.rate, this.#queue.now + 0.5);
    if (node.tickAt > this.#queue.now && node.tickAt <= due) return;
    node.tickAt = due;
    if (due === Infinity) return;
    this.#later(node, due - this.#queue.now, () => {
      if (node.tickAt === due) this.#input(node, (c, now) => c.tick(now));
    });
  }

  #perform(node: SimNode, core: Group, ready: Ready): void {
    this.#recorder?.ready(node.id, ready, core);
    for (const record of ready.append) {
      node.records.push(record);
      if (record.kind < PROMISE) this.checker.appended(record as LogEntry);
      if (record.kind === BASE) this.#installed(node, record.lsn);
    }
    for (const message of ready.send) this.#send(message);
    if (ready.append.length > 0 || (ready.sendAfterDurable.length > 0 && node.unsynced.length > 0)) {
      node.unsynced.push({ records: node.records.length, token: ready.token, messages: ready.sendAfterDurable });
      const delay = node.syncMs === 0 ? this.#prng.below(2) : this.#prng.below(node.syncMs * 2);
      this.#later(node, delay, () => this.#input(node, () => this.#synced(node)));
    } else for (const message of ready.sendAfterDurable) this.#send(message);
    if (ready.committed.length > 0) {
      this.checker.delivered(node.id, node.delivered, ready.committed);
      for (const entry of ready.committed) {
        node.delivered = entry.lsn;
        // A leader that still leads in the ballot it proposed in tells its client.
        if (node.proposed.delete(entry.lsn)) this.checker.acknowledge(entry);
      }
    }
    for (const read of ready.read) {
      this.#reads++;
      this.#later(node, 1 + this.#prng.below(10), () => this.#input(node, (c, now) => {
        c.entriesRead(read.peer, readEntries(node, read.from, read.bytesMax), now);
      }));
    }
    if (ready.configuration !== null) this.#note(node, `configuration ${describe(ready.configuration)}`);
    if (ready.isRemoved && !isListed(node.id, this.#nodes) && this.#prng.chance(1, 2)) {
      this.#wipe(node);
      return;
    }
    const { leadership } = ready;
    if (leadership === null) return;
    const { role, ballot, serving } = leadership;
    this.#note(node, `${role} ballot ${ballot} serving ${String(serving)} last ${core.lastLsn}`);
    if (!leadership.serving) node.proposed.clear();
    if (leadership.role === "leader") {
      const own = replicaOf(core.configuration, node.id);
      if (!node.hasTree || own === null || !own.votes) throw new Violation(`node ${node.id} leads without a tree or vote`);
      if (!this.#ballotsLed.has(leadership.ballot) && this.#isChaos) this.#harass(node);
      if (this.#nodes.length > this.#founders && this.#isChaos) this.#reconfigure(node);
      this.#ballotsLed.add(leadership.ballot);
      this.checker.leads(node.id, node.life, leadership.ballot, core.lastLsn);
    }
  }

  /** The oldest unsynced batch, and everything up to it, reached the disk. */
  #synced(node: SimNode): void {
    const done = node.unsynced.shift();
    if (done === undefined || node.core === null) return;
    if (done.records > node.durable) node.durable = done.records;
    this.#recorder?.synced(node.id, done.token);
    node.core.durable(done.token, this.#local(node));
    for (const message of done.messages) this.#send(message);
  }

  /** The log begins behind `base`: what a tree here held is of no use any more. */
  #installed(node: SimNode, base: number): void {
    this.#joins++;
    node.delivered = base;
    node.hasTree = false;
    node.checkpoint = 0;
    must(node.core).setMayLead(false);
  }

  // ---- membership --------------------------------------------------------------------------------------

  /** What a control plane does, and what it must never do but the core has to refuse or survive. */
  #membershipLoop(): void {
    if (this.#nodes.length === this.#founders) return;
    const leader = this.#nodes.find((node) => node.core?.inspect().role === "leader" && !node.isPaused);
    if (leader !== undefined) this.#reconfigure(leader);
    for (const node of this.#nodes) this.#buildOrDrop(node);
    if (this.#isChaos && this.#faults.splits && this.#prng.chance(1, 60)) this.#split();
    this.#queue.after(5 + this.#prng.below(this.#isChaos ? 120 : 30), () => this.#membershipLoop());
  }

  #reconfigure(leader: SimNode): void {
    this.#input(leader, (core, now) => {
      const next = nextReplicas(core.configuration, {
        prng: this.#prng, leader: leader.id, founders: this.#founders, isChaos: this.#isChaos,
        hasTree: (id) => must(this.#nodes[id - 1]).hasTree,
        spares: this.#nodes.map(({ id }) => id).filter((id) => replicaOf(core.configuration, id) === null),
        place: (id) => this.#place(must(this.#nodes[id - 1])),
      });
      if (next === null) return;
      const result = core.reconfigure(next, now);
      if (result === "proposed") this.#changes++;
      if (result !== "invalid" || core.splitLsn !== 0) return;
      throw new Violation(`node ${leader.id} calls a change of one vote invalid`);
    });
  }

  #place(spare: SimNode): void {
    if (spare.isPlaced) return;
    spare.isPlaced = true;
    this.#start(spare, false);
  }

  /** A tree is built beside the log now and then; a node that is told of its removal drops its replica. */
  #buildOrDrop(node: SimNode): void {
    const { core } = node;
    if (core === null || node.isPaused || node.hasTree || core.configuration.epoch === 0) return;
    // A tree is of use only when the log that it stands on is durable.
    if (!this.#prng.chance(1, 3) || node.unsynced.length > 0) return;
    node.checkpoint = node.delivered;
    node.hasTree = true;
    core.setMayLead(true);
  }

  /** The replica of a node that is no member any more is dropped, with all it promised. */
  #wipe(node: SimNode): void {
    this.#note(node, "wiped");
    dropReplica(node);
  }

  #split(): void {
    for (const node of this.#nodes) {
      if (node.core === null || node.isPaused) continue;
      this.#input(node, (core, now) => {
        if (core.propose(SPLIT, new Uint8Array(1), now) !== null) this.#splits++;
      });
    }
  }

  // ---- the network -------------------------------------------------------------------------------------

  #send(message: PaxosMessage): void {
    const prng = this.#prng;
    this.#recorder?.left(message);
    this.#forget(message);
    const copies = prng.chance(this.#faults.doublePercent, 100) ? 2 : 1;
    for (let i = 0; i < copies; i++) {
      if (prng.chance(this.#faults.lossPercent, 100)) continue;
      const isStraggler = this.#isChaos && prng.chance(1, 50);
      const delay = 0.2 + prng.below(this.#faults.delayMs * 10) / 10 + (isStraggler ? prng.below(600) : 0);
      this.#queue.after(delay, () => {
        if (this.#blocked.has(message.from * 100 + message.to)) return;
        const node = must(this.#nodes[message.to - 1]);
        this.#input(node, (core, now) => core.step(message, now));
      });
    }
  }

  // ---- clients and faults ------------------------------------------------------------------------------

  #clientLoop(): void {
    if (!this.#areClientsOn) return;
    for (const node of this.#nodes) this.#propose(node);
    this.#queue.after(1 + this.#prng.below(30), () => this.#clientLoop());
  }

  #propose(node: SimNode): void {
    const { core } = node;
    if (core === null || node.isPaused || !core.isServing(this.#local(node))) return;
    const burst = this.#prng.chance(1, this.#faults.isHarassed ? 3 : 10) ? 10 : 1;
    this.#input(node, (c, now) => {
      for (let i = 0; i < burst; i++) {
        const entry = c.propose(WRITE, new Uint8Array(this.#prng.below(40)), now);
        if (entry !== null) node.proposed.add(entry.lsn);
      }
    });
  }

  #nemesisLoop(): void {
    if (!this.#isChaos) return;
    const prng = this.#prng;
    const node = prng.pick(this.#nodes);
    switch (prng.below(10)) {
      case 0:
      case 1:
        if (this.#faults.crashes) this.#crashAndRestart(node);
        break;
      case 2:
        if (this.#faults.crashes && prng.chance(1, 3)) for (const each of this.#nodes) this.#crashAndRestart(each);
        break;
      case 3:
        if (this.#faults.partitions) this.#partition();
        break;
      case 4:
        this.#pause(node);
        break;
      case 5:
        this.#handOver();
        break;
      case 6:
        node.syncMs = prng.pick([0, 1, 5, 20, 150]);
        break;
      case 7:
        this.#input(node, (core, now) => core.campaign(now));
        break;
      case 8:
        if (this.#faults.crashes && this.#faults.partitions) this.#strike();
        break;
      default:
        this.#checkpoint(node);
    }
    this.#queue.after(5 + prng.below(this.#faults.everyMs), () => this.#nemesisLoop());
  }

  #crashAndRestart(node: SimNode): void {
    if (node.core === null) return;
    this.#crash(node);
    this.#queue.after(this.#prng.chance(1, 2) ? 1 : this.#prng.below(500), () => this.#restart(node));
  }

  #restart(node: SimNode): void {
    if (node.core === null && node.isPlaced) this.#start(node, false);
  }

  /**
   * The worst moment for leases and promises: a leader loses its links one way or both, some of the others restart
   * at once, and one of them is told to campaign.
   */
  #strike(): void {
    this.#partitions++;
    const leader = this.#nodes.find((node) => node.core?.isServing(this.#local(node)) === true);
    if (leader === undefined) return;
    const blocked: number[] = [];
    for (const node of this.#nodes) {
      if (node === leader) continue;
      if (this.#prng.chance(2, 3)) blocked.push(leader.id * 100 + node.id);
      if (this.#prng.chance(1, 2)) blocked.push(node.id * 100 + leader.id);
      if (this.#prng.chance(1, 2)) {
        this.#crash(node);
        this.#queue.after(this.#prng.below(3), () => this.#restart(node));
      } else this.#later(node, this.#prng.below(20), () => this.#input(node, (core, now) => core.campaign(now)));
    }
    this.#block(blocked, 0, 5 + this.#prng.below(leader.config.timing.leaseMs * 2));
  }

  /**
   * Cuts a new leader off while it brings its log to the others, or crashes it; sometimes one of those that
   * promised crashes too, before its promise may be durable.
   */
  #harass(node: SimNode): void {
    const prng = this.#prng;
    if (!this.#faults.isHarassed || prng.chance(1, 4)) return;
    const { leaseMs } = node.config.timing;
    const delay = prng.chance(1, 4) ? 0 : prng.below(100);
    const lasting = leaseMs + prng.below(leaseMs * 2);
    this.#block(this.#linksOf(node), delay, lasting);
    if (prng.chance(1, 3)) this.#crashFor(node, delay + prng.below(20), lasting);
    const other = prng.pick(this.#nodes);
    if (other !== node && prng.chance(1, 3)) this.#crashFor(other, delay, prng.below(3));
  }

  /** A replica that just promised crashes; the leader of before can be reached again, the candidate cannot. */
  #forget(answer: PaxosMessage): void {
    const prng = this.#prng;
    if (!this.#faults.isHarassed || answer.kind !== PROMISE_ANSWER || !prng.chance(1, 4)) return;
    const promiser = must(this.#nodes[answer.from - 1]);
    const candidate = must(this.#nodes[answer.to - 1]);
    this.#crashFor(promiser, 8, 1);
    this.#queue.after(8, () => this.#blocked.clear());
    this.#block(this.#linksOf(candidate), 9, 60 + prng.below(200));
  }

  #crashFor(node: SimNode, afterMs: number, forMs: number): void {
    this.#later(node, afterMs, () => {
      this.#crash(node);
      this.#queue.after(forMs, () => this.#restart(node));
    });
  }

  /** Blocks a random set of one-way links, or cuts one replica off. */
  #partition(): void {
    this.#partitions++;
    const blocked: number[] = [];
    const lonely = this.#prng.pick(this.#nodes).id;
    const isOneReplica = this.#prng.chance(1, 2);
    for (const a of this.#nodes) {
      for (const b of this.#nodes) {
        const isCut = isOneReplica ? (a.id === lonely) !== (b.id === lonely) : this.#prng.chance(1, 4);
        if (isCut) blocked.push(a.id * 100 + b.id);
      }
    }
    this.#block(blocked, 0, 20 + this.#prng.below(this.#faults.everyMs * 5));
  }

  #linksOf(node: SimNode): number[] {
    return this.#nodes.flatMap((n) => n === node ? [] : [n.id * 100 + node.id, node.id * 100 + n.id]);
  }

  #block(links: readonly number[], afterMs: number, forMs: number): void {
    this.#queue.after(afterMs, () => {
      if (this.#isChaos) for (const link of links) this.#blocked.add(link);
    });
    this.#queue.after(afterMs + forMs, () => {
      for (const link of links) this.#blocked.delete(link);
    });
  }

  #pause(node: SimNode): void {
    if (node.core === null || node.isPaused) return;
    node.isPaused = true;
    this.#later(node, this.#prng.below(this.#faults.everyMs * 3), () => this.#resume(node));
  }

  #resume(node: SimNode): void {
    if (!node.isPaused) return;
    node.isPaused = false;
    const { inbox } = node;
    node.inbox = [];
    for (const run of inbox) run();
    this.#turn(node);
  }

  #handOver(): void {
    for (const node of this.#nodes) {
      if (node.core === null || node.isPaused) continue;
      const target = this.#prng.pick(this.#nodes).id;
      this.#input(node, (core, now) => {
        if (!core.handOver(target, now)) return;
        this.#handOvers++;
        // The old leader may miss that its successor campaigns.
        const isDeaf = this.#prng.chance(1, 2) && this.#faults.partitions;
        if (isDeaf) this.#block(this.#nodes.map((n) => n.id * 100 + node.id), 2 + this.#prng.below(15), 60);
      });
    }
  }

  /** The tree wrote what was applied; the log below the floor goes. */
  #checkpoint(node: SimNode): void {
    if (node.core === null || !node.hasTree) return;
    node.checkpoint = Math.max(node.checkpoint, node.delivered - this.#prng.below(4));
    const upTo = Math.min(node.checkpoint, node.core.floorLsn);
    if (this.#prng.chance(1, 2)) node.released = Math.max(node.released, upTo);
  }

  #heal(): void {
    this.#isChaos = false;
    this.#faults = {
      everyMs: 100, lossPercent: 0, doublePercent: 0, delayMs: 2, crashes: false, partitions: false, isHarassed: false,
      splits: false,
    };
    this.#blocked.clear();
    for (const node of this.#nodes) {
      node.syncMs = 1;
      if (node.core === null && node.isPlaced) this.#start(node, false);
      this.#resume(node);
    }
  }

  #demandConvergence(): void {
    const serving = this.#nodes.filter((node) => node.core?.isLeaseLive(this.#local(node)) === true);
    const leaders = this.#nodes.filter((node) => node.core?.inspect().role === "leader");
    if (this.#isClosed() ? leaders.length === 0 : serving.length !== 1) throw new Violation(`no leader with a lease after healing:\n${this.#states()}`);
    if (!this.#hasConverged()) throw new Violation(`no convergence after healing:\n${this.#states()}`);
  }

  #hasConverged(): boolean {
    const { length } = this.checker.committed;
    const leader = this.#nodes.find((node) => node.core?.inspect().role === "leader");
    if (leader === undefined) return false;
    return must(leader.core).configuration.replicas.every(({ node: id }) => {
      const node = must(this.#nodes[id - 1]);
      return node.core !== null && node.delivered === length && node.core.lastLsn === length;
    });
  }

  #states(): string {
    return this.#nodes.map((node) => JSON.stringify(node.core?.inspect())).join("\n");
  }
}
