// For tests of applications: a node of the embedded cluster that hears of changes late, and from which eventually
// consistent reads come meanwhile. It leads nothing, so that neither writes nor strong reads wait for it.
import type { NodeId } from "../base/ids.ts";
import type { StatorNode } from "../node/stator-node.ts";
import type { Clock } from "../ports/clock.ts";
import { PAXOS_FRAME, type NodeMessage } from "../wire/data-messages.ts";

/** How often it is looked whether it leads again, which a table that is created can bring about. */
const LOOK_MS = 20;
/** How long it is waited for others to lead, before the lag begins all the same. */
const HAND_OVER_MS_MAX = 2_000;

type Held = { readonly dueMs: number; readonly message: NodeMessage };

export class LaggingNode {
  readonly node: StatorNode;
  readonly #clock: Clock;
  #lagMs = 0;
  #isLagging = false;
  /** By their time; what comes later is never due sooner. */
  #held: Held[] = [];
  #isWaiting = false;
  #isLooking = false;

  constructor(node: StatorNode, clock: Clock) {
    this.node = node;
    this.#clock = clock;
  }

  /** Where eventually consistent reads go; null: as always. */
  get nearNode(): NodeId | null {
    return this.#isLagging ? this.node.self : null;
  }

  /** In the order in which they came. Requests and the catalogue are not held. */
  receive(message: NodeMessage): void {
    if (message.kind !== PAXOS_FRAME || (!this.#isLagging && this.#held.length === 0)) {
      this.node.receive(message);
      return;
    }
    const last = this.#held.at(-1)?.dueMs ?? 0;
    this.#held.push({ dueMs: Math.max(last, this.#clock.monotonicMs() + this.#lagMs), message });
    this.#waitForFirst();
  }

  /** Resolves when reads come from it, or when they do not any more. */
  async lag(lagMs: number): Promise<void> {
    const isNew = lagMs > 0 && !this.#isLagging;
    this.#lagMs = lagMs;
    if (lagMs === 0) {
      this.#isLagging = false;
      this.#deliver(Infinity);
      return;
    }
    if (!isNew) return;
    const end = this.#clock.monotonicMs() + HAND_OVER_MS_MAX;
    while (this.#leads() && this.#clock.monotonicMs() < end) {
      this.node.replicator.handOverAll();
      await new Promise<void>((resolve) => void this.#clock.setTimer(LOOK_MS, resolve));
    }
    this.#isLagging = true;
    if (!this.#isLooking) this.#look();
  }

  #leads(): boolean {
    for (const { session } of this.node.replicator.hosts()) if (session !== null) return true;
    return false;
  }

  #look(): void {
    this.#isLooking = this.#isLagging && !this.node.isStopped;
    if (!this.#isLooking) return;
    if (this.#leads()) this.node.replicator.handOverAll();
    this.#clock.setTimer(LOOK_MS, () => this.#look());
  }

  #waitForFirst(): void {
    const first = this.#held[0];
    if (first === undefined || this.#isWaiting) return;
    this.#isWaiting = true;
    this.#clock.setTimer(Math.max(0, first.dueMs - this.#clock.monotonicMs()), () => {
      this.#isWaiting = false;
      this.#deliver(this.#clock.monotonicMs());
      this.#waitForFirst();
    });
  }

  #deliver(nowMs: number): void {
    let count = 0;
    while (count < this.#held.length && (this.#held[count] as Held).dueMs <= nowMs) count++;
    for (const { message } of this.#held.splice(0, count)) if (!this.node.isStopped) this.node.receive(message);
  }
}
