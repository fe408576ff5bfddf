// Compares HTTP front ends in one run: our server, node:http the tuned way, node:http the usual way.
//   node bench/http-frontend.ts [--seconds=2] [--rounds=3] [--only=own,tuned,naive] [--server-args=--cpu-prof]
// 32 connections from a separate process, requests as an SDK sends them (13 headers, 300 B body, signature and
// ids new every time), answers of 900 B with DynamoDB's headers. The handler does nothing else. Rounds are
// interleaved so that a noisy neighbour hits all; CPU per request is steadier than throughput.

import { fork, spawnSync } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { connect } from "node:net";
import type { AddressInfo } from "node:net";
import { availableParallelism, cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { createHttpServer } from "../src/runtime/http/http-server.ts";

const VARIANTS = ["own", "tuned", "naive"] as const;
type Variant = (typeof VARIANTS)[number];

const CONNECTIONS = 32;
const REQUEST_BODY_BYTES = 300;
const RESPONSE_BODY = Buffer.alloc(900, 0x61);
const CONTENT_TYPE = "application/x-amz-json-1.0";
const REQUEST_ID = "B2MFPDJ5Q6R8S0T1U3V5W7X9Y1Z3A5C7E9G1I3K5M7O9Q1S3U5W7";
const CRC = "2745614147";
/** Distinct requests per connection, sent in turn. */
const REQUEST_VARIETY = 64;

type Reply = {
  readonly cpuMicros?: number; readonly port?: number; readonly requests?: number; readonly seconds?: number;
};

async function serve(variant: Variant): Promise<number> {
  let bodyBytes = 0;
  if (variant === "own") {
    const server = createHttpServer((request, reply) => {
      bodyBytes += request.body.length;
      reply({
        status: 200, contentType: CONTENT_TYPE,
        headers: ["x-amzn-RequestId", REQUEST_ID, "x-amz-crc32", CRC], body: [RESPONSE_BODY],
      });
    });
    return (await server.listen(0, "127.0.0.1")).port;
  }
  const answer = variant === "tuned" ? answerTuned : answerNaive;
  const server = createServer({ noDelay: true, keepAliveTimeout: 0 }, (request, response) => {
    answer(request, response, (length) => { bodyBytes += length; });
  });
  await new Promise<void>((resolve) => { server.listen(0, "127.0.0.1", resolve); });
  return (server.address() as AddressInfo).port;
}

const RESPONSE_TEXT = RESPONSE_BODY.toString("latin1");

/** Raw headers in and out, no Date, no concatenation for one chunk, head and body as one string: one write. */
function answerTuned(request: IncomingMessage, response: ServerResponse, count: (length: number) => void): void {
  let first: Buffer | null = null;
  request.on("data", (chunk: Buffer) => { first = first === null ? chunk : Buffer.concat([first, chunk]); });
  request.on("end", () => {
    count(first === null ? 0 : first.length);
    response.sendDate = false;
    response.writeHead(200, [
      "Content-Type", CONTENT_TYPE, "x-amzn-RequestId", REQUEST_ID, "x-amz-crc32", CRC,
      "Content-Length", String(RESPONSE_BODY.length),
    ]);
    response.end(RESPONSE_TEXT, "latin1");
  });
}

function answerNaive(request: IncomingMessage, response: ServerResponse, count: (length: number) => void): void {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    count(Buffer.concat(chunks).length + (request.headers["host"] === undefined ? 1 : 0));
    response.statusCode = 200;
    response.setHeader("Content-Type", CONTENT_TYPE);
    response.setHeader("x-amzn-RequestId", REQUEST_ID);
    response.setHeader("x-amz-crc32", CRC);
    response.setHeader("Content-Length", RESPONSE_BODY.length);
    response.end(RESPONSE_BODY);
  });
}

function hex(length: number): string {
  let text = "";
  while (text.length < length) text += Math.floor(Math.random() * 0x1_0000_0000).toString(16).padStart(8, "0");
  return text.slice(0, length);
}

function makeRequest(): Buffer {
  const id = `${hex(8)}-${hex(4)}-4${hex(3)}-8${hex(3)}-${hex(12)}`;
  return Buffer.from([
    "POST / HTTP/1.1",
    `content-type: ${CONTENT_TYPE}`,
    "x-amz-target: DynamoDB_20120810.GetItem",
    `content-length: ${REQUEST_BODY_BYTES}`,
    "x-amz-user-agent: aws-sdk-js/3.1164.0",
    "user-agent: aws-sdk-js/3.1164.0 ua/2.1 os/linux#6.8.0 lang/js md/nodejs#26.10.0 api/dynamodb#3.1164.0 m/E",
    "host: localhost:8000",
    `amz-sdk-invocation-id: ${id}`,
    "amz-sdk-request: attempt=1; max=3",
    "x-amz-date: 20260101T000000Z",
    `x-amz-content-sha256: ${hex(64)}`,
    "authorization: AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260101/us-east-1/dynamodb/aws4_request, "
      + "SignedHeaders=amz-sdk-invocation-id;amz-sdk-request;content-length;content-type;host;x-amz-content-sha256;"
      + `x-amz-date;x-amz-target;x-amz-user-agent, Signature=${hex(64)}`,
    "connection: keep-alive",
    "", "x".repeat(REQUEST_BODY_BYTES),
  ].join("\r\n"), "latin1");
}

