// Cuts a PartiQL statement into tokens. Whatever the text is, the outcome is a list that ends with "end"; a character
// that starts no token, or a quote or comment that is not closed, becomes one token "unknown", which no grammar rule
// takes.

/**
 * word: a bare name or keyword; quoted: "name", without its quotes; string: 'text', without its quotes;
 * number: unsigned; parameter: ?
 */
export type TokenKind = "word" | "quoted" | "string" | "number" | "parameter" | "symbol" | "unknown" | "end";
export type Token = {
  readonly kind: TokenKind;
  readonly text: string;
  /** A word in capitals, a symbol as it is, "" for all others. */
  readonly keyword: string;
  /** Where the token begins. */
  readonly at: number;
};

const SPACE = /[ \t\r\n\f\v]+/y;
const WORD = /[A-Za-z_$][A-Za-z0-9_$]*/y;
const NUMBER = /(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?/y;
const COMMENT = /--[^\r\n]*|\/\*[\s\S]*?\*\//y;
const SYMBOL = /<<|>>|<>|!=|<=|>=|[=<>()[\]{},.:;+\-*]/y;

function matchAt(pattern: RegExp, text: string, at: number): string | null {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? null;
}

export function tokenizeStatement(text: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const skipped = matchAt(SPACE, text, at) ?? matchAt(COMMENT, text, at);
    if (skipped !== null) {
      at += skipped.length;
      continue;
    }
    const end = pushToken(tokens, text, at);
    at = end;
  }
  tokens.push({ kind: "end", text: "<EOF>", keyword: "", at });
  return tokens;
}

/** Returns where the token ends. */
function pushToken(tokens: Token[], text: string, at: number): number {
  const first = text[at] as string;
  if (first === "'" || first === '"') {
    const quoted = readQuoted(text, at, first);
    if (quoted === null) {
      tokens.push({ kind: "unknown", text: first, keyword: "", at });
      return text.length;
    }
    tokens.push({ kind: first === "'" ? "string" : "quoted", text: quoted.text, keyword: "", at });
    return quoted.end;
  }
  if (text.startsWith("/*", at)) {
    // Not closed, or it would have been skipped. Nothing behind it is looked at again, which bounds the work.
    tokens.push({ kind: "unknown", text: first, keyword: "", at });
    return text.length;
  }
  if (first === "?") {
    tokens.push({ kind: "parameter", text: first, keyword: "", at });
    return at + 1;
  }
  const word = matchAt(WORD, text, at);
  if (word !== null) {
    tokens.push({ kind: "word", text: word, keyword: word.toUpperCase(), at });
    return at + word.length;
  }
  const number = matchAt(NUMBER, text, at);
  if (number !== null) {
    tokens.push({ kind: "number", text: number, keyword: "", at });
    return at + number.length;
  }
  const symbol = matchAt(SYMBOL, text, at);
  tokens.push({ kind: symbol === null ? "unknown" : "symbol", text: symbol ?? first, keyword: symbol ?? "", at });
  return at + (symbol ?? first).length;
}

/** A quote within is written twice. Null: not closed. */
function readQuoted(text: string, from: number, quote: string): { readonly text: string; readonly end: number } | null {
  let content = "";
  let at = from + 1;
  for (;;) {
    const close = text.indexOf(quote, at);
    if (close < 0) return null;
    content += text.slice(at, close);
    if (text[close + 1] !== quote) return { text: content, end: close + 1 };
    content += quote;
    at = close + 2;
  }
}
