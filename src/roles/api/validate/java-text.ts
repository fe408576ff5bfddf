// How DynamoDB prints an offending value in a constraint's text: as Java's toString does.
import { InvalidValue } from "./check-values.ts";
import type { Shape, StructureShape } from "./shape.ts";

/** Characters of a value that are repeated to the client: enough to recognise it, bounded for the answer's sake. */
const SHOWN_CHARACTERS_MAX = 8_192;

export function javaText(shape: Shape, value: unknown): string {
  const text = print(shape, value);
  return text.length > SHOWN_CHARACTERS_MAX ? text.slice(0, SHOWN_CHARACTERS_MAX) : text;
}

const PACKAGE = "com.amazonaws.dynamodb.v20120810.";
const ATTRIBUTE_MAP = `java.util.Map<java.lang.String, ${PACKAGE}AttributeValue>`;

/** The name of a shape's Java type. */
export function javaType(shape: Shape): string {
  switch (shape.kind) {
    case "string": return "java.lang.String";
    case "boolean": return "java.lang.Boolean";
    case "integer": return `java.lang.${shape.javaType}`;
    case "list": return `java.util.List<${javaType(shape.of)}>`;
    case "map": return `java.util.Map<java.lang.String, ${javaType(shape.of)}>`;
    case "structure": return PACKAGE + shape.name;
    case "item": case "values": return ATTRIBUTE_MAP;
    case "opaque": return "java.lang.Object";
    default: return shape satisfies never;
  }
}

function print(shape: Shape, value: unknown): string {
  if (value === null || value === undefined) return "null";
  switch (shape.kind) {
    case "list":
      return `[${(value as readonly unknown[]).map((element) => print(shape.of, element)).join(", ")}]`;
    case "map":
      return printMap(shape.of, value as Readonly<Record<string, unknown>>);
    case "structure":
      return printStructure(shape, value as Readonly<Record<string, unknown>>);
    case "item":
    case "values":
      return printValues(value);
    default:
      return String(value);
  }
}

/** Attribute values may be wrong and nested without end: scalars are shown, what is inside of others is not. */
function printValues(value: unknown): string {
  if (typeof value !== "object" || value === null || value instanceof InvalidValue) return "{...}";
  const entries: string[] = [];
  for (const [name, attribute] of Object.entries(value)) {
    const [type, inner] = Object.entries((attribute ?? {}) as object)[0] ?? ["", ""];
    const shown = typeof inner === "object" && inner !== null ? "..." : String(inner);
    entries.push(`${name}=AttributeValue(${type}=${shown})`);
  }
  return `{${entries.join(", ")}}`;
}

function printMap(of: Shape, value: Readonly<Record<string, unknown>>): string {
  const entries = Object.keys(value).map((key) => `${key}=${print(of, value[key])}`);
  return `{${entries.join(", ")}}`;
}

function printStructure(shape: StructureShape, value: Readonly<Record<string, unknown>>): string {
  const members: string[] = [];
  for (const member of shape.members) {
    const inner = value[member.name];
    if (inner !== null && inner !== undefined) members.push(`${member.javaName}=${print(member.shape, inner)}`);
  }
  return `${shape.name}(${members.join(", ")})`;
}
