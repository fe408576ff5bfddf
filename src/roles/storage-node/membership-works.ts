// Steps that the control plane asks a group's leader for: another configuration, a split, another leader. Each is
// answered when it is done, not when it began; what cannot be done now is refused with a reason, and the asker looks
// again. Asking twice does no harm.
import { must } from "../../base/assert.ts";
import { epoch, lsn, type Epoch, type HashPoint, type NodeId, type TableId } from "../../base/ids.ts";
import type { Clock, TimerHandle } from "../../ports/clock.ts";
import type { GroupHost } from "../../replication/group-host.ts";
import type { NodeReplicator } from "../../replication/node-replicator.ts";
import type { ItemTree } from "../../storage/tree/item-tree.ts";
import type { TreeDamage } from "../../storage/tree/tree-read.ts";
import type {
  ReconfigureWork, ReplicaProgress, Request, SplitWork, TransferWork, WorkOutcome,
} from "../../wire/data-messages.ts";
import type { Replica } from "../../wire/group-configuration.ts";
import { CONFIG, SPLIT, type LogEntry } from "../../wire/log-record.ts";
import { encodeSplitPayload } from "../../wire/split-payload.ts";
import type { LedPartitions } from "./led-partition.ts";
import { movedOutcome, type PlacedGroups } from "./moved.ts";
import { encodeState, stateKey } from "./partition-state.ts";
import { findSplitPoint } from "./split-point.ts";

export type MembershipEnv = {
  readonly self: NodeId;
  readonly clock: Clock;
  readonly tree: ItemTree;
  readonly replicator: NodeReplicator;
  readonly placed: PlacedGroups;
  readonly led: LedPartitions;
  readonly answer: (request: Request, outcome: WorkOutcome) => void;
  readonly onDamage: (damage: TreeDamage) => void;
};

/** A step that is not done by then is answered with "not now"; it may still be done later. */
const STEP_MS_MAX = 5_000;
/** Steps under way on this node; the control plane asks for few at a time. */
const STEPS_MAX = 256;

type Step = {
  readonly host: GroupHost;
  readonly request: Request;
  /** The epoch to be committed; 0 for another kind of step. */
  readonly epoch: Epoch | 0;
  /** Who is to lead; null for another kind of step. */
  readonly leader: NodeId | null;
  timer: TimerHandle | null;
};

export class MembershipWorks {
  readonly #env: MembershipEnv;
  readonly #steps: Set<Step> = new Set();

  constructor(env: MembershipEnv) {
    this.#env = env;
  }

