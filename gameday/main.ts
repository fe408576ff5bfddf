// npm run gameday -- [--nodes N] [--only a,b] [--pace 1] [--seed S] [--links proxy|netns] [--out DIR]
// A cluster of node processes under load, broken in every way of faults.ts; what clients saw is checked and drawn.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ApplicationLoad } from "./application-load.ts";
import { Availability } from "./availability.ts";
import { CheckedLoad } from "./checked-load.ts";
import { Cluster, OWNER_INDEX, TABLE, TRANSACTED } from "./cluster.ts";
import { FAULTS, inflict, type Day, type FaultResult } from "./faults.ts";
import type { Links } from "./links.ts";
import { NetnsLinks } from "./netns-links.ts";
import { ProxyLinks } from "./proxy-links.ts";
import { markdown, picture } from "./report.ts";
import type { SdkOptions } from "./sdk-client.ts";
import { isWhole } from "./status.ts";
import { TransactionLoad } from "./transaction-load.ts";
import { judgeTransactions } from "./transaction-verdict.ts";
import { judge } from "./verdict.ts";

const HELP = `npm run gameday -- [options]
  --nodes N        node processes in three zones (6)
  --partitions N   of the table to begin with (3)
  --only a,b       some of: ${FAULTS.map(({ name }) => name).join(", ")}
  --pace X         scales all waits (1)
  --clients N      application clients (6)
  --links KIND     netns or proxy (netns where root may make them)
  --seed S         of the contested items' commands
  --out DIR        where report.md and availability.svg go (gameday/results)
  --keep           keeps data and logs of the nodes`;
const WHOLE_MS_MAX = 90_000;

const { values } = parseArgs({
  options: {
    nodes: { type: "string", default: "6" }, partitions: { type: "string", default: "3" }, only: { type: "string" },
    pace: { type: "string", default: "1" }, clients: { type: "string", default: "6" }, links: { type: "string" },
    seed: { type: "string" }, out: { type: "string" }, keep: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
if (values.help) console.log(HELP);
else process.exitCode = await gameDay();

async function openLinks(): Promise<Links> {
  if (values.links === "proxy") return new ProxyLinks();
  const tell = (reason: string): void => console.log(`  ${reason}; relays on loopback instead`);
  const links = await NetnsLinks.open(tell);
  if (links === null && values.links === "netns") throw new Error("network namespaces were asked for");
  return links ?? new ProxyLinks();
}

async function gameDay(): Promise<number> {
  const seed = Number(values.seed ?? Date.now() % 1_000_000);
  const directory = mkdtempSync(join(tmpdir(), "stator-gameday-"));
  const out = values.out ?? join(import.meta.dirname, "results");
  const links = await openLinks();
  const credentials = links instanceof NetnsLinks ? "gameday:gameday-secret" : "";
  const cluster = new Cluster({
    directory, nodes: Number(values.nodes), partitions: Number(values.partitions), links, credentials,
  });
  console.log(`Game day: ${values.nodes} node processes, ${links.name}, seed ${seed}, files in ${directory}`);
  let isFailed = true;
  try {
    await cluster.start();
    console.log("  the cluster runs");
    isFailed = await spendDay(cluster, seed, directory, out);
  } finally {
    await cluster.stop();
    await links.close();
    if (values.keep || isFailed) console.log(`  data and logs of the nodes are in ${directory}`);
    else rmSync(directory, { recursive: true, force: true });
  }
  return isFailed ? 1 : 0;
}

async function spendDay(cluster: Cluster, seed: number, directory: string, out: string): Promise<boolean> {
  const sdk = { endpoints: (): readonly string[] => cluster.endpoints(), credentials: cluster.credentials };
  const patient: SdkOptions = { ...sdk, maxAttempts: null };
  const availability = new Availability();
  const application = new ApplicationLoad(
    { ...patient, table: TABLE, clients: Number(values.clients), pauseMs: 10 }, availability,
  );
  const checked = new CheckedLoad({ ...sdk, maxAttempts: 1, table: TABLE, clients: 5, partitionKeys: 4, seed });
  const transactions = new TransactionLoad({ ...sdk, maxAttempts: 1, table: TRANSACTED, clients: 4, seed });
  const day: Day = { cluster, availability, directory, pace: Number(values.pace) };
  const only = values.only?.split(",").map((name) => name.trim());
  const results: FaultResult[] = [];
  const skipped: { name: string; why: string }[] = [];
  for (const fault of FAULTS.filter(({ name }) => only === undefined || only.includes(name))) {
    const why = fault.obstacle?.(day) ?? null;
    if (why !== null) {
      skipped.push({ name: fault.name, why });
      continue;
    }
    console.log(`  ${fault.name} …`);
    const result = await inflict(day, fault);
    results.push(result);
    const { troubledMs, errors } = availability.window("write", result.fromMs, result.toMs);
    console.log(`    ${result.did}; writes troubled for ${(troubledMs / 1_000).toFixed(1)} s, ${errors} errors`);
    for (const failure of result.failures) console.log(`    FAILED: ${failure}`);
  }
  await Promise.all([application.end(), checked.end(), transactions.end()]);
  const failures = results.flatMap((result) => result.failures);
  if (!await cluster.waitFor("whole at the end", WHOLE_MS_MAX, isWhole)) failures.push("the cluster is not whole");
  await checked.readAll();
  console.log(`  ${application.acknowledged.size} acknowledged items are read back …`);
  const verdict = await judge(application, checked, patient, () => undefined);
  const transacted = await judgeTransactions(transactions, patient, TRANSACTED, OWNER_INDEX);
  failures.push(...verdict.failures, ...transacted.failures);
  const report = {
    at: new Date().toISOString().slice(0, 16).replace("T", " "), seed, nodes: Number(values.nodes),
    links: cluster.links.name, results, skipped, verdict, transacted, failures,
  };
  mkdirSync(out, { recursive: true });
  writeFileSync(join(out, "report.md"), markdown(report, availability));
  writeFileSync(join(out, "availability.svg"), picture(report, availability));
  for (const failure of failures) console.log(`  FAILED: ${failure}`);
  const { checkedCalls, checkedItems, undecided } = verdict;
  console.log(`  ${verdict.acknowledged} acknowledged writes, ${verdict.lost} lost; `
    + `${checkedCalls} contested calls on ${checkedItems} items judged, ${undecided} undecided`);
  console.log(`  ${transacted.done} of ${transacted.calls} transactions done, ${transacted.unknown} of unknown fate`);
  console.log(`${failures.length === 0 ? "passed" : "FAILED"}; report and picture in ${out}`);
  return failures.length > 0;
}
