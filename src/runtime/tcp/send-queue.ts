// What waits to be sent to one peer, in order, as sealed frames. Bounded by class: Paxos frames give way from the
// oldest on, requests and replies are not taken beyond their bound.
import { must } from "../../base/assert.ts";
import type { Request } from "../../wire/data-messages.ts";
import type { LinkLimits } from "./limits.ts";

export const PAXOS = 0;
export const ASKED = 1;
export const ANSWERED = 2;
/** Catalogues and beats: repeated in time, so they give way as Paxos frames do. */
export const REPEATED = 3;

export type QueueClass = typeof PAXOS | typeof ASKED | typeof ANSWERED | typeof REPEATED;

type Item = {
  readonly kind: QueueClass;
  readonly bytes: Uint8Array;
  /** For ASKED: what to answer in the receiver's place when it was certainly not sent. */
  readonly request: Request | null;
};

/** Places in front of the queue that are freed at once. */
const FREED_AT = 1_024;

export class SendQueue {
  readonly #bytesMax: readonly [number, number, number, number];
  readonly #bytes: [number, number, number, number] = [0, 0, 0, 0];
  /** Null: gave way. */
  #items: (Item | null)[] = [];
  #first = 0;
  #dropped = 0;

  constructor(limits: LinkLimits) {
    const { paxosQueueBytesMax, requestQueueBytesMax, replyQueueBytesMax } = limits;
    this.#bytesMax = [paxosQueueBytesMax, requestQueueBytesMax, replyQueueBytesMax, paxosQueueBytesMax];
  }

  get isEmpty(): boolean {
    return this.#first === this.#items.length;
  }

  /** Bytes that wait, of all classes. */
  get bytes(): number {
    const [a, b, c, d] = this.#bytes;
    return a + b + c + d;
  }

  /** Frames that gave way or were not taken. */
  get dropped(): number {
    return this.#dropped;
  }

  /** False: no more of this class until some have left. Always true for what gives way. */
  hasRoom(kind: QueueClass): boolean {
    if (kind === PAXOS || kind === REPEATED || this.#bytes[kind] < this.#bytesMax[kind]) return true;
    this.#dropped++;
    return false;
  }

  push(kind: QueueClass, bytes: Uint8Array, request: Request | null): void {
    this.#items.push({ kind, bytes, request });
    this.#bytes[kind] += bytes.length;
    if (this.#bytes[kind] > this.#bytesMax[kind] && (kind === PAXOS || kind === REPEATED)) this.#giveWay(kind);
  }

  /** The oldest frame; null: none waits. */
  shift(): Uint8Array | null {
    while (this.#first < this.#items.length) {
      const item = this.#items[this.#first] ?? null;
      this.#items[this.#first++] = null;
      this.#compact();
      if (item === null) continue;
      this.#bytes[item.kind] -= item.bytes.length;
      return item.bytes;
    }
    return null;
  }

  /** Empties the queue. Returns the requests in it: none of them was sent. */
  clear(): readonly Request[] {
    const requests: Request[] = [];
    for (let i = this.#first; i < this.#items.length; i++) {
      const item = this.#items[i] ?? null;
      if (item?.kind === ASKED) requests.push(must(item.request));
    }
    this.#items = [];
    this.#first = 0;
    this.#bytes.fill(0);
    return requests;
  }

  #giveWay(kind: QueueClass): void {
    for (let i = this.#first; i < this.#items.length - 1 && this.#bytes[kind] > this.#bytesMax[kind]; i++) {
      const item = this.#items[i] ?? null;
      if (item === null || item.kind !== kind) continue;
      this.#items[i] = null;
      this.#bytes[kind] -= item.bytes.length;
      this.#dropped++;
    }
  }

  #compact(): void {
    if (this.#first === this.#items.length) {
      this.#items.length = 0;
      this.#first = 0;
    } else if (this.#first >= FREED_AT) {
      this.#items.splice(0, this.#first);
      this.#first = 0;
    }
  }
}
