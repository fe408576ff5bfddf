// From the JSON of a request (as JSON.parse gives it) to checked, canonical attribute values. What is already
// canonical is returned as it is, not copied: the input belongs to the result from then on.
//
// A serialization problem anywhere beats every validation problem: DynamoDB reads the whole request before
// it looks at values. So a validation problem starts a second walk that looks for the former only.
import { base64Problem } from "../base/base64.ts";
import { utf8Length } from "../base/utf8.ts";
import { newAttributeMap, setAttribute } from "./attribute-map.ts";
import type { AttributeMapBuilder } from "./attribute-map.ts";
import type { AttributeMap, AttributeValue } from "./attribute-value.ts";
import { ATTRIBUTE_NAME_BYTES_MAX, NESTING_MAX } from "./limits.ts";
import { canonicalNumber } from "./number38.ts";
import {
  BINARY_SET_EMPTY, NAME_EMPTY, NAME_TOO_LONG, NESTING_TOO_DEEP, NULL_NOT_TRUE, NUMBER_SET_DUPLICATES,
  NUMBER_SET_EMPTY, SET_MEMBER_NULL, STRING_SET_EMPTY, VALUE_AMBIGUOUS, VALUE_EMPTY,
  base64ProblemOf, binarySetDuplicates, numberProblem, stringSetDuplicates, typeMismatch,
} from "./value-problem.ts";
import type { ValueProblem } from "./value-problem.ts";

export type ParsedValue =
  | { readonly ok: true; readonly value: AttributeValue }
  | { readonly ok: false; readonly problem: ValueProblem };
export type ParsedMap =
  | { readonly ok: true; readonly value: AttributeMap }
  | { readonly ok: false; readonly problem: ValueProblem };

type JsonObject = { readonly [name: string]: unknown };

/** One walk. The first problem stops it; `serializationOnly` walks pass over validation problems. */
type Walk = { problem: ValueProblem | null; readonly serializationOnly: boolean };

/** Sets up to this size are searched for duplicates pair by pair, larger ones with a Set. */
const PAIRWISE_COUNT_MAX = 8;

export function parseAttributeValue(json: unknown): ParsedValue {
  const walk: Walk = { problem: null, serializationOnly: false };
  const value = parseValue(json, 0, walk);
  if (walk.problem === null) return { ok: true, value };
  return { ok: false, problem: serializationProblem(json) ?? walk.problem };
}

/** An item, a key, or the values of ExpressionAttributeValues: names with attribute values. */
export function parseAttributeMap(json: unknown): ParsedMap {
  const walk: Walk = { problem: null, serializationOnly: false };
  const value = parseMap(json, 0, walk);
  if (walk.problem === null) return { ok: true, value };
  return { ok: false, problem: mapSerializationProblem(json) ?? walk.problem };
}

/** The first serialization problem of a value, whatever else is wrong with it. */
export function serializationProblem(json: unknown): ValueProblem | null {
  const walk: Walk = { problem: null, serializationOnly: true };
  parseValue(json, 0, walk);
  return walk.problem;
}

/** The first serialization problem of a map of values, whatever else is wrong with it. */
export function mapSerializationProblem(json: unknown): ValueProblem | null {
  const walk: Walk = { problem: null, serializationOnly: true };
  parseMap(json, 0, walk);
  return walk.problem;
}

/** Notes a problem, and gives something to return: whoever gets it looks at `walk.problem` first. */
function fail<T>(walk: Walk, problem: ValueProblem): T {
  if (walk.problem === null && !(walk.serializationOnly && problem.kind === "validation")) {
    walk.problem = problem;
  }
  return undefined as T;
}

/** `depth` is the number of lists and maps around the value. */
function parseValue(json: unknown, depth: number, walk: Walk): AttributeValue {
  if (json === null || json === undefined) return fail(walk, VALUE_EMPTY);
  if (typeof json !== "object" || Array.isArray(json)) return fail(walk, typeMismatch(json, "AttributeValue"));
  const fields = json as JsonObject;
  let fieldCount = 0;
  let typeCount = 0;
  let type = "";
  let content: unknown;
  for (const name in fields) {
    fieldCount++;
    const raw = fields[name];
    if (raw === null) continue; // a null field is as good as none
    const parsed = parseContent(name, raw, depth, walk);
    if (walk.problem !== null) return fail(walk, walk.problem);
    if (parsed === UNKNOWN_TYPE) continue;
    typeCount++;
    type = name;
    content = parsed;
  }
  if (typeCount !== 1) return fail(walk, typeCount === 0 ? VALUE_EMPTY : VALUE_AMBIGUOUS);
  if (fieldCount === 1 && content === fields[type]) return fields as AttributeValue;
  return { [type]: content } as unknown as AttributeValue;
}

/** What parseContent gives for a field that is no type: such fields are passed over. */
const UNKNOWN_TYPE: unique symbol = Symbol("unknown type");

/** The canonical content of one field of a value. `raw` is not null. */
function parseContent(type: string, raw: unknown, depth: number, walk: Walk): unknown {
  switch (type) {
    case "S": return parseString(raw, walk);
    case "N": return parseNumber(raw, walk);
    case "B": return parseBinary(raw, walk);
    case "BOOL": return typeof raw === "boolean" ? raw : fail(walk, typeMismatch(raw, "Boolean"));
    case "NULL":
      if (typeof raw !== "boolean") return fail(walk, typeMismatch(raw, "Boolean"));
      return raw ? true : fail(walk, NULL_NOT_TRUE);
    case "M": return parseMap(raw, depth + 1, walk);
    case "L": return parseList(raw, depth + 1, walk);
    case "SS": return parseStringSet(raw, walk);
    case "NS": return parseNumberSet(raw, walk);
    case "BS": return parseBinarySet(raw, walk);
    default: return UNKNOWN_TYPE;
  }
}

