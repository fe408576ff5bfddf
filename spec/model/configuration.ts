// Configurations of the model: two bits for each node, packed into one number. Sets of nodes are bit masks.

export const ABSENT = 0;
export const LEARNER = 1;
export const LOG = 2;
export const STORAGE = 3;
export const REPLICA_NAMES: readonly string[] = ["none", "learner", "log", "storage"];

export function kindOf(config: number, node: number): number {
  return (config >> (2 * node)) & 3;
}

export function withKind(config: number, node: number, kind: number): number {
  return (config & ~(3 << (2 * node))) | (kind << (2 * node));
}

export function votersOf(config: number, nodeCount: number): number {
  let mask = 0;
  for (let n = 0; n < nodeCount; n++) if (kindOf(config, n) >= LOG) mask |= 1 << n;
  return mask;
}

export function membersOf(config: number, nodeCount: number): number {
  let mask = 0;
  for (let n = 0; n < nodeCount; n++) if (kindOf(config, n) !== ABSENT) mask |= 1 << n;
  return mask;
}

export function sizeOf(mask: number): number {
  let size = 0;
  for (let rest = mask; rest !== 0; rest &= rest - 1) size++;
  return size;
}

export function isQuorum(mask: number, voters: number): boolean {
  return sizeOf(mask & voters) * 2 > sizeOf(voters);
}

/** The configurations that one change may lead to; `isSwapping`: also those that exchange a voter for a new one. */
export function neighboursOf(
  config: number, nodeCount: number, changes: ReadonlySet<string>, isSwapping: boolean,
): readonly number[] {
  const found: number[] = [];
  for (let n = 0; n < nodeCount; n++) {
    const kind = kindOf(config, n);
    if (kind === ABSENT && changes.has("join")) found.push(withKind(config, n, LEARNER));
    if (kind === LEARNER && changes.has("vote")) found.push(withKind(config, n, LOG));
    if (kind === LOG && changes.has("store")) found.push(withKind(config, n, STORAGE));
    if (kind !== ABSENT && changes.has("remove")) found.push(withKind(config, n, ABSENT));
  }
  if (!isSwapping) return found;
  for (let out = 0; out < nodeCount; out++) {
    if (kindOf(config, out) < LOG) continue;
    for (let into = 0; into < nodeCount; into++) {
      if (kindOf(config, into) === ABSENT) found.push(withKind(withKind(config, out, ABSENT), into, LOG));
    }
  }
  return found;
}
