// Runs the TLA+ module itself, through the WebAssembly model checker `tla-checker`.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { check_spec_with_cfg, initSync } from "tla-checker/tla_checker.js";

export type TlaResult = {
  readonly states: number;
  /** Null when everything was explored and held; else what the checker said. */
  readonly failure: string | null;
  /** Index of the violated invariant in the order of the configuration file, or null. */
  readonly violated: number | null;
};

const DEPTH_MAX = 200;

let isReady = false;

export function checkTla(spec: string, cfg: string, statesMax: number): TlaResult {
  if (!isReady) {
    const wasm = createRequire(import.meta.url).resolve("tla-checker/tla_checker_bg.wasm");
    initSync({ module: readFileSync(wasm) });
    isReady = true;
  }
  const result: unknown = JSON.parse(check_spec_with_cfg(spec, cfg, "{}", statesMax, DEPTH_MAX, true, false));
  if (!isReport(result)) throw new Error("tla-checker answered in a way that is not known");
  const { success, states_explored: states, error_message: message } = result;
  if (success) return { states, failure: null, violated: null };
  const index = /^Invariant (\d+) violated/.exec(message ?? "")?.[1];
  return { states, failure: message ?? "no reason given", violated: index === undefined ? null : Number(index) };
}

type Report = {
  readonly success: boolean;
  readonly states_explored: number;
  readonly error_message: string | null;
};

function isReport(value: unknown): value is Report {
  return typeof value === "object" && value !== null && "success" in value && typeof value.success === "boolean"
    && "states_explored" in value && typeof value.states_explored === "number" && "error_message" in value;
}
