// What the day proved: every item that a client was told to be written is there and equal, the histories of the items
// that clients fought over are linearizable, the cluster is whole again.
import { GetItemCommand } from "@aws-sdk/client-dynamodb";
import { checkLinearizable } from "../src/sim/checker/linearizable.ts";
import { describeCall } from "../src/sim/checker/history.ts";
import type { ApplicationLoad } from "./application-load.ts";
import type { CheckedLoad } from "./checked-load.ts";
import { TABLE } from "./cluster.ts";
import { RotatingClient, type SdkOptions } from "./sdk-client.ts";

const READERS = 16;
const SHOWN_CALLS = 12;

export type Verdict = {
  readonly failures: readonly string[];
  readonly acknowledged: number;
  readonly lost: number;
  readonly checkedItems: number;
  readonly checkedCalls: number;
  readonly unknownCalls: number;
  readonly undecided: number;
};

export async function judge(
  application: ApplicationLoad, checked: CheckedLoad, sdk: SdkOptions, progress: (done: number) => void,
): Promise<Verdict> {
  const failures: string[] = application.wrong.slice(0, SHOWN_CALLS);
  const lost = await findLost(application.acknowledged, sdk, failures, progress);
  let undecided = 0;
  let items = 0;
  for (const [item, calls] of checked.history.byItem()) {
    items++;
    const verdict = checkLinearizable(calls);
    if (verdict.kind === "undecided") undecided++;
    if (verdict.kind !== "violation") continue;
    failures.push(`the history of ${item} is not linearizable:`);
    for (const call of calls.slice(-SHOWN_CALLS)) failures.push(`    ${describeCall(call)}`);
  }
  return {
    failures, acknowledged: application.acknowledged.size, lost, checkedItems: items,
    checkedCalls: checked.history.calls.length, unknownCalls: checked.history.counts.unknown, undecided,
  };
}

async function findLost(
  acknowledged: ReadonlyMap<string, string>, sdk: SdkOptions, failures: string[], progress: (done: number) => void,
): Promise<number> {
  const entries = [...acknowledged];
  let lost = 0;
  let next = 0;
  const reader = async (index: number): Promise<void> => {
    const rotating = new RotatingClient(sdk, index);
    while (next < entries.length) {
      const [key, value] = entries[next++] as [string, string];
      const { Item } = await rotating.client.send(new GetItemCommand({
        TableName: TABLE, Key: { pk: { S: key }, sk: { S: "app" } }, ConsistentRead: true,
      }));
      progress(next);
      if (Item?.["v"]?.S === value) continue;
      lost++;
      failures.push(`the acknowledged item ${key} is ${Item === undefined ? "gone" : "another one"}`);
    }
    rotating.destroy();
  };
  await Promise.all(Array.from({ length: READERS }, (_, i) => reader(i)));
  return lost;
}
