// How much a cluster gets done while nothing goes wrong: one writer and reader at each door, one call after the other.
// Measured before the faults and after the healing, with nobody else at work: what was broken must not have left the
// cluster slower.
import type { SimCluster } from "../cluster/sim-cluster.ts";
import { EVENT_CLIENT, WORLD, type EventLoop } from "../world/event-loop.ts";
import { getOperation, resultOf, writeOperation } from "../workload/operations.ts";

/** Keys per door: enough to meet every partition. */
const KEYS = 16;
const STYLE = { wantsOld: false, fillBytes: 0 };

export class GoodputMeter {
  readonly #loop: EventLoop;
  readonly #cluster: SimCluster;
  #isOn = true;
  /** Calls that were answered well. */
  answered = 0;
  #waiting = 0;

  constructor(loop: EventLoop, cluster: SimCluster) {
    this.#loop = loop;
    this.#cluster = cluster;
    for (const { number } of cluster.machines) this.#next(number, 0);
  }

  stop(): void {
    this.#isOn = false;
  }

  get isBusy(): boolean {
    return this.#waiting > 0;
  }

  #next(door: number, count: number): void {
    if (!this.#isOn) return;
    const cluster = this.#cluster;
    const item = `g${door}.${(count >> 1) % KEYS}/x`;
    this.#waiting++;
    const settle = (isGood: boolean): void => {
      this.#waiting--;
      if (this.#isOn && isGood) this.answered++;
      this.#loop.schedule(this.#loop.nowUs + 1, EVENT_CLIENT, WORLD, door, () => this.#next(door, count + 1));
    };
    this.#loop.schedule(this.#loop.nowUs + 1, EVENT_CLIENT, cluster.targetOf(door), count, () => {
      const table = cluster.table(door);
      if (table === null) return settle(false);
      const command = { kind: "put", value: String(count) } as const;
      const isRead = count % 2 === 1;
      const operation = isRead ? getOperation(table, item, true) : writeOperation(table, item, command, STYLE);
      cluster.execute(door, operation, (outcome) => {
        const result = resultOf(isRead ? { kind: "get" } : command, outcome, false);
        settle(result?.kind === "read" || result?.kind === "done");
      });
    });
  }
}
