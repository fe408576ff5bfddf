// The command line: subcommands, their help, and nothing else. Each subcommand's code is loaded when it runs.
import { Command, CommanderError, Option } from "commander";
import { addClusterCommands } from "./cluster-commands.ts";
import { EXIT_OK, EXIT_USAGE } from "./exit-codes.ts";
import type { InspectArguments } from "./inspect.ts";
import { DEFAULTS, LOG_LEVELS, parseStartOptions, type StartArguments } from "./start-options.ts";

const EXAMPLES = `
Examples:
  stator start                          three zones on http://127.0.0.1:8000, data in ./.stator
  stator start --in-memory --port 9000  for tests: nothing is written, everything is gone at the end
  stator start --host 0.0.0.0 --credentials ./credentials
                                        reachable from other machines, with signatures checked
  stator node --help                    how to run a cluster of processes, on one machine or on many
  stator status                         how a cluster of processes is
  stator inspect wal ./.stator          what the logs hold, batch by batch

Exit codes:
  0 done, or stopped cleanly     1 failed while running, or damage found
  2 wrong command line           3 cannot start (port, data directory, credentials)
  70 a bug in Stator             128+n forced by a second signal n
`;

const START_HELP = `
Examples:
  stator start
  stator start --data-dir /var/lib/stator --log-level info
  stator start --in-memory --zones 1 --port 0     smallest and fastest: one copy, no disk, a free port

Credentials:
  Without --credentials any access key and secret are taken, and only this machine can connect.
  --credentials FILE reads one accessKeyId:secretAccessKey per line ('#' starts a comment line).
  --credentials ID:SECRET gives one directly; others on this machine can see it in the list of processes.

Browsers and HTTPS:
  stator start --cors https://app.example.com --tls-cert cert.pem --tls-key key.pem
  Clients must trust the certificate; Node's do by NODE_EXTRA_CA_CERTS.

Data directory:
  It remembers its number of zones. One process at a time can use it. Delete it to begin anew.
`;

const INSPECT_HELP = `
Examples:
  stator inspect wal ./.stator                segments, batches and records of all nodes' logs
  stator inspect tree ./.stator --node 2      rows of the tree of node 2
  stator inspect wal ./.stator --json | jq 'select(.lsn > 100)'

The cluster that owns the directory must be stopped. Nothing is changed.
`;

/** Runs one command line, without the names of node and program, and ends the process. */
export async function main(args: readonly string[], version: string): Promise<void> {
  const program = buildProgram(version, (code) => process.exit(code));
  try {
    await program.parseAsync(args, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    process.exit(error.exitCode === 0 ? EXIT_OK : EXIT_USAGE);
  }
}

export function buildProgram(version: string, exit: (code: number) => void): Command {
  const program = new Command("stator")
    .description("A DynamoDB-compatible database that you run yourself.")
    .version(version)
    .helpOption("-h, --help", "show this help")
    .helpCommand("help [command]", "show the help of a command")
    .showHelpAfterError("(stator --help shows what there is)")
    .addHelpText("after", EXAMPLES)
    .exitOverride();
  addStart(program, exit);
  addClusterCommands(program, exit);
  addInspect(program, exit);
  return program;
}

function addStart(program: Command, exit: (code: number) => void): void {
  program.command("start")
    .description("run a cluster of three zones in this process")
    .addOption(new Option("--port <n>", "port of the HTTP endpoint, 0 for any free one")
      .default(DEFAULTS.port).env("STATOR_PORT"))
    .addOption(new Option("--host <address>", "address to listen on").default(DEFAULTS.host).env("STATOR_HOST"))
    .addOption(new Option("--data-dir <path>", "where logs and trees are kept")
      .default(DEFAULTS.dataDir).env("STATOR_DATA_DIR"))
    .option("--in-memory", "keep everything in memory")
    .option("--zones <n>", "zones, each with a node and a copy of everything (1 to 5)", DEFAULTS.zones)
    .option("--partitions <n>", "partitions of a new table (1 to 64)", DEFAULTS.partitions)
    .option("--ttl-sweep <seconds>", "between two looks for items whose time is over", DEFAULTS.ttlSweep)
    .addOption(new Option("--credentials <file|id:secret>", "who may use the endpoint").env("STATOR_CREDENTIALS"))
    .option("--cors [origins]", "let pages of these origins in, separated by commas; without a value all")
    .option("--tls-cert <file>", "speak HTTPS: the certificate and its chain, in PEM")
    .option("--tls-key <file>", "the certificate's private key, in PEM")
    .option("--region <name>", "region in ARNs where the request names none", DEFAULTS.region)
    .option("--log-level <level>", `one of ${LOG_LEVELS.join(", ")}`, DEFAULTS.logLevel)
    .addHelpText("after", START_HELP)
    .action(async (given: StartArguments, command: Command) => {
      const parsed = parseStartOptions(given);
      if (!parsed.ok) return command.error(`error: ${parsed.message}`, { exitCode: EXIT_USAGE });
      const { runStart } = await import("./start.ts");
      return exit(await runStart(parsed.options));
    });
}

function addInspect(program: Command, exit: (code: number) => void): void {
  program.command("inspect")
    .description("print what the files of a stopped cluster hold")
    .argument("<what>", "wal or tree")
    .argument("<data-dir>", "the cluster's data directory")
    .option("--node <n>", "only this node (default: all)")
    .option("--json", "one JSON object per line")
    .addHelpText("after", INSPECT_HELP)
    .action(async (what: string, dataDir: string, options: InspectArguments, command: Command) => {
      if (what !== "wal" && what !== "tree") {
        return command.error(`error: cannot inspect ${what}; it is wal or tree.`, { exitCode: EXIT_USAGE });
      }
      const { runInspect } = await import("./inspect.ts");
      return exit(await runInspect(what, dataDir, options));
    });
}
