// The load generator: a process of its own, on its own core, that answers the questions of main.ts. Requests are
// built and signed before a run, so that during it there is nothing to do but to send and to count.
import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from "node:fs";
import { ConnectionPool } from "./harness/connection-pool.ts";
import { encode, type Dialect } from "./harness/dialects.ts";
import type { Outcome, Question, Reply } from "./harness/generator-protocol.ts";
import { Histogram } from "./harness/histogram.ts";
import {
  fillPuts, fillRequests, seededRandom, tableDefinition, workloadNamed, type PlannedRequest, type TableName,
} from "./harness/workloads.ts";

const SEED = 20_121_018;
/** Distinct signed requests of a run, sent in turn. */
const POOL = 4_096;
/** Of requests that are sent once: more than any server here answers in a second. */
const ONCE_PER_SECOND = 5_000;
const FILL_CONNECTIONS = 8;
const TABLE_ACTIVE_MS_MAX = 30_000;
/** What a 900-byte put appends to a log, roughly. */
const APPEND_BYTES = 1_024;
const APPEND_FILE_BYTES = 64 * 1_024 * 1_024;

const pools = new Map<string, ConnectionPool>();

async function answer(question: Question): Promise<Outcome | null> {
  switch (question.kind) {
    case "prepare":
      await prepare(question);
      return null;
    case "closed-loop":
      return poolOf(question.target).closedLoop(question.seconds);
    case "open-loop":
      return poolOf(question.target).openLoop(question.seconds, question.rate, seededRandom(SEED));
    case "fill":
      return fill(question.dialect, question.port, question.table);
    case "append":
      return append(question.file, question.seconds);
    case "release":
      pools.get(question.target)?.close();
      pools.delete(question.target);
      return null;
    default:
      throw new Error(`unknown question ${JSON.stringify(question)}`);
  }
}

function poolOf(target: string): ConnectionPool {
  const found = pools.get(target);
  if (found === undefined) throw new Error(`${target} is not prepared`);
  return found;
}

async function prepare(question: Question & { kind: "prepare" }): Promise<void> {
  const { target, dialect, port, connections, seconds } = question;
  pools.get(target)?.close();
  const pool = await ConnectionPool.open(dialect, port, connections);
  pools.set(target, pool);
  const random = seededRandom(SEED);
  const workload = workloadNamed(question.workload);
  const isOnce = workload.isOnce === true;
  const length = isOnce ? Math.ceil(seconds * ONCE_PER_SECOND) : POOL;
  pool.load(encode(dialect, port, Array.from({ length }, () => workload.request(random))), isOnce);
}

async function fill(dialect: Dialect, port: number, table: TableName): Promise<Outcome> {
  const pool = await ConnectionPool.open(dialect, port, FILL_CONNECTIONS);
  const isKeyValue = dialect !== "dynamodb";
  if (!isKeyValue) await createTable(pool, port, table);
  const random = seededRandom(SEED);
  const planned = isKeyValue ? fillPuts(random) : fillRequests(table, random);
  const outcome = await pool.sendAll(encode(dialect, port, planned));
  pool.close();
  if (outcome.firstError !== null) throw new Error(`filling ${table}: ${outcome.firstError}`);
  return outcome;
}

async function createTable(pool: ConnectionPool, port: number, table: TableName): Promise<void> {
  const definition = JSON.stringify(tableDefinition(table));
  const created = await pool.sendAll(encode("dynamodb", port, [
    { operation: "CreateTable", body: definition, check: { kind: "status" } },
  ]));
  if (created.firstError !== null) throw new Error(`CreateTable: ${created.firstError}`);
  const deadline = performance.now() + TABLE_ACTIVE_MS_MAX;
  const describe: PlannedRequest = {
    operation: "DescribeTable", body: JSON.stringify({ TableName: table }), check: { kind: "active" },
  };
  while ((await pool.sendAll(encode("dynamodb", port, [describe]))).errors > 0) {
    if (performance.now() > deadline) throw new Error(`table ${table} does not become ACTIVE`);
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
  }
}

function append(file: string, seconds: number): Outcome {
  const fd = openSync(file, "w");
  try {
    const zeros = Buffer.alloc(1_024 * 1_024);
    for (let at = 0; at < APPEND_FILE_BYTES; at += zeros.length) writeSync(fd, zeros, 0, zeros.length, at);
    fdatasyncSync(fd);
    const block = Buffer.alloc(APPEND_BYTES, 0x61);
    const latencies = new Histogram();
    const started = performance.now();
    let now = started;
    for (let offset = 0; now < started + seconds * 1_000; offset = (offset + block.length) % APPEND_FILE_BYTES) {
      writeSync(fd, block, 0, block.length, offset);
      fdatasyncSync(fd);
      const after = performance.now();
      latencies.add((after - now) * 1_000);
      now = after;
    }
    return {
      requests: latencies.total, rate: latencies.total * 1_000 / (now - started), latencies: latencies.toSparse(),
      errors: 0, firstError: null, generatorLoad: 0,
    };
  } finally {
    closeSync(fd);
    rmSync(file, { force: true });
  }
}

function tell(reply: Reply): void {
  process.send?.(reply);
}

process.on("message", (question: Question) => {
  answer(question).then(
    (outcome) => tell({ ok: true, outcome }),
    (error: unknown) => tell({ ok: false, message: String((error as Error).stack) }),
  );
});
process.on("disconnect", () => process.exit(0));
