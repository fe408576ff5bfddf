// Full disks: small file systems in memory, mounted where a node's log, or the whole cluster, has its files. Needs
// the right to mount; without it the tests say so and are skipped.
import assert from "node:assert/strict";
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { after, test, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../../demo/server-process.ts";
import { EXIT_CANNOT_START, EXIT_FAILED, EXIT_OK } from "../../src/cli/exit-codes.ts";
import {
  assertNamed, Cluster, createTable, newFolder, put, removeFolder, verify, type Acknowledged,
} from "./kit.ts";

const PROGRAM = fileURLToPath(new URL("../../bin/stator.mjs", import.meta.url));
const folder = newFolder();
const mounts: string[] = [];
const children = new Set<ChildProcess>();
after(() => {
  for (const child of children) child.kill("SIGKILL");
  for (const mount of mounts) spawnSync("umount", ["-l", mount]);
  removeFolder(folder);
});

function mount(name: string, megabytes: number, t: TestContext): string | null {
  const path = join(folder, name);
  mkdirSync(path);
  const done = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m`, "tmpfs", path], { encoding: "utf8" });
  if (done.status === 0) {
    mounts.push(path);
    return path;
  }
  t.skip(`a file system cannot be mounted here: ${done.stderr?.trim() ?? "no mount program"}`);
  return null;
}

function resize(path: string, megabytes: number): void {
  assert.equal(spawnSync("mount", ["-o", `remount,size=${megabytes}m`, path]).status, 0);
}

const LARGE = 380 * 1024;

test("the disk of one node's log is full: it stops and says which file, the others go on", async (t) => {
  const small = mount("one-log", 20, t);
  if (small === null) return;
  const dataDir = join(folder, "one");
  let cluster = await Cluster.start(dataDir);
  await cluster.stop();
  assert.equal(spawnSync("cp", ["-r", "--sparse=always", join(dataDir, "node-2", "wal"), small]).status, 0);
  removeFolder(join(dataDir, "node-2", "wal"));
  symlinkSync(join(small, "wal"), join(dataDir, "node-2", "wal"));

  const known: Acknowledged = new Map();
  cluster = await Cluster.start(dataDir);
  await cluster.createTable();
  t.after(() => cluster.stop());
  for (let i = 0; i < 70; i++) {
    const key = `k${i % 20}`;
    if (await cluster.put(key, i, LARGE)) known.set(key, i);
    else known.delete(key); // the fate of this write is not known
  }
  assertNamed(await cluster.detail(), 2, /node-2\/wal\/wal-\d+\.log, offset \d+: ENOSPC/);
  assert.ok(known.size >= 15, `${known.size} keys written`);
  await verify(cluster.endpoint, known, "with a full disk");
  await cluster.stop();

  resize(small, 200);
  cluster = await Cluster.start(dataDir);
  assert.equal(await cluster.detail(), "ok");
  await verify(cluster.endpoint, known, "with space again");
  await cluster.stop();
});

type Ended = { readonly code: number | null; readonly signal: string | null; readonly err: string };

class Server {
  readonly endpoint: string;
  readonly ended: Promise<Ended>;
  readonly child: ChildProcess;

  constructor(dataDir: string, port: number) {
    this.endpoint = `http://127.0.0.1:${port}`;
    this.child = spawn(process.execPath, [PROGRAM, "start", "--port", String(port), "--data-dir", dataDir], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    children.add(this.child);
    let err = "";
    this.child.stderr?.on("data", (chunk: Buffer) => {
      err += chunk.toString();
    });
    this.ended = new Promise((resolve) => {
      this.child.once("close", (code, signal) => {
        children.delete(this.child);
        resolve({ code, signal, err });
      });
    });
  }

  async ready(): Promise<boolean> {
    while (this.child.exitCode === null) {
      const answer = await fetch(`${this.endpoint}/readyz`).catch(() => null);
      if (answer?.ok === true) return true;
      await sleep(20);
    }
    return false;
  }
}

test("the disk of all nodes is full: the process says so and ends; with space again everything is there", async (t) => {
  const disk = mount("all", 70, t);
  if (disk === null) return;
  const dataDir = join(disk, "data");
  const known: Acknowledged = new Map();
  const port = await freePort();
  let server = new Server(dataDir, port);
  assert.ok(await server.ready());
  await createTable(server.endpoint);
  for (let i = 0; i < 300 && server.child.exitCode === null; i++) {
    const key = `k${i % 60}`;
    const isDone = await put(server.endpoint, key, i, LARGE).catch(() => null);
    if (isDone === true) known.set(key, i);
    else known.delete(key); // the fate of this write is not known
    if (isDone === null) break; // the server is gone
  }
  const ended = await server.ended;
  assert.equal(ended.code, EXIT_FAILED, `signal ${ended.signal}: ${ended.err}`);
  assert.match(ended.err, /the cluster cannot go on: node \d stopped: \S+, offset \d+: ENOSPC|node-\d\/tree: .*(ENOSPC|space)/i);
  assert.ok(known.size >= 10, `${known.size} keys known`);

  const full = new Server(dataDir, port);
  if (await full.ready()) {
    full.child.kill("SIGTERM"); // the log's repair needed no space
    assert.ok([EXIT_OK, EXIT_FAILED].includes((await full.ended).code ?? -1));
  } else {
    const { code, signal, err } = await full.ended;
    assert.ok(code === EXIT_CANNOT_START || code === EXIT_FAILED, `code ${code}, signal ${signal}: ${err}`);
  }

  resize(disk, 300);
  server = new Server(dataDir, port);
  assert.ok(await server.ready(), "starts with space again");
  await verify(server.endpoint, known, "after the disk was full");
  server.child.kill("SIGTERM");
  assert.equal((await server.ended).code, EXIT_OK);
});
