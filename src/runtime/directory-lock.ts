// One process per data directory. On Linux the lock is an abstract socket named after the directory's inode:
// the kernel gives it to one process only and takes it back when that process ends, however it ends.
// Elsewhere it is a socket file inside the directory: one that nobody answers on is a dead process's.
import { connect, createServer, type Server } from "node:net";
import { mkdirSync, statSync, unlinkSync } from "node:fs";
import { join } from "node:path";

export type DirectoryLock = { release(): Promise<void> };
export type LockResult = { readonly ok: true; readonly lock: DirectoryLock } | { readonly ok: false };

/** Creates the directory if need be. `ok: false`: another process holds it. Throws what the file system throws. */
export async function lockDirectory(directory: string): Promise<LockResult> {
  mkdirSync(directory, { recursive: true });
  const isLinux = process.platform === "linux";
  const { dev, ino } = statSync(directory);
  const path = isLinux ? `\0stator-data-${dev}-${ino}` : join(directory, "lock.sock");
  for (let attempt = 0; attempt < 2; attempt++) {
    const server = await bind(path);
    if (server !== null) return { ok: true, lock: { release: (): Promise<void> => close(server) } };
    if (isLinux || (await isAnswered(path))) return { ok: false };
    unlinkSync(path);
  }
  return { ok: false };
}

function bind(path: string): Promise<Server | null> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.unref();
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE") resolve(null);
      else reject(error);
    });
    server.listen(path, () => resolve(server));
  });
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}
