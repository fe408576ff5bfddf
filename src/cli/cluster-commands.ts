// The subcommands for clusters of processes: their options and help. Each one's code is loaded when it runs.
import { Option, type Command } from "commander";
import { EXIT_USAGE } from "./exit-codes.ts";
import { NODE_DEFAULTS, parseNodeArguments, type NodeArguments } from "./node-arguments.ts";
import { DEFAULTS, LOG_LEVELS } from "./start-options.ts";
import type { EndpointArguments } from "./operate.ts";

const NODE_HELP = `
A cluster of three nodes on one machine, for a look at it (on three machines it is the same with their addresses):

  stator node --zone az1 --data-dir ./n1 --listen 127.0.0.1:7001 --port 8001 &
  stator node --zone az2 --data-dir ./n2 --listen 127.0.0.1:7002 --port 8002 &
  stator node --zone az3 --data-dir ./n3 --listen 127.0.0.1:7003 --port 8003 &
  stator init --nodes 127.0.0.1:7001,127.0.0.1:7002,127.0.0.1:7003
  stator status --endpoint http://127.0.0.1:8001

A further node, at any time:

  stator node --zone az1 --data-dir ./n4 --listen 127.0.0.1:7004 --port 8004 --join 127.0.0.1:7001,127.0.0.1:7002

Identity:
  A node's directory keeps who it is. A node whose directory is lost comes back as a new one, with an empty directory
  and --join; the cluster gives it the replicas of the lost one by itself. Never run a copy of a directory.

HTTPS:
  With --tls-cert and --tls-key clients of this node speak HTTPS. The commands for operators then need the certificate:
  NODE_EXTRA_CA_CERTS=cert.pem stator status --endpoint https://127.0.0.1:8001

Peers:
  There is no TLS between nodes yet: whoever reaches a node's peer port can read and change everything. So --listen
  takes only addresses of this machine, unless --insecure-peers says that nobody else is on that network.
`;

const INIT_HELP = `
Run once, when the first nodes wait for it: at least three, in at least three zones. The catalogue of the cluster
begins on the first three that are in different zones. Run it again with the same nodes if it was cut short.
`;

type Exit = (code: number) => void;

export function addClusterCommands(program: Command, exit: Exit): void {
  addNode(program, exit);
  program.command("init")
    .description("make a cluster of nodes that wait for it")
    .requiredOption("--nodes <host:port,…>", "where the nodes listen for peers")
    .addHelpText("after", INIT_HELP)
    .action(async (given: { nodes: string }) => {
      const { runInit } = await import("./node.ts");
      return exit(await runInit(given));
    });
  addOperations(program, exit);
}

function addNode(program: Command, exit: Exit): void {
  program.command("node")
    .description("run one node of a cluster of processes")
    .requiredOption("--zone <name>", "the zone it is in: copies of everything are kept in three")
    .requiredOption("--data-dir <path>", "where its identity, log and tree are kept")
    .option("--listen <host:port>", "where peers connect to; port 0 for any free one", NODE_DEFAULTS.listen)
    .option("--advertise <host:port>", "where peers are told to connect to, if not where it listens")
    .option("--insecure-peers", "listen for peers on addresses that other machines reach (no TLS, see below)")
    .option("--join <host:port,…>", "nodes to find the cluster through")
    .addOption(new Option("--port <n>", "port of the HTTP endpoint, 0 for any free one")
      .default(DEFAULTS.port).env("STATOR_PORT"))
    .addOption(new Option("--host <address>", "address of the HTTP endpoint").default(DEFAULTS.host).env("STATOR_HOST"))
    .addOption(new Option("--credentials <file|id:secret>", "check signatures against these").env("STATOR_CREDENTIALS"))
    .option("--cors [origins]", "let pages of these origins in, separated by commas; without a value all")
    .option("--tls-cert <file>", "clients speak HTTPS: the certificate and its chain, in PEM")
    .option("--tls-key <file>", "the certificate's private key, in PEM")
    .option("--partitions <n>", "partitions of a new table (1 to 64)", DEFAULTS.partitions)
    .option("--ttl-sweep <seconds>", "between two looks for items whose time is over", DEFAULTS.ttlSweep)
    .option("--capacity <n>", "replicas that this node takes at most", NODE_DEFAULTS.capacity)
    .option("--region <name>", "region in ARNs", DEFAULTS.region)
    .option("--log-level <level>", `what to print: ${LOG_LEVELS.join(", ")}`, DEFAULTS.logLevel)
    .addHelpText("after", NODE_HELP)
    .action(async (given: NodeArguments, command: Command) => {
      const parsed = parseNodeArguments(given);
      if (!parsed.ok) return command.error(`error: ${parsed.message}`, { exitCode: EXIT_USAGE });
      const { runNode } = await import("./node.ts");
      return exit(await runNode(parsed.options));
    });
}

function withEndpoint(command: Command): Command {
  return command
    .addOption(new Option("--endpoint <url>", "the HTTP endpoint of any node")
      .default(`http://${DEFAULTS.host}:${DEFAULTS.port}`).env("STATOR_ENDPOINT"))
    .addOption(new Option("--credentials <file|id:secret>", "needed from other machines").env("STATOR_CREDENTIALS"));
}

function addOperations(program: Command, exit: Exit): void {
  withEndpoint(program.command("status").description("show nodes, partitions, leaders and what is under way"))
    .option("--json", "everything, as one JSON object")
    .action(async (given: EndpointArguments & { json?: boolean }) => (
      exit(await (await import("./operate.ts")).runStatus(given))
    ));
  withEndpoint(program.command("drain").description("move everything off a node, for maintenance or for good"))
    .requiredOption("--node <id>", "which one, see `stator status`")
    .option("--undo", "let it take replicas again")
    .action(async (given: EndpointArguments & { node: string; undo?: boolean }) => (
      exit(await (await import("./operate.ts")).runDrain(given))
    ));
  withEndpoint(program.command("remove").description("forget a node that holds nothing any more"))
    .requiredOption("--node <id>", "which one, see `stator status`")
    .action(async (given: EndpointArguments & { node: string }) => (
      exit(await (await import("./operate.ts")).runRemove(given))
    ));
  withEndpoint(program.command("split").description("split a partition in two"))
    .requiredOption("--table <name>", "the table")
    .option("--partition <id>", "which one; the largest if not given")
    .action(async (given: EndpointArguments & { table: string; partition?: string }) => (
      exit(await (await import("./operate.ts")).runSplit(given))
    ));
  withEndpoint(program.command("move").description("move a replica of a partition to another node"))
    .requiredOption("--group <id>", "the partition, see `stator status`")
    .requiredOption("--from <node>", "the node that has the replica")
    .requiredOption("--to <node>", "the node that shall have it")
    .action(async (given: EndpointArguments & { group: string; from: string; to: string }) => (
      exit(await (await import("./operate.ts")).runMove(given))
    ));
  withEndpoint(program.command("transfer").description("have another node lead a partition"))
    .requiredOption("--group <id>", "the partition, see `stator status`")
    .requiredOption("--to <node>", "a node that has a replica")
    .action(async (given: EndpointArguments & { group: string; to: string }) => (
      exit(await (await import("./operate.ts")).runTransfer(given))
    ));
}
