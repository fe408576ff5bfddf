// What package-lock.json must hold so that `npm ci` takes it on every platform.

export type LockedPackage = {
  readonly version?: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  readonly libc?: readonly string[];
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
};
export type LockFile = { readonly packages: Readonly<Record<string, LockedPackage>> };

export type MissingPackage = { readonly name: string; readonly version: string; readonly dependent: string };

/** Optional dependencies of locked packages that have no entry of their own, anywhere above their dependent. */
export function missingOptional(lock: LockFile): readonly MissingPackage[] {
  return Object.entries(lock.packages).flatMap(([dependent, { optionalDependencies }]) => (
    Object.entries(optionalDependencies ?? {})
      .filter(([name]) => !isLocked(lock, dependent, name))
      .map(([name, version]) => ({ name, version, dependent }))
  ));
}

function isLocked(lock: LockFile, dependent: string, name: string): boolean {
  // "node_modules/a/node_modules/b" looks in its own folder, then in a's, then at the top.
  const folders = dependent.split(/(?:^|\/)node_modules\//).slice(1);
  for (let depth = folders.length; depth >= 0; depth--) {
    const path = [...folders.slice(0, depth), name].map((folder) => `node_modules/${folder}`).join("/");
    if (lock.packages[path] !== undefined) return true;
  }
  return false;
}
