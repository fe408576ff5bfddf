// Clients that misbehave towards a whole server: others are answered, memory stays bounded, nothing crashes.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { once } from "node:events";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { ServerProcess } from "../../demo/server-process.ts";
import { ask, createTable, put, TABLE } from "./kit.ts";

const SOCKETS = 1_500;
/** Resident memory that abuse may add: far below what the abusers would like to have buffered. */
const GROWTH_MB_MAX = 150;
let server: ServerProcess;
const sockets: Socket[] = [];
before(async () => {
  server = await ServerProcess.start(["--in-memory"]);
  await createTable(server.endpoint);
});
after(async () => {
  for (const socket of sockets) socket.destroy();
  await server.kill();
});

async function open(): Promise<Socket> {
  const socket = connect(server.port, "127.0.0.1");
  socket.on("error", () => undefined);
  sockets.push(socket);
  await once(socket, "connect");
  return socket;
}

function megabytes(): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${server.pid}/status`, "utf8"))?.[1] ?? 0) / 1024;
}

const HEAD = "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-amz-json-1.0\r\n"
  + "X-Amz-Target: DynamoDB_20120810.GetItem\r\nX-Amz-Date: 20260101T000000Z\r\n"
  + "Authorization: AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, "
  + `Signature=${"0".repeat(64)}\r\n`;

function request(body: string): string {
  return `${HEAD}Content-Length: ${body.length}\r\n\r\n${body}`;
}

const GET = JSON.stringify({ TableName: TABLE, Key: { pk: { S: "a" } } });

async function assertServes(what: string): Promise<void> {
  assert.ok(await put(server.endpoint, "a", 1), what);
  const answer = await ask(server.endpoint, "GetItem", { TableName: TABLE, Key: { pk: { S: "a" } }, ConsistentRead: true });
  assert.equal(answer.status, 200, what);
}

test("many idle, slow and half-sent connections do not keep others from being served", async (t) => {
  if (process.platform !== "linux") return t.skip("reads /proc");
  const before = megabytes();
  const all = await Promise.all(Array.from({ length: SOCKETS }, () => open()));
  all.forEach((socket, i) => {
    if (i % 3 === 0) socket.write(HEAD.slice(0, 20 + (i % 100))); // slow-loris
    else if (i % 3 === 1) socket.write(`${HEAD}Content-Length: 16000000\r\n\r\n{`); // a large body that never comes
  });
  for (let round = 0; round < 3; round++) {
    for (const [i, socket] of all.entries()) if (i % 3 === 0) socket.write("x");
    await assertServes(`round ${round}`);
    await sleep(50);
  }
  assert.ok(megabytes() - before < GROWTH_MB_MAX, `${before} MB before, ${megabytes()} MB with ${SOCKETS} connections`);
  for (const socket of all) socket.resetAndDestroy();
  await assertServes("after the resets");
});

test("a half-closed connection gets its answers, a pipeline all of them in order", async () => {
  await assertServes("before");
  const socket = await open();
  let text = "";
  socket.on("data", (chunk: Buffer) => {
    text += chunk.toString();
  });
  const missing = JSON.stringify({ TableName: "missing", Key: { pk: { S: "a" } } });
  const bodies = Array.from({ length: 40 }, (_, i) => (i % 4 === 3 ? missing : GET));
  socket.end(bodies.map(request).join(""));
  await once(socket, "close");
  const statuses = [...text.matchAll(/HTTP\/1\.1 (\d+) /g)].map((match) => Number(match[1]));
  assert.deepEqual(statuses, bodies.map((body) => (body === missing ? 400 : 200)));
});

test("connections reset in the middle of a body, of a pipeline and of an answer", async () => {
  for (let i = 0; i < 120; i++) {
    const socket = await open();
    if (i % 3 === 0) socket.write(`${HEAD}Content-Length: 1000000\r\n\r\n${"x".repeat(50_000)}`);
    else if (i % 3 === 1) socket.write(request(GET).repeat(30));
    else socket.write(request(GET));
    if (i % 2 === 0) await sleep(1);
    socket.resetAndDestroy();
  }
  await assertServes("after the resets");
});

test("garbage and oversized requests are refused with 4xx", async () => {
  for (const [bytes, status] of [
    ["\x16\x03\x01 no http at all\r\n\r\n", 400],
    ["POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400],
    [`POST / HTTP/1.1\r\nHost: x\r\nX: ${"y".repeat(100_000)}\r\n\r\n`, 431],
    [`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${2 ** 31}\r\n\r\n`, 413],
  ] as const) {
    const socket = await open();
    let text = "";
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString();
    });
    socket.write(bytes);
    await once(socket, "close");
    assert.match(text, new RegExp(`^HTTP/1\\.1 ${status} `), JSON.stringify(bytes.slice(0, 40)));
  }
  await assertServes("at the end");
});
