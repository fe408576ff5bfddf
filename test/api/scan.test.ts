// Scans on a disk, over tables of one and of many partitions.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { BatchWriteItemCommand, ScanCommand, paginateScan } from "@aws-sdk/client-dynamodb";
import { N, S, Server, assertRefused, type Item } from "./kit.ts";

const COUNT = 300;
const TABLES = ["one-partition", "five-partitions"] as const;
let server: Server;

before(async () => {
  server = await Server.startOnDisk({ zones: 3 });
  await Promise.all(TABLES.map(async (TableName) => {
    const Value = TableName === "one-partition" ? "1" : "5";
    await server.table(TableName, "pk:S", "sk:N", { Tags: [{ Key: "stator:partitions", Value }] });
    for (let i = 0; i < COUNT; i += 25) {
      const writes = Array.from({ length: 25 }, (_, j) => ({ PutRequest: { Item: itemOf(i + j) } }));
      const { UnprocessedItems } = await server.client.send(
        new BatchWriteItemCommand({ RequestItems: { [TableName]: writes } }),
      );
      assert.deepEqual(UnprocessedItems, {});
    }
  }));
});
after(() => server.stop());

/** Three items of each partition key. */
function itemOf(i: number): Item {
  return { pk: S(`k${Math.floor(i / 3)}`), sk: N((i % 3) - 1), i: N(i), third: { BOOL: i % 3 === 0 } };
}

function numbers(items: readonly Item[] | undefined): number[] {
  return (items ?? []).map((item) => Number(item["i"]?.N));
}
const EVERY = Array.from({ length: COUNT }, (_, i) => i);
const sorted = (list: readonly number[]): number[] => [...list].sort((a, b) => a - b);

for (const TableName of TABLES) {
  test(`${TableName}: one page holds all, every page size covers all once, in the same order`, async () => {
    const whole = await server.client.send(new ScanCommand({ TableName, ConsistentRead: true }));
    assert.deepEqual(sorted(numbers(whole.Items)), EVERY);
    assert.equal(whole.LastEvaluatedKey, undefined);
    for (const pageSize of [7, 50, COUNT, COUNT + 1]) {
      const seen: number[] = [];
      let pages = 0;
      for await (const page of paginateScan({ client: server.client, pageSize }, { TableName })) {
        assert.ok((page.Count ?? 0) <= pageSize);
        assert.ok(page.LastEvaluatedKey === undefined || page.ScannedCount === pageSize, "short pages come last only");
        seen.push(...numbers(page.Items));
        pages++;
      }
      assert.deepEqual(seen, numbers(whole.Items));
      assert.equal(pages, pageSize > COUNT ? 1 : Math.floor(COUNT / pageSize) + 1);
    }
  });

  test(`${TableName}: items of one partition key are together and in order`, async () => {
    const { Items } = await server.client.send(new ScanCommand({ TableName }));
    const list = numbers(Items);
    for (let i = 0; i < COUNT; i += 3) {
      const at = list.indexOf(i);
      assert.deepEqual(list.slice(at, at + 3), [i, i + 1, i + 2]);
    }
  });

  test(`${TableName}: segments cover everything exactly once`, async () => {
    for (const TotalSegments of [1, 2, 3, 7, 64]) {
      const segments = await Promise.all(Array.from({ length: TotalSegments }, async (_, Segment) => {
        const seen: number[] = [];
        const config = { client: server.client, pageSize: 11 };
        for await (const page of paginateScan(config, { TableName, Segment, TotalSegments })) seen.push(...numbers(page.Items));
        return seen;
      }));
      assert.deepEqual(sorted(segments.flat()), EVERY, `${TotalSegments} segments`);
    }
    const most = await server.ok("Scan", { TableName, Segment: 999_999, TotalSegments: 1_000_000 });
    assert.ok(most.Count <= 3);
  });

  test(`${TableName}: filters count what was read`, async () => {
    const page = await server.client.send(new ScanCommand({
      TableName, FilterExpression: "third = :t AND i >= :ten", Limit: 60,
      ExpressionAttributeValues: { ":t": { BOOL: true }, ":ten": N(10) },
    }));
    assert.equal(page.ScannedCount, 60);
    assert.ok((page.Count ?? 0) <= 20 && page.Count === page.Items?.length);
    const count = await server.client.send(new ScanCommand({
      TableName, FilterExpression: "third = :t", Select: "COUNT", ExpressionAttributeValues: { ":t": { BOOL: true } },
    }));
    assert.deepEqual([count.Count, count.ScannedCount, count.Items], [100, COUNT, undefined]);
  });

  test(`${TableName}: pages end at 1 MB wherever partitions end`, async () => {
    const big = `${TableName}-big`;
    const Value = TableName === "one-partition" ? "1" : "5";
    await server.table(big, "pk:S", undefined, { Tags: [{ Key: "stator:partitions", Value }] });
    const size = 150 * 1024;
    await Promise.all(Array.from({ length: 20 }, (_, i) => {
      const pk = `b${String(i).padStart(2, "0")}`;
      return server.ok("PutItem", { TableName: big, Item: { pk: S(pk), v: S("x".repeat(size - 6)), i: N(i) } });
    }));
    const counts: number[] = [];
    const seen: number[] = [];
    for await (const page of paginateScan({ client: server.client }, { TableName: big })) {
      counts.push(page.Count ?? 0);
      seen.push(...numbers(page.Items));
    }
    assert.deepEqual(sorted(seen), EVERY.slice(0, 20));
    assert.deepEqual(counts, [7, 7, 6], "the seventh item crosses 1 MiB");
  });
}

