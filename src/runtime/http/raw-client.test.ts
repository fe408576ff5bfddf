// A client of raw bytes for the tests of the HTTP server.

import assert from "node:assert/strict";
import { connect } from "node:net";
import type { Socket } from "node:net";
import type { HttpHandler, HttpResponse } from "../../ports/http.ts";
import { createHttpServer } from "./http-server.ts";
import type { HttpServer } from "./http-server.ts";
import type { HttpLimits } from "./limits.ts";

const text = new TextDecoder();
export const HOST = "Host: h\r\n";

export function ok(body: string | Uint8Array, headers: string[] = []): HttpResponse {
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  return { status: 200, contentType: "text/plain", headers, body: [bytes] };
}

export const echo: HttpHandler = (request, reply) => {
  reply(ok(`${request.method} ${request.target} ${text.decode(request.body)}`));
};

export async function withServer(
  handler: HttpHandler, limits: Partial<HttpLimits>, use: (port: number, server: HttpServer) => Promise<void>,
): Promise<void> {
  const server = createHttpServer(handler, { limits });
  const { port } = await server.listen(0, "127.0.0.1");
  try {
    await use(port, server);
  } finally {
    await server.close(200);
    assert.equal(server.stats().connections, 0);
    assert.equal(server.stats().bodyBytesHeld, 0);
  }
}

export class Client {
  readonly socket: Socket;
  received: string = "";
  closed: boolean = false;
  #changed: () => void = () => {};

  constructor(port: number) {
    this.socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    this.socket.on("data", (chunk: Buffer) => {
      this.received += chunk.toString("latin1");
      this.#changed();
    });
    const end = (): void => {
      this.closed = true;
      this.#changed();
    };
    this.socket.on("end", end);
    this.socket.on("close", end);
    this.socket.on("error", end);
  }

  send(bytes: string | Uint8Array): void {
    this.socket.write(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes);
  }

  async until(what: string, fact: () => boolean): Promise<void> {
    const deadline = setTimeout(() => this.#fail(what), 20_000);
    while (!fact() && this.#failure === null) await new Promise<void>((resolve) => { this.#changed = resolve; });
    clearTimeout(deadline);
    if (this.#failure !== null) assert.fail(this.#failure);
  }

  #failure: string | null = null;

  #fail(what: string): void {
    this.#failure = `waited in vain for ${what}; received ${JSON.stringify(this.received.slice(0, 2000))}`;
    this.#changed();
  }

  answers(count: number): Promise<void> {
    return this.until(`${count} answers`, () => bodies(this.received).length >= count);
  }

  ended(): Promise<void> {
    return this.until("the end of the connection", () => this.closed);
  }

  destroy(): void {
    this.socket.destroy();
  }
}

/** The bodies of the complete answers in `received`; interim answers are skipped. */
export function bodies(received: string): string[] {
  const found: string[] = [];
  let at = 0;
  for (;;) {
    const headEnd = received.indexOf("\r\n\r\n", at);
    if (headEnd < 0) return found;
    const head = received.slice(at, headEnd);
    if (head.startsWith("HTTP/1.1 100")) {
      at = headEnd + 4;
      continue;
    }
    const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? "0");
    if (received.length < headEnd + 4 + length) return found;
    found.push(received.slice(headEnd + 4, headEnd + 4 + length));
    at = headEnd + 4 + length;
  }
}

export function statusOf(received: string): number {
  return Number(/^HTTP\/1\.1 (\d{3}) /.exec(received)?.[1] ?? "0");
}

/** Sends `input`, waits for the end and returns what came. */
export async function exchange(port: number, input: string, halfClose = false): Promise<string> {
  const client = new Client(port);
  client.send(input);
  if (halfClose) client.socket.end();
  await client.ended();
  client.destroy();
  return client.received;
}
