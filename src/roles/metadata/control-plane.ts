// The control plane: on the leader of the system group, compares what should be with what is, takes one step for each
// group that needs one, and looks again. What it must remember is in the catalogue; what it keeps here it can learn
// anew, so the next leader goes on where this one stopped.
import { buggify } from "../../base/buggify.ts";
import type { GroupId, NodeId } from "../../base/ids.ts";
import type { Partition } from "../../model/table-schema.ts";
import { STREAM_RETENTION_MS, withoutOldStreams } from "../../model/table-stream.ts";
import type { Clock, TimerHandle } from "../../ports/clock.ts";
import type { Network } from "../../ports/network.ts";
import type { NodeMessage, Reply } from "../../wire/data-messages.ts";
import type { Mutation } from "../../wire/log-record.ts";
import { Asks } from "./asks.ts";
import type { Catalogue } from "./catalogue.ts";
import { ClusterView } from "./cluster-view.ts";
import { Draft, placesOf, type Place } from "./draft.ts";
import { GroupSights, type Sight } from "./group-sights.ts";
import { GroupTasks } from "./group-tasks.ts";
import type { Liveness, MetadataTiming } from "./liveness.ts";
import { planGroup, planSeen, type GroupStep } from "./plan-group.ts";
import { planLeadership } from "./plan-leadership.ts";
import { planFirstRows, type InitialNode } from "./plan-nodes.ts";
import { isRetirable, publishChildren, retire, stepSplit } from "./plan-split.ts";
import { TableStates } from "./table-states.ts";

export type ControlEnv = {
  readonly self: NodeId;
  readonly clock: Clock;
  readonly network: Network<NodeMessage>;
  readonly catalogue: Catalogue;
  readonly liveness: Liveness;
  readonly timing: MetadataTiming;
  readonly initialNodes: readonly InitialNode[];
  /** Members of the system group as it began. */
  readonly systemReplicas: readonly NodeId[];
  /** The first request id of this life. */
  readonly firstId: number;
  /** How long records of streams are kept; absent: as long as DynamoDB does. */
  readonly streamRetentionMs?: number;
  /** This node leads the system group, with a live lease. */
  isLeading(): boolean;
  /** A change of the catalogue is on its way: nothing is planned on what it may change. */
  isBusy(): boolean;
  commit(rows: readonly Mutation[]): void;
};

/** Groups whose replicas are changed at once, so that traffic keeps most of the disks and links. */
const CHANGES_MAX = 8;
/** Replicas on their way to one node at once. */
const JOINS_PER_NODE_MAX = 2;
/** Splits asked for at once: each stops its partition's writes for a moment. */
const SPLITS_MAX = 2;
/** Leaderships on their way away from draining nodes at once. */
const TRANSFERS_MAX = 4;
/** While a table is on its way somebody waits for it; and what was just committed allows the next step. */
const LOOK_MS_TABLES = 10;
const LOOK_MS_ACTIVE = 100;
const LOOK_MS_CALM = 500;
/** After an answer that allows the next step. */
const LOOK_MS_SOON = 5;
/** What was seen longer ago than a few questions is not built on. */
const SIGHT_MS_MAX = 10_000;

export class ControlPlane {
  readonly #env: ControlEnv;
  readonly #asks: Asks;
  readonly #sights: GroupSights = new GroupSights();
  readonly #tasks: GroupTasks;
  readonly #tables: TableStates;
  /** Groups whose leadership an operator wants elsewhere now. */
  readonly #hurried: Set<GroupId> = new Set();
  #timer: TimerHandle | null = null;
  #lookAtMs = Infinity;
  #lookedMs = 0;
  #isOn = false;

  constructor(env: ControlEnv) {
    const { self, clock, network, firstId } = env;
    this.#env = env;
    this.#asks = new Asks(self, clock, network, firstId);
    this.#tasks = new GroupTasks(this.#asks, this.#sights, clock, () => this.lookSoon());
    this.#tables = new TableStates(this.#asks, () => this.lookSoon());
  }

  /** This node begins to lead the system group. */
  begin(): void {
    const now = this.#env.clock.monotonicMs();
    this.#forget();
    this.#isOn = true;
    this.#lookedMs = now;
    this.#env.liveness.listenFrom(now);
    this.#lookIn(0);
  }

  end(): void {
    this.#forget();
    this.#isOn = false;
  }

  onReply(reply: Reply): void {
    this.#asks.onReply(reply);
  }

  lookSoon(): void {
    this.#lookIn(LOOK_MS_SOON);
  }

  /** Leads the group's leadership to its first replica without waiting for calm. */
  hurry(group: GroupId): void {
    this.#hurried.add(group);
    this.lookSoon();
  }

