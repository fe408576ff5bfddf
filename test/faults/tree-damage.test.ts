// Damage of tree files, and directories that were lost: on a stopped cluster and on a running one.
import assert from "node:assert/strict";
import { cpSync, readFileSync, readdirSync, renameSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { StartError } from "../../src/app/embedded-options.ts";
import { Prng } from "../../src/base/prng.ts";
import {
  ask, assertNamed, Cluster, copyOf, flipBit, makeTemplate, newFolder, removeFolder, segmentsOf, TABLE, treeOf, verify,
  type Acknowledged,
} from "./kit.ts";

const folder = newFolder();
const template = join(folder, "template");
const seed = Date.now() % 1_000_000;
const prng = new Prng(seed);
const PAGE = 8192;
let known: Acknowledged;
before(async () => {
  known = await makeTemplate(template);
});
after(() => removeFolder(folder));

/** Starts the damaged copy, checks everything, returns what /readyz says. */
async function serveAll(dataDir: string, what: string): Promise<string> {
  const cluster = await Cluster.start(dataDir);
  try {
    const detail = await cluster.detail();
    await verify(cluster.endpoint, known, what);
    assert.ok(await cluster.put("after", 1), what);
    return detail;
  } finally {
    await cluster.stop();
  }
}

/** Offsets of an item's text in the tree's file: of the row in use, and of older copies in free pages. */
function offsetsOf(file: string, text: string): number[] {
  const bytes = readFileSync(file);
  const found: number[] = [];
  for (let at = bytes.indexOf(text); at >= 0; at = bytes.indexOf(text, at + 1)) found.push(at);
  assert.ok(found.length > 0, `${text} is in the tree`);
  return found;
}

test("flipped bits of a tree: found with file and offset before anything is served, or harmless", async () => {
  let found = 0;
  for (let i = 0; i < 8; i++) { // the last one: a row in use
    const dataDir = copyOf(template, folder, `flip-${i}`);
    const node = 1 + (i % 3);
    const file = treeOf(dataDir, node);
    const page = i < 2 ? i : prng.below(statSync(file).size / PAGE);
    const at = page * PAGE + prng.below(i < 5 ? 170 : PAGE);
    if (i < 7) flipBit(file, at);
    else for (const row of offsetsOf(file, "k17:17:")) flipBit(file, row + 9);
    const what = `seed ${seed}, bit ${i}: ${file} at ${at}`;
    const detail = await serveAll(dataDir, what);
    if (detail !== "ok") {
      found++;
      assertNamed(detail, node, /node-\d\/tree: (offset \d+|.*meta page|LMDB data version|pages of)/);
    }
    removeFolder(dataDir);
  }
  assert.ok(found >= 1, `seed ${seed}`);
});

test("a tree cut short, and one that is no tree at all", async () => {
  for (const [node, hurt] of [
    [1, (file: string): void => truncateSync(file, 3 * PAGE + 1)],
    [2, (file: string): void => writeFileSync(file, "this is no tree")],
  ] as const) {
    const dataDir = copyOf(template, folder, `cut-${node}`);
    hurt(treeOf(dataDir, node));
    assertNamed(await serveAll(dataDir, "cut"), node, /node-\d\/tree: /);
    removeFolder(dataDir);
  }
});

test("a tree that was lost is built from its log again, while the log holds everything", async () => {
  const dataDir = copyOf(template, folder, "no-tree");
  for (const name of ["tree", "tree-lock"]) rmSync(join(dataDir, "node-1", name), { force: true });
  assert.equal(await serveAll(dataDir, "no tree"), "ok");
  removeFolder(dataDir);
});

test("a log older than its tree is refused: the node has forgotten what it acknowledged", async () => {
  const dataDir = join(folder, "older");
  let cluster = await Cluster.start(dataDir);
  await cluster.createTable();
  await cluster.put("early", 1);
  await cluster.stop();
  cpSync(join(dataDir, "node-2", "wal"), join(folder, "older-wal"), { recursive: true });
  cluster = await Cluster.start(dataDir);
  for (let i = 0; i < 40; i++) assert.ok(await cluster.put(`later-${i}`, i));
  await sleep(5_500); // a checkpoint
  await cluster.stop();
  rmSync(join(dataDir, "node-2", "wal"), { recursive: true });
  renameSync(join(folder, "older-wal"), join(dataDir, "node-2", "wal"));
  cluster = await Cluster.start(dataDir);
  assertNamed(await cluster.detail(), 2, /node-2\/tree, .*LSN \d+ of group \d+.*the log is missing or older/);
  await verify(cluster.endpoint, new Map(Array.from({ length: 40 }, (_, i) => [`later-${i}`, i])), "older");
  await cluster.stop();
});

const losses: readonly (readonly [what: string, hurt: (node: string) => void])[] = [
  ["directory", (node) => rmSync(node, { recursive: true })],
  ["log's directory", (node) => rmSync(join(node, "wal"), { recursive: true })],
  ["log's segments", (node) => segmentsOf(join(node, ".."), 3).forEach((file) => rmSync(file))],
  ["identity", (node) => rmSync(join(node, "node.json"))],
];
for (const [what, hurt] of losses) {
  test(`a node that lost its ${what} does not vote again under its old name`, async () => {
    const dataDir = copyOf(template, folder, "lost");
    hurt(join(dataDir, "node-3"));
    for (const start of ["first", "second"]) {
      const detail = await serveAll(dataDir, `${what}, ${start} start`);
      assertNamed(detail, 3, /node-3 has lost its (log|identity)/);
    }
    assert.ok(!readdirSync(dataDir).includes("node-3") || segmentsOfOrNone(dataDir).length === 0 || what === "identity");
    rmSync(join(dataDir, "node-1"), { recursive: true });
    await assert.rejects(Cluster.start(dataDir), (error) => {
      assert.ok(error instanceof StartError);
      assert.match(error.message, /node 1 stopped: .*node 3 stopped: .*Too few nodes/s);
      return true;
    });
    removeFolder(dataDir);
  });
}

function segmentsOfOrNone(dataDir: string): string[] {
  try {
    return segmentsOf(dataDir, 3);
  } catch {
    return [];
  }
}

test("cluster.json lost or damaged: refused, with what to do", async () => {
  const dataDir = copyOf(template, folder, "cluster");
  writeFileSync(join(dataDir, "cluster.json"), "{\"format\":1,");
  await assert.rejects(Cluster.start(dataDir), /cluster\.json cannot be read/);
  writeFileSync(join(dataDir, "cluster.json"), "{\"format\":1}");
  await assert.rejects(Cluster.start(dataDir), /cluster\.json is damaged/);
  rmSync(join(dataDir, "cluster.json"));
  await assert.rejects(Cluster.start(dataDir), /no cluster\.json/);
  removeFolder(dataDir);
});

test("a row that rots while the cluster runs is never served: its node stops, another answers", async () => {
  const dataDir = copyOf(template, folder, "running");
  const cluster = await Cluster.start(dataDir);
  try {
    const file = treeOf(dataDir, 1);
    const keys = Array.from({ length: 60 }, (_, i) => `k${i}`); // enough to meet partitions that node 1 leads
    for (const key of keys) for (const at of offsetsOf(file, `${key}:${key.slice(1)}:`)) flipBit(file, at + 12);
    for (const key of keys) {
      const Key = { pk: { S: key } };
      const answer = await ask(cluster.endpoint, "GetItem", { TableName: TABLE, Key, ConsistentRead: true });
      assert.equal(answer.status, 200, JSON.stringify(answer.body));
      const { p } = answer.body["Item"] as { p: { S: string } };
      assert.equal(p.S, `${key}:${key.slice(1)}:${"x".repeat(300)}`);
    }
    assertNamed(await cluster.detail(), 1, /node-1\/tree, key [0-9a-f]+: the row does not agree with its checksum/);
    await verify(cluster.endpoint, known, "running");
  } finally {
    await cluster.stop();
  }
});
