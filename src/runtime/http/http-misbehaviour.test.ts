// Peers that stall, vanish, flood or do not read: bounded memory, no crash, nothing left behind.

import assert from "node:assert/strict";
import { duplexPair } from "node:stream";
import { describe, it } from "node:test";
import type { HttpHandler, HttpResponse } from "../../ports/http.ts";
import { Prng } from "../../base/prng.ts";
import { cut, makeStream } from "./http.fuzz.ts";
import { createHttpServer } from "./http-server.ts";
import type { HttpServer } from "./http-server.ts";
import { bodies, Client, echo, exchange, HOST, ok, statusOf, withServer } from "./raw-client.test.ts";

/** A grain small enough for tests; every other timeout stays long unless the test shortens it. */
const SWEEP = { sweepMs: 5 };

async function turns(fact: () => boolean): Promise<void> {
  while (!fact()) await new Promise<void>((resolve) => { setTimeout(resolve, 2); });
}

describe("timeouts", () => {
  it("ends a head that drips in", async () => {
    await withServer(echo, { ...SWEEP, headTimeoutMs: 40 }, async (port, server) => {
      const client = new Client(port);
      client.send("GET / HTTP/1.1\r\nX");
      const drip = setInterval(() => client.send("x"), 5);
      await client.ended();
      clearInterval(drip);
      assert.equal(statusOf(client.received), 408);
      assert.equal(server.stats().timeouts, 1);
      client.destroy();
    });
  });

  it("ends a body that stops, and gives its memory back", async () => {
    await withServer(echo, { ...SWEEP, bodyIdleTimeoutMs: 40 }, async (port, server) => {
      const received = await exchange(port, `POST / HTTP/1.1\r\n${HOST}Content-Length: 100\r\n\r\nabc`);
      assert.equal(statusOf(received), 408);
      assert.equal(server.stats().bodyBytesHeld, 0);
    });
  });

  it("ends a body that drips for too long", async () => {
    await withServer(echo, { ...SWEEP, requestTimeoutMs: 60 }, async (port) => {
      const client = new Client(port);
      client.send(`POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n`);
      const drip = setInterval(() => client.send("1\r\na\r\n"), 5);
      await client.ended();
      clearInterval(drip);
      assert.equal(statusOf(client.received), 408);
      client.destroy();
    });
  });

  it("ends an idle connection without a word, used or not", async () => {
    await withServer(echo, { ...SWEEP, keepAliveTimeoutMs: 40, headTimeoutMs: 40 }, async (port, server) => {
      const silent = new Client(port);
      await silent.ended();
      assert.equal(silent.received, "");
      const used = new Client(port);
      used.send(`GET / HTTP/1.1\r\n${HOST}\r\n`);
      await used.ended();
      assert.deepEqual(bodies(used.received), ["GET / "]);
      assert.equal(server.stats().timeouts, 0);
      silent.destroy();
      used.destroy();
    });
  });

  it("does not time out a request that waits for its handler", async () => {
    const limits = { ...SWEEP, headTimeoutMs: 5, bodyIdleTimeoutMs: 5, keepAliveTimeoutMs: 5, requestTimeoutMs: 5 };
    const handler: HttpHandler = (_, reply) => { setTimeout(() => reply(ok("late")), 150); };
    await withServer(handler, limits, async (port) => {
      const received = await exchange(port, `GET / HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`);
      assert.deepEqual(bodies(received), ["late"]);
    });
  });

  it("drops a peer that does not read, and holds a bounded number of answers for it", async () => {
    let handled = 0;
    const large = Buffer.alloc(1_000_000);
    const handler: HttpHandler = (_, reply) => {
      handled++;
      reply(ok(large));
    };
    await withServer(handler, { ...SWEEP, writeStallTimeoutMs: 100 }, async (port, server) => {
      const client = new Client(port);
      client.socket.pause();
      client.send(`GET / HTTP/1.1\r\n${HOST}\r\n`.repeat(500));
      await turns(() => server.stats().timeouts === 1 && server.stats().connections === 0);
      assert.ok(handled < 100, `handled ${handled}`);
      client.destroy();
    });
  });

  it("cuts the linger of a peer that never closes", async () => {
    await withServer(echo, { ...SWEEP, lingerTimeoutMs: 20 }, async (port, server) => {
      const client = new Client(port);
      client.send(`GET / HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`);
      await client.answers(1);
      await turns(() => server.stats().connections === 0);
      client.destroy();
    });
  });
});