  onReconfigure(host: GroupHost, request: Request, work: ReconfigureWork): void {
    const { core, configuration } = host;
    const wanted = work.epoch + 1;
    if (configuration.epoch === wanted && isSame(configuration.replicas, work.replicas)) {
      if (core.isConfigurationCommitted) this.#env.answer(request, { kind: "done" });
      else this.#wait({ host, request, epoch: configuration.epoch, leader: null, timer: null });
      return;
    }
    if (configuration.epoch !== work.epoch) {
      this.#refuse(request, `the configuration in force has epoch ${configuration.epoch}`);
      return;
    }
    const result = core.reconfigure(work.replicas, this.#env.clock.monotonicMs());
    switch (result) {
      case "proposed":
        this.#env.replicator.wake(host);
        this.#wait({ host, request, epoch: core.configuration.epoch, leader: null, timer: null });
        return;
      case "not-leader":
        this.#redirect(host, request);
        return;
      case "busy":
        this.#refuse(request, "the change before is not committed yet");
        return;
      case "barred":
        this.#refuse(request, "a node that voted before joins only when the log is released beyond its removal");
        return;
      case "invalid":
        this.#refuse(request, "no such step from the configuration in force");
        return;
    }
  }

  onTransfer(host: GroupHost, request: Request, work: TransferWork): void {
    const { core, leader, session } = host;
    if (leader === work.to) this.#env.answer(request, { kind: "done" });
    else if (session === null) this.#redirect(host, request);
    else if (!core.handOver(work.to, this.#env.clock.monotonicMs())) {
      this.#refuse(request, "leadership cannot be handed to that replica now");
    } else {
      this.#env.replicator.wake(host);
      this.#wait({ host, request, epoch: 0, leader: work.to, timer: null });
    }
  }

  onSplit(host: GroupHost, request: Request, work: SplitWork): void {
    if (host.split !== null) {
      this.#env.answer(request, movedOutcome(host, this.#env.placed));
      return;
    }
    if (host.isClosed) { // proposed, and not committed yet
      this.#wait({ host, request, epoch: 0, leader: null, timer: null });
      return;
    }
    const placed = this.#env.placed.placementOf(host.group);
    if (host.session === null) this.#redirect(host, request);
    else if (placed?.table === null) this.#refuse(request, "the system group is never split");
    else if (placed === null) this.#refuse(request, "this node does not know the partition's range yet");
    else if (!host.core.isConfigurationCommitted) this.#refuse(request, "a change of members is under way");
    else if (!this.#env.replicator.proposeNow(host)) this.#refuse(request, "too much is in flight");
    else {
      const { from, to } = placed.partition;
      this.#propose(host, request, work, { table: placed.table, from, to });
    }
  }

  #propose(
    host: GroupHost, request: Request, work: SplitWork, span: Parameters<typeof findSplitPoint>[1],
  ): void {
    const { tree, replicator, clock, onDamage } = this.#env;
    const point = findSplitPoint(tree, span, work.at);
    if (point.kind === "corrupt") {
      onDamage(point);
      this.#refuse(request, "the replica's tree is damaged");
      return;
    }
    if (point.kind === "refused") {
      this.#refuse(request, point.reason);
      return;
    }
    const since = this.#handOnState(host, span.table, point.at);
    if (since === null) {
      this.#refuse(request, "too much is in flight");
      return;
    }
    // The entry stands behind all that is in flight, and commits with it or not at all.
    const applied = tree.counters(host.group);
    const inFlight = must(host.session, "a leader that serves splits").inFlight();
    const items = applied.items + inFlight.items;
    const bytes = applied.bytes + inFlight.bytes;
    const leftItems = Math.round(items * point.leftShare);
    const leftBytes = Math.round(bytes * point.leftShare);
    const entry = host.core.propose(SPLIT, encodeSplitPayload({
      at: point.at, left: work.left, right: work.right, leftItems, leftBytes,
      rightItems: items - leftItems, rightBytes: bytes - leftBytes, since,
      configuration: { epoch: epoch(1), replicas: host.configuration.replicas },
    }), clock.monotonicMs());
    if (entry === null) {
      this.#refuse(request, "the group takes no entries now");
      return;
    }
    replicator.wake(host);
    this.#wait({ host, request, epoch: 0, leader: null, timer: null });
  }

  /**
   * The left child has the state row where it is; the right one gets its own, in the last entry before the split.
   * Returns the greatest write timestamp given out; null: not now.
   */
  #handOnState(host: GroupHost, table: TableId, at: HashPoint): number | null {
    const { led, replicator } = this.#env;
    const session = must(host.session, "a leader that serves splits");
    const partition = led.of(host, session, null);
    if (partition.kind !== "led") return null;
    const key = stateKey(table, at);
    session.addRow(key, encodeState(key, partition.state()));
    session.noteState();
    return replicator.proposeNow(host) ? session.timestamp : null;
  }

  onGroupStatus(host: GroupHost, request: Request): void {
    const { self, clock, tree, answer } = this.#env;
    const { core, configuration } = host;
    const isLeader = host.leader === self;
    const counters = host.isTreeLive ? tree.counters(host.group) : { items: 0, bytes: 0 };
    const peers: readonly ReplicaProgress[] = isLeader ? core.progress(clock.monotonicMs()) : [];
    answer(request, {
      kind: "group-status", isLeader, leader: host.leader, configuration,
      isConfigurationCommitted: core.isConfigurationCommitted, last: core.lastLsn, commit: core.commitLsn,
      applied: host.appliedLsn, floor: core.floorLsn, hasTree: host.hasTree, items: counters.items,
      bytes: counters.bytes, splitLsn: host.split?.lsn ?? lsn(0), barred: core.barred, peers,
    });
  }

  // ---- What steps wait for.

  onApplied(host: GroupHost, entry: LogEntry): void {
    if (entry.kind === CONFIG || entry.kind === SPLIT) this.#look(host);
  }

  onLeadership(host: GroupHost): void {
    this.#look(host);
  }

  #look(host: GroupHost): void {
    for (const step of this.#steps) {
      if (step.host !== host) continue;
      const outcome = this.#outcomeOf(step);
      if (outcome !== null) this.#finish(step, outcome);
    }
  }

  /** Null: not decided yet. */
  #outcomeOf({ host, epoch, leader }: Step): WorkOutcome | null {
    const { core, configuration } = host;
    if (leader !== null) {
      if (host.leader === leader) return { kind: "done" };
      return host.leader === null || host.leader === this.#env.self ? null : notNow("another replica leads");
    }
    if (epoch === 0 && host.split !== null) return movedOutcome(host, this.#env.placed);
    if (epoch !== 0 && configuration.epoch === epoch && core.isConfigurationCommitted) return { kind: "done" };
    return host.leader === this.#env.self ? null : notNow("leadership changed while the step was under way");
  }

  #wait(step: Step): void {
    if (this.#steps.size >= STEPS_MAX) {
      this.#env.answer(step.request, notNow("too many steps at once"));
      return;
    }
    this.#steps.add(step);
    step.timer = this.#env.clock.setTimer(STEP_MS_MAX, () => {
      step.timer = null;
      this.#finish(step, notNow("the step takes long; it may still be done"));
    });
  }

  #finish(step: Step, outcome: WorkOutcome): void {
    if (!this.#steps.delete(step)) return;
    if (step.timer !== null) this.#env.clock.clearTimer(step.timer);
    this.#env.answer(step.request, outcome);
  }

  #refuse(request: Request, reason: string): void {
    this.#env.answer(request, notNow(reason));
  }

  #redirect(host: GroupHost, request: Request): void {
    const leader = host.leader === this.#env.self ? null : host.leader;
    this.#env.answer(request, { kind: "redirect", leader, reason: "this replica does not lead the group now" });
  }
}

function notNow(reason: string): WorkOutcome {
  return { kind: "not-now", reason };
}

function isSame(a: readonly Replica[], b: readonly Replica[]): boolean {
  return a.length === b.length && a.every((replica) => b.some((other) => (
    other.node === replica.node && other.kind === replica.kind && other.votes === replica.votes
  )));
}
