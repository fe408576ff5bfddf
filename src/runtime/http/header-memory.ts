// What one connection remembers of its previous request's header lines, by position. A client repeats most
// of its lines byte for byte; such a line needs no validation and no new strings.
//
// A line that changes at every request (a signature, a date) is remembered by its "Name:" alone, so that
// copying its value is not paid again and again.

import { REMEMBERED_LINES_MAX, REMEMBERED_LINE_BYTES_MAX } from "./limits.ts";

/** Headers that the front end itself understands. */
export const OTHER = 0;
export const CONTENT_LENGTH = 1;
export const TRANSFER_ENCODING = 2;
export const HOST_HEADER = 3;
export const CONNECTION = 4;
export const EXPECT = 5;

export type HeaderKind = 0 | 1 | 2 | 3 | 4 | 5;

/** Changes in a row after which only a line's name is remembered. */
const CHANGES_MAX = 2;

/** First allocation for a line; it grows as lines need. */
const LINE_BYTES_MIN = 64;

export class RememberedLine {
  /** "Name:" and, unless `nameOnly`, the rest of the line with its CR LF. */
  bytes: Uint8Array = new Uint8Array(LINE_BYTES_MIN);
  /** The same memory, for comparing eight bytes at a time. */
  view: DataView = new DataView(this.bytes.buffer);
  length: number = 0;
  /** Bytes of the name, colon excluded. */
  nameLength: number = 0;
  name: string = "";
  value: string = "";
  kind: HeaderKind = OTHER;
  nameOnly: boolean = false;
  changes: number = 0;
}

export class HeaderMemory {
  readonly #lines: RememberedLine[] = [];

  /** The line at `index` of the previous request, or null. */
  line(index: number): RememberedLine | null {
    return this.#lines[index] ?? null;
  }

  /** Remembers buffer[start, end), a valid line with its CR LF, as the line at `index`. */
  remember(
    index: number, buffer: Uint8Array, start: number, end: number,
    nameLength: number, name: string, value: string, kind: HeaderKind,
  ): void {
    if (index >= REMEMBERED_LINES_MAX || index > this.#lines.length) return;
    let line = this.#lines[index];
    if (line === undefined) {
      line = new RememberedLine();
      this.#lines.push(line);
    }
    const sameName = line.length > 0 && line.name === name;
    if (sameName && line.nameOnly) return;
    line.changes = sameName ? line.changes + 1 : 0;
    line.nameOnly = line.changes > CHANGES_MAX || end - start > REMEMBERED_LINE_BYTES_MAX;
    const length = line.nameOnly ? nameLength + 1 : end - start;
    if (length > REMEMBERED_LINE_BYTES_MAX) {
      line.length = 0;
      return;
    }
    if (line.bytes.length < length) {
      line.bytes = new Uint8Array(length + LINE_BYTES_MIN / 2);
      line.view = new DataView(line.bytes.buffer);
    }
    const bytes = line.bytes;
    for (let i = 0; i < length; i++) bytes[i] = buffer[start + i] as number;
    line.length = length;
    line.nameLength = nameLength;
    line.name = name;
    line.value = line.nameOnly ? "" : value;
    line.kind = kind;
  }
}

const NAMES: ReadonlyMap<string, HeaderKind> = new Map<string, HeaderKind>([
  ["content-length", CONTENT_LENGTH],
  ["transfer-encoding", TRANSFER_ENCODING],
  ["host", HOST_HEADER],
  ["connection", CONNECTION],
  ["expect", EXPECT],
]);

/** The kind of a header by its name, in any case. */
export function headerKindOf(name: string): HeaderKind {
  switch (name.length) {
    case 4: case 6: case 10: case 14: case 17: return NAMES.get(name.toLowerCase()) ?? OTHER;
    default: return OTHER;
  }
}
