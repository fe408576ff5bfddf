// Randomness as seen by one node: seeded in the simulator, the system's in production.

export interface Random {
  /** A uniform integer in 0 .. 2^32-1. */
  u32(): number;
  /** A uniform integer in 0 .. bound-1, 1 <= bound <= 2^32. */
  below(bound: number): number;
  /** `length` random bytes. */
  bytes(length: number): Uint8Array;
}
