// The server over real sockets: framing, order and what is refused.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { HttpHandler, HttpRequest, HttpResponse } from "../../ports/http.ts";
import { bodies, Client, echo, exchange, HOST, ok, statusOf, withServer } from "./raw-client.test.ts";

const text = new TextDecoder();

describe("requests and answers", () => {
  it("serves a body with Content-Length, whatever the arrivals", async () => {
    await withServer(echo, {}, async (port) => {
      const input = `POST /a?b HTTP/1.1\r\n${HOST}Content-Length: 5\r\n\r\nhello`;
      const client = new Client(port);
      client.socket.setNoDelay(true);
      for (const byte of input) {
        client.send(byte);
        await new Promise<void>((resolve) => { setImmediate(resolve); });
      }
      await client.answers(1);
      client.send(input);
      await client.answers(2);
      assert.deepEqual(bodies(client.received), ["POST /a?b hello", "POST /a?b hello"]);
      client.destroy();
    });
  });

  it("de-chunks, with extensions and trailers", async () => {
    await withServer(echo, {}, async (port) => {
      const received = await exchange(port,
        `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: Chunked\r\nConnection: close\r\n\r\n`
        + "3;a=b;c\r\nabc\r\n00A\r\n0123456789\r\n0\r\nX-Trailer: y\r\n\r\n");
      assert.deepEqual(bodies(received), ["POST / abc0123456789"]);
      assert.match(received, /\r\nConnection: close\r\n/);
    });
  });

  it("answers pipelined requests in order, whatever the order of the replies", async () => {
    const waiting: { target: string; reply: (response: HttpResponse) => void }[] = [];
    const handler: HttpHandler = (request, reply) => {
      waiting.push({ target: request.target, reply });
      if (waiting.length < 3) return;
      for (const one of waiting.reverse()) one.reply(ok(one.target));
    };
    await withServer(handler, {}, async (port) => {
      const client = new Client(port);
      client.send(["/1", "/2", "/3"].map((target) => `GET ${target} HTTP/1.1\r\n${HOST}\r\n`).join(""));
      await client.answers(3);
      assert.deepEqual(bodies(client.received), ["/1", "/2", "/3"]);
      client.destroy();
    });
  });

  it("stops reading at the pipelining bound and goes on later", async () => {
    const waiting: ((response: HttpResponse) => void)[] = [];
    let most = 0;
    const handler: HttpHandler = (request, reply) => {
      waiting.push(() => reply(ok(request.target)));
      most = Math.max(most, waiting.length);
      setImmediate(() => waiting.shift()?.(ok("")));
    };
    await withServer(handler, { pipelineMax: 4 }, async (port, server) => {
      const client = new Client(port);
      const targets = Array.from({ length: 200 }, (_, i) => `/${i}`);
      client.send(targets.map((target) => `GET ${target} HTTP/1.1\r\n${HOST}\r\n`).join(""));
      client.socket.end();
      await client.ended();
      assert.deepEqual(bodies(client.received), targets);
      assert.equal(most, 4);
      assert.equal(server.stats().pending, 0);
    });
  });

  it("sends 100 Continue when the body is waited for, and not otherwise", async () => {
    await withServer(echo, {}, async (port) => {
      const head = `POST / HTTP/1.1\r\n${HOST}Expect: 100-Continue\r\nContent-Length: 2\r\n\r\n`;
      const client = new Client(port);
      client.send(head);
      await client.until("100", () => client.received.includes("HTTP/1.1 100 Continue\r\n\r\n"));
      client.send("hi");
      await client.answers(1);
      client.received = "";
      client.send(`${head}yo`);
      await client.answers(1);
      assert.equal(statusOf(client.received), 200);
      assert.deepEqual(bodies(client.received), ["POST / yo"]);
      client.destroy();
    });
  });

  it("speaks HTTP/1.0: closes, or says that it does not", async () => {
    await withServer(echo, {}, async (port) => {
      const closed = await exchange(port, "GET /old HTTP/1.0\r\n\r\nGET /ignored HTTP/1.0\r\n\r\n");
      assert.deepEqual(bodies(closed), ["GET /old "]);
      const client = new Client(port);
      client.send("GET /1 HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n");
      await client.answers(1);
      assert.match(client.received, /\r\nConnection: keep-alive\r\n/);
      client.send("GET /2 HTTP/1.0\r\n\r\n");
      await client.ended();
      assert.deepEqual(bodies(client.received), ["GET /1 ", "GET /2 "]);
      client.destroy();
    });
  });

  it("goes on in HTTP/1.1 when a client would like to upgrade", async () => {
    await withServer(echo, {}, async (port) => {
      const received = await exchange(port,
        `POST /1 HTTP/1.1\r\n${HOST}Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 1\r\n\r\na`
        + `GET /2 HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`);
      assert.deepEqual(bodies(received), ["POST /1 a", "GET /2 "]);
    });
  });

  it("sends no body to HEAD and none with 204", async () => {
    const handler: HttpHandler = (request, reply) => {
      reply(request.method === "HEAD" ? ok("four") : { status: 204, contentType: "", headers: [], body: [] });
    };
    await withServer(handler, {}, async (port) => {
      const head = await exchange(port, `HEAD / HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`);
      assert.match(head, /Content-Length: 4\r\n\r\n$/);
      const none = await exchange(port, `GET / HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`);
      assert.equal(statusOf(none), 204);
      assert.doesNotMatch(none, /Content-Length/);
    });
  });

  it("hands over headers in order with names as sent and values trimmed, on every request", async () => {
    const seen: HttpRequest[] = [];
    const handler: HttpHandler = (request, reply) => {
      seen.push(request);
      reply(ok("x", ["x-one", "1"]));
    };
    await withServer(handler, {}, async (port) => {
      const client = new Client(port);
      const variants = ["a", "a", "bb", "b", "c", "d", "d", "d"];
      for (const [i, variant] of variants.entries()) {
        client.send("GET / HTTP/1.1\r\nhOst:  h \r\nX-Same: s \t\r\n"
          + `X-Varies: ${variant}\r\nX-Empty:\r\nX-E: \xe9\r\n\r\n`);
        await client.answers(i + 1);
      }
      assert.match(client.received, /\r\nx-one: 1\r\n/);
      for (const [i, variant] of variants.entries()) {
        assert.deepEqual(seen[i]?.rawHeaders,
          ["hOst", "h", "X-Same", "s", "X-Varies", variant, "X-Empty", "", "X-E", "\xe9"]);
      }
      client.destroy();
    });
  });

  it("lets requests share a layout exactly when their names are equal", async () => {
    const seen: HttpRequest[] = [];
    const handler: HttpHandler = (request, reply) => {
      seen.push(request);
      reply(ok("x"));
    };
    await withServer(handler, {}, async (port) => {
      const client = new Client(port);
      const heads = ["A: 1\r\nB: 2", "A: 3\r\nB: 4", "A: 1\r\nb: 2", "A: 1\r\nb: 2\r\nC: 3", "A: 1", "B: 1\r\nA: 2", "B: 2\r\nA: 1",
        `A: ${"x".repeat(5_000)}`];
      for (const [i, head] of heads.entries()) {
        client.send(`GET / HTTP/1.1\r\n${HOST}${head}\r\n\r\n`);
        await client.answers(i + 1);
      }
      const layouts = seen.map(({ layout }) => layout);
      assert.deepEqual(layouts.map((layout) => layout === null ? null : layouts.indexOf(layout)), [0, 0, 2, 3, 4, 5, 5, null]);
      client.destroy();
    });
  });

  it("gives every request a body of its own", async () => {
    const kept: Uint8Array[] = [];
    const handler: HttpHandler = (request, reply) => {
      kept.push(request.body);
      request.body.fill(0x7a, 0, 1);
      reply(ok("x"));
    };
    await withServer(handler, {}, async (port) => {
      const one = `POST / HTTP/1.1\r\n${HOST}Content-Length: 3\r\n\r\n`;
      const client = new Client(port);
      client.send(`${one}abc${one}def`);
      await client.answers(2);
      client.send(`${one}gh`);
      client.send("i");
      await client.answers(3);
      assert.deepEqual(kept.map((body) => text.decode(body)), ["zbc", "zef", "zhi"]);
      client.destroy();
    });
  });

  it("sends large answers whole, slices in order", async () => {
    const large = Buffer.alloc(3_000_000);
    for (let i = 0; i < large.length; i++) large[i] = 97 + (i % 26);
    await withServer((_, reply) => reply(ok(large)), {}, async (port) => {
      const received = await exchange(port,
        `GET / HTTP/1.1\r\n${HOST}\r\nGET / HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`);
      const got = bodies(received);
      assert.equal(got.length, 2);
      assert.equal(got[0], large.toString("latin1"));
      assert.equal(got[1], large.toString("latin1"));
    });
  });
});

