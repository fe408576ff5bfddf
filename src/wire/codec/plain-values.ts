// Plain values as bytes that describe themselves: null, booleans, numbers, strings, byte arrays, lists, objects.
// Each value begins with a tag, u8; numbers little-endian:
//
//   0 null · 1 false · 2 true
//   3 u8 · 4 i32 · 5 f64
//   6 string of chars below 256: u8 length, a byte per char · 7 the same with u32 length
//   8 any other string: u32 units, u16 per UTF-16 unit (lone surrogates survive)
//   9 byte array: u32 length, bytes
//   10 list: u32 count, values
//   11 object: u8 number of fields, then name (a string) and value of each
//   12 a table the receiver has: u8 place · 13 a table it shall keep: u8 place, object   (see sent-tables.ts)
//   128 … a known word, see known-words.ts
import { assert, unreachable } from "../../base/assert.ts";
import { bytesToBinary } from "../../base/binary-string.ts";
import type { TableSchema } from "../../model/table-schema.ts";
import type { ByteWriter } from "./byte-writer.ts";
import { FIRST_WORD_TAG, tagOfWord, wordOfTag } from "./known-words.ts";
import type { ReceivedTables, SentTables } from "./sent-tables.ts";

const NULL = 0;
const FALSE = 1;
const TRUE = 2;
const SMALL = 3;
const INTEGER = 4;
const DOUBLE = 5;
const SHORT_TEXT = 6;
const TEXT = 7;
const WIDE_TEXT = 8;
const BYTES = 9;
const LIST = 10;
const OBJECT = 11;
const KNOWN_TABLE = 12;
const NEW_TABLE = 13;

/** Levels of lists and objects: an expression of 300 operators nests this deep, with a value at its leaf. */
export const DEPTH_MAX = 512;
/** Values of one message, names not counted: bounds the memory that a frame of tiny values can take. */
export const VALUES_MAX = 1_000_000;
/** Fields of one object that is no map of attributes. */
const FIELDS_SHORT = 255;

// ---- Encoding. Values are the sender's own: what cannot be encoded is a bug.

/** `tables` null: what is written stands for itself, on any connection. */
export function encodePlain(writer: ByteWriter, value: unknown, tables: SentTables | null): void {
  switch (typeof value) {
    case "string":
      encodeText(writer, value);
      return;
    case "number":
      encodeNumber(writer, value);
      return;
    case "boolean":
      writer.u8(value ? TRUE : FALSE);
      return;
    case "object":
      encodeObject(writer, value, tables);
      return;
    case "undefined":
    case "bigint":
    case "symbol":
    case "function":
      assert(false, "only plain values are sent");
      return;
    default:
      unreachable(value as never);
  }
}

function encodeObject(writer: ByteWriter, value: object | null, tables: SentTables | null): void {
  if (value === null) writer.u8(NULL);
  else if (value instanceof Uint8Array) {
    writer.u8(BYTES);
    writer.u32(value.length);
    writer.bytes(value);
  } else if (Array.isArray(value)) {
    writer.u8(LIST);
    writer.u32(value.length);
    for (let i = 0; i < value.length; i++) encodePlain(writer, value[i], tables);
  } else encodeFields(writer, value as Readonly<Record<string, unknown>>, tables);
}

function encodeFields(writer: ByteWriter, value: Readonly<Record<string, unknown>>, tables: SentTables | null): void {
  const names = Object.keys(value);
  writer.u8(OBJECT);
  writer.u8(Math.min(names.length, FIELDS_SHORT));
  if (names.length >= FIELDS_SHORT) writer.u32(names.length);
  for (let i = 0; i < names.length; i++) {
    const name = names[i] as string;
    const field = value[name];
    encodeText(writer, name);
    if (name === "table" && tables !== null && isTable(field)) encodeTable(writer, field, tables);
    else encodePlain(writer, field, tables);
  }
}

function isTable(value: unknown): value is TableSchema {
  return typeof value === "object" && value !== null && "hashKey" in value && "partitions" in value;
}

function encodeTable(writer: ByteWriter, table: TableSchema, tables: SentTables): void {
  const known = tables.placeOf(table);
  if (known >= 0) {
    writer.u8(KNOWN_TABLE);
    writer.u8(known);
    return;
  }
  writer.u8(NEW_TABLE);
  writer.u8(tables.add(table));
  encodeFields(writer, table as unknown as Readonly<Record<string, unknown>>, tables);
}

function encodeNumber(writer: ByteWriter, value: number): void {
  if (value >= 0 && value <= 255 && Number.isInteger(value) && !Object.is(value, -0)) {
    writer.u8(SMALL);
    writer.u8(value);
  } else if ((value | 0) === value && value !== 0) {
    writer.u8(INTEGER);
    writer.i32(value);
  } else {
    writer.u8(DOUBLE);
    writer.f64(value);
  }
}

