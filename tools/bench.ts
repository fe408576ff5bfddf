// npm run bench: lists the benchmarks, or runs the named ones (`npm run bench -- http-frontend`), each in a
// process of its own, so that one's heap and compiled code do not colour the next.
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";

const FOLDER = fileURLToPath(new URL("../bench", import.meta.url));

type Benchmark = { readonly name: string; readonly path: string; readonly job: string };

function main(args: readonly string[]): number {
  const known = listBenchmarks();
  if (args.length === 0) {
    process.stdout.write("Benchmarks, run with `npm run bench -- <name>...` or `npm run bench -- all`:\n\n");
    for (const { name, job } of known) process.stdout.write(`  ${name.padEnd(20)} ${job}\n`);
    process.stdout.write("\nFigures are written to bench/results/.\n");
    return 0;
  }
  const names = known.map(({ name }) => name);
  const missing = args.find((name) => name !== "all" && !names.includes(name));
  if (missing !== undefined) {
    process.stderr.write(`bench: there is no benchmark ${missing}; there are ${names.join(", ")}\n`);
    return 2;
  }
  let failed = 0;
  for (const { name, path } of known) {
    if (!args.includes("all") && !args.includes(name)) continue;
    const { status } = spawnSync(process.execPath, [path], { stdio: "inherit" });
    if (status !== 0) failed++;
  }
  return failed === 0 ? 0 : 1;
}

/** Each file directly in bench/ is a benchmark, its first line says what it measures; shared code lies in folders. */
function listBenchmarks(): readonly Benchmark[] {
  return readdirSync(FOLDER).filter((file) => file.endsWith(".ts")).sort().map((file) => {
    const path = join(FOLDER, file);
    const [first = ""] = readFileSync(path, "utf8").split("\n", 1);
    return { name: basename(file, ".ts"), path, job: first.replace(/^\/\/ /, "") };
  });
}

process.exitCode = main(process.argv.slice(2));
