// `stator status`, `drain`, `remove`, `split`, `move`, `transfer`: what an operator asks of a running cluster, over
// HTTP through any of its nodes.
import { EXIT_FAILED, EXIT_OK, EXIT_USAGE } from "./exit-codes.ts";
import { formatStatus, type PartitionStatus, type Status } from "./status-table.ts";
import { parseCredentials, parseWhole, UsageError } from "./start-options.ts";

export type EndpointArguments = { readonly endpoint: string; readonly credentials?: string };

/** As the admin door takes them. */
type Command =
  | { readonly kind: "drain-node"; readonly node: number; readonly isUndone: boolean }
  | { readonly kind: "remove-node"; readonly node: number }
  | { readonly kind: "split-partition"; readonly group: number; readonly at: null }
  | { readonly kind: "move-replica"; readonly group: number; readonly from: number; readonly to: number }
  | { readonly kind: "transfer-leader"; readonly group: number; readonly to: number };

const TIMEOUT_MS = 15_000;
/** The control plane may just be changing its leader: then it is asked again. */
const ATTEMPTS_MAX = 5;
const PAUSE_MS = 500;
const NODE_MAX = 32_767;
const GROUP_MAX = 999_999_999;

class Unanswered extends Error {}

export async function runStatus(given: EndpointArguments & { readonly json?: boolean }): Promise<number> {
  return told(async () => {
    const status = await readStatus(given);
    process.stdout.write(given.json === true ? `${JSON.stringify(status)}\n` : formatStatus(status));
  });
}

export async function runDrain(
  given: EndpointArguments & { readonly node: string; readonly undo?: boolean },
): Promise<number> {
  return told(async () => {
    const node = parseNode("--node", given.node);
    const isUndone = given.undo === true;
    await command(given, { kind: "drain-node", node, isUndone });
    say(isUndone ? `Node ${node} takes replicas again.`
      : `Node ${node} is being drained: what it leads and holds moves away. \`stator status\` shows how far it is.`);
  });
}

export async function runRemove(given: EndpointArguments & { readonly node: string }): Promise<number> {
  return told(async () => {
    const node = parseNode("--node", given.node);
    await command(given, { kind: "remove-node", node });
    say(`Node ${node} is no part of the cluster any more.`);
  });
}

export async function runSplit(
  given: EndpointArguments & { readonly table: string; readonly partition?: string },
): Promise<number> {
  return told(async () => {
    const status = await readStatus(given);
    const group = given.partition === undefined
      ? largestOf(status, given.table) : parseWhole("--partition", given.partition, 1, GROUP_MAX);
    if (!status.partitions.some((one) => one.group === group && one.table === given.table)) {
      throw new UsageError(`Table ${given.table} has no partition ${group}; \`stator status\` lists them.`);
    }
    await command(given, { kind: "split-partition", group, at: null });
    say(`Partition ${group} of ${given.table} is being split; clients notice nothing.`);
  });
}

export async function runMove(
  given: EndpointArguments & { readonly group: string; readonly from: string; readonly to: string },
): Promise<number> {
  return told(async () => {
    const group = parseWhole("--group", given.group, 1, GROUP_MAX);
    const from = parseNode("--from", given.from);
    const to = parseNode("--to", given.to);
    await command(given, { kind: "move-replica", group, from, to });
    say(`The replica of ${group} on node ${from} is being moved to node ${to}. \`stator status\` shows how far it is.`);
  });
}

export async function runTransfer(
  given: EndpointArguments & { readonly group: string; readonly to: string },
): Promise<number> {
  return told(async () => {
    const group = parseWhole("--group", given.group, 1, GROUP_MAX);
    const to = parseNode("--to", given.to);
    await command(given, { kind: "transfer-leader", group, to });
    say(`Node ${to} is to lead ${group}.`);
  });
}

async function told(act: () => Promise<void>): Promise<number> {
  try {
    await act();
    return EXIT_OK;
  } catch (error) {
    if (!(error instanceof UsageError) && !(error instanceof Unanswered)) throw error;
    process.stderr.write(`stator: ${error.message}\n`);
    return error instanceof UsageError ? EXIT_USAGE : EXIT_FAILED;
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function parseNode(name: string, text: string): number {
  return parseWhole(name, text, 1, NODE_MAX);
}

function largestOf(status: Status, table: string): number {
  let largest: PartitionStatus | null = null;
  for (const one of status.partitions) {
    if (one.table === table && (largest === null || (one.bytes ?? 0) > (largest.bytes ?? 0))) largest = one;
  }
  if (largest === null) throw new UsageError(`There is no table ${table}; \`stator status\` lists them.`);
  return largest.group;
}

async function readStatus(given: EndpointArguments): Promise<Status> {
  return (await ask(given, "/_stator/status", null)) as Status;
}

async function command(given: EndpointArguments, what: Command): Promise<void> {
  await ask(given, "/_stator/admin", what);
}

async function ask(given: EndpointArguments, path: string, body: Command | null): Promise<unknown> {
  let problem = "";
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
    const { status, json } = await fetchJson(given, path, body);
    if (status === 200) return json;
    problem = typeof json?.["error"] === "string" ? json["error"] : `it answered ${status}`;
    if (status !== 503) break;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  throw new Unanswered(problem);
}

async function fetchJson(
  given: EndpointArguments, path: string, body: Command | null,
): Promise<{ readonly status: number; readonly json: Record<string, unknown> | null }> {
  const headers: Record<string, string> = {};
  const credential = given.credentials === undefined ? null : (parseCredentials(given.credentials)[0] ?? null);
  if (credential !== null) {
    const { accessKeyId, secretAccessKey } = credential;
    headers["authorization"] = `Basic ${Buffer.from(`${accessKeyId}:${secretAccessKey}`).toString("base64")}`;
  }
  if (body !== null) headers["content-type"] = "application/json";
  try {
    const response = await fetch(urlOf(given.endpoint, path), {
      method: body === null ? "GET" : "POST", headers, signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(body === null ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, json: parseObject(text) };
  } catch (error) {
    const { cause, message } = error as Error;
    throw new Unanswered(`${given.endpoint} does not answer: ${cause instanceof Error ? cause.message : message}`);
  }
}

function urlOf(endpoint: string, path: string): URL {
  if (!URL.canParse(path, endpoint)) {
    throw new UsageError(`--endpoint ${endpoint} is no address, for example http://127.0.0.1:8000.`);
  }
  return new URL(path, endpoint);
}

function parseObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
