// What a figure depends on besides the code: the machine, the versions, and what else ran meanwhile.
import { execFileSync } from "node:child_process";
import { arch, availableParallelism, cpus, loadavg, platform, release, totalmem } from "node:os";
import { CAN_PIN } from "./child-process.ts";
import { ROOT } from "./server-under-test.ts";

export type Machine = {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly system: string;
  readonly node: string;
  /** Of the sources; "+" when they have been changed since. */
  readonly commit: string;
  readonly isPinned: boolean;
  readonly loadAverageBefore: number;
};

const BYTES_PER_GB = 2 ** 30;

export function describeMachine(): Machine {
  return {
    cpu: cpus()[0]?.model ?? "unknown", cores: availableParallelism(), memoryGb: Math.round(totalmem() / BYTES_PER_GB),
    system: `${platform()} ${release()} ${arch()}`, node: process.version, commit: describeCommit(),
    isPinned: CAN_PIN, loadAverageBefore: loadavg()[0] ?? 0,
  };
}

function describeCommit(): string {
  try {
    const git = (...args: string[]): string => execFileSync("git", args, {
      cwd: ROOT, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"],
    }).trim();
    const isChanged = git("status", "--porcelain", "--", "src", "bin") !== "";
    return `${git("rev-parse", "--short", "HEAD")}${isChanged ? "+" : ""}`;
  } catch {
    return "unknown";
  }
}
