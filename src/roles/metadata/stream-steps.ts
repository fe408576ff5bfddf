// Streams on their way on or off: asks the leader of each of the table's partitions to go by the record of the table
// that says so, until all do. From then on no change is made that is not recorded, or none that is. What was said is
// kept here alone: a leader that is asked again says it again.
import type { GroupId, NodeId } from "../../base/ids.ts";
import type { Partition, TableSchema } from "../../model/table-schema.ts";
import type { SwitchStreamWork } from "../../wire/data-messages.ts";
import type { Asks } from "./asks.ts";

/** A leader that has not answered for so long is asked again, and then another replica. */
const ANSWER_MS_MAX = 500;
/** How often a group whose leader does not do it yet is asked. */
const ASK_MS = 50;

type Step = {
  /** The greatest write timestamp before the switch; null: not known yet. */
  timestamp: number | null;
  isAsked: boolean;
  askedMs: number;
  leader: NodeId | null;
  attempts: number;
};

export class StreamSteps {
  readonly #asks: Asks;
  readonly #onAnswer: () => void;
  /** By stream and group. */
  readonly #steps: Map<string, Step> = new Map();

  constructor(asks: Asks, onAnswer: () => void) {
    this.#asks = asks;
    this.#onAnswer = onAnswer;
  }

  clear(): void {
    this.#steps.clear();
  }

  /** By group, the greatest write timestamp before the switch; null: not all leaders have made it. */
  timestamps(table: TableSchema, nowMs: number): ReadonlyMap<GroupId, number> | null {
    const found = new Map<GroupId, number>();
    const { stream } = table;
    if (stream === undefined || (stream.status !== "ENABLING" && stream.status !== "DISABLING")) return found;
    let isWhole = true;
    for (const partition of table.partitions) {
      const step = this.#of(`${table.id}:${stream.createdMs}:${stream.status}:${partition.group}`);
      if (step.timestamp !== null) found.set(partition.group, step.timestamp);
      else {
        isWhole = false;
        if (!step.isAsked && nowMs - step.askedMs >= ASK_MS) this.#ask(table, partition, step, nowMs);
      }
    }
    return isWhole ? found : null;
  }

  #ask({ id, version }: TableSchema, { group, replicas }: Partition, step: Step, nowMs: number): void {
    const node = step.leader ?? (replicas[step.attempts++ % replicas.length] as NodeId);
    step.askedMs = nowMs;
    const work: SwitchStreamWork = { kind: "switch-stream", table: id, version };
    step.isAsked = this.#asks.ask(node, group, work, ANSWER_MS_MAX, (outcome) => {
      step.isAsked = false;
      switch (outcome?.kind) {
        case "stream-switched":
          step.timestamp = outcome.timestamp;
          this.#onAnswer();
          return;
        case "not-now":
          step.leader = node;
          return;
        case "redirect":
          step.leader = outcome.leader === node ? null : outcome.leader;
          return;
        default:
          step.leader = null;
      }
    });
  }

  #of(key: string): Step {
    let step = this.#steps.get(key);
    if (step === undefined) {
      step = { timestamp: null, isAsked: false, askedMs: -Infinity, leader: null, attempts: 0 };
      this.#steps.set(key, step);
    }
    return step;
  }
}
