// `npm run conformance`: DynamoDB's API, asked of any endpoint.
//
//   --endpoint URL   the server to ask; without it an in-memory Stator is started
//   --region NAME    eu-west-1 if not given
//   --only TEXT      only cases whose suite, operation or name contains it
//   --list           prints the cases, and runs none
//
// Credentials come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. Tables have names of their own and are deleted
// at the end. The exit code is 0 when every case passed, 1 when one failed, 2 when the command line is wrong.
import { parseArgs } from "node:util";
import { SUITES } from "./suites.ts";
import { chosen, runSuites, summaryText } from "./run.ts";
import { Target } from "./target.ts";

function optionsOf(): { endpoint: string | null; region: string; only: string | null; list: boolean } | null {
  try {
    const { values } = parseArgs({
      options: {
        endpoint: { type: "string" }, region: { type: "string" }, only: { type: "string" }, list: { type: "boolean" },
      },
    });
    if (values.endpoint !== undefined) new URL(values.endpoint);
    return {
      endpoint: values.endpoint?.replace(/\/$/, "") ?? null, region: values.region ?? "eu-west-1",
      only: values.only ?? null, list: values.list ?? false,
    };
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    return null;
  }
}

async function run(): Promise<number> {
  const options = optionsOf();
  if (options === null) return 2;
  if (options.list) {
    for (const suite of SUITES) {
      for (const { operation, name } of chosen(suite, options.only)) {
        process.stdout.write(`${suite.name}: ${operation}: ${name}\n`);
      }
    }
    return 0;
  }
  if (SUITES.every((suite) => chosen(suite, options.only).length === 0)) {
    process.stderr.write(`no case has ${options.only} in its suite, operation or name\n`);
    return 2;
  }
  const target = options.endpoint === null ? await Target.inMemory() : Target.at({
    endpoint: options.endpoint, region: options.region,
    credentials: {
      accessKeyId: process.env["AWS_ACCESS_KEY_ID"] ?? "local",
      secretAccessKey: process.env["AWS_SECRET_ACCESS_KEY"] ?? "secret",
    },
  });
  try {
    process.stdout.write(`conformance against ${target.options.endpoint}\n`);
    const summary = await runSuites(target, SUITES, options.only, (line) => process.stdout.write(line));
    process.stdout.write(summaryText(summary));
    return summary.failed.length === 0 ? 0 : 1;
  } finally {
    await target.cleanUp().catch((error: unknown) => {
      process.stderr.write(`tables named ${target.prefix}… are left: ${(error as Error).message.slice(0, 300)}\n`);
    });
    await target.stop();
  }
}

process.exitCode = await run();
