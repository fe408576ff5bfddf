// The vocabulary in which requests are described: constraints as data. One description of an operation's
// input is the source of its type check, its constraint check and its error texts.

export type StringShape = {
  readonly kind: "string";
  readonly min: number;
  readonly max: number;
  readonly pattern: Pattern | null;
  /** In the order in which DynamoDB's text lists them. */
  readonly oneOf: readonly string[] | null;
  /** A further rule that no length or pattern expresses: the constraints `value` breaks. */
  readonly rule: Rule | null;
};
export type Rule = {
  readonly broken: (value: string) => readonly string[];
  /** The constraints of a map's keys, all in one, told when a key breaks any. */
  readonly keyText: string;
};
/** `text` is shown to the client; `matches` decides. */
export type Pattern = { readonly text: string; readonly matches: (value: string) => boolean };

export type IntegerShape = {
  readonly kind: "integer";
  readonly javaType: "Integer" | "Long";
  readonly min: number;
  readonly max: number;
};
/** A number with or without a fraction. */
export type DoubleShape = { readonly kind: "double" };
/** Seconds since 1970, with or without a fraction. */
export type TimestampShape = { readonly kind: "timestamp" };
export type BooleanShape = { readonly kind: "boolean" };
export type ListShape = { readonly kind: "list"; readonly of: Shape; readonly min: number; readonly max: number };
export type MapShape = {
  readonly kind: "map";
  readonly key: StringShape;
  readonly of: Shape;
  readonly min: number;
  readonly max: number;
};
export type StructureShape = { readonly kind: "structure"; readonly name: string; readonly members: readonly Member[] };
/** A map of attribute values as a whole: an item or a key. Left in the input as Item or InvalidValue. */
export type ItemShape = { readonly kind: "item" };
/** A map of independent attribute values: each is left in the input as AttributeValue or InvalidValue. */
export type ValuesShape = { readonly kind: "values" };
/** One attribute value, left in the input as AttributeValue or InvalidValue. */
export type ValueShape = { readonly kind: "value" };

export type Shape =
  | StringShape | IntegerShape | DoubleShape | TimestampShape | BooleanShape | ListShape | MapShape | StructureShape
  | ItemShape | ValuesShape | ValueShape;

export type Member = {
  /** As in the request. */
  readonly name: string;
  /** As in error texts: first letter lower case. */
  readonly javaName: string;
  readonly isRequired: boolean;
  readonly shape: Shape;
};

export const NO_LIMIT: number = Number.POSITIVE_INFINITY;
const INTEGER_MAX = 2_147_483_647;

export const BOOLEAN: BooleanShape = { kind: "boolean" };
export const DOUBLE: DoubleShape = { kind: "double" };
export const TIMESTAMP: TimestampShape = { kind: "timestamp" };
export const ITEM: ItemShape = { kind: "item" };
export const VALUES: ValuesShape = { kind: "values" };
export const VALUE: ValueShape = { kind: "value" };
export const TEXT: StringShape = string();

type StringLimits = {
  readonly min?: number; readonly max?: number; readonly pattern?: Pattern; readonly rule?: Rule;
};
export function string(limits: StringLimits = {}): StringShape {
  return {
    kind: "string", min: limits.min ?? 0, max: limits.max ?? NO_LIMIT,
    pattern: limits.pattern ?? null, oneOf: null, rule: limits.rule ?? null,
  };
}
/** `values` in the order of the service model. */
export function oneOf(...values: readonly string[]): StringShape {
  return { kind: "string", min: 0, max: NO_LIMIT, pattern: null, oneOf: toldOrder(values), rule: null };
}

/** DynamoDB lists the members of an enumeration as its hash set holds them: that many buckets, the newest on top. */
const BUCKETS = 32;

function toldOrder(values: readonly string[]): readonly string[] {
  return values.toReversed().sort((a, b) => bucketOf(a) - bucketOf(b));
}

/** By the low bits of Java's hash of a string. */
function bucketOf(text: string): number {
  let hash = 0;
  for (let i = 0; i < text.length; i++) hash = (hash * 31 + text.charCodeAt(i)) % BUCKETS;
  return hash;
}

export function integer(min: number = -INTEGER_MAX - 1, max: number = INTEGER_MAX): IntegerShape {
  return { kind: "integer", javaType: "Integer", min, max };
}
export function long(min: number = Number.MIN_SAFE_INTEGER): IntegerShape {
  return { kind: "integer", javaType: "Long", min, max: Number.MAX_SAFE_INTEGER };
}
/** The whole text must match, as in Java. `expression` is anchored and takes time linear in the text's length. */
export function pattern(text: string, expression: RegExp): Pattern {
  return { text, matches: (value) => expression.test(value) };
}
export function list(of: Shape, min = 0, max: number = NO_LIMIT): ListShape {
  return { kind: "list", of, min, max };
}
export function map(key: StringShape, of: Shape, min = 0, max: number = NO_LIMIT): MapShape {
  return { kind: "map", key, of, min, max };
}
/** A member whose name ends in "!" is required. */
export function structure(name: string, members: Readonly<Record<string, Shape>>): StructureShape {
  const compiled: Member[] = [];
  for (const [key, shape] of Object.entries(members)) {
    const isRequired = key.endsWith("!");
    const memberName = isRequired ? key.slice(0, -1) : key;
    compiled.push({ name: memberName, javaName: javaNameOf(memberName), isRequired, shape });
  }
  return { kind: "structure", name, members: compiled };
}

export function javaNameOf(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}
