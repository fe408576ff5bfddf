// Availability: while one zone stays off, the routers of the others must get writes done within a bound, however
// the dead zone had been preferred before. Writes only: a read would teach a router where to go.
import { violation, type Violation } from "../checker/violation.ts";
import type { SimCluster } from "../cluster/sim-cluster.ts";
import { EVENT_CLIENT, WORLD, type EventLoop } from "../world/event-loop.ts";
import type { HistoryRecorder } from "../workload/history-recorder.ts";
import { resultOf, writeOperation } from "../workload/operations.ts";

/** Election, with its timeouts, plus a router's patience with a silent node, plus some retries. */
export const CORE_SERVES_MS_MAX = 12_000;
/** Between two tries of one write. */
const RETRY_US = 50_000;
/** A client gives up a try after this. */
const TRY_US_MAX = 4_000_000;
const STYLE = { wantsOld: false, fillBytes: 0 };

export class CoreWrites {
  readonly #loop: EventLoop;
  readonly #cluster: SimCluster;
  readonly #history: HistoryRecorder;
  #waiting = 0;

  constructor(loop: EventLoop, cluster: SimCluster, history: HistoryRecorder) {
    this.#loop = loop;
    this.#cluster = cluster;
    this.#history = history;
  }

  get isDone(): boolean {
    return this.#waiting === 0;
  }

  /** One write per partition key through each router that is on, each tried until it is acknowledged. */
  start(): void {
    for (const machine of this.#cluster.machines) {
      if (!machine.isOn) continue;
      for (let p = 0; p < this.#history.partitionKeys; p++) {
        this.#waiting++;
        this.#try(machine.number, p, 0);
      }
    }
  }

  verdict(): Violation | null {
    if (this.isDone) return null;
    return violation("liveness", `${this.#waiting} writes were not acknowledged within ${CORE_SERVES_MS_MAX} ms `
      + "while two zones of three were up");
  }

  #try(door: number, p: number, attempt: number): void {
    const loop = this.#loop;
    // The name differs from try to try: a late effect of one does not disturb the next.
    const item = `p${p}/core.${door}.${attempt}`;
    const value = `core.${door}.${p}.${attempt}`;
    const command = { kind: "put", value } as const;
    const invokedUs = loop.nowUs;
    let isSettled = false;
    const settle = (isGood: boolean): void => {
      if (isSettled) return;
      isSettled = true;
      const result = isGood ? { kind: "done", old: undefined } as const : { kind: "unknown" } as const;
      this.#history.record(-2, item, command, invokedUs, loop.nowUs, result);
      if (isGood) {
        this.#waiting--;
        this.#history.acknowledged.set(item, value);
      } else this.#later(RETRY_US, () => this.#try(door, p, attempt + 1));
    };
    this.#later(TRY_US_MAX, () => settle(false));
    loop.schedule(invokedUs + 1, EVENT_CLIENT, this.#cluster.targetOf(door), attempt, () => {
      const table = this.#cluster.table(door);
      if (table === null) return settle(false);
      this.#cluster.execute(door, writeOperation(table, item, command, STYLE), (outcome) => {
        settle(resultOf(command, outcome, false)?.kind === "done");
      });
    });
  }

  #later(delayUs: number, run: () => void): void {
    this.#loop.schedule(this.#loop.nowUs + delayUs, EVENT_CLIENT, WORLD, 0, run);
  }
}
