// A machine's disk and key-value store. They outlive the lives of the node; a power-off takes from them what
// was not durable.
import type { NodeId } from "../../base/ids.ts";
import type { Prng } from "../../base/prng.ts";
import type { Clock, TimerHandle } from "../../ports/clock.ts";
import type { Damage } from "../nemesis/victim.ts";
import type { RunOptions } from "../swarm/options.ts";
import type { EventLoop } from "../world/event-loop.ts";
import { SimClock } from "../world/sim-clock.ts";
import { SimDisk } from "../world/sim-disk.ts";
import { SimKv } from "../world/sim-kv.ts";

/** An operation that began while the disk was slow is not felt for longer: healing must end. */
const SLOWED_MS_MAX = 1_000;

export class MachineStorage {
  readonly disk: SimDisk;
  readonly kv: SimKv;
  #clock: Clock;
  #slowness = 1;
  /** A fault was injected in this life: errors are expected. */
  #wasFailed = false;
  #isDamaged = false;

  constructor(loop: EventLoop, node: NodeId, prng: Prng, options: RunOptions) {
    this.#clock = new SimClock(loop, node, { startMs: 0, rate: 1, wallOffsetMs: 0 });
    this.disk = new SimDisk(`node-${node}`, this.#slowed(), prng.split("disk"), options.disk);
    this.kv = new SimKv(`node-${node}/tree`, this.#slowed(), prng.split("kv"), options.kv);
    this.powerOff();
  }

  get wasFailed(): boolean {
    return this.#wasFailed;
  }

  /** Bits were flipped: the node may refuse to start, or stop when it meets them. Never undone. */
  get isDamaged(): boolean {
    return this.#isDamaged;
  }

  /** The log only below what was written last: there, damage is told from a write that a power-off cut. */
  damage(kind: Damage): void {
    if (kind === "misdirect") this.disk.misdirectNext();
    const hit = kind === "misdirect" || (kind === "tree" ? this.kv.flipBit() : this.disk.flipOldBit()) !== null;
    if (hit) this.#isDamaged = true;
  }

  powerOn(clock: Clock): { readonly disk: SimDisk; readonly kv: SimKv } {
    this.#clock = clock;
    this.#wasFailed = false;
    this.disk.powerOn(this.#slowed());
    this.kv.powerOn(this.#slowed());
    return { disk: this.disk, kv: this.kv };
  }

  powerOff(): void {
    this.disk.powerOff();
    this.kv.powerOff();
  }

  /** Everything takes `factor` times as long. */
  setSlowness(factor: number): void {
    this.#slowness = factor;
  }

  failNext(code: "EIO" | "ENOSPC"): void {
    this.#wasFailed = true;
    this.disk.failNext(code);
    this.kv.failNextWrite(code);
  }

  #slowed(): Clock {
    const clock = this.#clock;
    return {
      monotonicMs: () => clock.monotonicMs(),
      wallMs: () => clock.wallMs(),
      setTimer: (delayMs: number, callback: () => void): TimerHandle =>
        clock.setTimer(Math.max(delayMs, Math.min(delayMs * this.#slowness, SLOWED_MS_MAX)), callback),
      clearTimer: (handle: TimerHandle) => clock.clearTimer(handle),
      endOfTurn: (callback: () => void) => clock.endOfTurn(callback),
    };
  }
}
