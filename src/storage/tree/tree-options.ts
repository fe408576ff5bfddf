// When a tree writes a checkpoint and in which steps, and how much memory it may take.
export type TreeOptions = {
  /** A generation of this many bytes is written: a page is then copied once for many changes. */
  readonly checkpointBytes: number;
  /** With this much in memory the node must shed writes: the disk does not keep up. */
  readonly overloadBytes: number;
  /** One transaction of a checkpoint: bounded in bytes and rows, so that queueing it never stalls the loop. */
  readonly sliceBytes: number;
  readonly sliceRows: number;
  /** Between two transactions. */
  readonly slicePauseMs: number;
  /** Changes are written after this long without new ones … */
  readonly idleMs: number;
  /** … and after this long in any case, so that the log can be cut. */
  readonly ageMsMax: number;
  /** Rows and item collections that are read again and again: this many bytes at most. */
  readonly cacheBytes: number;
};

export const TREE_DEFAULT: TreeOptions = {
  checkpointBytes: 64 * 1024 * 1024,
  overloadBytes: 256 * 1024 * 1024,
  sliceBytes: 256 * 1024,
  sliceRows: 256,
  slicePauseMs: 1,
  idleMs: 5_000,
  ageMsMax: 60_000,
  cacheBytes: 64 * 1024 * 1024,
};
