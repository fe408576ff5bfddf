// Hash codes as Java computes them. DynamoDB's texts show some: structures are printed with theirs, and names out of
// hash maps come in the order of those maps.

/** Of java.lang.String. */
export function stringHash(text: string): number {
  let hash = 0;
  for (let i = 0; i < text.length; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0;
  return hash;
}

/** Of java.util.Arrays and of lists. */
export function hashOfAll(hashes: readonly number[]): number {
  let all = 1;
  for (const hash of hashes) all = (Math.imul(all, 31) + hash) | 0;
  return all;
}

export function hexOf(hash: number): string {
  return (hash >>> 0).toString(16);
}

/** Buckets of a new java.util.HashMap, and how full it may become. */
const BUCKETS_MIN = 16;
const LOAD_MAX = 0.75;

/** Distinct names in the order of a hash map that was made for `count` entries; null: that has grown with them. */
export function inMapOrder(names: readonly string[], count: number | null): readonly string[] {
  let buckets = count === null ? BUCKETS_MIN : 1;
  const wanted = count === null ? names.length / LOAD_MAX : Math.floor(count < 3 ? count + 1 : count / LOAD_MAX + 1);
  while (buckets < wanted) buckets *= 2;
  const bucketOf = (name: string): number => {
    const hash = stringHash(name);
    return (hash ^ (hash >>> 16)) & (buckets - 1);
  };
  return [...names].sort((a, b) => bucketOf(a) - bucketOf(b));
}
