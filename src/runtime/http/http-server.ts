// The HTTP front end: an HTTP/1.1 server over TCP with its own strict parser. It frames, bounds and orders;
// what a request means is the handler's business. `accept` takes any duplex socket (TLS, a test's pair).

import { createServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { createServer as createTlsServer } from "node:tls";
import { assert } from "../../base/assert.ts";
import type { HttpHandler } from "../../ports/http.ts";
import { Connection } from "./connection.ts";
import type { HttpCounters, ServerShared, TimeoutTicks } from "./connection.ts";
import { DEFAULT_HTTP_LIMITS } from "./limits.ts";
import type { HttpLimits } from "./limits.ts";
import { ResponseEncoder } from "./response-encoder.ts";

/** PEM. */
export type TlsOptions = { readonly cert: string; readonly key: string };
export type HttpServerOptions = {
  readonly limits?: Partial<HttpLimits>;
  /** Absent: plain HTTP. `createHttpServer` throws when the two cannot be used. */
  readonly tls?: TlsOptions;
};

export type HttpServerStats = {
  /** Open now. */
  readonly connections: number;
  readonly accepted: number;
  /** Closed at once because too many were open. */
  readonly refused: number;
  /** Handed to the handler. */
  readonly requests: number;
  /** Of these, not yet answered. */
  readonly pending: number;
  /** Answered by the front end itself: malformed, too large, too slow. */
  readonly rejected: number;
  readonly timeouts: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
  /** Bytes of bodies that span arrivals, arriving or waiting for an answer. */
  readonly bodyBytesHeld: number;
};

export interface HttpServer {
  /** Rejects when the address cannot be had. Port 0 lets the system choose. */
  listen(port: number, host: string): Promise<{ readonly port: number }>;
  /** Serves one connection that was accepted elsewhere. `peer` is its address, for logs. */
  accept(socket: Duplex, peer: string): void;
  /** Takes no new connection, ends idle ones, answers what is under way; after `graceMs` closes the rest. */
  close(graceMs: number): Promise<void>;
  stats(): HttpServerStats;
}

/** TCP probes on idle connections find peers that vanished without a word. */
const TCP_PROBE_DELAY_MS = 60_000;
const TCP_OPTIONS = {
  allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: TCP_PROBE_DELAY_MS,
} as const;
/** Connections the system may hold for us until we accept them: covers a burst of a restarting fleet. */
const BACKLOG = 1024;

export function createHttpServer(handler: HttpHandler, options: HttpServerOptions = {}): HttpServer {
  const limits: HttpLimits = { ...DEFAULT_HTTP_LIMITS, ...options.limits };
  for (const value of Object.values(limits)) assert(value > 0, "every limit of the HTTP server is positive");
  return new NetHttpServer(handler, limits, options.tls ?? null);
}

class NetHttpServer implements HttpServer {
  readonly #shared: ServerShared;
  readonly #connections: Set<Connection> = new Set();
  readonly #net: Server;
  /** Only with TLS: connections whose handshake is under way, by the peer's address. */
  readonly #greeting: Map<string, Socket> = new Map();
  readonly #sweepTimer: NodeJS.Timeout;
  #accepted: number = 0;
  #refused: number = 0;
  #flushList: Connection[] = [];
  #closed: (() => void) | null = null;

  constructor(handler: HttpHandler, limits: HttpLimits, tls: TlsOptions | null) {
    this.#shared = {
      limits, ticks: ticksOf(limits), handler, encoder: new ResponseEncoder(),
      account: { usedBytes: 0, maxBytes: limits.bodyBytesInFlightMax },
      counters: newCounters(), tick: 0, closing: false,
      flushSoon: (connection) => this.#flushSoon(connection),
      forget: (connection) => this.#forget(connection),
    };
    this.#shared.encoder.setDate(Date.now());
    this.#net = tls === null ? createServer(TCP_OPTIONS) : this.#secureServer(tls, limits);
    this.#net.on(tls === null ? "connection" : "secureConnection", (socket: Socket) => {
      const peer = peerOf(socket);
      this.#greeting.delete(peer);
      this.accept(socket, peer);
    });
    this.#sweepTimer = setInterval(() => this.#sweep(), limits.sweepMs);
    this.#sweepTimer.unref();
  }

  listen(port: number, host: string): Promise<{ readonly port: number }> {
    return new Promise((resolve, reject) => {
      this.#net.once("error", reject);
      this.#net.listen({ port, host, backlog: BACKLOG }, () => {
        this.#net.removeListener("error", reject);
        // Running out of descriptors ends one accept, not the server.
        this.#net.on("error", () => { this.#refused++; });
        resolve({ port: (this.#net.address() as AddressInfo).port });
      });
    });
  }

  accept(socket: Duplex, peer: string): void {
    if (this.#shared.closing || this.#connections.size >= this.#shared.limits.connectionsMax) {
      this.#refused++;
      socket.on("error", () => {});
      socket.destroy();
      return;
    }
    this.#accepted++;
    this.#connections.add(new Connection(this.#shared, socket, peer));
  }

  close(graceMs: number): Promise<void> {
    assert(!this.#shared.closing, "the server is closed once");
    this.#shared.closing = true;
    if (this.#net.listening) this.#net.close();
    for (const socket of this.#greeting.values()) socket.destroy();
    return new Promise((resolve) => {
      const deadline = setTimeout(() => {
        for (const connection of this.#connections) connection.destroy();
      }, graceMs);
      this.#closed = () => {
        clearTimeout(deadline);
        clearInterval(this.#sweepTimer);
        resolve();
      };
      for (const connection of this.#connections) connection.shutDown();
      if (this.#connections.size === 0) this.#closed();
    });
  }

  stats(): HttpServerStats {
    const { requests, pending, rejected, timeouts, bytesRead, bytesWritten } = this.#shared.counters;
    return {
      connections: this.#connections.size, accepted: this.#accepted, refused: this.#refused,
      requests, pending, rejected, timeouts, bytesRead, bytesWritten,
      bodyBytesHeld: this.#shared.account.usedBytes,
    };
  }

  /** A handshake is given the time of a head. Those under way count as connections: they hold as much. */
  #secureServer({ cert, key }: TlsOptions, limits: HttpLimits): Server {
    const server = createTlsServer({
      ...TCP_OPTIONS, cert, key, ALPNProtocols: ["http/1.1"], handshakeTimeout: limits.headTimeoutMs,
    });
    server.on("connection", (socket: Socket) => {
      if (this.#shared.closing || this.#greeting.size + this.#connections.size >= limits.connectionsMax) {
        socket.destroy(); // which fails its handshake
        return;
      }
      const peer = peerOf(socket);
      this.#greeting.set(peer, socket);
      socket.once("close", () => this.#greeting.delete(peer));
    });
    // The handshake failed: whoever it was does not speak TLS, does not trust the certificate, or came too much.
    server.on("tlsClientError", (_error, socket) => {
      this.#refused++;
      socket.destroy();
    });
    return server;
  }

  #forget(connection: Connection): void {
    this.#connections.delete(connection);
    if (this.#connections.size === 0 && this.#closed !== null) this.#closed();
  }

  /** One hop for all connections answered in this callback of the event loop. */
  #flushSoon(connection: Connection): void {
    if (this.#flushList.push(connection) === 1) process.nextTick(() => this.#flushAll());
  }

  #flushAll(): void {
    const list = this.#flushList;
    this.#flushList = [];
    for (let i = 0; i < list.length; i++) (list[i] as Connection).flush();
  }

  #sweep(): void {
    this.#shared.tick++;
    this.#shared.encoder.setDate(Date.now());
    for (const connection of this.#connections) connection.sweep();
  }
}

function peerOf(socket: Socket): string {
  return `${socket.remoteAddress ?? "unknown"}:${socket.remotePort ?? 0}`;
}

function newCounters(): HttpCounters {
  return { requests: 0, rejected: 0, timeouts: 0, bytesRead: 0, bytesWritten: 0, pending: 0 };
}

function ticksOf(limits: HttpLimits): TimeoutTicks {
  const ticks = (ms: number): number => Math.ceil(ms / limits.sweepMs);
  return {
    head: ticks(limits.headTimeoutMs),
    bodyIdle: ticks(limits.bodyIdleTimeoutMs),
    request: ticks(limits.requestTimeoutMs),
    keepAlive: ticks(limits.keepAliveTimeoutMs),
    writeStall: ticks(limits.writeStallTimeoutMs),
    linger: ticks(limits.lingerTimeoutMs),
  };
}