/** Lone surrogates, which UTF-8 cannot carry, become U+FFFD here once, so that keys and items agree. */
function parseString(raw: unknown, walk: Walk): string {
  if (typeof raw !== "string") return fail(walk, typeMismatch(raw, "String"));
  return raw.isWellFormed() ? raw : raw.toWellFormed();
}

function parseNumber(raw: unknown, walk: Walk): string {
  if (typeof raw !== "string") return fail(walk, typeMismatch(raw, "String"));
  const number = canonicalNumber(raw);
  return number.ok ? number.value : fail(walk, numberProblem(number.problem, raw));
}

function parseBinary(raw: unknown, walk: Walk): string {
  if (typeof raw !== "string") return fail(walk, typeMismatch(raw, "Blob"));
  const problem = base64Problem(raw);
  return problem === null ? raw : fail(walk, base64ProblemOf(problem));
}

/** A list, or a map of an attribute at `depth` levels: 0 is the item itself. */
function parseList(raw: unknown, depth: number, walk: Walk): readonly AttributeValue[] {
  if (!Array.isArray(raw)) return fail(walk, typeMismatch(raw, "List"));
  if (depth > NESTING_MAX) return fail(walk, NESTING_TOO_DEEP);
  return parseElements(raw, walk, (element) => parseValue(element, depth, walk));
}

function parseMap(raw: unknown, depth: number, walk: Walk): AttributeMap {
  if (typeof raw !== "object" || raw === null || Array.isArray(raw)) {
    return fail(walk, raw === null || raw === undefined ? VALUE_EMPTY : typeMismatch(raw, "Map"));
  }
  if (depth > NESTING_MAX) return fail(walk, NESTING_TOO_DEEP);
  const map = raw as JsonObject;
  let copy: AttributeMapBuilder | null = null;
  for (const name in map) {
    const value = parseValue(map[name], depth, walk);
    const isSame = isNameCanonical(name, walk) && value === map[name];
    if (walk.problem !== null) return fail(walk, walk.problem);
    if (!isSame) copy ??= copyBefore(map, name);
    if (copy !== null) setAttribute(copy, name.toWellFormed(), value);
  }
  return copy ?? (map as AttributeMap);
}

/** The attributes before `end`, which were all canonical. (Parsing them again would double per level.) */
function copyBefore(map: JsonObject, end: string): AttributeMapBuilder {
  const copy: AttributeMapBuilder = newAttributeMap();
  for (const name in map) {
    if (name === end) break;
    setAttribute(copy, name, map[name] as AttributeValue);
  }
  return copy;
}

function isNameCanonical(name: string, walk: Walk): boolean {
  if (name === "") return fail(walk, NAME_EMPTY);
  return isNameTooLong(name) ? fail(walk, NAME_TOO_LONG) : name.isWellFormed();
}

/** Asked of names outside items too: what no item can have does not go into paths either. */
export function isNameTooLong(name: string): boolean {
  // No UTF-16 unit takes more than three bytes.
  return name.length * 3 > ATTRIBUTE_NAME_BYTES_MAX && utf8Length(name) > ATTRIBUTE_NAME_BYTES_MAX;
}

/** The same array when every element is already canonical. */
function parseElements<T>(raw: readonly unknown[], walk: Walk, parse: (element: unknown) => T): readonly T[] {
  let copy: T[] | null = null;
  for (let i = 0; i < raw.length; i++) {
    const parsed = parse(raw[i]);
    if (walk.problem !== null) return fail(walk, walk.problem);
    if (parsed !== raw[i]) copy ??= raw.slice() as T[];
    if (copy !== null) copy[i] = parsed;
  }
  return copy ?? (raw as readonly T[]);
}

/** Checks that `raw` is a list without nulls, and parses its members. Null: a problem was noted. */
function parseMembers(
  raw: unknown, walk: Walk, whenEmpty: ValueProblem, parse: (member: unknown, walk: Walk) => string,
): readonly string[] | null {
  if (!Array.isArray(raw) || raw.length === 0) {
    fail(walk, Array.isArray(raw) ? whenEmpty : typeMismatch(raw, "List"));
    return null;
  }
  const members = parseElements(raw, walk, (member) =>
    member === null ? fail<string>(walk, SET_MEMBER_NULL) : parse(member, walk));
  return walk.problem === null && !walk.serializationOnly ? members : null;
}

function parseStringSet(raw: unknown, walk: Walk): readonly string[] {
  const members = parseMembers(raw, walk, STRING_SET_EMPTY, parseString);
  if (members === null) return [];
  return hasDuplicates(members) ? fail(walk, stringSetDuplicates(members)) : members;
}

function parseNumberSet(raw: unknown, walk: Walk): readonly string[] {
  const members = parseMembers(raw, walk, NUMBER_SET_EMPTY, parseNumber);
  if (members === null) return [];
  return hasDuplicates(members) ? fail(walk, NUMBER_SET_DUPLICATES) : members;
}

function parseBinarySet(raw: unknown, walk: Walk): readonly string[] {
  const members = parseMembers(raw, walk, BINARY_SET_EMPTY, parseBinary);
  if (members === null) return [];
  return hasDuplicates(members) ? fail(walk, binarySetDuplicates(members)) : members;
}

/** Canonical members are equal exactly when their texts are. */
function hasDuplicates(members: readonly string[]): boolean {
  if (members.length > PAIRWISE_COUNT_MAX) return new Set(members).size !== members.length;
  for (let i = 1; i < members.length; i++) {
    for (let j = 0; j < i; j++) if (members[i] === members[j]) return true;
  }
  return false;
}