function encodeText(writer: ByteWriter, text: string): void {
  const tag = tagOfWord(text);
  if (tag !== undefined) {
    writer.u8(tag);
    return;
  }
  if (!isBinary(text)) {
    writer.u8(WIDE_TEXT);
    writer.u32(text.length);
    writer.utf16(text);
    return;
  }
  if (text.length <= 255) {
    writer.u8(SHORT_TEXT);
    writer.u8(text.length);
  } else {
    writer.u8(TEXT);
    writer.u32(text.length);
  }
  writer.binary(text);
}

function isBinary(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 255) return false;
  return true;
}

// ---- Decoding. Bytes are hostile: whatever does not fit ends in a fault.

/** Thrown inside this file only. */
class Malformed extends Error {}

/** Undefined: the bytes from `from` on are not exactly one value. Byte arrays are views into `bytes`. */
export function decodePlain(bytes: Uint8Array, from: number, tables: ReceivedTables): unknown {
  const decoder = new Decoder(bytes, from, tables);
  try {
    const value = decoder.value(0);
    return decoder.isAtEnd ? value : undefined;
  } catch (error) {
    if (error instanceof Malformed) return undefined;
    throw error;
  }
}

class Decoder {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #tables: ReceivedTables;
  #at: number;
  #values = 0;

  constructor(bytes: Uint8Array, from: number, tables: ReceivedTables) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#tables = tables;
    this.#at = from;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  value(depth: number): unknown {
    this.#values++;
    if (depth > DEPTH_MAX || this.#values > VALUES_MAX) throw new Malformed();
    const tag = this.#u8();
    if (tag >= FIRST_WORD_TAG) return this.#word(tag);
    switch (tag) {
      case NULL: return null;
      case FALSE: return false;
      case TRUE: return true;
      case SMALL: return this.#u8();
      case INTEGER: return this.#view.getInt32(this.#take(4), true);
      case DOUBLE: return this.#view.getFloat64(this.#take(8), true);
      case SHORT_TEXT:
      case TEXT:
      case WIDE_TEXT: return this.#text(tag);
      case BYTES: {
        const length = this.#u32();
        const at = this.#take(length);
        return this.#bytes.subarray(at, at + length);
      }
      case LIST: return this.#list(depth);
      case OBJECT: return this.#object(depth);
      case KNOWN_TABLE: {
        const table = this.#tables.get(this.#u8());
        if (table === null) throw new Malformed();
        return table;
      }
      case NEW_TABLE: {
        const place = this.#u8();
        if (this.#u8() !== OBJECT) throw new Malformed();
        const table = this.#object(depth);
        this.#tables.put(place, table);
        return table;
      }
      default: throw new Malformed();
    }
  }

  #list(depth: number): unknown[] {
    const count = this.#u32();
    if (count > this.#bytes.length - this.#at) throw new Malformed(); // a value takes a byte at least
    const list: unknown[] = [];
    for (let i = 0; i < count; i++) list.push(this.value(depth + 1));
    return list;
  }

  #object(depth: number): object {
    const short = this.#u8();
    const count = short === FIELDS_SHORT ? this.#u32() : short;
    if (count > (this.#bytes.length - this.#at) / 2) throw new Malformed();
    const object: Record<string, unknown> = {};
    for (let i = 0; i < count; i++) {
      const name = this.#name();
      const value = this.value(depth + 1);
      if (name === "__proto__") {
        Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true });
      } else object[name] = value;
    }
    return object;
  }

  #name(): string {
    const tag = this.#u8();
    if (tag >= FIRST_WORD_TAG) return this.#word(tag);
    if (tag !== SHORT_TEXT && tag !== TEXT && tag !== WIDE_TEXT) throw new Malformed();
    return this.#text(tag);
  }

  #word(tag: number): string {
    const word = wordOfTag(tag);
    if (word === undefined) throw new Malformed();
    return word;
  }

  #text(tag: typeof SHORT_TEXT | typeof TEXT | typeof WIDE_TEXT): string {
    const length = tag === SHORT_TEXT ? this.#u8() : this.#u32();
    if (tag !== WIDE_TEXT) {
      const at = this.#take(length);
      return bytesToBinary(this.#bytes, at, at + length);
    }
    const at = this.#take(length * 2);
    let text = "";
    for (let i = 0; i < length; i++) text += String.fromCharCode(this.#view.getUint16(at + i * 2, true));
    return text;
  }

  #u8(): number {
    return this.#bytes[this.#take(1)] as number;
  }

  #u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  /** Where the next `bytes` bytes are; they are behind the reader then. */
  #take(bytes: number): number {
    const at = this.#at;
    if (bytes > this.#bytes.length - at) throw new Malformed();
    this.#at = at + bytes;
    return at;
  }
}
