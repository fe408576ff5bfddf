// `stator/testing`: a Stator for the tests of an application. It runs in a thread of its own, so that neither what a
// test does with its timers and its globals nor a test that computes for long touches it, and the other way round.
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { CALM } from "../app/disturbance.ts";
import type { StartStator, Stator, StatorClock, StatorCredentials, StatorOptions } from "./api-types.ts";
import type { Command, ThreadOptions, Told } from "./commands.ts";
import { checkMs, disturbanceOf, threadOptionsOf } from "./options.ts";

const ANY_CREDENTIALS: StatorCredentials = { accessKeyId: "local", secretAccessKey: "local" };
const THREAD = import.meta.url.endsWith(".ts") ? "./stator-thread.ts" : "./stator-thread.mjs";
/** What runs in the thread needs it. */
const NODE_MAJOR_MIN = 24;

export const startStator: StartStator = async (options: StatorOptions = {}): Promise<Stator> => {
  if (Number(process.versions.node.split(".")[0]) < NODE_MAJOR_MIN) {
    throw new Error(`stator/testing needs Node ${NODE_MAJOR_MIN} or later; this is Node ${process.versions.node}.`);
  }
  const threadOptions = threadOptionsOf(options);
  const thread = new Thread(threadOptions);
  const endpoint = await thread.ready;
  return statorOf(thread, endpoint, threadOptions.region, options.credentials ?? ANY_CREDENTIALS);
};

function statorOf(thread: Thread, endpoint: string, region: string, credentials: StatorCredentials): Stator {
  let aheadMs = 0;
  const setClock = async (ms: number): Promise<void> => {
    aheadMs = ms;
    await thread.ask({ kind: "set-clock", aheadMs: ms });
  };
  const clock: StatorClock = {
    now: async () => new Date(await thread.ask({ kind: "now" })),
    async set(time) {
      const at = typeof time === "number" ? time : time.getTime();
      if (!Number.isFinite(at)) throw new TypeError("clock.set takes a Date, or milliseconds since 1970");
      // The thread's clock is the real one; this one may be a fake.
      const now = await thread.ask({ kind: "now" });
      await setClock(aheadMs + at - now);
    },
    async advance(ms) {
      await setClock(aheadMs + checkMs("clock.advance", ms));
    },
  };
  let stopping: Promise<void> | null = null;
  const stop = (): Promise<void> => (stopping ??= thread.stop());
  return {
    endpoint, region, credentials, clientConfig: { endpoint, region, credentials }, clock,
    async disturb(disturbances) {
      await thread.ask({ kind: "disturb", disturbance: disturbanceOf(disturbances) });
    },
    async calm() {
      await thread.ask({ kind: "disturb", disturbance: CALM });
    },
    async reset() {
      aheadMs = 0;
      await thread.ask({ kind: "reset" });
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

type Waiter = { readonly resolve: (value: number) => void; readonly reject: (error: Error) => void };

class Thread {
  /** The endpoint. */
  readonly ready: Promise<string>;
  readonly #worker: Worker;
  readonly #waiters: Map<number, Waiter> = new Map();
  #nextId = 1;
  /** Why nothing can be asked any more. */
  #end: Error | null = null;
  #begin: (endpoint: string) => void = () => undefined;
  #refuse: (error: Error) => void = () => undefined;

  constructor(options: ThreadOptions) {
    this.ready = new Promise((resolve, reject) => {
      this.#begin = resolve;
      this.#refuse = reject;
    });
    // Loaders and flags of a test runner are not for the server.
    this.#worker = new Worker(fileURLToPath(new URL(THREAD, import.meta.url)), { workerData: options, execArgv: [] });
    this.#worker.on("message", (told: Told) => this.#onTold(told));
    this.#worker.on("error", (error) => this.#onEnd(asError(error)));
    this.#worker.on("exit", () => this.#onEnd(new Error("This Stator has stopped.")));
  }

  ask(command: Command): Promise<number> {
    if (this.#end !== null) return Promise.reject(this.#end);
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiters.set(id, { resolve, reject });
      this.#worker.ref(); // until it is answered the process has something to wait for
      this.#worker.postMessage({ id, command });
    });
  }

  async stop(): Promise<void> {
    if (this.#end === null) await this.ask({ kind: "stop" });
    await this.#worker.terminate();
  }

  #onTold(told: Told): void {
    if (told.kind === "ready") {
      // A test that forgets to stop it still ends.
      this.#worker.unref();
      this.#begin(told.endpoint);
      return;
    }
    if (told.kind === "refused") {
      this.#refuse(new Error(told.message));
      return;
    }
    const waiter = this.#waiters.get(told.id);
    this.#waiters.delete(told.id);
    if (this.#waiters.size === 0) this.#worker.unref();
    if (told.kind === "done") waiter?.resolve(told.value);
    else waiter?.reject(new Error(told.message));
  }

  #onEnd(error: Error): void {
    this.#end ??= error;
    this.#refuse(this.#end);
    for (const { reject } of this.#waiters.values()) reject(this.#end);
    this.#waiters.clear();
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