test("tables do not see each other's items; an empty one is empty", async () => {
  await server.table("empty", "pk:S");
  assert.deepEqual(await server.ok("Scan", { TableName: "empty" }), { Items: [], Count: 0, ScannedCount: 0 });
  assert.deepEqual(await server.ok("Scan", { TableName: "empty", Limit: 1 }), { Items: [], Count: 0, ScannedCount: 0 });
});

test("refused scans", async () => {
  const TableName = TABLES[0];
  await assertRefused(server, [
    ["Scan", { TableName, Segment: 0 },
      "The TotalSegments parameter is required but was not present in the request when Segment parameter is present"],
    ["Scan", { TableName, TotalSegments: 2 },
      "The Segment parameter is required but was not present in the request when parameter TotalSegments is present"],
    ["Scan", { TableName, Segment: 2, TotalSegments: 2 },
      "The Segment parameter is zero-based and must be less than parameter TotalSegments: "
      + "Segment: 2 is not less than TotalSegments: 2"],
    ["Scan", { TableName, Segment: 0, TotalSegments: 1_000_001 }, /at 'totalSegments' failed .* less than or equal to 1000000$/],
    ["Scan", { TableName, Segment: -1, TotalSegments: 1 }, /at 'segment' failed .* greater than or equal to 0$/],
    ["Scan", { TableName, ExclusiveStartKey: { pk: S("k1") } }, /^The provided starting key is invalid/],
    ["Scan", { TableName, ExclusiveStartKey: { pk: S("k1"), sk: S("1") } }, /^The provided starting key is invalid/],
    ["Scan", { TableName, FilterExpression: "a = :a" },
      "Invalid FilterExpression: An expression attribute value used in expression is not defined; attribute value: :a"],
    ["Scan", { TableName, FilterExpression: "size = :a", ExpressionAttributeValues: { ":a": N(1) } },
      "Invalid FilterExpression: Attribute name is a reserved keyword; reserved keyword: size"],
    ["Scan", { TableName, ScanFilter: { n: { ComparisonOperator: "EQ" } } }, /^One or more .* Invalid number of argument/],
  ]);
  // A start key of another segment.
  const { LastEvaluatedKey } = await server.ok("Scan", { TableName, Segment: 0, TotalSegments: 2, Limit: 1 });
  await assertRefused(server, [["Scan", { TableName, Segment: 1, TotalSegments: 2, ExclusiveStartKey: LastEvaluatedKey },
    /^The provided starting key is invalid: Invalid ExclusiveStartKey/]]);
});