describe("peers that go away", () => {
  it("answers a peer that has shut its side, then ends", async () => {
    const handler: HttpHandler = (request, reply) => { setImmediate(() => echo(request, reply)); };
    await withServer(handler, {}, async (port, server) => {
      const received = await exchange(port, `GET /1 HTTP/1.1\r\n${HOST}\r\nGET /2 HTTP/1.1\r\n${HOST}\r\n`, true);
      assert.deepEqual(bodies(received), ["GET /1 ", "GET /2 "]);
      await turns(() => server.stats().connections === 0);
    });
  });

  it("forgets half a request when its peer shuts its side", async () => {
    await withServer(echo, {}, async (port, server) => {
      assert.equal(await exchange(port, `POST / HTTP/1.1\r\n${HOST}Content-Length: 9\r\n\r\nabc`, true), "");
      assert.equal(server.stats().requests, 0);
      assert.equal(server.stats().bodyBytesHeld, 0);
    });
  });

  it("survives resets at every moment, and replies after the end", async () => {
    const late: (() => void)[] = [];
    const handler: HttpHandler = (request, reply) => { late.push(() => echo(request, reply)); };
    await withServer(handler, {}, async (port, server) => {
      const whole = `POST / HTTP/1.1\r\n${HOST}Content-Length: 100000\r\n\r\n${"a".repeat(100_000)}`;
      for (const cut of [0, 1, 30, 60, 40_000, whole.length]) {
        const before = server.stats();
        const client = new Client(port);
        await new Promise<void>((resolve) => { client.socket.once("connect", resolve); });
        if (cut > 0) client.send(whole.slice(0, cut));
        await turns(() => server.stats().bytesRead - before.bytesRead === cut
          && server.stats().accepted > before.accepted);
        client.socket.resetAndDestroy();
        await turns(() => server.stats().connections === 0);
      }
      assert.equal(late.length, 1);
      assert.equal(server.stats().pending, 1);
      for (const answer of late) answer();
      assert.equal(server.stats().pending, 0);
      assert.equal(server.stats().bodyBytesHeld, 0);
    });
  });

  it("survives random streams, resets and replies in any order, and keeps nothing", async () => {
    const seed = Number(process.env["HTTP_SEED"] ?? "20260101");
    const prng = new Prng(seed);
    const held: (() => void)[] = [];
    const handler: HttpHandler = (request, reply) => {
      const moment = prng.below(3);
      if (moment === 0) echo(request, reply);
      else if (moment === 1) setImmediate(() => echo(request, reply));
      else held.push(() => echo(request, reply));
    };
    await withServer(handler, { pipelineMax: 3 }, async (port, server) => {
      for (let round = 0; round < 40; round++) {
        const clients = Array.from({ length: 8 }, () => new Client(port));
        for (const client of clients) {
          for (const piece of cut(makeStream(prng), prng)) client.send(piece);
          if (prng.below(3) === 0) client.socket.end();
        }
        await new Promise<void>((resolve) => { setImmediate(resolve); });
        for (const client of clients) if (prng.below(2) === 0) client.socket.resetAndDestroy();
        while (held.length > 0) held.splice(prng.below(held.length), 1)[0]?.();
        for (const client of clients) client.destroy();
      }
      await turns(() => {
        while (held.length > 0) held.pop()?.();
        return server.stats().connections === 0 && server.stats().pending === 0;
      });
      assert.ok(server.stats().requests > 100, `seed ${seed}: ${JSON.stringify(server.stats())}`);
      assert.equal(server.stats().bodyBytesHeld, 0, `seed ${seed}`);
    });
  });

  it("closes connections above the bound and serves the others", async () => {
    await withServer(echo, { connectionsMax: 2 }, async (port, server) => {
      const clients = [new Client(port), new Client(port)];
      await turns(() => server.stats().connections === 2);
      const third = new Client(port);
      await third.ended();
      assert.equal(server.stats().refused, 1);
      for (const client of clients) {
        client.send(`GET / HTTP/1.1\r\n${HOST}\r\n`);
        await client.answers(1);
        client.destroy();
      }
      third.destroy();
    });
  });
});

