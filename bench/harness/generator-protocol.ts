// Messages between the benchmark and its load generator, one question at a time.
import type { Dialect } from "./dialects.ts";
import type { SparseCounts } from "./histogram.ts";
import type { TableName, WorkloadName } from "./workloads.ts";

export type Question =
  /** Opens connections and signs a pool of requests, which stand ready until the next `prepare` of `target`. */
  | {
      readonly kind: "prepare"; readonly target: string; readonly dialect: Dialect; readonly port: number;
      readonly workload: WorkloadName; readonly connections: number;
      /** How long requests will be sent, all together: of those that may be sent once only there must be enough. */
      readonly seconds: number;
    }
  /** Each connection sends its next request when its last one is answered. */
  | { readonly kind: "closed-loop"; readonly target: string; readonly seconds: number }
  /** Requests are due at random moments, `rate` per second on average; latency counts from when they are due. */
  | { readonly kind: "open-loop"; readonly target: string; readonly seconds: number; readonly rate: number }
  /** Makes a table and fills it. */
  | { readonly kind: "fill"; readonly dialect: Dialect; readonly port: number; readonly table: TableName }
  /** Writes and syncs blocks of a request's size in a file of its own, one after another. */
  | { readonly kind: "append"; readonly file: string; readonly seconds: number }
  | { readonly kind: "release"; readonly target: string };

export type Outcome = {
  readonly requests: number;
  /** Answered per second while requests were being sent. */
  readonly rate: number;
  readonly latencies: SparseCounts;
  readonly errors: number;
  readonly firstError: string | null;
  /** Of one core: near 1 the generator itself was the limit. */
  readonly generatorLoad: number;
};

export type Reply =
  | { readonly ok: true; readonly outcome: Outcome | null }
  | { readonly ok: false; readonly message: string };
