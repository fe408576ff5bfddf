// NextToken of ExecuteStatement: where the next page begins, bound to the statement it was given for.
// Base64 of JSON: {"v":1,"c":checksum of the statement,"i":index of the key range,"k":key or null}.
import { base64ToBytes, bytesToBase64 } from "../../../base/base64.ts";
import type { StorageKey } from "../../../base/ids.ts";
import { utf8Decode, utf8Encode } from "../../../base/utf8.ts";
import type { Item } from "../../../model/attribute-value.ts";
import { parseAttributeMap } from "../../../model/parse-value.ts";
import type { Crypto } from "../../../ports/crypto.ts";
import { validation } from "../errors.ts";
import { type Result, no, ok } from "../result.ts";
import type { JsonObject } from "../validate/json-object.ts";
import type { PreparedRead } from "./prepare-statement.ts";
import { startAddress } from "./read-target.ts";

const VERSION = 1;

/** Where to go on: in the range `index`, after the key `after` or from its beginning. */
export type Position = { readonly index: number; readonly after: StorageKey | null };

export function encodeToken(crypto: Crypto, request: JsonObject, index: number, key: Item | null): string {
  const token = { v: VERSION, c: checksumOf(crypto, request), i: index, k: key };
  return bytesToBase64(utf8Encode(JSON.stringify(token)));
}

/** A token comes from the client: nothing in it is taken on trust. */
export function decodeToken(crypto: Crypto, request: JsonObject, read: PreparedRead, token: string): Result<Position> {
  const bytes = base64ToBytes(token);
  const json = bytes === null ? null : utf8Decode(bytes);
  const fields = json === null ? null : parseJson(json);
  if (fields === null || fields["v"] !== VERSION) return no(validation("Invalid NextToken"));
  if (fields["c"] !== checksumOf(crypto, request)) {
    return no(validation("NextToken does not match request"));
  }
  const position = positionOf(read, fields["i"], fields["k"]);
  return position === null ? no(validation("Invalid NextToken")) : ok(position);
}

function positionOf(read: PreparedRead, index: unknown, json: unknown): Position | null {
  const { ranges } = read;
  const count = ranges?.length ?? 1;
  if (typeof index !== "number" || !Number.isInteger(index) || index < 0 || index >= count) return null;
  if (json === null) return { index, after: null };
  if (typeof json !== "object" || Array.isArray(json)) return null;
  const parsed = parseAttributeMap(json);
  const key = parsed.ok ? startAddress(read.target, parsed.value)?.key ?? null : null;
  if (key === null) return null;
  const range = ranges?.[index];
  if (range !== undefined && (key < range.from || key >= range.to)) return null;
  return { index, after: key };
}

function parseJson(text: string): JsonObject | null {
  try {
    const json: unknown = JSON.parse(text);
    return typeof json === "object" && json !== null && !Array.isArray(json) ? json as JsonObject : null;
  } catch {
    return null;
  }
}

function checksumOf(crypto: Crypto, request: JsonObject): number {
  return crypto.crc32([utf8Encode(JSON.stringify([request["Statement"], request["Parameters"] ?? null]))]);
}
