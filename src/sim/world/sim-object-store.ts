// The object store of a simulated cluster. It outlives every node. Faults: latency, failed requests (some of
// which took effect all the same), outages, and listings that lag behind.
import type { Prng } from "../../base/prng.ts";
import {
  LIST_OBJECTS_MAX, objectStoreError, type GetResult, type ListedObject, type ListResult, type ObjectStore,
  type ObjectStoreError, type PutResult,
} from "../../ports/object-store.ts";
import { EVENT_STORE, type EventLoop } from "./event-loop.ts";

export type ObjectStoreFaults = {
  readonly delayUsMin: number;
  readonly delayUsMax: number;
  readonly failPerMille: number;
  /** A listing may miss what changed within this time. */
  readonly listLagUs: number;
};

type Held = { readonly bytes: Uint8Array; readonly sinceUs: number; deletedUs: number | null };

export class SimObjectStore {
  readonly #loop: EventLoop;
  readonly #random: Prng;
  #faults: ObjectStoreFaults;
  #isOut = false;
  readonly #objects: Map<string, Held> = new Map();
  failures = 0;

  constructor(loop: EventLoop, random: Prng, faults: ObjectStoreFaults) {
    this.#loop = loop;
    this.#random = random;
    this.#faults = faults;
  }

  setFaults(faults: ObjectStoreFaults): void {
    this.#faults = faults;
  }

  /** During an outage every request fails and none takes effect. */
  setOutage(isOut: boolean): void {
    this.#isOut = isOut;
  }

  /** The store as one life of a node sees it; answers to a dead node go nowhere. */
  port(node: number, isAlive: () => boolean): ObjectStore {
    const answer = (effect: () => () => void): void => {
      this.#loop.schedule(this.#loop.nowUs + this.#delay(), EVENT_STORE, node, 0, () => {
        const tell = effect();
        if (isAlive()) tell();
      });
    };
    return {
      putIfAbsent: (name, bytes, done) => answer(() => {
        const result = this.#put(name, bytes);
        return () => done(result);
      }),
      get: (name, done) => answer(() => {
        const result = this.#get(name);
        return () => done(result);
      }),
      list: (prefix, after, done) => answer(() => {
        const result = this.#list(prefix, after);
        return () => done(result);
      }),
      delete: (name, done) => answer(() => {
        const result = this.#delete(name);
        return () => done(result);
      }),
    };
  }

  #put(name: string, bytes: Uint8Array): PutResult {
    const failure = this.#failure(name);
    if (failure !== null && !failure.tookEffect) return failure.error;
    const held = this.#objects.get(name);
    const isFree = held === undefined || held.deletedUs !== null;
    if (isFree) this.#objects.set(name, { bytes: bytes.slice(), sinceUs: this.#loop.nowUs, deletedUs: null });
    if (failure !== null) return failure.error;
    return isFree ? "done" : "exists";
  }

  #get(name: string): GetResult {
    const failure = this.#failure(name);
    if (failure !== null) return failure.error;
    const held = this.#objects.get(name);
    if (held === undefined || held.deletedUs !== null) return null;
    return { kind: "object", bytes: held.bytes.slice() };
  }

  #list(prefix: string, after: string): ListResult {
    const failure = this.#failure(prefix);
    if (failure !== null) return failure.error;
    const objects: ListedObject[] = [];
    for (const [name, held] of this.#objects) {
      if (name > after && name.startsWith(prefix) && this.#isListed(held)) {
        objects.push({ name, bytes: held.bytes.length });
      }
    }
    objects.sort((a, b) => (a.name < b.name ? -1 : 1));
    return { kind: "list", objects: objects.slice(0, LIST_OBJECTS_MAX), hasMore: objects.length > LIST_OBJECTS_MAX };
  }

  #delete(name: string): ObjectStoreError | null {
    const failure = this.#failure(name);
    if (failure !== null && !failure.tookEffect) return failure.error;
    const held = this.#objects.get(name);
    if (held !== undefined && held.deletedUs === null) held.deletedUs = this.#loop.nowUs;
    return failure?.error ?? null;
  }

  /** Within the lag, a change shows or not by chance. */
  #isListed(held: Held): boolean {
    const { listLagUs } = this.#faults;
    const now = this.#loop.nowUs;
    if (held.deletedUs !== null) return now - held.deletedUs < listLagUs && this.#random.chance(1, 2);
    return now - held.sinceUs >= listLagUs || this.#random.chance(1, 2);
  }

  #failure(name: string): { readonly error: ObjectStoreError; readonly tookEffect: boolean } | null {
    const { failPerMille } = this.#faults;
    if (!this.#isOut && !(failPerMille > 0 && this.#random.chance(failPerMille, 1000))) return null;
    this.failures++;
    const error = objectStoreError("unavailable", name, "the object store did not answer");
    return { error, tookEffect: !this.#isOut && this.#random.chance(1, 2) };
  }

  #delay(): number {
    return this.#random.between(this.#faults.delayUsMin, this.#faults.delayUsMax);
  }
}
