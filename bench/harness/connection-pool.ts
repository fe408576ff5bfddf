// Connections of the load generator to one server, and the two ways to drive them.
import { connect, type Socket } from "node:net";
import type { Answer } from "./answer-reader.ts";
import { readerFor, type Dialect, type Reader, type ReadyRequest } from "./dialects.ts";
import type { Outcome } from "./generator-protocol.ts";
import { Histogram } from "./histogram.ts";
import { problemOf } from "./workloads.ts";

/** Of the answers of one run: parsing each would make the generator the bottleneck. */
const CONTENT_CHECK_EVERY = 64;
/** What has not been answered this long after the last request was sent counts as an error. */
const DRAIN_MS_MAX = 10_000;
const MICROS_PER_MS = 1_000;

type Connection = {
  readonly socket: Socket;
  readonly reader: Reader;
  request: ReadyRequest | null;
  /** From when the latency of `request` counts. */
  since: number;
};

export class ConnectionPool {
  readonly #dialect: Dialect;
  readonly #port: number;
  readonly #connections: Connection[];
  #requests: readonly ReadyRequest[] = [];
  #isOnce = false;
  #next = 0;
  #latencies = new Histogram();
  #answered = 0;
  #answeredInTime = 0;
  #errors = 0;
  #firstError: string | null = null;
  #endsAt = 0;
  #onIdle: (connection: Connection) => void = () => undefined;

  private constructor(dialect: Dialect, port: number, connections: Connection[]) {
    this.#dialect = dialect;
    this.#port = port;
    this.#connections = connections;
    for (const connection of connections) this.#attend(connection);
  }

  static async open(dialect: Dialect, port: number, count: number): Promise<ConnectionPool> {
    const opened = await Promise.all(Array.from({ length: count }, () => connectTo(dialect, port)));
    return new ConnectionPool(dialect, port, opened);
  }

