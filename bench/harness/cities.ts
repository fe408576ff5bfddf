// Loading the demo's cities: apart from the other measurements, because the cities take memory once imported.
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { BY_NAME, createCityTable, ITEMS, load } from "../../demo/cities-table.ts";
import type { Peers } from "./peers.ts";
import { startServer } from "./server-under-test.ts";
import { CREDENTIAL } from "./sign-request.ts";

export type CitiesFigures = { readonly items: number; readonly itemsPerSecond: number };

/** The demo's loader in this process and the server in its own share all cores. */
export async function measureCities(peers: Peers, itemsMax: number): Promise<CitiesFigures> {
  const server = await startServer("stator", { peers, isPinned: false });
  const client = new DynamoDBClient({
    endpoint: `http://127.0.0.1:${server.port}`, region: "us-east-1", credentials: CREDENTIAL,
  });
  try {
    await createCityTable(client, BY_NAME);
    let items = 0;
    const began = performance.now();
    await load(client, BY_NAME, () => {
      items++;
    }, () => items >= itemsMax);
    if (items < Math.min(itemsMax, ITEMS.length)) throw new Error(`only ${items} cities were loaded`);
    return { items, itemsPerSecond: items * 1_000 / (performance.now() - began) };
  } finally {
    client.destroy();
    await server.stop();
  }
}
