// MurmurHash3, x86 128-bit variant, over binary strings: spreads partition keys over the hash space. Not
// cryptographic: nothing but the evenness of the spread depends on it (the full key is stored beside it).
// The algorithm is in the public domain (Austin Appleby); all arithmetic is on 32-bit words.

const C1 = 0x239b961b;
const C2 = 0xab0e9789;
const C3 = 0x38b34ae5;
const C4 = 0xa1e38b93;

/** Little-endian word at `i`. */
function wordAt(s: string, i: number): number {
  return s.charCodeAt(i) | (s.charCodeAt(i + 1) << 8) | (s.charCodeAt(i + 2) << 16) | (s.charCodeAt(i + 3) << 24);
}

/** Up to four bytes of the tail [i, end), little-endian, missing ones 0. */
function tailWord(s: string, i: number, end: number): number {
  let word = 0;
  for (let shift = 0; i < end && shift < 32; i++, shift += 8) word |= s.charCodeAt(i) << shift;
  return word;
}

function rotl(x: number, bits: number): number {
  return (x << bits) | (x >>> (32 - bits));
}

function finalMix(h: number): number {
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/** 16 chars of 0..255: the four state words, little-endian, as the reference implementation writes them. */
export function hash128(bytesAsChars: string, seed = 0): string {
  const s = bytesAsChars;
  const length = s.length;
  const wide = length & ~15;
  let h1 = seed | 0;
  let h2 = h1;
  let h3 = h1;
  let h4 = h1;
  for (let i = 0; i < wide; i += 16) {
    h1 ^= Math.imul(rotl(Math.imul(wordAt(s, i), C1), 15), C2);
    h1 = (Math.imul((rotl(h1, 19) + h2) | 0, 5) + 0x561ccd1b) | 0;
    h2 ^= Math.imul(rotl(Math.imul(wordAt(s, i + 4), C2), 16), C3);
    h2 = (Math.imul((rotl(h2, 17) + h3) | 0, 5) + 0x0bcaa747) | 0;
    h3 ^= Math.imul(rotl(Math.imul(wordAt(s, i + 8), C3), 17), C4);
    h3 = (Math.imul((rotl(h3, 15) + h4) | 0, 5) + 0x96cd1c35) | 0;
    h4 ^= Math.imul(rotl(Math.imul(wordAt(s, i + 12), C4), 18), C1);
    h4 = (Math.imul((rotl(h4, 13) + h1) | 0, 5) + 0x32ac3b17) | 0;
  }
  // A missing tail word is 0 and changes nothing, so the four steps need no conditions.
  h4 ^= Math.imul(rotl(Math.imul(tailWord(s, wide + 12, length), C4), 18), C1);
  h3 ^= Math.imul(rotl(Math.imul(tailWord(s, wide + 8, length), C3), 17), C4);
  h2 ^= Math.imul(rotl(Math.imul(tailWord(s, wide + 4, length), C2), 16), C3);
  h1 ^= Math.imul(rotl(Math.imul(tailWord(s, wide, length), C1), 15), C2);

  h1 ^= length;
  h2 ^= length;
  h3 ^= length;
  h4 ^= length;
  h1 = (h1 + h2 + h3 + h4) | 0;
  h2 = (h2 + h1) | 0;
  h3 = (h3 + h1) | 0;
  h4 = (h4 + h1) | 0;
  h1 = finalMix(h1);
  h2 = finalMix(h2);
  h3 = finalMix(h3);
  h4 = finalMix(h4);
  h1 = (h1 + h2 + h3 + h4) | 0;
  h2 = (h2 + h1) | 0;
  h3 = (h3 + h1) | 0;
  h4 = (h4 + h1) | 0;
  return String.fromCharCode(
    h1 & 255, (h1 >>> 8) & 255, (h1 >>> 16) & 255, h1 >>> 24,
    h2 & 255, (h2 >>> 8) & 255, (h2 >>> 16) & 255, h2 >>> 24,
    h3 & 255, (h3 >>> 8) & 255, (h3 >>> 16) & 255, h3 >>> 24,
    h4 & 255, (h4 >>> 8) & 255, (h4 >>> 16) & 255, h4 >>> 24,
  );
}
