// CRC-32C (Castagnoli, polynomial 0x1EDC6F41 reflected), slicing by eight: the checksum of every record,
// message and stored item. Chosen over CRC-32 for its better distance at our lengths.

const POLYNOMIAL = 0x82f63b78;
const tables: Uint32Array = buildTables();

function buildTables(): Uint32Array {
  const t = new Uint32Array(8 * 256);
  for (let i = 0; i < 256; i++) {
    let c = i;
    for (let bit = 0; bit < 8; bit++) c = c & 1 ? (c >>> 1) ^ POLYNOMIAL : c >>> 1;
    t[i] = c >>> 0;
  }
  for (let slice = 1; slice < 8; slice++) {
    for (let i = 0; i < 256; i++) {
      const previous = t[(slice - 1) * 256 + i] as number;
      t[slice * 256 + i] = ((previous >>> 8) ^ (t[previous & 255] as number)) >>> 0;
    }
  }
  return t;
}

/** CRC-32C of bytes[from, to), continuing from `seed` (a former result, 0 to begin). Unsigned 32 bits. */
export function crc32c(bytes: Uint8Array, seed = 0, from = 0, to: number = bytes.length): number {
  const t = tables;
  let c = ~seed;
  let i = from;
  const wide = from + ((to - from) & ~7);
  while (i < wide) {
    c ^= (bytes[i] as number) | ((bytes[i + 1] as number) << 8)
      | ((bytes[i + 2] as number) << 16) | ((bytes[i + 3] as number) << 24);
    c = (t[1792 + (c & 255)] as number) ^ (t[1536 + ((c >>> 8) & 255)] as number)
      ^ (t[1280 + ((c >>> 16) & 255)] as number) ^ (t[1024 + (c >>> 24)] as number)
      ^ (t[768 + (bytes[i + 4] as number)] as number) ^ (t[512 + (bytes[i + 5] as number)] as number)
      ^ (t[256 + (bytes[i + 6] as number)] as number) ^ (t[bytes[i + 7] as number] as number);
    i += 8;
  }
  while (i < to) {
    c = (c >>> 8) ^ (t[(c ^ (bytes[i] as number)) & 255] as number);
    i++;
  }
  return ~c >>> 0;
}
