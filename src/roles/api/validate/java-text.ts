// How DynamoDB prints an offending value in a constraint's text: as Java's toString does.
import { InvalidValue } from "./check-values.ts";
import { hashOfAll, hexOf, stringHash } from "./java-hash.ts";
import type { Shape, StructureShape } from "./shape.ts";

/** Characters of a value that are repeated to the client: enough to recognise it, bounded for the answer's sake. */
const SHOWN_CHARACTERS_MAX = 8_192;

export function javaText(shape: Shape, value: unknown): string {
  const out: Out = { text: "" };
  print(out, shape, value);
  return out.text.length > SHOWN_CHARACTERS_MAX ? out.text.slice(0, SHOWN_CHARACTERS_MAX) : out.text;
}

/** Grows until it is full; what comes after is not even looked at, so that a huge value costs little. */
type Out = { text: string };

function isFull(out: Out): boolean {
  return out.text.length >= SHOWN_CHARACTERS_MAX;
}

const PACKAGE = "com.amazonaws.dynamodb.v20120810.";
const ATTRIBUTE_MAP = `java.util.Map<java.lang.String, ${PACKAGE}AttributeValue>`;

/** The name of a shape's Java type. */
export function javaType(shape: Shape): string {
  switch (shape.kind) {
    case "string": return "java.lang.String";
    case "boolean": return "java.lang.Boolean";
    case "double": return "java.lang.Double";
    case "timestamp": return "java.util.Date";
    case "integer": return `java.lang.${shape.javaType}`;
    case "list": return `java.util.List<${javaType(shape.of)}>`;
    case "map": return `java.util.Map<java.lang.String, ${javaType(shape.of)}>`;
    case "structure": return PACKAGE + shape.name;
    case "item": case "values": return ATTRIBUTE_MAP;
    case "value": return `${PACKAGE}AttributeValue`;
    default: return shape satisfies never;
  }
}

function print(out: Out, shape: Shape, value: unknown): void {
  if (value === null || value === undefined) {
    out.text += "null";
    return;
  }
  switch (shape.kind) {
    case "list":
      printList(out, shape.of, value as readonly unknown[]);
      return;
    case "map":
      printMap(out, shape.of, value as Readonly<Record<string, unknown>>);
      return;
    case "structure":
      printStructure(out, shape, value as Readonly<Record<string, unknown>>);
      return;
    case "item":
    case "values":
      printValues(out, value);
      return;
    case "value":
      out.text += printedValue(value);
      return;
    default:
      out.text += String(value);
  }
}

function printList(out: Out, of: Shape, list: readonly unknown[]): void {
  out.text += "[";
  for (let i = 0; i < list.length && !isFull(out); i++) {
    if (i > 0) out.text += ", ";
    print(out, of, list[i]);
  }
  out.text += "]";
}

function printMap(out: Out, of: Shape, map: Readonly<Record<string, unknown>>): void {
  out.text += "{";
  let separator = "";
  for (const key in map) {
    if (isFull(out)) break;
    out.text += `${separator}${key}=`;
    separator = ", ";
    print(out, of, map[key]);
  }
  out.text += "}";
}

/** Attribute values may be wrong and nested without end: scalars are shown, what is inside of others is not. */
function printValues(out: Out, value: unknown): void {
  if (typeof value !== "object" || value === null || value instanceof InvalidValue) {
    out.text += "{...}";
    return;
  }
  out.text += "{";
  let separator = "";
  const map = value as Readonly<Record<string, unknown>>;
  for (const name in map) {
    if (isFull(out)) break;
    out.text += `${separator}${name}=${printedValue(map[name])}`;
    separator = ", ";
  }
  out.text += "}";
}

function printedValue(value: unknown): string {
  const [type, inner] = Object.entries((value ?? {}) as object)[0] ?? ["", ""];
  const shown = typeof inner === "object" && inner !== null ? "..." : String(inner);
  return `AttributeValue(${type}=${shown})`;
}

/** Structures of strings that have no text of their own: java.lang.Object gives the type and the hash code. */
const WITHOUT_TEXT: ReadonlySet<string> = new Set(["KeySchemaElement"]);

function printStructure(out: Out, shape: StructureShape, value: Readonly<Record<string, unknown>>): void {
  if (WITHOUT_TEXT.has(shape.name)) {
    // Over the name of the type and the members, the last one first.
    const members = [...shape.members].reverse().map(({ name }) => stringHash(String(value[name])));
    const type = javaType(shape);
    out.text += `${type}@${hexOf(hashOfAll([hashOfAll([stringHash(type)]), ...members]))}`;
    return;
  }
  out.text += `${shape.name}(`;
  let separator = "";
  for (const member of shape.members) {
    const inner = value[member.name];
    if (inner === null || inner === undefined) continue;
    out.text += `${separator}${member.javaName}=`;
    separator = ", ";
    print(out, member.shape, inner);
  }
  out.text += ")";
}
