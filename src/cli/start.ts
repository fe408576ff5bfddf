// `stator start`: runs the embedded cluster until it is told to stop.
import { startEmbeddedCluster } from "../app/embedded-cluster.ts";
import { StartError, type EmbeddedOptions, type RunningCluster } from "../app/embedded-options.ts";
import { EXIT_BUG, EXIT_CANNOT_START, EXIT_FAILED, EXIT_FORCED_BASE, EXIT_OK } from "./exit-codes.ts";

/** One key press can arrive twice: from the terminal and passed on by npm or the launcher. */
const SAME_SIGNAL_MS = 500;
const SIGNALS = { SIGINT: 2, SIGTERM: 15, SIGHUP: 1 } as const;
type StopSignal = keyof typeof SIGNALS;

/** Resolves to the exit code when the cluster has stopped. */
export async function runStart(options: EmbeddedOptions): Promise<number> {
  process.on("uncaughtException", endOnBug);
  process.stdout.on("error", ignore); // whoever reads the output may go away; the server stays
  process.stderr.on("error", ignore);
  const signal = nextSignal();
  let cluster: RunningCluster;
  try {
    cluster = await startEmbeddedCluster(options);
  } catch (error) {
    return refuse(error);
  }
  process.stdout.write(describeCluster(cluster, options, performance.now()));
  const failure = await Promise.race([signal, cluster.failed]);
  if (failure instanceof Error) {
    process.stderr.write(`stator: the cluster cannot go on: ${failure.message}\n`);
    await cluster.stop();
    return EXIT_FAILED;
  }
  process.stdout.write("Stopping: requests under way are answered, logs and trees closed. Again to force it.\n");
  await cluster.stop();
  return EXIT_OK;
}

function refuse(error: unknown): number {
  const { code, path, message } = error as NodeJS.ErrnoException;
  if (error instanceof StartError) {
    process.stderr.write(`stator: ${message}\n`);
  } else if (code === "EACCES" || code === "EROFS" || code === "ENOSPC" || code === "ENOTDIR" || code === "EEXIST") {
    process.stderr.write(`stator: the data directory cannot be used (${message}). Choose another --data-dir, `
      + `or make ${path ?? "it"} a directory that this user may write to.\n`);
  } else {
    throw error;
  }
  return EXIT_CANNOT_START;
}

/** Resolves at the first request to stop; a later one ends the process at once. */
function nextSignal(): Promise<StopSignal> {
  return new Promise((resolve) => {
    let firstAt = -1;
    const hear = (signal: StopSignal): void => {
      const now = performance.now();
      if (firstAt < 0) {
        firstAt = now;
        resolve(signal);
      } else if (now - firstAt > SAME_SIGNAL_MS) {
        process.exit(EXIT_FORCED_BASE + SIGNALS[signal]);
      }
    };
    for (const signal of Object.keys(SIGNALS)) process.on(signal as StopSignal, hear);
  });
}

function endOnBug(error: Error): void {
  process.stderr.write(`stator: this is a bug in Stator; please report it with this text:\n${String(error.stack)}\n`);
  process.exit(EXIT_BUG);
}

function ignore(): void {
  // Nobody is left to tell.
}

/** What a person needs to see: where it listens, where the data lies, and a first thing to try. */
export function describeCluster(cluster: RunningCluster, options: EmbeddedOptions, startMs: number): string {
  const url = cluster.endpoint.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:");
  const first = options.credentials?.[0] ?? null;
  const id = first === null ? "local" : first.accessKeyId;
  const secret = first === null ? "local" : "<its secret>";
  const data = cluster.dataDir ?? "in memory: gone when this process ends";
  return `Stator is ready after ${Math.round(startMs)} ms.

  endpoint        ${cluster.endpoint}
  zones           ${cluster.zones.join(" ")}
  data directory  ${data}
  credentials     ${first === null ? "any (this machine only)" : `${options.credentials?.length} known`}

Try it with the AWS command line:

  export AWS_ACCESS_KEY_ID=${id} AWS_SECRET_ACCESS_KEY=${secret} AWS_DEFAULT_REGION=${options.region}
  aws dynamodb create-table --endpoint-url ${url} --table-name Music --billing-mode PAY_PER_REQUEST \\
    --attribute-definitions AttributeName=Artist,AttributeType=S --key-schema AttributeName=Artist,KeyType=HASH
  aws dynamodb put-item --endpoint-url ${url} --table-name Music --item '{"Artist":{"S":"Nina"},"Songs":{"N":"3"}}'
  aws dynamodb scan --endpoint-url ${url} --table-name Music

or from JavaScript:

  new DynamoDBClient({ endpoint: "${url}", region: "${options.region}",
    credentials: { accessKeyId: "${id}", secretAccessKey: "${secret}" } })

Ctrl-C stops it.
`;
}