describe("closing the server", () => {
  it("answers what is under way, says that it closes, and ends idle connections", async () => {
    let answer: () => void = () => {};
    const handler: HttpHandler = (request, reply) => { answer = () => echo(request, reply); };
    const server = createHttpServer(handler);
    const { port } = await server.listen(0, "127.0.0.1");
    const idle = new Client(port);
    const busy = new Client(port);
    busy.send(`GET /busy HTTP/1.1\r\n${HOST}\r\n`);
    await turns(() => server.stats().pending === 1 && server.stats().connections === 2);
    const closed = server.close(10_000);
    idle.socket.end();
    await idle.ended();
    assert.equal(busy.received, "");
    answer();
    await busy.ended();
    busy.socket.end();
    await closed;
    assert.deepEqual(bodies(busy.received), ["GET /busy "]);
    assert.match(busy.received, /\r\nConnection: close\r\n/);
    idle.destroy();
    busy.destroy();
  });

  it("answers every pipelined request, the last one with the notice", async () => {
    const replies: ((response: HttpResponse) => void)[] = [];
    const server: HttpServer = createHttpServer((_, reply) => { replies.push(reply); });
    const { port } = await server.listen(0, "127.0.0.1");
    const client = new Client(port);
    client.send(`GET / HTTP/1.1\r\n${HOST}\r\n`.repeat(3));
    await turns(() => replies.length === 3);
    const closed = server.close(10_000);
    for (const [i, reply] of replies.entries()) setTimeout(() => reply(ok(String(i))), 3 * i);
    await client.ended();
    client.socket.end();
    await closed;
    assert.deepEqual(bodies(client.received), ["0", "1", "2"]);
    assert.equal(client.received.split("Connection: close").length, 2);
    client.destroy();
  });

  it("closes what is left when the grace is over", async () => {
    const server = createHttpServer(() => {});
    const { port } = await server.listen(0, "127.0.0.1");
    const client = new Client(port);
    client.send(`GET / HTTP/1.1\r\n${HOST}\r\n`);
    await turns(() => server.stats().pending === 1);
    await server.close(10);
    await client.ended();
    assert.equal(client.received, "");
    assert.equal(server.stats().connections, 0);
    client.destroy();
  });

  it("rejects listen on an address that is taken", async () => {
    await withServer(echo, {}, async (port) => {
      const second = createHttpServer(echo);
      await assert.rejects(second.listen(port, "127.0.0.1"), { code: "EADDRINUSE" });
      await second.close(1);
    });
  });
});

describe("any duplex socket", () => {
  it("serves a pair of streams that share one buffer", async () => {
    const kept: Uint8Array[] = [];
    const server = createHttpServer((request, reply) => {
      kept.push(request.body);
      echo(request, reply);
    });
    const [near, far] = duplexPair();
    server.accept(far, "pair");
    let received = "";
    near.on("data", (chunk: Buffer) => { received += chunk.toString("latin1"); });
    const slab = Buffer.alloc(64 * 1024);
    for (const [i, letter] of ["a", "b", "c"].entries()) {
      const length = slab.write(`POST / HTTP/1.1\r\n${HOST}Content-Length: 3\r\n\r\n${letter.repeat(3)}`, "latin1");
      near.write(slab.subarray(0, length));
      await turns(() => bodies(received).length > i);
      slab.fill(0);
    }
    assert.deepEqual(kept.map((body) => Buffer.from(body).toString()), ["aaa", "bbb", "ccc"]);
    near.end();
    await turns(() => server.stats().connections === 0);
    await server.close(1);
  });
});
