// The same server behind TLS: a certificate of its own, and clients that trust it or do not.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { request } from "node:https";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from "node:tls";
import { createHttpServer, type HttpServer, type TlsOptions } from "./http-server.ts";

const folder = mkdtempSync(join(tmpdir(), "stator-tls-"));
after(() => rmSync(folder, { recursive: true, force: true }));

/** By openssl, for localhost and 127.0.0.1. */
function selfSigned(): TlsOptions {
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  execFileSync("openssl", [
    "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
    "-keyout", key, "-out", cert, "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
  ], { stdio: "ignore" });
  return { cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") };
}

const tls = selfSigned();

async function serving(work: (port: number, server: HttpServer) => Promise<void>, limits = {}): Promise<void> {
  const server = createHttpServer((asked, reply) => {
    const text = `${asked.method} ${asked.target} ${asked.body.length}`;
    reply({ status: 200, contentType: "text/plain", headers: [], body: [Buffer.from(text)] });
  }, { tls, limits });
  const { port } = await server.listen(0, "127.0.0.1");
  try {
    await work(port, server);
  } finally {
    await server.close(500);
  }
}

function ask(port: number, body: string, ca: string | undefined): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: "localhost", port, method: "POST", path: "/", ca, agent: false }, (response) => {
      let text = "";
      response.on("data", (chunk: Buffer) => {
        text += chunk.toString();
      });
      response.on("end", () => resolve(text));
    });
    asked.on("error", reject);
    asked.end(body);
  });
}

function secure(port: number, options: ConnectionOptions = {}): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({ port, host: "127.0.0.1", ca: tls.cert, servername: "localhost", ...options });
    socket.once("secureConnect", () => resolve(socket));
    socket.once("error", reject);
  });
}

function ended(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString("latin1");
    });
    socket.on("error", () => undefined);
    socket.on("close", () => resolve(text));
  });
}

test("who trusts the certificate is served, large bodies and many requests too; who does not ends it", async () => {
  await serving(async (port, server) => {
    assert.equal(await ask(port, "x".repeat(3_000_000), tls.cert), "POST / 3000000");
    const answers = await Promise.all(Array.from({ length: 40 }, (_, i) => ask(port, "y".repeat(i), tls.cert)));
    assert.deepEqual(answers, Array.from({ length: 40 }, (_, i) => `POST / ${i}`));
    await assert.rejects(ask(port, "", undefined), { code: "DEPTH_ZERO_SELF_SIGNED_CERT" });
    assert.equal(server.stats().requests, 41);
  });
});

test("one connection takes pipelined requests, and its end is told", async () => {
  await serving(async (port) => {
    const socket = await secure(port);
    const text = ended(socket);
    socket.write("GET /a HTTP/1.1\r\nHost: h\r\n\r\nGET /b HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    assert.deepEqual((await text).match(/GET \/. 0/g), ["GET /a 0", "GET /b 0"]);
  });
});

test("what speaks no TLS, or another protocol in it, is not served, and the server goes on", async () => {
  await serving(async (port, server) => {
    const plain = connect(port, "127.0.0.1");
    const answered = ended(plain);
    plain.write("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    assert.ok(!(await answered).includes("GET"));
    await assert.rejects(secure(port, { ALPNProtocols: ["h2"] }));
    assert.equal((await secure(port, { ALPNProtocols: ["h2", "http/1.1"] })).destroy().alpnProtocol, "http/1.1");
    assert.equal(server.stats().requests, 0);
    assert.equal(await ask(port, "", tls.cert), "POST / 0");
  });
});

test("a handshake that does not come is ended, by its time or by the server's end", async () => {
  await serving(async (port) => {
    await ended(connect(port, "127.0.0.1"));
  }, { headTimeoutMs: 50 });
  let waiting: Promise<string> = Promise.resolve("");
  await serving(async (port) => {
    const silent = connect(port, "127.0.0.1");
    waiting = ended(silent);
    await new Promise((resolve) => silent.once("connect", resolve));
    assert.equal(await ask(port, "", tls.cert), "POST / 0"); // the server has seen the silent one by then
  });
  await waiting;
});

test("connections count from their first byte", async () => {
  await serving(async (port, server) => {
    const first = connect(port, "127.0.0.1");
    await new Promise((resolve) => first.once("connect", resolve));
    const second = await secure(port);
    const third = ended(connect(port, "127.0.0.1"));
    await third;
    assert.equal(server.stats().refused, 1);
    first.destroy();
    second.destroy();
  }, { connectionsMax: 2 });
});

test("a key that is not the certificate's is refused at once", () => {
  assert.throws(() => createHttpServer(() => undefined, { tls: { cert: tls.cert, key: "nothing" } }));
});
