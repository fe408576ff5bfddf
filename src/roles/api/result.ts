// A value, or the failure the client is told instead.
import type { Failure } from "./errors.ts";

export type Result<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly failure: Failure };

export function ok<T>(value: T): Result<T> {
  return { ok: true, value };
}

export function no(failure: Failure): Result<never> {
  return { ok: false, failure };
}
