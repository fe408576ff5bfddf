// What the writers of the crash test know about each item, and the check of a restarted server against it.
// Each key has one writer that does one thing after the other: what is stored must be what it last had
// acknowledged, or, where an answer was lost with the process, what it last attempted.
import { BatchGetItemCommand, GetItemCommand, type DynamoDBClient } from "@aws-sdk/client-dynamodb";

export const TABLE = "crash";

/** The item's counter; null: there is no item. */
export type Stored = number | null;
type Known = { acknowledged: Stored; attempted: Stored; readonly isLarge: boolean };

const KEYS_PER_BATCH = 100;
const READS_AT_ONCE = 16;

export class KnownItems {
  readonly #items: Map<string, Known> = new Map();
  acknowledged = 0;
  /** Writes done whose answer was lost. */
  uncertain = 0;

  current(key: string): Stored {
    return this.#items.get(key)?.acknowledged ?? null;
  }

  attempt(key: string, next: Stored, isLarge: boolean): void {
    const known = this.#items.get(key);
    if (known === undefined) this.#items.set(key, { acknowledged: null, attempted: next, isLarge });
    else known.attempted = next;
  }

  acknowledge(key: string): void {
    const known = this.#items.get(key) as Known;
    known.acknowledged = known.attempted;
    this.acknowledged++;
  }

  /** Throws when what is stored is impossible. Afterwards what is stored is what is known. */
  async check(client: DynamoDBClient, where: string): Promise<void> {
    const small: string[] = [];
    const large: string[] = [];
    for (const [key, { isLarge }] of this.#items) (isLarge ? large : small).push(key);
    for (let from = 0; from < small.length; from += KEYS_PER_BATCH) {
      const keys = small.slice(from, from + KEYS_PER_BATCH);
      const answer = await client.send(new BatchGetItemCommand({
        RequestItems: { [TABLE]: { Keys: keys.map((key) => ({ pk: { S: key } })), ConsistentRead: true } },
      }));
      const left = answer.UnprocessedKeys?.[TABLE]?.Keys?.length ?? 0;
      if (left > 0) throw new Error(`${where}: ${left} keys of a small batch are unprocessed`);
      const counts = new Map(answer.Responses?.[TABLE]?.map((item) => [item["pk"]?.S, Number(item["count"]?.N)]));
      for (const key of keys) this.#settle(key, counts.get(key) ?? null, where);
    }
    for (let from = 0; from < large.length; from += READS_AT_ONCE) {
      await Promise.all(large.slice(from, from + READS_AT_ONCE).map(async (key) => {
        const answer = await client.send(new GetItemCommand({
          TableName: TABLE, Key: { pk: { S: key } }, ConsistentRead: true, ProjectionExpression: "#c",
          ExpressionAttributeNames: { "#c": "count" },
        }));
        this.#settle(key, answer.Item === undefined ? null : Number(answer.Item["count"]?.N), where);
      }));
    }
  }

  #settle(key: string, stored: Stored, where: string): void {
    const known = this.#items.get(key) as Known;
    if (stored !== known.acknowledged) {
      if (stored !== known.attempted) {
        throw new Error(
          `${where}: ${key} holds ${stored}; acknowledged ${known.acknowledged}, attempted ${known.attempted}`,
        );
      }
      this.uncertain++;
    }
    known.acknowledged = stored;
    known.attempted = stored;
  }
}
