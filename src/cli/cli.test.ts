// The command line as a process: what it prints, what it refuses and how it ends.
import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { EXIT_CANNOT_START, EXIT_FAILED, EXIT_OK, EXIT_USAGE } from "./exit-codes.ts";
import { formatLine } from "./inspect.ts";

const PROGRAM = fileURLToPath(new URL("../../bin/stator.mjs", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "stator-cli-"));
const children = new Set<ChildProcess>();
after(() => {
  for (const child of children) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

type Ended = { readonly code: number | null; readonly out: string; readonly err: string };

class Run {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  out = "";
  err = "";

  constructor(args: readonly string[]) {
    this.child = spawn(process.execPath, [PROGRAM, ...args], { stdio: ["ignore", "pipe", "pipe"] });
    children.add(this.child);
    this.child.stdout?.on("data", (chunk: Buffer) => {
      this.out += chunk.toString();
    });
    this.child.stderr?.on("data", (chunk: Buffer) => {
      this.err += chunk.toString();
    });
    this.ended = new Promise((resolve) => {
      this.child.once("close", (code) => {
        children.delete(this.child);
        resolve({ code, out: this.out, err: this.err });
      });
    });
  }

  /** The endpoint, once it is printed. */
  async endpoint(): Promise<string> {
    for (;;) {
      const found = /^ {2}endpoint +(\S+)$/m.exec(this.out)?.[1];
      if (found !== undefined) return found;
      if (this.child.exitCode !== null) assert.fail(`it ended instead: ${this.out}${this.err}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}

function run(...args: readonly string[]): Promise<Ended> {
  return new Run(args).ended;
}

async function ask(endpoint: string, operation: string, body: object): Promise<Response> {
  const scope = "ann/20260101/us-east-1/dynamodb/aws4_request";
  return fetch(endpoint, {
    method: "POST", body: JSON.stringify(body),
    headers: {
      "content-type": "application/x-amz-json-1.0", "x-amz-target": `DynamoDB_20120810.${operation}`,
      "x-amz-date": "20260101T000000Z",
      "authorization": `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host;x-amz-date, Signature=${"0".repeat(64)}`,
    },
  });
}

test("help teaches, the version is the package's, and unknown words are refused", async () => {
  const help = await run("--help");
  assert.equal(help.code, EXIT_OK);
  for (const word of ["start", "inspect", "Examples:", "Exit codes:"]) assert.ok(help.out.includes(word), word);
  const start = await run("start", "--help");
  assert.equal(start.code, EXIT_OK);
  for (const option of ["--port", "--data-dir", "--in-memory", "--zones", "--credentials", "--log-level"]) {
    assert.ok(start.out.includes(option), option);
  }
  const manifest = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  const { version } = JSON.parse(manifest) as { readonly version: string };
  assert.equal((await run("--version")).out.trim(), version);
  for (const args of [["strat"], ["start", "--prot", "1"], ["start", "extra"], ["start", "--port", "x"], ["inspect", "x", "y"]]) {
    const { code, err } = await run(...args);
    assert.equal(code, EXIT_USAGE, args.join(" "));
    assert.match(err, /error: /);
  }
});

test("start says where it listens, answers, refuses a second one, stops cleanly and keeps its data", async () => {
  const dataDir = join(folder, "data");
  const first = new Run(["start", "--port", "0", "--data-dir", dataDir]);
  const endpoint = await first.endpoint();
  const created = await ask(endpoint, "CreateTable", {
    TableName: "Music", BillingMode: "PAY_PER_REQUEST",
    AttributeDefinitions: [{ AttributeName: "pk", AttributeType: "S" }],
    KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }],
  });
  assert.equal(created.status, 200, await created.text());

  const second = await run("start", "--port", "0", "--data-dir", dataDir);
  assert.equal(second.code, EXIT_CANNOT_START);
  assert.match(second.err, /Another process .*--data-dir/s);
  const taken = await run("start", "--port", new URL(endpoint).port, "--in-memory");
  assert.equal(taken.code, EXIT_CANNOT_START);
  assert.match(taken.err, /in use.*--port/s);
  const inspected = await run("inspect", "wal", dataDir);
  assert.equal(inspected.code, EXIT_CANNOT_START);
  assert.match(inspected.err, /running cluster/);

  first.child.kill("SIGTERM");
  const ended = await first.ended;
  assert.equal(ended.code, EXIT_OK, ended.err);
  for (const text of [dataDir, "az1 az2 az3", "aws dynamodb", "new DynamoDBClient", "Stopping"]) {
    assert.ok(ended.out.includes(text), text);
  }

  const again = new Run(["start", "--port", "0", "--data-dir", dataDir]);
  const listed = await ask(await again.endpoint(), "ListTables", {});
  assert.deepEqual(await listed.json(), { TableNames: ["Music"] });
  again.child.kill("SIGINT");
  assert.equal((await again.ended).code, EXIT_OK);

  const zones = await run("start", "--port", "0", "--data-dir", dataDir, "--zones", "1");
  assert.equal(zones.code, EXIT_CANNOT_START);
  assert.match(zones.err, /--zones 3/);
});

test("what cannot be started is refused with what to do", async () => {
  const open = await run("start", "--port", "0", "--in-memory", "--host", "0.0.0.0");
  assert.equal(open.code, EXIT_CANNOT_START);
  assert.match(open.err, /credentials/);
  const notAFolder = join(folder, "file");
  writeFileSync(notAFolder, "");
  const blocked = await run("start", "--port", "0", "--data-dir", join(notAFolder, "data"));
  assert.equal(blocked.code, EXIT_CANNOT_START);
  assert.match(blocked.err, /--data-dir/);
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const taken = await run("start", "--port", String(port), "--data-dir", join(folder, "never"));
  await new Promise((resolve) => server.close(resolve));
  assert.equal(taken.code, EXIT_CANNOT_START);
  assert.match(taken.err, /in use.*--port/s);
});

test("inspect prints the log and the tree of a stopped cluster, and finds damage", async () => {
  const dataDir = join(folder, "inspected");
  const server = new Run(["start", "--port", "0", "--zones", "1", "--data-dir", dataDir]);
  await server.endpoint();
  server.child.kill("SIGTERM");
  await server.ended;
  const text = await run("inspect", "wal", dataDir);
  assert.equal(text.code, EXIT_OK, text.err);
  for (const word of ["== node-1", "segment 1", "batch", "promise", "noop", "seal"]) assert.ok(text.out.includes(word), word);
  const json = await run("inspect", "wal", dataDir, "--json", "--node", "1");
  const lines = json.out.trim().split("\n").map((line) => JSON.parse(line) as { kind: string; node: number; offset: number });
  assert.ok(lines.every(({ node }) => node === 1));
  const tree = await run("inspect", "tree", dataDir);
  assert.equal(tree.code, EXIT_OK, tree.err);
  assert.match(tree.out, /^== node-1$/m);

  assert.match((await run("inspect", "wal", dataDir, "--node", "7")).err, /no node 7; it has node-1/);
  assert.match((await run("inspect", "wal", folder)).err, /neither cluster\.json nor node\.json/);

  const tree1 = join(dataDir, "node-1", "tree");
  writeFileSync(tree1, "not a tree");
  const lost = await run("inspect", "tree", dataDir);
  assert.equal(lost.code, EXIT_FAILED);
  assert.match(lost.out, /DAMAGE .*tree/);

  const record = lines.find(({ kind }) => kind === "record");
  assert.ok(record !== undefined);
  const wal = join(dataDir, "node-1", "wal");
  const segment = readdirSync(wal).find((name) => name.endsWith("1.log"));
  assert.ok(segment !== undefined);
  const bytes = readFileSync(join(wal, segment));
  bytes.writeUInt8(bytes.readUInt8(record.offset + 6) ^ 1, record.offset + 6);
  writeFileSync(join(wal, segment), bytes);
  const damaged = await run("inspect", "wal", dataDir);
  assert.equal(damaged.code, EXIT_FAILED);
  assert.match(damaged.out, /DAMAGE {2}wal-\d+\.log at \d+: /);
});

test("rows and marks of a tree are one readable line each", () => {
  assert.equal(
    formatLine({ kind: "mark", group: 4, checkpoint: 7, dirty: 9, items: 2, bytes: 30 }),
    "checkpoint of group 4  lsn 7, partly up to 9  2 items, 30 bytes",
  );
  const row = { kind: "row", table: 9, index: 0, key: "0a", bytes: 12, crc: "00ff00ff" } as const;
  assert.equal(formatLine({ ...row, isIntact: true }), "table 9.0  0a  12 bytes  crc 00ff00ff");
  assert.match(formatLine({ ...row, isIntact: false }), /DAMAGED/);
});
