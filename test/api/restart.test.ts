// A clean stop in the middle of work, and what is there afterwards.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { N, S, Server } from "./kit.ts";

const dataDir = mkdtempSync(join(tmpdir(), "stator-restart-"));
after(() => rmSync(dataDir, { recursive: true, force: true }));

const WRITERS = 12;

test("a stop under load ends, and every acknowledged write is there afterwards", async () => {
  const first = await Server.start({ dataDir, zones: 3 });
  const tables = ["left", "right"];
  await Promise.all(tables.map((name) => first.table(name, "pk:S")));
  const acknowledged = new Map<string, number>();
  const unexpected: string[] = [];
  const writers = Array.from({ length: WRITERS }, async (_, writer) => {
    for (let i = 0; ; i++) {
      const pk = `w${writer}-${i % 40}`;
      const TableName = tables[writer % 2] as string;
      // Once the stop has begun, a write may be refused or its connection closed.
      const answer = await first.ask("PutItem", { TableName, Item: { pk: S(pk), i: N(i) } }).catch(() => null);
      if (answer === null) return;
      if (answer.status === 200) acknowledged.set(`${TableName} ${pk}`, i);
      else {
        if (answer.status < 500) unexpected.push(answer.text);
        return;
      }
    }
  });
  await sleep(300);
  await first.stop();
  await Promise.all(writers);
  assert.deepEqual(unexpected, []);
  assert.ok(acknowledged.size > WRITERS);

  const second = await Server.start({ dataDir, zones: 3 });
  try {
    assert.deepEqual((await second.ok("ListTables", {})).TableNames, tables);
    const lost: string[] = [];
    for (const [place, count] of acknowledged) {
      const [TableName, pk] = place.split(" ") as [string, string];
      const { Item } = await second.ok("GetItem", { TableName, Key: { pk: S(pk) }, ConsistentRead: true });
      // The last write may have been done without an answer: it is one turn of forty further on.
      if (Number(Item?.i.N) !== count && Number(Item?.i.N) !== count + 40) lost.push(`${place}: ${Item?.i.N}, not ${count}`);
    }
    assert.deepEqual(lost, []);
    await second.table("third", "pk:S");
    await second.ok("PutItem", { TableName: "third", Item: { pk: S("new") } });
    assert.equal((await second.ok("Scan", { TableName: "third" })).Count, 1, "ids are not given out twice");
  } finally {
    await second.stop();
  }
});
