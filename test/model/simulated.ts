// A whole simulated cluster under the SDK: its requests go to the API of one router, and virtual time runs until the
// answer is there. Machines lose power, disks are lost and partitions split as ordinary steps, thousands in a minute.
import assert from "node:assert/strict";
import { Readable } from "node:stream";
import type { HttpHandler, HttpResponse as ApiResponse } from "../../src/ports/http.ts";
import { Prng } from "../../src/base/prng.ts";
import { createApi } from "../../src/roles/api/role.ts";
import { nodeCompression } from "../../src/runtime/node-compression.ts";
import { nodeCrypto } from "../../src/runtime/node-crypto.ts";
import { unrest } from "../../src/sim/cluster/converged.ts";
import { describeCluster } from "../../src/sim/cluster/describe.ts";
import { SimCluster } from "../../src/sim/cluster/sim-cluster.ts";
import { adminCommand } from "../../src/sim/nemesis/admin-command.ts";
import { Operator } from "../../src/sim/scenario/operator.ts";
import { drawOptions, type RunOptions } from "../../src/sim/swarm/options.ts";
import { EVENT_CHECK, EventLoop, WORLD } from "../../src/sim/world/event-loop.ts";
import { TelemetryRecorder } from "../../src/sim/world/sim-telemetry.ts";
import type { RequestHandler, Restartable, SdkRequest, SdkResponse } from "./server-table.ts";

/** Virtual time in which a cluster without faults comes to rest. */
const REST_MS_MAX = 60_000;
const ANSWER_MS_MAX = 20_000;
const STEP_US = 5_000;
/** Between an answer and the next call. */
const BETWEEN_MS = 10;

export class Simulated implements Restartable {
  readonly endpoint = "http://simulated:8000";
  readonly requestHandler: RequestHandler;
  readonly #loop: EventLoop = new EventLoop();
  readonly #cluster: SimCluster;
  readonly #api: HttpHandler;
  readonly #failures: string[] = [];

  constructor(seed: number, adjust: (options: RunOptions) => RunOptions) {
    const loop = this.#loop;
    const telemetry = new TelemetryRecorder(loop, () => false);
    telemetry.onRecord = ({ severity, message, fields }): void => {
      if (severity === "error") this.#failures.push(`${message} ${JSON.stringify(fields)}`);
    };
    this.#cluster = new SimCluster({
      seed, options: adjust(drawOptions(seed)), loop, prng: new Prng(seed), telemetry,
      onFailed: (machine, failure) => this.#failures.push(`machine ${machine.number}: ${failure.message}`),
      onOpened: () => undefined, onApplied: () => undefined,
      onViolation: ({ message }) => this.#failures.push(message),
    });
    for (const { number } of this.#cluster.machines) this.#cluster.powerOn(number);
    this.#settle();
    this.#api = createApi(
      {
        crypto: nodeCrypto, compression: nodeCompression, random: new Prng(seed), telemetry: telemetry.port(1),
        // The SDK signs with the time of day.
        clock: { monotonicMs: () => 0, wallMs: () => Date.now(), setTimer, clearTimer: nothing, endOfTurn: nothing },
      },
      {
        execute: (operation, done) => this.#cluster.execute(1, operation, done),
        lookupTable: (name) => this.#cluster.tableNamed(1, name),
      },
      {
        credentials: null, accountId: "000000000000", defaultRegion: "us-east-1",
        cors: null, health: () => ({ live: true, ready: true, detail: {} }),
      },
    ).handle;
    this.requestHandler = { handle: (request) => Promise.resolve({ response: this.#answer(request) }) };
  }

  /** What `draw` makes of it: all power off, some of it, a disk lost, a partition split or moved. */
  restart(draw: number): Promise<void> {
    const cluster = this.#cluster;
    const machine = 1 + ((draw >>> 4) % cluster.machines.length);
    const all = cluster.machines.map(({ number }) => number);
    const off = (machines: readonly number[]): void => {
      for (const number of machines) cluster.powerOff(number);
      this.#run(((draw >>> 8) % 40) * 10);
    };
    switch (draw % 8) {
      case 0:
      case 1:
        off(all);
        break;
      case 2:
      case 3:
        off([cluster.led(machine)?.leader ?? machine]);
        break;
      case 4:
        off([machine]);
        break;
      case 5:
        cluster.loseDisks([machine]);
        break;
      default:
        cluster.administer((tables, nodes) =>
          adminCommand(draw % 8 === 6 ? "split" : "move", draw >>> 3, tables, nodes)?.work ?? null);
    }
    for (const number of all) cluster.powerOn(number);
    this.#settle();
    return Promise.resolve();
  }

  stop(): Promise<void> {
    return Promise.resolve();
  }

  #answer(request: SdkRequest): SdkResponse {
    const bytes = typeof request.body === "string" ? Buffer.from(request.body) : request.body as Uint8Array;
    let answer: ApiResponse | null = null;
    const rawHeaders = Object.entries(request.headers).flat();
    // Inside of an event, as the router of production is called: what it sends leaves at the end of this turn.
    this.#loop.schedule(this.#loop.nowUs + 1, EVENT_CHECK, WORLD, 0, () => {
      this.#api({ method: "POST", target: "/", rawHeaders, layout: null, body: bytes, peer: "sdk" }, (response) => {
        answer = response;
      });
    });
    this.#runUntil(ANSWER_MS_MAX, "the request is answered", () => answer !== null);
    this.#run(BETWEEN_MS);
    assert.deepEqual(this.#failures, []);
    const { status, contentType, headers, body } = answer as unknown as ApiResponse;
    const named: Record<string, string> = { "content-type": contentType };
    for (let i = 0; i < headers.length; i += 2) named[String(headers[i]).toLowerCase()] = String(headers[i + 1]);
    return { statusCode: status, headers: named, body: Readable.from([Buffer.concat(body)]) };
  }

  #settle(): void {
    const operator = new Operator(this.#cluster);
    this.#runUntil(REST_MS_MAX, "the cluster comes to rest", () => {
      operator.look(this.#loop.nowUs);
      return unrest(this.#cluster) === null && this.#cluster.isReady(1);
    });
    assert.deepEqual(this.#failures, []);
  }

  #run(ms: number): void {
    this.#loop.runUntil(this.#loop.nowUs + ms * 1000);
  }

  #runUntil(limitMs: number, what: string, isDone: () => boolean): void {
    const endUs = this.#loop.nowUs + limitMs * 1000;
    while (!isDone()) {
      if (this.#loop.nowUs >= endUs) {
        const lines = describeCluster(this.#cluster).join("\n");
        assert.fail(`not within ${limitMs} ms: ${what}; ${String(unrest(this.#cluster))}\n${lines}`);
      }
      this.#loop.runUntil(this.#loop.nowUs + STEP_US);
    }
  }
}

function nothing(): void {}

function setTimer(): never {
  throw new Error("the API sets no timers");
}
