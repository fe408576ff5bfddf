// What passes between a test and the thread that its Stator runs in.
import type { Disturbance } from "../app/disturbance.ts";
import type { LogLevel } from "../app/embedded-options.ts";
import type { StatorCredentials } from "./api-types.ts";

/** The thread's workerData. */
export type ThreadOptions = {
  readonly port: number;
  readonly dataDir: string | null;
  readonly zones: number;
  readonly partitions: number;
  readonly region: string;
  readonly credentials: StatorCredentials | null;
  readonly cors: readonly string[] | null;
  readonly logLevel: LogLevel;
};

export type Command =
  | { readonly kind: "disturb"; readonly disturbance: Disturbance }
  | { readonly kind: "now" }
  /** Milliseconds that the clock is ahead of the real time. */
  | { readonly kind: "set-clock"; readonly aheadMs: number }
  | { readonly kind: "reset" }
  | { readonly kind: "stop" };

export type Ask = { readonly id: number; readonly command: Command };

export type Told =
  | { readonly kind: "ready"; readonly endpoint: string }
  /** It cannot start. */
  | { readonly kind: "refused"; readonly message: string }
  /** `value`: for "now", milliseconds since 1970; else 0. */
  | { readonly kind: "done"; readonly id: number; readonly value: number }
  | { readonly kind: "failed"; readonly id: number; readonly message: string };
