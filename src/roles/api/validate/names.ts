// What names look like: tables, indexes, and the placeholders of expressions. Loops over characters, as
// these run on every request.
import { TABLE_ARN_LENGTH_MAX, TABLE_NAME_LENGTH_MAX, TABLE_NAME_LENGTH_MIN } from "../../../model/limits.ts";
import { type Pattern, type StringShape, string } from "./shape.ts";

const MIN_TEXT = `Member must have length greater than or equal to ${TABLE_NAME_LENGTH_MIN}`;
const MAX_TEXT = `Member must have length less than or equal to ${TABLE_NAME_LENGTH_MAX}`;

export const NAME_PATTERN: Pattern = { text: "[a-zA-Z0-9_.-]+", matches: isName };

const PATTERN_TEXT = `Member must satisfy regular expression pattern: ${NAME_PATTERN.text}`;

export const INDEX_NAME: StringShape = string({
  min: TABLE_NAME_LENGTH_MIN, max: TABLE_NAME_LENGTH_MAX, pattern: NAME_PATTERN,
});
/** A name that cannot be given as an ARN. */
export const PLAIN_TABLE_NAME: StringShape = INDEX_NAME;
/** A table's name or ARN. The service model bounds the whole text; the rule bounds the name in it. */
export const TABLE_NAME_OR_ARN: StringShape = string({
  min: 1, max: TABLE_ARN_LENGTH_MAX,
  rule: { broken: nameConstraintsBroken, keyText: `${MAX_TEXT}, ${MIN_TEXT}, ${PATTERN_TEXT}` },
});

/** The same for operations on tables, which tell of all that is wrong with a name. */
export const TABLE_REF: StringShape = string({
  max: TABLE_ARN_LENGTH_MAX, rule: { broken: refConstraintsBroken, keyText: "" },
});

/** The name of an index that a table is to have: as INDEX_NAME, told in another order. */
export const NEW_INDEX_NAME: StringShape = string({ rule: { broken: plainConstraintsBroken, keyText: "" } });

/** A name whose length has a text of its own (operations/table-name.ts), ahead of which nothing is told. */
export const LOOSE_NAME: StringShape = string({
  rule: { broken: (text) => (isLengthRight(text) && !isName(text) ? [PATTERN_TEXT] : NOTHING_BROKEN), keyText: "" },
});

export function isLengthRight(name: string): boolean {
  return name.length >= TABLE_NAME_LENGTH_MIN && name.length <= TABLE_NAME_LENGTH_MAX;
}

export function isName(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (!isWordCharacter(c) && c !== 0x2d && c !== 0x2e) return false;
  }
  return text.length > 0;
}

export function isTableNameRight(name: string): boolean {
  return isName(name) && isLengthRight(name);
}

/** `#name` or `:value`: the sigil, then at least one of A-Z a-z 0-9 _. */
export function isPlaceholder(text: string, sigil: "#" | ":"): boolean {
  if (text.length < 2 || text.charCodeAt(0) !== sigil.charCodeAt(0)) return false;
  for (let i = 1; i < text.length; i++) if (!isWordCharacter(text.charCodeAt(i))) return false;
  return true;
}

function isWordCharacter(c: number): boolean {
  return (c >= 0x61 && c <= 0x7a) || (c >= 0x41 && c <= 0x5a) || (c >= 0x30 && c <= 0x39) || c === 0x5f;
}

export type TableRef = { readonly name: string; readonly isArn: boolean };

/**
 * The table a parameter names: the text itself, or the name inside `arn:partition:dynamodb:region:account:table/name`.
 * Null when it starts like an ARN and is none of a table.
 */
export function tableRefOf(text: string): TableRef | null {
  if (!text.startsWith("arn:")) return { name: text, isArn: false };
  const parts = text.split(":");
  const resource = parts[5];
  if (parts.length !== 6 || parts[2] !== "dynamodb" || resource === undefined || !resource.startsWith("table/")) {
    return null;
  }
  return { name: resource.slice(6), isArn: true };
}

const NOTHING_BROKEN: readonly string[] = [];

/** An empty text breaks its length alone. */
function nameConstraintsBroken(text: string): readonly string[] {
  if (isTableNameRight(text)) return NOTHING_BROKEN;
  const name = text === "" ? null : tableRefOf(text)?.name;
  if (name === null) return NOTHING_BROKEN;
  if (name === undefined || !isName(name)) return [PATTERN_TEXT];
  if (name.length < TABLE_NAME_LENGTH_MIN) return [MIN_TEXT];
  return name.length > TABLE_NAME_LENGTH_MAX ? [MAX_TEXT] : NOTHING_BROKEN;
}

function refConstraintsBroken(text: string): readonly string[] {
  if (isTableNameRight(text)) return NOTHING_BROKEN;
  const name = tableRefOf(text)?.name;
  return name === undefined ? [PATTERN_TEXT] : plainConstraintsBroken(name);
}

function plainConstraintsBroken(name: string): readonly string[] {
  const broken: string[] = [];
  if (name.length < TABLE_NAME_LENGTH_MIN) broken.push(MIN_TEXT);
  if (name.length > TABLE_NAME_LENGTH_MAX) broken.push(MAX_TEXT);
  if (!isName(name)) broken.push(PATTERN_TEXT);
  return broken;
}