  view(): ClusterView {
    const now = this.#env.clock.monotonicMs();
    return new ClusterView(this.#env.catalogue, (node) => this.#env.liveness.life(node, now));
  }

  /** Null: nobody has answered lately. */
  sight(group: GroupId): Sight | null {
    const sight = this.#sights.sight(group);
    return sight !== null && this.#env.clock.monotonicMs() - sight.askedMs <= SIGHT_MS_MAX ? sight : null;
  }

  /** The node said that it applied the group's split. */
  hasSplit(group: GroupId, node: NodeId): boolean {
    return this.#sights.hasSplit(group, node);
  }

  /** What the group waits for or is asked to do; empty: nothing. */
  words(group: GroupId): string {
    return this.#tasks.words(group);
  }

  wallMs(): number {
    return this.#env.clock.wallMs();
  }

  /** Shards whose records are too old to be there are not listed either. */
  #forgetShards(catalogue: Catalogue, draft: Draft): void {
    const { streamRetentionMs = STREAM_RETENTION_MS } = this.#env;
    for (const { name, stream } of catalogue.tables()) {
      const current = stream === undefined ? null : draft.table(name);
      const kept = current === null ? null : withoutOldStreams(current, this.wallMs(), streamRetentionMs);
      if (kept !== null && kept !== current) draft.put(kept);
    }
  }

  #forget(): void {
    this.#asks.clear();
    this.#tables.clear();
    this.#tasks.clear();
    this.#hurried.clear();
    this.#sights.retain(() => false);
    if (this.#timer !== null) this.#env.clock.clearTimer(this.#timer);
    this.#timer = null;
    this.#lookAtMs = Infinity;
  }