/** Sends on all connections for `seconds`, one request at a time on each, and counts whole answers. */
async function load(port: number, seconds: number): Promise<Reply> {
  let requests = 0;
  let over = false;
  const started = performance.now();
  await Promise.all(Array.from({ length: CONNECTIONS }, () => new Promise<void>((resolve, reject) => {
    const variety = Array.from({ length: REQUEST_VARIETY }, makeRequest);
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    let next = 0;
    let answerBytes = 0;
    let received = 0;
    const send = (): void => { socket.write(variety[next++ % REQUEST_VARIETY] as Buffer); };
    socket.on("connect", send);
    socket.on("error", reject);
    socket.on("data", (chunk: Buffer) => {
      received += chunk.length;
      if (answerBytes === 0) {
        const head = chunk.toString("latin1");
        if (!head.startsWith("HTTP/1.1 200 ")) reject(new Error(`unexpected answer: ${head}`));
        answerBytes = head.indexOf("\r\n\r\n") + 4 + RESPONSE_BODY.length;
      }
      if (received < answerBytes) return;
      received = 0;
      requests++;
      if (!over) {
        send();
        return;
      }
      socket.destroy();
      resolve();
    });
    setTimeout(() => { over = true; }, seconds * 1000);
  })));
  return { requests, seconds: (performance.now() - started) / 1000 };
}

/** A child with its own core where the system can do that. */
function start(args: readonly string[], core: number, execArgv: readonly string[]): ChildProcess {
  const child = fork(fileURLToPath(import.meta.url), [...args], { execArgv: [...execArgv] });
  if (process.platform === "linux" && availableParallelism() > 1) {
    spawnSync("taskset", ["-a", "-p", "-c", String(core), String(child.pid)], { stdio: "ignore" });
  }
  return child;
}

function ask(child: ChildProcess, question: object): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const exited = (): void => reject(new Error("a child of the benchmark has ended"));
    child.once("exit", exited);
    child.once("message", (reply) => {
      child.removeListener("exit", exited);
      resolve(reply as Reply);
    });
    child.send(question);
  });
}

type Question = { readonly kind: "port" | "cpu" | "load"; readonly port?: number; readonly seconds?: number };

async function child(role: string): Promise<void> {
  const port = role === "load" ? 0 : await serve(role as Variant);
  process.on("message", async (question: Question) => {
    if (question.kind === "port") process.send?.({ port });
    else if (question.kind === "cpu") {
      const { user, system } = process.cpuUsage();
      process.send?.({ cpuMicros: user + system });
    } else process.send?.(await load(question.port ?? 0, question.seconds ?? 1));
  });
  process.on("disconnect", () => process.exit(0));
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] as number;
}

function option(name: string, fallback: string): string {
  const prefix = `--${name}=`;
  return process.argv.find((argument) => argument.startsWith(prefix))?.slice(prefix.length) ?? fallback;
}

async function main(): Promise<void> {
  const seconds = Number(option("seconds", "2"));
  const rounds = Number(option("rounds", "3"));
  const only = option("only", VARIANTS.join(",")).split(",");
  const variants = VARIANTS.filter((variant) => only.includes(variant));
  const serverArgs = option("server-args", "").split(" ").filter((argument) => argument !== "");
  const loader = start(["--child=load"], 1, []);
  const servers = new Map<Variant, { process: ChildProcess; port: number }>();
  for (const variant of variants) {
    const server = start([`--child=${variant}`], 0, serverArgs);
    const { port = 0 } = await ask(server, { kind: "port" });
    servers.set(variant, { process: server, port });
    await ask(loader, { kind: "load", port, seconds: Math.min(1, seconds / 2) });
  }
  const rates = new Map<Variant, number[]>(variants.map((variant) => [variant, []]));
  const costs = new Map<Variant, number[]>(variants.map((variant) => [variant, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [variant, server] of servers) {
      const before = await ask(server.process, { kind: "cpu" });
      const done = await ask(loader, { kind: "load", port: server.port, seconds });
      const after = await ask(server.process, { kind: "cpu" });
      const requests = done.requests ?? 0;
      rates.get(variant)?.push(requests / (done.seconds ?? 1));
      costs.get(variant)?.push(((after.cpuMicros ?? 0) - (before.cpuMicros ?? 0)) / requests);
    }
  }
  for (const server of servers.values()) server.process.disconnect();
  loader.disconnect();
  report(variants.map((variant) => ({
    variant, requestsPerSecond: median(rates.get(variant) ?? []), cpuMicrosPerRequest: median(costs.get(variant) ?? []),
    rates: rates.get(variant) ?? [], costs: costs.get(variant) ?? [],
  })));
}

type Row = {
  readonly variant: Variant; readonly requestsPerSecond: number; readonly cpuMicrosPerRequest: number;
  readonly rates: readonly number[]; readonly costs: readonly number[];
};

function report(rows: readonly Row[]): void {
  console.log("| front end | requests/s | CPU µs per request | all rounds, µs |");
  console.log("|---|---|---|---|");
  for (const row of rows) {
    const all = row.costs.map((cost) => cost.toFixed(1)).join(" ");
    const rate = Math.round(row.requestsPerSecond);
    console.log(`| ${row.variant} | ${rate} | ${row.cpuMicrosPerRequest.toFixed(1)} | ${all} |`);
  }
  const folder = fileURLToPath(new URL("./results/", import.meta.url));
  mkdirSync(folder, { recursive: true });
  const machine = { cpu: cpus()[0]?.model ?? "unknown", cores: availableParallelism(), node: process.version };
  const result = { bench: "http-frontend", at: new Date().toISOString(), machine, connections: CONNECTIONS, rows };
  writeFileSync(`${folder}http-frontend.json`, `${JSON.stringify(result, null, 2)}\n`);
}

const role = option("child", "");
if (role === "") await main();
else await child(role);
