// Shapes: what a decoded value must be before it is taken for a typed one. A shape is a predicate; tables of shapes
// name every field of a type, so that a field which the type has and the table lacks does not compile.
import { HASH_POINT_END } from "../../base/ids.ts";

/** True when `value` is of the shape. Pure; work and depth are bounded by those of the value. */
export type Shape = (value: unknown) => boolean;

/** One shape for each field of T, optional ones included (see `optional`). */
export type Fields<T> = { readonly [K in keyof T]-?: Shape };

const isOptional: WeakSet<Shape> = new WeakSet();

export const isNull: Shape = (value) => value === null;
export const isFlag: Shape = (value) => typeof value === "boolean";
export const isBytes: Shape = (value) => value instanceof Uint8Array;
export const isFiniteNumber: Shape = (value) => Number.isFinite(value);
/** A time that passed; Infinity: for ever. */
export const isDuration: Shape = (value) => typeof value === "number" && value >= 0;
/** A counter: 0 to 2^53 - 1. */
export const isCounter: Shape = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
export const isInteger: Shape = Number.isSafeInteger;
export const isPositive: Shape = (value) => Number.isSafeInteger(value) && (value as number) >= 1;
export const isNodeId: Shape = whole(1, 0xffff);
export const isHashPoint: Shape = whole(0, HASH_POINT_END);

export function whole(min: number, max: number): Shape {
  return (value) => Number.isInteger(value) && (value as number) >= min && (value as number) <= max;
}

/** A string of at most `charsMax` UTF-16 units. */
export function text(charsMax: number): Shape {
  return (value) => typeof value === "string" && value.length <= charsMax;
}

/** A binary string of `charsMin` to `charsMax` bytes. */
export function binary(charsMin: number, charsMax: number): Shape {
  return (value) => {
    if (typeof value !== "string" || value.length < charsMin || value.length > charsMax) return false;
    for (let i = 0; i < value.length; i++) if (value.charCodeAt(i) > 255) return false;
    return true;
  };
}

export function oneOf(...values: readonly (string | number | boolean)[]): Shape {
  return (value) => values.includes(value as string);
}

export function nullable(shape: Shape): Shape {
  return (value) => value === null || shape(value);
}

/** A field that may be absent; when it is there it is of the shape. */
export function optional(shape: Shape): Shape {
  const absent: Shape = (value) => value === undefined || shape(value);
  isOptional.add(absent);
  return absent;
}

export function listOf(shape: Shape, countMax: number, countMin = 0): Shape {
  return (value) => {
    if (!Array.isArray(value) || value.length < countMin || value.length > countMax) return false;
    for (let i = 0; i < value.length; i++) if (!shape(value[i])) return false;
    return true;
  };
}

/** An object with exactly these fields. */
export function object<T extends object>(fields: Fields<T>, isSound?: (value: T) => boolean): Shape {
  const shapes = Object.entries(fields) as (readonly [string, Shape])[];
  const required = shapes.filter(([, shape]) => !isOptional.has(shape)).length;
  return (value) => {
    if (!isObject(value)) return false;
    const record = value as Readonly<Record<string, unknown>>;
    let found = 0;
    for (let i = 0; i < shapes.length; i++) {
      const [name, shape] = shapes[i] as readonly [string, Shape];
      const isThere = Object.hasOwn(record, name);
      if (isThere) found++;
      if (!shape(isThere ? record[name] : undefined)) return false;
    }
    if (found < required || found !== Object.keys(record).length) return false;
    return isSound === undefined || isSound(value as T);
  };
}

/** One of several objects, told apart by their field `kind`. */
export function union<T extends { readonly kind: string | number }>(
  shapes: { readonly [K in T["kind"]]: Shape },
): Shape {
  const byKind = new Map<unknown, Shape>(Object.entries<Shape>(shapes));
  return (value) => {
    if (!isObject(value)) return false;
    const { kind } = value as { readonly kind?: unknown };
    const shape = byKind.get(kind);
    return shape !== undefined && shape(value);
  };
}

/** For shapes that contain themselves. */
export function lazily(shape: () => Shape): Shape {
  return (value) => shape()(value);
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}
