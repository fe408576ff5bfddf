// All that one run of the benchmark found, as it is kept in bench/results/ and bench/baseline/.
import type { CitiesFigures } from "./cities.ts";
import type { Machine } from "./machine.ts";
import type { Series } from "./rounds.ts";
import type { ServerName } from "./server-under-test.ts";
import type { FlatnessFigures, StartFigures, WriteLatencyFigures } from "./single-figures.ts";

export type RecoveryFigures = {
  readonly at: string;
  readonly commit: string;
  /** Written before the kill. */
  readonly items: number;
  /** Of each node's log. */
  readonly logsMb: readonly number[];
  /** From the launch of the process to the first answer, after the kill. */
  readonly seconds: number;
};

export type BenchResult = {
  readonly at: string;
  readonly options: { readonly seconds: number; readonly rounds: number; readonly connections: number };
  readonly machine: Machine;
  /** CPU that other processes of the machine took during the run, of all cores. */
  readonly foreignShare: number | null;
  readonly series: readonly Series[];
  /** Memory of each server at the end of its rounds, in MB. */
  readonly memoryMb: Readonly<Partial<Record<ServerName, number>>>;
  readonly start: StartFigures | null;
  readonly cities: CitiesFigures | null;
  readonly writeLatency: WriteLatencyFigures | null;
  readonly flatness: readonly FlatnessFigures[];
  /** Of the last run of bench/recovery.ts on this machine, which need not be of this build. */
  readonly recovery: RecoveryFigures | null;
  /** What could not be measured, and why. */
  readonly notes: readonly string[];
};
