// What the control plane is doing about each group: the questions about its state and the one step under way. Both go
// to whoever leads it, as far as is known; a step that was answered, in whatever way, is followed by a new question
// before the next one.
import type { GroupId, NodeId } from "../../base/ids.ts";
import { hostsOf, type Partition } from "../../model/table-schema.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Work, WorkOutcome } from "../../wire/data-messages.ts";
import type { Asks } from "./asks.ts";
import type { Place } from "./draft.ts";
import type { GroupSights } from "./group-sights.ts";

type Task = {
  /** The kind of the step under way, or null. */
  step: Work["kind"] | null;
  /** Only an answer to a question sent after this is built on. */
  needsAfterMs: number;
  /** No step before this: what was refused is not asked again at once. */
  restsUntilMs: number;
  refusals: number;
  /** Questions under way, and when the last one left. */
  asking: number;
  askedMs: number;
  attempts: number;
  /** The last question was a second one, to the leader that the answer to the first one named. */
  isHinted: boolean;
  /** Children as a leader named them, not yet published. */
  moved: readonly Partition[] | null;
  words: string;
  /** Why the step was refused the last time; empty: it was not. */
  refusal: string;
};

const STATUS_MS_MAX = 1_000;
/** A change of configuration waits for its commit. */
const STEP_MS_MAX = 3_000;
/** How often the state of a group is asked for: calm, changing, and right after a step. */
const ASK_MS_CALM = 2_000;
const ASK_MS_ACTIVE = 100;
const ASK_MS_UNKNOWN = 250;
const REST_MS_FIRST = 50;
const REST_MS_MAX = 5_000;

export class GroupTasks {
  readonly #asks: Asks;
  readonly #sights: GroupSights;
  readonly #clock: Clock;
  readonly #onNews: () => void;
  readonly #tasks: Map<GroupId, Task> = new Map();

  constructor(asks: Asks, sights: GroupSights, clock: Clock, onNews: () => void) {
    this.#asks = asks;
    this.#sights = sights;
    this.#clock = clock;
    this.#onNews = onNews;
  }

  clear(): void {
    this.#tasks.clear();
  }

  retain(isGroup: (group: GroupId) => boolean): void {
    for (const group of this.#tasks.keys()) if (!isGroup(group)) this.#tasks.delete(group);
    this.#sights.retain(isGroup);
  }

  words(group: GroupId): string {
    const task = this.#tasks.get(group);
    if (task === undefined || task.words === "") return "";
    return task.refusal === "" ? task.words : `${task.words} (refused: ${task.refusal})`;
  }

  say(group: GroupId, words: string): void {
    const task = this.#of(group);
    task.words = words;
    task.refusal = "";
  }

  /** Steps of this kind that are under way. */
  underWay(kind: Work["kind"]): number {
    let count = 0;
    for (const { step } of this.#tasks.values()) if (step === kind) count++;
    return count;
  }

  /** The children that a leader named, once. */
  takeMoved(group: GroupId): readonly Partition[] | null {
    const task = this.#of(group);
    const { moved } = task;
    task.moved = null;
    return moved;
  }

  /** Takes the step, unless one is under way, or what it was planned on is older than the last one's end. */
  step(group: GroupId, work: Work, why: string, now: number): void {
    const task = this.#of(group);
    task.words = why;
    const sight = this.#sights.sight(group);
    if (task.step !== null || now < task.restsUntilMs || sight === null || sight.askedMs < task.needsAfterMs) return;
    const isSent = this.#asks.ask(sight.leader, group, work, STEP_MS_MAX, (outcome) => {
      if (this.#tasks.get(group) === task) this.#answered(group, task, sight.leader, outcome);
    });
    if (isSent) task.step = work.kind;
  }

  /** Asks for the group's state when it is time to. */
  look(place: Place, isActive: boolean, now: number): void {
    const { partition } = place;
    const { group } = partition;
    const task = this.#of(group);
    if (task.asking > 0 || task.step !== null) return;
    const sight = this.#sights.sight(group);
    const isBlind = sight === null || sight.askedMs < task.needsAfterMs;
    const pauseMs = isBlind ? ASK_MS_UNKNOWN : isActive ? ASK_MS_ACTIVE : ASK_MS_CALM;
    if (now - task.askedMs < pauseMs) return;
    if (task.askedMs > -Infinity) task.isHinted = false;
    task.askedMs = now;
    const hosts = hostsOf(partition);
    const leader = this.#sights.hint(group) ?? (hosts[task.attempts++ % hosts.length] as NodeId);
    this.#ask(group, task, leader, now, isActive || isBlind);
    // Whether a tree is whole, and what is applied, only the replica itself can tell.
    for (const node of place.isClosed ? hosts : partition.joining ?? []) {
      if (node !== leader) this.#ask(group, task, node, now, true);
    }
  }

  #ask(group: GroupId, task: Task, node: NodeId, now: number, isNews: boolean): void {
    const isSent = this.#asks.ask(node, group, { kind: "group-status" }, STATUS_MS_MAX, (outcome) => {
      if (this.#tasks.get(group) !== task) return;
      task.asking--;
      if (outcome?.kind === "group-status") {
        this.#sights.onStatus(group, node, outcome, now);
        if (!outcome.isLeader) this.#followHint(group, task, node);
      } else this.#sights.onSilence(group, node);
      if (task.asking === 0 && isNews) this.#onNews();
    });
    if (isSent) task.asking++;
  }

  /** Asks the leader that a follower named at once; once, for two that name each other would never end. */
  #followHint(group: GroupId, task: Task, asked: NodeId): void {
    const sight = this.#sights.sight(group);
    const hint = this.#sights.hint(group);
    if (task.isHinted || hint === null || hint === asked || (sight !== null && sight.leader === hint)) return;
    task.isHinted = true;
    task.askedMs = -Infinity;
  }

  #answered(group: GroupId, task: Task, leader: NodeId, outcome: WorkOutcome | null): void {
    const now = this.#clock.monotonicMs();
    task.step = null;
    task.needsAfterMs = now;
    task.askedMs = -Infinity;
    if (outcome?.kind === "done" || outcome?.kind === "moved") {
      task.refusals = 0;
      task.refusal = "";
      if (outcome.kind === "moved") task.moved = outcome.partitions;
    } else {
      task.restsUntilMs = now + Math.min(REST_MS_MAX, REST_MS_FIRST * 2 ** Math.min(task.refusals, 10));
      task.refusals++;
      if (outcome?.kind === "not-now") task.refusal = outcome.reason;
      else {
        task.refusal = outcome?.kind === "redirect" ? outcome.reason : "no answer";
        this.#sights.onSilence(group, leader);
      }
    }
    this.#onNews();
  }

  #of(group: GroupId): Task {
    let task = this.#tasks.get(group);
    if (task === undefined) {
      task = {
        step: null, needsAfterMs: -Infinity, restsUntilMs: -Infinity, refusals: 0, asking: 0, askedMs: -Infinity,
        attempts: 0, isHinted: false, moved: null, words: "", refusal: "",
      };
      this.#tasks.set(group, task);
    }
    return task;
  }
}
