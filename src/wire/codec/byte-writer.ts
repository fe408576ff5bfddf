// Bytes being written: one buffer that grows and is used again and again. All numbers little-endian.
import { assert } from "../../base/assert.ts";
import { binaryInto } from "../../base/binary-string.ts";

const BYTES_FIRST = 64 * 1024;
/** A buffer that grew beyond this for one large message is given back afterwards. */
const KEPT_BYTES_MAX = 4 * 1024 * 1024;

export class ByteWriter {
  #bytes: Uint8Array;
  #view: DataView;
  #at: number;

  constructor() {
    this.#bytes = new Uint8Array(BYTES_FIRST);
    this.#view = new DataView(this.#bytes.buffer);
    this.#at = 0;
  }

  get length(): number {
    return this.#at;
  }

  /** Begins anew, with `headBytes` bytes left out for the caller of `take` to fill. */
  begin(headBytes: number): void {
    if (this.#bytes.length > KEPT_BYTES_MAX) {
      this.#bytes = new Uint8Array(BYTES_FIRST);
      this.#view = new DataView(this.#bytes.buffer);
    }
    this.#at = headBytes;
  }

  /** A copy of what was written, the head included. */
  take(): Uint8Array {
    return this.#bytes.slice(0, this.#at);
  }

  u8(value: number): void {
    this.#room(1);
    this.#bytes[this.#at++] = value;
  }

  u16(value: number): void {
    this.#room(2);
    this.#view.setUint16(this.#at, value, true);
    this.#at += 2;
  }

  u32(value: number): void {
    this.#room(4);
    this.#view.setUint32(this.#at, value, true);
    this.#at += 4;
  }

  i32(value: number): void {
    this.#room(4);
    this.#view.setInt32(this.#at, value, true);
    this.#at += 4;
  }

  f64(value: number): void {
    this.#room(8);
    this.#view.setFloat64(this.#at, value, true);
    this.#at += 8;
  }

  bytes(value: Uint8Array): void {
    this.#room(value.length);
    this.#bytes.set(value, this.#at);
    this.#at += value.length;
  }

  /** One byte for each char, which must all be below 256. */
  binary(text: string): void {
    this.#room(text.length);
    this.#at += binaryInto(text, this.#bytes, this.#at);
  }

  /** Two bytes for each UTF-16 unit: what a string holds comes back exactly. */
  utf16(text: string): void {
    this.#room(text.length * 2);
    for (let i = 0; i < text.length; i++) this.#view.setUint16(this.#at + i * 2, text.charCodeAt(i), true);
    this.#at += text.length * 2;
  }

  /** Writes over what stands at `at` already. */
  patchU32(at: number, value: number): void {
    assert(at + 4 <= this.#at, "a patch within what was written");
    this.#view.setUint32(at, value, true);
  }

  #room(bytes: number): void {
    if (this.#at + bytes <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#at + bytes));
    larger.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }
}
