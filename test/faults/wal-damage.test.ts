// Damage of log files on a stopped cluster. One damaged node: the start names file and offset, the others serve
// everything. Two: the start is refused. Nothing wrong is ever read.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, renameSync, rmSync, statSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { EXIT_CANNOT_START } from "../../src/cli/exit-codes.ts";
import { StartError } from "../../src/app/embedded-options.ts";
import { Prng } from "../../src/base/prng.ts";
import {
  assertNamed, Cluster, copyOf, flipBit, makeTemplate, newFolder, removeFolder, segmentsOf, usedBytes, verify,
  type Acknowledged,
} from "./kit.ts";

const PROGRAM = fileURLToPath(new URL("../../bin/stator.mjs", import.meta.url));
const folder = newFolder();
const template = join(folder, "template");
const seed = Date.now() % 1_000_000;
const prng = new Prng(seed);
let known: Acknowledged;
before(async () => {
  known = await makeTemplate(template);
});
after(() => removeFolder(folder));

type Damage = readonly [what: string, node: number, hurt: (segments: string[]) => void, file: RegExp];

/** Behind the segment's header. */
const FIRST_BATCH_AT = 512;
const SECTOR = 512;
const SEGMENT = /node-\d\/wal\/wal-\d+\.log, offset \d+: /;
const damages: readonly Damage[] = [
  ["a bit of a segment's header", 1, (segments) => flipBit(segments[0] as string, 9), SEGMENT],
  ["a bit in the middle of the log", 2, (segments) => {
    const file = segments[0] as string;
    flipBit(file, prng.between(512, Math.floor(usedBytes(file) / 2)));
  }, SEGMENT],
  ["a bit of the last batch, which is sealed", 3, (segments) => {
    // The seal has a sector of its own; the bytes between the batch's end and it are padding, which nothing covers.
    const file = segments.findLast((name) => usedBytes(name) > 2 * SECTOR) as string;
    const bytes = readFileSync(file);
    let at = Math.floor((usedBytes(file) - 1) / SECTOR) * SECTOR - 1;
    while (bytes[at] === 0) at--;
    assert.ok(at > SECTOR, "a batch behind the header");
    flipBit(file, at);
  }, SEGMENT],
  ["a segment cut short", 1, (segments) => {
    const file = segments.at(-2) as string;
    truncateSync(file, prng.between(1, statSync(file).size - 1));
  }, SEGMENT],
  ["the newest segment in use cut short", 2, (segments) => {
    const file = segments.findLast((name) => usedBytes(name) > 512) as string;
    truncateSync(file, prng.between(1, usedBytes(file)));
  }, SEGMENT],
  ["a segment of the middle is gone", 3, (segments) => rmSync(segments.at(-2) as string), SEGMENT],
  ["the newest segment is gone", 2, (segments) => rmSync(segments.at(-1) as string), SEGMENT],
  ["two segments changed places", 1, (segments) => {
    const [a, b] = segments as [string, string];
    renameSync(a, `${a}.tmp`);
    renameSync(b, a);
    renameSync(`${a}.tmp`, b);
  }, SEGMENT],
];

for (const [what, node, hurt, file] of damages) {
  test(`${what}: the others serve, the start says where`, async () => {
    const dataDir = copyOf(template, folder, "one");
    hurt(segmentsOf(dataDir, node));
    const cluster = await Cluster.start(dataDir);
    try {
      assertNamed(await cluster.detail(), node, file);
      await verify(cluster.endpoint, known, `seed ${seed}, ${what}`);
      assert.ok(await cluster.put("after", 1));
    } finally {
      await cluster.stop();
      removeFolder(dataDir);
    }
  });
}

test("random bits of one log: nothing wrong is read", async () => {
  for (let i = 0; i < 6; i++) {
    const dataDir = copyOf(template, folder, `random-${i}`);
    const node = prng.between(1, 3);
    const file = prng.pick(segmentsOf(dataDir, node));
    const at = prng.below(statSync(file).size);
    flipBit(file, at);
    const cluster = await Cluster.start(dataDir);
    const where = `seed ${seed}, bit ${i}: ${file} at ${at}`;
    const detail = await cluster.detail();
    if (detail !== "ok") assert.match(detail, SEGMENT, where);
    await verify(cluster.endpoint, known, where);
    await cluster.stop();
    removeFolder(dataDir);
  }
});

test("with two damaged logs the start is refused, with both places and an exit code", async () => {
  const dataDir = copyOf(template, folder, "two");
  for (const node of [1, 3]) flipBit(segmentsOf(dataDir, node)[0] as string, FIRST_BATCH_AT + 3);
  await assert.rejects(Cluster.start(dataDir), (error) => {
    assert.ok(error instanceof StartError);
    assertNamed(error.message, 1, SEGMENT);
    assertNamed(error.message, 3, SEGMENT);
    return true;
  });
  const ended = spawnSync(process.execPath, [PROGRAM, "start", "--port", "0", "--data-dir", dataDir], {
    encoding: "utf8", timeout: 30_000,
  });
  assert.equal(ended.status, EXIT_CANNOT_START, ended.stderr);
  assert.match(ended.stderr, /node 1 stopped: .*wal-\d+\.log, offset \d+.*node 3 stopped: /s);
  removeFolder(dataDir);
});
