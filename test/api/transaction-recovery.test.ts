// A coordinator stops amid a transaction: what it holds is refused to others, until a leader ends it as the ledger says.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import {
  BatchWriteItemCommand, GetItemCommand, PutItemCommand, TransactGetItemsCommand, TransactWriteItemsCommand,
  TransactionCanceledException, type TransactGetItemsCommandOutput,
} from "@aws-sdk/client-dynamodb";
import { setMischief, type BuggifyPoint } from "../../src/base/buggify.ts";
import { N, S, Server, rejected, type Item } from "./kit.ts";

const T = "held";
const KEYS = Array.from({ length: 12 }, (_, i) => `h${i}`);
let server: Server;
before(async () => {
  server = await Server.start();
  await server.table(T, "pk:S");
});
after(async () => {
  setMischief(null);
  await server.stop();
});

const put = (pk: string, v: number): Promise<unknown> => server.client.send(new PutItemCommand({ TableName: T, Item: { pk: S(pk), v: N(v) } }));
const read = async (pk: string): Promise<Item | undefined> => (
  (await server.client.send(new GetItemCommand({ TableName: T, Key: { pk: S(pk) }, ConsistentRead: true }))).Item);
const write = (v: number, ClientRequestToken: string): Promise<unknown> => server.client.send(new TransactWriteItemsCommand({
  TransactItems: KEYS.map((pk) => ({ Put: { TableName: T, Item: { pk: S(pk), v: N(v) } } })), ClientRequestToken,
}));
const look = (): Promise<TransactGetItemsCommandOutput> => server.client.send(new TransactGetItemsCommand({
  TransactItems: KEYS.map((pk) => ({ Get: { TableName: T, Key: { pk: S(pk) } } })),
}));

/** All as they are once nothing is held. */
async function settled(): Promise<(string | undefined)[]> {
  for (;;) {
    try {
      const { Responses } = await look();
      return [...new Set(Responses?.map(({ Item }) => Item?.["v"]?.N))];
    } catch (error) {
      assert(error instanceof TransactionCanceledException, String(error));
      await pause(50);
    }
  }
}

const cases: readonly [BuggifyPoint, number, string][] = [
  ["router: a coordinator stops before its decision", 1, "goes back"],
  ["router: a coordinator stops after its decision", 2, "is done"],
];

for (const [point, expected, what] of cases) {
  test(`what was begun ${what}: ${point}`, async () => {
    for (const pk of KEYS) await put(pk, 1);
    setMischief({ isTaken: (asked) => asked === point, reached: () => undefined });
    await rejected(write(2, `token-${expected}`), "InternalServerError");
    setMischief(null);
    const conflict = await rejected(put("h3", 9), "TransactionConflictException");
    assert.equal(conflict.message, "Transaction is ongoing for the item");
    assert.deepEqual(await read("h3"), { pk: S("h3"), v: N(1) });
    const error = await rejected(look(), "TransactionCanceledException");
    assert.deepEqual(error.CancellationReasons[3], { Code: "TransactionConflict", Message: "Transaction is ongoing for the item" });
    const { UnprocessedItems } = await server.client.send(new BatchWriteItemCommand({
      RequestItems: { [T]: [{ PutRequest: { Item: { pk: S("free") } } }, { PutRequest: { Item: { pk: S("h4"), v: N(9) } } }] },
    }));
    assert.deepEqual(UnprocessedItems, { [T]: [{ PutRequest: { Item: { pk: S("h4"), v: N(9) } } }] });
    assert.deepEqual(await settled(), [String(expected)]);
    // The same request again is the same transaction if that is done, and a new attempt if it is not.
    for (const pk of KEYS) await put(pk, 7);
    await write(2, `token-${expected}`);
    assert.deepEqual(await settled(), [expected === 2 ? "7" : "2"]);
  });
}