  #attend(connection: Connection): void {
    connection.socket.on("data", (chunk: Buffer) => this.#onData(connection, chunk));
    connection.socket.on("close", () => this.#onClose(connection));
  }

  /** A server may have closed what was idle while others were measured. */
  async #reopen(): Promise<void> {
    await Promise.all(this.#connections.map(async ({ socket }, i) => {
      if (socket.readyState === "open") return;
      socket.destroy();
      const opened = await connectTo(this.#dialect, this.#port);
      this.#connections[i] = opened;
      this.#attend(opened);
    }));
  }

  get size(): number {
    return this.#connections.length;
  }

  /** `isOnce`: none is sent again; to run out of them is an error. */
  load(requests: readonly ReadyRequest[], isOnce = false): void {
    this.#requests = requests;
    this.#isOnce = isOnce;
    this.#next = 0;
  }

  close(): void {
    for (const { socket } of this.#connections) socket.destroy();
  }

  /** Sends every request once, on all connections. */
  async sendAll(requests: readonly ReadyRequest[]): Promise<Outcome> {
    this.load(requests);
    this.#begin(Number.POSITIVE_INFINITY);
    const started = performance.now();
    this.#onIdle = (connection): void => {
      if (this.#next < requests.length) this.#send(connection, performance.now());
    };
    this.#connections.forEach((connection) => this.#onIdle(connection));
    while (this.#next < requests.length || this.#isBusy()) await pause(1);
    return this.#finish(performance.now() - started, 0);
  }

  async closedLoop(seconds: number): Promise<Outcome> {
    await this.#reopen();
    const cpu = process.cpuUsage();
    const started = performance.now();
    this.#begin(started + seconds * 1_000);
    this.#onIdle = (connection): void => {
      const now = performance.now();
      if (now >= this.#endsAt) return;
      if (this.#isOnce && this.#next >= this.#requests.length) this.#fail("there are no more requests to send");
      else this.#send(connection, now);
    };
    this.#connections.forEach((connection) => this.#onIdle(connection));
    await pause(seconds * 1_000);
    await this.#drain();
    return this.#finish(seconds * 1_000, loadSince(cpu, started));
  }

  /** Poisson arrivals: independent clients. A request that finds no free connection waits, and that counts. */
  async openLoop(seconds: number, rate: number, random: () => number): Promise<Outcome> {
    await this.#reopen();
    const cpu = process.cpuUsage();
    const started = performance.now();
    this.#begin(started + seconds * 1_000);
    const idle: Connection[] = [...this.#connections];
    const due: number[] = [];
    let dueFrom = 0;
    let nextDue = started;
    const dispatch = (): void => {
      while (dueFrom < due.length) {
        const connection = idle.pop();
        if (connection === undefined) return;
        this.#send(connection, due[dueFrom++] as number);
      }
    };
    this.#onIdle = (connection): void => {
      idle.push(connection);
      dispatch();
    };
    // Turns of the event loop instead of timers: a timer's millisecond would be most of a latency.
    for (let now = started; now < this.#endsAt; now = performance.now()) {
      for (; nextDue <= now; nextDue += -Math.log(1 - random()) * 1_000 / rate) due.push(nextDue);
      dispatch();
      await new Promise((resolve) => setImmediate(resolve));
    }
    const limit = performance.now() + DRAIN_MS_MAX;
    while (dueFrom < due.length && performance.now() < limit) await pause(1);
    if (dueFrom < due.length) this.#fail(`${due.length - dueFrom} requests were due and never sent`);
    await this.#drain();
    return this.#finish(seconds * 1_000, loadSince(cpu, started));
  }

  #begin(endsAt: number): void {
    this.#latencies = new Histogram();
    this.#answered = 0;
    this.#answeredInTime = 0;
    this.#errors = 0;
    this.#firstError = null;
    this.#endsAt = endsAt;
  }

  #send(connection: Connection, since: number): void {
    const request = this.#requests[this.#next++ % this.#requests.length] as ReadyRequest;
    connection.request = request;
    connection.since = since;
    connection.socket.write(request.bytes);
  }

  #onData(connection: Connection, chunk: Buffer): void {
    let answer: Answer | null;
    try {
      answer = connection.reader.take(chunk);
    } catch (error) {
      this.#fail((error as Error).message);
      connection.socket.destroy();
      return;
    }
    const { request } = connection;
    if (answer === null || request === null) return;
    connection.request = null;
    const now = performance.now();
    const problem = this.#problemOf(answer, request);
    if (problem === null) {
      this.#answered++;
      if (now <= this.#endsAt) this.#answeredInTime++;
      this.#latencies.add((now - connection.since) * MICROS_PER_MS);
    } else {
      this.#fail(problem);
    }
    this.#onIdle(connection);
  }

  #problemOf(answer: Answer, { check }: ReadyRequest): string | null {
    if (answer.status !== 200) return `status ${answer.status}: ${answer.body.toString().slice(0, 300)}`;
    if ((check.kind === "item" || check.kind === "count") && this.#answered % CONTENT_CHECK_EVERY !== 0) return null;
    return problemOf(answer.body, check);
  }

  #onClose(connection: Connection): void {
    if (connection.request === null) return;
    connection.request = null;
    this.#fail("the server closed a connection before its answer");
  }

  #fail(message: string): void {
    this.#errors++;
    this.#firstError ??= message;
  }

  #isBusy(): boolean {
    return this.#connections.some(({ request }) => request !== null);
  }

  async #drain(): Promise<void> {
    const limit = performance.now() + DRAIN_MS_MAX;
    while (this.#isBusy() && performance.now() < limit) await pause(1);
    for (const connection of this.#connections) {
      if (connection.request === null) continue;
      connection.request = null;
      this.#fail(`no answer within ${DRAIN_MS_MAX} ms`);
      connection.socket.destroy();
    }
  }

  #finish(elapsedMs: number, generatorLoad: number): Outcome {
    return {
      requests: this.#answered, rate: this.#answeredInTime * 1_000 / elapsedMs,
      latencies: this.#latencies.toSparse(), errors: this.#errors, firstError: this.#firstError, generatorLoad,
    };
  }
}

function connectTo(dialect: Dialect, port: number): Promise<Connection> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    socket.once("error", reject);
    socket.once("connect", () => {
      socket.off("error", reject);
      socket.on("error", () => undefined); // "close" follows and is what counts
      resolve({ socket, reader: readerFor(dialect), request: null, since: 0 });
    });
  });
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

function loadSince(before: NodeJS.CpuUsage, started: number): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / MICROS_PER_MS / (performance.now() - started);
}
