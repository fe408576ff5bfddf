// `stator start`: runs the embedded cluster until it is told to stop.
import { startEmbeddedCluster } from "../app/embedded-cluster.ts";
import type { EmbeddedOptions, RunningCluster } from "../app/embedded-options.ts";
import { EXIT_FAILED, EXIT_OK } from "./exit-codes.ts";
import { guardProcess, nextSignal, refuseStart } from "./process-end.ts";

/** Resolves to the exit code when the cluster has stopped. */
export async function runStart(options: EmbeddedOptions): Promise<number> {
  guardProcess();
  const signal = nextSignal();
  let cluster: RunningCluster;
  try {
    cluster = await startEmbeddedCluster(options);
  } catch (error) {
    return refuseStart(error);
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

/** What a person needs to see: where it listens, where the data lies, and a first thing to try. */
export function describeCluster(cluster: RunningCluster, options: EmbeddedOptions, startMs: number): string {
  const url = cluster.endpoint.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:");
  const first = options.credentials?.[0] ?? null;
  const id = first === null ? "local" : first.accessKeyId;
  const secret = first === null ? "local" : "<its secret>";
  const trust = options.tls === undefined
    ? "" : "\n  export AWS_CA_BUNDLE=<the certificate's file> NODE_EXTRA_CA_CERTS=<likewise>";
  const data = cluster.dataDir ?? "in memory: gone when this process ends";
  return `Stator is ready after ${Math.round(startMs)} ms.

  endpoint        ${cluster.endpoint}
  zones           ${cluster.zones.join(" ")}
  data directory  ${data}
  credentials     ${first === null ? "any (this machine only)" : `${options.credentials?.length} known`}

Try it with the AWS command line:

  export AWS_ACCESS_KEY_ID=${id} AWS_SECRET_ACCESS_KEY=${secret} AWS_DEFAULT_REGION=${options.region}${trust}
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
