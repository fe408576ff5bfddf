// Small files of JSON that are either whole or not there, and durable once written.
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";

/** The object in `file`, or why there is none. */
export function readJson(file: string): Record<string, unknown> | string {
  try {
    const found: unknown = JSON.parse(readFileSync(file, "utf8"));
    if (typeof found === "object" && found !== null) return found as Record<string, unknown>;
    return `${file} is damaged: it holds no object`;
  } catch (error) {
    return `${file} cannot be read: ${(error as Error).message}`;
  }
}

/** The file is synced, renamed into place, the folder synced. Makes the folder if need be. */
export function writeJson(path: string, name: string, value: object): void {
  mkdirSync(path, { recursive: true });
  const file = join(path, name);
  const fd = openSync(`${file}.new`, "w");
  try {
    writeSync(fd, `${JSON.stringify(value, null, 2)}\n`);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(`${file}.new`, file);
  for (const folder of [path, dirname(path)]) syncFolder(folder);
}

function syncFolder(path: string): void {
  const fd = openSync(path, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
