// Links on loopback: one relay in front of each node's peer port. A cut is silence: bytes wait in the relay, as they
// would in a network that lost its route, and connections stay open; a heal lets them through or, when the peers gave
// up, finds them closed.
import { createServer, connect, type AddressInfo, type Server, type Socket } from "node:net";
import type { Links, Place } from "./links.ts";

const FIRST_HOST = 11;

type Pipe = {
  readonly from: number;
  readonly to: number;
  readonly near: Socket;
  readonly far: Socket;
};

export class ProxyLinks implements Links {
  readonly name = "relays on loopback";
  readonly hasDelay = true;
  readonly #servers: Server[] = [];
  readonly #pipes: Set<Pipe> = new Set();
  readonly #cuts: Set<string> = new Set();
  readonly #delays: Map<number, number> = new Map();

  place(index: number): Promise<Place> {
    return Promise.resolve({ listenHost: hostOf(index), apiHost: "127.0.0.1", prefix: [], flags: [] });
  }

  async advertise(index: number, port: number): Promise<string> {
    const server = createServer({ allowHalfOpen: true }, (near) => this.#relay(near, index, port));
    this.#servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, hostOf(index), resolve));
    return `${hostOf(index)}:${(server.address() as AddressInfo).port}`;
  }

  cut(from: number, to: number): Promise<void> {
    this.#cuts.add(`${from} ${to}`);
    this.#apply();
    return Promise.resolve();
  }

  delay(to: number, ms: number): Promise<void> {
    this.#delays.set(to, ms);
    return Promise.resolve();
  }

  heal(): Promise<void> {
    this.#cuts.clear();
    this.#delays.clear();
    this.#apply();
    return Promise.resolve();
  }

  async close(): Promise<void> {
    for (const { near, far } of this.#pipes) {
      near.destroy();
      far.destroy();
    }
    await Promise.all(this.#servers.map((server) => new Promise<void>((resolve) => {
      server.close(() => resolve());
    })));
  }

  #relay(near: Socket, to: number, port: number): void {
    const from = indexOf(near.remoteAddress ?? "");
    const far = connect({ host: hostOf(to), port, allowHalfOpen: true });
    const pipe: Pipe = { from, to, near, far };
    this.#pipes.add(pipe);
    this.#pump(near, far, () => this.#delays.get(to) ?? 0);
    this.#pump(far, near, () => this.#delays.get(from) ?? 0);
    const end = (): void => {
      near.destroy();
      far.destroy();
      this.#pipes.delete(pipe);
    };
    for (const socket of [near, far]) {
      socket.setNoDelay(true);
      socket.on("error", end);
      socket.on("close", end);
    }
    this.#applyTo(pipe);
  }

  #pump(source: Socket, target: Socket, delayMs: () => number): void {
    let lastAtMs = 0;
    source.on("data", (bytes) => {
      const ms = delayMs();
      const atMs = Math.max(lastAtMs, performance.now() + ms);
      lastAtMs = atMs;
      const write = (): void => {
        if (target.destroyed || target.write(bytes)) return;
        source.pause();
        target.once("drain", () => {
          if (!source.destroyed) source.resume();
        });
      };
      if (ms === 0 && atMs <= performance.now()) write();
      else setTimeout(write, Math.max(0, atMs - performance.now()));
    });
    source.on("end", () => {
      setTimeout(() => target.end(), Math.max(0, lastAtMs - performance.now()));
    });
  }

  #apply(): void {
    for (const pipe of this.#pipes) this.#applyTo(pipe);
  }

  /** Bytes towards a cut direction stay unread: the sender's buffers fill, as they do when acknowledgements stop. */
  #applyTo({ from, to, near, far }: Pipe): void {
    if (this.#cuts.has(`${from} ${to}`)) near.pause();
    else near.resume();
    if (this.#cuts.has(`${to} ${from}`)) far.pause();
    else far.resume();
  }
}

function hostOf(index: number): string {
  return `127.0.0.${FIRST_HOST + index}`;
}

/** -1: a stranger, such as `stator init`. */
function indexOf(address: string): number {
  const match = /127\.0\.0\.(\d+)$/.exec(address);
  const last = match === null ? 0 : Number(match[1]);
  return last >= FIRST_HOST ? last - FIRST_HOST : -1;
}