  #lookIn(delayMs: number): void {
    if (!this.#isOn) return;
    const { clock } = this.#env;
    const at = clock.monotonicMs() + delayMs;
    if (at >= this.#lookAtMs) return;
    if (this.#timer !== null) clock.clearTimer(this.#timer);
    this.#lookAtMs = at;
    this.#timer = clock.setTimer(delayMs, () => {
      this.#timer = null;
      this.#lookAtMs = Infinity;
      if (this.#isOn) this.#lookIn(this.#look());
    });
  }

  /** Returns when to look again. */
  #look(): number {
    const { clock, liveness, timing, catalogue, initialNodes, systemReplicas, isLeading, isBusy, commit } = this.#env;
    const now = clock.monotonicMs();
    const frozenMs = Math.max(timing.suspectMs, LOOK_MS_CALM * 2);
    if (now - this.#lookedMs >= frozenMs) liveness.listenFrom(now); // frozen: the beats of then are lost
    this.#lookedMs = now;
    this.#asks.sweep(now);
    if (!isLeading() || buggify("control plane: a look is put off")) return LOOK_MS_ACTIVE;
    if (isBusy()) return LOOK_MS_TABLES;
    const first = planFirstRows(catalogue, initialNodes, systemReplicas);
    if (first.length > 0) {
      commit(first);
      return LOOK_MS_TABLES;
    }
    const draft = new Draft(catalogue);
    const view = this.view();
    const hasMovingTables = this.#tables.look(catalogue, draft, view, now, clock.wallMs());
    this.#forgetShards(catalogue, draft);
    const isActive = new Look(this, this.#tasks, draft, view, now).run(placesOf(catalogue), this.#hurried);
    const rows = draft.rows();
    if (rows.length > 0) commit(rows);
    if (hasMovingTables || rows.length > 0) return LOOK_MS_TABLES;
    return isActive ? LOOK_MS_ACTIVE : LOOK_MS_CALM;
  }
}

/** One look at all groups. */
class Look {
  readonly #control: ControlPlane;
  readonly #tasks: GroupTasks;
  readonly #draft: Draft;
  readonly #now: number;
  readonly #view: ClusterView;
  #changes = 0;

  constructor(control: ControlPlane, tasks: GroupTasks, draft: Draft, view: ClusterView, now: number) {
    this.#control = control;
    this.#tasks = tasks;
    this.#draft = draft;
    this.#now = now;
    this.#view = view;
  }

  /** Returns whether something is on its way. */
  run(places: readonly Place[], hurried: Set<GroupId>): boolean {
    const groups = new Set(places.map(({ partition }) => partition.group));
    this.#tasks.retain((group) => groups.has(group));
    for (const { partition } of places) if (isChanging(partition)) this.#changes++;
    const calm: { readonly place: Place; readonly isSteady: boolean }[] = [];
    const waiting: { readonly place: Place; readonly living: number }[] = [];
    let isActive = false;
    for (const place of places) {
      if (place.isClosed) {
        this.#retire(place);
        isActive = true;
        this.#tasks.look(place, true, this.#now);
        continue;
      }
      const step = this.#plan(place);
      if (step.kind === "begin") waiting.push({ place, living: this.#livingOf(place.partition) });
      else if (step.kind !== "steady") this.#take(place, step);
      if (step.kind === "steady" || (step.kind === "wait" && !isChanging(place.partition))) {
        calm.push({ place, isSteady: step.kind === "steady" });
      }
      const isUnfinished = isChanging(place.partition) || place.partition.splitting !== undefined
        || step.kind === "ask" || step.kind === "record" || step.kind === "begin";
      if (isUnfinished) isActive = true;
      this.#tasks.look(place, isUnfinished, this.#now);
    }
    this.#beginSome(waiting);
    this.#prefer(calm, hurried);
    return isActive || hurried.size > 0;
  }

  #plan(place: Place): GroupStep {
    const { partition } = place;
    const sight = this.#control.sight(partition.group);
    const input = { partition, sight, view: this.#view, joinsPerNodeMax: JOINS_PER_NODE_MAX };
    const split = stepSplit(partition, sight);
    const step = planGroup(input);
    // A split may have to wait for ever, for keys to divide: what is lost or drains is replaced meanwhile.
    return split !== null && (step.kind === "steady" || step.kind === "wait") ? split : step;
  }

  #take(place: Place, step: GroupStep): void {
    const { partition, table } = place;
    if (step.kind === "record") this.#record(place, step.partition, step.why);
    else if (step.kind === "wait") this.#tasks.say(partition.group, step.why);
    else if (step.kind === "ask") {
      const { work } = step;
      const moved = work.kind === "split" ? this.#tasks.takeMoved(partition.group) : null;
      if (moved !== null && table !== null) {
        const current = this.#draft.table(table.name);
        const wallMs = this.#control.wallMs();
        const next = current === null ? null : publishChildren(current, partition, moved, this.#view, wallMs);
        if (next !== null) this.#draft.put(next);
      } else if (this.#hasRoom(work.kind)) this.#tasks.step(partition.group, work, step.why, this.#now);
      else this.#tasks.say(partition.group, "waits for others");
    }
  }

  #hasRoom(kind: string): boolean {
    if (kind === "split") return this.#tasks.underWay("split") < SPLITS_MAX;
    return kind !== "transfer" || this.#tasks.underWay("transfer") < TRANSFERS_MAX;
  }

  #record(place: Place, partition: Partition, why: string): void {
    this.#view.count(place.partition, -1);
    this.#view.count(partition, 1);
    this.#draft.replace(place, partition);
    this.#tasks.say(partition.group, why);
  }

  /** The groups with the fewest living replicas first; each is planned again: the one before may have taken room. */
  #beginSome(waiting: { readonly place: Place; readonly living: number }[]): void {
    waiting.sort((a, b) => a.living - b.living);
    for (const { place } of waiting) {
      const step = this.#changes < CHANGES_MAX ? this.#plan(place) : null;
      if (step?.kind === "begin") {
        this.#changes++;
        this.#record(place, step.partition, step.why);
      } else this.#tasks.say(place.partition.group, "waits for its turn to be changed");
    }
  }

  #livingOf({ replicas }: Partition): number {
    return replicas.filter((node) => !this.#view.isLost(node)).length;
  }

  /** A parent that is split gets no steps; one from before the split may still have changed it. */
  #retire(place: Place): void {
    const { partition, table } = place;
    const { group } = partition;
    const sight = this.#control.sight(group);
    const seen = sight === null ? null : planSeen(partition, sight, this.#view);
    if (seen?.kind === "record") {
      this.#record(place, seen.partition, seen.why);
      return;
    }
    const current = table === null ? null : this.#draft.table(table.name);
    const hasSplit = (node: NodeId): boolean => this.#control.hasSplit(group, node);
    if (current !== null && isRetirable(partition, childrenOf(place), hasSplit, this.#view)) {
      this.#draft.put(retire(current, group));
    }
    this.#tasks.say(group, "closed: waits until every replica has applied the split");
  }

  /** At most one group at a time gives its leadership back. */
  #prefer(calm: readonly { readonly place: Place; readonly isSteady: boolean }[], hurried: Set<GroupId>): void {
    for (const { place: { partition }, isSteady } of calm) {
      const { group } = partition;
      const sight = this.#control.sight(group);
      if (sight !== null && sight.leader === partition.replicas[0]) hurried.delete(group);
      const work = sight === null || this.#tasks.underWay("transfer") > 0 ? null
        : planLeadership(partition, sight, this.#view, this.#now, hurried.has(group));
      if (work !== null) this.#tasks.step(group, work, `node ${work.to} takes the lead back`, this.#now);
      else if (isSteady) this.#tasks.say(group, "");
    }
    for (const group of hurried) {
      if (!calm.some(({ place }) => place.partition.group === group)) hurried.delete(group);
    }
  }
}

function isChanging({ joining, leaving, logReplicas }: Partition): boolean {
  return joining !== undefined || leaving !== undefined || logReplicas !== undefined;
}

function childrenOf({ table, partition }: Place): readonly Partition[] {
  return (table?.partitions ?? []).filter(({ parent }) => parent === partition.group);
}