describe("input that is refused", () => {
  const chunked = `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n`;
  const cases: readonly (readonly [string, number, string])[] = [
    ["no version", 400, "GET /\r\n\r\n"],
    ["two spaces", 400, `GET  / HTTP/1.1\r\n${HOST}\r\n`],
    ["control in target", 400, `GET /\x01 HTTP/1.1\r\n${HOST}\r\n`],
    ["non-ASCII target", 400, `GET /\xe9 HTTP/1.1\r\n${HOST}\r\n`],
    ["relative target", 400, `GET x HTTP/1.1\r\n${HOST}\r\n`],
    ["unknown method", 501, `FROB / HTTP/1.1\r\n${HOST}\r\n`],
    ["CONNECT", 501, `CONNECT h:1 HTTP/1.1\r\n${HOST}\r\n`],
    ["HTTP/2 preface", 505, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
    ["HTTP/1.2", 505, `GET / HTTP/1.2\r\n${HOST}\r\n`],
    ["lower-case version", 400, `GET / http/1.1\r\n${HOST}\r\n`],
    ["a TLS hello", 400, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"],
    ["bare LF after the request line", 400, `GET / HTTP/1.1\nHost: h\n\n`],
    ["bare LF after a header", 400, `GET / HTTP/1.1\r\nHost: h\n\r\n`],
    ["bare LF at the end of the head", 400, `GET / HTTP/1.1\r\n${HOST}\n`],
    ["bare CR in a value", 400, `GET / HTTP/1.1\r\n${HOST}X: a\rb\r\n\r\n`],
    ["NUL in a value", 400, `GET / HTTP/1.1\r\n${HOST}X: a\0b\r\n\r\n`],
    ["space before the colon", 400, `GET / HTTP/1.1\r\n${HOST}Content-Length : 3\r\n\r\nabc`],
    ["space in a name", 400, `GET / HTTP/1.1\r\n${HOST}X Y: 3\r\n\r\n`],
    ["empty name", 400, `GET / HTTP/1.1\r\n${HOST}: 3\r\n\r\n`],
    ["header without colon", 400, `GET / HTTP/1.1\r\n${HOST}abc\r\n\r\n`],
    ["folded header", 400, `GET / HTTP/1.1\r\n${HOST}X: a\r\n b\r\n\r\n`],
    ["space before the first header", 400, `GET / HTTP/1.1\r\n ${HOST}\r\n`],
    ["no Host", 400, "GET / HTTP/1.1\r\nX: y\r\n\r\n"],
    ["two Hosts", 400, `GET / HTTP/1.1\r\n${HOST}${HOST}\r\n`],
    ["Host with a path", 400, "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"],
    ["Host list", 400, "GET / HTTP/1.1\r\nHost: a b\r\n\r\n"],
    ["CL and TE", 400, `POST / HTTP/1.1\r\n${HOST}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    ["TE and CL", 400, `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n`],
    ["different CLs", 400, `POST / HTTP/1.1\r\n${HOST}Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd`],
    ["equal CLs", 400, `POST / HTTP/1.1\r\n${HOST}Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc`],
    ["CL list", 400, `POST / HTTP/1.1\r\n${HOST}Content-Length: 3, 3\r\n\r\nabc`],
    ["CL with sign", 400, `POST / HTTP/1.1\r\n${HOST}Content-Length: +3\r\n\r\nabc`],
    ["negative CL", 400, `POST / HTTP/1.1\r\n${HOST}Content-Length: -1\r\n\r\n`],
    ["hexadecimal CL", 400, `POST / HTTP/1.1\r\n${HOST}Content-Length: 0x3\r\n\r\nabc`],
    ["empty CL", 400, `POST / HTTP/1.1\r\n${HOST}Content-Length:\r\n\r\n`],
    ["endless CL", 400, `POST / HTTP/1.1\r\n${HOST}Content-Length: ${"9".repeat(40)}\r\n\r\n`],
    ["TE gzip", 501, `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`],
    ["TE identity", 501, `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: identity\r\n\r\n`],
    ["TE with a vertical tab", 400, `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n`],
    ["TE with a tab after it", 400,
      `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\t\r\n\r\n0\r\n\r\n`],
    ["two TEs", 501,
      `POST / HTTP/1.1\r\n${HOST}${"Transfer-Encoding: chunked\r\n".repeat(2)}\r\n0\r\n\r\n`],
    ["TE on HTTP/1.0", 400, "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
    ["unknown expectation", 417, `POST / HTTP/1.1\r\n${HOST}Expect: miracles\r\n\r\n`],
    ["empty chunk size", 400, `${chunked}\r\nabc\r\n0\r\n\r\n`],
    ["chunk size with sign", 400, `${chunked}+3\r\nabc\r\n0\r\n\r\n`],
    ["chunk size with 0x", 400, `${chunked}0x3\r\nabc\r\n0\r\n\r\n`],
    ["chunk size too long", 400, `${chunked}000000003\r\nabc\r\n0\r\n\r\n`],
    ["space after chunk size", 400, `${chunked}3 \r\nabc\r\n0\r\n\r\n`],
    ["bare LF after chunk size", 400, `${chunked}3\nabc\r\n0\r\n\r\n`],
    ["LF in a chunk extension", 400, `${chunked}3;a\nabc\r\n0\r\n\r\n`],
    ["chunk extension too long", 400, `${chunked}3;${"a".repeat(300)}\r\nabc\r\n0\r\n\r\n`],
    ["chunk longer than its size", 400, `${chunked}3\r\nabcd\r\n0\r\n\r\n`],
    ["chunk ended by LF", 400, `${chunked}3\r\nabc\n0\r\n\r\n`],
    ["trailer that frames", 400, `${chunked}0\r\nContent-Length: 3\r\n\r\n`],
    ["trailer that closes", 400, `${chunked}0\r\nConnection: close\r\n\r\n`],
    ["malformed trailer", 400, `${chunked}0\r\nabc\r\n\r\n`],
    ["body announced too large", 413, `POST / HTTP/1.1\r\n${HOST}Content-Length: 16777217\r\n\r\n`],
    ["chunk announced too large", 413, `${chunked}1000001\r\n`],
    ["too large with Expect", 413,
      `POST / HTTP/1.1\r\n${HOST}Content-Length: 16777217\r\nExpect: 100-continue\r\n\r\n`],
    ["target too long", 414, `GET /${"a".repeat(8192)} HTTP/1.1\r\n${HOST}\r\n`],
    ["endless target", 414, `GET /${"a".repeat(9000)}`],
    ["head too large", 431, `GET / HTTP/1.1\r\n${HOST}${`X: ${"a".repeat(1000)}\r\n`.repeat(33)}\r\n`],
    ["endless header line", 431, `GET / HTTP/1.1\r\n${HOST}X: ${"a".repeat(33_000)}`],
    ["too many headers", 431, `GET / HTTP/1.1\r\n${HOST}${"X: a\r\n".repeat(100)}\r\n`],
    ["too many empty lines", 400, `\r\n\r\n\r\nGET / HTTP/1.1\r\n${HOST}\r\n`],
  ];

  for (const [name, status, input] of cases) {
    it(`${name}: ${status}, and the connection ends`, async () => {
      let handled = 0;
      await withServer((request, reply) => {
        handled++;
        echo(request, reply);
      }, {}, async (port, server) => {
        const received = await exchange(port, input);
        assert.equal(statusOf(received), status);
        assert.equal(handled, 0);
        const error = JSON.parse(bodies(received)[0] as string) as { __type: string; message: string };
        assert.match(error.__type, /^com\.amazon.*#\w+$/);
        assert.notEqual(error.message, "");
        assert.match(received, /\r\nConnection: close\r\n/);
        assert.equal(server.stats().rejected, 1);
      });
    });
  }

  it("answers the good requests before a bad one", async () => {
    await withServer(echo, {}, async (port) => {
      const received = await exchange(port, `GET /1 HTTP/1.1\r\n${HOST}\r\nGET /2 HTTP/1.1\r\n${HOST}\r\n\x00`);
      assert.deepEqual(bodies(received).slice(0, 2), ["GET /1 ", "GET /2 "]);
      assert.match(bodies(received)[2] ?? "", /MalformedHttpRequest/);
    });
  });

  it("lets a client that sends on get its 413", async () => {
    await withServer(echo, { bodyBytesMax: 1000 }, async (port, server) => {
      const client = new Client(port);
      client.send(`POST / HTTP/1.1\r\n${HOST}Content-Length: 4000000\r\n\r\n`);
      client.send(Buffer.alloc(4_000_000));
      await client.answers(1);
      assert.equal(statusOf(client.received), 413);
      assert.equal(server.stats().bodyBytesHeld, 0);
      client.destroy();
    });
  });

  it("accepts a body of exactly the limit and refuses chunks that pass it", async () => {
    await withServer((request, reply) => reply(ok(String(request.body.length))), { bodyBytesMax: 1000 },
      async (port) => {
        const fits = await exchange(port,
          `POST / HTTP/1.1\r\n${HOST}Connection: close\r\nContent-Length: 1000\r\n\r\n${"a".repeat(1000)}`);
        assert.deepEqual(bodies(fits), ["1000"]);
        const passes = await exchange(port, `${chunked}3e8\r\n${"a".repeat(1000)}\r\n1\r\n`);
        assert.equal(statusOf(passes), 413);
      });
  });

  it("answers 503 when all body buffers are taken, and gives them back", async () => {
    await withServer(echo, { bodyBytesInFlightMax: 100_000 }, async (port, server) => {
      const holder = new Client(port);
      holder.send(`POST / HTTP/1.1\r\n${HOST}Content-Length: 90000\r\n\r\n${"a".repeat(70_000)}`);
      while (server.stats().bodyBytesHeld < 70_000) await new Promise<void>((resolve) => { setImmediate(resolve); });
      const received = await exchange(port,
        `POST / HTTP/1.1\r\n${HOST}Content-Length: 90000\r\n\r\n${"b".repeat(70_000)}`);
      assert.equal(statusOf(received), 503);
      holder.send("a".repeat(20_000));
      await holder.answers(1);
      assert.equal(server.stats().bodyBytesHeld, 0);
      holder.destroy();
    });
  });
});
