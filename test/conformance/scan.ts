// Scan: filters, pages, segments.
import { N, S, answers, does, refuses, type Suite } from "./suite.ts";
import assert from "node:assert/strict";

const T = { TableName: "$srange" };
const START = "The provided starting key is invalid";
const MISMATCH = "The provided key element does not match the schema";

const refused = refuses("parameters", [
  ["Scan", { TableName: "$nope" }, "Requested resource not found", "ResourceNotFoundException"],
  ["Scan", { ...T, Segment: 1 }, "The TotalSegments parameter is required but was not present in the request when Segment parameter is present"],
  ["Scan", { ...T, TotalSegments: 1 },
    "The Segment parameter is required but was not present in the request when parameter TotalSegments is present"],
  ["Scan", { ...T, Segment: 1, TotalSegments: 1 }, "The Segment parameter is zero-based and must be less than parameter TotalSegments: "
    + "Segment: 1 is not less than TotalSegments: 1"],
  ["Scan", { ...T, Segment: 0, TotalSegments: 0 }, "1 validation error detected: Value '0' at 'totalSegments' failed to satisfy constraint: "
    + "Member must have value greater than or equal to 1"],
  ["Scan", { ...T, Segment: -1, TotalSegments: 1 }, "1 validation error detected: Value '-1' at 'segment' failed to satisfy constraint: "
    + "Member must have value greater than or equal to 0"],
  ["Scan", { ...T, Segment: 0, TotalSegments: 1_000_001 }, "1 validation error detected: Value '1000001' at 'totalSegments' failed to satisfy "
    + "constraint: Member must have value less than or equal to 1000000"],
  ["Scan", { ...T, Limit: 0 }, "1 validation error detected: Value '0' at 'limit' failed to satisfy constraint: "
    + "Member must have value greater than or equal to 1"],
  ["Scan", { ...T, IndexName: "nope" }, "The table does not have the specified index: nope"],
  ["Scan", { ...T, ExclusiveStartKey: { a: S("p") } }, `${START}: ${MISMATCH}`],
  ["Scan", { ...T, ExclusiveStartKey: { a: S("p"), b: S("x") } }, `${START}: ${MISMATCH}`],
  ["Scan", { ...T, ExclusiveStartKey: { a: S("p"), b: {} } },
    `${START}: Supplied AttributeValue is empty, must contain exactly one of the supported datatypes`],
  ["Scan", { ...T, FilterExpression: "" }, "Invalid FilterExpression: The expression can not be empty;"],
  ["Scan", { ...T, FilterExpression: "v = :v" }, "Invalid FilterExpression: An expression attribute value used in expression is not defined; "
    + "attribute value: :v"],
  ["Scan", { ...T, FilterExpression: "v = :v", ExpressionAttributeValues: { ":v": N(1), ":w": N(1) } },
    "Value provided in ExpressionAttributeValues unused in expressions: keys: {:w}"],
  ["Scan", { ...T, ExpressionAttributeValues: { ":v": N(1) } },
    "ExpressionAttributeValues can only be specified when using expressions: FilterExpression is null"],
  ["Scan", { ...T, Select: "ALL_PROJECTED_ATTRIBUTES" },
    "ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName"],
  ["Scan", { ...T, Select: "COUNT", ProjectionExpression: "a" }, "Cannot specify the ProjectionExpression when choosing to get only the Count"],
]);

const ITEMS = Array.from({ length: 40 }, (_, i) => ({ a: S(`p${i % 7}`), b: N(i), v: N(i) }));

const filters = [
  answers("Scan", "filters, on key attributes too", [
    ["Scan", { ...T, FilterExpression: "b = :b AND begins_with(a, :a)", ExpressionAttributeValues: { ":b": N(9), ":a": S("p") } },
      { Items: [ITEMS[9]], Count: 1, ScannedCount: 40, LastEvaluatedKey: undefined }],
    ["Scan", { ...T, Select: "COUNT", FilterExpression: "v < :v", ExpressionAttributeValues: { ":v": N(10) } },
      { Items: undefined, Count: 10, ScannedCount: 40 }],
    ["Scan", { ...T, ProjectionExpression: "v", FilterExpression: "b = :b", ExpressionAttributeValues: { ":b": N(3) } }, { Items: [{ v: N(3) }] }],
    ["Scan", { TableName: "$sempty" }, { Items: [], Count: 0, ScannedCount: 0, LastEvaluatedKey: undefined }],
  ]),
  does("Scan", "pages of any limit give every item once", async (target) => {
    for (const limit of [1, 3, 7, 39, 40, 41]) {
      const seen: number[] = [];
      let from: unknown;
      do {
        const page = await target.ok("Scan", { ...T, Limit: limit, ...(from === undefined ? {} : { ExclusiveStartKey: from }) });
        assert.ok(page.Count <= limit && page.Count === page.Items.length);
        assert.equal("LastEvaluatedKey" in page, page.Count === limit, "a page that is full may have more behind it");
        for (const item of page.Items) seen.push(Number(item.v.N));
        from = page.LastEvaluatedKey;
      } while (from !== undefined);
      assert.deepEqual(seen.toSorted((x, y) => x - y), ITEMS.map((_, i) => i), `limit ${limit}`);
    }
  }),
  does("Scan", "segments give every item once, each in its own pages", async (target) => {
    for (const total of [1, 2, 5, 64]) {
      const seen: number[] = [];
      for (let segment = 0; segment < total; segment++) {
        let from: unknown;
        do {
          const page = await target.ok("Scan", {
            ...T, Segment: segment, TotalSegments: total, Limit: 3, ...(from === undefined ? {} : { ExclusiveStartKey: from }),
          });
          for (const item of page.Items) seen.push(Number(item.v.N));
          from = page.LastEvaluatedKey;
        } while (from !== undefined);
      }
      assert.deepEqual(seen.toSorted((x, y) => x - y), ITEMS.map((_, i) => i), `${total} segments`);
    }
  }),
  does("Scan", "goes on behind a key that is not there", async (target) => {
    const page = await target.ok("Scan", { ...T, ExclusiveStartKey: { a: S("p3"), b: N("3.5") } });
    assert.ok(page.Items.every((item: any) => item.a.S !== "p3" || Number(item.b.N) > 3.5));
  }),
];

export const scan: Suite = {
  name: "scan",
  setup: async (target) => {
    await target.table("srange", "a:S", "b:N");
    await target.table("sempty", "a:S");
    for (const item of ITEMS) await target.ok("PutItem", { ...T, Item: item });
  },
  cases: [...refused, ...filters],
};
