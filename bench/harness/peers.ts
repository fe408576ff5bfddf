// Other servers to compare with. dynalite is installed on demand into a folder that git ignores; etcd and Redis
// take part where they are installed.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { findProgram } from "./child-process.ts";

const DYNALITE = "dynalite@4.0.0";

export type Peers = { readonly dynalite: string | null; readonly etcd: string | null; readonly redis: string | null };

/** Paths of the programs that are there; `install` fetches dynalite first when it is not. */
export function findPeers(root: string, install: boolean): Peers {
  const folder = join(root, ".cache", "peers");
  const dynalite = join(folder, "node_modules", "dynalite", "cli.js");
  if (install && !existsSync(dynalite)) {
    mkdirSync(folder, { recursive: true });
    process.stderr.write(`installing ${DYNALITE} into .cache/peers\n`);
    const args = ["install", DYNALITE, "--prefix", folder, "--no-save", "--no-audit", "--no-fund"];
    const { status } = spawnSync("npm", args, { stdio: ["ignore", "ignore", "inherit"] });
    if (status !== 0) throw new Error(`npm could not install ${DYNALITE}`);
  }
  return {
    dynalite: existsSync(dynalite) ? dynalite : null, etcd: findProgram("etcd"), redis: findProgram("redis-server"),
  };
}
