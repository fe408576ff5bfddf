// `stator node`: runs one node of a cluster of processes until it is told to stop. `stator init`: makes the cluster.
import { StartError } from "../app/embedded-options.ts";
import { initCluster } from "../app/init-cluster.ts";
import type { NodeOptions, RunningNode } from "../app/node-options.ts";
import { NodeProcess } from "../app/node-process.ts";
import { EXIT_FAILED, EXIT_OK, EXIT_USAGE } from "./exit-codes.ts";
import { parseAddresses } from "./node-arguments.ts";
import { guardProcess, nextSignal, refuseStart } from "./process-end.ts";
import { UsageError } from "./start-options.ts";

/** Resolves to the exit code when the node has stopped. */
export async function runNode(given: Omit<NodeOptions, "tell">): Promise<number> {
  guardProcess();
  const signal = nextSignal();
  let node: NodeProcess;
  try {
    node = await NodeProcess.open({ ...given, tell: (line) => void process.stdout.write(`${line}\n`) });
  } catch (error) {
    return refuseStart(error);
  }
  process.stdout.write(`Listening for peers on ${node.peerAddress}.\n`);
  const ready = node.ready().then(
    (running) => {
      if (running !== null) process.stdout.write(describeNode(running, given));
      return null;
    },
    (error: unknown) => ({ error }),
  );
  const isRefused = ready.then((refused) => refused ?? new Promise<never>(() => undefined));
  const end = await Promise.race([signal, node.failed, isRefused]);
  if (typeof end === "object" && "error" in end) {
    await node.stop();
    return refuseStart(end.error);
  }
  if (end instanceof Error) {
    process.stderr.write(`stator: this node cannot go on: ${end.message}\n`);
    await node.stop();
    return EXIT_FAILED;
  }
  process.stdout.write("Stopping: others take the lead, requests under way are answered. Again to force it.\n");
  await node.stop();
  return EXIT_OK;
}

function describeNode(node: RunningNode, options: Omit<NodeOptions, "tell">): string {
  const { credentials } = options;
  return `Node ${node.nodeId} is ready after ${Math.round(performance.now())} ms.

  endpoint        ${node.endpoint}
  node            ${node.nodeId} in zone ${node.zone}, reached by peers at ${node.peerAddress}
  cluster         ${node.clusterId}
  data directory  ${node.dataDir}
  credentials     ${credentials === null ? "any (this machine only)" : `${credentials.length} known`}

How the cluster is: stator status --endpoint ${node.endpoint}
Ctrl-C stops this node; the others go on.
`;
}

export type InitArguments = { readonly nodes: string };

export async function runInit(given: InitArguments): Promise<number> {
  try {
    const addresses = parseAddresses("--nodes", given.nodes);
    const plan = await initCluster(addresses, (line) => void process.stdout.write(`${line}\n`));
    const nodes = plan.founders.map(({ id, zone, address }) => `  node ${id}  ${zone}  ${address}\n`).join("");
    process.stdout.write(`Cluster ${plan.clusterId} has begun:\n${nodes}`);
    return EXIT_OK;
  } catch (error) {
    if (error instanceof UsageError) {
      process.stderr.write(`stator: ${error.message}\n`);
      return EXIT_USAGE;
    }
    if (!(error instanceof StartError)) throw error;
    process.stderr.write(`stator: ${error.message}\n`);
    return EXIT_FAILED;
  }
}
